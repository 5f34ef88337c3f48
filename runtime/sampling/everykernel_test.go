package sampling_test

import (
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/randmodel"
	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// TestEveryKernel holds every kernel of this processor with one, two and three threads to
// the interpreter, on models of pairs with odd numbers of chains. Formats and generators
// take turns: rounding by weights and by groups of 7, thresholds of 32, 16 and fewer bits
// (which tie often), first digits of 8 bits, Philox with 10 and 7 rounds and ARS-5. THRML_MODELS says how many
// models.
func TestEveryKernel(t *testing.T) {
	compared := map[string]int{}
	for n := range uint64(modelCount(t, 48, 24)) {
		r := rand.New(rand.NewPCG(n, 7))
		p := pairProgram(r)
		p.Rounds = []int{10, 7, rng.ARS5}[n%3]
		p.Format.Group = []int{1, 7}[n/3%2]
		p.Format.ThresholdBits, p.Format.Digit = []int{32, 16, 1 + r.IntN(12), 32}[n/6%4], 0
		if n/6%4 == 3 {
			p.Format.Digit = 8
		}
		p.Format.Accum = ir.AccumFor(p.Headroom())
		p.Format.Bound = ir.ErrorBound(p.Format, p.WorstDegrees(), p.AllBetas())
		chains := 1 + 2*r.IntN(100)
		if n%5 == 0 {
			chains += 512
		}
		everyKernel(t, n, n, p, chains, compared)
		if t.Failed() {
			return
		}
	}
	t.Logf("comparisons: %v", compared)
}

// TestEveryKernelMixed is TestEveryKernel for products of spins and for mixed kinds.
func TestEveryKernelMixed(t *testing.T) {
	compared, refused := map[string]int{}, 0
	models := modelCount(t, 60, 30)
	for n := range uint64(models) {
		r := randmodel.Rand(n + 3000)
		p, problems := pass.Lower(mixedGraph(r))
		if err := problems.Err(); err != nil {
			refused++
			continue
		}
		chains := 65 + 2*r.IntN(100)
		if n%5 == 0 {
			chains += 512
		}
		everyKernel(t, n, p.Sample.Seed, p, chains, compared)
		if t.Failed() {
			return
		}
	}
	t.Logf("comparisons: %v; %d models refused", compared, refused)
	if refused > models/4 {
		t.Errorf("%d of %d models were refused: the test has lost its power", refused, models)
	}
}

// everyKernel holds all kernels to the interpreter with one to three threads.
func everyKernel(t *testing.T, n, seed uint64, p *ir.Program, chains int, compared map[string]int) {
	t.Helper()
	oracle, err := interp.New(p, chains, seed)
	if err != nil {
		t.Fatal(err)
	}
	oracle.Init()
	const sweeps = 3
	for range sweeps {
		if err := oracle.Sweep(); err != nil {
			t.Fatal(err)
		}
	}
	for _, kernel := range vector.Kernels() {
		for threads := 1; threads <= 3; threads++ {
			s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: chains, Seed: seed, Threads: threads, Kernel: kernel})
			if err != nil {
				t.Fatalf("model %d: %v", n, err)
			}
			s.Sweeps(sweeps)
			same(t, n, sweeps, p, oracle, s)
			if t.Failed() {
				t.Fatalf("model %d: %v, %d threads, %d chains, %+v", n, kernel, threads, chains, p.Format)
			}
			compared[s.Work()]++
		}
	}
}
