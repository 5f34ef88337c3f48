package sampling

import (
	"math"
	"slices"
)

// Rate is a number that may change from sweep to sweep. With t the sweep number
// Value is, computed in float64 from left to right with the functions of this package,
//
//	constant      From
//	linear        From + (To-From)·t/Sweeps before sweep Sweeps, To from then on
//	cosine        To + (From-To)/2·(1 + cos(π·t/Sweeps)) before, To from then on
//	exponential   From·exp(t·log(Factor)), at least Least
//	multi_step    From·Factor·Factor…, once for each entry of At up to t
//
// With Rise = r > 0 the first r sweeps lead up to it: From·(0.01 + 0.99·t/r) for t < r,
// then t counts from sweep r.
type Rate struct {
	Shape         string // one of RateShapes; "" is constant
	From, To      float64
	Sweeps        int
	Factor, Least float64
	At            []int
	Rise          int
}

// RateShapes are the shapes of a Rate.
var RateShapes = []string{"constant", "linear", "cosine", "exponential", "multi_step"}

// Fixed is a rate that does not change.
func Fixed(x float64) Rate { return Rate{From: x} }

// IsFixed reports whether the rate is the same in every sweep.
func (r *Rate) IsFixed() bool { return (r.Shape == "" || r.Shape == "constant") && r.Rise == 0 }

// Value is the rate in a sweep.
func (r *Rate) Value(sweep uint64) float64 {
	t, rise := float64(sweep), float64(r.Rise)
	if t < rise {
		return r.From * (0.01 + float64(float64(0.99*t)/rise))
	}
	t -= rise
	n := float64(r.Sweeps)
	switch r.Shape {
	case "linear":
		if t >= n {
			return r.To
		}
		return r.From + float64(float64((r.To-r.From)*t)/n)
	case "cosine":
		if t >= n {
			return r.To
		}
		return r.To + float64((r.From-r.To)/2*(1+Cos(float64(math.Pi*t)/n)))
	case "exponential":
		return max(r.Least, float64(r.From*Exp(float64(t*Log(r.Factor)))))
	case "multi_step":
		x := r.From
		for _, at := range r.At {
			if float64(at) <= t {
				x = float64(x * r.Factor)
			}
		}
		return x
	}
	return r.From
}

// fits reports whether every value is finite and at least 0, and above 0 at the start.
func (r *Rate) fits(positive bool) bool {
	good := func(x float64) bool { return x >= 0 && x <= math.MaxFloat64 }
	switch r.Shape {
	case "", "constant":
	case "linear", "cosine":
		if r.Sweeps < 1 || !good(r.To) {
			return false
		}
	case "exponential":
		if !(r.Factor > 0 && r.Factor <= 1) || !good(r.Least) {
			return false
		}
	case "multi_step":
		if !(r.Factor > 0 && r.Factor <= 1) || !slices.IsSorted(r.At) || len(r.At) > 0 && r.At[0] < 0 {
			return false
		}
	default:
		return false
	}
	return good(r.From) && (r.From > 0 || !positive) && r.Rise >= 0
}

// Fits reports whether a block of a sampler can move so; n is its number of nodes.
func (j *Joint) Fits(sampler string, n int) bool {
	kind := jointNamed(sampler)
	if kind < 0 || !j.StepSize.fits(true) || !j.NoiseScale.fits(false) || j.Steps < 1 || j.Mass != nil && len(j.Mass) != n {
		return false
	}
	for _, m := range j.Mass {
		if !(m > 0 && m <= math.MaxFloat64) {
			return false
		}
	}
	return j.Friction >= 0 && j.Friction <= math.MaxFloat64 && j.Momentum >= 0 && j.Momentum < 1 && j.Adapt >= 0 && j.Adapt < 1 &&
		(j.Mass == nil || kind == jointHMC || kind == jointUnderdamped) && (j.Adapt == 0 || (kind == jointMALA || kind == jointHMC) && j.StepSize.IsFixed())
}
