package sampling_test

import (
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// sumsModel has every kind of row: one, two and three spins, tables, both.
func sumsModel() *sampling.Model {
	m := codecModel()
	m.Synchronous, m.Clamps, m.Init, m.Betas = false, nil, nil, nil
	m.Sweep[1] = append(m.Sweep[1], sampling.Block{States: 2, First: 48, Nodes: []int32{2, 4}})
	m.Factors[1].Weights = []float64{0.1, -0.2, 0.3}
	m.Factors = append(m.Factors,
		sampling.Factor{Name: "f2", Slots: []sampling.Slot{{States: 2}, {States: 2}, {States: 2}}, Rows: 2, Index: []int32{0, 2, 4, 1, 2, 4}, Weights: []float64{0.5, -1}},
		sampling.Factor{Name: "f3", Slots: []sampling.Slot{{Kind: sampling.Categorical, States: 3}, {States: 2}, {Kind: sampling.Categorical, States: 3}},
			Rows: 1, Index: []int32{5, 2, 6}, Table: []int{3, 3}, Weights: []float64{1, 0, 0, -1, 0, 1, 0.5, 0, 1}})
	return m
}

// Row sums equal those of the states read one by one, for full and partial words
// and for the first chains only.
func TestRowSums(t *testing.T) {
	m := sumsModel()
	for _, chains := range []int{1, 63, 64, 130} {
		s, err := sampling.NewSampler(m, sampling.Options{Chains: chains, Seed: 5})
		if err != nil {
			t.Fatal(err)
		}
		s.Sweeps(3)
		for _, first := range []int{chains, max(1, chains-7)} {
			for fi, f := range m.Factors {
				size := f.Rows * f.TableSize()
				want, wantChain := make([]int64, size), make([]int32, first*size)
				for c := range first {
					x := s.State(c, nil)
					for r := range f.Rows {
						at, sign := 0, int32(1)
						for i, slot := range f.Slots {
							v := x[f.Index[r*len(f.Slots)+i]]
							if slot.Kind == sampling.Spin {
								sign *= v
							} else {
								at = at*slot.States + int(v)
							}
						}
						want[r*f.TableSize()+at] += int64(sign)
						wantChain[c*size+r*f.TableSize()+at] += sign
					}
				}
				got, gotChain := make([]int64, size), make([]int32, first*size)
				s.AddRowSums(fi, first, got)
				s.AddRowSumsByChain(fi, first, gotChain)
				if !slices.Equal(got, want) || !slices.Equal(gotChain, wantChain) {
					t.Fatalf("factor %d, %d of %d chains: %v, want %v", fi, first, chains, got, want)
				}
			}
		}
	}
}

// The negative phase has words of its own; starting anew draws new states and
// keeps the sweep number.
func TestNegativePhaseAndRestart(t *testing.T) {
	m := sumsModel()
	states := func(negative bool) (all [][]int32) {
		s, err := sampling.NewSampler(m, sampling.Options{Chains: 64, Seed: 5, Negative: negative})
		if err != nil {
			t.Fatal(err)
		}
		list := func() {
			var x []int32
			for c := range 64 {
				x = s.State(c, x)
			}
			all = append(all, x)
		}
		list()
		s.Restart()
		list() // nothing was swept: the same words
		s.Sweeps(4)
		list()
		s.Restart()
		list()
		if s.SweepNumber() != 4 {
			t.Errorf("sweep number %d after a restart, want 4", s.SweepNumber())
		}
		s.Init()
		list()
		return all
	}
	a, b := states(false), states(true)
	if !slices.Equal(a[0], a[1]) || !slices.Equal(a[0], a[4]) || slices.Equal(a[0], a[3]) {
		t.Error("Restart and Init do not draw the states of their sweep number")
	}
	for i := range a {
		if slices.Equal(a[i], b[i]) {
			t.Errorf("both phases have the same states at %d", i)
		}
	}
}
