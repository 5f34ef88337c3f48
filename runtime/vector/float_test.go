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
	best, _ := vector.ChooseKernel(vector.Automatic)
	if best < vector.AVX2 {
		t.Skip("no kernels here")
	}
	return int(best - vector.Portable)
}

func TestJoinWords(t *testing.T) {
	needs512(t)
	halves, freeHalves := guarded[[2][2][64]uint32](t)
	words, freeWords := guarded[[4][64]uint32](t)
	r := rand.New(rand.NewPCG(1, 2))
	for h := range halves {
		for i := range halves[h] {
			for k := range halves[h][i] {
				halves[h][i][k] = r.Uint32()
			}
		}
	}
	vector.JoinWords512(halves, words)
	for q := range words {
		for c, got := range words[q] {
			if want := halves[c/32][q%2][2*(c%32)+q/2]; got != want {
				t.Fatalf("word %d of chain %d: %x, want %x", q, c, got, want)
			}
		}
	}
	freeHalves()
	freeWords()
}

// The cubics are those of the specification of package ir, piece and place found by
// division.
func TestNormals(t *testing.T) {
	kernels := kernelCount(t)
	table, freeTable := guarded[[512]vector.Cubic](t)
	words, freeWords := guarded[[64]uint32](t)
	z, freeZ := guarded[[64]float32](t)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range table {
		table[i] = vector.Cubic{Q: r.NormFloat64(), A: r.NormFloat64(), B: r.NormFloat64(), C: r.NormFloat64()}
	}
	for round := range 2000 {
		for c := range words {
			words[c] = r.Uint32() >> r.IntN(14) << r.IntN(3)
			if round/2 < 31 { // around every power of two
				words[c] = uint32(c&1)<<31 | (1<<(round/2) + uint32(c/2) - 16)
			}
		}
		rare := []func(*[512]vector.Cubic, *[64]uint32, *[64]float32) uint64{vector.Normals256, vector.Normals512}[round%kernels](table, words, z)
		for c, w := range words {
			n := w & (1<<31 - 1)
			if isRare := rare>>c&1 == 1; isRare != (n < 1<<19) {
				t.Fatalf("word %x: rare %v", w, isRare)
			}
			if n < 1<<19 {
				continue
			}
			o := 0
			for n>>o > 1 {
				o++
			}
			h := uint32(1) << o / 32
			p := table[32*(o-19)+int(n-1<<o)/int(h)]
			x := 3 * float64(n%h) / float64(h)
			v := p.B + float64((x-2)*p.C)
			v = p.A + float64((x-1)*v)
			v = p.Q + float64(x*v)
			if w>>31 == 0 {
				v = -v
			}
			if !same(z[c], float32(v)) {
				t.Fatalf("word %x: %v, want %v", w, z[c], float32(v))
			}
		}
	}
	freeTable()
	freeWords()
	freeZ()
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
