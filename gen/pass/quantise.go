package pass

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// quantise rounds the weights to multiples of 2^-Fraction, half to even.
func quantise(w *lowering) {
	fraction := w.p.Format.Fraction
	for i := range w.p.Factors {
		f := &w.p.Factors[i]
		if !f.Integer() {
			continue
		}
		f.Ints = make([]int64, len(f.Weights))
		for j, x := range f.Weights {
			q := math.RoundToEven(math.Ldexp(x, fraction))
			if math.Abs(q) > ir.WeightLimit(0) {
				w.refuseSums("weight "+short(x)+" of factor "+f.Name+" is", q)
				return
			}
			f.Ints[j] = int64(q)
		}
	}
}
