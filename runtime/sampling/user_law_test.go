package sampling_test

import (
	"math"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"gonum.org/v1/gonum/stat/distuv"
)

// metropolis turns a spin round, or moves a categorical to one of the others, with
// probability min(1, exp(-ΔE)).
func metropolis(u *sampling.Update) float64 {
	to := -u.Old
	if u.Kind == sampling.Categorical {
		to = math.Mod(u.Old+1+math.Floor(u.Uniform()*float64(u.States-1)), float64(u.States))
	}
	if u.Uniform() < sampling.Exp(u.Energy(u.Old)-u.Energy(to)) {
		return to
	}
	return u.Old
}

// triangle is a categorical and two spins with fields, in three blocks.
func triangle() *sampling.Model {
	spin, cat := sampling.Slot{Kind: sampling.Spin, States: 2}, sampling.Slot{Kind: sampling.Categorical, States: 3}
	m := &sampling.Model{Name: "triangle", Hash: "00", Nodes: 3, Beta: 0.8, Rounds: 10, Chains: 1,
		Vars: []sampling.Var{{Name: "s", Kind: sampling.Spin, States: 2, Shape: []int{2}, Count: 2},
			{Name: "k", Kind: sampling.Categorical, States: 3, Shape: []int{1}, First: 2, Count: 1}},
		Format: sampling.Format{Fraction: 12, Segments: 256, ThresholdBits: 32, Accum: 32},
		Init:   []sampling.Init{{Kind: sampling.InitZeros}, {Kind: sampling.InitZeros}}}
	m.Factors = []sampling.Factor{
		{Name: "f", Slots: []sampling.Slot{spin, spin}, Rows: 1, Index: []int32{0, 1}, Weights: []float64{0.6}},
		{Name: "g", Slots: []sampling.Slot{spin, cat}, Rows: 2, Index: []int32{0, 2, 1, 2}, Table: []int{3}, Weights: []float64{0.5, -0.2, 0.1, -0.7, 0.3, 0.4}},
		{Name: "h", Slots: []sampling.Slot{spin}, Rows: 1, Index: []int32{1}, Weights: []float64{-0.3}},
	}
	for i, v := range []int{0, 0, 1} {
		x := m.Vars[v]
		m.Sweep = append(m.Sweep, []sampling.Block{{Kind: x.Kind, States: x.States, Sampler: "p.S", First: 16 * i, Nodes: []int32{int32(i)}}})
	}
	return m
}

// stateOf is state number i of the triangle.
func stateOf(i int) []int32 { return []int32{int32(i%2)*2 - 1, int32(i/2%2)*2 - 1, int32(i / 4)} }

func numberOf(x []int32) int { return int(x[0]+1)/2 + int(x[1]+1)/2*2 + int(x[2])*4 }

// metropolisLaw is the exact law after so many sweeps from state 0.
func metropolisLaw(energy func(x []int32) float64, sweeps int) []float64 {
	p := make([]float64, 12)
	p[0] = 1
	for range sweeps {
		for node := range 3 {
			next := make([]float64, 12)
			for i, q := range p {
				x := stateOf(i)
				values := []int32{-1, 1}
				if node == 2 {
					values = []int32{0, 1, 2}
				}
				stay := 1.0
				for _, v := range values {
					y := stateOf(i)
					if y[node] = v; v == x[node] {
						continue
					}
					a := min(1, math.Exp(energy(x)-energy(y))) / float64(len(values)-1)
					next[numberOf(y)] += q * a
					stay -= a
				}
				next[i] += q * stay
			}
			p = next
		}
	}
	return p
}

