package expr

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Monomial is Coef·∏ slot^power: Coef holds parameters and categorical slots alone.
type Monomial struct {
	Powers []Power // by slot, then component; spins have power 1
	Coef   *Expr
}

// Power is a slot's value to a whole power from 1 up.
type Power struct{ Slot, Comp, Exp int }

// maxMonomials and maxSpins bound the work of taking an expression apart.
const (
	maxMonomials = 4096
	maxSpins     = 12
)

// Monomials writes a simplified expression as a polynomial of its spins and
// continuous slots, which is what block Gibbs updates read their conditionals
// from. Spins always allow it, since s² = 1: f(s) = (f(1)+f(-1))/2 + s·(f(1)-f(-1))/2.
// It is false if the expression is no polynomial in some continuous slot, or has
// more than a few thousand terms. The order of the monomials is that of their
// powers; none has the coefficient 0.
func Monomials(e *Expr, s *Scope) ([]Monomial, bool) {
	p, ok := (&expander{s}).expand(e)
	if !ok {
		return nil, false
	}
	var list []Monomial
	for _, m := range p {
		if m.Coef = Simplify(m.Coef); !m.Coef.is(0) {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b Monomial) int { return comparePowers(a.Powers, b.Powers) })
	return list, true
}

func comparePowers(a, b []Power) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	return slices.CompareFunc(a, b, func(x, y Power) int {
		return cmp.Or(cmp.Compare(x.Slot, y.Slot), cmp.Compare(x.Comp, y.Comp), cmp.Compare(x.Exp, y.Exp))
	})
}

// Degree is the power that a monomial gives a slot's component.
func (m *Monomial) Degree(slot, comp int) int {
	for _, p := range m.Powers {
		if p.Slot == slot && p.Comp == comp {
			return p.Exp
		}
	}
	return 0
}

// polynomial by the key of the powers.
type polynomial map[string]Monomial

type expander struct{ scope *Scope }

func constant(e *Expr) polynomial { return polynomial{"": {Coef: e}} }

func (x *expander) expand(e *Expr) (polynomial, bool) {
	if !e.has(func(y *Expr) bool { return y.Op == Slot }) {
		return constant(e), true
	}
	switch e.Op {
	case Slot:
		m := Monomial{[]Power{{e.N, e.Comp, 1}}, Number(1)}
		return polynomial{powersKey(m.Powers): m}, true
	case Neg:
		p, ok := x.expand(e.Args[0])
		return x.product(p, constant(Number(-1))), ok
	case Add, Sub:
		p, ok := x.expand(e.Args[0])
		q, also := x.expand(e.Args[1])
		if !ok || !also {
			break
		}
		if e.Op == Sub {
			q = x.product(q, constant(Number(-1)))
		}
		sum := polynomial{}
		for _, part := range []polynomial{p, q} {
			for k, m := range part {
				sum.add(k, m)
			}
		}
		return sum, true
	case Mul:
		p, ok := x.expand(e.Args[0])
		q, also := x.expand(e.Args[1])
		if ok && also && len(p)*len(q) <= maxMonomials {
			return x.product(p, q), true
		}
	case Div:
		if below := e.Args[1]; !below.has(func(y *Expr) bool { return y.Op == Slot }) {
			p, ok := x.expand(e.Args[0])
			return x.product(p, constant(binary(Div, Number(1), below))), ok
		}
	case Pow:
		n := e.Args[1]
		if n.Op != Const || n.Value != float64(int(n.Value)) || n.Value < 1 || n.Value > sampling.MaxWholePower {
			break
		}
		p, ok := x.expand(e.Args[0])
		if !ok {
			break
		}
		total := constant(Number(1))
		for range int(n.Value) {
			if len(total)*len(p) > maxMonomials {
				return nil, false
			}
			total = x.product(total, p)
		}
		return total, true
	}
	return x.bySpins(e)
}

// bySpins takes out one spin by its two values, and goes on without it.
func (x *expander) bySpins(e *Expr) (polynomial, bool) {
	spin, spins := -1, map[int]bool{}
	e.Visit(func(y *Expr) {
		if y.Op == Slot && x.scope.Slots[y.N].Kind == Spin {
			spin = y.N
			spins[y.N] = true
		}
	})
	if spin < 0 || len(spins) > maxSpins {
		return nil, false
	}
	at := func(v float64) (polynomial, bool) {
		return x.expand(Simplify(e.Replace(func(y *Expr) *Expr {
			if y.Op == Slot && y.N == spin {
				return Number(v)
			}
			return nil
		})))
	}
	up, ok := at(1)
	down, also := at(-1)
	if !ok || !also {
		return nil, false
	}
	half, s := constant(Number(0.5)), Monomial{[]Power{{spin, Scalar, 1}}, Number(0.5)}
	sum := x.product(up, half)
	for k, m := range x.product(down, half) {
		sum.add(k, m)
	}
	odd := polynomial{powersKey(s.Powers): s}
	for k, m := range x.product(up, odd) {
		sum.add(k, m)
	}
	for k, m := range x.product(down, x.product(odd, constant(Number(-1)))) {
		sum.add(k, m)
	}
	return sum, true
}

func (p polynomial) add(k string, m Monomial) {
	if old, ok := p[k]; ok {
		m.Coef = plus(old.Coef, m.Coef)
	}
	p[k] = m
}

func (x *expander) product(p, q polynomial) polynomial {
	out := polynomial{}
	for _, a := range p.sorted() {
		for _, b := range q.sorted() {
			m := Monomial{x.join(a.Powers, b.Powers), times(Simplify(a.Coef), Simplify(b.Coef))}
			out.add(powersKey(m.Powers), m)
		}
	}
	return out
}

// sorted makes sums come out in one order.
func (p polynomial) sorted() []Monomial {
	list := make([]Monomial, 0, len(p))
	for _, m := range p {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b Monomial) int { return comparePowers(a.Powers, b.Powers) })
	return list
}

// join adds the powers of two monomials; s² of a spin is 1.
func (x *expander) join(a, b []Power) []Power {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(a, b Power) int { return cmp.Or(cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.Comp, b.Comp)) })
	var out []Power
	for _, p := range all {
		if n := len(out); n > 0 && out[n-1].Slot == p.Slot && out[n-1].Comp == p.Comp {
			out[n-1].Exp += p.Exp
		} else {
			out = append(out, p)
		}
	}
	kept := out[:0]
	for _, p := range out {
		if x.scope.Slots[p.Slot].Kind == Spin {
			p.Exp %= 2
		}
		if p.Exp > 0 {
			kept = append(kept, p)
		}
	}
	return kept
}

func powersKey(p []Power) string {
	var b []byte
	for _, x := range p {
		b = strconv.AppendInt(b, int64(x.Slot), 10)
		b = strconv.AppendInt(append(b, '.'), int64(x.Comp), 10)
		b = strconv.AppendInt(append(b, '^'), int64(x.Exp), 10)
		b = append(b, ' ')
	}
	return string(b)
}
