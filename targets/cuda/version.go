package cuda

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/device"
)

// Versioned is a version of a program, for kernels: states are given to these unless the
// version is the program's own, so that starts are without meaning.
func Versioned(p *ir.Program, v *device.Version) *ir.Program {
	q := *p
	q.Sample.Chains, q.Sample.Seed = v.Chains, v.Seed
	if v.Own {
		return &q
	}
	q.Beta, q.Betas = min(v.LeastBeta, leastBeta(p)), nil // tables that serve the program's own, too
	q.Factors = slices.Clone(p.Factors)
	for i, w := range v.Weights {
		if f := &q.Factors[i]; len(w) > 0 && f.Runtime {
			f.Weights = w
			if f.Ints != nil {
				f.Ints = rounded(w, p.Format.Fraction)
			}
		}
	}
	q.Init = make([]ir.Init, len(p.Vars)) // the same number of words for all chains
	for i := range q.Init {
		q.Init[i].Kind = ir.InitZeros
	}
	q.Clamps = nil
	if len(v.Clamped) > 0 {
		c := ir.Clamp{Nodes: v.Clamped}
		for _, n := range v.Clamped {
			value := int32(0)
			if kindOf(p, int(n)) == ir.Spin {
				value = 1
			}
			c.Values = append(c.Values, value)
		}
		q.Clamps = []ir.Clamp{c}
	}
	q.Format.Bound = ir.ErrorBound(q.Format, q.WorstDegrees(), q.AllBetas())
	return &q
}

// rounded are weights in units of 2^-fraction.
func rounded(w []float64, fraction int) []int64 {
	list := make([]int64, len(w))
	for i, x := range w {
		list[i] = int64(math.RoundToEven(math.Ldexp(x, fraction)))
	}
	return list
}

func kindOf(p *ir.Program, node int) ir.Kind {
	i := slices.IndexFunc(p.Vars, func(v ir.Var) bool { return node < v.First+v.Count })
	return p.Vars[i].Kind
}
