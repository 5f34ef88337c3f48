package sampling_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/randmodel"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// The engine gives the interpreter's states, bit for bit, for models with
// continuous nodes, any number of chains and threads, and its energies.
func TestFloatEqualsInterpreter(t *testing.T) {
	tried, kinds := 0, map[[2]int]int{}
	for n := range uint64(120) {
		p := randmodel.Float(n)
		if err := ir.Verify(p); err != nil {
			if tried == 0 && n > 20 {
				t.Fatalf("model %d: %v", n, err)
			}
			continue
		}
		tried++
		for _, sb := range p.Sweep {
			for _, b := range sb {
				float := 0
				if b.Float {
					float = 1
				}
				kinds[[2]int{int(b.Kind), float}]++
			}
		}
		r := rand.New(rand.NewPCG(n, 5))
		chains := []int{1, 3, 64, 70, 130}[r.IntN(5)]
		m, err := interp.New(p, chains, p.Sample.Seed)
		if err != nil {
			t.Fatal(err)
		}
		s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: chains, Seed: p.Sample.Seed, Threads: 1 + r.IntN(2), Kernel: anyKernel(n)})
		if err != nil {
			t.Fatal(err)
		}
		for sweep := range 4 {
			want := m.State()
			for c := range chains {
				if got := s.State(c, nil); !slices.Equal(got, want[c]) {
					t.Fatalf("model %d, %d chains, chain %d parts after sweep %d:\n%v\n%v", n, chains, c, sweep, got, want[c])
				}
			}
			for c, h := range s.Energies(s.Beta(), nil) {
				if want := m.Energy(c); h != want {
					t.Fatalf("model %d, chain %d: energy %v, want %v", n, c, h, want)
				}
				if one, err := s.Energy(s.Beta(), want[c]); err != nil || one != m.Energy(c) {
					t.Fatalf("model %d, chain %d: energy of a state %v, %v", n, c, one, err)
				}
			}
			if sweep == 1 {
				packed := s.AppendPacked(nil)
				if err := s.SetPacked(packed); err != nil {
					t.Fatalf("model %d: %v", n, err)
				}
				if len(packed) != s.PackedSize() {
					t.Fatalf("model %d: a packed state of %d bytes, not %d", n, len(packed), s.PackedSize())
				}
			}
			if sweep == 2 {
				if err := s.SetBeta(1.7); err != nil {
					t.Fatal(err)
				}
				if err := m.SetBeta(1.7); err != nil {
					t.Fatal(err)
				}
			}
			if err := m.Sweep(); err != nil {
				t.Fatal(err)
			}
			s.Sweep()
		}
	}
	if tried < 100 || len(kinds) != 5 {
		t.Errorf("%d models were compared, with blocks %v", tried, kinds)
	}
	t.Logf("%d models, blocks by kind and float: %v", tried, kinds)
}
