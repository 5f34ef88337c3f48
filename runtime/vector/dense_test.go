package vector_test

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// fused is a·b + c rounded once, of finite numbers.
func fused(a, b, c float32) float32 {
	if s := float64(a)*float64(b) + float64(c); s-s != 0 {
		return float32(s)
	}
	p := new(big.Float).SetPrec(700).Mul(big.NewFloat(float64(a)), big.NewFloat(float64(b)))
	s, _ := new(big.Float).SetPrec(700).Add(p, big.NewFloat(float64(c))).Float32()
	return s
}

// A matrix times rows of chains is what fused products one after another give, and nothing
// beyond the arguments is touched.
func TestDense(t *testing.T) {
	kernels := kernelCount(t)
	type rows = [12][64]float32
	sum, freeSum := guarded[rows](t)
	x, freeX := guarded[rows](t)
	matrix, freeMatrix := guarded[[12 * 12]float32](t)
	start, freeStart := guarded[[12]float32](t)
	r := rand.New(rand.NewPCG(21, 22))
	for round := range 60 {
		for i := range sum {
			fill32(r, sum[i][:])
			fill32(r, x[i][:])
		}
		fill32(r, matrix[:])
		panels, n := 1+r.IntN(3), 1+r.IntN(12)
		s, from, w := sum[12-4*panels:], x[12-n:], matrix[12*12-4*panels*n:] // up to the guards
		fill32(r, start[:])
		begin := start[12-4*panels:]
		want := *sum
		for i := range s {
			for c := range 64 {
				v := &want[12-4*panels+i][c]
				if round/2%2 == 1 {
					*v = begin[i]
				}
				for j := range n {
					*v = fused(w[(i/4*n+j)*4+i%4], from[j][c], *v)
				}
			}
		}
		kernel := []func(sum *[64]float32, start *float32, x *[64]float32, matrix *float32, panels, n int){vector.Dense256, vector.Dense512}[round%kernels]
		if round/2%2 == 0 {
			kernel(&s[0], nil, &from[0], &w[0], panels, n)
		} else {
			kernel(&s[0], &begin[0], &from[0], &w[0], panels, n)
		}
		for i := range sum {
			for c, got := range sum[i] {
				if !same(got, want[i][c]) {
					t.Fatalf("%d panels, %d columns, row %d: %x, want %x", panels, n, i, got, want[i][c])
				}
			}
		}
	}
	freeSum()
	freeStart()
	freeX()
	freeMatrix()
}
