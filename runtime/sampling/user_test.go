package sampling_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/randmodel"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// noisy is a sampler that uses all that code may: the conditional, the neighbours,
// words, its old value and two numbers of its own.
type noisy struct{}

func (noisy) Numbers() int { return 2 }

func (noisy) Begin(s *sampling.Site, numbers []float64) { numbers[0] = s.Normal() }

func (noisy) Sample(u *sampling.Update) float64 {
	u.Numbers[0] = float64(0.5*u.Numbers[0]) + float64(0.5*u.Normal())
	u.Numbers[1] += u.Old
	tilt := float64(0.25*u.Numbers[0]) + float64(1e-3*u.Numbers[1])
	for _, t := range u.Terms() {
		tilt += float64(1e-3 * t.Weights[0])
		for i, n := range t.Nodes {
			if i != t.Slot {
				tilt += float64(1e-3 * u.Value(n))
			}
		}
	}
	switch u.Kind {
	case sampling.Spin:
		return likelySpin(u.Field+tilt, u.Uniform())
	case sampling.Categorical:
		return gumbel(u, tilt)
	}
	x := tilt + u.Normal() - u.B
	if u.A > 0 {
		x = tilt - u.B/(2*u.A)
	}
	x -= float64(1e-2*u.Slope(x)) + float64(1e-2*u.Energy(0.5))
	if u.Range != nil {
		x = min(max(x, float64(float32(u.Range[0]))+1e-6), float64(float32(u.Range[1]))-1e-6)
	}
	return x
}

func likelySpin(field, u float64) float64 {
	if u < sampling.Sigma(2*field) {
		return 1
	}
	return -1
}

// gumbel is the state of the largest θ_k + noise.
func gumbel(u *sampling.Update, tilt float64) float64 {
	best, at := 0.0, -1
	for k, theta := range u.Fields {
		x := theta + tilt
		if k < 50 {
			x -= sampling.Log(-sampling.Log(u.Uniform()))
		}
		if at < 0 || x > best {
			best, at = x, k
		}
	}
	return float64(at)
}

// plainStart is a start by words, and by position.
func plainStart(s *sampling.Site) float64 {
	switch s.Kind {
	case sampling.Spin:
		if s.Index%2 == 0 || s.Word()>>31 == 0 {
			return 1
		}
		return -1
	case sampling.Categorical:
		return float64(s.Word() % uint32(s.States))
	}
	if s.Range != nil {
		return s.Range[0]/2 + s.Range[1]/2
	}
	return s.Normal()
}

var testCode = sampling.UserCode{
	Samplers: map[string]sampling.NodeSampler{
		"example.com/x.Noisy": noisy{},
		"example.com/x.Keep":  sampling.SamplerFunc(func(u *sampling.Update) float64 { return u.Old }),
	},
	Starts: map[string]sampling.StartFunc{"example.com/x.Start": plainStart},
}

// withCode gives blocks and starts of a program to code.
func withCode(p *ir.Program, r *rand.Rand) (blocks int) {
	p.GoCode = []ir.GoCode{{Name: "example.com/x.Noisy"}, {Name: "example.com/x.Keep", Func: true}, {Name: "example.com/x.Start", Use: ir.GoStart, Func: true}}
	for i := range p.Sweep {
		for k := range p.Sweep[i] {
			b := &p.Sweep[i][k]
			if b.Joint != nil || b.Kind == ir.Continuous && b.Sampler == "" && len(p.Codes) > 0 { // its expressions have the form for gibbs
				continue
			}
			if r.IntN(2) == 0 {
				b.Sampler, b.Numbers = "example.com/x.Noisy", 2
				blocks++
				if r.IntN(8) == 0 {
					b.Sampler, b.Numbers = "example.com/x.Keep", 0
				}
			}
		}
	}
	for i := range p.Init {
		if r.IntN(3) == 0 {
			p.Init[i] = ir.Init{Kind: ir.InitCode, Code: "example.com/x.Start"}
		}
	}
	return blocks
}

