package verilog

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// text collects lines of Verilog.
type text struct{ strings.Builder }

func (t *text) f(format string, args ...any) { fmt.Fprintf(&t.Builder, format+"\n", args...) }

// ranged is the range of a vector of n bits, with a blank; a single bit has none.
func ranged(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf("[%d:0] ", n-1)
}

// slice is bits [from, from+n) of a vector of so many bits.
func slice(name string, from, n, of int) string {
	switch {
	case of == 1:
		return name
	case n == 1:
		return fmt.Sprintf("%s[%d]", name, from)
	}
	return fmt.Sprintf("%s[%d:%d]", name, from+n-1, from)
}

// concat puts signals together, the first in the lowest bits.
func concat(signals []string) string {
	if len(signals) == 1 {
		return signals[0]
	}
	back := make([]string, len(signals))
	for i, s := range signals {
		back[len(signals)-1-i] = s
	}
	return "{" + strings.Join(back, ", ") + "}"
}

// literal is a number of n bits, a negative one in two's complement.
func literal(n int, x int64) string { return fmt.Sprintf("%d'h%x", n, uint64(x)&(1<<n-1)) }

// register emits a register, or a wire where it is not registered.
func (t *text) register(registered, signed bool, width int, name, value string) {
	sign := ""
	if signed {
		sign = "signed "
	}
	if !registered {
		t.f("  wire %s%s%s = %s;", sign, ranged(width), name, value)
		return
	}
	t.f("  reg %s%s%s;", sign, ranged(width), name)
	t.f("  always @(posedge clk_i) if (en_i) %s <= %s;", name, value)
}

// lookup emits a table over signals, the first of them in the lowest bit.
func (t *text) lookup(registered, signed bool, width int, name string, taps []string, values []int64) {
	sign := ""
	if signed {
		sign = "signed "
	}
	if len(taps) == 0 {
		t.f("  wire %s%s%s = %s;", sign, ranged(width), name, literal(width, values[0]))
		return
	}
	table := name
	if registered {
		table = name + "t"
	}
	// The inputs have a name of their own, without which Verilator makes branches of the
	// table where they are bits of vectors.
	t.f("  wire %s%sk = %s;", ranged(len(taps)), name, concat(taps))
	t.f("  reg %s%s%s;", sign, ranged(width), table)
	t.f("  always @*")
	t.f("    case (%sk)", name)
	for i, v := range values[:len(values)-1] {
		t.f("      %s: %s = %s;", literal(len(taps), int64(i)), table, literal(width, v))
	}
	t.f("      default: %s = %s;", table, literal(width, values[len(values)-1]))
	t.f("    endcase")
	if registered {
		t.register(true, signed, width, name, table)
	}
}

// register emits a register, or a wire, and counts it.
func (e *tileEmitter) register(registered, signed bool, width int, name, value string) {
	if registered {
		e.work.ff += width
	}
	e.text.register(registered, signed, width, name, value)
}

// lookup emits a table, and counts its outputs that differ.
func (e *tileEmitter) lookup(registered, signed bool, width int, name string, taps []string, values []int64) {
	columns := map[string]bool{}
	for b := range width {
		column, ones := make([]byte, len(values)), 0
		for i, v := range values {
			column[i] = byte(v >> b & 1)
			ones += int(column[i])
		}
		if ones > 0 && ones < len(values) {
			columns[string(column)] = true
		}
	}
	if registered {
		e.work.registered = append(e.work.registered, table{len(taps), len(columns)})
	} else {
		e.work.columns[len(taps)] += len(columns)
	}
	e.text.lookup(registered, signed, width, name, taps, values)
}

// taps are the signals that a group of a cell reads.
func (e *tileEmitter) taps(c *cell, g *group) []string {
	var out []string
	for _, from := range g.nodes {
		for b := range e.d.width[from] {
			out = append(out, e.tap(from, b, e.d.delay(c.node, from)))
		}
	}
	return out
}

// beta are the bits of the number of a cell's β.
func (e *tileEmitter) beta(c *cell) []string {
	var out []string
	for i := range e.d.choice {
		out = append(out, slice(fmt.Sprintf("b%d", e.d.super[c.node]), i, 1, e.d.choice))
	}
	return out
}

