package pass

import (
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// factors copies rows, weights with what these follow from, and code.
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
	for i := range w.g.Codes {
		from := &w.g.Codes[i]
		c := ir.CodeFactor{Name: from.Name, Directed: from.Directed, Rows: from.Rows, Index: clone(from.Index), Net: from.Net, Energy: clone(from.Energy), Lowest: clone(from.Lowest)}
		for _, s := range from.Slots {
			c.Slots = append(c.Slots, ir.Slot{Kind: kind(s.Kind), States: s.States})
		}
		for _, p := range from.Params {
			c.Params = append(c.Params, sampling.CodeParam{Axes: clone(p.Axes), Shared: p.Shared, Values: clone(p.Values)})
		}
		c.Parts = clone(from.Parts)
		w.p.Codes = append(w.p.Codes, c)
	}
	w.p.Formulas = clone(w.g.Formulas)
}
