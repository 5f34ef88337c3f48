package pass

import "github.com/thrmlgen/thrmlgen/gen/ir"

// bound states the largest error of any conditional probability.
func bound(w *lowering) {
	p := w.p
	p.Format.Bound = ir.ErrorBound(p.Format, p.WorstDegrees(), p.AllBetas())
}
