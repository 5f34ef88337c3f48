package sampling

import "math"

// Interval is a set of numbers from Lo to Hi, its ends included, which may be infinite.
type Interval struct{ Lo, Hi float64 }

// AnyNumber is the interval of all numbers.
var AnyNumber = Interval{math.Inf(-1), math.Inf(1)}

// Holds says whether v lies in the interval.
func (x Interval) Holds(v float64) bool { return x.Lo <= v && v <= x.Hi }

// hull is the smallest interval with some values in it; a value that is no number is
// 0·∞, anything between other values, and stands for 0.
func hull(values ...float64) Interval {
	r := Interval{math.Inf(1), math.Inf(-1)}
	for _, v := range values {
		if v != v {
			v = 0
		}
		r.Lo, r.Hi = min(r.Lo, v), max(r.Hi, v)
	}
	return r
}

// DomainFault says how an operation can leave its domain.
type DomainFault uint8

const (
	Defined      DomainFault = iota
	DivideByZero             // the divisor, or the base of a negative power, can be 0
	LogOfZero                // the logarithm of 0 or less
	RootOfNegative
	PowerOfNegative // a broken power of a negative number
	PowerOfZero     // 0 to 0 or less where the exponent is not one whole number
)

var domainFaults = [...]string{
	DivideByZero: "a division by zero", LogOfZero: "a logarithm of 0 or less", RootOfNegative: "a root of a negative number",
	PowerOfNegative: "a broken power of a negative number", PowerOfZero: "0 to a power of 0 or less",
}

// String names a fault.
func (f DomainFault) String() string { return domainFaults[f] }

// OperateInterval bounds an operation on any numbers of two intervals; functions of one
// argument do not look at y. same says that both operands are one expression. Bounds are
// safe, not always tight. With a fault they are AnyNumber.
func OperateInterval(op CodeOpKind, x, y Interval, same bool) (Interval, DomainFault) {
	switch op {
	case CodeNeg:
		return Interval{-x.Hi, -x.Lo}, Defined
	case CodeAdd:
		return Interval{x.Lo + y.Lo, x.Hi + y.Hi}, Defined
	case CodeSub:
		if same {
			return Interval{0, 0}, Defined
		}
		return Interval{x.Lo - y.Hi, x.Hi - y.Lo}, Defined
	case CodeMul:
		if same {
			return evenPower(x, 2), Defined
		}
		return hull(x.Lo*y.Lo, x.Lo*y.Hi, x.Hi*y.Lo, x.Hi*y.Hi), Defined
	case CodeDiv:
		if y.Holds(0) {
			return AnyNumber, DivideByZero
		}
		return hull(x.Lo/y.Lo, x.Lo/y.Hi, x.Hi/y.Lo, x.Hi/y.Hi), Defined
	case CodePow:
		return powerInterval(x, y)
	case CodeExp:
		return Interval{Exp(x.Lo), Exp(x.Hi)}, Defined
	case CodeLog:
		if x.Lo <= 0 {
			return AnyNumber, LogOfZero
		}
		return Interval{Log(x.Lo), Log(x.Hi)}, Defined
	case CodeSqrt:
		if x.Lo < 0 {
			return AnyNumber, RootOfNegative
		}
		return Interval{math.Sqrt(x.Lo), math.Sqrt(x.Hi)}, Defined
	case CodeSin, CodeCos:
		if x.Lo == x.Hi && !math.IsInf(x.Lo, 0) {
			v := Operate(op, x.Lo, 0)
			return Interval{v, v}, Defined
		}
		return Interval{-1, 1}, Defined
	case CodeTanh:
		return Interval{Tanh(x.Lo), Tanh(x.Hi)}, Defined
	case CodeAbs:
		if x.Holds(0) {
			return Interval{0, max(-x.Lo, x.Hi)}, Defined
		}
		return hull(math.Abs(x.Lo), math.Abs(x.Hi)), Defined
	case CodeMin:
		return Interval{min(x.Lo, y.Lo), min(x.Hi, y.Hi)}, Defined
	case CodeMax:
		return Interval{max(x.Lo, y.Lo), max(x.Hi, y.Hi)}, Defined
	}
	return Interval{0, 1}, Defined // comparisons
}

// evenPower is the interval of x^n for an even n > 0.
func evenPower(x Interval, n float64) Interval {
	r := hull(raisePower(x.Lo, n), raisePower(x.Hi, n))
	if x.Holds(0) {
		r.Lo = 0
	}
	return r
}

func powerInterval(x, y Interval) (Interval, DomainFault) {
	n := y.Lo
	switch {
	case y.Lo != y.Hi || n != math.Floor(n): // exp(y·log x)
		switch {
		case x.Lo < 0:
			return AnyNumber, PowerOfNegative
		case x.Lo == 0 && y.Lo <= 0:
			return AnyNumber, PowerOfZero
		case x.Lo == 0:
			return Interval{0, math.Inf(1)}, Defined
		}
		return hull(raisePower(x.Lo, y.Lo), raisePower(x.Lo, y.Hi), raisePower(x.Hi, y.Lo), raisePower(x.Hi, y.Hi)), Defined
	case n < 0 && x.Holds(0):
		return AnyNumber, DivideByZero
	case n == 0:
		return Interval{1, 1}, Defined
	case math.Mod(n, 2) != 0:
		return hull(raisePower(x.Lo, n), raisePower(x.Hi, n)), Defined
	case n < 0:
		p := evenPower(x, -n)
		return Interval{1 / p.Hi, 1 / p.Lo}, Defined
	}
	return evenPower(x, n), Defined
}
