package conformance

import (
	"fmt"
	"math"
	"testing"
)

// estimate is a mean over independent chains with its standard error. A check
// against a known value fails beyond tolerance standard errors.
type estimate struct {
	mean, stderr float64
	n            int
}

// tolerance is 6 standard errors for a single figure: a right sampler is refused
// twice in 10^9 runs.
const tolerance = 6

// estimateOf takes one value a chain.
func estimateOf(values []float64) estimate {
	n := float64(len(values))
	sum, squares := 0.0, 0.0
	for _, x := range values {
		sum += x
	}
	for _, x := range values {
		squares += (x - sum/n) * (x - sum/n)
	}
	return estimate{sum / n, math.Sqrt(squares / (n - 1) / n), len(values)}
}

// z is the distance from a value in standard errors; a quantity that never moved
// has none, and must be the value to rounding.
func (e estimate) z(want float64) float64 {
	if math.Abs(e.mean-want) < 1e-9 {
		return 0
	}
	return (e.mean - want) / e.stderr
}

// detects is the error that a check at so many standard errors misses once in
// 1/Miss times: 3.1 standard errors beyond its limit.
func (e estimate) detects() float64 { return (tolerance + 3.1) * e.stderr }

// expect fails when the mean is more than tolerance standard errors off.
func (e estimate) expect(t *testing.T, what string, want float64) {
	t.Helper()
	t.Logf("%s: %v, want %.8g: z = %.2f; an error of %.2g would be seen", what, e, want, e.z(want), e.detects())
	if z := e.z(want); !(math.Abs(z) <= tolerance) {
		t.Errorf("%s: %v is %.1f standard errors from %.8g", what, e, z, want)
	}
}

func (e estimate) String() string {
	return fmt.Sprintf("%.8g ± %.2g from %d chains", e.mean, e.stderr, e.n)
}
