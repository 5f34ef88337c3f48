package pass

import "github.com/thrmlgen/thrmlgen/gen/ir"

// factors copies rows and weights.
func factors(w *lowering) {
	for i := range w.g.Factors {
		from := &w.g.Factors[i]
		f := ir.Factor{
			Name: from.Name, Rows: from.Rows, Index: clone(from.Index), Table: clone(from.Table),
			Shared: from.Shared, Runtime: from.Runtime, Weights: clone(from.Weights),
		}
		for _, s := range from.Slots {
			f.Slots = append(f.Slots, ir.Slot{Kind: kind(s.Kind), States: s.States, Power: s.Power})
		}
		w.p.Factors = append(w.p.Factors, f)
	}
}
