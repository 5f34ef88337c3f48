package observe_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

var format = sampling.Format{Profile: "default", Fraction: 14, Segments: 256, ThresholdBits: 32, Accum: 32, Bound: 1.0 / 4096}

// blockOf is a block of nodes from a slot on, and the first slot after it.
func blockOf(kind sampling.Kind, states, first int, nodes ...int32) (sampling.Block, int) {
	return sampling.Block{Kind: kind, States: states, First: first, Nodes: nodes}, first + (len(nodes)+15)/16*16
}

// chain5 is a chain of five spins with equal couplings.
func chain5() *sampling.Model {
	spin := sampling.Slot{Kind: sampling.Spin}
	even, next := blockOf(sampling.Spin, 0, 0, 0, 2, 4)
	odd, _ := blockOf(sampling.Spin, 0, next, 1, 3)
	return &sampling.Model{
		Name: "chain5", Hash: "c5", Nodes: 5, Rounds: 10, Beta: 1, Chains: 4, Format: format,
		Vars: []sampling.Var{{Name: "s", Kind: sampling.Spin, Shape: []int{5}, Count: 5}},
		Factors: []sampling.Factor{
			{Name: "bias", Slots: []sampling.Slot{spin}, Rows: 5, Index: []int32{0, 1, 2, 3, 4}, Shared: true, Weights: []float64{0.1}},
			{Slots: []sampling.Slot{spin, spin}, Rows: 4, Index: []int32{0, 1, 1, 2, 2, 3, 3, 4}, Shared: true, Weights: []float64{0.5}},
		},
		Sweep: [][]sampling.Block{{even}, {odd}},
	}
}

// mixed has spins (one clamped), categoricals of 3 states in a 2×2 array, and a
// scalar of 300 states.
func mixed() *sampling.Model {
	spin, three := sampling.Slot{Kind: sampling.Spin}, sampling.Slot{Kind: sampling.Categorical, States: 3}
	many := sampling.Slot{Kind: sampling.Categorical, States: 300}
	spins, next := blockOf(sampling.Spin, 0, 0, 0, 1, 2)
	cats, next := blockOf(sampling.Categorical, 3, next, 3, 4, 5, 6)
	wide, _ := blockOf(sampling.Categorical, 300, next, 7)
	slope := make([]float64, 300)
	for k := range slope {
		slope[k] = -float64(k) / 100
	}
	return &sampling.Model{
		Name: "mixed", Hash: "m1", Nodes: 8, Rounds: 10, Beta: 0.75, Chains: 70, Format: format,
		Vars: []sampling.Var{
			{Name: "s", Kind: sampling.Spin, Shape: []int{3}, Count: 3},
			{Name: "a", Kind: sampling.Categorical, States: 3, Shape: []int{2, 2}, First: 3, Count: 4},
			{Name: "b", Kind: sampling.Categorical, States: 300, First: 7, Count: 1},
		},
		Factors: []sampling.Factor{
			{Name: "sa", Slots: []sampling.Slot{spin, three}, Rows: 2, Index: []int32{0, 3, 1, 4}, Table: []int{3}, Weights: []float64{0.5, 0, -0.5, 0.2, 0.3, -0.4}},
			{Name: "aa", Slots: []sampling.Slot{three, three}, Rows: 1, Index: []int32{5, 6}, Table: []int{3, 3}, Shared: true, Weights: []float64{1, 0, 0, 0, 1, 0, 0, 0, 1}},
			{Name: "b", Slots: []sampling.Slot{many}, Rows: 1, Index: []int32{7}, Table: []int{300}, Weights: slope},
		},
		Sweep:  [][]sampling.Block{{spins}, {cats}, {wide}},
		Clamps: []sampling.Clamp{{Nodes: []int32{2}, Values: []int32{1}}},
		// Rows of block cats are neighbours (5 and 6), which a real program forbids.
		Synchronous: true,
	}
}

