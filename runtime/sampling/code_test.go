package sampling_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/randmodel"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// lowered is the program of a model file.
func lowered(t testing.TB, text string) *ir.Program {
	t.Helper()
	s, l := spec.Parse("model.yaml", []byte(text))
	if l.Len() > 0 {
		t.Fatalf("%v\n%s", l.Err(), text)
	}
	g, l := graph.Build(s, nil)
	if l.Len() > 0 {
		t.Fatalf("%v\n%s", l.Err(), text)
	}
	p, l := pass.Lower(g)
	if l.Len() > 0 {
		t.Fatalf("%v\n%s", l.Err(), text)
	}
	return p
}

// The engine gives the interpreter's states and energies, bit for bit, for models
// with expressions and every sampler, any number of chains and threads.
func TestCodeEqualsInterpreter(t *testing.T) {
	kinds := map[string]int{}
	for n := range uint64(90) {
		text := randmodel.Code(n)
		p := lowered(t, text)
		var buf strings.Builder
		if err := ir.Fprint(&buf, p); err != nil {
			t.Fatal(err)
		}
		again, err := ir.Parse(strings.NewReader(buf.String()))
		if err != nil {
			t.Fatalf("%v\n%s", err, buf.String())
		}
		var twice strings.Builder
		if err := ir.Fprint(&twice, again); err != nil || twice.String() != buf.String() {
			t.Fatalf("the program's text does not parse back: %v", err)
		}
		for _, sb := range p.Sweep {
			for _, b := range sb {
				kinds[fmt.Sprint(b.Kind, b.Float, b.Sampler, b.Joint != nil)]++
			}
		}
		r := rand.New(rand.NewPCG(n, 6))
		chains := []int{1, 3, 64, 70}[r.IntN(4)]
		m, err := interp.New(p, chains, p.Sample.Seed)
		if err != nil {
			t.Fatal(err)
		}
		model, err := sampling.DecodeModel(golang.Model(p).AppendBinary(nil))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		s, err := sampling.NewSampler(model, sampling.Options{Chains: chains, Seed: p.Sample.Seed, Threads: 1 + r.IntN(2), Kernel: anyKernel(n / 4)})
		if err != nil {
			t.Fatal(err)
		}
		for sweep := range 8 {
			want := m.State()
			energies := s.Energies(s.Beta(), nil)
			for c := range chains {
				if got := s.State(c, nil); !slices.Equal(got, want[c]) {
					t.Fatalf("model %d, %d chains, chain %d parts after sweep %d:\n%v\n%v\n%s", n, chains, c, sweep, got, want[c], text)
				}
				if h := m.Energy(c); energies[c] != h {
					t.Fatalf("model %d, chain %d: energy %v, want %v", n, c, energies[c], h)
				}
				if one, err := s.Energy(s.Beta(), want[c]); err != nil || one != energies[c] {
					t.Fatalf("model %d, chain %d: energy of a state %v, %v", n, c, one, err)
				}
			}
			if sweep == 3 { // steps are part of the state
				packed := s.AppendPacked(nil)
				s2, err := sampling.NewSampler(model, sampling.Options{Chains: chains, Seed: p.Sample.Seed})
				if err != nil {
					t.Fatal(err)
				}
				if err := s2.SetPacked(packed); err != nil {
					t.Fatal(err)
				}
				s2.SetSweepNumber(s.SweepNumber())
				s = s2
			}
			if err := m.Sweep(); err != nil {
				t.Fatal(err)
			}
			s.Sweep()
		}
	}
	if len(kinds) != 14 {
		t.Errorf("blocks %v", kinds)
	}
	t.Logf("blocks by kind, float and sampler: %v", kinds)
}
