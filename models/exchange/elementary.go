package exchange

import "math"

// Logarithms and exponentials from + − × ÷ alone, with every product rounded, so
// that a file converts to the same weights on every machine. Both are right to a
// few units in the last place.

const (
	ln2High = 0x1.62e42fee00000p-1 // the first 32 bits of ln 2
	ln2Low  = 0x1.a39ef35793c76p-33
)

// logOf is ln x of a positive finite x: x = m·2^e with m near 1, and
// ln m = 2·artanh((m−1)/(m+1)) by its series.
func logOf(x float64) float64 {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = 2*m, e-1
	}
	f := (m - 1) / (m + 1)
	f2 := float64(f * f)
	series := 0.0
	for k := 25; k >= 3; k -= 2 {
		series = float64(f2 * (series + 1/float64(k)))
	}
	// m − 1 is exact; what is left of ln m is small beside it.
	half := float64(f * (m - 1))
	log := (m - 1) - (half - float64(2*float64(f*series)))
	n := float64(e)
	return float64(n*ln2High) + (log + float64(n*ln2Low))
}

// expOf is e^x for |x| ≤ 745: 2^n·e^r with |r| ≤ ln 2 / 2.
func expOf(x float64) float64 {
	n := math.Floor(x/math.Ln2 + 0.5)
	r := (x - float64(n*ln2High)) - float64(n*ln2Low)
	sum := 0.0
	for k := 17; k >= 2; k-- {
		sum = float64(float64((1+sum)*r) / float64(k))
	}
	// sum = r/2·(1 + r/3·(…)) and e^r = 1 + (r + r·sum).
	return math.Ldexp(1+(r+float64(r*sum)), int(n))
}
