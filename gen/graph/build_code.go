package graph

import (
	"fmt"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/expr"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// code keeps an energy as an expression: it is no polynomial of its continuous
// slots with powers up to 2. Slots that gibbs draws get their Gaussian, if they
// have one; drawable reports those that have none.
func (e *expression) code(tree *expr.Expr) bool {
	tree = expr.Scaled(e.f.Scale, tree)
	columns := e.columns(func(slot, comp int) bool {
		x := e.slotOf(column{slot, comp})
		return expr.Holds(tree, x) || e.f.Slots[slot].Kind != Continuous
	})
	if !e.b.takeCells(e.f.Pos, float64(e.f.Rows)*float64(len(columns))) {
		return false
	}
	c := &CodeFactor{Rows: e.f.Rows, Index: e.rowsOf(columns), Params: e.codeParams(), Net: e.net, Energy: codeOver(tree, columns), Pos: e.f.Pos}
	for _, at := range columns {
		slot := e.f.Slots[at.slot]
		slot.Power = 0
		c.Slots = append(c.Slots, slot)
		part, low := e.partFor(tree, at, columns)
		c.Parts, c.Lowest = append(c.Parts, part), append(c.Lowest, low)
	}
	e.t.coded, e.made = c, e.codeFormula(tree)
	return true
}

// slotOf is a column as it stands in the expression.
func (e *expression) slotOf(c column) *expr.Expr {
	s := e.scope.Slots[c.slot]
	x := &expr.Expr{Op: expr.Slot, N: c.slot, Comp: expr.Scalar}
	switch {
	case s.Kind == expr.Categorical:
		x.Op = expr.Index
	case s.Dim > 0:
		x.Comp = c.comp
	}
	return x
}

// partFor is what the nodes in a column evaluate, and a lower bound of Square.
func (e *expression) partFor(tree *expr.Expr, at column, columns []column) (part sampling.CodePart, lowest float64) {
	x := e.slotOf(at)
	slot := e.f.Slots[at.slot]
	switch {
	case slot.Kind == Spin:
		return sampling.CodePart{Field: codeOver(expr.SpinField(tree, x), columns)}, 0
	case slot.Kind == Categorical:
		return sampling.CodePart{Field: codeOver(expr.Scaled(-1, expr.Dependent(tree, x)), columns)}, 0
	case e.b.g.Vars[slot.Var].Sampler != "":
		return sampling.CodePart{Energy: codeOver(expr.Dependent(tree, x), columns), Slope: codeOver(expr.Derivative(tree, x), columns)}, 0
	}
	linear, square, ok := expr.Quadratic(tree, x)
	if !ok {
		e.odd(x, at, columns)
		return part, 0
	}
	part.Linear = codeOver(linear, columns)
	if !(square.Op == expr.Const && square.Value == 0) {
		low, _ := expr.Domain(square, e.scope, rowRanges{e, -1, nil})
		part.Square, lowest = codeOver(square, columns), low.Lo
	}
	return part, lowest
}

// codeOver is an expression over the nodes of some columns.
func codeOver(tree *expr.Expr, columns []column) []sampling.CodeOp {
	place := func(slot, comp int) int { return slices.Index(columns, column{slot, max(comp, 0)}) }
	return expr.Code(tree, place, func(n int) int { return n })
}

func (e *expression) codeParams() []sampling.CodeParam {
	var params []sampling.CodeParam
	for _, p := range e.params {
		params = append(params, sampling.CodeParam{Axes: append([]int(nil), p.axes...), Shared: p.shared, Values: p.values})
	}
	return params
}

// An oddSlot is a slot for a variable that gibbs draws, of an energy that gives it
// no Gaussian.
type oddSlot struct {
	index   []int32 // of the factor
	slots   int
	slot    int
	problem diag.Problem
}

// odd notes a slot in which an energy is not quadratic.
func (e *expression) odd(x *expr.Expr, at column, columns []column) {
	v := &e.b.g.Vars[e.f.Slots[at.slot].Var]
	p := e.problem(notQuadratic(e.raw, x, len(e.t.Energy)), diag.NotQuadratic, fmt.Sprintf("name a sampler for it: update: {%s: slice}, metropolis or mala", v.Name),
		"this energy is not quadratic in %s, so that the conditional of %s is no Gaussian", x.String(e.scope), v.Name)
	e.b.oddSlots = append(e.b.oddSlots, oddSlot{e.rowsOf(columns), len(columns), slices.Index(columns, at), p})
}

// notQuadratic is the first part of an expression that is no polynomial of a slot;
// all of it if there is none.
func notQuadratic(tree, x *expr.Expr, length int) expr.Span {
	span, found := expr.Span{From: 0, To: length}, false
	tree.Visit(func(y *expr.Expr) {
		switch y.Op {
		case expr.Const, expr.Slot, expr.Index, expr.Param, expr.Neg, expr.Add, expr.Sub, expr.Mul:
			return
		case expr.Div:
			if !expr.Holds(y.Args[1], x) {
				return
			}
		case expr.Pow:
			if n := y.Args[1]; n.Op == expr.Const && (n.Value == 1 || n.Value == 2) {
				return
			}
		}
		if !found && expr.Holds(y, x) && y.Span.To > y.Span.From && y.Span.To <= length {
			span, found = y.Span, true
		}
	})
	return span
}

// drawable refuses free nodes in odd slots.
func (b *builder) drawable() {
	for _, o := range b.oddSlots {
		for at := o.slot; at < len(o.index); at += o.slots {
			if b.unclear || !b.free[o.index[at]] {
				continue
			}
			b.add(o.problem)
			break
		}
	}
}