// thresholdCell compares random bits u with the threshold T of the neighbours' pattern and β.
// The table holds the complement of T: u + ~T + 1 has no carry where u < T, and a carry
// chain takes no inverters.
func (e *tileEmitter) thresholdCell(c *cell, random string) string {
	d, n := e.d, c.node
	f := d.p.Format
	g := &c.groups[0]
	var values []int64
	for b := range 1 << d.choice {
		table := d.thresholds[min(b, len(d.betas)-1)]
		for _, field := range g.values[0] {
			v := int64(0)
			if field >= 0 {
				v = 1 << f.ThresholdBits // +1 is the likely value
			} else {
				field = -field
			}
			values = append(values, v|^table.Threshold(field)&(1<<f.ThresholdBits-1))
		}
	}
	name := fmt.Sprintf("p%d", n)
	e.lookup(d.registered, false, f.ThresholdBits+1, name, append(e.taps(c, g), e.beta(c)...), values)
	b := f.ThresholdBits
	e.work.signs = append(e.work.signs, b+1)
	e.f("  wire [%d:0] c%d = {1'b0, %s} + {1'b0, %s} + %d'd1;", b, n, random, slice(name, 0, b, b+1), b+1)
	e.unusedBits(fmt.Sprintf("c%d", n), b)
	e.f("  wire v%d = ~c%d[%d] ^ %s[%d];", n, n, b, name, b)
	return fmt.Sprintf("v%d", n)
}

// operand is a term of a sum, and how many of its low bits are always 0.
type operand struct {
	name  string
	zeros int
}

func lowZeros(values []int64, width int) int {
	n := width
	for _, v := range values {
		n = min(n, bits.TrailingZeros64(uint64(v)))
	}
	return n
}

// noiseCell adds up the groups and the noise of each state: the sign of a spin, the
// first largest of a categorical.
func (e *tileEmitter) noiseCell(c *cell, random string) []string {
	d := e.d
	width := c.sumBits(d)
	level := 0
	total := c.levels(true)
	next := func() bool { // whether the level that begins has a register behind it
		level++
		return level > total-d.after && level < total
	}
	states := len(c.groupValues())
	sums := make([]string, states)
	adders := log2up(len(c.groups) + 1)
	keep := level
	for k := range states {
		level = keep
		var ops []operand
		for i := range c.groups {
			g := &c.groups[i]
			name := fmt.Sprintf("p%d_%d_%d", c.node, k, i)
			e.lookup(d.registered, true, width, name, e.taps(c, g), g.values[k])
			ops = append(ops, operand{name, lowZeros(g.values[k], width)})
		}
		ops = append(ops, operand{e.noise(c, k, width, random), 0})
		for a := range adders {
			registered := next()
			var sum []operand
			for i := 0; i < len(ops); i += 2 {
				x := ops[i]
				if i+1 < len(ops) {
					y := ops[i+1]
					if live := width - max(x.zeros, y.zeros); c.kind == ir.Spin && a == adders-1 {
						e.work.signs = append(e.work.signs, live)
					} else {
						e.work.adders = append(e.work.adders, live)
					}
					x = operand{x.name + " + " + y.name, min(x.zeros, y.zeros)}
				}
				name := fmt.Sprintf("q%d_%d_%d_%d", c.node, k, a, i/2)
				e.register(registered, true, width, name, x.name)
				if registered {
					e.work.ff -= x.zeros
				}
				sum = append(sum, operand{name, x.zeros})
			}
			ops = sum
		}
		sums[k] = ops[0].name
	}
	if c.kind == ir.Spin {
		e.unusedBits(sums[0], width-1)
		return e.pad(c, total, []string{fmt.Sprintf("~%s[%d]", sums[0], width-1)})
	}
	return e.pad(c, total, e.largest(c, sums, width, next))
}

// groupValues are the tables by state: one for a spin, without groups too.
func (c *cell) groupValues() []int {
	if c.kind == ir.Spin {
		return make([]int, 1)
	}
	return make([]int, c.states)
}

