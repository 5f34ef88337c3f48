package expr

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Simplify gathers like terms and like factors, folds constants and takes out
// zeros and ones. The result has the same value as a real function; where the
// original leaves its domain (x/x at 0) it may not.
func Simplify(e *Expr) *Expr {
	args := make([]*Expr, len(e.Args))
	for i, x := range e.Args {
		args[i] = Simplify(x)
	}
	switch e.Op {
	case Const, Slot, Index:
		return e
	case Param:
		return e
	case Neg:
		return times(Number(-1), args[0])
	case Add:
		return plus(args[0], args[1])
	case Sub:
		return plus(args[0], times(Number(-1), args[1]))
	case Mul:
		return times(args[0], args[1])
	case Div:
		return times(args[0], power(args[1], -1))
	case Pow:
		if n := args[1]; n.Op == Const {
			return power(args[0], n.Value)
		}
	}
	s := *e
	s.Args = args
	if e.Op == Net || e.Op == NetSlope {
		return &s
	}
	for _, x := range args {
		if x.Op != Const {
			return &s
		}
	}
	return fold(&s)
}

// fold is the number of an operation on numbers, if it has one.
func fold(e *Expr) *Expr {
	v := operate(e.Op, e.Args[0].Value, second(e).Value)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return e
	}
	return Number(v)
}

func second(e *Expr) *Expr {
	if len(e.Args) > 1 {
		return e.Args[1]
	}
	return e.Args[0]
}

// operate is one operation in float64, the same bits on every machine.
func operate(op Op, x, y float64) float64 { return sampling.Operate(codeOps[op], x, y) }

func raise(x, y float64) float64 { return operate(Pow, x, y) }

// product is c/below times powers of bases, in order of first appearance. below
// holds numbers without an exact inverse.
type product struct {
	c, below float64
	bases    []*Expr
	exps     []float64
}

// productOf takes a simplified expression apart.
func productOf(e *Expr) product {
	switch {
	case e.Op == Const:
		return product{c: e.Value, below: 1}
	case e.Op == Neg:
		p := productOf(e.Args[0])
		p.c = -p.c
		return p
	case e.Op == Mul:
		p := productOf(e.Args[0])
		p.multiply(productOf(e.Args[1]), 1)
		return p
	case e.Op == Div:
		p := productOf(e.Args[0])
		p.multiply(productOf(e.Args[1]), -1)
		return p
	case e.Op == Pow && e.Args[1].Op == Const:
		return product{1, 1, []*Expr{e.Args[0]}, []float64{e.Args[1].Value}}
	}
	return product{1, 1, []*Expr{e}, []float64{1}}
}

// multiply by q (sign 1) or 1/q (sign -1).
func (p *product) multiply(q product, sign float64) {
	if sign > 0 {
		p.c, p.below = float64(p.c*q.c), float64(p.below*q.below)
	} else {
		p.c, p.below = float64(p.c*q.below), float64(p.below*q.c)
	}
	p.reduce()
	for i, b := range q.bases {
		p.base(b, sign*q.exps[i])
	}
}

// reduce takes what it can out of the divisor.
func (p *product) reduce() {
	if p.below < 0 {
		p.c, p.below = -p.c, -p.below
	}
	if exactInverse(p.below) {
		p.c, p.below = p.c/p.below, 1
	}
}

// exactInverse holds for ± powers of two.
func exactInverse(c float64) bool {
	frac, exp := math.Frexp(math.Abs(c))
	return frac == 0.5 && exp > -1000 && exp < 1000
}

// base adds a power. Like powers are gathered where this loses no sign: x^a·x^b
// for whole a and b.
func (p *product) base(b *Expr, exp float64) {
	k := b.key()
	for i, x := range p.bases {
		if x.key() == k && isWhole(p.exps[i]) && isWhole(exp) {
			if p.exps[i] += exp; p.exps[i] == 0 {
				p.bases = append(p.bases[:i:i], p.bases[i+1:]...)
				p.exps = append(p.exps[:i:i], p.exps[i+1:]...)
			}
			return
		}
	}
	p.bases, p.exps = append(p.bases[:len(p.bases):len(p.bases)], b), append(p.exps[:len(p.exps):len(p.exps)], exp)
}

// key tells products apart whatever the order of their factors.
func (p product) key() string {
	keys := make([]string, len(p.bases))
	for i, b := range p.bases {
		keys[i] = b.key() + "^" + strconv.FormatFloat(p.exps[i], 'g', -1, 64)
	}
	slices.Sort(keys)
	return strconv.FormatFloat(p.below, 'g', -1, 64) + " " + strings.Join(keys, " ")
}

