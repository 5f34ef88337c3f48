package cuda

import (
	"fmt"
	"math"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// noUpdate is the place of the update of a slot that has none.
const noUpdate = math.MaxUint32

// Kinds of starts.
const (
	startFixed = iota
	startSpinBelow
	startCategory
	startGiven
)

// plan is a program as the words of the table kernel.
type plan struct {
	p       *ir.Program
	names   []string
	kind    []ir.Kind // by node
	states  []int
	clamped []bool
	slot    []int // 0 for a node in no block: it draws no word

	rows    [][]touch // by node: the rows that touch it
	grouped []bool
	weights []int64 // of factors in order, then tables of groups
	base    []int   // of each factor's weights

	words Words
	supersAt, slotsAt, updatesAt, weightsAt,
	startsAt, givenAt int
}

// touch is a row that touches a node at a slot of the factor.
type touch struct{ factor, row, slot int }

func newPlan(p *ir.Program) *plan {
	d := &plan{p: p, names: emit.NodeNames(p), kind: make([]ir.Kind, p.Nodes), states: make([]int, p.Nodes),
		clamped: make([]bool, p.Nodes), slot: make([]int, p.Nodes), rows: make([][]touch, p.Nodes), grouped: p.Grouped()}
	for _, v := range p.Vars {
		for n := v.First; n < v.First+v.Count; n++ {
			d.kind[n], d.states[n] = v.Kind, v.States
		}
	}
	for _, c := range p.Clamps {
		for _, n := range c.Nodes {
			d.clamped[n] = true
		}
	}
	for i := range p.Factors {
		f := &p.Factors[i]
		d.base = append(d.base, len(d.weights))
		d.weights = append(d.weights, f.Ints...)
		for at, n := range f.Index {
			d.rows[n] = append(d.rows[n], touch{i, at / len(f.Slots), at % len(f.Slots)})
		}
	}
	d.updates()
	d.weightsAt = d.words.section("weights in units of 2^-%d; each line ends with the place of its first", p.Format.Fraction)
	d.putWeights()
	d.starts()
	return d
}

// updates writes superblocks, slots and the update of each node.
func (d *plan) updates() {
	w, p := &d.words, d.p
	d.supersAt = w.section("superblocks: first slot, slot behind the last")
	var order []int32 // by slot, -1 for padding and clamped nodes
	for s, sb := range p.Sweep {
		first := len(order)
		for _, b := range sb {
			for i := range (len(b.Nodes) + 15) / 16 * 16 {
				n := int32(-1)
				if i < len(b.Nodes) {
					d.slot[b.Nodes[i]] = len(order)
					if !d.clamped[b.Nodes[i]] {
						n = b.Nodes[i]
					}
				}
				order = append(order, n)
			}
		}
		w.line(fmt.Sprintf("superblock %d", s), uint32(first), uint32(len(order)))
	}
	var programs Words
	places := make([]uint32, len(order))
	for slot, n := range order {
		if places[slot] = noUpdate; n >= 0 {
			places[slot] = uint32(len(programs.List))
			d.update(&programs, slot, int(n))
		}
	}
	d.slotsAt = w.section("slots: place of the update among the updates, %d for none", uint32(noUpdate))
	for i := 0; i < len(places); i += 16 {
		w.line(fmt.Sprintf("from slot %d", i), places[i:i+16]...)
	}
	d.updatesAt = w.section("updates: node, states or 0 for a spin, place of its table of a beta, terms; then each term: " +
		"place of its weights, stride of the own value, spins of its sign + 65536·indices, these spins, and for each index its stride, its nodes")
	for _, n := range programs.notes {
		w.notes = append(w.notes, note{n.at + d.updatesAt, n.head, n.text})
	}
	w.List = append(w.List, programs.List...)
}

// update writes the update of a node.
func (d *plan) update(w *Words, slot, node int) {
	w.notes = append(w.notes, note{at: len(w.List), head: fmt.Sprintf("slot %d, %s", slot, d.names[node])})
	states, table := 0, 0
	if d.kind[node] == ir.Categorical {
		states, table = d.states[node], exponentialsAt(d.p, ir.ExpBits(d.states[node]))
	}
	if d.grouped != nil && d.grouped[node] {
		d.groups(w, node)
		return
	}
	w.line(d.names[node], uint32(node), uint32(states), uint32(table), uint32(len(d.rows[node])))
	for _, t := range d.rows[node] {
		d.term(w, node, t)
	}
}

// term writes a row's term of the field of a node in it.
func (d *plan) term(w *Words, node int, t touch) {
	f := &d.p.Factors[t.factor]
	base := d.base[t.factor]
	if !f.Shared {
		base += t.row * f.TableSize()
	}
	own, stride := 0, f.TableSize()
	var signs, digits []uint32
	var others []string
	for j, s := range f.Slots {
		n := f.Index[t.row*len(f.Slots)+j]
		if s.Kind == ir.Categorical {
			stride /= s.States
		}
		if j != t.slot {
			others = append(others, d.names[n])
		}
		switch {
		case j == t.slot && s.Kind == ir.Categorical:
			own = stride
		case j == t.slot:
		case s.Kind == ir.Categorical:
			digits = append(digits, uint32(stride), 1, uint32(n))
		default:
			signs = append(signs, uint32(n))
		}
	}
	words := []uint32{uint32(base), uint32(own), uint32(len(signs) + len(digits)/3<<16)}
	words = append(append(words, signs...), digits...)
	w.line(strings.TrimSpace(f.Name+": "+strings.Join(others, " ")), words...)
}

// groups writes the update of a spin whose weights are rounded by groups: each group is a
// table of partial sums, indexed by the signs of its inputs.
func (d *plan) groups(w *Words, node int) {
	p := d.p
	alone := 0.0
	var inputs []touch
	for _, t := range d.rows[node] {
		if len(p.Factors[t.factor].Slots) == 1 {
			alone += d.weight(t)
		} else {
			inputs = append(inputs, t)
		}
	}
	terms := max(1, (len(inputs)+p.Format.Group-1)/p.Format.Group)
	w.line(d.names[node], uint32(node), 0, 0, uint32(terms))
	for k := range terms {
		group := inputs[min(len(inputs), k*p.Format.Group):min(len(inputs), (k+1)*p.Format.Group)]
		words := []uint32{uint32(len(d.weights)), 0, uint32(len(group)) << 16}
		var others []string
		for i, t := range group {
			f := &p.Factors[t.factor]
			words = append(words, 1<<i, uint32(len(f.Slots)-1))
			for j := range f.Slots {
				if n := f.Index[t.row*len(f.Slots)+j]; j != t.slot {
					words = append(words, uint32(n))
					others = append(others, d.names[n])
				}
			}
		}
		w.line(fmt.Sprintf("group %d: %s", k, strings.Join(others, " ")), words...)
		for index := range 1 << len(group) {
			s := alone
			for i, t := range group {
				if v := d.weight(t); index>>i&1 == 1 {
					s -= v
				} else {
					s += v
				}
			}
			d.weights = append(d.weights, int64(math.RoundToEven(math.Ldexp(s, p.Format.Fraction))))
		}
		alone = 0
	}
}

// weight is that of a row of spins, as given.
func (d *plan) weight(t touch) float64 {
	f := &d.p.Factors[t.factor]
	if f.Shared {
		return f.Weights[0]
	}
	return f.Weights[t.row]
}

// putWeights writes the weights as wide as sums are.
func (d *plan) putWeights() {
	for i := 0; i < len(d.weights); i += 8 {
		var words []uint32
		for _, x := range d.weights[i:min(i+8, len(d.weights))] {
			if words = append(words, uint32(x)); d.p.Format.Accum == 64 {
				words = append(words, uint32(uint64(x)>>32))
			}
		}
		d.words.line(fmt.Sprint(i), words...)
	}
}

// starts writes how each node begins: a kind, a value and a slot, or places of values that
// are given for each chain.
func (d *plan) starts() {
	p, w := d.p, &d.words
	type start [3]uint32
	starts, given := make([]start, p.Nodes), []uint32(nil)
	give := func(nodes []int32, chains int, values []int32) {
		first := len(given)
		for i, v := range values[:len(nodes)*max(1, chains)] {
			n := nodes[i%len(nodes)]
			if chains == 0 {
				starts[n] = start{startFixed, d.value(int(n), v), 0}
				continue
			}
			given = append(given, d.value(int(n), v))
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
	d.startsAt = w.section("starts of nodes: kind (%d a value, %d a spin that is +1 below a word, %d a category, %d given by chain), value, slot",
		startFixed, startSpinBelow, startCategory, startGiven)
	for n, s := range starts {
		w.line(d.names[n], s[:]...)
	}
	d.givenAt = w.section("values that are given by chain")
	for i := 0; i < len(given); i += 16 {
		w.line("", given[i:min(i+16, len(given))]...)
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
	case !spin:
		return [3]uint32{startCategory, uint32(d.states[n]), uint32(d.slot[n])}
	case kind != ir.InitHinton:
		return [3]uint32{startSpinBelow, 1 << 31, uint32(d.slot[n])}
	}
	bias := 0.0
	for _, t := range d.rows[n] {
		if len(d.p.Factors[t.factor].Slots) == 1 {
			bias += d.weight(t)
		}
	}
	x := float64(d.p.AllBetas()[0] * bias)
	below := uint64(math.Floor(float64(sampling.Sigma(x)*(1<<32)) + 0.5))
	if below > math.MaxUint32 {
		return [3]uint32{startFixed, d.value(n, 1), 0}
	}
	return [3]uint32{startSpinBelow, uint32(below), uint32(d.slot[n])}
}

// value is a node's value as kernels hold it: a category, or the sign bit of a spin.
func (d *plan) value(n int, x int32) uint32 {
	if d.kind[n] == ir.Spin {
		return uint32(1-x) / 2
	}
	return uint32(x)
}
