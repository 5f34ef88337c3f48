package graph

import (
	"fmt"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/expr"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// energyFactor turns a factor with an energy expression into factors with weights:
// one for each monomial of its spins and continuous slots, W = -coefficient, in
// one table over the categorical slots that the coefficient depends on. They are
// named NAME.m0, NAME.m1, … unless there is just one; a monomial without slots
// becomes one constant.
func (b *builder) energyFactor(t *term, f *Factor) ([]Factor, bool) {
	if !b.slots(t, f) || !b.rows(t, f) || !b.sameNodes(t, f) {
		return nil, false
	}
	if f.Rows == 0 {
		return nil, true
	}
	e := &expression{b: b, t: t, f: f, scope: &expr.Scope{}}
	parts, ok := e.parts()
	if ok {
		t.shown = e.written()
		t.formula = e.made
	}
	return parts, ok
}

// expression is one energy expression on the rows of a factor.
type expression struct {
	b      *builder
	t      *term
	f      *Factor
	scope  *expr.Scope
	params []energyParam
	net    *sampling.Net
	raw    *expr.Expr        // as read, for the places of its parts
	made   *sampling.Formula // of what follows from parameters that are data
}

func (e *expression) parts() ([]Factor, bool) {
	if e.t.MLP != nil {
		return nil, e.network()
	}
	tree, ok := e.read()
	if !ok {
		return nil, false
	}
	monomials, ok := expr.Monomials(tree, e.scope)
	if ok && squares(monomials) {
		if monomials, ok = e.scaled(monomials); !ok {
			return nil, false
		}
		return e.lower(monomials)
	}
	if e.t.ScaleBy.Text != "" {
		scale, ok := e.scaleParam()
		if !ok {
			return nil, false
		}
		tree = expr.Simplify(expr.Product(scale, tree))
	}
	return nil, e.code(tree)
}

// read gives the simplified expression, its parameters read and its domain
// checked.
func (e *expression) read() (*expr.Expr, bool) {
	e.readSlots()
	for _, p := range e.t.Params {
		e.scope.Params = append(e.scope.Params, p.Name.Text)
	}
	if !e.namesDiffer() {
		return nil, false
	}
	tree, shapes, problems := expr.Parse(e.t.Energy, e.scope)
	for _, p := range problems {
		e.fail(p.Span, diag.BadExpression, p.Help, "%s", p.Text)
	}
	if len(problems) > 0 || !e.readParams(shapes) {
		return nil, false
	}
	if !e.defined(tree) {
		return nil, false
	}
	e.raw = tree
	return expr.Simplify(tree), true
}

// readSlots puts the slots into the scope.
func (e *expression) readSlots() {
	for i, s := range e.t.Over {
		name := s.Alias.Text
		if name == "" {
			name = s.Var.Text
		}
		slot := e.f.Slots[i]
		e.scope.Slots = append(e.scope.Slots, expr.SlotType{
			Name: name, Kind: [...]expr.Kind{expr.Spin, expr.Categorical, expr.Continuous}[slot.Kind],
			States: slot.States, Dim: e.b.g.Vars[slot.Var].Dim, Of: s.Var.Text,
		})
	}
}

// observable resolves an observed value.
func (b *builder) observable(o *spec.Observe) (*Observable, bool) {
	t, f := &term{Factor: *o.Value}, Factor{Name: o.Name.Text, Scale: 1, Pos: o.Pos}
	if _, taken := b.vars[f.Name]; taken || slices.Contains([]string{"energy", "best", "final", "moments", "meta"}, f.Name) {
		b.fail(o.Name.Pos, diag.Duplicate, "choose another name", "%s is the name of another array of the result", f.Name)
		return nil, false
	}
	if !b.slots(t, &f) || !b.rows(t, &f) || !b.sameNodes(t, &f) {
		return nil, false
	}
	if o.Kind == "mean" && f.Rows > maxMeans {
		b.limit(o.Pos, "%s has %d rows, at most %d means can be taken", f.Name, f.Rows, maxMeans)
		return nil, false
	}
	e := &expression{b: b, t: t, f: &f, scope: &expr.Scope{}}
	tree, ok := e.read()
	if !ok {
		return nil, false
	}
	out := &Observable{Name: f.Name, Rows: f.Rows, As: *e.written()}
	out.Code.Params = e.codeParams()
	columns := e.columns(func(int, int) bool { return true })
	out.Index = e.rowsOf(columns)
	for _, c := range columns {
		out.Slots = append(out.Slots, f.Slots[c.slot])
	}
	out.Code.Ops = codeOver(tree, columns)
	return out, true
}

// written is the expression as it stands in the model.
func (e *expression) written() *Expression {
	out := &Expression{Text: e.t.Energy, Rows: e.f.Rows, Index: e.f.Index, Scale: e.f.Scale}
	for i, s := range e.scope.Slots {
		out.Slots, out.Vars = append(out.Slots, s.Name), append(out.Vars, e.f.Slots[i].Var)
	}
	out.Network = e.shownNetwork()
	for i, p := range e.params {
		out.Params = append(out.Params, Param{e.scope.Params[i], p.axes, p.shared, p.values})
	}
	return out
}

// column is a node that a row has: that of a slot, or a component of its vector.
type column struct{ slot, comp int }

// columns lists those that a function chooses, in order.
func (e *expression) columns(chosen func(slot, comp int) bool) []column {
	var list []column
	for i, s := range e.scope.Slots {
		for comp := range max(s.Dim, 1) {
			if chosen(i, comp) {
				list = append(list, column{i, comp})
			}
		}
	}
	return list
}

// rowsOf are the nodes of some columns in every row.
func (e *expression) rowsOf(columns []column) []int32 {
	index := make([]int32, 0, e.f.Rows*len(columns))
	for r := range e.f.Rows {
		for _, c := range columns {
			index = append(index, e.f.Index[r*len(e.f.Slots)+c.slot]+int32(c.comp))
		}
	}
	return index
}

// fail reports a problem at a part of the expression, or names the part where its
// place in the file is not known.
func (e *expression) fail(at expr.Span, code, help, format string, args ...any) {
	e.b.add(e.problem(at, code, help, format, args...))
}

// problem is what fail reports.
func (e *expression) problem(at expr.Span, code, help, format string, args ...any) diag.Problem {
	p := diag.Problem{Pos: e.t.EnergyPos, Width: max(0, at.To-at.From), Code: code, Text: fmt.Sprintf(format, args...), Help: help}
	if e.t.EnergyAt != nil {
		p.Pos = e.t.EnergyAt(at.From)
	}
	if at.From > 0 && p.Pos == e.t.EnergyPos {
		p.Width = 0
		p.Text = fmt.Sprintf("at %s: %s", diag.Quote(e.t.Energy[min(at.From, len(e.t.Energy)):min(at.To, len(e.t.Energy))]), p.Text)
	}
	return p
}

// namesDiffer reports names that stand for two things.
func (e *expression) namesDiffer() bool {
	ok, seen := true, map[string]bool{}
	for i, s := range e.scope.Slots {
		if expr.IsFunction(s.Name) {
			e.b.fail(e.t.Over[i].Alias.Pos, diag.Duplicate, "choose another name", "%s is a function of expressions", s.Name)
			ok = false
		}
		if seen[s.Name] {
			name := e.t.Over[i].Alias
			if name.Text == "" {
				name = e.t.Over[i].Var
			}
			e.b.fail(name.Pos, diag.Duplicate, "name the slots: over: {u: x, v: x}", "two slots of factor %s are called %s", e.f.Name, s.Name)
			ok = false
		}
		seen[s.Name] = true
	}
	for _, p := range e.t.Params {
		if expr.IsFunction(p.Name.Text) {
			e.b.fail(p.Name.Pos, diag.Duplicate, "choose another name", "%s is a function of expressions", p.Name.Text)
			ok = false
		}
		if seen[p.Name.Text] {
			e.b.fail(p.Name.Pos, diag.Duplicate, "", "%s is a slot or another parameter of factor %s already", p.Name.Text, e.f.Name)
			ok = false
		}
		seen[p.Name.Text] = true
	}
	return ok
}

// squares is false for powers of a continuous slot above 2.
func squares(monomials []expr.Monomial) bool {
	return !slices.ContainsFunc(monomials, func(m expr.Monomial) bool {
		return slices.ContainsFunc(m.Powers, func(p expr.Power) bool { return p.Exp > 2 })
	})
}

// lower makes a factor of each monomial. Those whose coefficient depends on parameters
// that are data are parts of a formula.
func (e *expression) lower(monomials []expr.Monomial) ([]Factor, bool) {
	var parts []Factor
	var live []formulaPart
	var constant *Factor // comes last
	var constantCoef *expr.Expr
	for i := range monomials {
		m := &monomials[i]
		part, columns := e.partOf(m)
		part.Runtime = e.live(m.Coef)
		if len(columns) == 0 {
			sum, ok := e.constant(m)
			if !ok {
				return nil, false
			}
			if part.Rows, part.Weights = 1, []float64{sum}; part.Runtime || sum != 0 {
				constant, constantCoef = &part, m.Coef
			}
			continue
		}
		if part.Runtime {
			live = append(live, formulaPart{len(parts), m.Coef, columns})
		}
		if !e.b.takeCells(e.f.Pos, float64(e.f.Rows)*float64(len(columns))) {
			return nil, false
		}
		part.Index = e.rowsOf(columns)
		if !e.weights(m, &part, columns) {
			return nil, false
		}
		if part.Runtime || slices.ContainsFunc(part.Weights, func(w float64) bool { return w != 0 }) {
			parts = append(parts, part)
		}
	}
	if constant != nil {
		if constant.Runtime && len(live) > 0 {
			live = append(live, formulaPart{len(parts), constantCoef, nil})
		} else {
			constant.Runtime = false
		}
		parts = append(parts, *constant)
	}
	for i := range parts {
		parts[i].Name = e.f.Name
		if len(parts) > 1 {
			parts[i].Name = fmt.Sprintf("%s.m%d", e.f.Name, i)
		}
		if !e.b.finish(&parts[i], func(int) diag.Pos { return e.t.EnergyPos }) {
			return nil, false
		}
	}
	if len(live) > 0 {
		e.made = e.formula(live)
	}
	return parts, true
}

// constant is the weight of a monomial without slots, over all rows.
func (e *expression) constant(m *expr.Monomial) (sum float64, ok bool) {
	for r := range e.f.Rows {
		if sum += e.weight(m, r, nil); !finite(sum) {
			return 0, e.beyond(r)
		}
	}
	return sum, true
}

// partOf is the factor of a monomial without its rows, and its columns.
func (e *expression) partOf(m *expr.Monomial) (Factor, []column) {
	part := Factor{Rows: e.f.Rows, Scale: 1, Pos: e.f.Pos, WeightsPos: e.t.EnergyPos}
	power := func(slot, comp int) int {
		if e.scope.Slots[slot].Dim == 0 {
			comp = expr.Scalar
		}
		return m.Degree(slot, comp)
	}
	columns := e.columns(func(slot, comp int) bool {
		if e.scope.Slots[slot].Kind == expr.Categorical {
			return readsIndex(m.Coef, slot)
		}
		return power(slot, comp) > 0
	})
	for _, c := range columns {
		s := e.f.Slots[c.slot]
		switch s.Kind {
		case Categorical:
			part.Table = append(part.Table, s.States)
		case Continuous:
			s.Power = power(c.slot, c.comp)
		}
		part.Slots = append(part.Slots, s)
	}
	return part, columns
}

func readsIndex(e *expr.Expr, slot int) bool {
	found := false
	e.Visit(func(x *expr.Expr) { found = found || x.Op == expr.Index && x.N == slot })
	return found
}

// weights fills the table of a part, once if no parameter in it differs from row
// to row.
func (e *expression) weights(m *expr.Monomial, part *Factor, columns []column) bool {
	part.Shared = true
	m.Coef.Visit(func(x *expr.Expr) {
		if x.Op == expr.Param && !e.params[x.N].shared {
			part.Shared = false
		}
	})
	rows := part.Rows
	if part.Shared {
		rows = 1
	}
	size := part.TableSize()
	if !e.b.takeWeights(e.t.EnergyPos, float64(rows)*float64(size)) {
		return false
	}
	states := make([]int, len(e.f.Slots))
	for r := range rows {
		for k := range size {
			for i, at := len(columns)-1, k; i >= 0; i-- {
				if s := part.Slots[i]; s.Kind == Categorical {
					states[columns[i].slot] = at % s.States
					at /= s.States
				}
			}
			w := e.weight(m, r, states)
			if !finite(w) {
				return e.beyond(r)
			}
			part.Weights = append(part.Weights, w)
		}
	}
	return true
}

// beyond reports a coefficient that overflows.
func (e *expression) beyond(row int) bool {
	_, text := e.t.rowPlace(row)
	e.fail(expr.Span{From: 0, To: len(e.t.Energy)}, diag.NotFinite, "the largest float64 is about 1.8e308; scale the energy down and beta up",
		"a coefficient of this energy is beyond any float64, in %s", text)
	return false
}

// weight is -scale·coefficient for one row and the states of its categoricals.
func (e *expression) weight(m *expr.Monomial, row int, states []int) float64 {
	return -float64(e.f.Scale * expr.Eval(m.Coef, energyValues{e, row, states}))
}

// energyValues are what a coefficient reads.
type energyValues struct {
	e      *expression
	row    int
	states []int
}

func (v energyValues) Slot(int, int) float64 { panic("a coefficient holds no slot") }

func (v energyValues) Index(n int) int { return v.states[n] }

func (v energyValues) Param(n int, indices []int, comp int) float64 {
	p := &v.e.params[n]
	at := 0
	if !p.shared {
		at = v.row
	}
	if comp != expr.Scalar {
		indices = append(slices.Clone(indices), comp)
	}
	for i, k := range indices {
		at = at*p.axes[i] + k
	}
	return p.values[at]
}
