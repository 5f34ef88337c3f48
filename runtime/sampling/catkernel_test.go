package sampling_test

import (
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/pass/passtest"
	"github.com/thrmlgen/thrmlgen/gen/randmodel"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// TestCategoriesEqualInterpreter holds the tables of limits, in Go and in the kernel, to
// the interpreter: Potts models of 2 to 32 states, hot and frozen, with spins among the
// neighbours, with few threshold bits and many ties.
func TestCategoriesEqualInterpreter(t *testing.T) {
	for n := range uint64(modelCount(t, 40, 20)) {
		r := randmodel.Rand(n + 2000)
		b := passtest.New()
		states := []int{2, 3, 4, 5, 7, 8, 16, 31, 32}[r.IntN(9)]
		x, s := b.Categoricals("x", states, 9), b.Spins("s", 3)
		scale := []float64{0, 0.1, 1, 30}[r.IntN(4)]
		var rows [][]int32
		var weights []float64
		for i := range x[:8] {
			rows = append(rows, []int32{x[i], x[i+1]})
			for range states * states {
				weights = append(weights, scale*r.NormFloat64())
			}
		}
		b.Factor(rows, weights...)
		var mixed [][]int32
		weights = nil
		for i := range s {
			mixed = append(mixed, []int32{x[2*i], s[i]})
			for range states {
				weights = append(weights, r.NormFloat64())
			}
		}
		b.Factor(mixed, weights...)
		b.Block(x[0], x[2], x[4], x[6], x[8])
		b.Block(x[1], x[3], x[5], x[7])
		b.Block(s...)
		if bits := 1 + r.IntN(16); r.IntN(3) == 0 {
			wide := 1.0
			b.G.Format.ThresholdBits, b.G.Format.Budget = &bits, &wide
		}
		b.G.Format.RNG = []string{"", "philox7", "ars5"}[r.IntN(3)]
		p, problems := pass.Lower(&b.G)
		if err := problems.Err(); err != nil {
			t.Fatal(err)
		}
		chains, threads := 300+r.IntN(300), 1+r.IntN(2)
		for _, k := range vector.Kernels() {
			compare(t, n, p, chains, threads, k)
		}
		if t.Failed() {
			return
		}
	}
}
