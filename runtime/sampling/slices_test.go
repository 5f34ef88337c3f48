package sampling_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// sliceProgram is pairProgram decided by single bytes, with weights of very different
// sizes and sometimes with a factor of three or four spins, with βs that change from sweep to
// sweep, or with blocks that are updated at once.
func sliceProgram(r *rand.Rand) *ir.Program {
	p := pairProgram(r)
	p.Format.Digit, p.Format.ThresholdBits, p.Format.Group = 8, 8, 0
	p.Beta = []float64{0, 0.02, 0.3, 1, 3, 20}[r.IntN(6)] / math.Exp2(4*r.Float64())
	p.Format.Fraction = r.IntN(16)
	for i := range p.Factors {
		f := &p.Factors[i]
		for j := range f.Weights {
			f.Ints[j] = int64(math.RoundToEven(math.Ldexp(f.Weights[j], p.Format.Fraction)))
		}
	}
	if r.IntN(4) == 0 && p.Nodes > 8 {
		manySpins(r, p)
	}
	if r.IntN(3) == 0 {
		p.Betas, p.Sample.Warmup = []float64{p.Beta / 2, p.Beta, p.Beta}, 3
	}
	if n := len(p.Sweep); n > 1 && r.IntN(3) == 0 {
		p.Sweep, p.Synchronous = append(p.Sweep[:n-2], append(p.Sweep[n-2], p.Sweep[n-1]...)), true
	}
	p.Format.Accum = ir.AccumFor(p.Headroom())
	p.Format.Bound = ir.ErrorBound(p.Format, p.WorstDegrees(), p.AllBetas())
	return p
}

// TestSlicesEqualInterpreter is TestEveryKernel for spins decided by single bytes.
func TestSlicesEqualInterpreter(t *testing.T) {
	compared, wide := map[string]int{}, 0
	for n := range uint64(modelCount(t, 24, 12)) {
		r := rand.New(rand.NewPCG(n, 31))
		p := sliceProgram(r)
		p.Rounds = []int{rng.ARS5, 10, rng.ARS5, 7}[n%4]
		chains := []int{1 + r.IntN(200), 65 + r.IntN(600), 1024 + r.IntN(1200)}[n%3]
		everyKernel(t, n, n, p, chains, compared)
		if t.Failed() {
			return
		}
		if bits := sampling.SliceBits(golang.Model(p).Format, p.Beta); chains >= 65 && bits > vector.SlicePlanes {
			wide++
		}
	}
	if wide == 0 {
		t.Error("no model has wide numbers")
	}
	t.Logf("comparisons: %v", compared)
	if best, _ := vector.ChooseKernel(vector.Automatic); best == vector.AVX512 && compared["slices, avx512"] == 0 {
		t.Error("the kernel served no model")
	}
}

// Spins in fields of their own become +1 as often as the logistic function says, to within
// the bound and 5 standard deviations of 200,000 draws (0.006 in the middle), and beyond
// 2^-9 never; spins of a ring agree with their neighbours as its exact law says, to within
// 0.012, which β off by 2 % would break.
func TestSlicesLaw(t *testing.T) {
	const ring, chains = 16, 20000
	slot := sampling.Slot{Kind: sampling.Spin, States: 2}
	for _, rounds := range []int{10, rng.ARS5} {
		m := &sampling.Model{Nodes: 64 + ring, Rounds: rounds, Beta: 0.75, Chains: chains,
			Vars: []sampling.Var{{Name: "x", Kind: sampling.Spin, States: 2, Shape: []int{64 + ring}, Count: 64 + ring}},
			Factors: []sampling.Factor{{Name: "b", Slots: []sampling.Slot{slot}, Rows: 64},
				{Name: "j", Slots: []sampling.Slot{slot, slot}, Rows: ring, Shared: true, Weights: []float64{0.8}}},
			Format: sampling.Format{Fraction: 11, Segments: 128, ThresholdBits: 8, Digit: 8, Accum: 32},
			Init:   []sampling.Init{{}}}
		even := sampling.Block{Kind: sampling.Spin, States: 2}
		odd := sampling.Block{Kind: sampling.Spin, States: 2, First: 80}
		for i := range int32(64) {
			m.Factors[0].Index = append(m.Factors[0].Index, i)
			m.Factors[0].Weights = append(m.Factors[0].Weights, (float64(i)-31.5)/6)
			even.Nodes = append(even.Nodes, i)
		}
		for i := range int32(ring) {
			m.Factors[1].Index = append(m.Factors[1].Index, 64+i, 64+(i+1)%ring)
			if i%2 == 0 {
				even.Nodes = append(even.Nodes, 64+i)
			} else {
				odd.Nodes = append(odd.Nodes, 64+i)
			}
		}
		m.Sweep = [][]sampling.Block{{even}, {odd}}
		s, err := sampling.NewSampler(m, sampling.Options{Seed: 5})
		if err != nil {
			t.Fatal(err)
		}
		var up [64]int
		agree, draws := 0, 10
		s.Sweeps(40)
		for range draws {
			s.Sweeps(10)
			for c := range chains {
				for i := range up {
					if s.Value(i, c) > 0 {
						up[i]++
					}
				}
				for i := range ring {
					if s.Value(64+i, c) == s.Value(64+(i+1)%ring, c) {
						agree++
					}
				}
			}
		}
		n := float64(draws * chains)
		for i, k := range up {
			p := 1 / (1 + math.Exp(-2*m.Beta*m.Factors[0].Weights[i]))
			if got := float64(k) / n; math.Abs(got-p) > m.ErrorBound(m.Beta)+5*math.Sqrt(p*(1-p)/n) {
				t.Errorf("%d rounds: spin %d is +1 with %v, want %v", rounds, i, got, p)
			}
			if rare := min(p, 1-p); rare < 1.0/520 && k != 0 && k != draws*chains {
				t.Errorf("%d rounds: spin %d took a value of probability %v", rounds, i, rare)
			}
		}
		x := math.Tanh(m.Beta * 0.8)
		want := (x + math.Pow(x, ring-1)) / (1 + math.Pow(x, ring))
		if got := 2*float64(agree)/n/ring - 1; math.Abs(got-want) > 0.012 {
			t.Errorf("%d rounds: neighbours correlate with %v, want %v", rounds, got, want)
		}
	}
}
