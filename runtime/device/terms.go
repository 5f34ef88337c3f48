package device

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// numberSlot is added to the power of a continuous slot of a factor; see energy.cuh.
const numberSlot = 1 << 31

// Words of a variable that is summed up by value, and of one whose values are numbers; see count.cuh.
const (
	sumValues  = math.MaxUint32
	sumNumbers = math.MaxUint32 - 1
)

// EnergyTerms are the words of energy.cuh: all factors with their weights as given, then the rows of
// expressions, then their parameters. params says where those of each expression are, in numbers of
// two words.
func EnergyTerms(m *sampling.Model) (list []uint32, params [][]int) {
	list = []uint32{uint32(len(m.Factors))}
	for i := range m.Factors {
		f := &m.Factors[i]
		stride := f.TableSize()
		if f.Shared {
			stride = 0
		}
		list = appendFactor(list, f, stride, f.Weights)
	}
	count := len(list)
	list = append(list, 0)
	for i := range m.Codes {
		c := &m.Codes[i]
		k := len(c.Slots)
		for r := 0; r < c.Rows && !c.Directed; r++ {
			list[count]++
			list = append(list, uint32(i), uint32(1+k), uint32(r))
			list = appendNodes(list, c.Index[r*k:r*k+k])
		}
	}
	if len(list)%2 == 1 {
		list = append(list, 0)
	}
	for i := range m.Codes {
		var at []int
		for _, p := range m.Codes[i].Params {
			at = append(at, len(list)/2)
			list = appendDoubles(list, p.Values)
		}
		params = append(params, at)
	}
	return list, params
}

// appendFactor adds the words of a factor's rows, which are so many weights apart.
func appendFactor(list []uint32, f *sampling.Factor, stride int, weights []float64) []uint32 {
	spins := uint32(1)
	if len(f.Slots) == 0 || slices.ContainsFunc(f.Slots, func(s sampling.Slot) bool { return s.Kind != sampling.Spin }) {
		spins = 0
	}
	nodes := len(list) + 6 + len(f.Slots) + 2*len(weights)
	list = append(list, uint32(f.Rows), uint32(len(f.Slots)), uint32(stride), spins, uint32(nodes), uint32(nodes+len(f.Index)))
	for _, s := range f.Slots {
		switch s.Kind {
		case sampling.Categorical:
			list = append(list, uint32(s.States))
		case sampling.Continuous:
			list = append(list, uint32(numberSlot+s.Power))
		default:
			list = append(list, 0)
		}
	}
	return appendNodes(appendDoubles(list, weights), f.Index)
}

func appendNodes(list []uint32, nodes []int32) []uint32 {
	for _, n := range nodes {
		list = append(list, uint32(n))
	}
	return list
}

// appendDoubles adds numbers of two words, the low one first.
func appendDoubles(list []uint32, numbers []float64) []uint32 {
	for _, x := range numbers {
		b := math.Float64bits(x)
		list = append(list, uint32(b), uint32(b>>32))
	}
	return list
}

// Tally is what is counted and added up of draws, see count.cuh.
type Tally struct {
	Terms, Vars, Means []uint32
	Rows, Counts       int  // of the terms
	Sums               int  // of the variables, in each chain
	Singles, Fours     int  // rows of the means with one sum, and those behind them with four
	First              int  // chains whose states are wanted
	Running            bool // sums of means go on from draw to draw
}

// NewTally is a plan in words.
func NewTally(plan *sampling.TallyPlan) *Tally {
	t := &Tally{First: plan.First, Running: plan.Running, Terms: []uint32{uint32(len(plan.Rows))}, Vars: []uint32{uint32(len(plan.Sums))},
		Means: []uint32{uint32(len(plan.Singles) + len(plan.Fours))}}
	for _, f := range plan.Rows {
		entries := f.TableSize()
		if len(f.Table) == 0 && slices.ContainsFunc(f.Slots, func(s sampling.Slot) bool { return s.Kind != sampling.Spin }) {
			entries = 0
		}
		t.Terms = appendFactor(t.Terms, f, entries, nil)
		t.Rows += f.Rows
		t.Counts += f.Rows * max(1, entries)
	}
	for _, f := range plan.Singles {
		t.Means = appendFactor(t.Means, f, f.TableSize(), nil)
		t.Singles += f.Rows * f.TableSize()
	}
	for _, f := range plan.Fours {
		t.Means = appendFactor(t.Means, f, f.TableSize(), nil)
		t.Fours += f.Rows * f.TableSize()
	}
	for _, v := range plan.Sums {
		states, sums := uint32(v.States), max(1, v.States)
		switch {
		case v.Kind == sampling.Spin:
			states, sums = 0, 1
		case v.Kind == sampling.Continuous:
			states, sums = sumNumbers, 1
		case states == 0:
			states = sumValues
		}
		t.Vars = append(t.Vars, uint32(v.First), uint32(v.First+v.Count), states)
		t.Sums += sums
	}
	return t
}

// numbers is how many sums a draw's means have.
func (t *Tally) numbers() int { return t.Singles + 4*t.Fours }

// together are the sums of a draw, where the four of a row become one.
func (t *Tally) together(numbers []float64) []float64 {
	sums := slices.Clone(numbers[:t.Singles])
	for x := numbers[t.Singles:]; len(x) > 0; x = x[4:] {
		sums = append(sums, float64(x[0]+x[1])+float64(x[2]+x[3]))
	}
	return sums
}
