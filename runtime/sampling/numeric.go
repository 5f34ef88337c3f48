package sampling

import "math"

// Exp is e^x in float64, made of + - × ÷ in a fixed order so that every machine
// gives the same bits; its error is below one unit in the last place for
// -745 < x < 709. Below it is 0, above +Inf.
func Exp(x float64) float64 {
	const (
		invLn2 = 1.44269504088896338700e+00
		ln2Hi  = 6.93147180369123816490e-01 // 32 bits: k·ln2Hi is exact
		ln2Lo  = 1.90821492927058770002e-10
	)
	switch {
	case x != x:
		return x
	case x < -745.2:
		return 0
	case x > 709.8:
		return math.Inf(1)
	}
	k := math.Floor(float64(x*invLn2) + 0.5)
	r := x - float64(k*ln2Hi)
	r = r - float64(k*ln2Lo)
	// Taylor series of e^r - 1 - r for |r| <= ln2/2: the first term left out is
	// below 2^-66.
	p := 1.0 / 1307674368000
	for _, c := range expCoefficients {
		p = float64(p*r) + c
	}
	s := 1 + (r + float64(float64(r*r)*p))
	if -1000 < k && k < 1000 { // no subnormals: the product is exact
		return s * math.Float64frombits(uint64(1023+int64(k))<<52)
	}
	return math.Ldexp(s, int(k))
}

// expCoefficients are 1/14!, 1/13!, …, 1/2!.
var expCoefficients = [13]float64{
	1.0 / 87178291200, 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800,
	1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
	1.0 / 120, 1.0 / 24, 1.0 / 6, 1.0 / 2,
}

// Sigma is the logistic function 1/(1+e^-x), the same bits on every machine.
func Sigma(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + Exp(-x))
	}
	e := Exp(x)
	return e / (1 + e)
}

// RareProbability is floor(σ(-x)·2^32 + 1/2) for x >= 0: the exact 32-bit
// probability of the less likely value of a spin.
func RareProbability(x float64) uint32 {
	return uint32(math.Floor(float64(Sigma(-x)*(1<<32)) + 0.5))
}
