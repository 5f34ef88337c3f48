package expr

import "github.com/thrmlgen/thrmlgen/runtime/sampling"

// codeOps are the operations of the runtime.
var codeOps = [...]sampling.CodeOpKind{
	Const: sampling.CodeConst, Slot: sampling.CodeSlot, Index: sampling.CodeSlot, Param: sampling.CodeParamAt,
	Neg: sampling.CodeNeg, Add: sampling.CodeAdd, Sub: sampling.CodeSub, Mul: sampling.CodeMul, Div: sampling.CodeDiv, Pow: sampling.CodePow,
	Exp: sampling.CodeExp, Log: sampling.CodeLog, Sqrt: sampling.CodeSqrt, Sin: sampling.CodeSin, Cos: sampling.CodeCos,
	Tanh: sampling.CodeTanh, Abs: sampling.CodeAbs, Min: sampling.CodeMin, Max: sampling.CodeMax,
	Less: sampling.CodeLess, LessEq: sampling.CodeLessEq, Greater: sampling.CodeGreater, GreaterEq: sampling.CodeGreaterEq,
	Equal: sampling.CodeEqual, NotEqual: sampling.CodeNotEqual, Net: sampling.CodeNet, NetSlope: sampling.CodeNetSlope,
}

// Code is an expression as the runtime evaluates it: operands first. slot numbers
// the slots and components, param the parameters of the code; a vector parameter
// has its components as a last axis.
func Code(e *Expr, slot func(n, comp int) int, param func(n int) int) []sampling.CodeOp {
	var ops []sampling.CodeOp
	for _, x := range e.Args {
		ops = append(ops, Code(x, slot, param)...)
	}
	o := sampling.CodeOp{Op: codeOps[e.Op]}
	switch e.Op {
	case Const:
		o.V = e.Value
	case Slot, Index:
		o.N = int32(slot(e.N, e.Comp))
	case NetSlope:
		o.N = int32(e.N)
	case Param:
		if e.Comp != Scalar {
			ops = append(ops, sampling.CodeOp{Op: sampling.CodeConst, V: float64(e.Comp)})
		}
		o.N = int32(param(e.N))
	}
	return append(ops, o)
}
