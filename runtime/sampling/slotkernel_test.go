package sampling_test

import (
	rand2 "math/rand"
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// TestSlotKernelEqualsInterpreter holds the slot kernel to the interpreter, bit for bit, on
// models with up to 64 chains and blocks that end anywhere.
func TestSlotKernelEqualsInterpreter(t *testing.T) {
	bestKernel(t)
	served := 0
	models := modelCount(t, 120, 30)
	for n := range uint64(models) {
		r := rand.New(rand.NewPCG(n, 4))
		p := pairsOf(r, 16+r.IntN(400))
		p.Format.Digit = 0
		if p.Format.Accum != 32 {
			continue
		}
		chains := 1 + r.IntN(8)
		if n%4 == 0 {
			chains = 1 + r.IntN(64)
		}
		if r.IntN(3) == 0 {
			p.Betas, p.Beta, p.Sample.Warmup = []float64{0.1, 0.1, 2, 0.5}, 0.5, 4
			p.Format.Bound = ir.ErrorBound(p.Format, p.WorstDegrees(), p.AllBetas())
		}
		s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: chains})
		if err != nil {
			t.Fatal(err)
		}
		if s.Work() == "slots, avx512" {
			served++
		}
		compare(t, n, p, chains, 1+r.IntN(3), vector.AVX512)
		if t.Failed() {
			return
		}
	}
	if served < models/8 {
		t.Errorf("the kernel served %d of %d models", served, models)
	}
}

// TestSlotKernelStaysWithItsModel changes everything that may change at run time.
func TestSlotKernelStaysWithItsModel(t *testing.T) {
	bestKernel(t)
	staysWithItsModel(t, vector.AVX512, 60, func(r *rand.Rand, n int) (*ir.Program, int) {
		p := pairsOf(r, 100+r.IntN(200))
		p.Format.Digit = 0
		return p, 1 + n
	})
}

// TestSlotKernelOnLattice holds it to the portable engine where rows are every other one,
// with nodes clamped and in any number of threads.
func TestSlotKernelOnLattice(t *testing.T) {
	bestKernel(t)
	lattice, err := graph.Torus(64, 96)
	if err != nil {
		t.Fatal(err)
	}
	r := rand2.New(rand2.NewSource(6))
	for _, chains := range []int{1, 2, 31, 32, 33, 64} {
		for _, threads := range []int{1, 3} {
			m := pairModel(lattice, 2, chains%2 == 0, r.NormFloat64, 12, 256)
			m.Rounds = []int{5, 7, 10}[(chains+threads)%3]
			var packed [2]string
			for i, k := range []vector.Kernel{vector.Portable, vector.AVX512} {
				s, err := sampling.NewSampler(m, sampling.Options{Chains: chains, Seed: 3, Threads: threads, Kernel: k})
				if err != nil {
					t.Fatal(err)
				}
				s.Sweeps(3)
				clamp := sampling.Clamp{}
				for n := range int32(200) {
					clamp.Nodes, clamp.Values = append(clamp.Nodes, 7*n), append(clamp.Values, n%2*2-1)
				}
				if err := s.SetClamp(clamp); err != nil {
					t.Fatal(err)
				}
				s.Sweeps(3)
				packed[i] = string(s.AppendPacked(nil))
			}
			if packed[0] != packed[1] {
				t.Errorf("%d chains, %d threads: states differ", chains, threads)
			}
		}
	}
}
