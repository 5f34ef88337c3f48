package sampling

import (
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// NormalQuantile returns the z >= 0 that a standard normal variable exceeds with
// probability p, 0 < p <= 1/2: algorithm AS 241, PPND16 (Wichura 1988, Applied
// Statistics 37:477), relative error about 1e-16, the same bits on every machine.
func NormalQuantile(p float64) float64 {
	q := 0.5 - p
	if q <= 0.425 {
		r := 0.180625 - float64(q*q)
		return float64(q * normalRatio(r, &quantileCentreTop, &quantileCentreBottom))
	}
	r := math.Sqrt(-Log(p))
	if r <= 5 {
		return normalRatio(r-1.6, &quantileMiddleTop, &quantileMiddleBottom)
	}
	return normalRatio(r-5, &quantileTailTop, &quantileTailBottom)
}

// NormalTail is the probability that a standard normal variable exceeds t, with a
// relative error below 2e-13 up to t = 38, beyond which it is no normal number:
// below 3 by the series of erf that has no differences (Abramowitz and Stegun
// 7.1.6), above by Laplace's continued fraction (26.2.14).
func NormalTail(t float64) float64 {
	switch {
	case t < 0:
		return 1 - NormalTail(-t)
	case t < 3:
		z := float64(t * t)
		sum, term := t, t
		for k := 3.0; term > float64(sum*0x1p-54); k += 2 {
			term = float64(term * z / k)
			sum += term
		}
		return 0.5 - float64(normalDensity(z)*sum)
	}
	f := t
	for k := 16 + math.Floor(400/float64(t*t)); k >= 1; k-- {
		f = t + k/f
	}
	return normalDensity(float64(t*t)) / f
}

// normalPlaces are the points, in units of 1/1024 below the end of a piece, through
// which its polynomial goes: Chebyshev's.
var normalPlaces = [...]float64{9, 75, 190, 322, 437, 503}

// NewNormalTable makes the polynomials of the specification, two to each power of two from
// 2^15 to 2^30. With f the float32 of n, cut to its 24 bits, they are for z of the middle of
// the numbers that are cut to f, and stand where the exponent and the first bit behind the
// point of f, mod 32, say. They are within 2^-22 of it, and with float32 within 2^-20 (TestNormalTable).
func NewNormalTable() *vector.NormalTable {
	t := &vector.NormalTable{}
	for piece := range vector.NormalPieces {
		power := 15 + piece/2
		end := [2]float64{1.5, 2}[piece%2]
		half := math.Ldexp(1, max(power, 23)-24)
		var x, d [6]float64 // places, then divided differences
		for j, place := range normalPlaces {
			x[j] = float64(-place / 1024)
			d[j] = NormalQuantile((math.Ldexp(end+x[j], power) + half) / (1 << 32))
		}
		for k := 1; k < len(x); k++ {
			for j := len(x) - 1; j >= k; j-- {
				d[j] = (d[j] - d[j-1]) / (x[j] - x[j-k])
			}
		}
		var c [6]float64
		for j := len(x) - 1; j >= 0; j-- { // multiplied out
			for l := len(c) - 1; l > 0; l-- {
				c[l] = c[l-1] - float64(x[j]*c[l])
			}
			c[0] = d[j] - float64(x[j]*c[0])
		}
		at := (2*(127+power) + piece%2) % vector.NormalPieces
		for l, v := range c {
			t.Columns[l][at], t.Rows[at][l] = float32(v), float32(v)
		}
	}
	return t
}

// normalOf is the polynomial for n from vector.NormalRare up.
func normalOf(t *vector.NormalTable, n uint32) float32 {
	u := math.Float32bits(float32(n &^ (n >> 24))) // without the highest bit too many it is cut, not rounded
	c := &t.Rows[u>>22%vector.NormalPieces]
	x := math.Float32frombits(u&(1<<22-1)|127<<23) - 1.5
	z := float32(c[5]*x) + c[4]
	z = float32(z*x) + c[3]
	z = float32(z*x) + c[2]
	z = float32(z*x) + c[1]
	return float32(z*x) + c[0]
}

// fillNormals gives numbers for first words. Those of a word in rare need a second one.
func fillNormals(k vector.Kernel, t *vector.NormalTable, words *[64]uint32, z *[64]float32) (rare uint64) {
	switch k {
	case vector.AVX512:
		return vector.Normals512(t, words, z)
	case vector.AVX2:
		return vector.Normals256(t, words, z)
	}
	for c, w := range words {
		n := w & (1<<31 - 1)
		z[c] = withSign(normalOf(t, n), w)
		rare |= (uint64(n) - vector.NormalRare) >> 63 << c
	}
	return rare
}

// withSign is z with a minus where the top bit of its word is 0.
func withSign(z float32, w uint32) float32 {
	return math.Float32frombits(math.Float32bits(z) ^ ^w>>31<<31)
}

// normalDensity at t, z = t².
func normalDensity(z float64) float64 {
	const inverseRootTwoPi = 0.3989422804014326779399460599343818684758586311649
	return float64(Exp(-z/2) * inverseRootTwoPi)
}

// normalRatio of two polynomials, highest power first.
func normalRatio(x float64, top, bottom *[8]float64) float64 {
	t, b := top[0], bottom[0]
	for i := 1; i < 8; i++ {
		t = float64(t*x) + top[i]
		b = float64(b*x) + bottom[i]
	}
	return t / b
}

var (
	quantileCentreTop = [8]float64{
		2.5090809287301226727e+3, 3.3430575583588128105e+4, 6.7265770927008700853e+4, 4.5921953931549871457e+4,
		1.3731693765509461125e+4, 1.9715909503065514427e+3, 1.3314166789178437745e+2, 3.3871328727963666080e+0,
	}
	quantileCentreBottom = [8]float64{
		5.2264952788528545610e+3, 2.8729085735721942674e+4, 3.9307895800092710610e+4, 2.1213794301586595867e+4,
		5.3941960214247511077e+3, 6.8718700749205790830e+2, 4.2313330701600911252e+1, 1,
	}
	quantileMiddleTop = [8]float64{
		7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e+0,
		3.64784832476320460504e+0, 5.76949722146069140550e+0, 4.63033784615654529590e+0, 1.42343711074968357734e+0,
	}
	quantileMiddleBottom = [8]float64{
		1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
		6.89767334985100004550e-1, 1.67638483018380384940e+0, 2.05319162663775882187e+0, 1,
	}
	quantileTailTop = [8]float64{
		2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
		2.96560571828504891230e-1, 1.78482653991729133580e+0, 5.46378491116411436990e+0, 6.65790464350110377720e+0,
	}
	quantileTailBottom = [8]float64{
		2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
		1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1,
	}
)
