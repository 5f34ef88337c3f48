package pass

import (
	"fmt"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// sums proves that 32-bit accumulators hold every partial sum of every field,
// whatever the state and the runtime weights in their range, and takes 64-bit
// ones if not. What these do not hold is refused, and so are fields of
// categoricals beyond the tables of exponentials.
func sums(w *lowering) {
	p := w.p
	largest := p.Headroom()
	p.Format.Accum = ir.AccumFor(largest)
	if p.Format.Accum == 0 {
		w.refuseSums("the fields reach", largest)
		return
	}
	if err := p.ReachOfTables(p.AllBetas()); err != nil {
		w.refuseSums("the fields of categoricals differ by up to", 2*p.LargestField(ir.Categorical))
	}
}

// refuseSums refuses a number of units and names the largest fraction with
// which the program would hold.
func (w *lowering) refuseSums(what string, units float64) {
	p := w.p
	problem := w.l.Addf(w.at("fraction"), diag.FormatFit, "with fraction %d %s %s units, which is more than 64-bit sums and tables hold",
		p.Format.Fraction, what, short(units))
	problem.Help = "scale the weights down"
	try := *p // shares the slices, which are only read
	for try.Format.Fraction > ir.MinFraction {
		try.Format.Fraction--
		if ir.AccumFor(try.Headroom()) == 0 || try.ReachOfTables(p.AllBetas()) != nil {
			continue
		}
		b := ir.ErrorBound(try.Format, p.WorstDegrees(), p.AllBetas())
		switch {
		case p.Format.Budget == 0 || b <= p.Format.Budget:
			problem.Help = fmt.Sprintf("use fraction: %d", try.Format.Fraction)
		case b < 1:
			problem.Help = fmt.Sprintf("use fraction: %d with budget: %s, or scale the weights down", try.Format.Fraction, atLeast(b))
		}
		return
	}
}