func isWhole(x float64) bool { return x == math.Floor(x) && math.Abs(x) <= sampling.MaxWholePower }

// expr writes the product: constant, powers above the line, then those below.
func (p product) expr() *Expr {
	if p.c == 0 {
		return Number(0)
	}
	var top, bottom *Expr
	for i, b := range p.bases {
		to, exp := &top, p.exps[i]
		if exp < 0 && isWhole(exp) {
			to, exp = &bottom, -exp
		}
		x := b
		if exp != 1 {
			x = binary(Pow, b, Number(exp))
		}
		if *to == nil {
			*to = x
		} else {
			*to = binary(Mul, *to, x)
		}
	}
	if p.below != 1 {
		x := Number(p.below)
		if bottom != nil {
			x = scaled(p.below, bottom)
		}
		bottom = x
	}
	switch {
	case top == nil:
		top = Number(p.c)
	case p.c == -1:
		top = unary(Neg, top)
	case p.c != 1:
		top = scaled(p.c, top)
	}
	if bottom == nil {
		return top
	}
	return binary(Div, top, bottom)
}

// scaled is c·x with the constant in front of the first factor.
func scaled(c float64, x *Expr) *Expr {
	if x.Op == Mul {
		return binary(Mul, scaled(c, x.Args[0]), x.Args[1])
	}
	return binary(Mul, Number(c), x)
}

func times(x, y *Expr) *Expr {
	if x.Op == Const && y.Op == Const {
		return Number(float64(x.Value * y.Value))
	}
	p := productOf(x)
	p.multiply(productOf(y), 1)
	return p.expr()
}

// power is x^n for a number n.
func power(x *Expr, n float64) *Expr {
	switch {
	case n == 0:
		return Number(1)
	case n == 1:
		return x
	case x.Op == Const:
		if n == -1 && x.Value != 0 && !exactInverse(x.Value) {
			break
		}
		return fold(binary(Pow, x, Number(n)))
	}
	p := productOf(x)
	for _, exp := range p.exps {
		if !isWhole(exp) {
			return binary(Pow, x, Number(n))
		}
	}
	if !isWhole(n) {
		return binary(Pow, x, Number(n))
	}
	q := product{c: raise(p.c, math.Abs(n)), below: raise(p.below, math.Abs(n))}
	if n < 0 {
		q.c, q.below = q.below, q.c
	}
	if q.reduce(); q.below == 0 || math.IsInf(q.c, 0) || math.IsInf(q.below, 0) {
		return binary(Pow, x, Number(n)) // is reported elsewhere
	}
	for i, b := range p.bases {
		q.base(b, p.exps[i]*n)
	}
	return q.expr()
}

// plus adds two simplified expressions, like terms together.
func plus(x, y *Expr) *Expr {
	type term struct {
		rest *Expr // nil: a number
		key  string
		c    float64
	}
	var terms []term
	var gather func(e *Expr, factor float64)
	gather = func(e *Expr, factor float64) {
		switch e.Op {
		case Add, Sub:
			gather(e.Args[0], factor)
			if e.Op == Sub {
				factor = -factor
			}
			gather(e.Args[1], factor)
			return
		}
		p := productOf(e)
		if len(p.bases) == 1 && p.exps[0] == 1 && p.below == 1 && (p.bases[0].Op == Add || p.bases[0].Op == Sub) {
			gather(p.bases[0], float64(factor*p.c))
			return
		}
		t := term{c: float64(factor * p.c)}
		if p.c = 1; len(p.bases) > 0 || p.below != 1 {
			t.rest = p.expr()
			t.key = p.key()
		}
		for i := range terms {
			if terms[i].key == t.key {
				terms[i].c += t.c
				return
			}
		}
		terms = append(terms, t)
	}
	gather(x, 1)
	gather(y, 1)
	var sum *Expr
	for _, t := range terms {
		if t.c == 0 {
			continue
		}
		e := Number(math.Abs(t.c))
		if t.rest != nil {
			p := productOf(t.rest)
			p.c = math.Abs(t.c)
			e = p.expr()
		}
		switch {
		case sum == nil && t.c < 0:
			sum = times(Number(-1), e)
		case sum == nil:
			sum = e
		case t.c < 0:
			sum = binary(Sub, sum, e)
		default:
			sum = binary(Add, sum, e)
		}
	}
	if sum == nil {
		return Number(0)
	}
	return sum
}
