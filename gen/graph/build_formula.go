package graph

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/expr"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// formulaPart is a monomial that became a factor, whose coefficient depends on
// parameters that are data.
type formulaPart struct {
	factor  int // among the factors of the energy
	coef    *expr.Expr
	columns []column
}

// data tells the parameters that are data: all of a factor with runtime: true, and the
// one that scale names.
func (e *expression) data(param int) bool {
	return e.f.Runtime || e.scope.Params[param] == e.t.ScaleBy.Text
}

// live says whether a coefficient depends on data.
func (e *expression) live(coef *expr.Expr) bool {
	found := e.net != nil && e.f.Runtime
	coef.Visit(func(x *expr.Expr) { found = found || x.Op == expr.Param && e.data(x.N) })
	return found
}

// scaleParam is the parameter that scale names, a number that is 1 unless params has it.
func (e *expression) scaleParam() (*expr.Expr, bool) {
	name := e.t.ScaleBy
	n := slices.Index(e.scope.Params, name.Text)
	if n < 0 {
		if expr.IsFunction(name.Text) {
			e.b.fail(name.Pos, diag.Duplicate, "choose another name", "%s is a function of expressions", name.Text)
			return nil, false
		}
		for _, s := range e.scope.Slots {
			if s.Name == name.Text {
				e.b.fail(name.Pos, diag.Duplicate, "choose another name", "%s is a slot of factor %s", name.Text, e.f.Name)
				return nil, false
			}
		}
		n = len(e.params)
		e.scope.Params = append(e.scope.Params, name.Text)
		e.params = append(e.params, energyParam{shared: true, values: []float64{1}})
	}
	if p := e.params[n]; len(p.axes) > 0 || !p.shared {
		e.b.fail(name.Pos, diag.ParamShape, "", "a scale is one number; parameter %s is a table, or differs from row to row", name.Text)
		return nil, false
	}
	return &expr.Expr{Op: expr.Param, N: n, Comp: expr.Scalar}, true
}

// scaled multiplies the monomials with the scale that is data.
func (e *expression) scaled(monomials []expr.Monomial) ([]expr.Monomial, bool) {
	if e.t.ScaleBy.Text == "" {
		return monomials, true
	}
	scale, ok := e.scaleParam()
	if !ok {
		return nil, false
	}
	out := slices.Clone(monomials)
	for i := range out {
		out[i].Coef = expr.Product(scale, out[i].Coef)
	}
	return out, true
}

// formula is the function from parameters to weights. Factors count from 0.
func (e *expression) formula(parts []formulaPart) *sampling.Formula {
	out := e.emptyFormula()
	for _, p := range parts {
		var states []int // slots of the table's axes
		for _, c := range p.columns {
			if e.f.Slots[c.slot].Kind == Categorical {
				states = append(states, c.slot)
			}
		}
		code := func(x *expr.Expr) []sampling.CodeOp {
			return expr.Code(x, func(n, _ int) int { return slices.Index(states, n) }, func(n int) int { return n })
		}
		out.Parts = append(out.Parts, sampling.FormulaPart{Factor: p.factor, Weight: e.negated(code(p.coef))})
	}
	return out
}

// emptyFormula has the parameters and no parts.
func (e *expression) emptyFormula() *sampling.Formula {
	out := &sampling.Formula{Name: e.f.Name, Rows: e.f.Rows, Params: e.codeParams()}
	for i := range e.params {
		array := ""
		if e.data(i) {
			array = e.f.Name + "/" + e.scope.Params[i]
		}
		out.Arrays = append(out.Arrays, array)
	}
	return out
}

// codeFormula holds the parameters of a code factor with the energy tree, nil if none
// is data.
func (e *expression) codeFormula(tree *expr.Expr) *sampling.Formula {
	if !e.live(tree) {
		return nil
	}
	out := e.emptyFormula()
	out.Codes = []int{0}
	return out
}

// negated is the code of -(scale·x), as expression.weight has it.
func (e *expression) negated(x []sampling.CodeOp) []sampling.CodeOp {
	if e.f.Scale != 1 {
		x = append(x, sampling.CodeOp{Op: sampling.CodeConst, V: e.f.Scale}, sampling.CodeOp{Op: sampling.CodeMul})
	}
	return append(x, sampling.CodeOp{Op: sampling.CodeNeg})
}

// scaledWeights is the formula of a factor with weights that a scale multiplies. The
// weights are data, too, if they are at run time.
func scaledWeights(t *term, f *Factor) *sampling.Formula {
	out := &sampling.Formula{Name: f.Name, Rows: f.Rows, Arrays: []string{f.Name + "/" + t.ScaleBy.Text, ""}, Params: []sampling.CodeParam{
		{Shared: true, Values: []float64{1}}, {Axes: append([]int(nil), f.Table...), Shared: f.Shared, Values: slices.Clone(f.Weights)}}}
	var weight []sampling.CodeOp
	for i := range f.Table {
		weight = append(weight, sampling.CodeOp{Op: sampling.CodeSlot, N: int32(i)})
	}
	weight = append(weight, sampling.CodeOp{Op: sampling.CodeParamAt, N: 1}, sampling.CodeOp{Op: sampling.CodeParamAt}, sampling.CodeOp{Op: sampling.CodeMul})
	if f.Runtime {
		out.Arrays[1] = f.Name
	}
	f.Runtime = true
	out.Parts = []sampling.FormulaPart{{Weight: weight}}
	return out
}

// addFormula takes a formula whose factors, or code factors, begin at first.
func (b *builder) addFormula(x *sampling.Formula, first int) {
	for i := range x.Parts {
		x.Parts[i].Factor += first
	}
	for i := range x.Codes {
		x.Codes[i] += first
	}
	b.g.Formulas = append(b.g.Formulas, *x)
}
