package expr

import (
	"fmt"
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Range is an interval of values, its ends included.
type Range struct{ Lo, Hi float64 }

// Ranges say between what bounds slots, the values of categoricals and parameters
// lie. Ends may be infinite. indices are those of a parameter, -1 where they are not
// known.
type Ranges interface {
	Slot(n, comp int) Range
	Index(n int) Range
	Param(n int, indices []int, comp int) Range
}

// Domain bounds the value of an expression as Parse gave it, and reports every
// operation that could leave its domain: a division by zero, the logarithm of 0
// or less, the root or a broken power of a negative number. Bounds are those of
// interval arithmetic: safe, not always tight.
func Domain(e *Expr, s *Scope, r Ranges) (Range, []*Error) {
	d := &domain{scope: s, ranges: r}
	return d.bound(e), d.errors
}

type domain struct {
	scope  *Scope
	ranges Ranges
	errors []*Error
}

func (d *domain) fail(e *Expr, format string, args ...any) {
	d.errors = append(d.errors, &Error{Span: e.Span, Text: fmt.Sprintf(format, args...)})
}

func (r Range) holds(v float64) bool { return r.Lo <= v && v <= r.Hi }

func hull(values ...float64) Range {
	r := Range{math.Inf(1), math.Inf(-1)}
	for _, v := range values {
		if v != v { // 0·∞: anything between, and 0 is among the ends
			v = 0
		}
		r.Lo, r.Hi = min(r.Lo, v), max(r.Hi, v)
	}
	return r
}

func (r Range) String() string {
	switch low, high := math.IsInf(r.Lo, -1), math.IsInf(r.Hi, 1); {
	case low && high:
		return "any number"
	case low:
		return fmt.Sprintf("up to %.4g", r.Hi)
	case high:
		return fmt.Sprintf("%.4g or more", r.Lo)
	}
	return fmt.Sprintf("%.4g to %.4g", r.Lo, r.Hi)
}

// can says how low an operand can be.
func (d *domain) can(e *Expr, x Range) string {
	text := e.String(d.scope)
	switch {
	case e.Op == Const || x.Lo == x.Hi && !math.IsInf(x.Lo, 0):
		return fmt.Sprintf("%s is %.4g", text, x.Lo)
	case math.IsInf(x.Lo, -1):
		return text + " has no lower bound"
	}
	return fmt.Sprintf("%s can be as low as %.4g", text, x.Lo)
}

// zero reports a division by what can be 0.
func (d *domain) zero(e, below *Expr, x Range) {
	switch text := below.String(d.scope); {
	case below.Op == Const:
		d.fail(e, "this divides by zero")
	case x.Lo == x.Hi:
		d.fail(e, "this divides by zero: %s is 0", text)
	default:
		d.fail(e, "this can divide by zero: %s can be 0 (it is %s)", text, x)
	}
}

func (d *domain) bound(e *Expr) Range {
	switch e.Op {
	case Const:
		return Range{e.Value, e.Value}
	case Slot:
		return d.ranges.Slot(e.N, e.Comp)
	case Index:
		return d.ranges.Index(e.N)
	case Param:
		indices := make([]int, len(e.Args))
		for i, x := range e.Args {
			if r := d.bound(x); r.Lo == r.Hi {
				indices[i] = int(r.Lo)
			} else {
				indices[i] = -1
			}
		}
		return d.ranges.Param(e.N, indices, e.Comp)
	}
	x := d.bound(e.Args[0])
	y := x
	if len(e.Args) > 1 {
		y = d.bound(e.Args[1])
	}
	whole := Range{math.Inf(-1), math.Inf(1)}
	switch e.Op {
	case Neg:
		return Range{-x.Hi, -x.Lo}
	case Add:
		return Range{x.Lo + y.Lo, x.Hi + y.Hi}
	case Sub:
		if e.Args[0].key() == e.Args[1].key() {
			return Range{0, 0}
		}
		return Range{x.Lo - y.Hi, x.Hi - y.Lo}
	case Mul:
		if e.Args[0].key() == e.Args[1].key() {
			return evenPower(x, 2)
		}
		return hull(x.Lo*y.Lo, x.Lo*y.Hi, x.Hi*y.Lo, x.Hi*y.Hi)
	case Div:
		if y.holds(0) {
			d.zero(e, e.Args[1], y)
			return whole
		}
		return hull(x.Lo/y.Lo, x.Lo/y.Hi, x.Hi/y.Lo, x.Hi/y.Hi)
	case Pow:
		return d.power(e, x, y)
	case Exp:
		return Range{sampling.Exp(x.Lo), sampling.Exp(x.Hi)}
	case Log:
		if x.Lo <= 0 {
			d.fail(e, "a logarithm of 0 or less: %s", d.can(e.Args[0], x))
			return whole
		}
		return Range{sampling.Log(x.Lo), sampling.Log(x.Hi)}
	case Sqrt:
		if x.Lo < 0 {
			d.fail(e, "a root of a negative number: %s", d.can(e.Args[0], x))
			return whole
		}
		return Range{math.Sqrt(x.Lo), math.Sqrt(x.Hi)}
	case Sin, Cos:
		if x.Lo == x.Hi && !math.IsInf(x.Lo, 0) {
			v := operate(e.Op, x.Lo, 0)
			return Range{v, v}
		}
		return Range{-1, 1}
	case Tanh:
		return Range{sampling.Tanh(x.Lo), sampling.Tanh(x.Hi)}
	case Abs:
		if x.holds(0) {
			return Range{0, max(-x.Lo, x.Hi)}
		}
		return Range{min(math.Abs(x.Lo), math.Abs(x.Hi)), max(math.Abs(x.Lo), math.Abs(x.Hi))}
	case Min:
		return Range{min(x.Lo, y.Lo), min(x.Hi, y.Hi)}
	case Max:
		return Range{max(x.Lo, y.Lo), max(x.Hi, y.Hi)}
	}
	return Range{0, 1} // comparisons
}

// evenPower is the range of x^n for an even n > 0.
func evenPower(x Range, n float64) Range {
	a, b := raise(x.Lo, n), raise(x.Hi, n)
	if x.holds(0) {
		return Range{0, max(a, b)}
	}
	return Range{min(a, b), max(a, b)}
}

func (d *domain) power(e *Expr, x, y Range) Range {
	whole := Range{math.Inf(-1), math.Inf(1)}
	n := y.Lo
	if y.Lo != y.Hi || n != math.Floor(n) { // exp(y·log x)
		if x.Lo < 0 || x.Lo == 0 && y.Lo <= 0 {
			if x.Lo < 0 {
				d.fail(e, "only whole powers exist of a negative number: %s", d.can(e.Args[0], x))
			} else {
				d.fail(e, "0 has no power of 0 or less: %s", d.can(e.Args[0], x))
			}
			return whole
		}
		if x.Lo == 0 {
			return Range{0, math.Inf(1)}
		}
		return hull(raise(x.Lo, y.Lo), raise(x.Lo, y.Hi), raise(x.Hi, y.Lo), raise(x.Hi, y.Hi))
	}
	if n < 0 && x.holds(0) {
		d.zero(e, e.Args[0], x)
		return whole
	}
	if math.Mod(n, 2) == 0 {
		if n == 0 {
			return Range{1, 1}
		}
		if n < 0 {
			p := evenPower(x, -n)
			return Range{1 / p.Hi, 1 / p.Lo}
		}
		return evenPower(x, n)
	}
	return hull(raise(x.Lo, n), raise(x.Hi, n))
}
