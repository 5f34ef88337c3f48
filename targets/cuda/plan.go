package cuda

import (
	"fmt"
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// Kinds of starts.
const (
	startFixed = iota
	startSpinBelow
	startCategory
	startGiven
	startNormal // of continuous nodes
	startInside // in a range
)

const lawWords = 8 // of a continuous variable

// plan is a program on its way to the words of a kernel.
type plan struct {
	p       *ir.Program
	names   []string
	kind    []ir.Kind // by node
	states  []int
	clamped []bool
	slot    []int // 0 for a node in no block: it draws no word

	order   []int32   // by slot, -1 for padding
	touches [][]touch // by node: the rows that touch it
	hinton  []uint64  // of 2^32 words, how many start a spin at +1
	law     []uint32  // by continuous node: the place of its variable's law among the given values
	given   []uint32

	words                       Words
	supersAt, startsAt, givenAt int
}

// touch is a row that touches a node at a slot of the factor.
type touch struct{ factor, row, slot int }

func newPlan(p *ir.Program) *plan {
	d := &plan{p: p, names: emit.NodeNames(p), kind: make([]ir.Kind, p.Nodes), states: make([]int, p.Nodes),
		clamped: make([]bool, p.Nodes), slot: make([]int, p.Nodes), touches: make([][]touch, p.Nodes), hinton: emit.Hinton(p),
		law: make([]uint32, p.Nodes)}
	for i, v := range p.Vars {
		for n := v.First; n < v.First+v.Count; n++ {
			d.kind[n], d.states[n], d.law[n] = v.Kind, v.States, uint32(len(d.given))
		}
		if v.Kind == ir.Continuous {
			d.given = append(d.given, lawOf(v, p.Init[i])...)
		}
	}
	for _, c := range p.Clamps {
		for _, n := range c.Nodes {
			d.clamped[n] = true
		}
	}
	for i := range p.Factors {
		f := &p.Factors[i]
		for at, n := range f.Index {
			d.touches[n] = append(d.touches[n], touch{i, at / len(f.Slots), at % len(f.Slots)})
		}
	}
	d.supersAt = d.words.section("superblocks: first slot, slot behind the last")
	for s, sb := range p.Sweep {
		first := len(d.order)
		for _, b := range sb {
			for i := range (len(b.Nodes) + 15) / 16 * 16 {
				n := int32(-1)
				if i < len(b.Nodes) {
					n = b.Nodes[i]
					d.slot[n] = len(d.order)
				}
				d.order = append(d.order, n)
			}
		}
		d.words.line(fmt.Sprintf("superblock %d", s), uint32(first), uint32(len(d.order)))
	}
	return d
}

// lawOf is mean and deviation of the start of a continuous variable and its range, in float64.
func lawOf(v ir.Var, in ir.Init) []uint32 {
	law := [lawWords / 2]float64{0, 1, math.Inf(-1), math.Inf(1)}
	if in.Kind == ir.InitNormal {
		law[0], law[1] = in.Mean, in.SD
	}
	copy(law[2:], v.Range)
	return appendDoubles(nil, law[:]...)
}

// bounded says whether a continuous node has a range.
func (d *plan) bounded(n int) bool { return varOf(d.p, n).Range != nil }

// widest is the largest number of slots of a superblock.
func (d *plan) widest() int {
	n := 0
	for i := range d.p.Sweep {
		at := d.supersAt + 2*i
		n = max(n, int(d.words.List[at+1]-d.words.List[at]))
	}
	return n
}

// quads is how many warps have a share of a superblock: a block's slots are filled from the first on,
// those behind them are padding.
func (d *plan) quads() (n int) {
	for _, sb := range d.p.Sweep {
		if len(sb) > 1 {
			return (d.widest() + 3) / 4
		}
		n = max(n, (len(sb[0].Nodes)+3)/4)
	}
	return n
}

// rowsOf are the rows of nodes in states that hold a bit or byte for each chain, and how many there
// are: the row of a slot is its number, and those of nodes in no block follow.
func (d *plan) rowsOf() (row []int32, count int) {
	row = slices.Repeat([]int32{-1}, d.p.Nodes)
	for slot, n := range d.order {
		if n >= 0 {
			row[n] = int32(slot)
		}
	}
	count = len(d.order)
	for n := range row {
		if row[n] < 0 {
			row[n] = int32(count)
			count++
		}
	}
	return row, count
}

// writeRows writes rows and returns their place.
func (d *plan) writeRows(row []int32) int {
	at := d.words.section("rows of nodes")
	for n, r := range row {
		d.words.line(d.names[n], uint32(r))
	}
	return at
}

// weight is that of a row of spins or numbers, as given.
func (d *plan) weight(t touch) float64 {
	f := &d.p.Factors[t.factor]
	return f.Weights[rowOf(f, t.row)]
}

// starts writes how each node begins: a kind, a value and a slot, or places of values that
// are given for each chain.
func (d *plan) starts() {
	p, w := d.p, &d.words
	type start [3]uint32
	starts := make([]start, p.Nodes)
	give := func(nodes []int32, chains int, values []int32) {
		first := len(d.given)
		for i, v := range values[:len(nodes)*max(1, chains)] {
			n := nodes[i%len(nodes)]
			if chains == 0 {
				starts[n] = start{startFixed, d.value(int(n), v), 0}
				continue
			}
			d.given = append(d.given, d.value(int(n), v))
			starts[n] = start{startGiven, uint32(first + i%len(nodes)), uint32(len(nodes))}
		}
	}
	for i, v := range p.Vars {
		var nodes []int32
		for n := v.First; n < v.First+v.Count; n++ {
			nodes = append(nodes, int32(n))
			starts[n] = d.start(n, p.Init[i].Kind)
		}
		if in := p.Init[i]; in.Kind == ir.InitValues {
			give(nodes, in.Chains, in.Values)
		}
	}
	for _, c := range p.Clamps {
		give(c.Nodes, c.Chains, c.Values)
	}
	continuous := ""
	if slices.Contains(d.kind, ir.Continuous) {
		continuous = fmt.Sprintf(", %d a number of a law, %d of one in a range", startNormal, startInside)
	}
	d.startsAt = w.section("starts of nodes: kind (%d a value, %d a spin that is +1 below a word, %d a category, %d given by chain%s), value, slot",
		startFixed, startSpinBelow, startCategory, startGiven, continuous)
	for n, s := range starts {
		w.line(d.names[n], s[:]...)
	}
	d.givenAt = w.section("values that are given by chain")
	for i := 0; i < len(d.given); i += 16 {
		w.line("", d.given[i:min(i+16, len(d.given))]...)
	}
	w.section("end")
}

// start is that of a node whose values are not given.
func (d *plan) start(n int, kind ir.InitKind) [3]uint32 {
	switch spin := d.kind[n] == ir.Spin; {
	case kind == ir.InitZeros && spin:
		return [3]uint32{startFixed, d.value(n, -1), 0}
	case kind == ir.InitZeros:
		return [3]uint32{startFixed, 0, 0}
	case d.kind[n] == ir.Continuous && d.bounded(n):
		return [3]uint32{startInside, d.law[n], uint32(d.slot[n])}
	case d.kind[n] == ir.Continuous:
		return [3]uint32{startNormal, d.law[n], uint32(d.slot[n])}
	case !spin:
		return [3]uint32{startCategory, uint32(d.states[n]), uint32(d.slot[n])}
	case kind != ir.InitHinton:
		return [3]uint32{startSpinBelow, 1 << 31, uint32(d.slot[n])}
	}
	below := d.hinton[n]
	if below > math.MaxUint32 {
		return [3]uint32{startFixed, d.value(n, 1), 0}
	}
	return [3]uint32{startSpinBelow, uint32(below), uint32(d.slot[n])}
}

// value is a node's value as kernels hold it: a category, the sign bit of a spin, the bits of a
// float32.
func (d *plan) value(n int, x int32) uint32 {
	if d.kind[n] == ir.Spin {
		return uint32(1-x) / 2
	}
	return uint32(x)
}
