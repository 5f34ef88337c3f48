package expr

// Derivative is de/dx, simplified. x is a Slot or a Param; a Param stands for the
// same element wherever it is written with the same indices. At the jumps of
// comparisons, the corners of abs, min and max it takes the value of one side.
func Derivative(e, x *Expr) *Expr {
	return Simplify(derive(e, x.key()))
}

func derive(e *Expr, x string) *Expr {
	if e.key() == x {
		return Number(1)
	}
	d := func(i int) *Expr { return derive(e.Args[i], x) }
	var u, v *Expr
	if len(e.Args) > 0 {
		u = e.Args[0]
		v = second(e)
	}
	if !e.has(func(y *Expr) bool { return y.key() == x }) {
		return Number(0)
	}
	mul := func(a, b *Expr) *Expr { return binary(Mul, a, b) }
	switch e.Op {
	case Neg:
		return unary(Neg, d(0))
	case Add, Sub:
		return binary(e.Op, d(0), d(1))
	case Mul:
		return binary(Add, mul(d(0), v), mul(u, d(1)))
	case Div:
		return binary(Sub, binary(Div, d(0), v), binary(Div, mul(u, d(1)), mul(v, v)))
	case Pow:
		if v.Op == Const {
			return mul(mul(v, binary(Pow, u, Number(v.Value-1))), d(0))
		}
		// (u^v)' = u^v·(v'·log u + v·u'/u)
		return mul(e, binary(Add, mul(d(1), unary(Log, u)), binary(Div, mul(v, d(0)), u)))
	case Exp:
		return mul(e, d(0))
	case Log:
		return binary(Div, d(0), u)
	case Sqrt:
		return binary(Div, d(0), mul(Number(2), e))
	case Sin:
		return mul(unary(Cos, u), d(0))
	case Cos:
		return mul(unary(Neg, unary(Sin, u)), d(0))
	case Tanh:
		return mul(binary(Sub, Number(1), mul(e, e)), d(0))
	case Abs:
		return mul(binary(Sub, binary(Greater, u, Number(0)), binary(Less, u, Number(0))), d(0))
	case Min:
		return binary(Add, mul(binary(LessEq, u, v), d(0)), mul(binary(Greater, u, v), d(1)))
	case Max:
		return binary(Add, mul(binary(GreaterEq, u, v), d(0)), mul(binary(Less, u, v), d(1)))
	}
	if e.Op == Net {
		sum := Number(0)
		for i, y := range e.Args {
			if !y.has(func(z *Expr) bool { return z.key() == x }) {
				continue
			}
			slope := &Expr{Op: NetSlope, N: i, Args: e.Args, Comp: Scalar}
			sum = binary(Add, sum, mul(slope, d(i)))
		}
		return sum
	}
	return Number(0) // comparisons; of NetSlope there is none
}
