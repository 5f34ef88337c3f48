package conformance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// glassSampler is Gibbs sampling of an Ising model in float64, apart from everything
// else here: its random numbers are PCG's and its probabilities math.Exp's.
type glassSampler struct {
	start   []int32 // of each node in other and weight
	other   []int32
	weight  []float64
	order   []int32 // nodes in the order of the sweep
	spins   []float64
	rand    *rand.Rand
	edges   []int32
	weights []float64
}

func newGlass(g *graph.Graph, order []int32) *glassSampler {
	f := &g.Factors[0]
	s := &glassSampler{start: make([]int32, g.Nodes+1), order: order, spins: make([]float64, g.Nodes), edges: f.Index, weights: f.Weights}
	for _, n := range f.Index {
		s.start[n+1]++
	}
	for i := range g.Nodes {
		s.start[i+1] += s.start[i]
	}
	s.other, s.weight = make([]int32, len(f.Index)), make([]float64, len(f.Index))
	at := append([]int32(nil), s.start...)
	for i, n := range f.Index {
		s.other[at[n]], s.weight[at[n]] = f.Index[i^1], f.Weights[i/2]
		at[n]++
	}
	return s
}

// energy runs one chain from a random start and gives the mean of H per node over the
// sweeps that are measured.
func (s *glassSampler) energy(chain uint64, beta float64, warmup, sweeps int) float64 {
	s.rand = rand.New(rand.NewPCG(chain, 0x676c617373))
	for i := range s.spins {
		s.spins[i] = float64(2*s.rand.IntN(2) - 1)
	}
	sum := 0.0
	for t := range warmup + sweeps {
		for _, n := range s.order {
			field := 0.0
			for k := s.start[n]; k < s.start[n+1]; k++ {
				field += s.weight[k] * s.spins[s.other[k]]
			}
			s.spins[n] = -1
			if s.rand.Float64()*(1+math.Exp(-2*beta*field)) < 1 {
				s.spins[n] = 1
			}
		}
		if t >= warmup {
			for r, w := range s.weights {
				sum -= w * s.spins[s.edges[2*r]] * s.spins[s.edges[2*r+1]]
			}
		}
	}
	return sum / float64(sweeps) / float64(len(s.spins))
}

// TestColdGlass compares the mean energy of Pegasus glasses at β = 1 and 3, from random
// starts and after as many sweeps, with that of float64 Gibbs sampling in the same
// order: chains that have not relaxed have the same law all the same. Differences of 4.5
// standard errors fail, by chance once in 25,000 runs. The test takes Pegasus-4, with a
// standard error of 0.003 per spin; THRML_COLD=1, as make cold-glass sets it, Pegasus-14
// and as many chains as make it about 0.00025.
func TestColdGlass(t *testing.T) {
	size, chains, own, warmup, sweeps := 4, 512, 512, 60, 20
	if os.Getenv("THRML_COLD") != "" {
		size, chains, own, warmup, sweeps = 14, 3200, 16384, 200, 50
	}
	for _, format := range []string{"default", "{budget: 0.00390625, group: 7}", "{rng: ars5}"} {
		for _, beta := range []float64{1, 3} {
			if testing.Short() && format != "default" {
				continue
			}
			g := build(t, "glass", fmt.Appendf(nil, `
model: glass
graphs: {p: {pegasus: %d}}
variables: {s: {kind: spin, on: p}}
factors: [{over: [s, s], edges: p, weights: {normal: [0, 1], seed: 7}}]
beta: %v
format: %s
`, size, beta, format))
			p := lower(t, g)
			var order []int32
			for _, sb := range p.Sweep {
				for _, b := range sb {
					order = append(order, b.Nodes...)
				}
			}
			s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: own, Seed: 11, Kernel: vector.Automatic})
			if err != nil {
				t.Fatal(err)
			}
			s.Sweeps(warmup)
			mean := make([]float64, own)
			for range sweeps {
				s.Sweeps(1)
				for c, h := range s.Energies(1, nil) {
					mean[c] += h / float64(sweeps) / float64(p.Nodes)
				}
			}
			reference := glassOf(g, order, beta, chains, warmup, sweeps)
			m, se := meanAndError(mean)
			m0, se0 := meanAndError(reference)
			both := math.Hypot(se, se0)
			t.Logf("%s, β = %v: %.5f ± %.5f, float64 %.5f ± %.5f: %+.1f σ", format, beta, m, se, m0, se0, (m-m0)/both)
			if math.Abs(m-m0) > 4.5*both {
				t.Errorf("%s, β = %v: the mean energy is off by %.5f per spin, %.1f σ", format, beta, m-m0, (m-m0)/both)
			}
		}
	}
}

var glassEnergies = map[string][]float64{} // by what they are of; formats share them

func glassOf(g *graph.Graph, order []int32, beta float64, chains, warmup, sweeps int) []float64 {
	key := fmt.Sprint(g.Nodes, beta)
	if glassEnergies[key] == nil {
		f := newGlass(g, order)
		for c := range chains {
			glassEnergies[key] = append(glassEnergies[key], f.energy(uint64(c), beta, warmup, sweeps))
		}
	}
	return glassEnergies[key]
}

// meanAndError is the mean of independent numbers and its standard error.
func meanAndError(x []float64) (mean, se float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		se += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(se / float64(len(x)-1) / float64(len(x)))
}
