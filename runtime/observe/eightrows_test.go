package observe_test

import (
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// The moments of a model of numbers alone are the same bits with every kernel.
func TestMomentsWithEveryKernel(t *testing.T) {
	const nodes, chains, draws = 11, 75, 40
	m := &sampling.Model{Name: "m", Nodes: nodes, Rounds: 10, Beta: 1, Chains: chains,
		Vars:   []sampling.Var{{Name: "x", Kind: sampling.Continuous, Count: nodes, Shape: []int{nodes}}},
		Init:   []sampling.Init{{Kind: sampling.InitNormal, SD: 1}},
		Format: sampling.Format{Fraction: 12, Segments: 256, ThresholdBits: 32, Accum: 32}}
	square := sampling.Factor{Name: "square", Slots: []sampling.Slot{{Kind: sampling.Continuous, Power: 2}}, Rows: nodes}
	pair := sampling.Factor{Name: "pair", Slots: []sampling.Slot{{Kind: sampling.Continuous, Power: 1}, {Kind: sampling.Continuous, Power: 1}}, Rows: nodes - 1}
	for n := range int32(nodes) {
		square.Index, square.Weights = append(square.Index, n), append(square.Weights, -0.7)
		if n > 0 {
			pair.Index, pair.Weights = append(pair.Index, n-1, n), append(pair.Weights, 0.3)
		}
		m.Sweep = append(m.Sweep, []sampling.Block{{Kind: sampling.Continuous, First: 16 * int(n), Nodes: []int32{n}, Float: true}})
	}
	m.Factors = []sampling.Factor{square, pair}
	var want [2][]float64
	for _, k := range vector.Kernels() {
		s, err := sampling.NewSampler(m, sampling.Options{Chains: chains, Seed: 5, Kernel: k})
		if err != nil {
			t.Fatal(err)
		}
		watched, err := observe.NewNodeBatches(m, chains, draws)
		if err != nil {
			t.Fatal(err)
		}
		moments, err := observe.NewMoments(m, chains, draws, watched)
		if err != nil {
			t.Fatal(err)
		}
		for range draws {
			s.Sweep()
			for _, w := range []observe.Watcher{watched, moments} {
				if err := observe.WatchAlone(s, w, 1); err != nil {
					t.Fatal(err)
				}
			}
		}
		mean, se, err := moments.Nodes(&m.Vars[0])
		if err != nil {
			t.Fatal(err)
		}
		rows, rowErrors, err := moments.Rows()
		if err != nil {
			t.Fatal(err)
		}
		got := [2][]float64{slices.Concat(mean, rows), slices.Concat(se, rowErrors)}
		if k == vector.Portable {
			want = got
		}
		if len(got[0]) != nodes+nodes+nodes-1 || !slices.Equal(got[0], want[0]) || !slices.Equal(got[1], want[1]) {
			t.Errorf("%v:\n%v, want\n%v", k, got, want)
		}
	}
}