// largest compares sums in pairs; the earlier state wins a tie.
func (e *tileEmitter) largest(c *cell, sums []string, width int, next func() bool) []string {
	w := e.d.width[c.node]
	index := make([]string, len(sums))
	for k := range sums {
		index[k] = literal(w, int64(k))
	}
	for l := 0; len(sums) > 1; l++ {
		registered := next()
		var s, x []string
		for i := 0; i < len(sums); i += 2 {
			if i+1 == len(sums) {
				name := fmt.Sprintf("m%d_%d_%d", c.node, l, i/2)
				e.register(registered, true, width, name, sums[i])
				e.register(registered, false, w, name+"x", index[i])
				s, x = append(s, name), append(x, name+"x")
				continue
			}
			name := fmt.Sprintf("m%d_%d_%d", c.node, l, i/2)
			e.f("  wire %sg = %s > %s;", name, sums[i+1], sums[i])
			e.work.compare = append(e.work.compare, width)
			e.work.muxes += w
			if len(sums) > 2 {
				e.work.muxes += width
				e.register(registered, true, width, name, fmt.Sprintf("%sg ? %s : %s", name, sums[i+1], sums[i]))
			}
			e.register(registered, false, w, name+"x", fmt.Sprintf("%sg ? %s : %s", name, index[i+1], index[i]))
			s, x = append(s, name), append(x, name+"x")
		}
		sums, index = s, x
	}
	out := make([]string, w)
	for b := range out {
		out[b] = slice(index[0], b, 1, w)
	}
	return out
}

// noise is the noise of state k of a cell, extended to the width of its sums.
func (e *tileEmitter) noise(c *cell, k, width int, random string) string {
	d := e.d
	from := 0
	if c.kind == ir.Categorical {
		from = k * (16 + d.p.Format.LowBits)
	}
	n, size := d.noiseBits(c.kind), d.noiseInput(c.kind)
	name := fmt.Sprintf("z%d_%d", c.node, k)
	e.work.units[c.kind]++
	e.f("  wire %s%s;", ranged(n), name+"n")
	beta := ""
	if d.choice > 0 {
		beta = fmt.Sprintf(", .b_i(b%d)", d.super[c.node])
	}
	if d.stored {
		beta += fmt.Sprintf(", .t_i(%s)", d.unitTableName(c.kind))
	}
	e.f("  %s u_%s (.clk_i(clk_i), .en_i(en_i)%s, .w_i(%s[%d:%d]), .n_o(%sn));", d.noiseUnit(c.kind), name, beta, random, from+size-1, from, name)
	top := "1'b0"
	if c.kind == ir.Spin {
		top = fmt.Sprintf("%sn[%d]", name, n-1)
	}
	e.f("  wire signed [%d:0] %s = {{%d{%s}}, %sn};", width-1, name, width-n, top, name)
	return name
}

// noiseBits is the width of a noise unit's output, the sign of a spin's included.
func (d *design) noiseBits(k ir.Kind) int {
	low := d.low(k)
	if k == ir.Spin {
		return 9 + low
	}
	return 10 + low
}

// noiseUnit is the module of a noise unit.
func (d *design) noiseUnit(k ir.Kind) string {
	return d.p.Model + "_" + [...]string{"logistic", "gumbel"}[k]
}

// noiseInput is the number of random bits of a noise unit.
func (d *design) noiseInput(k ir.Kind) int {
	size := 16 + d.low(k)
	if k == ir.Spin {
		size++
	}
	return size
}

// sumBits is the width of a cell's signed sums.
func (c *cell) sumBits(d *design) int {
	reach := int64(0)
	for _, g := range c.groups {
		most := int64(0)
		for _, t := range g.values {
			for _, x := range t {
				most = max(most, x, -x)
			}
		}
		reach += most
	}
	n := d.noiseBits(c.kind)
	if c.kind == ir.Spin {
		n-- // the sign
	}
	return max(bits.Len64(uint64(reach+1<<n))+1, n+2)
}

// pad delays a value by the registers that other cells have more.
func (e *tileEmitter) pad(c *cell, total int, value []string) []string {
	for i := range e.d.after - min(total, e.d.after) {
		for b, v := range value {
			name := fmt.Sprintf("d%d_%d_%d", c.node, i, b)
			e.register(true, false, 1, name, v)
			value[b] = name
		}
	}
	return value
}
