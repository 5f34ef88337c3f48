package graph

import (
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
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
		z := upperNormal((float64(bits) + 0.5) / (1 << 64))
		if w[0]>>31 == 0 {
			z = -z
		}
		out[i] = mean + float64(sd*z)
	})
	return out
}

// upperNormal returns the z ≥ 0 that a standard normal variable exceeds with
// probability p, 0 < p ≤ ½: algorithm AS 241, PPND16 (Wichura 1988, Applied
// Statistics 37:477), relative error about 1e-16.
func upperNormal(p float64) float64 {
	q := 0.5 - p
	if q <= 0.425 {
		r := 0.180625 - float64(q*q)
		return q * ratio(r, &centreTop, &centreBottom)
	}
	r := math.Sqrt(-logarithm(p))
	if r <= 5 {
		return ratio(r-1.6, &middleTop, &middleBottom)
	}
	return ratio(r-5, &tailTop, &tailBottom)
}

// ratio of two polynomials, highest power first.
func ratio(x float64, top, bottom *[8]float64) float64 {
	t, b := top[0], bottom[0]
	for i := 1; i < 8; i++ {
		t = float64(t*x) + top[i]
		b = float64(b*x) + bottom[i]
	}
	return t / b
}

var (
	centreTop = [8]float64{
		2.5090809287301226727e+3, 3.3430575583588128105e+4, 6.7265770927008700853e+4, 4.5921953931549871457e+4,
		1.3731693765509461125e+4, 1.9715909503065514427e+3, 1.3314166789178437745e+2, 3.3871328727963666080e+0,
	}
	centreBottom = [8]float64{
		5.2264952788528545610e+3, 2.8729085735721942674e+4, 3.9307895800092710610e+4, 2.1213794301586595867e+4,
		5.3941960214247511077e+3, 6.8718700749205790830e+2, 4.2313330701600911252e+1, 1,
	}
	middleTop = [8]float64{
		7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e+0,
		3.64784832476320460504e+0, 5.76949722146069140550e+0, 4.63033784615654529590e+0, 1.42343711074968357734e+0,
	}
	middleBottom = [8]float64{
		1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
		6.89767334985100004550e-1, 1.67638483018380384940e+0, 2.05319162663775882187e+0, 1,
	}
	tailTop = [8]float64{
		2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
		2.96560571828504891230e-1, 1.78482653991729133580e+0, 5.46378491116411436990e+0, 6.65790464350110377720e+0,
	}
	tailBottom = [8]float64{
		2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
		1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1,
	}
)

// logarithm is ln x for normal positive x: with x = m·2^e, √½ ≤ m < √2,
// e·ln 2 + 2 artanh((m-1)/(m+1)), the series to the power 23, which leaves
// 5e-19 of its first term.
func logarithm(x float64) float64 {
	const (
		ln2High = 0x1.62e42feep-1 // 32 bits, so that e·ln2High is exact
		ln2Low  = 0x1.a39ef35793c76p-33
	)
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = 2*m, e-1
	}
	s := (m - 1) / (m + 1)
	z := float64(s * s)
	sum := 0.0
	for k := 23; k >= 3; k -= 2 {
		sum = float64((sum + 1/float64(k)) * z)
	}
	head := float64(float64(e) * ln2High)
	tail := float64(float64(e)*ln2Low) + float64(2*s*sum)
	return head + (float64(2*s) + tail)
}
