package sampling_test

import (
	"math/rand"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// pairModel is a model of pairwise factors on a topology, coloured, with the
// weights w draws. It is for speed: what it samples is tested elsewhere.
func pairModel(t graph.Topology, states int, bias bool, w func() float64, fraction, segments int) *sampling.Model {
	csr, err := graph.NewCSR(t.Nodes, t.Edges)
	if err != nil {
		panic(err)
	}
	colours, n := graph.Colour(csr, t.Colours)
	kind := sampling.Spin
	if states > 2 {
		kind = sampling.Categorical
	}
	m := &sampling.Model{Nodes: t.Nodes, Rounds: 10, Beta: 1, Chains: 256,
		Vars:   []sampling.Var{{Name: "x", Kind: kind, States: states, Shape: []int{t.Nodes}, Count: t.Nodes}},
		Format: sampling.Format{Fraction: fraction, Segments: segments, ThresholdBits: 32, Accum: 32}}
	slot := sampling.Slot{Kind: kind, States: states}
	if bias {
		f := sampling.Factor{Name: "b", Slots: []sampling.Slot{slot}, Rows: t.Nodes}
		for i := range t.Nodes {
			f.Index = append(f.Index, int32(i))
			f.Weights = append(f.Weights, w())
		}
		m.Factors = append(m.Factors, f)
	}
	f := sampling.Factor{Name: "j", Slots: []sampling.Slot{slot, slot}, Rows: len(t.Edges)}
	for _, e := range t.Edges {
		f.Index = append(f.Index, e[0], e[1])
		if kind == sampling.Spin {
			f.Weights = append(f.Weights, w())
		}
	}
	if kind == sampling.Categorical {
		f.Shared, f.Table = true, []int{states, states}
		f.Weights = make([]float64, states*states)
		for i := range states {
			f.Weights[i*states+i] = 1
		}
	}
	m.Factors = append(m.Factors, f)
	first := 0
	for c := range n {
		b := sampling.Block{Kind: kind, States: states, First: first}
		for i, x := range colours {
			if int(x) == c {
				b.Nodes = append(b.Nodes, int32(i))
			}
		}
		first += (len(b.Nodes) + 15) / 16 * 16
		m.Sweep = append(m.Sweep, []sampling.Block{b})
	}
	return m
}

func benchmark(b *testing.B, m *sampling.Model, chains, threads int) {
	benchmarkKernel(b, m, chains, threads, vector.Automatic)
}

func benchmarkKernel(b *testing.B, m *sampling.Model, chains, threads int, k vector.Kernel) {
	s, err := sampling.NewSampler(m, sampling.Options{Chains: chains, Seed: 1, Threads: threads, Kernel: k})
	if err != nil {
		b.Fatal(err)
	}
	s.Sweep()
	b.ResetTimer()
	for range b.N {
		s.Sweep()
	}
	flips := float64(m.Nodes) * float64(chains) * float64(b.N)
	b.ReportMetric(flips/float64(b.Elapsed().Nanoseconds()), "flips/ns")
}

func BenchmarkPegasus14(b *testing.B) {
	t, _ := graph.Pegasus(14)
	r := rand.New(rand.NewSource(1))
	m := pairModel(t, 2, true, r.NormFloat64, 15, 256)
	b.Run("256", func(b *testing.B) { benchmark(b, m, 256, 1) })
	b.Run("512", func(b *testing.B) { benchmark(b, m, 512, 1) })
	b.Run("64", func(b *testing.B) { benchmark(b, m, 64, 1) })
	b.Run("4", func(b *testing.B) { benchmark(b, m, 4, 1) })
	b.Run("256x2", func(b *testing.B) { benchmark(b, m, 256, 2) })
}

func BenchmarkTorus64(b *testing.B) {
	t, _ := graph.Torus(64, 64)
	r := rand.New(rand.NewSource(1))
	m := pairModel(t, 2, false, func() float64 { return float64(2*r.Intn(2) - 1) }, 15, 256)
	b.Run("256", func(b *testing.B) { benchmark(b, m, 256, 1) })
}

func BenchmarkPotts20(b *testing.B) {
	t, _ := graph.Grid(20, 20)
	m := pairModel(t, 5, false, nil, 14, 256)
	b.Run("100", func(b *testing.B) { benchmark(b, m, 100, 1) })
}
