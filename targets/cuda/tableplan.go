package cuda

import (
	"fmt"
	"math"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/device"
)

// noUpdate is the place of the update of a slot that has none.
const noUpdate = math.MaxUint32

// tablePlan is a program as the words of the table kernel.
type tablePlan struct {
	*plan
	grouped []bool
	weights []int64 // of factors in order, then tables of groups
	base    []int   // of each factor's weights

	float        []bool    // nodes that are updated in float32
	floatBase    []int     // of each factor's weights in float32
	params       [][]int   // where those of each expression are among them
	doubleParams [][]int   // where they are in float64, in numbers of two words
	codesAt      []int     // of the first slot of each factor of code among all slots
	codeTouches  [][]touch // by node: the rows of expressions that touch it

	column  map[int32]int  // by node of a dense block; nil: there is none
	sampler map[int]string // of single nodes
	kept    *device.Kept

	networks *networks // nil: there are none

	slotsAt, updatesAt, weightsAt, normalsAt, floatsAt, matrixAt, massesAt, keptAt, energyAt, warmupAt int
}

func newTablePlan(p *ir.Program) *tablePlan {
	d := &tablePlan{plan: newPlan(p), grouped: p.Grouped(), float: p.FloatNodes(), codesAt: codesAt(p), sampler: make(map[int]string), kept: keptOf(p)}
	for _, sb := range p.Sweep {
		for _, b := range sb {
			for _, n := range b.Nodes {
				if b.Joint == nil {
					d.sampler[int(n)] = b.Sampler
				}
			}
		}
	}
	d.weights, d.base = allWeights(p)
	if hasFloats(p) {
		d.putFloats()
		d.putMatrix()
		d.putMasses()
	}
	d.networks = d.networksOf()
	d.putKept()
	d.codeTouches = make([][]touch, p.Nodes)
	for i := range p.Codes {
		c := &p.Codes[i]
		for at, n := range c.Index {
			d.codeTouches[n] = append(d.codeTouches[n], touch{i, at / len(c.Slots), at % len(c.Slots)})
		}
	}
	d.updates()
	d.putWeights()
	d.putEnergy()
	d.starts()
	return d
}

// putKept writes how what kernels keep of a chain begins, and the sweeps in which steps are fitted.
func (d *tablePlan) putKept() {
	if len(d.kept.Start) == 0 {
		return
	}
	d.keptAt = d.words.section("what is kept of a chain, at the start")
	d.words.line("", d.kept.Start...)
	d.warmupAt = d.words.section("sweeps of warm-up, in which steps are fitted; two words")
	d.words.line("", uint32(d.p.Sample.Warmup), 0)
}

// allWeights are the weights of factors in order, and where those of each begin.
func allWeights(p *ir.Program) (weights []int64, base []int) {
	for i := range p.Factors {
		base = append(base, len(weights))
		weights = append(weights, p.Factors[i].Ints...)
	}
	return weights, base
}

// updates writes the update of each node and where the slots have theirs.
func (d *tablePlan) updates() {
	w := &d.words
	var programs Words
	places := make([]uint32, len(d.order))
	for slot, n := range d.order {
		if places[slot] = noUpdate; n >= 0 && !d.clamped[n] {
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
	if hasFloats(d.p) {
		w.notes = append(w.notes, note{at: len(w.List), head: "updates in float32: node, kind, terms, terms of expressions and their place; of a spin its constant; of a categorical a power of two and a constant for each state; " +
			"of a number the place of its law, its linear constant, squares, behind how many words of terms, a square constant, the row of what it keeps; then each term: " +
			"place of its weights, stride of the own value, spins, indices, factors, these spins, for each index stride and node, these nodes; " +
			"and of each expression: number of its first function, a bit for each of its parts, how many words follow, row, nodes"})
	}
	w.append(&programs)
}

// update writes the update of a node.
func (d *tablePlan) update(w *Words, slot, node int) {
	w.notes = append(w.notes, note{at: len(w.List), head: fmt.Sprintf("slot %d, %s", slot, d.names[node])})
	if d.float[node] {
		d.floats(w, node)
		return
	}
	states, table := 0, 0
	if d.kind[node] == ir.Categorical {
		if states = d.states[node]; !d.p.Format.Noise {
			table = exponentialsAt(d.p, ir.ExpBits(states))
		}
	}
	if d.grouped != nil && d.grouped[node] {
		d.groups(w, node)
		return
	}
	w.line(d.names[node], uint32(node), uint32(states), uint32(table), uint32(len(d.touches[node])))
	for _, t := range d.touches[node] {
		d.term(w, node, t)
	}
}

// term writes a row's term of the field of a node in it.
func (d *tablePlan) term(w *Words, node int, t touch) {
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
func (d *tablePlan) groups(w *Words, node int) {
	p := d.p
	alone := 0.0
	var inputs []touch
	for _, t := range d.touches[node] {
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

// putWeights writes the weights as wide as sums are.
func (d *tablePlan) putWeights() {
	d.weightsAt = d.words.section("weights in units of 2^-%d; each line ends with the place of its first", d.p.Format.Fraction)
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

// singles are the kinds of updates in float32 that sweeps make of one node.
type singles struct {
	Spins, Categories, Numbers bool            // numbers that are Gaussian,
	Ranges                     bool            // and have a range
	Steps                      map[string]bool // samplers of numbers that keep a step
}

// Digits says whether they draw digits, Words whether words of numbers.
func (s *singles) Digits() bool { return s.Spins || s.Categories }
func (s *singles) Words() bool  { return s.Numbers || len(s.Steps) > 0 }
func (s *singles) Any() bool    { return s.Digits() || s.Words() }

// Plain says whether there are others than those by a step.
func (s *singles) Plain() bool { return s.Digits() || s.Numbers }

func (d *tablePlan) singles() *singles {
	s := &singles{Steps: d.stepped()}
	for n, sampler := range d.sampler {
		switch {
		case !d.float[n]:
		case d.kind[n] == ir.Spin:
			s.Spins = true
		case d.kind[n] == ir.Categorical:
			s.Categories = true
		case stepKinds[sampler] == 0:
			s.Numbers, s.Ranges = true, s.Ranges || d.bounded(n)
		}
	}
	return s
}

// stepped are the samplers of single nodes that keep a step, by name.
func (d *tablePlan) stepped() map[string]bool {
	found := make(map[string]bool)
	for _, s := range d.sampler {
		if stepKinds[s] > 0 {
			found[s] = true
		}
	}
	return found
}
