package stats

import "math"

// betaQuantile is the x with I_x(a, b) = p, by Newton steps kept inside a
// shrinking bracket. It needs 0 < p < 1 and a, b ≥ 1.
func betaQuantile(p, a, b float64) float64 {
	lo, hi := 0.0, 1.0
	x := a / (a + b)
	for range 200 {
		f := betaCDF(x, a, b) - p
		if f == 0 {
			return x
		}
		if f > 0 {
			hi = x
		} else {
			lo = x
		}
		next := x - f/betaDensity(x, a, b)
		if !(next > lo && next < hi) {
			next = (lo + hi) / 2
		}
		if math.Abs(next-x) <= 1e-15*x {
			return next
		}
		x = next
	}
	return x
}

// betaCDF is the regularised incomplete beta function I_x(a, b), by Lentz's
// evaluation of its continued fraction (Abramowitz and Stegun 26.5.8) on the side
// where that converges fast.
func betaCDF(x, a, b float64) float64 {
	if x*(a+b+2) > a+1 {
		return 1 - betaCDF(1-x, b, a)
	}
	const tiny = 1e-300
	c, d := 1.0, 1/(1-(a+b)*x/(a+1))
	f := d
	for m := 1.0; m < 1e5; m++ {
		before := f
		for _, term := range [2]float64{
			m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m)),
			-(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1)),
		} {
			d = 1 / nonZeroDen(1+term*d, tiny)
			c = nonZeroDen(1+term/c, tiny)
			f *= c * d
		}
		if math.Abs(f-before) <= 1e-16*math.Abs(f) {
			break
		}
	}
	return betaDensity(x, a, b) * x * (1 - x) / a * f
}

// betaDensity is x^(a−1) (1−x)^(b−1) / B(a, b).
func betaDensity(x, a, b float64) float64 {
	ab, _ := math.Lgamma(a + b)
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	return math.Exp(ab - la - lb + (a-1)*math.Log(x) + (b-1)*math.Log1p(-x))
}

// nonZeroDen replaces a zero denominator of a continued fraction.
func nonZeroDen(v, tiny float64) float64 {
	if v == 0 {
		return tiny
	}
	return v
}
