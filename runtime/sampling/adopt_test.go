package sampling_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/randmodel"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// version draws another version of a model: β, annealing, weights, clamps, starts.
func version(m *sampling.Model, chains int, r *rand.Rand) *sampling.Model {
	v := *m
	v.Beta, v.Betas = float64(r.IntN(9))/4, nil
	if r.IntN(2) == 0 {
		v.Betas = []float64{v.Beta / 2, v.Beta}
	}
	v.Factors = slices.Clone(m.Factors)
	for i := range v.Factors {
		if f := &v.Factors[i]; f.Runtime && r.IntN(3) > 0 {
			f.Weights = slices.Clone(f.Weights)
			for k := range f.Weights {
				f.Weights[k] = (2*r.Float64() - 1) * min(m.Format.Range, 2)
			}
		}
	}
	v.Clamps = slices.Clone(m.Clamps)
	v.Init = make([]sampling.Init, len(m.Vars))
	copy(v.Init, m.Init)
	value := func(x *sampling.Var) int32 {
		if x.Kind == sampling.Spin {
			return int32(2*r.IntN(2) - 1)
		}
		return int32(r.IntN(x.States))
	}
	for i := range m.Vars {
		x := &m.Vars[i]
		if r.IntN(2) == 0 {
			c := sampling.Clamp{Nodes: []int32{int32(x.First + r.IntN(x.Count))}, Values: []int32{value(x)}}
			v.Clamps = append(v.Clamps, c)
		}
		if r.IntN(3) == 0 {
			in := sampling.Init{Kind: sampling.InitValues, Chains: chains * r.IntN(2)}
			for range max(1, in.Chains) * x.Count {
				in.Values = append(in.Values, value(x))
			}
			v.Init[i] = in
		}
	}
	return &v
}

// trace is the state of all chains after each sweep of a short run.
func trace(t *testing.T, s *sampling.Sampler) (states [][]byte) {
	t.Helper()
	look := watch(func() { states = append(states, s.AppendPacked(nil)) })
	if err := s.Run(t.Context(), sampling.Schedule{Warmup: 3, Samples: 2, StepsPerSample: 1}, false, look); err != nil {
		t.Fatal(err)
	}
	return states
}

type watch func()

func (w watch) Observe(*sampling.Sampler, int) error { return nil }

func (w watch) ObserveSweep(*sampling.Sampler) error { w(); return nil }

func randomProgram(n uint64) *ir.Program {
	p, problems := pass.Lower(randmodel.Graph(randmodel.Rand(n)))
	if problems.Err() != nil {
		return nil
	}
	return p
}

