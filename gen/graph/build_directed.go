package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/expr"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// directedTerms resolves interactions: terms of the field of their heads alone.
func (b *builder) directedTerms() {
	for i := range b.s.Interactions {
		x := &b.s.Interactions[i]
		t := &term{Factor: x.Factor, directed: true}
		f := &Factor{Name: x.Name.Text, Scale: 1, Pos: x.Pos}
		if f.Name == "" {
			f.Name = fmt.Sprintf("i%d", i)
		}
		if t.Over[0].Alias.Text == "" { // the field may read a tail of the same variable
			t.Over = slices.Clone(t.Over)
			t.Over[0].Alias = spec.Name{Text: "head", Pos: x.Pos}
		}
		if x.Scale.Ok {
			f.Scale = x.Scale.V
		}
		switch {
		case x.ScaleBy.Text != "":
			b.unsupported(x.ScaleBy.Pos, "a scale that is a runtime parameter", "")
			continue
		case slices.ContainsFunc(b.g.Terms, func(t Term) bool { return t.Name == f.Name }), slices.ContainsFunc(b.g.Directed, func(t Term) bool { return t.Name == f.Name }):
			b.fail(x.Pos, diag.Duplicate, "give it another name", "a factor or another interaction is called %s", f.Name)
			continue
		}
		if !b.ends(x, t) || !b.slots(t, f) || !b.rows(t, f) {
			continue
		}
		e := &expression{b: b, t: t, f: f, scope: &expr.Scope{}}
		if tree, ok := e.read(); ok {
			e.direct(tree)
		}
	}
}

// ends finds the nodes of head and tails: their variables for the slots and, where
// no index says which nodes a row has, the rows.
func (b *builder) ends(x *spec.Interaction, t *term) bool {
	var columns [][]int32
	for i, end := range append([]spec.Tail{x.Head}, x.Tails...) {
		r := end.Ref
		if x.Index != nil {
			if r.Op != "" || r.Index != nil {
				b.fail(r.Pos, diag.BadReference, "write the variable alone, or leave index away", "with index the rows say which nodes of a variable are meant, not %s", diag.Quote(r.Text))
				return false
			}
			t.Over[i].Var = r.Name
			continue
		}
		nodes, ok := b.ref(r)
		if !ok {
			return false
		}
		at := b.g.varOf(nodes[0])
		v := &b.g.Vars[at]
		var places []int32
		for _, n := range nodes {
			if b.g.varOf(n) != at {
				b.fail(r.Pos, diag.BadSlots, "write an interaction for each variable", "%s has nodes of several variables", diag.Quote(r.Text))
				return false
			}
			if place := (int(n) - v.First); place%v.Width() == 0 {
				places = append(places, int32(place/v.Width()))
			}
		}
		t.Over[i].Var = spec.Name{Text: v.Name, Pos: r.Pos}
		columns = append(columns, places)
	}
	if x.Index != nil {
		return true
	}
	rows := len(columns[0])
	for k, c := range columns {
		if len(c) != rows && len(c) != 1 {
			b.fail(x.Tails[k-1].Ref.Pos, diag.Length, "row i has node i of the head and of each tail; one node alone is in every row",
				"a tail of %d nodes beside a head of %d", len(c), rows)
			return false
		}
	}
	for r := range rows {
		for _, c := range columns {
			t.rows = append(t.rows, c[min(r, len(c)-1)])
		}
	}
	return true
}

// direct adds the code of an interaction.
func (e *expression) direct(field *expr.Expr) {
	b := e.b
	head := e.f.Slots[0]
	v := &b.g.Vars[head.Var]
	if v.Dim > 0 {
		b.fail(e.t.Over[0].Var.Pos, diag.BadSlots, "", "%s is a variable of vectors; a field is one number, for a scalar", v.Name)
		return
	}
	own := e.slotOf(column{0, 0})
	if head.Kind != Categorical && expr.Holds(field, own) {
		e.fail(expr.Span{From: 0, To: len(e.t.Energy)}, diag.BadExpression, "for its old value name the head among the tails too",
			"the field of %s holds its own new value %s", v.Name, own.String(e.scope))
		return
	}
	field = expr.Scaled(e.f.Scale, field)
	columns := e.columns(func(slot, comp int) bool { return slot == 0 || expr.Holds(field, e.slotOf(column{slot, comp})) })
	if !b.takeCells(e.f.Pos, float64(e.f.Rows)*float64(len(columns))) {
		return
	}
	c := CodeFactor{Name: e.f.Name, Rows: e.f.Rows, Index: e.rowsOf(columns), Params: e.codeParams(), Pos: e.f.Pos, Directed: true,
		Parts: make([]sampling.CodePart, len(columns)), Lowest: make([]float64, len(columns))}
	for _, at := range columns {
		slot := e.f.Slots[at.slot]
		slot.Power = 0
		c.Slots = append(c.Slots, slot)
	}
	over := func(x *expr.Expr) []sampling.CodeOp { return codeOver(x, columns) }
	minus := expr.Scaled(-1, field)
	switch {
	case head.Kind != Continuous:
		c.Parts[0].Field = over(field)
	case v.Sampler == "":
		c.Parts[0].Linear = over(minus)
	default:
		c.Parts[0].Energy, c.Parts[0].Slope = over(expr.Product(minus, own)), over(minus)
	}
	b.g.Directed = append(b.g.Directed, Term{Name: c.Name, First: len(b.g.Codes), Coded: true, Rows: c.Rows, Energy: e.written()})
	b.g.Codes = append(b.g.Codes, c)
}

// interaction writes an interaction as it was written, its parameters as numbers.
func (p *printer) interaction(t *Term) {
	e := t.Energy
	p.line("  - name: %s", t.Name)
	var tails []string
	for k, name := range e.Slots[1:] {
		tails = append(tails, name+": "+p.g.Vars[e.Vars[k+1]].Name)
	}
	p.line("    head: {%s: %s}", e.Slots[0], p.g.Vars[e.Vars[0]].Name)
	p.line("    tails: {%s}", strings.Join(tails, ", "))
	p.b.WriteString("    ")
	p.rowsAndText("field", e)
	if e.Scale != 1 {
		p.line("    scale: %s", number(e.Scale))
	}
}
