package sampling

import (
	"math/bits"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Rows of joint moves, 64 chains, by kernels where there are some.

// plusProduct makes out x + a·b.
func (s *Sampler) plusProduct(out, x, a, b *[64]float32) {
	if s.kernelInUse == vector.AVX512 {
		vector.PlusProduct512(out, x, a, b)
		return
	}
	for c := range out {
		out[c] = x[c] + float32(a[c]*b[c])
	}
}

// minusProduct makes out x - a·b.
func (s *Sampler) minusProduct(out, x, a, b *[64]float32) {
	if s.kernelInUse == vector.AVX512 {
		vector.MinusProduct512(out, x, a, b)
		return
	}
	for c := range out {
		out[c] = x[c] - float32(a[c]*b[c])
	}
}

// infiniteIn tells the chains whose x is no finite number.
func (s *Sampler) infiniteIn(x *[64]float32) (lost uint64) {
	if s.kernelInUse == vector.AVX512 {
		return vector.Infinite512(x)
	}
	for c, v := range x {
		if v-v != 0 {
			lost |= 1 << c
		}
	}
	return lost
}

// addSquares adds x² to sum, subtractSquares takes it away.
func (s *Sampler) addSquares(sum *[64]float64, x *[64]float32) {
	if s.kernelInUse == vector.AVX512 {
		vector.AddSquares512(sum, x)
		return
	}
	for c, v := range x {
		sum[c] += float64(float64(v) * float64(v))
	}
}

func (s *Sampler) subtractSquares(sum *[64]float64, x *[64]float32) {
	if s.kernelInUse == vector.AVX512 {
		vector.SubtractSquares512(sum, x)
		return
	}
	for c, v := range x {
		sum[c] -= float64(float64(v) * float64(v))
	}
}

// exponentials replaces every number by its exponential.
func (s *Sampler) exponentials(x *[64]float64) {
	if s.kernelInUse == vector.AVX512 {
		p := vector.Program[float64]{Out: x, Ops: &exponentialOps[0]}
		vector.RunWide512(&p)
		return
	}
	for c, v := range x {
		x[c] = Exp(v)
	}
}

var exponentialOps = [...]vector.Op{{Code: vector.OpLoadWide, Base: vector.BaseOut}, {Code: vector.OpExponential}, {Code: vector.OpStore, Base: vector.BaseOut}, {}}

// countMoves counts the moves of n chains, those in back being refused.
func (w *worker) countMoves(variable, n int, back uint64) {
	m := &w.moves[variable]
	m.tried += uint64(n)
	m.taken += uint64(n - bits.OnesCount64(back))
}
