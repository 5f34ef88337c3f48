package verilog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// Proofs with Yosys: each cell, as a tile has it, against a specification that adds up
// the rows of its node one by one and compares straight from the definition. Noise is
// any number in them; the noise units have a proof of their own, by tables of what
// columns keep and what they pass on.

// Cells with a proof: the first of all that are alike in everything.
const (
	mostProved   = 32
	mostNetlists = 3 // of each kind: their netlists for iCE40 are proved, too
)

// fieldBits holds every sum of a field with noise, which the number format keeps below
// 2^31 where it is baked into tables.
const fieldBits = 34

// formal makes the proofs: the modules, and the scripts that Yosys runs.
func (d *design) formal() []emit.File {
	t, script, netlist := &text{}, &text{}, &text{}
	t.f("// %s\n//\n// For each cell: the cell as its tile has it, its specification, and ok, which is 1\n// when both have the same state.\n`default_nettype none", emit.Header(d.p))
	script.f("# %s", emit.Header(d.p))
	script.f("# ok is proved for every input and every state of the registers before.\nread_verilog formal/cells.v")
	netlist.f("# %s", emit.Header(d.p))
	netlist.f("# The same with the netlist for iCE40 in place of the cell. build/cells_sim.v are Yosys'\n# models of its cells without the memories.\nread_verilog formal/cells.v")
	if d.p.Format.Noise {
		for _, k := range d.kinds() {
			t.f("%s", d.anyNoise(k))
		}
	}
	rows, proved, netlists := rowsOf(d.p), map[string]bool{}, map[ir.Kind]int{}
	for _, n := range d.order {
		c := &cellProof{d: d, n: n, t: d.alone(n)}
		spec := c.specification(rows[n])
		kind := strings.ReplaceAll(spec, fmt.Sprintf("spec%d ", n), "spec ")
		if proved[kind] || len(proved) == mostProved {
			continue
		}
		proved[kind] = true
		t.f("%s%s%s", d.module(fmt.Sprintf("cell%d", n), c.t), spec, c.comparison())
		proof := prove(fmt.Sprintf("prove%d", n), max(d.stages(), d.lead))
		script.f("design -save all\n%s", proof)
		if k := d.cells[n].kind; netlists[k] < mostNetlists {
			netlists[k]++
			netlist.f("design -save all\nsynth_ice40 -top cell%d\ndesign -stash net\ndesign -load all\ndelete cell%[1]d\ndesign -copy-from net -as cell%[1]d cell%[1]d", n)
			netlist.f("read_verilog -D ICE40_HX -D NO_ICE40_DEFAULT_ASSIGNMENTS build/cells_sim.v\n%s", proof)
		}
	}
	file := func(name string, x *text) emit.File {
		return emit.File{Path: "formal/" + name, Data: []byte(x.String())}
	}
	files := []emit.File{file("cells.v", t), file("cells.ys", script), file("netlist.ys", netlist)}
	if d.p.Format.Noise {
		return append(files, d.noiseProofs()...)
	}
	return append(files, file("tile.ys", d.tileProof()))
}

// tileProof is the script that proves the netlist of a whole tile, all of its registers: one
// that Yosys merges with another keeps its name, and names of logic, which may have gone, are
// hidden. With noise units in the tile the solver does not end.
func (d *design) tileProof() *text {
	t, tile := &text{}, d.tileName(&tile{})
	t.f("# %s", emit.Header(d.p))
	t.f("# The netlist of a tile for iCE40 equals its RTL: registers that are equal stay equal.")
	t.f("read_verilog rtl/%s.v\nprep -flatten -top %[1]s\nmemory_map\nopt -full", tile)
	t.f("select -set registers t:$*dff* %%co:+[Q] t:$*dff* %%d\nrename -hide w:* @registers %%d\ndesign -stash gold")
	t.f("read_verilog rtl/%s.v\nsynth_ice40 -top %[1]s\ndesign -stash net", tile)
	t.f("read_verilog -D ICE40_HX -D NO_ICE40_DEFAULT_ASSIGNMENTS build/cells_sim.v\ndesign -copy-from net -as gate %s", tile)
	t.f("hierarchy -top gate\nproc\nflatten\nopt_clean\ndesign -stash gate")
	t.f("design -copy-from gold -as gold %s\ndesign -copy-from gate -as gate gate", tile)
	t.f("equiv_make gold gate equiv\nhierarchy -top equiv\nopt_clean -purge\nequiv_simple -seq 1\nequiv_induct -seq 2\nequiv_status -assert")
	return t
}

