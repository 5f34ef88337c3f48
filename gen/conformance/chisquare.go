package conformance

import (
	"fmt"
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// A test fails below FalseFail; Detectable is stated for a test that passes what
// it should refuse once in 1/Miss times.
const (
	FalseFail = 1e-6
	Miss      = 1e-3
)

// minExpected is the smallest expectation of a cell; smaller ones are pooled.
const minExpected = 10

// Fit is Pearson's test of counts against a law.
type Fit struct {
	N       int // counts in all
	X2      float64
	Freedom int
	P       float64
}

// ChiSquare compares counts with the probabilities of a law. Cells that expect
// fewer than 10 are pooled in the order of the law, so that pooling does not
// depend on the counts. A law of a single cell after pooling says nothing and has
// P = 1, unless a state was seen that has no probability.
func ChiSquare(counts []int, law []float64) Fit {
	f := Fit{}
	for _, c := range counts {
		f.N += c
	}
	n := float64(f.N)
	var expected, seen []float64
	poolExpected, poolSeen := 0.0, 0.0
	for i, p := range law {
		e, o := p*n, float64(counts[i])
		switch {
		case p == 0 && counts[i] > 0:
			return Fit{N: f.N, X2: math.Inf(1), Freedom: 1}
		case e >= minExpected:
			expected, seen = append(expected, e), append(seen, o)
		default:
			if poolExpected, poolSeen = poolExpected+e, poolSeen+o; poolExpected >= minExpected {
				expected, seen = append(expected, poolExpected), append(seen, poolSeen)
				poolExpected, poolSeen = 0, 0
			}
		}
	}
	if len(expected) > 0 { // what is left over goes to the last cell
		expected[len(expected)-1] += poolExpected
		seen[len(expected)-1] += poolSeen
	}
	for i, e := range expected {
		f.X2 += (seen[i] - e) * (seen[i] - e) / e
	}
	if f.Freedom = len(expected) - 1; f.Freedom < 1 {
		return Fit{N: f.N, P: 1}
	}
	f.P = stats.ChiSquareSF(f.X2, float64(f.Freedom))
	return f
}

// Detectable is the total variation that the test refuses, whatever its shape
// over the cells, but for one time in 1/Miss: with chi distance d² = Σ (q-p)²/p,
// the statistic of N draws from q is (nearly) noncentral chi-square with N·d², and
// the total variation is at most d/2.
func (f Fit) Detectable() float64 {
	if f.Freedom < 1 {
		return 1
	}
	return math.Sqrt(noncentrality(float64(f.Freedom), FalseFail, Miss)/float64(f.N)) / 2
}

func (f Fit) String() string {
	return fmt.Sprintf("chi-square %.1f with %d degrees, p = %.3g; %d chains see a total variation of %.2g",
		f.X2, f.Freedom, f.P, f.N, f.Detectable())
}

// ChiDistance is Σ (q-p)²/p.
func ChiDistance(q, p []float64) float64 {
	sum := 0.0
	for i := range p {
		if d := q[i] - p[i]; d != 0 {
			sum += d * d / p[i]
		}
	}
	return sum
}

// noncentrality is what makes a chi-square test at level alpha miss with
// probability miss.
func noncentrality(freedom, alpha, miss float64) float64 {
	critical := bisect(func(x float64) bool { return stats.ChiSquareSF(x, freedom) > alpha })
	return bisect(func(l float64) bool { return noncentralSF(critical, freedom, l) < 1-miss })
}

// noncentralSF is P(X ≥ x) of a noncentral chi-square: a Poisson mixture of
// central ones.
func noncentralSF(x, freedom, lambda float64) float64 {
	half := lambda / 2
	reach := 10*math.Sqrt(half) + 20
	sum := 0.0
	for j := math.Max(0, math.Floor(half-reach)); j <= half+reach; j++ {
		lg, _ := math.Lgamma(j + 1)
		weight := math.Exp(j*math.Log(half) - half - lg)
		if half == 0 {
			weight = 0
			if j == 0 {
				weight = 1
			}
		}
		sum += weight * stats.ChiSquareSF(x, freedom+2*j)
	}
	return sum
}

// bisect is the x ≥ 0 where below turns false.
func bisect(below func(x float64) bool) float64 {
	high := 1.0
	for below(high) {
		high *= 2
	}
	low := 0.0
	for range 40 {
		if mid := (low + high) / 2; below(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}
