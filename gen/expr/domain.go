package expr

import (
	"fmt"
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Range is an interval of values, its ends included.
type Range = sampling.Interval

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

// rangeText is a range in words.
func rangeText(r Range) string {
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
		d.fail(e, "this can divide by zero: %s can be 0 (it is %s)", text, rangeText(x))
	}
}

func (d *domain) bound(e *Expr) Range {
	switch e.Op {
	case Const:
		return Range{Lo: e.Value, Hi: e.Value}
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
	y, same := x, false
	if len(e.Args) > 1 {
		y, same = d.bound(e.Args[1]), e.Args[0].key() == e.Args[1].key()
	}
	r, fault := sampling.OperateInterval(codeOps[e.Op], x, y, same)
	switch base := e.Args[0]; fault {
	case sampling.DivideByZero:
		if e.Op == Pow {
			d.zero(e, base, x)
		} else {
			d.zero(e, e.Args[1], y)
		}
	case sampling.LogOfZero:
		d.fail(e, "a logarithm of 0 or less: %s", d.can(base, x))
	case sampling.RootOfNegative:
		d.fail(e, "a root of a negative number: %s", d.can(base, x))
	case sampling.PowerOfNegative:
		d.fail(e, "only whole powers exist of a negative number: %s", d.can(base, x))
	case sampling.PowerOfZero:
		d.fail(e, "0 has no power of 0 or less: %s", d.can(base, x))
	}
	return r
}
