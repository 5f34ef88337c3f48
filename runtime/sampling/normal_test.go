package sampling

import (
	"math"
	"testing"
)

func TestNormalTail(t *testing.T) {
	for x := -8.0; x < 37; x += 0.0625 {
		want := math.Erfc(x/math.Sqrt2) / 2
		if got := NormalTail(x); math.Abs(got-want) > 2e-13*want {
			t.Errorf("Q(%v) = %v, want %v", x, got, want)
		}
	}
}

func TestNormalQuantile(t *testing.T) {
	for z := 0.0; z < 37; z += 0.0625 {
		if got := NormalQuantile(NormalTail(z)); math.Abs(got-z) > 1e-12*(1+z) {
			t.Errorf("the quantile of Q(%v) is %v", z, got)
		}
	}
}

// Every normal number of one word, all 2^32: the polynomials are within 2^-20 of the
// quantile and within 2^-21 below 1, no number is 2^-20 above that of a smaller word, signs
// change nothing else, the distribution is within 2^-22 of the normal one, and the moments
// 2, 4 and 6 are those of the normal law to 2·10^-7 of theirs (the rest of them, of words that
// need a second one, is its tail; odd ones are 0). Words with one float32 have one number.
func TestNormalTable(t *testing.T) {
	table := NewNormalTable()
	var worst, centre, apart float64
	var moment [3]float64
	last := float32(math.Inf(1))
	for power := 15; power < 31; power++ {
		unit := uint32(1) << max(0, power-23)
		for n := uint32(1) << power; n>>power == 1; n += unit {
			z := normalOf(table, n)
			if z > last+0x1p-20 || z < 0 || unit > 1 && normalOf(table, n+unit-1) != z || withSign(z, 0) != -z || withSign(z, 1<<31) != z {
				t.Fatalf("word %x: %v after %v", n, z, last)
			}
			last = z
			x := float64(z)
			square := x * x
			moment[0] += square * float64(unit)
			moment[1] += square * square * float64(unit)
			moment[2] += square * square * square * float64(unit)
			if power > 18 && n/unit%16 != 7 { // quantiles of every sixteenth number
				continue
			}
			want := NormalQuantile((float64(n) + float64(unit)/2) / (1 << 32))
			off := math.Abs(x - want)
			worst = max(worst, off)
			if want < 1 {
				centre = max(centre, off)
			}
			apart = max(apart, off*math.Exp(-want*want/2)*0.3989422804014327+float64(unit)/(1<<32))
		}
	}
	q := float64(1<<15) / (1 << 32)
	x := NormalQuantile(q)
	d := normalDensity(x * x)
	tail := [3]float64{x*d + q, (math.Pow(x, 3)+3*x)*d + 3*q, (math.Pow(x, 5)+5*math.Pow(x, 3)+15*x)*d + 15*q}
	for i, want := range []float64{1, 3, 15} {
		got := 2 * (moment[i]/(1<<32) + tail[i])
		if math.Abs(got-want) > 2e-7*want {
			t.Errorf("moment %d is %v", 2*i+2, got)
		}
		t.Logf("moment %d is off by %.2g", 2*i+2, got-want)
	}
	t.Logf("largest error %.3g, below 1 %.3g, of the distribution %.3g", worst, centre, apart)
	if worst > 0x1p-20 || centre > 0x1p-21 || apart > 0x1p-22 {
		t.Errorf("off by %v, below 1 %v, the distribution by %v", worst, centre, apart)
	}
}
