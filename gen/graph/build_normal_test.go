package graph

import (
	"math"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

func TestLogarithm(t *testing.T) {
	// Detects a relative error of 2 units in the last place; math.Log itself is
	// within 1.
	for e := -1000; e <= 1000; e += 7 {
		for _, m := range []float64{0.5, 0.70710678, 0.7071068, 0.9, 0.999999999, 1, 1.0000001, 1.3} {
			x := math.Ldexp(m, e)
			got, want := sampling.Log(x), math.Log(x)
			if math.Abs(got-want) > 4e-16*math.Abs(want) {
				t.Errorf("ln %g = %.17g, want %.17g", x, got, want)
			}
		}
	}
}

// upperTail is P(Z > z) of a standard normal variable.
func upperTail(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }

func TestUpperNormal(t *testing.T) {
	for e := 0; e < 64; e++ {
		for _, m := range []float64{0.5, 0.3, 0.4251, 0.26, 0.0749} {
			p := math.Ldexp(m, -e)
			z := sampling.NormalQuantile(p)
			// A relative error d of z is one of about z·(z+1)·d of the probability.
			back := upperTail(z)
			if err := math.Abs(back/p - 1); err > 1e-15*(2+z*(z+1)) {
				t.Errorf("p = %g: z = %.17g has tail %.17g, off by %.2g", p, z, back, err)
			}
		}
	}
	if z := sampling.NormalQuantile(0.5); z != 0 {
		t.Errorf("median %g, want 0", z)
	}
	// Known quantile 0.975.
	if z := sampling.NormalQuantile(0.025); math.Abs(z-1.959963984540054) > 1e-15 {
		t.Errorf("z(0.025) = %.17g", z)
	}
}

// TestDrawnForEver pins values that models of users depend on.
func TestDrawnForEver(t *testing.T) {
	check := func(what string, got, want []float64) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %#v", what, got)
		}
	}
	check("normal", drawNormal(1, 5, 0, 1), pinnedNormal)
	check("uniform", drawUniform(1<<40+3, 5, -2, 3), pinnedUniform)
	check("signs", drawSigns(7, 6, 0.5), pinnedSigns)
}

// TestDrawPrefix: element i does not depend on how many are drawn.
func TestDrawPrefix(t *testing.T) {
	all := drawNormal(9, 103, 1, 2)
	for n := range all {
		if !slices.Equal(drawNormal(9, n, 1, 2), all[:n]) {
			t.Fatalf("the first %d of 103 differ", n)
		}
	}
}

// ksDistance is the Kolmogorov-Smirnov distance of x from a law.
func ksDistance(x []float64, cdf func(float64) float64) float64 {
	slices.Sort(x)
	n, d := float64(len(x)), 0.0
	for i, v := range x {
		p := cdf(v)
		d = max(d, p-float64(i)/n, float64(i+1)/n-p)
	}
	return d
}

// TestDrawnLaws: with n = 200,000 a distance above 2.7/√n = 0.006 fails, false
// with probability 2·exp(−2·2.7²) = 1e-6 each; an error of the distribution
// function of 0.012 anywhere is found.
func TestDrawnLaws(t *testing.T) {
	const n = 200000
	limit := 2.7 / math.Sqrt(n)
	normal := drawNormal(0xDEADBEEF12345678, n, 3, 2)
	mean, variance, fourth := 0.0, 0.0, 0.0
	for _, x := range normal {
		z := (x - 3) / 2
		mean += z / n
		variance += z * z / n
		fourth += z * z * z * z / n
	}
	// Six standard errors: 1/√n, √2/√n, √96/√n.
	for _, m := range []struct{ got, want, sd float64 }{{mean, 0, 1}, {variance, 1, math.Sqrt2}, {fourth, 3, math.Sqrt(96)}} {
		if math.Abs(m.got-m.want) > 6*m.sd/math.Sqrt(n) {
			t.Errorf("moment %g, want %g", m.got, m.want)
		}
	}
	if d := ksDistance(normal, func(x float64) float64 { return upperTail(-(x - 3) / 2) }); d > limit {
		t.Errorf("normal: distance %g, limit %g", d, limit)
	}
	uniform := drawUniform(5, n, -1, 4)
	if d := ksDistance(uniform, func(x float64) float64 { return (x + 1) / 5 }); d > limit {
		t.Errorf("uniform: distance %g, limit %g", d, limit)
	}
	if uniform[0] < -1 || uniform[n-1] > 4 {
		t.Errorf("uniform: range %g … %g", uniform[0], uniform[n-1])
	}
	plus := 0
	for _, s := range drawSigns(5, n, 1.5) {
		switch s {
		case 1.5:
			plus++
		case -1.5:
		default:
			t.Fatalf("sign %g", s)
		}
	}
	if math.Abs(float64(plus)-n/2) > 5*math.Sqrt(n)/2 { // 5 sd: 6e-7
		t.Errorf("%d of %d signs are +", plus, n)
	}
}

// Words and formulas were computed apart from this package, the normal values
// to one unit in the last place.
var (
	pinnedNormal  = []float64{-1.3306656759899378, 0.05019524201885718, 0.18279721825928322, 0.2962169839120618, 1.2538693132150247}
	pinnedUniform = []float64{-1.0782726445468143, 2.354690036852844, 2.123757568304427, 2.850101112970151, 0.9148967593209818}
	pinnedSigns   = []float64{0.5, 0.5, -0.5, -0.5, -0.5, 0.5}
)
