package sampling_test

import (
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/randmodel"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// TestEngineEqualsInterpreter compares the states of random models after every
// sweep, energies and fields included: any difference in any rule of a program
// shows as a different bit.
func TestEngineEqualsInterpreter(t *testing.T) {
	models := uint64(500)
	if testing.Short() {
		models = 100
	}
	skipped := 0
	for n := range models {
		r := randmodel.Rand(n)
		p, problems := pass.Lower(randmodel.Graph(r))
		if err := problems.Err(); err != nil {
			if n < 3 {
				t.Logf("model %d: %v", n, err)
			}
			skipped++
			continue
		}
		compare(t, n, p, 1+r.IntN(140), 1+r.IntN(3), anyKernel(n))
		if t.Failed() {
			return
		}
	}
	if skipped > int(models)/4 {
		t.Errorf("%d of %d random models were refused: the test has lost its power", skipped, models)
	}
}

// anyKernel is one of those that this processor runs, or Automatic.
func anyKernel(n uint64) vector.Kernel {
	if kernels := vector.Kernels(); n%uint64(len(kernels)+1) > 0 {
		return kernels[n%uint64(len(kernels)+1)-1]
	}
	return vector.Automatic
}

// TestHardwareEqualsInterpreter is the same for the generators of hardware and the
// rule of noise.
func TestHardwareEqualsInterpreter(t *testing.T) {
	models := uint64(120)
	if testing.Short() {
		models = 40
	}
	skipped, noisy, streamed := 0, 0, 0
	for n := range models {
		r := randmodel.Rand(n + 1000)
		p, problems := pass.Lower(randmodel.Hardware(r))
		if err := problems.Err(); err != nil {
			if n < 20 {
				t.Logf("model %d: %v", n, err)
			}
			skipped++
			continue
		}
		if p.Format.Noise {
			noisy++
		}
		if p.Stream.Generator != "" {
			streamed++
		}
		compare(t, n, p, 1+r.IntN(140), 1+r.IntN(3), vector.Automatic)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d models refused, %d with noise, %d with a hardware generator", skipped, noisy, streamed)
	if skipped > int(models)/4 || noisy < int(models)/4 || streamed < int(models)/3 {
		t.Error("the test has lost its power")
	}
}

func compare(t *testing.T, n uint64, p *ir.Program, chains, threads int, kernel vector.Kernel) {
	t.Helper()
	seed := p.Sample.Seed
	oracle, err := interp.New(p, chains, seed)
	if err != nil {
		t.Fatalf("model %d: %v", n, err)
	}
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: chains, Seed: seed, Threads: threads, Kernel: kernel})
	if err != nil {
		t.Fatalf("model %d: %v", n, err)
	}
	oracle.Init()
	for sweep := range 5 {
		if p.Betas != nil {
			b := p.Betas[min(sweep, len(p.Betas)-1)]
			if err := oracle.SetBeta(b); err != nil {
				t.Fatal(err)
			}
			if err := s.SetBeta(b); err != nil {
				t.Fatal(err)
			}
		}
		same(t, n, sweep, p, oracle, s)
		if t.Failed() {
			return
		}
		if sweep == 2 { // cross 2^32
			oracle.SweepNumber = 1<<32 - 1
			s.SetSweepNumber(1<<32 - 1)
		}
		if err := oracle.Sweep(); err != nil {
			t.Fatal(err)
		}
		s.Sweep()
	}
	same(t, n, 5, p, oracle, s)
}

func same(t *testing.T, n uint64, sweep int, p *ir.Program, oracle *interp.Machine, s *sampling.Sampler) {
	t.Helper()
	want := oracle.State()
	energies := s.Energies(p.Beta, nil)
	for c := range want {
		got := s.State(c, nil)
		for i := range got {
			if got[i] != want[c][i] {
				t.Errorf("model %d, %d sweeps, chain %d, node %d: engine %d, interpreter %d\n%+v", n, sweep, c, i, got[i], want[c][i], p.Format)
				return
			}
		}
		e, err := s.Energy(p.Beta, got)
		if err != nil || e != energies[c] {
			t.Errorf("model %d chain %d: energy %v in a batch, %v alone (%v)", n, c, energies[c], e, err)
			return
		}
	}
}

// TestBetaMovesOnce: after a change of β the first sweeps do without tables by
// pattern and later ones make them; neither shows in the states.
func TestBetaMovesOnce(t *testing.T) {
	for n := range uint64(60) {
		p, problems := pass.Lower(randmodel.Graph(randmodel.Rand(n)))
		if problems.Err() != nil {
			continue
		}
		oracle, err := interp.New(p, 9, n)
		if err != nil {
			t.Fatal(err)
		}
		s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: 9, Seed: n})
		if err != nil {
			t.Fatal(err)
		}
		oracle.Init()
		beta := p.Beta + 0.25
		if err := oracle.SetBeta(beta); err != nil {
			t.Fatal(err)
		}
		if err := s.SetBeta(beta); err != nil {
			t.Fatal(err)
		}
		for sweep := range 30 {
			if err := oracle.Sweep(); err != nil {
				t.Fatal(err)
			}
			s.Sweep()
			same(t, n, sweep, p, oracle, s)
			if t.Failed() {
				return
			}
		}
	}
}
