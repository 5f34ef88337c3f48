package graph

import (
	"fmt"
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/expr"
)

// energyFactor turns a factor with an energy expression into factors with weights:
// one for each monomial of its spins and continuous slots, W = -coefficient, in
// one table over the categorical slots that the coefficient depends on. They are
// named NAME.m0, NAME.m1, … unless there is just one; a monomial without slots
// becomes one constant.
func (b *builder) energyFactor(t *term, f *Factor) ([]Factor, bool) {
	if f.Runtime {
		b.unsupported(t.EnergyPos, "an energy expression with parameters at run time", "write `runtime: false` for this factor, or give it weights")
		return nil, false
	}
	if !b.slots(t, f) || !b.rows(t, f) || !b.sameNodes(t, f) {
		return nil, false
	}
	if f.Rows == 0 {
		return nil, true
	}
	e := &expression{b: b, t: t, f: f, scope: &expr.Scope{}}
	return e.parts()
}

// expression is one energy expression on the rows of a factor.
type expression struct {
	b      *builder
	t      *term
	f      *Factor
	scope  *expr.Scope
	params []energyParam
}

// energyParam is a parameter's table, or one for each row.
type energyParam struct {
	axes   []int
	shared bool
	values []float64
}

func (e *expression) parts() ([]Factor, bool) {
	for i, s := range e.t.Over {
		name := s.Alias.Text
		if name == "" {
			name = s.Var.Text
		}
		slot := e.f.Slots[i]
		e.scope.Slots = append(e.scope.Slots, expr.SlotType{Name: name, Kind: [...]expr.Kind{expr.Spin, expr.Categorical, expr.Continuous}[slot.Kind], States: slot.States})
	}
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
	_, problems = expr.Domain(tree, e.scope, e)
	for _, p := range problems {
		e.fail(p.Span, diag.OutOfDomain, "", "%s", p.Text)
	}
	if len(problems) > 0 {
		return nil, false
	}
	monomials, ok := expr.Monomials(expr.Simplify(tree), e.scope)
	if !ok || !e.quadratic(monomials) {
		if !ok {
			e.fail(expr.Span{From: 0, To: len(e.t.Energy)}, diag.NotQuadratic, "continuous slots may stand in sums and products, and squared; samplers for other energies are not supported yet",
				"the energy is no polynomial of its continuous slots, so that their conditionals are no Gaussians")
		}
		return nil, false
	}
	return e.lower(monomials)
}

// fail reports a problem at a part of the expression.
func (e *expression) fail(at expr.Span, code, help, format string, args ...any) {
	pos := e.t.EnergyPos
	pos.Col += at.From
	e.b.add(diag.Problem{Pos: pos, Width: max(0, at.To-at.From), Code: code, Text: fmt.Sprintf(format, args...), Help: help})
}

// namesDiffer reports names that stand for two things.
func (e *expression) namesDiffer() bool {
	ok, seen := true, map[string]bool{}
	for i, s := range e.scope.Slots {
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
		if seen[p.Name.Text] {
			e.b.fail(p.Name.Pos, diag.Duplicate, "", "%s is a slot or another parameter of factor %s already", p.Name.Text, e.f.Name)
			ok = false
		}
		seen[p.Name.Text] = true
	}
	return ok
}

// readParams reads the tables of the parameters.
func (e *expression) readParams(shapes []expr.Shape) bool {
	ok := true
	for i := range e.t.Params {
		p := &e.t.Params[i]
		if !shapes[i].Used {
			e.b.fail(p.Name.Pos, diag.UnknownName, "take it out of params, or use it in energy", "parameter %s is not in the energy of factor %s", p.Name.Text, e.f.Name)
			ok = false
			continue
		}
		axes := shapes[i].Axes
		if shapes[i].Dim > 0 {
			axes = append(slices.Clone(axes), shapes[i].Dim)
		}
		like := Factor{Name: e.f.Name + "." + p.Name.Text, Rows: e.f.Rows}
		values, place, read := e.b.weightsOf(&p.Weights, &like, axes)
		if !read {
			ok = false
			continue
		}
		bad := few{b: e.b, code: diag.NotFinite}
		for k, v := range values {
			if !finite(v) {
				bad.add(place(k), "value %d of parameter %s is %v", k, p.Name.Text, v)
			}
		}
		bad.done("values")
		ok = ok && bad.count == 0
		e.params = append(e.params, energyParam{axes, like.Shared, values})
	}
	return ok
}

