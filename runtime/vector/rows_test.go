package vector_test

import (
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Rows of joint moves are those of loops.
func TestJointRows(t *testing.T) {
	needs512(t)
	r := rand.New(rand.NewPCG(13, 14))
	x, freeX := guarded[[64]float32](t)
	a, freeA := guarded[[64]float32](t)
	b, freeB := guarded[[64]float32](t)
	plus, freePlus := guarded[[64]float32](t)
	minus, freeMinus := guarded[[64]float32](t)
	sum, freeSum := guarded[[64]float64](t)
	for range 500 {
		fill32(r, x[:])
		fill32(r, a[:])
		fill32(r, b[:])
		for c := range sum {
			sum[c] = r.NormFloat64()
		}
		less, more := *sum, *sum
		vector.PlusProduct512(plus, x, a, b)
		vector.MinusProduct512(minus, x, a, b)
		lost := vector.Infinite512(x)
		vector.AddSquares512(sum, x)
		more, *sum = *sum, more
		start := *sum
		vector.SubtractSquares512(sum, x)
		less = *sum
		for c := range 64 {
			square := float64(float64(x[c]) * float64(x[c]))
			if p := float32(a[c] * b[c]); !same(plus[c], x[c]+p) || !same(minus[c], x[c]-p) {
				t.Fatalf("%v, %v, %v: %v and %v", x[c], a[c], b[c], plus[c], minus[c])
			}
			if (lost>>c&1 == 1) != (x[c]-x[c] != 0) || !same(more[c], start[c]+square) || !same(less[c], start[c]-square) {
				t.Fatalf("%v: lost %x, squares %v and %v of %v", x[c], lost>>c&1, more[c], less[c], start[c])
			}
		}
	}
	for _, free := range []func(){freeX, freeA, freeB, freePlus, freeMinus, freeSum} {
		free()
	}
}
