package expr

// What an update of one slot reads of an energy expression. In all of these x is a
// Slot or an Index.

// With is e with another expression in place of x, simplified.
func With(e, x, y *Expr) *Expr {
	key := x.key()
	return Simplify(e.Replace(func(z *Expr) *Expr {
		if z.key() == key {
			return y
		}
		return nil
	}))
}

// Holds reports whether x stands in e.
func Holds(e, x *Expr) bool {
	key := x.key()
	return e.has(func(y *Expr) bool { return y.key() == key })
}

// Dependent is the sum of the terms of e in which x stands.
func Dependent(e, x *Expr) *Expr {
	if !Holds(e, x) {
		return Number(0)
	}
	switch e.Op {
	case Add, Sub:
		return Simplify(binary(e.Op, Dependent(e.Args[0], x), Dependent(e.Args[1], x)))
	case Neg:
		return Simplify(unary(Neg, Dependent(e.Args[0], x)))
	}
	return e
}

// SpinField is what an energy adds to the field of a spin: half the difference
// between its values at -1 and at +1.
func SpinField(e, x *Expr) *Expr {
	e = Dependent(e, x)
	return Simplify(binary(Mul, Number(0.5), binary(Sub, With(e, x, Number(-1)), With(e, x, Number(1)))))
}

// Quadratic gives b and a of e = a·x² + b·x + c; ok is false where it is no such
// polynomial.
func Quadratic(e, x *Expr) (linear, square *Expr, ok bool) {
	first := Derivative(Dependent(e, x), x)
	second := Derivative(first, x)
	corner := e.has(func(y *Expr) bool { return (y.Op == Abs || y.Op >= Min) && Holds(y, x) })
	if corner || Holds(second, x) {
		return nil, nil, false
	}
	linear = With(first, x, Number(0))
	return linear, Simplify(binary(Mul, Number(0.5), second)), true
}

// Product is x·y, simplified.
func Product(x, y *Expr) *Expr { return Simplify(binary(Mul, x, y)) }

// Scaled is c·e, simplified.
func Scaled(c float64, e *Expr) *Expr { return Simplify(binary(Mul, Number(c), e)) }
