package sampling

import (
	"fmt"
	"math"
	"slices"
)

// Code is an expression as operations on a stack, in the order in which they are
// done. Package gen/expr makes it from text and is its specification: every
// operation is one in float64 with the functions of this package.
type Code struct {
	Ops    []CodeOp
	Params []CodeParam
	Net    *Net // of CodeNet and CodeNetSlope; may be nil
}

// CodeOp is one operation. N is a slot or a parameter, V a constant.
type CodeOp struct {
	Op CodeOpKind
	N  int32
	V  float64
}

// CodePart is what the update of a node evaluates of an expression with the node in
// one of its slots, over the slots and parameters of the expression.
type CodePart struct {
	Field         []CodeOp // of spins and categoricals: what is added to g or θ_k
	Energy, Slope []CodeOp // of continuous nodes whose sampler reads the energy
	Linear        []CodeOp // of continuous nodes with a Gaussian conditional: b …
	Square        []CodeOp // … and a of a·x² + b·x; none where a is 0
}

// CodeParam is a parameter of an expression: a table over its axes, one for all
// rows or one for each.
type CodeParam struct {
	Axes   []int
	Shared bool
	Values []float64
}

// CodeOpKind says what an operation does.
type CodeOpKind uint8

const (
	CodeConst   CodeOpKind = iota // push V
	CodeSlot                      // push the number in slot N: ±1, a category or a float32
	CodeParamAt                   // take an index for each axis of parameter N, push its element

	CodeNeg
	CodeAdd
	CodeSub
	CodeMul
	CodeDiv
	CodePow

	CodeExp
	CodeLog
	CodeSqrt
	CodeSin
	CodeCos
	CodeTanh
	CodeAbs
	CodeMin
	CodeMax

	CodeLess
	CodeLessEq
	CodeGreater
	CodeGreaterEq
	CodeEqual
	CodeNotEqual

	CodeNet      // take the inputs of the network, push its value
	CodeNetSlope // take them, push its slope by input N

	codeOpKinds
)

var codeOpNames = [...]string{
	CodeConst: "const", CodeSlot: "slot", CodeParamAt: "param",
	CodeNeg: "neg", CodeAdd: "add", CodeSub: "sub", CodeMul: "mul", CodeDiv: "div", CodePow: "pow",
	CodeExp: "exp", CodeLog: "log", CodeSqrt: "sqrt", CodeSin: "sin", CodeCos: "cos", CodeTanh: "tanh",
	CodeAbs: "abs", CodeMin: "min", CodeMax: "max",
	CodeLess: "lt", CodeLessEq: "le", CodeGreater: "gt", CodeGreaterEq: "ge", CodeEqual: "eq", CodeNotEqual: "ne",
	CodeNet: "net", CodeNetSlope: "netslope",
}

// String is the name of an operation.
func (k CodeOpKind) String() string { return codeOpNames[k] }

// CodeOpNamed is the operation on values of a name.
func CodeOpNamed(name string) (CodeOpKind, bool) {
	i := slices.Index(codeOpNames[CodeNeg:], name)
	return CodeNeg + CodeOpKind(max(i, 0)), i >= 0
}

// arity is how many values an operation takes.
func (c *Code) arity(o CodeOp) int {
	switch {
	case o.Op <= CodeSlot:
		return 0
	case o.Op == CodeParamAt:
		return len(c.Params[o.N].Axes)
	case o.Op == CodeNeg || CodeExp <= o.Op && o.Op <= CodeAbs:
		return 1
	case o.Op >= CodeNet:
		return c.Net.Sizes[0]
	}
	return 2
}