// prove is the part of a script that proves ok of a module, clocks after any state, and
// goes back to the design that was saved.
func prove(module string, clocks int) string {
	return fmt.Sprintf("prep -top %s\nflatten\nmemory_map\nopt -full\nsat -verify -seq %d -prove ok 1 -prove-skip %d\ndesign -load all", module, clocks+1, clocks)
}

// alone is a tile of one node, all of whose neighbours are outside.
func (d *design) alone(n int) *tile {
	t := &tile{nodes: []int{n}, in: map[tap]int{}}
	for _, g := range d.cells[n].groups {
		for _, from := range g.nodes {
			for b := range d.width[from] {
				x := tap{from, b, d.delay(n, from)}
				if _, known := t.in[x]; !known {
					t.in[x] = len(t.inList)
					t.inList = append(t.inList, x)
				}
			}
		}
	}
	return t
}

// cellProof is the proof of one cell.
type cellProof struct {
	d *design
	n int
	t *tile
}

// ports are those of the cell's tile, behind the clock.
func (c *cellProof) ports() string {
	s := fmt.Sprintf("  input  wire %sr_i,\n  input  wire set_i,\n  input  wire %sval_i,\n", ranged(c.d.cells[c.n].draws), ranged(c.d.width[c.n]))
	if n := len(c.t.inList); n > 0 {
		s += fmt.Sprintf("  input  wire %sx_i,\n", ranged(n))
	}
	return s + c.d.betaPort()
}

// specification is the cell from the definition: its inputs are delayed to the edge
// before the value, and what is left is logic without registers.
func (c *cellProof) specification(rows []row) string {
	d, e := c.d, &text{}
	cell := d.cells[c.n]
	e.f("module spec%d (\n  input  wire clk_i,\n%s  output reg  %ss_o\n);", c.n, c.ports(), ranged(d.width[c.n]))
	e.delayed("x", "x_i", len(c.t.inList), d.stages()-1)
	for k := range len(cell.groupValues()) {
		var terms []string
		for i, r := range rows {
			terms = append(terms, c.term(e, fmt.Sprintf("t%d_%d", k, i), r, k))
		}
		e.f("  wire signed [%d:0] g%d = %s;", fieldBits-1, k, strings.Join(append(terms, fmt.Sprintf("%d'sd0", fieldBits)), " + "))
	}
	if d.p.Format.Noise {
		c.drawnFromNoise(e, cell)
	} else {
		c.drawnFromThreshold(e, cell)
	}
	e.f("  always @(posedge clk_i) s_o <= set_i ? val_i : v;\nendmodule")
	return e.String()
}

// delayed is a signal some registers later.
func (t *text) delayed(name, from string, width, registers int) {
	if width == 0 {
		return
	}
	for i := range registers {
		next := fmt.Sprintf("%s%d", name, i+1)
		t.f("  reg %s%s;\n  always @(posedge clk_i) %s <= %s;", ranged(width), next, next, from)
		from = next
	}
	t.f("  wire %s%s = %s;", ranged(width), name, from)
}

