package observe_test

import (
	"context"
	"math/rand"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// pegasus is the Pegasus graph of size 14 with normal weights.
func pegasus() *sampling.Model {
	top, err := graph.Pegasus(14)
	if err != nil {
		panic(err)
	}
	csr, err := graph.NewCSR(top.Nodes, top.Edges)
	if err != nil {
		panic(err)
	}
	colours, n := graph.Colour(csr, top.Colours)
	r := rand.New(rand.NewSource(1))
	spin := sampling.Slot{Kind: sampling.Spin}
	m := &sampling.Model{Name: "pegasus", Nodes: top.Nodes, Rounds: 10, Beta: 1, Format: format,
		Vars: []sampling.Var{{Name: "s", Kind: sampling.Spin, Shape: []int{top.Nodes}, Count: top.Nodes}}}
	f := sampling.Factor{Slots: []sampling.Slot{spin, spin}, Rows: len(top.Edges)}
	for _, e := range top.Edges {
		f.Index = append(f.Index, e[0], e[1])
		f.Weights = append(f.Weights, r.NormFloat64())
	}
	m.Factors = []sampling.Factor{f}
	next := 0
	for c := range n {
		var nodes []int32
		for i, x := range colours {
			if int(x) == c {
				nodes = append(nodes, int32(i))
			}
		}
		var b sampling.Block
		b, next = blockOf(sampling.Spin, 0, next, nodes...)
		m.Sweep = append(m.Sweep, []sampling.Block{b})
	}
	return m
}

// BenchmarkDraw is what each observer takes for a draw of 256 chains, fetching the
// state from the engine included.
func BenchmarkDraw(b *testing.B) {
	m := pegasus()
	const chains = 256
	nodes := func(b *testing.B, draws int) *observe.NodeBatches {
		n, err := observe.NewNodeBatches(m, chains, draws)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	for _, c := range []struct {
		name string
		make func(b *testing.B, s *sampling.Sampler) observe.Watcher
	}{
		{"state", func(b *testing.B, s *sampling.Sampler) observe.Watcher { return touch{} }},
		{"magnetisation", func(b *testing.B, s *sampling.Sampler) observe.Watcher { return observe.NewMagnetisation(m, chains) }},
		{"nodes64", func(b *testing.B, s *sampling.Sampler) observe.Watcher { return nodes(b, 64) }},
		{"nodes10000", func(b *testing.B, s *sampling.Sampler) observe.Watcher { return nodes(b, 10000) }},
		{"states", func(b *testing.B, s *sampling.Sampler) observe.Watcher {
			l, err := observe.NewStateLog(m, chains, nil, 1<<20, b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { l.Close() })
			return l
		}},
		{"energy", func(b *testing.B, s *sampling.Sampler) observe.Watcher { return &observe.EnergyTrace{} }},
		{"best", func(b *testing.B, s *sampling.Sampler) observe.Watcher { return &observe.BestStates{} }},
		{"moments", func(b *testing.B, s *sampling.Sampler) observe.Watcher {
			o, err := observe.NewMoments(m, chains, 10000, nodes(b, 10000))
			if err != nil {
				b.Fatal(err)
			}
			return o
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := newSampler(b, m, chains)
			w := c.make(b, s)
			b.ResetTimer()
			if err := observe.WatchAlone(s, w, b.N); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// touch makes the frame fetch the state.
type touch struct{}

func (touch) Observe(f *observe.Frame) error { f.Spin(0); return nil }

// BenchmarkRun is a whole run with the summary.
func BenchmarkRun(b *testing.B) {
	m := pegasus()
	for range b.N {
		s := newSampler(b, m, 256)
		c, err := observe.NewCollector(s, sampling.Schedule{Warmup: 20, Samples: 100, StepsPerSample: 1}, observe.Plan{})
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Run(context.Background(), s, false); err != nil {
			b.Fatal(err)
		}
		c.Report()
	}
}
