package sampling_test

import (
	"math/rand/v2"
	"testing"

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
	for n := range uint64(modelCount(t, 120, 30)) {
		r := rand.New(rand.NewPCG(n, 4))
		p := pairsOf(r, 16+r.IntN(400))
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
	if served < 10 {
		t.Errorf("the kernel served %d models", served)
	}
}

// TestSlotKernelStaysWithItsModel changes everything that may change at run time.
func TestSlotKernelStaysWithItsModel(t *testing.T) {
	bestKernel(t)
	staysWithItsModel(t, vector.AVX512, func(r *rand.Rand, n int) (*ir.Program, int) {
		return pairsOf(r, 100+r.IntN(200)), 1 + n
	})
}