// Slot and Param bound what an expression is made of, see expr.Domain.
func (e *expression) Slot(n, _ int) expr.Range {
	v := &e.b.g.Vars[e.f.Slots[n].Var]
	switch {
	case v.Kind == Spin:
		return expr.Range{Lo: -1, Hi: 1}
	case v.Range != nil:
		return expr.Range{Lo: v.Range[0], Hi: v.Range[1]}
	}
	return expr.Range{Lo: math.Inf(-1), Hi: math.Inf(1)}
}

func (e *expression) Param(n int) expr.Range {
	return expr.Range{Lo: slices.Min(e.params[n].values), Hi: slices.Max(e.params[n].values)}
}

// quadratic refuses powers of a continuous slot above 2.
func (e *expression) quadratic(monomials []expr.Monomial) bool {
	for _, m := range monomials {
		for _, p := range m.Powers {
			if p.Exp > 2 {
				e.fail(expr.Span{From: 0, To: len(e.t.Energy)}, diag.NotQuadratic, "samplers for such energies are not supported yet",
					"the energy holds %s to the power %d, so that its conditional is no Gaussian", e.scope.Slots[p.Slot].Name, p.Exp)
				return false
			}
		}
	}
	return true
}

// lower makes a factor of each monomial.
func (e *expression) lower(monomials []expr.Monomial) ([]Factor, bool) {
	var parts []Factor
	constant := 0.0
	for i := range monomials {
		m := &monomials[i]
		part, slots := e.partOf(m)
		if len(slots) == 0 {
			for r := range e.f.Rows {
				constant += e.weight(m, r, nil)
			}
			continue
		}
		for r := range e.f.Rows {
			for _, s := range slots {
				part.Index = append(part.Index, e.f.Index[r*len(e.f.Slots)+s])
			}
		}
		if !e.b.takeCells(e.f.Pos, float64(len(part.Index))) || !e.weights(m, &part, slots) {
			return nil, false
		}
		if slices.ContainsFunc(part.Weights, func(w float64) bool { return w != 0 }) {
			parts = append(parts, part)
		}
	}
	if constant != 0 {
		parts = append(parts, Factor{Rows: 1, Weights: []float64{constant}, Scale: 1, Pos: e.f.Pos, WeightsPos: e.t.EnergyPos})
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
	return parts, true
}

// partOf is the factor of a monomial without its rows, and the slots of the
// expression that it has.
func (e *expression) partOf(m *expr.Monomial) (Factor, []int) {
	part := Factor{Rows: e.f.Rows, Scale: 1, Pos: e.f.Pos, WeightsPos: e.t.EnergyPos}
	var slots []int
	for i, s := range e.f.Slots {
		switch power := m.Degree(i, expr.Scalar); {
		case s.Kind == Categorical && readsIndex(m.Coef, i):
			part.Table = append(part.Table, s.States)
		case s.Kind != Categorical && power > 0:
			if s.Kind == Continuous {
				s.Power = power
			}
		default:
			continue
		}
		part.Slots = append(part.Slots, s)
		slots = append(slots, i)
	}
	return part, slots
}

func readsIndex(e *expr.Expr, slot int) bool {
	found := false
	e.Visit(func(x *expr.Expr) { found = found || x.Op == expr.Index && x.N == slot })
	return found
}

// weights fills the table of a part, once if no parameter in it differs from row
// to row.
func (e *expression) weights(m *expr.Monomial, part *Factor, slots []int) bool {
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
			for i, at := len(slots)-1, k; i >= 0; i-- {
				if s := part.Slots[i]; s.Kind == Categorical {
					states[slots[i]] = at % s.States
					at /= s.States
				}
			}
			part.Weights = append(part.Weights, e.weight(m, r, states))
		}
	}
	return true
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
