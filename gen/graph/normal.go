package graph

import (
	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// The weights that a model asks to be drawn are part of its meaning, so they are
// the same bits on every machine and for ever. Element e (flat, row-major) of an
// array with a seed takes the 32-bit words w0, w1 of purpose 4: chain 0, sweep 0,
// slot e, draws 0 and 1, generator Philox4x32-10 under the seed as key. Then
//
//	uniform [lo, hi]   lo + (hi - lo)·(w0 + ½)/2^32
//	signs a            +a if the top bit of w0 is set, else -a
//	normal [mean, sd]  mean ± sd·z, the sign + if the top bit of w0 is set, and
//	                   Φ(-z) = (n + ½)/2^64, n the 63 bits that follow it in w0, w1
//
// all in float64, with no operations but + - * / and sqrt, no product fused.

// weightWords calls f with every element and its words, draws of them.
func weightWords(seed uint64, n, draws int, f func(i int, w [2]uint32)) {
	key := [2]uint32{uint32(seed), uint32(seed >> 32)}
	for i := 0; i < n; i += 4 {
		var block [2][4]uint32
		for d := range draws {
			c3 := rng.CounterC3(rng.PurposeWeights, uint32(d), 0)
			block[d] = rng.Philox4x32(10, [4]uint32{0, 0, uint32(i / 4), c3}, key)
		}
		for k := range min(4, n-i) {
			f(i+k, [2]uint32{block[0][k], block[1][k]})
		}
	}
}

func drawUniform(seed uint64, n int, lo, hi float64) []float64 {
	out := make([]float64, n)
	weightWords(seed, n, 1, func(i int, w [2]uint32) {
		u := (float64(w[0]) + 0.5) / (1 << 32)
		out[i] = lo + float64((hi-lo)*u)
	})
	return out
}

func drawSigns(seed uint64, n int, a float64) []float64 {
	out := make([]float64, n)
	weightWords(seed, n, 1, func(i int, w [2]uint32) {
		out[i] = -a
		if w[0]>>31 == 1 {
			out[i] = a
		}
	})
	return out
}

func drawNormal(seed uint64, n int, mean, sd float64) []float64 {
	out := make([]float64, n)
	weightWords(seed, n, 2, func(i int, w [2]uint32) {
		bits := uint64(w[0]&(1<<31-1))<<32 | uint64(w[1])
		z := sampling.NormalQuantile((float64(bits) + 0.5) / (1 << 64))
		if w[0]>>31 == 0 {
			z = -z
		}
		out[i] = mean + float64(sd*z)
	})
	return out
}