// term is what a row adds to the field with the node in state k: the weight that the
// categoricals pick, with the sign of the spins.
func (c *cellProof) term(e *text, name string, r row, k int) string {
	d, f := c.d, &c.d.p.Factors[r.factor]
	ints := f.Ints
	if size := f.TableSize(); !f.Shared {
		ints = ints[r.row*size : (r.row+1)*size]
	}
	var minus []string // its parity is the sign
	var picks []string // bits of the free categoricals, the last one first
	var states []int   // their numbers of states
	at := []int{0}     // entries for the values of these
	for j, s := range f.Slots {
		node := int(f.Index[r.row*len(f.Slots)+j])
		held := d.clamped[node] || node == c.n
		x := int(d.value[node])
		if node == c.n {
			x = k
		}
		switch {
		case s.Kind == ir.Spin && node == c.n:
		case s.Kind == ir.Spin && held && x < 0:
			minus = append(minus, "1'b1")
		case s.Kind == ir.Spin && !held:
			minus = append(minus, "~"+c.input(node, 0))
		case s.Kind == ir.Categorical:
			var next []int
			for _, a := range at {
				for v := range s.States {
					if !held || v == x {
						next = append(next, a*s.States+v)
					}
				}
			}
			if at = next; held {
				continue
			}
			states = append(states, s.States)
			for b := range d.width[node] {
				picks = append(picks, c.input(node, d.width[node]-1-b))
			}
		}
	}
	if len(states) == 0 {
		e.f("  wire signed [%d:0] %sw = %s;", fieldBits-1, name, literal(fieldBits, ints[at[0]]))
	} else {
		e.f("  reg signed [%d:0] %sw;", fieldBits-1, name)
		e.f("  always @*\n    case ({%s})", strings.Join(picks, ", "))
		for i, a := range at {
			pattern, rest, shift := 0, i, 0
			for j := len(states) - 1; j >= 0; j-- {
				pattern |= rest % states[j] << shift
				rest /= states[j]
				shift += log2up(states[j])
			}
			e.f("      %s: %sw = %s;", literal(len(picks), int64(pattern)), name, literal(fieldBits, ints[a]))
		}
		e.f("      default: %sw = 0;\n    endcase", name)
	}
	if minus == nil {
		return name + "w"
	}
	e.f("  wire signed [%d:0] %s = %s ? -%sw : %sw;", fieldBits-1, name, strings.Join(minus, " ^ "), name, name)
	return name
}

// input is a bit of a neighbour's state at the edge before the value.
func (c *cellProof) input(node, bit int) string {
	i := c.t.in[tap{node, bit, c.d.delay(c.n, node)}]
	return slice("x", i, 1, len(c.t.inList))
}

// drawnFromThreshold takes the less likely value where the random bits are below T.
func (c *cellProof) drawnFromThreshold(e *text, cell *cell) {
	f := c.d.p.Format
	d := c.d
	var fields []int64
	for _, g := range cell.groups[0].values[0] {
		fields = append(fields, max(g, -g))
	}
	slices.Sort(fields)
	e.f("  wire signed [%d:0] m = g0 < 0 ? -g0 : g0;\n  reg [%d:0] t;", fieldBits-1, f.ThresholdBits)
	key := "m"
	if d.choice > 0 {
		e.delayed("b", "b_i", d.choice, d.stages()-1)
		key = "{b, m}"
	}
	e.f("  always @*\n    case (%s)", key)
	fields = slices.Compact(fields)
	for b, table := range d.thresholds {
		for _, m := range fields {
			e.f("      %s: t = %s;", literal(d.choice+fieldBits, int64(b)<<fieldBits|m), literal(f.ThresholdBits+1, table.Threshold(m)))
		}
	}
	e.f("      default: t = 0;\n    endcase")
	e.f("  wire v = {1'b0, r_i} < t ? g0 < 0 : g0 >= 0;")
}

// drawnFromNoise takes the sign of a spin's field with noise, or the first state of a
// categorical with the largest.
func (c *cellProof) drawnFromNoise(e *text, cell *cell) {
	d := c.d
	e.delayed("r", "r_i", cell.draws, d.lead-1)
	n := d.noiseBits(cell.kind)
	if cell.kind == ir.Spin {
		e.f("  wire signed [%d:0] z0 = r[%d:0];\n  wire v = g0 + z0 >= 0;", n-1, n-1)
		return
	}
	w := d.width[c.n]
	e.f("  reg %sv;\n  reg signed [%d:0] best;\n  always @* begin\n    v = 0;\n    best = g0 + $signed({1'b0, r[%d:0]});", ranged(w), fieldBits-1, n-1)
	for k := 1; k < cell.states; k++ {
		from := k * (16 + d.p.Format.LowBits)
		sum := fmt.Sprintf("g%d + $signed({1'b0, r[%d:%d]})", k, from+n-1, from)
		e.f("    if (%s > best) begin\n      v = %d;\n      best = %s;\n    end", sum, k, sum)
	}
	e.f("  end")
}

