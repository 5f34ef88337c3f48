package vector_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Numbers that arithmetic treats apart.
var edges32 = []float32{0, float32(math.Copysign(0, -1)), 1, -1, 0.5, -0.5, 2, 3, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32,
	0x1p-126, -0x1.fffffep-127, math.MaxFloat32, -math.MaxFloat32, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}

// number32 draws an ordinary number mostly.
func number32(r *rand.Rand) float32 {
	switch r.IntN(8) {
	case 0:
		return edges32[r.IntN(len(edges32))]
	case 1:
		return math.Float32frombits(r.Uint32())
	}
	return float32(r.NormFloat64())
}

func fill32(r *rand.Rand, x []float32) {
	for i := range x {
		x[i] = number32(r)
	}
}

// same is equality of bits, and of all numbers that are none.
func same[T float32 | float64](a, b T) bool {
	return a != a && b != b || a == b && math.Signbit(float64(a)) == math.Signbit(float64(b))
}

func needs512(t *testing.T) {
	t.Helper()
	if best, _ := vector.ChooseKernel(vector.Automatic); best < vector.AVX512 {
		t.Skip("no kernel here")
	}
}

// kernelCount is 1 with kernels in AVX2 alone, 2 with those in AVX-512 too.
func kernelCount(t *testing.T) int {
	t.Helper()
	if best, _ := vector.ChooseKernel(vector.Automatic); best < vector.AVX2 {
		t.Skip("no kernels here")
	}
	return len(vector.Kernels()) - 1
}

// Sums and products of rows are those of a loop.
func TestRows(t *testing.T) {
	needs512(t)
	type state = [7][64]float32
	rows, freeRows := guarded[state](t)
	sum, freeSum := guarded[[64]float32](t)
	out, freeOut := guarded[[64]float32](t)
	wide, freeWide := guarded[[64]float64](t)
	r := rand.New(rand.NewPCG(5, 6))
	for round := range 2000 {
		for i := range rows {
			fill32(r, rows[i][:])
		}
		terms := make([]vector.Term, 1+r.IntN(9))
		for i := range terms {
			terms[i] = vector.Term{Weight: number32(r), At: int32(256 * r.IntN(len(rows)))}
		}
		n := r.IntN(len(terms))
		constant, a, b := number32(r), number32(r), number32(r)
		if round%2 == 0 {
			vector.SumTerms256(sum, constant, &rows[0][0], &terms[0], n)
			vector.Mix256(out, sum, &rows[1], a, b)
		} else {
			vector.SumTerms512(sum, constant, &rows[0][0], &terms[0], n)
			vector.Mix512(out, sum, &rows[1], a, b)
		}
		at := make([]int32, 1+r.IntN(12))
		for i := range at {
			at[i] = int32(256 * r.IntN(len(rows)))
		}
		k := 1 + r.IntN(len(at))
		weights := make([]float64, len(at)/k)
		for i := range weights {
			weights[i] = float64(number32(r)) / 3
		}
		stride := 8 * r.IntN(2)
		*wide = [64]float64{}
		vector.SubtractProducts512(wide, &rows[0][0], &weights[0], stride, &at[0], len(weights), k)
		product := new([64]float64)
		vector.Product512(product, &rows[0][0], &at[0], k)
		for c := range 64 {
			s := constant
			for _, x := range terms[:n] {
				s += float32(x.Weight * rows[x.At/256][c])
			}
			if !same(sum[c], s) || !same(out[c], float32(s*a)+float32(rows[1][c]*b)) {
				t.Fatalf("sum %v and mix %v, want %v", sum[c], out[c], s)
			}
			energy := 0.0
			for i := range weights {
				x, y := weights[i*stride/8], 1.0
				for _, row := range at[i*k : i*k+k] {
					x = float64(x * float64(rows[row/256][c]))
					y = float64(y * float64(rows[row/256][c]))
				}
				energy -= x
				if i == 0 && !same(product[c], y) {
					t.Fatalf("product %v, want %v", product[c], y)
				}
			}
			if !same(wide[c], energy) {
				t.Fatalf("energy %v, want %v", wide[c], energy)
			}
		}
	}
	freeRows()
	freeSum()
	freeOut()
	freeWide()
}