// TestUserCodeLaw: the law of many independent chains after exactly 1, 2 and 6 sweeps
// by a Metropolis sampler is the exact one, state by state, computed from the energies
// alone: χ² of 11 degrees at p > 1e-6 with 400,000 chains. The same figures refuse the
// law after one sweep more and that at a β 3 % larger.
func TestUserCodeLaw(t *testing.T) {
	const chains = 400_000
	m := triangle()
	s, err := sampling.NewSampler(m, sampling.Options{Chains: chains, Seed: 11, Threads: 2, Code: codeOf(metropolis)})
	if err != nil {
		t.Fatal(err)
	}
	energyAt := func(beta float64) func(x []int32) float64 {
		return func(x []int32) float64 {
			e, err := s.Energy(beta, x)
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
	}
	p := func(counts, law []float64) float64 {
		chi := 0.0
		for i, n := range counts {
			d := n - chains*law[i]
			chi += d * d / (chains * law[i])
		}
		return distuv.ChiSquared{K: float64(len(law) - 1)}.Survival(chi)
	}
	done := 0
	for _, sweeps := range []int{1, 2, 6} {
		s.Sweeps(sweeps - done)
		done = sweeps
		counts := make([]float64, 12)
		for c := range chains {
			counts[numberOf(s.State(c, nil))]++
		}
		if x := p(counts, metropolisLaw(energyAt(m.Beta), sweeps)); x < 1e-6 {
			t.Errorf("%d sweeps: p = %g", sweeps, x)
		}
		if x := p(counts, metropolisLaw(energyAt(1.03*m.Beta), sweeps)); x > 1e-6 {
			t.Errorf("%d sweeps: β 3 %% larger passes with p = %g", sweeps, x)
		}
		if x := p(counts, metropolisLaw(energyAt(m.Beta), sweeps+1)); x > 1e-6 && sweeps < 3 {
			t.Errorf("%d sweeps: one more passes with p = %g", sweeps, x)
		}
	}
	if s.UserFault() != nil {
		t.Error(s.UserFault())
	}
}

// TestUserCodeGaussian: with H = x² + y² + 1.2·x·y a sampler that draws from A and B
// has the covariances 1/(2β)·[1, -0.6; …]/(1 - 0.36) within five standard errors of
// 200,000 independent chains, 1.6 % of the variance.
func TestUserCodeGaussian(t *testing.T) {
	const chains, beta = 200_000, 0.7
	x := sampling.Slot{Kind: sampling.Continuous, Power: 1}
	xx := sampling.Slot{Kind: sampling.Continuous, Power: 2}
	m := &sampling.Model{Name: "pair", Hash: "00", Nodes: 2, Beta: beta, Rounds: 7,
		Vars:   []sampling.Var{{Name: "x", Kind: sampling.Continuous, Shape: []int{2}, Count: 2}},
		Format: sampling.Format{Fraction: 12, Segments: 256, ThresholdBits: 32, Accum: 32}, Init: []sampling.Init{{Kind: sampling.InitZeros}}}
	m.Factors = []sampling.Factor{
		{Name: "a", Slots: []sampling.Slot{xx}, Rows: 2, Index: []int32{0, 1}, Shared: true, Weights: []float64{-1}},
		{Name: "b", Slots: []sampling.Slot{x, x}, Rows: 1, Index: []int32{0, 1}, Weights: []float64{-1.2}},
	}
	for i := range 2 {
		m.Sweep = append(m.Sweep, []sampling.Block{{Kind: sampling.Continuous, Float: true, Sampler: "p.S", First: 16 * i, Nodes: []int32{int32(i)}}})
	}
	s, err := sampling.NewSampler(m, sampling.Options{Chains: chains, Seed: 5, Threads: 2, Code: codeOf(func(u *sampling.Update) float64 {
		return u.Normal()/math.Sqrt(2*u.A) - u.B/(2*u.A)
	})})
	if err != nil {
		t.Fatal(err)
	}
	s.Sweeps(12)
	var xs, ys, xy float64
	for c := range chains {
		a, b := float64(sampling.BitsFloat(s.Value(0, c))), float64(sampling.BitsFloat(s.Value(1, c)))
		xs, ys, xy = xs+a*a/chains, ys+b*b/chains, xy+a*b/chains
	}
	variance, covariance := 1/(2*beta*0.64), -0.6/(2*beta*0.64)
	within := 5 * variance / math.Sqrt(chains)
	for _, c := range []struct{ got, want, error float64 }{
		{xs, variance, within * math.Sqrt2}, {ys, variance, within * math.Sqrt2}, {xy, covariance, within * math.Sqrt(1.36)},
	} {
		if math.Abs(c.got-c.want) > c.error {
			t.Errorf("%v, exactly %v ± %v", c.got, c.want, c.error)
		}
	}
}
