package conformance

import (
	"fmt"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// TestIndependence counts pairs of states of a model of 8 states: two chains of
// one run at one sweep, two chains at neighbouring sweeps, two seeds. All must
// have the product of the exact laws, which fails if a word depends too little on
// chain, sweep or seed. One chain at neighbouring sweeps has the law of a step.
// Each of the tests sees a joint law that is off by a total variation of 0.012
// (0.034 with -short) and fails a right sampler once in a million.
func TestIndependence(t *testing.T) {
	g := build(t, "triangle", []byte(`
model: triangle
variables: {s: {kind: spin, shape: [3]}}
factors:
  - {over: [s, s], edges: {complete: s}, weights: [0.5, -0.3, 0.4]}
  - {over: [s], index: all, weights: [0.1, 0.2, -0.15]}
`))
	p := lower(t, g)
	kernel, err := Kernel(g, p, p.Beta)
	if err != nil {
		t.Fatal(err)
	}
	rounds := 16
	if testing.Short() {
		rounds = 2
	}
	const before, after = 3, 4
	at := [2][]float64{kernel.After(lowest(g), before), kernel.After(lowest(g), after)}
	step := make([][]float64, kernel.Size()) // P(next state | state)
	for x := range step {
		step[x] = kernel.After(kernel.State(x, make([]int32, g.Nodes)), 1)
	}
	seed := Seed(t.Name())
	run := stateRuns(t, p, kernel.Space, seed, lowest(g), rounds, before, after)
	other := stateRuns(t, p, kernel.Space, seed+1, lowest(g), rounds, before, after)

	for _, test := range []struct {
		name   string
		second [][2][]int
		t1, t2 int // 0: the earlier sweep, 1: the later
		to     func(c int) int
		law    func(x, y int) float64
	}{
		{"chain and next chain", run, 1, 1, func(c int) int { return c ^ 1 }, nil},
		{"chain and the one after next", run, 1, 1, func(c int) int { return c ^ 2 }, nil},
		{"chain of one pair and the next pair's", run, 1, 1, func(c int) int { return (c - 1) ^ 1 + 1 }, nil},
		{"chains 64 apart", run, 1, 1, func(c int) int { return c ^ 64 }, nil},
		{"chains 512 apart", run, 1, 1, func(c int) int { return c ^ 512 }, nil},
		{"chain, and next chain one sweep before", run, 1, 0, func(c int) int { return c ^ 1 }, nil},
		{"chain, and the chain after next one sweep before", run, 1, 0, func(c int) int { return c ^ 2 }, nil},
		{"chain, and next word's chain one sweep before", run, 1, 0, func(c int) int { return c ^ 64 }, nil},
		{"one seed and the next", other, 1, 1, func(c int) int { return c }, nil},
		{"one seed, and the next one sweep before", other, 1, 0, func(c int) int { return c }, nil},
		{"two sweeps of one chain", run, 0, 1, func(c int) int { return c }, func(x, y int) float64 { return at[0][x] * step[x][y] }},
	} {
		n := kernel.Size()
		law := make([]float64, n*n)
		for x := range n {
			for y := range n {
				law[x*n+y] = at[test.t1][x] * at[test.t2][y]
				if test.law != nil {
					law[x*n+y] = test.law(x, y)
				}
			}
		}
		counts := make([]int, n*n)
		for r := range run {
			for c, x := range run[r][test.t1] {
				d := test.to(c)
				// Each pair of chains counts once, so that counts are independent.
				if d < 0 || d >= batch || d < c && test.law == nil && &test.second[0] == &run[0] {
					continue
				}
				counts[x*n+test.second[r][test.t2][d]]++
			}
		}
		fit := ChiSquare(counts, law)
		t.Logf("%s: %v", test.name, fit)
		if fit.P < FalseFail {
			t.Errorf("%s: %v", test.name, fit)
		}
	}
}

// stateRuns are the numbers of the states of all chains after two numbers of
// sweeps from one state, a number of times over.
func stateRuns(t *testing.T, p *ir.Program, space *exact.Space, seed uint64, start []int32, rounds, before, after int) [][2][]int {
	t.Helper()
	s := sampler(t, p, sampling.Options{Chains: batch, Seed: seed})
	var runs [][2][]int
	for range rounds {
		place(t, s, start)
		s.Sweeps(before)
		early := Indices(s, space, nil)
		s.Sweeps(after - before)
		runs = append(runs, [2][]int{early, Indices(s, space, nil)})
	}
	return runs
}

// TestBatchesAreOneRun: the number of chains and threads changes no chain.
func TestBatchesAreOneRun(t *testing.T) {
	for _, m := range lawModels(t)[:8] {
		p := lower(t, m.graph)
		want := sampler(t, p, sampling.Options{Chains: 1000, Seed: Seed(t.Name())})
		want.Sweeps(3)
		for _, o := range []sampling.Options{{Chains: 1}, {Chains: 63}, {Chains: 130, Threads: 3}, {Chains: 1000, Threads: 2}} {
			o.Seed = Seed(t.Name())
			s := sampler(t, p, o)
			s.Sweep()
			s.Sweeps(2)
			for c := range o.Chains {
				if got := s.State(c, nil); fmt.Sprint(got) != fmt.Sprint(want.State(c, nil)) {
					t.Fatalf("%s: chain %d of %d with %d threads differs", m.name, c, o.Chains, o.Threads)
				}
			}
		}
	}
}