// Check refuses code that does not leave one value, or reads slots or parameters
// that are not there.
func (c *Code) Check(slots, rows int) error {
	for i, p := range c.Params {
		size := 1
		for _, k := range p.Axes {
			if k < 1 || size > math.MaxInt32/k {
				return fmt.Errorf("parameter %d: axes %v", i, p.Axes)
			}
			size *= k
		}
		if !p.Shared {
			size *= rows
		}
		if len(p.Values) != size {
			return fmt.Errorf("parameter %d: %d values, not %d", i, len(p.Values), size)
		}
	}
	if c.Net != nil {
		if err := c.Net.check(c.Params); err != nil {
			return err
		}
	}
	depth := 0
	for _, o := range c.Ops {
		if o.Op >= codeOpKinds || o.Op >= CodeNet && (c.Net == nil || o.N < 0 || int(o.N) >= c.Net.Sizes[0]) || o.Op == CodeSlot && (o.N < 0 || int(o.N) >= slots) || o.Op == CodeParamAt && (o.N < 0 || int(o.N) >= len(c.Params)) {
			return fmt.Errorf("operation %d of %d", o.Op, o.N)
		}
		if depth -= c.arity(o); depth < 0 {
			return fmt.Errorf("an operation without its operands")
		}
		depth++
	}
	if depth != 1 {
		return fmt.Errorf("code that leaves %d values", depth)
	}
	return nil
}

// Eval is the value for one row; slot gives the number in a slot. stack is room
// that it may use and returns.
func (c *Code) Eval(row int, slot func(n int) float64, stack []float64) (float64, []float64) {
	stack = stack[:0]
	for _, o := range c.Ops {
		switch n := len(stack); o.Op {
		case CodeConst:
			stack = append(stack, o.V)
		case CodeSlot:
			stack = append(stack, slot(int(o.N)))
		case CodeParamAt:
			p := &c.Params[o.N]
			at, first := 0, n-len(p.Axes)
			if !p.Shared {
				at = row
			}
			for i, k := range p.Axes {
				at = at*k + int(stack[first+i])
			}
			stack = append(stack[:first], p.Values[at])
		case CodeNeg, CodeExp, CodeLog, CodeSqrt, CodeSin, CodeCos, CodeTanh, CodeAbs:
			stack[n-1] = Operate(o.Op, stack[n-1], 0)
		case CodeNet:
			stack = c.Net.eval(c.Params, -1, stack)
		case CodeNetSlope:
			stack = c.Net.eval(c.Params, int(o.N), stack)
		default:
			stack[n-2] = Operate(o.Op, stack[n-2], stack[n-1])
			stack = stack[:n-1]
		}
	}
	return stack[0], stack
}

// Operate is one operation on numbers in float64, the same bits on every machine.
// Functions of one argument do not look at y.
func Operate(op CodeOpKind, x, y float64) float64 {
	truth := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	switch op {
	case CodeNeg:
		return -x
	case CodeAdd:
		return x + y
	case CodeSub:
		return x - y
	case CodeMul:
		return float64(x * y)
	case CodeDiv:
		return x / y
	case CodePow:
		return raisePower(x, y)
	case CodeExp:
		return Exp(x)
	case CodeLog:
		return Log(x)
	case CodeSqrt:
		return math.Sqrt(x)
	case CodeSin:
		return Sin(x)
	case CodeCos:
		return Cos(x)
	case CodeTanh:
		return Tanh(x)
	case CodeAbs:
		return math.Abs(x)
	case CodeMin:
		return min(x, y)
	case CodeMax:
		return max(x, y)
	case CodeLess:
		return truth(x < y)
	case CodeLessEq:
		return truth(x <= y)
	case CodeGreater:
		return truth(x > y)
	case CodeGreaterEq:
		return truth(x >= y)
	case CodeEqual:
		return truth(x == y)
	case CodeNotEqual:
		return truth(x != y)
	}
	panic("not an operation")
}

// MaxWholePower is the largest exponent that is worked out by multiplication.
const MaxWholePower = 64

// raisePower is x^y: whole powers by multiplication, from the left; halves by
// sqrt; others as exp(y·log x).
func raisePower(x, y float64) float64 {
	switch {
	case y == 0.5:
		return math.Sqrt(x)
	case y == math.Floor(y) && math.Abs(y) <= MaxWholePower:
		p := 1.0
		for range int(math.Abs(y)) {
			p = float64(p * x)
		}
		if y < 0 {
			return 1 / p
		}
		return p
	case x == 0 && y > 0:
		return 0
	}
	return Exp(float64(y * Log(x)))
}
