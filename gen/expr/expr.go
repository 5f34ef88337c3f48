package expr

import (
	"strconv"
	"strings"
)

// Op is what a node of a tree computes.
type Op uint8

const (
	Const Op = iota // Value
	Slot            // the number in slot N: ±1 of a spin, component Comp of a continuous slot
	Index           // the value 0 … K-1 of categorical slot N
	Param           // element Args of parameter N, component Comp of a vector along its last axis

	Neg
	Add
	Sub
	Mul
	Div
	Pow

	Exp
	Log
	Sqrt
	Sin
	Cos
	Tanh
	Abs
	Min
	Max

	Less
	LessEq
	Greater
	GreaterEq
	Equal
	NotEqual

	Net      // a network of Args
	NetSlope // its slope by input N
)

// Scalar is the Comp of what is no vector.
const Scalar = -1

// Expr is a node of a tree of scalar operations. It is never changed once made.
type Expr struct {
	Op    Op
	Value float64
	N     int     // of Slot, Index, Param
	Comp  int     // of Slot, Param: Scalar or a component
	Args  []*Expr // operands; of a Param its indices, each an Index or a Const
	Span  Span    // of the text it came from
}

// Span is a part of an expression's text, in bytes.
type Span struct{ From, To int }

// Kind is what a slot holds.
type Kind uint8

const (
	Spin Kind = iota
	Categorical
	Continuous
)

// Scope is what the names of an expression mean.
type Scope struct {
	Slots  []SlotType
	Params []string
}

// SlotType is a slot of the factor under the name that the expression has for it.
type SlotType struct {
	Name   string
	Kind   Kind
	States int    // of a categorical
	Dim    int    // of a vector; 0 for a scalar
	Of     string // the variable, for messages; may be empty
}

// names of functions and operators, in the order of Op.
var (
	functions = map[string]Op{
		"exp": Exp, "log": Log, "sqrt": Sqrt, "sin": Sin, "cos": Cos, "tanh": Tanh, "abs": Abs, "min": Min, "max": Max,
	}
	symbols = map[Op]string{
		Neg: "-", Add: "+", Sub: "-", Mul: "*", Div: "/", Pow: "^",
		Less: "<", LessEq: "<=", Greater: ">", GreaterEq: ">=", Equal: "==", NotEqual: "!=",
		Exp: "exp", Log: "log", Sqrt: "sqrt", Sin: "sin", Cos: "cos", Tanh: "tanh", Abs: "abs", Min: "min", Max: "max", Net: "mlp",
	}
	binding = map[Op]int{ // how tightly an operator binds
		Less: 1, LessEq: 1, Greater: 1, GreaterEq: 1, Equal: 1, NotEqual: 1,
		Add: 2, Sub: 2, Mul: 3, Div: 3, Neg: 4, Pow: 5,
	}
)

// String is the expression with the names of a scope; it parses back.
func (e *Expr) String(s *Scope) string {
	var b strings.Builder
	e.print(&b, s, 0)
	return b.String()
}

// print writes e where operators bind as tightly as outer.
func (e *Expr) print(b *strings.Builder, s *Scope, outer int) {
	bind := binding[e.Op]
	if e.Op == Const && e.Value < 0 {
		bind = binding[Neg]
	}
	if bind > 0 && bind < outer {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	switch e.Op {
	case Const:
		b.WriteString(strconv.FormatFloat(e.Value, 'g', -1, 64))
	case Slot, Index:
		b.WriteString(s.Slots[e.N].Name)
		if e.Comp != Scalar {
			b.WriteString("[" + strconv.Itoa(e.Comp) + "]")
		}
	case Param:
		b.WriteString(s.Params[e.N])
		if len(e.Args) == 0 && e.Comp == Scalar {
			return
		}
		b.WriteByte('[')
		for i, x := range e.Args {
			if i > 0 {
				b.WriteString(", ")
			}
			x.print(b, s, 0)
		}
		if e.Comp != Scalar {
			if len(e.Args) > 0 {
				b.WriteString(", ")
			}
			b.WriteString(strconv.Itoa(e.Comp))
		}
		b.WriteByte(']')
	case Neg:
		b.WriteByte('-')
		e.Args[0].print(b, s, bind)
	case Pow:
		e.Args[0].print(b, s, bind+1)
		b.WriteByte('^')
		e.Args[1].print(b, s, bind)
	case Add, Sub, Mul, Div, Less, LessEq, Greater, GreaterEq, Equal, NotEqual:
		e.Args[0].print(b, s, bind)
		if e.Op == Mul || e.Op == Div {
			b.WriteString(symbols[e.Op])
		} else {
			b.WriteString(" " + symbols[e.Op] + " ")
		}
		e.Args[1].print(b, s, bind+1)
	default:
		b.WriteString(symbols[e.Op] + "(")
		for i, x := range e.Args {
			if i > 0 {
				b.WriteString(", ")
			}
			x.print(b, s, 0)
		}
		b.WriteByte(')')
	}
}

// key tells expressions apart: equal keys, equal values.
func (e *Expr) key() string {
	var b strings.Builder
	e.writeKey(&b)
	return b.String()
}

func (e *Expr) writeKey(b *strings.Builder) {
	b.WriteByte(byte('a' + e.Op))
	switch e.Op {
	case Const:
		b.WriteString(strconv.FormatFloat(e.Value, 'b', -1, 64))
	case Slot, Index, Param, NetSlope:
		b.WriteString(strconv.Itoa(e.N))
		if e.Comp != Scalar {
			b.WriteString("." + strconv.Itoa(e.Comp))
		}
	}
	if len(e.Args) > 0 {
		b.WriteByte('(')
		for _, x := range e.Args {
			x.writeKey(b)
			b.WriteByte(',')
		}
		b.WriteByte(')')
	}
}

// has reports whether any node of e satisfies f.
func (e *Expr) has(f func(*Expr) bool) bool {
	if f(e) {
		return true
	}
	for _, x := range e.Args {
		if x.has(f) {
			return true
		}
	}
	return false
}

// Visit calls f with every node, parents first.
func (e *Expr) Visit(f func(*Expr)) {
	f(e)
	for _, x := range e.Args {
		x.Visit(f)
	}
}

// Replace is e with every node for which f gives a replacement replaced.
func (e *Expr) Replace(f func(*Expr) *Expr) *Expr {
	if r := f(e); r != nil {
		return r
	}
	var args []*Expr
	for i, x := range e.Args {
		y := x.Replace(f)
		if y != x && args == nil {
			args = append([]*Expr(nil), e.Args...)
		}
		if args != nil {
			args[i] = y
		}
	}
	if args == nil {
		return e
	}
	c := *e
	c.Args = args
	return &c
}

// Network is the value of a network of inputs.
func Network(inputs []*Expr) *Expr { return &Expr{Op: Net, Args: inputs, Comp: Scalar} }

// Number is a constant.
func Number(v float64) *Expr { return &Expr{Op: Const, Value: v, Comp: Scalar} }

func unary(op Op, x *Expr) *Expr { return &Expr{Op: op, Args: []*Expr{x}, Comp: Scalar, Span: x.Span} }

func binary(op Op, x, y *Expr) *Expr {
	return &Expr{Op: op, Args: []*Expr{x, y}, Comp: Scalar, Span: Span{min(x.Span.From, y.Span.From), max(x.Span.To, y.Span.To)}}
}

func (e *Expr) is(v float64) bool { return e.Op == Const && e.Value == v }