// A sampler that adopts a version of its model, after whatever was done to it,
// goes on as one made for that version; one that refuses goes on as it was.
func TestAdoptEqualsNew(t *testing.T) {
	tried := 0
	for n := range uint64(120) {
		p := randomProgram(n)
		if p == nil {
			continue
		}
		r := rand.New(rand.NewPCG(n, 7))
		m := golang.Model(p)
		chains := 1 + r.IntN(100)
		s, err := sampling.NewSampler(m, sampling.Options{Chains: chains, Seed: 1, Threads: 1 + r.IntN(2)})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			v := version(m, chains, r)
			seed := uint64(r.IntN(3))
			if err := s.Adopt(v, seed); err != nil {
				t.Fatalf("model %d: %v", n, err)
			}
			s.Init()
			fresh, err := sampling.NewSampler(v, sampling.Options{Chains: chains, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			tried++
			if s.Model() != v || s.Seed() != seed || !slices.EqualFunc(trace(t, s), trace(t, fresh), slices.Equal) {
				t.Fatalf("model %d parts from one made anew", n)
			}
			if !slices.Equal(s.Energies(v.Beta, nil), fresh.Energies(v.Beta, nil)) {
				t.Fatalf("model %d has other energies than one made anew", n)
			}
			refuse(t, s, v)
			s.Sweeps(2)
			fresh.Sweeps(2)
			if !slices.Equal(s.AppendPacked(nil), fresh.AppendPacked(nil)) {
				t.Fatalf("model %d changed by a version it refused", n)
			}
			if err := s.SetClamp(sampling.Clamp{Nodes: []int32{0}, Values: []int32{1}}); err != nil {
				t.Fatal(err)
			}
			s.Sweep()
		}
	}
	if tried < 200 {
		t.Errorf("only %d versions were tried", tried)
	}
}

// refuse offers versions that cannot be.
func refuse(t *testing.T, s *sampling.Sampler, m *sampling.Model) {
	t.Helper()
	bad := map[string]func(v *sampling.Model){
		"beta":  func(v *sampling.Model) { v.Beta = math.NaN() },
		"betas": func(v *sampling.Model) { v.Betas = []float64{1, -1} },
		"clamp": func(v *sampling.Model) { v.Clamps = []sampling.Clamp{{Nodes: []int32{-1}, Values: []int32{1}}} },
		"init": func(v *sampling.Model) {
			v.Init = []sampling.Init{{Kind: sampling.InitValues, Values: []int32{1 << 20}}}
		},
		"hash": func(v *sampling.Model) { v.Hash += "x" },
		"factors": func(v *sampling.Model) {
			v.Factors = append(v.Factors[:len(v.Factors):len(v.Factors)], sampling.Factor{})
		},
	}
	for i, f := range m.Factors {
		if len(f.Weights) == 0 {
			continue
		}
		bad["weights of "+f.Name] = func(v *sampling.Model) {
			v.Beta++
			v.Factors = slices.Clone(v.Factors)
			v.Factors[i].Weights = slices.Repeat([]float64{math.Inf(1)}, len(f.Weights))
		}
	}
	for what, change := range bad {
		v := *m
		change(&v)
		if err := s.Adopt(&v, 99); err == nil {
			t.Errorf("a version with bad %s is adopted", what)
		}
	}
}

// Another seed is another one for numbers too, with every kernel.
func TestAdoptSeedOfNumbers(t *testing.T) {
	p := lowered(t, `{model: m, variables: {x: {kind: continuous, shape: [3]}, y: {kind: continuous}, s: {kind: spin}},
factors: [{over: {u: x}, index: all, energy: "u^2"}, {over: {u: x, p: s}, index: pairs, energy: "0.3*u*p"}, {over: {v: y}, index: all, energy: "v^4"}],
update: {y: metropolis}}`)
	m := golang.Model(p)
	for k := range uint64(4) {
		s, err := sampling.NewSampler(m, sampling.Options{Chains: 70, Seed: 1, Kernel: anyKernel(k)})
		if err != nil {
			t.Fatal(err)
		}
		s.Sweeps(3)
		if err := s.Adopt(m, 2); err != nil {
			t.Fatal(err)
		}
		fresh, err := sampling.NewSampler(m, sampling.Options{Chains: 70, Seed: 2, Kernel: anyKernel(k)})
		if err != nil {
			t.Fatal(err)
		}
		s.SetSweepNumber(0)
		s.Init()
		s.Sweeps(3)
		fresh.Sweeps(3)
		for c := range 70 {
			if got, want := s.State(c, nil), fresh.State(c, nil); !slices.Equal(got, want) {
				t.Fatalf("kernel %v, chain %d: %v, want %v", anyKernel(k), c, got, want)
			}
		}
	}
}

// The bound of the runtime is that of the generator, at any β.
func TestErrorBound(t *testing.T) {
	for n := range uint64(200) {
		p := randomProgram(n)
		if p == nil {
			continue
		}
		m := golang.Model(p)
		for _, betas := range [][]float64{p.AllBetas(), {0}, {0.1, 7}, {1e3}} {
			if got, want := m.ErrorBound(betas...), ir.ErrorBound(p.Format, p.WorstDegrees(), betas); got != want {
				t.Fatalf("model %d at %v: %v, want %v", n, betas, got, want)
			}
		}
	}
}

// With another seed a sampler draws what a new one draws, whatever it has worked out for the
// sweeps of the seed before: normal numbers in Gibbs updates and in joint moves, several
// sweeps at a time, and the words of ties of first digits of 8 bits.
func TestAdoptReseeds(t *testing.T) {
	const numbers = "variables: {x: {kind: continuous, shape: [8]}}\nfactors: [{over: {u: x}, index: all, energy: \"u^2\"}]\n"
	const spins = "graphs: {g: {ring: 64}}\nvariables: {x: {kind: spin, on: g}}\nfactors: [{over: [x, x], edges: g, weights: {normal: [0, 1], seed: 3}}]\n"
	for _, text := range []string{
		numbers,
		numbers + "dynamics: {langevin: {over: x, step_size: 0.1}}\n",
		spins + "format: {digit: 8}\n",
		spins + "format: {digit: 8, rng: philox7}\n",
		spins + "format: {digit: 8, rng: ars5}\n",
		spins + "format: {digit: 8, threshold_bits: 8, budget: 0.00390625}\n",
		spins + "format: {digit: 8, threshold_bits: 8, budget: 0.00390625, rng: ars5}\n",
	} {
		m := golang.Model(lowered(t, "model: m\n"+text))
		old, err := sampling.NewSampler(m, sampling.Options{Chains: 600, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		for seed := uint64(1); seed < 4; seed++ {
			if err := old.Adopt(m, seed); err != nil {
				t.Fatal(err)
			}
			fresh, err := sampling.NewSampler(m, sampling.Options{Chains: 600, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []*sampling.Sampler{old, fresh} {
				s.Init()
				s.Sweeps(5)
			}
			if !slices.Equal(old.AppendPacked(nil), fresh.AppendPacked(nil)) {
				t.Errorf("%q: with seed %d adopted the states are others than from the start", text, seed)
			}
		}
	}
}
