package conformance

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// TestNoncentral: with one degree of freedom the law is that of (Z+√λ)²; and what
// Detectable promises is what happens.
func TestNoncentral(t *testing.T) {
	for _, lambda := range []float64{0, 0.5, 7, 60} {
		for _, x := range []float64{0.1, 3, 50} {
			a, b := math.Sqrt(x), math.Sqrt(lambda)
			want := stats.NormalSF(a-b) + stats.NormalSF(a+b)
			if got := noncentralSF(x, 1, lambda); math.Abs(got-want) > 1e-9 {
				t.Errorf("P(X ≥ %v) at %v is %v, want %v", x, lambda, got, want)
			}
		}
	}
	// A coin off by ε has total variation ε.
	law := []float64{0.5, 0.5}
	off := Fit{N: 100000, Freedom: 1}.Detectable()
	r := rand.New(rand.NewPCG(Seed(t.Name()), 1))
	missed := 0
	for range 2000 {
		// The number of heads is normal to 1 part in 1000.
		heads := int(math.Round(100000*(0.5+off) + math.Sqrt(25000)*r.NormFloat64()))
		if ChiSquare([]int{heads, 100000 - heads}, law).P >= FalseFail {
			missed++
		}
	}
	if missed > 12 { // 2 expected; more than 12 has probability 1e-6
		t.Errorf("a coin off by %v was missed %d times of 2000", off, missed)
	}
}

func TestChiSquarePools(t *testing.T) {
	law := []float64{0.5, 0.01, 0.02, 0.0001, 0.4699, 0}
	f := ChiSquare([]int{500, 9, 22, 0, 469, 0}, law)
	want := 0.0 + 1.0/10 + 4.0/20 + math.Pow(469-470, 2)/470
	if f.Freedom != 3 || math.Abs(f.X2-want) > 1e-9 {
		t.Errorf("%+v, want 3 degrees and %v", f, want)
	}
	if f := ChiSquare([]int{500, 10, 20, 0, 469, 1}, law); f.P != 0 {
		t.Errorf("an impossible state has p = %v", f.P)
	}
	if f := ChiSquare([]int{9, 1}, []float64{1, 1e-9}); f.P != 1 {
		t.Errorf("one cell has p = %v", f.P)
	}
}
