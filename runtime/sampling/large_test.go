package sampling_test

import (
	"context"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/randmodel"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// regular is a spin model on a random regular graph with normal weights.
func regular(t *testing.T, nodes, degree int) *ir.Program {
	t.Helper()
	top, err := graph.RandomRegular(nodes, degree, 5)
	if err != nil {
		t.Fatal(err)
	}
	r := randmodel.Rand(uint64(degree))
	slot := graph.Slot{Kind: graph.Spin, States: 2}
	f := graph.Factor{Name: "j", Slots: []graph.Slot{slot, slot}, Rows: len(top.Edges)}
	for _, e := range top.Edges {
		f.Index = append(f.Index, e[0], e[1])
		f.Weights = append(f.Weights, r.NormFloat64())
	}
	csr, err := graph.NewCSR(nodes, top.Edges)
	if err != nil {
		t.Fatal(err)
	}
	colours, n := graph.Colour(csr, nil)
	g := &graph.Graph{Model: "regular", Beta: 1, Nodes: nodes, Factors: []graph.Factor{f}, Format: graph.Format{Profile: "default"},
		Vars:   []graph.Variable{{Name: "s", States: 2, Shape: []int{nodes}, Count: nodes}},
		Init:   make([]graph.Init, 1),
		Sample: graph.Sample{Chains: 1, Warmup: 1, Samples: 1, StepsPerSample: 1}}
	for c := range n {
		var b graph.Block
		for i, x := range colours {
			if int(x) == c {
				b.Nodes = append(b.Nodes, int32(i))
			}
		}
		g.Blocks = append(g.Blocks, []graph.Block{b})
	}
	p, problems := pass.Lower(g)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestTies has enough updates for first digits to equal their thresholds: one
// in 65,536, about 15 in each kernel here.
func TestTies(t *testing.T) {
	for _, degree := range []int{3, 7, 12, 20} {
		p := regular(t, 200, degree)
		compareSweeps(t, p, 1030, 1, 5)
	}
}

// TestFewChainsSharedSlots has so many nodes that threads share the slots of a
// block.
func TestFewChainsSharedSlots(t *testing.T) {
	compareSweeps(t, regular(t, 30000, 4), 1, 3, 2)
}

func compareSweeps(t *testing.T, p *ir.Program, chains, threads, sweeps int) {
	t.Helper()
	oracle, err := interp.New(p, chains, 3)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: chains, Seed: 3, Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	oracle.Init()
	for range sweeps {
		if err := oracle.Sweep(); err != nil {
			t.Fatal(err)
		}
	}
	s.Sweeps(sweeps)
	same(t, 0, sweeps, p, oracle, s)
}

// states collects what a StateObserver would see.
type states struct{ seen [][]int32 }

func (o *states) Observe(s *sampling.Sampler, draw int) error {
	for c := range s.Chains() {
		o.seen = append(o.seen, s.State(c, nil))
	}
	return nil
}

// TestResume: 4 + 5 draws equal 9, bit for bit, and so do blocks run one by one.
func TestResume(t *testing.T) {
	p := regular(t, 40, 3)
	m := golang.Model(p)
	sch := sampling.Schedule{Warmup: 3, Samples: 9, StepsPerSample: 2}
	run := func(s *sampling.Sampler, sch sampling.Schedule, resume bool) [][]int32 {
		var o states
		if err := s.Run(context.Background(), sch, resume, &o); err != nil {
			t.Fatal(err)
		}
		return o.seen
	}
	fresh := func() *sampling.Sampler {
		s, err := sampling.NewSampler(m, sampling.Options{Chains: 5, Seed: 9})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	all := run(fresh(), sch, false)
	s := fresh()
	sch.Samples = 4
	parts := run(s, sch, false)
	again := fresh()
	for c := range 5 {
		if err := again.SetState(c, s.State(c, nil)); err != nil {
			t.Fatal(err)
		}
	}
	again.SetSweepNumber(s.SweepNumber())
	sch.Samples = 5
	parts = append(parts, run(again, sch, true)...)
	if len(parts) != len(all) {
		t.Fatalf("%d and %d states", len(parts), len(all))
	}
	for i := range all {
		for n := range all[i] {
			if all[i][n] != parts[i][n] {
				t.Fatalf("draw %d chain %d node %d differs after a resume", i/5, i%5, n)
			}
		}
	}
	blocks := fresh()
	for range 3 {
		for b := range m.Sweep {
			blocks.SampleBlock(b)
		}
	}
	for c := range 5 {
		for n, v := range blocks.State(c, nil) {
			if v != all[c][n] {
				t.Fatalf("SampleBlock: chain %d node %d differs from a sweep", c, n)
			}
		}
	}
	if blocks.SweepNumber() != 3 {
		t.Errorf("sweep number %d after 3 sweeps of blocks", blocks.SweepNumber())
	}
}
