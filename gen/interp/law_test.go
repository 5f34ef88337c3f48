package interp

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/internal/goldentest"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/pass/passtest"
)

// machine lowers a graph and makes a machine of so many chains.
func machine(t *testing.T, g *graph.Graph, chains int) *Machine {
	t.Helper()
	p, l := pass.Lower(g)
	if l.Len() > 0 {
		t.Fatal(l)
	}
	m, err := New(p, chains, p.Sample.Seed)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// kernel is the sweep that the program truly performs: the exact blocks with
// the quantised conditionals.
func kernel(t *testing.T, g *graph.Graph, m *Machine) *exact.Kernel {
	t.Helper()
	k, err := exact.SweepKernelOf(g, func(node int, state []int32) []float64 {
		copy(m.state[0], state)
		return m.Probability(0, node)
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// No conditional probability of a random program is further from the exact one
// than the bound that is printed.
func TestBoundHolds(t *testing.T) {
	used := 0.0
	for seed := range uint64(40) {
		g := passtest.Random(seed)
		switch seed % 4 {
		case 1:
			g.Format.Profile = "fast"
		case 2:
			bits, budget := 10, 1.0/256
			g.Format.ThresholdBits, g.Format.Budget = &bits, &budget
		case 3:
			fraction, wide := 8, 1.0
			g.Format.Choice, g.Format.Fraction, g.Format.Budget = "noise", &fraction, &wide
		}
		m := machine(t, g, 2)
		if err := m.SetBeta(g.Beta); err != nil {
			t.Fatal(err)
		}
		conditional := exact.Conditional(g)
		r := rand.New(rand.NewPCG(seed, 3))
		for range 3 {
			for node := range g.Nodes {
				want := conditional(node, m.state[1])
				for k, p := range m.Probability(1, node) {
					e := math.Abs(p - want[k])
					used = max(used, e/m.p.Format.Bound)
					if e > m.p.Format.Bound {
						t.Fatalf("seed %d, node %d: P is off by %v, bound %v", seed, node, e, m.p.Format.Bound)
					}
				}
			}
			for range 1 + r.IntN(3) {
				if err := m.Sweep(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if used < 0.1 {
		t.Errorf("at most %v of the bound is used: it says nothing", used)
	}
}

// The law after k sweeps that the quantised conditionals give is that of the
// exact ones, up to the bound of each update.
func TestKSweepLawIsExact(t *testing.T) {
	for _, name := range []string{"ising_grid3x3", "cat_ring6_k3", "mixed_spin_cat", "spin_third_order"} {
		c := goldentest.Load(t, name)
		m := machine(t, c.Graph, 1)
		k := kernel(t, c.Graph, m)
		for sweeps, want := range c.KSweep.Exact {
			n, err := strconv.Atoi(sweeps)
			if err != nil {
				t.Fatal(err)
			}
			got := k.After(c.State(c.KSweep.Start), n)
			tv, allowed := exact.TotalVariation(got, want), float64(n*c.Graph.Nodes)*m.p.Format.Bound
			if tv > allowed || tv > 1e-3 {
				t.Errorf("%s, %d sweeps: total variation %v", name, n, tv)
			}
		}
	}
}

// tail is P(χ² with df degrees of freedom > x) by Wilson and Hilferty.
func tail(x float64, df int) float64 {
	v := 2 / (9 * float64(df))
	z := (math.Cbrt(x/float64(df)) - (1 - v)) / math.Sqrt(v)
	return math.Erfc(z/math.Sqrt2) / 2
}

// chiSquare compares counts with a law; cells that expect fewer than 5 share one.
func chiSquare(counts []int, law []float64) float64 {
	n := 0
	for _, c := range counts {
		n += c
	}
	x, df := 0.0, -1
	restCount, restLaw := 0, 0.0
	add := func(c int, p float64) {
		e := p * float64(n)
		x += (float64(c) - e) * (float64(c) - e) / e
		df++
	}
	for i, p := range law {
		if p*float64(n) < 5 {
			restCount += counts[i]
			restLaw += p
			continue
		}
		add(counts[i], p)
	}
	if restLaw*float64(n) >= 5 {
		add(restCount, restLaw)
	} else if restCount > 30 {
		return 0
	}
	if df < 1 {
		return 1
	}
	return tail(x, df)
}

// lawCases are small models of every kind of node, factor and block.
func lawCases(t *testing.T) map[string]*graph.Graph {
	cases := map[string]*graph.Graph{}
	for _, name := range []string{"ising_grid3x3", "cat_ring6_k3", "mixed_spin_cat", "spin_third_order"} {
		cases[name] = goldentest.Load(t, name).Graph
	}

	b := passtest.New()
	s := b.Spins("s", 4)
	b.Factor([][]int32{{s[0], s[1]}, {s[1], s[2]}, {s[2], s[3]}, {s[3], s[0]}}, 0.7, -0.4, 0.5, 0.6)
	b.Factor([][]int32{{s[0]}, {s[2]}}, 0.3, -0.2)
	b.Block(s...)
	b.G.Synchronous = true
	cases["synchronous"] = &b.G

	b = passtest.New()
	x := b.Categoricals("x", 2, 3)
	b.Factor([][]int32{{x[0], x[1]}, {x[1], x[2]}}, 1, -0.5, 0.2, 0.9)
	b.Block(x[0], x[2])
	b.Block(x[1])
	b.Clamp(x[2:], 1)
	cases["K = 2, clamped"] = &b.G

	b = passtest.New()
	y := b.Categoricals("y", 300, 1)
	s = b.Spins("s", 1)
	weights := make([]float64, 300)
	for i := range weights {
		weights[i] = math.Sin(float64(i)) * 2
	}
	b.Factor([][]int32{{y[0], s[0]}}, weights...)
	b.Block(y...)
	b.Block(s...)
	cases["K = 300"] = &b.G

	b = passtest.New()
	s = b.Spins("s", 4)
	b.Factor([][]int32{{s[0], s[1]}, {s[1], s[2]}, {s[2], s[3]}}, 0.3, 0.5, -1)
	b.Block(s[0], s[2])
	b.Block(s[1], s[3])
	b.G.Format.Profile = "fast"
	cases["fast"] = &b.G

	b = passtest.New()
	x = b.Categoricals("x", 3, 2)
	b.Factor([][]int32{{x[0], x[1]}}, 1, 0, 0.5, 0, 1, 0, -0.5, 0, 1)
	b.Block(x[0])
	b.Block(x[1])
	bits, budget := 7, 0.1
	b.G.Format.ThresholdBits, b.G.Format.Budget = &bits, &budget
	cases["7 bits"] = &b.G
	return cases
}

// Thousands of independent chains after exactly k sweeps against e_s·P^k of the
// program's own conditionals. With 12,000 chains a χ² test of 512 cells sees a
// total variation of 0.06 that is spread over all cells nine times of ten, and
// less in fewer cells; each of the 27 tests fails a right sampler once in 10^5.
func TestKSweepSamples(t *testing.T) {
	for name, g := range lawCases(t) {
		t.Run(name, func(t *testing.T) {
			chains := 12000
			if name == "K = 300" { // slow
				chains = 2500
			}
			m := machine(t, g, chains)
			start := make([][]int32, chains)
			for c := range start {
				start[c] = make([]int32, g.Nodes)
				for n := range start[c] {
					if m.states[n] == 2 && m.kind[n] == 0 {
						start[c][n] = 1
					}
				}
			}
			if err := m.SetState(start); err != nil {
				t.Fatal(err)
			}
			from := m.State()[0] // clamps applied
			k := kernel(t, g, machine(t, g, 1))
			for sweep := 1; sweep <= 3; sweep++ {
				if err := m.Sweep(); err != nil {
					t.Fatal(err)
				}
				counts := make([]int, k.Size())
				for _, x := range m.state {
					counts[k.Index(x)]++
				}
				if p := chiSquare(counts, k.After(from, sweep)); p < 1e-5 {
					t.Errorf("after %d sweeps: p = %v", sweep, p)
				}
			}
		})
	}
}

// The χ² test does fail: a law that is off by a few percent is refused.
func TestChiSquareRefuses(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	counts := make([]int, 8)
	law := make([]float64, 8)
	for i := range law {
		law[i] = 1.0 / 8
	}
	for range 12000 {
		i := r.IntN(8)
		if i == 0 && r.IntN(4) == 0 {
			i = 1
		}
		counts[i]++
	}
	if p := chiSquare(counts, law); p > 1e-5 {
		t.Errorf("p = %v for a law off by 0.03", p)
	}
}

// Every word of few bits: the share that leads to a category is its stated
// probability.
func TestCategoricalWords(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	for _, states := range []int{2, 3, 17, 40} {
		e := NewExpTable(1, 12, states)
		theta := make([]int64, states)
		for k := range theta {
			theta[k] = r.Int64N(30000)
		}
		const bits = 12
		w, z := e.Weights(theta)
		got := make([]float64, states)
		for word := range uint64(1 << bits) {
			got[pick(w, scale(word, z, bits))] += 1.0 / (1 << bits)
		}
		if want := e.Probabilities(theta, bits); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("K = %d: %v, want %v", states, got, want)
		}
	}
}

// π P = π up to the number format: the exact law is stationary.
func TestStationary(t *testing.T) {
	for _, name := range []string{"ising_grid3x3", "cat_ring6_k3", "mixed_spin_cat", "spin_third_order"} {
		g := goldentest.Load(t, name).Graph
		m := machine(t, g, 1)
		k := kernel(t, g, m)
		law, err := exact.Enumerate(g)
		if err != nil {
			t.Fatal(err)
		}
		if tv := exact.TotalVariation(k.Step(law.P), law.P); tv > float64(g.Nodes)*m.p.Format.Bound {
			t.Errorf("%s: a sweep moves the exact law by %v", name, tv)
		}
	}
}