// realMix has spins, categoricals and continuous nodes (one clamped, one with a
// range) in factors of every sort.
func realMix() *sampling.Model {
	spin, three := sampling.Slot{Kind: sampling.Spin}, sampling.Slot{Kind: sampling.Categorical, States: 3}
	real, square := sampling.Slot{Kind: sampling.Continuous, Power: 1}, sampling.Slot{Kind: sampling.Continuous, Power: 2}
	type slots = []sampling.Slot
	spins, next := blockOf(sampling.Spin, 0, 0, 0, 1)
	cats, next := blockOf(sampling.Categorical, 3, next, 2, 3)
	reals, next := blockOf(sampling.Continuous, 0, next, 4, 5, 6, 7)
	bounded, next := blockOf(sampling.Continuous, 0, next, 8)
	alone, _ := blockOf(sampling.Spin, 0, next, 9)
	for _, b := range []*sampling.Block{&spins, &cats, &reals, &bounded} {
		b.Float = true
	}
	return &sampling.Model{
		Name: "real_mix", Hash: "r1", Nodes: 10, Rounds: 10, Beta: 0.75, Chains: 70, Format: format,
		Vars: []sampling.Var{
			{Name: "s", Kind: sampling.Spin, Shape: []int{2}, Count: 2},
			{Name: "c", Kind: sampling.Categorical, States: 3, Shape: []int{2}, First: 2, Count: 2},
			{Name: "x", Kind: sampling.Continuous, Shape: []int{2, 2}, First: 4, Count: 4},
			{Name: "y", Kind: sampling.Continuous, First: 8, Count: 1, Range: []float64{-1, 2}},
			{Name: "t", Kind: sampling.Spin, First: 9, Count: 1},
		},
		Factors: []sampling.Factor{
			{Name: "constants", Rows: 2, Weights: []float64{0.5, -1.25}},
			{Name: "xsq", Slots: slots{square}, Rows: 4, Index: []int32{4, 5, 6, 7}, Weights: []float64{-0.5, -0.625, -0.75, -1}},
			{Name: "ysq", Slots: slots{square}, Rows: 1, Index: []int32{8}, Shared: true, Weights: []float64{-0.3}},
			{Name: "xx", Slots: slots{real, real}, Rows: 3, Index: []int32{4, 5, 6, 7, 5, 8}, Weights: []float64{0.1, -0.2, 0.3}},
			{Name: "xyy", Slots: slots{real, square}, Rows: 1, Index: []int32{4, 8}, Shared: true, Weights: []float64{-0.1}},
			{Name: "sx", Slots: slots{spin, real}, Rows: 2, Index: []int32{0, 4, 1, 6}, Weights: []float64{0.7, -0.4}},
			{Name: "cy", Slots: slots{three, real}, Rows: 1, Index: []int32{2, 8}, Table: []int{3}, Weights: []float64{0.3, -0.2, 0.1}},
			{Name: "scxc", Slots: slots{spin, three, real, three}, Rows: 1, Index: []int32{1, 2, 5, 3}, Table: []int{3, 3}, Shared: true,
				Weights: []float64{0.1, 0.2, 0.3, -0.1, -0.2, -0.3, 0.5, 0.6, -0.7}},
			{Name: "st", Slots: slots{spin, spin}, Rows: 1, Index: []int32{0, 9}, Weights: []float64{0.4}},
			{Slots: slots{spin}, Rows: 1, Index: []int32{9}, Weights: []float64{0.2}},
		},
		Sweep:  [][]sampling.Block{{spins}, {cats}, {reals}, {bounded}, {alone}},
		Clamps: []sampling.Clamp{{Nodes: []int32{7}, Values: []int32{sampling.FloatBits(0.625)}}},
		// Nodes of blocks cats and reals are neighbours, which a real program forbids.
		Synchronous: true,
	}
}

// wide is 2 × 77 spins without couplings: more than two words of them.
func wide() *sampling.Model {
	m := &sampling.Model{
		Name: "wide", Hash: "w", Nodes: 154, Rounds: 10, Beta: 1, Chains: 4, Format: format,
		Vars:    []sampling.Var{{Name: "s", Kind: sampling.Spin, Shape: []int{2, 77}, Count: 154}},
		Factors: []sampling.Factor{{Slots: []sampling.Slot{{Kind: sampling.Spin}}, Rows: 154, Shared: true, Weights: []float64{0.25}}},
	}
	for n := range int32(154) {
		m.Factors[0].Index = append(m.Factors[0].Index, n)
	}
	b, _ := blockOf(sampling.Spin, 0, 0, m.Factors[0].Index...)
	m.Sweep = [][]sampling.Block{{b}}
	return m
}

func newSampler(t testing.TB, m *sampling.Model, chains int) *sampling.Sampler {
	t.Helper()
	s, err := sampling.NewSampler(m, sampling.Options{Chains: chains, Seed: 42})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newCollector(t testing.TB, v observe.ChainView, sch sampling.Schedule, p observe.Plan) *observe.Collector {
	t.Helper()
	c, err := observe.NewCollector(v, sch, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// everything is a plan with all there is.
func everything(dir string) observe.Plan {
	return observe.Plan{States: true, Energy: true, Best: true, Moments: true, Magnetisation: true, Dir: dir, Target: "table", Generator: "test"}
}

// result runs a sampler and gives its result file.
func result(t testing.TB, s *sampling.Sampler, sch sampling.Schedule, resume bool, p observe.Plan) []byte {
	t.Helper()
	c := newCollector(t, s, sch, p)
	if err := c.Run(context.Background(), s, resume); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := c.WriteResult(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func array(t testing.TB, file []byte, name string) *npy.NPYArray {
	t.Helper()
	z, err := npy.OpenNPZ(file)
	if err != nil {
		t.Fatal(err)
	}
	a, err := z.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// ints are the elements as states hold them: of float32 the bits.
func ints(t testing.TB, a *npy.NPYArray) []int64 {
	t.Helper()
	if floats, ok := a.Data.([]float32); ok {
		var x []int64
		for _, v := range floats {
			x = append(x, int64(sampling.FloatBits(v)))
		}
		return x
	}
	x, err := a.Ints()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func floats(t testing.TB, a *npy.NPYArray) []float64 {
	t.Helper()
	x, err := a.Float64s()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// witness records what a sampler shows, value by value.
type witness struct {
	states  [][][]int32 // of each draw and chain
	energy  [][]float64 // βH of each draw
	sweeps  [][][]int32 // of each sweep and chain
	sweepsH [][]float64
}

func (w *witness) Observe(s *sampling.Sampler, draw int) error {
	w.states = append(w.states, statesOf(s))
	w.energy = append(w.energy, s.Energies(s.Model().Beta, nil))
	return nil
}

func (w *witness) ObserveSweep(s *sampling.Sampler) error {
	w.sweeps = append(w.sweeps, statesOf(s))
	w.sweepsH = append(w.sweepsH, s.Energies(1, nil))
	return nil
}

func statesOf(s *sampling.Sampler) [][]int32 {
	x := make([][]int32, s.Chains())
	for c := range x {
		x[c] = s.State(c, nil)
	}
	return x
}

func watch(t testing.TB, s *sampling.Sampler, sch sampling.Schedule) *witness {
	t.Helper()
	w := &witness{}
	if err := s.Run(context.Background(), sch, false, w); err != nil {
		t.Fatal(err)
	}
	return w
}