// TestUserCodeEqualsInterpreter: samplers and starts in Go give the same states and
// numbers in the engine, for any number of chains and threads, and in the
// interpreter, whose conditionals and words are written apart.
func TestUserCodeEqualsInterpreter(t *testing.T) {
	ran, faults := 0, 0
	for n := range uint64(modelCount(t, 120, 120)) {
		r := randmodel.Rand(n)
		var p *ir.Program
		switch n % 3 {
		case 0:
			p = randmodel.Float(n)
		case 1:
			p = lowered(t, randmodel.Code(n))
		default:
			var problems interface{ Err() error }
			if p, problems = pass.Lower(randmodel.Graph(r)); problems.Err() != nil {
				continue
			}
		}
		if withCode(p, r) == 0 {
			continue
		}
		ran++
		chains, threads := 1+r.IntN(90), 1+r.IntN(3)
		oracle, err := interp.NewWithCode(p, chains, n, testCode)
		if err != nil { // with code on one side, a continuous node has neighbours without bound
			faults++
			continue
		}
		s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: chains, Seed: n, Threads: threads, Code: testCode})
		if err != nil {
			t.Fatalf("model %d: %v", n, err)
		}
		for sweep := range 4 {
			if sweep == 2 {
				oracle.SweepNumber = 1<<32 - 1
				s.SetSweepNumber(1<<32 - 1)
			}
			same(t, n, sweep, p, oracle, s)
			for c := range chains {
				for node := range p.Nodes {
					if a, b := s.Numbers(node, c), oracle.Numbers(c, node); !slices.Equal(a, b) {
						t.Fatalf("model %d, %d sweeps, chain %d, node %d: numbers %v of the engine, %v of the interpreter", n, sweep, c, node, a, b)
					}
				}
			}
			if err := oracle.Sweep(); err != nil {
				t.Fatal(err)
			}
			s.Sweep()
			if a, b := s.UserFault(), oracle.Fault(); (a == nil) != (b == nil) || a != nil && !strings.HasSuffix(a.Error(), b.Error()) {
				t.Fatalf("model %d: %v of the engine, %v of the interpreter", n, a, b)
			} else if a != nil {
				faults++
				break
			}
			if t.Failed() {
				return
			}
		}
	}
	if ran < 70 {
		t.Errorf("only %d models had code", ran)
	}
	if faults > ran/200 {
		t.Errorf("%d of %d models were refused or ended with a number out of range", faults, ran)
	}
}

// ringModel is a ring of spins sampled by one piece of code.
func ringModel(k int) *sampling.Model {
	m := &sampling.Model{Name: "ring", Hash: "00", Nodes: 4, Beta: 1, Rounds: 10, Chains: 3,
		Vars:   []sampling.Var{{Name: "s", Kind: sampling.Spin, States: 2, Shape: []int{4}, Count: 4}},
		Format: sampling.Format{Fraction: 12, Segments: 256, ThresholdBits: 32, Accum: 32}}
	m.Factors = []sampling.Factor{{Name: "f", Slots: []sampling.Slot{{Kind: sampling.Spin, States: 2}, {Kind: sampling.Spin, States: 2}},
		Rows: 4, Index: []int32{0, 1, 1, 2, 2, 3, 3, 0}, Shared: true, Weights: []float64{0.5}}}
	m.Init = []sampling.Init{{}}
	for i := range 2 {
		m.Sweep = append(m.Sweep, []sampling.Block{{Kind: sampling.Spin, States: 2, Sampler: "p.S", Numbers: k, First: 16 * i, Nodes: []int32{int32(i), int32(i + 2)}}})
	}
	return m
}

func codeOf(f func(u *sampling.Update) float64) sampling.UserCode {
	return sampling.UserCode{Samplers: map[string]sampling.NodeSampler{"p.S": sampling.SamplerFunc(f)}}
}