// comparison is the module of which ok is proved. Categoricals are never in a state
// that they do not have.
func (c *cellProof) comparison() string {
	e, d := &text{}, c.d
	e.f("module prove%d (\n  input  wire clk_i,\n%s  output wire ok\n);", c.n, c.ports())
	x := make([]string, len(c.t.inList))
	for i, from := range c.t.inList {
		x[i] = slice("x_i", i, 1, len(x))
		if states := d.statesOf(from.node); !d.isSpin(from.node) && states < 1<<d.width[from.node] {
			var all []string
			for b := range d.width[from.node] {
				all = append(all, slice("x_i", c.t.in[tap{from.node, b, from.delay}], 1, len(x)))
			}
			x[i] = fmt.Sprintf("(%s & %s < %d)", x[i], concat(all), states)
		}
	}
	port, comma := "", ""
	if len(x) > 0 {
		e.f("  wire %sx = %s;", ranged(len(x)), concat(x))
		port, comma = ".x_i(x)", ", "
	}
	if d.choice > 0 {
		e.f("%s", d.someBeta())
		port, comma = port+comma+".b_i(b)", ", "
	}
	table := ""
	if d.stored { // for noise units, which have proofs of their own
		table = fmt.Sprintf(".t_i(%s), ", literal(d.tableBits(), 0))
	}
	for i, name := range []string{fmt.Sprintf("cell%d", c.n), fmt.Sprintf("spec%d", c.n)} {
		enable := ", .en_i(1'b1)"
		if i == 1 {
			enable, table = "", ""
		}
		e.f("  wire %ss%d;\n  %s u%d (.clk_i(clk_i)%s, .r_i(r_i), .set_i(set_i), .val_i(val_i), %s%s%s.s_o(s%d));", ranged(d.width[c.n]), i, name, i, enable, table, port, comma, i)
	}
	e.f("  assign ok = s0 == s1;\nendmodule")
	return e.String()
}

// betaPort is the port of the number of a β.
func (d *design) betaPort() string {
	if d.choice == 0 {
		return ""
	}
	return fmt.Sprintf("  input  wire %sb_i,\n", ranged(d.choice))
}

// someBeta is a number that there is of those that its port may have.
func (d *design) someBeta() string {
	if d.stored || len(d.betas) == 1<<d.choice {
		return fmt.Sprintf("  wire %sb = b_i;", ranged(d.choice))
	}
	return fmt.Sprintf("  wire %sb = b_i < %d ? b_i : 0;", ranged(d.choice), len(d.betas))
}

// anyNoise stands for a noise unit: what it gives is the lowest of its random bits.
func (d *design) anyNoise(k ir.Kind) string {
	e := &text{}
	unit, size, n := d.noiseUnit(k), d.noiseInput(k), d.noiseBits(k)
	e.f("module %s (\n  input  wire clk_i,\n  input  wire en_i,\n%s%s  input  wire [%d:0] w_i,\n  output wire [%d:0] n_o\n);", unit, d.betaPort(), d.unitTablePort(k), size-1, n-1)
	e.delayed("n", fmt.Sprintf("w_i[%d:0]", n-1), n, noiseClocks)
	e.f("  assign n_o = n;\nendmodule")
	return e.String()
}

