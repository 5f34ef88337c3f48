package graph

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/expr"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// energyParam is a parameter's table, or one for each row.
type energyParam struct {
	axes   []int
	shared bool
	values []float64
}

// readParams reads the tables of the parameters.
func (e *expression) readParams(shapes []expr.Shape) bool {
	ok := true
	for i := range e.t.Params {
		p := &e.t.Params[i]
		if !shapes[i].Used && p.Name.Text != e.t.ScaleBy.Text {
			e.b.fail(p.Name.Pos, diag.UnknownName, "take it out of params, or use it in energy", "parameter %s is not in the energy of factor %s", p.Name.Text, e.f.Name)
			ok = false
			continue
		}
		axes, fits := e.axesOf(p, &shapes[i])
		if !fits {
			ok = false
			continue
		}
		like := Factor{Name: e.f.Name + "." + p.Name.Text, Rows: e.f.Rows}
		values, place, read := e.b.weightsOf(&p.Weights, &like, axes)
		if !read {
			ok = false
			continue
		}
		if e.t.untied && e.f.Runtime && like.Shared {
			if !e.b.takeWeights(e.t.EnergyPos, float64(e.f.Rows)*float64(len(values))) {
				return false
			}
			values, like.Shared = slices.Repeat(values, e.f.Rows), false
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

// axesOf are the axes of a parameter in one row: those of its use and, where only
// whole numbers stand as the index, of the table that is given.
func (e *expression) axesOf(p *spec.Param, use *expr.Shape) ([]int, bool) {
	axes := slices.Clone(use.Axes)
	if use.Dim > 0 {
		axes = append(axes, use.Dim)
	}
	var shape []int
	pos := p.Pos
	switch {
	case p.List != nil:
		shape = p.List.Shape
	case p.File != nil:
		given, _, ok := e.b.floats(p.File)
		if !ok {
			return nil, false
		}
		shape, pos = given, p.File.Pos
	}
	if p.Kind == "identity" && (len(axes) != 2 || axes[0] != axes[1]) {
		e.b.fail(p.Pos, diag.ParamShape, "", "an identity is a table with two equal axes, as %[1]s[c, d]; here it is %[2]s", p.Name.Text, diag.Quote(e.t.Energy[use.At.From:use.At.To]))
		return nil, false
	}
	if len(shape) == 0 {
		return axes, true
	}
	given := shape
	if len(shape) == len(axes)+1 && shape[0] == e.f.Rows {
		given = shape[1:]
	}
	fits := len(given) == len(axes)
	for i := range min(len(given), len(axes)) {
		switch {
		case i < len(use.Open) && use.Open[i] && given[i] >= use.Axes[i]:
			axes[i] = given[i]
		case given[i] != axes[i]:
			fits = false
		}
	}
	if fits {
		return axes, true
	}
	needed := make([]string, len(axes))
	for i, n := range axes {
		needed[i] = fmt.Sprint(n)
		if i < len(use.Open) && use.Open[i] {
			needed[i] = fmt.Sprintf("at least %d", use.Axes[i])
		}
	}
	table := strings.Join(needed, ", ")
	written := diag.Quote(e.t.Energy[use.At.From:use.At.To])
	if len(axes) == 0 {
		e.b.add(diag.Problem{Pos: pos, Code: diag.ParamShape, Text: fmt.Sprintf("%s has shape %s; %s needs one number, or [%d], one for each row", p.Name.Text, shapeText(shape), written, e.f.Rows),
			Help: "an element of a table is written " + p.Name.Text + "[c], c a categorical slot or a whole number"})
		return nil, false
	}
	e.b.add(diag.Problem{Pos: pos, Code: diag.ParamShape, Text: fmt.Sprintf("%s has shape %s; %s needs [%s], or [%d, %s] for a table in each row", p.Name.Text, shapeText(shape), written, table, e.f.Rows, table),
		Help: "there is one axis for each index, in order"})
	return nil, false
}

// maxCases is how many rows and states of discrete slots an expression is looked at
// one by one.
const maxCases = 1 << 20

// defined reports operations that could leave their domain: first by the ranges of
// all that the expression is made of, and where these do not rule it out, row by row
// and for every state of the discrete slots.
func (e *expression) defined(tree *expr.Expr) bool {
	_, problems := expr.Domain(tree, e.scope, rowRanges{e, -1, nil})
	if len(problems) == 0 {
		return true
	}
	where, cases := "", float64(e.f.Rows)
	for _, s := range e.f.Slots {
		cases *= float64(max(s.States, 1))
	}
	if cases <= maxCases {
		if problems, where = e.undefinedCase(tree); problems == nil {
			return true
		}
	}
	for _, p := range problems {
		e.fail(p.Span, diag.OutOfDomain, "", "%s%s", p.Text, where)
	}
	return false
}

// undefinedCase finds the first row and discrete state in which an operation leaves
// its domain.
func (e *expression) undefinedCase(tree *expr.Expr) ([]*expr.Error, string) {
	states := make([]int, len(e.f.Slots))
	for row := range e.f.Rows {
		clear(states)
		for {
			if _, problems := expr.Domain(tree, e.scope, rowRanges{e, row, states}); problems != nil {
				if !slices.ContainsFunc(e.params, func(p energyParam) bool { return !p.shared }) {
					return problems, "" // it is so in every row
				}
				_, text := e.t.rowPlace(row)
				return problems, ", in " + text
			}
			i := len(states) - 1
			for ; i >= 0; i-- {
				if states[i]++; states[i] < e.f.Slots[i].States {
					break
				}
				states[i] = 0
			}
			if i < 0 {
				break
			}
		}
	}
	return nil, ""
}

// rowRanges bound what an expression is made of: in all rows and states (row -1), or
// in one.
type rowRanges struct {
	e      *expression
	row    int
	states []int
}

func (r rowRanges) Slot(n, _ int) expr.Range {
	v := &r.e.b.g.Vars[r.e.f.Slots[n].Var]
	switch {
	case v.Kind == Spin && r.row >= 0:
		s := float64(2*r.states[n] - 1)
		return expr.Range{Lo: s, Hi: s}
	case v.Kind == Spin:
		return expr.Range{Lo: -1, Hi: 1}
	case v.Range != nil:
		return expr.Range{Lo: v.Range[0], Hi: v.Range[1]}
	}
	return expr.Range{Lo: math.Inf(-1), Hi: math.Inf(1)}
}

func (r rowRanges) Index(n int) expr.Range {
	if r.row >= 0 {
		k := float64(r.states[n])
		return expr.Range{Lo: k, Hi: k}
	}
	return expr.Range{Lo: 0, Hi: float64(r.e.f.Slots[n].States - 1)}
}

func (r rowRanges) Param(n int, indices []int, comp int) expr.Range {
	if r.row >= 0 {
		v := energyValues{r.e, r.row, r.states}.Param(n, indices, comp)
		return expr.Range{Lo: v, Hi: v}
	}
	return expr.Range{Lo: slices.Min(r.e.params[n].values), Hi: slices.Max(r.e.params[n].values)}
}
