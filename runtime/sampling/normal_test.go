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

// The table of normal numbers is within 2^-27 of the quantile everywhere it is
// used.
func TestNormalTable(t *testing.T) {
	table := newNormalTable()
	worst := 0.0
	for n := uint32(1 << 19); n < 1<<31-9999; n += 1 + n>>13 {
		worst = max(worst, math.Abs(table.at(n)-NormalQuantile((float64(n)+0.5)/(1<<32))))
	}
	if worst > 0x1p-27 {
		t.Errorf("the table is off by %v", worst)
	}
	t.Logf("largest error %.3g", worst)
}