// noiseProofs compare the noise units with the alias method as the definition has it.
func (d *design) noiseProofs() []emit.File {
	t, script := &text{}, &text{}
	t.f("// %s\n`default_nettype none", emit.Header(d.p))
	script.f("# %s", emit.Header(d.p))
	for _, k := range d.kinds() {
		unit, size, n := d.noiseUnit(k), d.noiseInput(k), d.noiseBits(k)
		columns, ok := column(k), "n == "
		t.f("module prove_%s (\n  input  wire clk_i,\n%s%s  input  wire [%d:0] w_i,\n  output wire ok\n);", unit, d.betaPort(), d.unitTablePort(k), size-1)
		port := ""
		if d.choice > 0 {
			t.f("%s", d.someBeta())
			port = ", .b_i(b)"
			t.delayed("bw", "b", d.choice, noiseClocks)
		}
		if d.stored {
			port += ", .t_i(t_i)"
		}
		t.f("  wire [%d:0] n;\n  %s u0 (.clk_i(clk_i), .en_i(1'b1)%s, .w_i(w_i), .n_o(n));", n-1, unit, port)
		t.delayed("w", "w_i", size, noiseClocks)
		if d.stored {
			ok = "clash || n == "
			d.writtenTables(t, k)
		} else {
			d.knownTables(t, k)
		}
		t.f("  wire [%d:0] cell = {1'b0, w[15:%d]} < own ? w[%d:0] : other;", columns-1, columns, columns-1)
		low, sign := d.low(k), size-16-d.low(k)
		t.f("  wire [%d:0] magnitude = %s;", columns+low-1, d.anyMagnitude(k, sign))
		if k == ir.Spin {
			t.f("  assign ok = %s(w[16] ? ~{1'b0, magnitude} : {1'b0, magnitude});\nendmodule", ok)
		} else {
			t.f("  assign ok = %smagnitude;\nendmodule", ok)
		}
		script.f("read_verilog rtl/%s.v", unit)
	}
	script.f("read_verilog formal/noise.v")
	for _, k := range d.kinds() {
		script.f("design -save all\n%s", prove("prove_"+d.noiseUnit(k), noiseClocks))
	}
	return []emit.File{{Path: "formal/noise.v", Data: []byte(t.String())}, {Path: "formal/noise.ys", Data: []byte(script.String())}}
}

// knownTables are what the column of a kind's table keeps, and where the rest goes, at each β.
func (d *design) knownTables(t *text, k ir.Kind) {
	columns := column(k)
	key := fmt.Sprintf("w[%d:0]", columns-1)
	if d.choice > 0 {
		key = "{bw, " + key + "}"
	}
	t.f("  reg [%d:0] own; // what column w mod %d keeps\n  reg [%d:0] other;\n  always @*\n    case (%s)", 16-columns, 1<<columns, columns-1, key)
	for b, table := range d.noiseTables(k) {
		for i := range table.Own {
			t.f("      %s: begin own = %d; other = %d; end", literal(d.choice+columns, int64(b<<columns|i)), table.Own[i], table.Alias[i])
		}
	}
	t.f("      default: begin own = 0; other = 0; end\n    endcase")
}

// writtenTables are two tables that are written as those of the unit are: whatever is in
// them, that column is taken. What is written while it is read is not known.
func (d *design) writtenTables(t *text, k ir.Kind) {
	c := column(k)
	t.f("  reg [15:0] ram [0:%d];\n  always @(posedge clk_i) if (t_i[%d]) ram[t_i[%d:16]] <= t_i[15:0];", 2<<c-1, 17+c, 16+c)
	t.f("  reg [15:0] now;\n  reg hit;\n  always @(posedge clk_i) begin\n    now <= ram[{b, w_i[%d:0]}];", c-1)
	t.f("    hit <= t_i[%d] && t_i[%d:16] == {b, w_i[%d:0]};\n  end", 17+c, 16+c, c-1)
	t.delayed("word", "now", 16, noiseClocks-1)
	t.delayed("clash", "hit", 1, noiseClocks-1)
	t.f("  wire [%d:0] own = word[15:%d]; // what column w mod %d keeps\n  wire [%d:0] other = word[%d:0];", 16-c, c, 1<<c, c-1, c-1)
	if n := d.lowWidth(k); n > 0 {
		of := d.unitTableBits(k)
		t.delayed("less", fmt.Sprintf("(b ? %s : %s)", slice("t_i", 18+c+n, n, of), slice("t_i", 18+c, n, of)), n, noiseClocks)
	}
}

// anyMagnitude is the cell with as many bits below it as its β has.
func (d *design) anyMagnitude(k ir.Kind, sign int) string {
	below := func(r int) string {
		if r == 0 {
			return "cell"
		}
		return fmt.Sprintf("{cell, w[%d:%d]}", 15+sign+r, 16+sign)
	}
	if d.stored {
		all := below(d.low(k))
		for r := d.low(k) - 1; r >= d.least(k); r-- {
			all = fmt.Sprintf("less == %d ? %s : %s", r-d.least(k), below(r), all)
		}
		return all
	}
	all := ""
	tables := d.noiseTables(k)
	for b := len(tables) - 1; b >= 0; b-- {
		if own := below(tables[b].Shift); all == "" {
			all = own
		} else {
			all = fmt.Sprintf("bw == %d ? %s : %s", b, own, all)
		}
	}
	return all
}
