package verilog

import (
	"fmt"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// seeds are the states of the instances at reset, for the group of K chains that
// begins with a chain, in its sweep of this number: at the first clock behind reset an
// instance gives the output of index 1 + lead - offset - start.
func (d *design) seeds(seed uint64, group, sweep uint64) []rng.StreamState {
	var out []rng.StreamState
	for s := range d.offset {
		back := uint64(d.offset[s] + d.start - 1 - d.lead)
		for i := d.stream.First[s]; i < d.stream.First[s+1]; i++ {
			x := d.gen.Jump(d.gen.Seed(seed, rng.PurposeStream, uint32(i)), rng.StreamIndex(group*uint64(d.k), uint64(d.k), sweep))
			out = append(out, d.gen.Jump(x, d.gen.Back(back)))
		}
	}
	return out
}

// array is the module that holds the tiles and their generators.
func (d *design) array(tiles []*tile) string {
	t := &text{}
	p := d.p
	t.f("// %s\n//\n// %d nodes, %d superblocks, %d chains interleaved: every clock each cell updates one", emit.Header(p), p.Nodes, len(p.Sweep), d.k)
	t.f("// of them. With edges counted from the last one of reset, index n = sweep·%d + chain of", d.k)
	t.f("// superblock c is committed at edge n + %d + offset(c), offsets %s. A node takes its bits", d.start, offsets(d.offset))
	t.f("// of val_i in place of an update where its bit of set_i is 1: initial states at the")
	tables := ""
	if d.stored {
		tables = "\n// table_i writes tables of noise, whether or not en_i is 1."
	}
	if d.choice > 0 {
		t.f("// %d edges before, and clamps. rst_i and load_i have a bit for each generator. beta_i has a number of β", d.k)
		t.f("// for each superblock, %d bits, %d edges before the values that it leads to.%s Bits of nodes:", d.choice, d.betaLead(), tables)
	} else {
		t.f("// %d edges before, and clamps. rst_i and load_i have a bit for each generator. Bits of nodes:", d.k)
	}
	for _, v := range p.Vars {
		t.f("//   %s: from bit %d, %d each", v.Name, d.at[v.First], d.width[v.First])
	}
	t.f("`default_nettype none\nmodule %s_array (", p.Model)
	each := ranged(len(d.instances()))
	t.f("  input  wire clk_i,\n  input  wire en_i,\n  input  wire %srst_i,\n  input  wire %sload_i,", each, each)
	if d.choice > 0 {
		t.f("  input  wire %sbeta_i,", ranged(len(d.offset)*d.choice))
	}
	if d.stored {
		t.f("  input  wire %stable_i,", ranged(d.tableBits()))
	}
	t.f("  input  wire %sset_i,\n  input  wire %sval_i,\n  output wire %ss_o\n);", ranged(p.Nodes), ranged(d.bits), ranged(d.bits))
	seeds := d.seeds(p.Sample.Seed, 0, 0)
	var unused []string
	used, loads := d.usedBits(), len(d.instances())
	loaded := 0
	for s := range d.offset {
		first, last := d.stream.First[s], d.stream.First[s+1]
		for i := first; i < last; i++ {
			if used[i] == nil {
				continue
			}
			t.f("  wire [%d:0] o%d;", d.gen.Width-1, i)
			t.f("  %s_%s #(.SEED(128'h%016x%016x)) u_rng%d (.clk_i(clk_i), .rst_i(%s), .en_i(en_i), .load_i(%s), .q_o(o%d));",
				p.Model, d.gen.Name, seeds[i][1], seeds[i][0], i, slice("rst_i", loaded, 1, loads), slice("load_i", loaded, 1, loads), i)
			loaded++
			unused = append(unused, gaps(fmt.Sprintf("o%d", i), used[i])...)
		}
	}
	source := d.boundary(tiles)
	for _, x := range tiles {
		if len(x.out) > 0 {
			t.f("  wire %sy%d;", ranged(len(x.out)), x.number)
		}
	}
	for _, x := range tiles {
		d.instance(t, x, source)
	}
	unused = append(unused, d.states(t, tiles)...)
	unused = append(unused, d.idleBetas()...)
	if len(d.order) == 0 || len(d.stream.First) < 2 {
		unused = append(unused, "clk_i", "rst_i", "en_i")
	}
	if len(unused) > 0 {
		t.f("  wire unused = &{1'b0, %s};", strings.Join(unused, ", "))
	}
	t.f("endmodule\n`default_nettype wire")
	return t.String()
}

func offsets(o []int) string { return strings.ReplaceAll(strings.Trim(fmt.Sprint(o), "[]"), " ", ", ") }

// usedBits marks the output bits that free nodes take, nil for an instance without.
func (d *design) usedBits() [][]bool {
	used := make([][]bool, d.stream.First[len(d.stream.First)-1])
	for _, n := range d.order {
		c := d.cells[n]
		for b := c.random; b < c.random+c.draws; b++ {
			i := d.stream.First[d.super[n]] + b/d.gen.Width
			if used[i] == nil {
				used[i] = make([]bool, d.gen.Width)
			}
			used[i][b%d.gen.Width] = true
		}
	}
	return used
}

// gaps are the slices of a signal that are not used.
func gaps(name string, used []bool) []string {
	var out []string
	for i := 0; i < len(used); {
		n := 0
		for i+n < len(used) && used[i+n] == used[i] {
			n++
		}
		if !used[i] {
			out = append(out, slice(name, i, n, len(used)))
		}
		i += n
	}
	return out
}

// randomBits are the signals of a node's bits, the first ones first.
func (d *design) randomBits(c *cell) []string {
	var out []string
	w := d.gen.Width
	for done := 0; done < c.draws; {
		bit := c.random + done
		n := min(w-bit%w, c.draws-done)
		out = append(out, slice(fmt.Sprintf("o%d", d.stream.First[d.super[c.node]]+bit/w), bit%w, n, w))
		done += n
	}
	return out
}

// boundary names the signals of the taps that tiles exchange.
func (d *design) boundary(tiles []*tile) map[tap]string {
	source := map[tap]string{}
	for _, t := range tiles {
		for i, x := range t.out {
			source[x] = slice(fmt.Sprintf("y%d", t.number), i, 1, len(t.out))
		}
	}
	return source
}

// instance puts a tile into the array.
func (d *design) instance(t *text, x *tile, source map[tap]string) {
	_, states := d.draws(x.nodes)
	t.f("\n  wire %ss%d;", ranged(states), x.number)
	var random, set, val, in []string
	for _, n := range x.nodes {
		random = append(random, d.randomBits(d.cells[n])...)
		set = append(set, slice("set_i", n, 1, d.p.Nodes))
		val = append(val, slice("val_i", d.at[n], d.width[n], d.bits))
	}
	for _, y := range x.inList {
		in = append(in, source[y])
	}
	t.f("  %s u_tile%d (\n    .clk_i(clk_i), .en_i(en_i),", d.tileName(x), x.number)
	t.f("    .r_i(%s),\n    .set_i(%s),\n    .val_i(%s),", wrap(random), wrap(set), wrap(val))
	if len(in) > 0 {
		t.f("    .x_i(%s),", wrap(in))
	}
	if d.choice > 0 {
		var beta []string
		for _, s := range d.supersOf(x) {
			beta = append(beta, slice("beta_i", s*d.choice, d.choice, len(d.offset)*d.choice))
		}
		t.f("    .b_i(%s),", wrap(beta))
	}
	if d.stored {
		t.f("    .t_i(table_i),")
	}
	if len(x.out) > 0 {
		t.f("    .y_o(y%d),", x.number)
	}
	t.f("    .s_o(s%d)\n  );", x.number)
}

// wrap is concat over several lines.
func wrap(signals []string) string {
	s := concat(signals)
	var b strings.Builder
	col := 0
	for i, part := range strings.SplitAfter(s, ", ") {
		if i > 0 && col+len(part) > 100 {
			b.WriteString("\n      ")
			col = 0
		}
		b.WriteString(part)
		col += len(part)
	}
	return strings.ReplaceAll(b.String(), " \n", "\n")
}

// states joins the states of the tiles and of clamped nodes, and gives the setters
// that have no use.
func (d *design) states(t *text, tiles []*tile) (unused []string) {
	place := map[int]string{}
	for _, x := range tiles {
		_, states := d.draws(x.nodes)
		at := 0
		for _, n := range x.nodes {
			place[n] = slice(fmt.Sprintf("s%d", x.number), at, d.width[n], states)
			at += d.width[n]
		}
	}
	var all []string
	for n := range d.p.Nodes {
		if s, free := place[n]; free {
			all = append(all, s)
			continue
		}
		all = append(all, literal(d.width[n], d.code(n, d.value[n])))
		unused = append(unused, slice("set_i", n, 1, d.p.Nodes), slice("val_i", d.at[n], d.width[n], d.bits))
	}
	t.f("\n  assign s_o = %s;", wrap(all))
	return unused
}

// code is the bits of a value: 1 for a spin +1.
func (d *design) code(n int, x int32) int64 {
	if d.isSpin(n) {
		return int64(x+1) / 2
	}
	return int64(x)
}

// random is the module of the generator.
func (d *design) random() (string, error) {
	data := map[string]any{"Header": emit.Header(d.p), "Model": d.p.Model}
	if d.gen == rng.LFL128 {
		type filter struct{ Name, Bits string }
		var filters []filter
		for _, q := range []struct {
			name       string
			a, b, c, d int
		}{{"a", 5, 3, 11, 7}, {"b", 3, 1, 5, 3}, {"c", 5, 2, 7, 5}} {
			var parts []string
			for l := range 6 {
				base, turn := (q.a*l+q.b)&7*16, (q.c*l+q.d)&15
				// Bit k of lane l is bit (k + turn) mod 16 of another lane.
				parts = append(parts, slice("r", base+turn, 16-turn, 128))
				if turn > 0 {
					parts = append(parts, slice("r", base, turn, 128))
				}
			}
			filters = append(filters, filter{q.name, concat(parts)})
		}
		data["Filter"] = filters
	}
	return fill(d.gen.Name+".v", data)
}

// idleBetas are the numbers of β for superblocks without free nodes.
func (d *design) idleBetas() []string {
	var out []string
	for s := range d.offset {
		free := false
		for _, n := range d.order {
			free = free || d.super[n] == s
		}
		if !free && d.choice > 0 {
			out = append(out, slice("beta_i", s*d.choice, d.choice, len(d.offset)*d.choice))
		}
	}
	return out
}
