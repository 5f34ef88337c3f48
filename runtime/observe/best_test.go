package observe_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// cubic has 13 rows of three spins with weights of their own, in a runtime factor,
// so that groups of eight rows are not full.
func cubic() *sampling.Model {
	r := rand.New(rand.NewPCG(7, 8))
	spin := sampling.Slot{Kind: sampling.Spin}
	m := &sampling.Model{Name: "cubic", Nodes: 15, Rounds: 10, Beta: 0.5, Chains: 4, Format: format,
		Vars: []sampling.Var{{Name: "s", Kind: sampling.Spin, Shape: []int{15}, Count: 15}}}
	m.Format.Range = 100
	f := sampling.Factor{Name: "triple", Slots: []sampling.Slot{spin, spin, spin}, Rows: 13, Runtime: true}
	for i := range int32(13) {
		f.Index = append(f.Index, i, i+1, i+2)
		f.Weights = append(f.Weights, r.NormFloat64())
	}
	m.Factors = []sampling.Factor{f}
	next := 0
	for c := range int32(3) {
		var b sampling.Block
		b, next = blockOf(sampling.Spin, 0, next, c, c+3, c+6, c+9, c+12)
		m.Sweep = append(m.Sweep, []sampling.Block{b})
	}
	return m
}

// With weights set at run time, during annealing: no sweep is lower than the best,
// and the best energy is that of the best state.
func TestBestWithRuntimeWeights(t *testing.T) {
	m := cubic()
	m.Betas = []float64{0.1, 0.2, 0.3}
	weights := make([]float64, 13)
	for i := range weights {
		weights[i] = math.Sqrt(float64(i)) - 2
	}
	set := func() *sampling.Sampler {
		s := newSampler(t, m, 70)
		if err := s.SetWeights("triple", weights); err != nil {
			t.Fatal(err)
		}
		return s
	}
	sch := sampling.Schedule{Warmup: 10, Samples: 20, StepsPerSample: 3}
	w := watch(t, set(), sch)
	s := set()
	c := newCollector(t, s, sch, observe.Plan{Best: true})
	if err := c.Run(context.Background(), s, false); err != nil {
		t.Fatal(err)
	}
	lowest := math.Inf(1)
	for _, h := range w.sweepsH {
		for _, x := range h {
			lowest = min(lowest, x)
		}
	}
	got := c.Report().Best
	if math.Abs(got.Energy-0.5*lowest) > 1e-12 {
		t.Errorf("the lowest energy is %v, want %v", got.Energy, 0.5*lowest)
	}
	if h := w.sweepsH[got.Sweep][got.Chain]; got.Energy != 0.5*h {
		t.Errorf("chain %d after %d sweeps has energy %v, not %v", got.Chain, got.Sweep, 0.5*h, got.Energy)
	}
}
