package conformance

import (
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// latticeRun is one temperature of the 32 × 32 torus, J = 1, with Kaufman's mean
// energy a spin (Phys. Rev. 76, 1232, 1949).
type latticeRun struct {
	name          string
	beta          float64
	energy        float64
	chains        int
	warmup, draws int
	step          int
	cold          bool // all chains start with all spins up
}

// TestIsing2D holds the energy of the square lattice against Kaufman's closed
// form: a mean over chains of each chain's mean over draws, within 6 standard
// errors, where a standard error is at most 5·10^-4 of the energy.
//
// Above and at the critical temperature half of the chains start with all spins
// up, whose energy is too low until warm-up is over, and half from random ones,
// whose energy is too high; besides the mean, the difference of the halves must be
// within 6 standard errors. Below it, random starts may freeze into stripes that
// live for thousands of sweeps, so all chains start with all spins up; the phase
// of down spins has the same energy.
func TestIsing2D(t *testing.T) {
	runs := []latticeRun{
		{"T = 2.0", 1 / 2.0, -1.74556453, 1024, 200, 40, 5, true},
		{"T critical", 1 / 2.269185314213022, -1.43365846, 1024, 2000, 140, 15, false},
		{"T = 2.5", 1 / 2.5, -1.10729166, 1024, 300, 60, 8, false},
	}
	if testing.Short() {
		runs = []latticeRun{{"T = 2.5", 1 / 2.5, -1.10729166, 512, 150, 10, 10, false}}
	}
	p := lower(t, ready(t, "ising2d"))
	for _, run := range runs {
		t.Run(run.name, func(t *testing.T) {
			s := sampler(t, p, sampling.Options{Chains: run.chains, Seed: Seed(t.Name()), Threads: 2})
			up := make([]int32, p.Nodes)
			for i := range up {
				up[i] = 1
			}
			for c := range run.chains {
				if run.cold || c%2 == 0 {
					if err := s.SetState(c, up); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := s.SetBeta(run.beta); err != nil {
				t.Fatal(err)
			}
			s.Sweeps(run.warmup)
			energy := make([]float64, run.chains)
			var now []float64
			for range run.draws {
				s.Sweeps(run.step)
				now = s.Energies(1, now[:0])
				for c, h := range now {
					energy[c] += h / float64(p.Nodes*run.draws)
				}
			}
			e := estimateOf(energy)
			e.expect(t, "energy a spin", run.energy)
			if relative := -e.stderr / run.energy; relative > 5e-4 && !testing.Short() {
				t.Errorf("the relative standard error is %.2g", relative)
			}
			if run.cold {
				return
			}
			difference := make([]float64, run.chains/2)
			for i := range difference {
				difference[i] = energy[2*i] - energy[2*i+1]
			}
			estimateOf(difference).expect(t, "from up less from random", 0)
		})
	}
}
