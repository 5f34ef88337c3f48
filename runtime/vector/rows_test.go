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

// A step of Langevin is three operations on rows, and keeps the rows before it.
func TestLangevin(t *testing.T) {
	needs512(t)
	type rows = [5][64]float32
	state, freeState := guarded[rows](t)
	old, freeOld := guarded[rows](t)
	slope, freeSlope := guarded[rows](t)
	noise, freeNoise := guarded[rows](t)
	r := rand.New(rand.NewPCG(11, 12))
	for range 2000 {
		for i := range state {
			fill32(r, state[i][:])
			fill32(r, slope[i][:])
			fill32(r, noise[i][:])
		}
		before := *state
		n := 1 + r.IntN(len(state))
		at := make([]int32, n)
		for i, row := range r.Perm(len(state))[:n] {
			at[i] = int32(256 * row)
		}
		first := len(state) - n // up to the guard
		step, scale := number32(r), number32(r)
		lost := vector.Langevin512(&state[0][0], &at[0], n, &old[first], &slope[first], &noise[first], step, scale)
		var want uint64
		for i, a := range at {
			x := before[a/256]
			if old[first+i] != x && x == x {
				t.Fatal("the row before is not kept")
			}
			for c := range x {
				y := x[c] - float32(step*slope[first+i][c])
				y += float32(scale * noise[first+i][c])
				if y-y != 0 {
					want |= 1 << c
				}
				if !same(state[a/256][c], y) {
					t.Fatalf("%v, want %v", state[a/256][c], y)
				}
			}
		}
		if lost != want {
			t.Fatalf("lost %x, want %x", lost, want)
		}
	}
	freeState()
	freeOld()
	freeSlope()
	freeNoise()
}
