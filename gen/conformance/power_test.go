package conformance

import (
	"math"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// TestWrongLawsAreRefused: the k-sweep test would see a sampler that makes one of
// the usual mistakes. Here the sampler is right and the law is that of the
// mistaken one; counts of 131,072 chains after 1, 2 or 5 sweeps must refuse it.
func TestWrongLawsAreRefused(t *testing.T) {
	const ring = `
model: ring
variables: {s: {kind: spin, shape: [6]}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: [0.7, -0.4, 0.9, 0.3, -0.8, 0.5]}
  - {over: [s], index: all, weights: [0.1, -0.3, 0.2, 0.0, 0.4, -0.2]}
blocks: ["s[0::2]", "s[1::2]"]
`
	g := build(t, "ring", []byte(ring))
	p := lower(t, g)
	start := lowest(g)
	kernel, err := exact.SweepKernel(g)
	if err != nil {
		t.Fatal(err)
	}
	counts, _ := countStates(t, p, start, kernel.Space, 4*batch, 0)

	changed := func(f func(g *graph.Graph)) map[int][]float64 {
		other := *g
		other.Factors = slices.Clone(g.Factors)
		for i := range other.Factors {
			other.Factors[i].Weights = slices.Clone(g.Factors[i].Weights)
		}
		other.Blocks = slices.Clone(g.Blocks)
		f(&other)
		k, err := exact.SweepKernel(&other)
		if err != nil {
			t.Fatal(err)
		}
		return lawsOf(k, start)
	}
	conditional := func(f func(given []float64, node int, state []int32) []float64) map[int][]float64 {
		given := exact.Conditional(g)
		k, err := exact.SweepKernelOf(g, func(node int, state []int32) []float64 { return f(given(node, state), node, state) })
		if err != nil {
			t.Fatal(err)
		}
		return lawsOf(k, start)
	}
	if fit := weakest(counts, lawsOf(kernel, start)); fit.P < 1e-3 {
		t.Fatalf("the right law: %v", fit)
	}
	for _, wrong := range []struct {
		name string
		laws map[int][]float64
	}{
		{"one coupling 5 percent stronger", changed(func(g *graph.Graph) { g.Factors[0].Weights[2] *= 1.05 })},
		{"β 2 percent higher", changed(func(g *graph.Graph) { g.Beta *= 1.02 })},
		{"field of one spin lost", changed(func(g *graph.Graph) { g.Factors[1].Weights[0] = 0 })},
		{"sign of one coupling", changed(func(g *graph.Graph) { g.Factors[0].Weights[3] *= -1 })},
		{"blocks in the other order", changed(func(g *graph.Graph) { slices.Reverse(g.Blocks) })},
		{"all spins at once", changed(func(g *graph.Graph) {
			g.Synchronous = true
			g.Blocks = [][]graph.Block{append(slices.Clone(g.Blocks[0]), g.Blocks[1]...)}
		})},
		{"one spin never updated", changed(func(g *graph.Graph) {
			b := g.Blocks[1][0]
			b.Nodes = b.Nodes[1:]
			g.Blocks[1] = []graph.Block{b}
		})},
		{"σ(γ) for σ(2γ)", changed(func(g *graph.Graph) { g.Beta /= 2 })},
		{"probability +1/256", conditional(func(given []float64, _ int, _ []int32) []float64 {
			return []float64{given[0] - 1./256, given[1] + 1./256}
		})},
		{"6 bits of threshold", conditional(func(given []float64, _ int, _ []int32) []float64 {
			up := math.Round(given[1]*64) / 64
			return []float64{1 - up, up}
		})},
	} {
		if fit := weakest(counts, wrong.laws); fit.P >= FalseFail {
			t.Errorf("%s passes: %v", wrong.name, fit)
		} else {
			t.Logf("%s: p = %.2g", wrong.name, fit.P)
		}
	}
}

// lawsOf are the laws after 1, 2 and 5 sweeps.
func lawsOf(k *exact.Kernel, start []int32) map[int][]float64 {
	laws := map[int][]float64{}
	for _, n := range sweepsCounted {
		laws[n] = k.After(start, n)
	}
	return laws
}

// weakest is the fit of the smallest p.
func weakest(counts map[int][]int, laws map[int][]float64) Fit {
	worst := Fit{P: 2}
	for _, k := range sweepsCounted {
		if f := ChiSquare(counts[k], laws[k]); f.P < worst.P {
			worst = f
		}
	}
	return worst
}

// TestCalibration: over many seeds the p-values of the k-sweep test are uniform,
// so that "once in a million" is what it says. 500 p-values (60 with -short) of 64
// cells, 4096 chains after 2 sweeps each; the Kolmogorov distance sees a law of
// p-values that is off by 0.13 (0.4) anywhere, and fails a right test once in a
// million.
func TestCalibration(t *testing.T) {
	g := build(t, "hexagon", []byte(`
model: hexagon
variables: {s: {kind: spin, shape: [6]}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: [0.3, -0.2, 0.25, 0.3, -0.1, 0.2]}
`))
	p := lower(t, g)
	k, err := Kernel(g, p, p.Beta)
	if err != nil {
		t.Fatal(err)
	}
	law := k.After(lowest(g), 2)
	seeds := 500
	if testing.Short() {
		seeds = 60
	}
	counts := make([]int, k.Size())
	var values []float64
	for n := range seeds {
		// Neighbouring seeds on purpose: they must be as good as any others.
		s := sampler(t, p, sampling.Options{Chains: 4096, Seed: Seed(t.Name()) + uint64(n)})
		place(t, s, lowest(g))
		s.Sweeps(2)
		clear(counts)
		for _, x := range Indices(s, k.Space, nil) {
			counts[x]++
		}
		values = append(values, ChiSquare(counts, law).P)
	}
	d, pValue := kolmogorov(values)
	t.Logf("%d p-values: Kolmogorov distance %.3f, p = %.3g", seeds, d, pValue)
	if pValue < FalseFail {
		t.Errorf("p-values are not uniform: distance %v, p = %v", d, pValue)
	}
}
