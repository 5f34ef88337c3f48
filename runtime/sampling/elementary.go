package sampling

import (
	"math"
	"math/bits"
)

// The elementary functions of energies. Like Exp they are made of + - × ÷ and
// sqrt in a fixed order, so that every machine gives the same bits; their errors
// are below two units in the last place.

// Log is the natural logarithm: with x = m·2^e and √½ <= m < √2,
// e·ln 2 + 2·artanh((m-1)/(m+1)), the series up to the power 23. It is -Inf at 0
// and NaN below.
func Log(x float64) float64 {
	const (
		ln2High = 0x1.62e42feep-1 // 32 bits: e·ln2High is exact
		ln2Low  = 0x1.a39ef35793c76p-33
	)
	switch {
	case x != x || x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	case x > math.MaxFloat64:
		return x
	}
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

// Tanh is the hyperbolic tangent: below 1/2 Lambert's continued fraction
// x/(1 + x²/(3 + x²/(5 + …))), above 1 - 2/(e^2x + 1).
func Tanh(x float64) float64 {
	switch a := math.Abs(x); {
	case x != x:
		return x
	case a > 22:
		return math.Copysign(1, x)
	case a < 0.5:
		z, f := float64(x*x), 19.0
		for k := 17.0; k >= 1; k -= 2 {
			f = k + z/f
		}
		return x / f
	default:
		return math.Copysign(1-2/(Exp(2*a)+1), x)
	}
}

// Sin is the sine of x in radians; NaN at the infinities.
func Sin(x float64) float64 {
	k, r, low := quarterTurns(x)
	switch k & 3 {
	case 0:
		return sinNear(r, low)
	case 1:
		return cosNear(r, low)
	case 2:
		return -sinNear(r, low)
	}
	return -cosNear(r, low)
}

// Cos is the cosine of x in radians; NaN at the infinities.
func Cos(x float64) float64 {
	k, r, low := quarterTurns(x)
	switch k & 3 {
	case 0:
		return cosNear(r, low)
	case 1:
		return -sinNear(r, low)
	case 2:
		return -cosNear(r, low)
	}
	return sinNear(r, low)
}

// sinNear is sin(r + low) for |r| <= π/4, by its Taylor series; the first term
// left out is below 2^-63 of the first.
func sinNear(r, low float64) float64 {
	z := float64(r * r)
	p := 0.0
	for k := 16.0; k >= 2; k -= 2 {
		p = float64(-(1 + p) * z / (k * (k + 1)))
	}
	return r + (float64(r*p) + float64(low*(1-float64(z/2))))
}

// cosNear is cos(r + low) for |r| <= π/4.
func cosNear(r, low float64) float64 {
	z := float64(r * r)
	p := 0.0
	for k := 17.0; k >= 3; k -= 2 {
		p = float64(-(1 + p) * z / (k * (k + 1)))
	}
	// 1 - z/2·(1 + p): the sum keeps what 1 - z/2 rounds away.
	half := float64(z / 2)
	w := 1 - half
	return w + ((1 - w - half) + (-float64(half*p) - float64(low*r)))
}

// quarterTurns writes x as k·π/2 + r + low with |r| <= π/4 (and a rounding
// more), low the part of r below its last bit.
func quarterTurns(x float64) (k int, r, low float64) {
	const (
		twoOverPi = 0x1.45f306dc9c883p-1
		high      = 0x1.921fb544p+0 // π/2 in parts of 33, 33 and 53 bits
		middle    = 0x1.0b4611a6p-34
		rest      = 0x1.3198a2e037073p-69
	)
	switch a := math.Abs(x); {
	case a > math.MaxFloat64 || x != x:
		return 0, math.NaN(), 0
	case a < 1<<19: // n·high and n·middle are exact
		n := math.Floor(float64(x*twoOverPi) + 0.5)
		r, low = subtract(x-float64(n*high), float64(n*middle))
		r, low = subtract(r, float64(n*rest)-low)
		return int(n), r, low
	default:
		return farTurns(x)
	}
}

// subtract is a - b, and what rounding took from it.
func subtract(a, b float64) (difference, low float64) {
	d := a - b
	bb := a - d
	return d, (a - (d + bb)) + (bb - b)
}

// farTurns reduces a large x by the bits of 2/π that matter for it (Payne and
// Hanek 1983, SIGNUM Newsletter 18:19). With x = m·2^e, bits of 2/π above the
// weight 2^(2-e) give whole turns, and of the 192 bits from there more than 64 are left
// behind the quarter turns.
func farTurns(x float64) (k int, r, low float64) {
	frac, exp := math.Frexp(math.Abs(x))
	m, e := uint64(math.Ldexp(frac, 53)), exp-53
	at := func(i int) uint64 { // 64 bits of 2/π from bit 64·i + e - 2 on
		from := 64*i + e - 2
		word, bit := from>>6, uint(from&63)
		return twoOverPiWord(word)<<bit | twoOverPiWord(word+1)>>1>>(63-bit)
	}
	// The product of m and the window, its top words dropped: whole turns.
	h2, p2 := bits.Mul64(at(2), m)
	h1, p1 := bits.Mul64(at(1), m)
	p0 := at(0) * m
	p1, carry := bits.Add64(p1, h2, 0)
	p0, _ = bits.Add64(p0, h1, carry)
	// p0.p1p2 / 2^64 is x·2/π mod 4, over 4: two bits of quarter turns, then
	// the fraction.
	k = int(p0 >> 62)
	f0, f1 := p0<<2|p1>>62, p1<<2|p2>>62
	if f0>>63 == 1 { // the nearer quarter turn is the next
		k++
		f1 = -f1
		f0 = ^f0
		if f1 == 0 {
			f0++
		}
		r, low = fraction(f0, f1)
		r, low = -r, -low
	} else {
		r, low = fraction(f0, f1)
	}
	if x < 0 {
		return -k, -r, -low
	}
	return k, r, low
}

// fraction is π/2·(f0·2^64 + f1)/2^128 as a sum of two numbers.
func fraction(f0, f1 uint64) (r, low float64) {
	const (
		halfPi    = 0x1.921fb54442d18p+0
		halfPiLow = 0x1.1a62633145c07p-54
	)
	shift := uint(bits.LeadingZeros64(f0))
	top := f0<<shift | f1>>1>>(63-shift)
	head := math.Ldexp(float64(top>>11), -53-int(shift))
	tail := math.Ldexp(float64(top<<53>>53)+math.Ldexp(float64(f1<<shift>>32), -32), -64-int(shift))
	// head·halfPi exactly, in two halves of 26 bits.
	a := float64(float64(head*134217729) - (float64(head*134217729) - head))
	b := head - a
	c := 0x1.921fb54p+0
	d := halfPi - c
	r = float64(head * halfPi)
	low = ((float64(a*c) - r) + float64(a*d) + float64(b*c)) + float64(b*d)
	low += float64(head*halfPiLow) + float64(tail*halfPi)
	return r, low
}

func twoOverPiWord(i int) uint64 {
	if i < 0 {
		return 0
	}
	return twoOverPiBits[i]
}

// twoOverPiBits are the binary digits of 2/π behind the point.
var twoOverPiBits = [20]uint64{
	0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
	0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484,
	0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f,
	0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d, 0x7527bac7ebe5f17b,
	0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d,
}
