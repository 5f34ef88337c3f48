package stats

import (
	"math"
	"math/cmplx"
	"testing"
)

// TestOwnFunctions holds what is computed here, to be the same on every machine,
// against the functions of package math.
func TestOwnFunctions(t *testing.T) {
	for x := 2.0; x < 1e15; x = math.Ceil(x * 1.07) {
		if got, want := logTen(x), math.Log10(x); math.Abs(got-want) > 4e-15*want {
			t.Errorf("log10 %v is %v, want %v", x, got, want)
		}
	}
	for size := 2; size <= 1<<14; size *= 2 {
		for k, got := range rootsOfUnity(size) {
			sin, cos := math.Sincos(2 * math.Pi * float64(k) / float64(size))
			if cmplx.Abs(got-complex(cos, -sin)) > 4e-15 {
				t.Errorf("root %d of order %d is %v", k, size, got)
			}
		}
	}
}