// TestUserCodeFaults: what code does wrong ends a run with an error that says where, the
// same for any number of threads, and the node keeps its value.
func TestUserCodeFaults(t *testing.T) {
	for _, c := range []struct {
		code func(u *sampling.Update) float64
		want string
	}{
		{func(u *sampling.Update) float64 { return 0 }, "p.S, s[0] of chain 0, sweep 0: it gives 0, and a spin is -1 or 1"},
		{func(u *sampling.Update) float64 { return u.Value(int32(u.Node+2) % 4) }, "p.S, s[0] of chain 0, sweep 0: node 2 is no neighbour of this one, so its value may not be read"},
		{func(u *sampling.Update) float64 {
			for range 257 {
				u.Word()
			}
			return 1
		}, "p.S, s[0] of chain 0, sweep 0: it takes too many random words in one call"},
		{func(u *sampling.Update) float64 {
			if u.Node == 3 && u.Chain == 2 {
				panic("oh")
			}
			return u.Old
		}, "p.S, s[3] of chain 2, sweep 0: panic: oh at "},
	} {
		for threads := range 3 {
			s, err := sampling.NewSampler(ringModel(0), sampling.Options{Chains: 3, Threads: threads, Code: codeOf(c.code)})
			if err != nil {
				t.Fatal(err)
			}
			before := s.State(0, nil)
			err = s.Run(t.Context(), sampling.Schedule{Samples: 2, StepsPerSample: 1}, false)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if !slices.Equal(before, s.State(0, nil)) {
				t.Errorf("%s: the state moved", c.want)
			}
			if strings.Contains(c.want, "panic") && !strings.Contains(err.Error(), "user_test.go:") {
				t.Errorf("no line of the code in %v", err)
			}
		}
	}
}

// TestUserCodeMissing: a sampler is not made without the code it needs, unless it only
// holds states.
func TestUserCodeMissing(t *testing.T) {
	for _, c := range []struct {
		model   *sampling.Model
		options sampling.Options
		want    string
	}{
		{ringModel(0), sampling.Options{}, "sampler p.S is code in Go that is not linked in here"},
		{ringModel(1), sampling.Options{Code: codeOf(nil)}, "sampler p.S keeps 0 numbers, and 1 when the model was made: emit it again"},
		{ringModel(0), sampling.Options{Hold: true}, ""},
	} {
		_, err := sampling.NewSampler(c.model, c.options)
		if got := ""; err != nil {
			got = err.Error()
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		} else if c.want != "" {
			t.Errorf("no error, want %q", c.want)
		}
	}
}

// TestUserCodePacked: the packed state holds the numbers, and a sampler that goes on from
// it gives the same states.
func TestUserCodePacked(t *testing.T) {
	m := ringModel(2)
	code := sampling.UserCode{Samplers: map[string]sampling.NodeSampler{"p.S": noisy{}}}
	s, err := sampling.NewSampler(m, sampling.Options{Chains: 70, Seed: 3, Code: code})
	if err != nil {
		t.Fatal(err)
	}
	s.Sweeps(5)
	packed := s.AppendPacked(nil)
	hold, err := sampling.NewSampler(m, sampling.Options{Chains: 70, Seed: 3, Hold: true})
	if err != nil {
		t.Fatal(err)
	}
	again, err := sampling.NewSampler(m, sampling.Options{Chains: 70, Seed: 3, Threads: 2, Code: code})
	if err != nil {
		t.Fatal(err)
	}
	if err := hold.SetPacked(packed); err != nil {
		t.Fatal(err)
	}
	if err := again.SetPacked(hold.AppendPacked(nil)); err != nil {
		t.Fatal(err)
	}
	again.SetSweepNumber(5)
	s.Sweeps(5)
	again.Sweeps(5)
	if !slices.Equal(s.AppendPacked(nil), again.AppendPacked(nil)) {
		t.Error("the states part")
	}
}
