package sampling

import (
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Expressions as programs of package vector: code on a stack becomes operations on one
// value in registers, with operands in memory; what stands deeper is put aside when the
// registers are needed. A value that only has to be loaded waits until an operation takes
// it, and constants are worked out here.

// codeBuilder makes a program of float32 or, wide, of float64.
type codeBuilder struct {
	wide    bool
	ops     []vector.Op
	values  []operand
	loaded  int // place of the value in registers, -1: none
	deepest int
	far     bool // it has functions that may give up
	failed  bool // it has operations without a kernel
}

// operand is a value of the stack: in registers, put aside, a constant, or to be loaded by
// op.
type operand struct {
	kind  operandKind
	value float64
	op    vector.Op
}

type operandKind uint8

const (
	isLoaded operandKind = iota
	isAside
	isConstant
	isWaiting
)

func newCodeBuilder(wide bool) *codeBuilder { return &codeBuilder{wide: wide, loaded: -1} }

func (b *codeBuilder) emit(op vector.Op) { b.ops = append(b.ops, op) }

// bits are those of a constant.
func (b *codeBuilder) bits(v float64) uint64 {
	if b.wide {
		return math.Float64bits(v)
	}
	return uint64(math.Float32bits(float32(v)))
}

// round is the value that an operation gives.
func (b *codeBuilder) round(v float64) float64 {
	if b.wide {
		return v
	}
	return float64(float32(v))
}

func (b *codeBuilder) push(x operand) {
	b.values = append(b.values, x)
	b.deepest = max(b.deepest, len(b.values))
}

func (b *codeBuilder) constant(v float64) { b.push(operand{kind: isConstant, value: b.round(v)}) }

func (b *codeBuilder) wait(op vector.Op) { b.push(operand{kind: isWaiting, op: op}) }

// aside is where the i-th value is put aside.
func (b *codeBuilder) aside(i int) int {
	if b.wide {
		return 512 * i
	}
	return 256 * i
}

// free puts aside what is in registers.
func (b *codeBuilder) free() {
	if b.loaded >= 0 {
		b.emit(vector.Op{Code: vector.OpStore, Base: vector.BaseStack, At: b.aside(b.loaded)})
		b.values[b.loaded].kind = isAside
		b.loaded = -1
	}
}

// load brings the i-th value into registers.
func (b *codeBuilder) load(i int) {
	if b.loaded == i {
		return
	}
	b.free()
	switch x := &b.values[i]; x.kind {
	case isConstant:
		b.emit(vector.Op{Code: vector.OpConstant, Value: b.bits(x.value)})
	case isAside:
		code := vector.OpLoad
		if b.wide {
			code = vector.OpLoadWide
		}
		b.emit(vector.Op{Code: code, Base: vector.BaseStack, At: b.aside(i)})
	default:
		b.emit(x.op)
	}
	b.values[i].kind, b.loaded = isLoaded, i
}

// place is where an operation finds the i-th value in memory; false if it is not there.
func (b *codeBuilder) place(i int) (base vector.Base, at int, ok bool) {
	switch x := &b.values[i]; {
	case x.kind == isAside:
		return vector.BaseStack, b.aside(i), true
	case x.kind == isWaiting && x.op.Code == vector.OpLoad && !b.wide:
		return x.op.Base, x.op.At, true
	}
	return 0, 0, false
}

// one does an operation on the top value; at is what it needs besides.
func (b *codeBuilder) one(code vector.OpCode, at int, fold func(float64) float64) {
	top := len(b.values) - 1
	if x := &b.values[top]; x.kind == isConstant {
		x.value = b.round(fold(x.value))
		return
	}
	b.load(top)
	b.emit(vector.Op{Code: code, At: at})
}

// arithmetic are the operations of + - × ÷: with the value on the left, on the right, and
// the same with constants.
var arithmetic = map[CodeOpKind][4]vector.OpCode{
	CodeAdd: {vector.OpAdd, vector.OpAdd, vector.OpAddConstant, vector.OpAddConstant},
	CodeSub: {vector.OpSubtract, vector.OpSubtractFrom, vector.OpSubtractConstant, vector.OpSubtractFromConstant},
	CodeMul: {vector.OpMultiply, vector.OpMultiply, vector.OpMultiplyConstant, vector.OpMultiplyConstant},
	CodeDiv: {vector.OpDivide, vector.OpDivideInto, vector.OpDivideConstant, vector.OpDivideIntoConstant},
}

// ordered are the operations that find their left operand in memory.
var ordered = map[CodeOpKind]vector.OpCode{
	CodeMin: vector.OpLeast, CodeMax: vector.OpGreatest, CodeLess: vector.OpLess, CodeLessEq: vector.OpLessEqual,
	CodeGreater: vector.OpGreater, CodeGreaterEq: vector.OpGreaterEqual, CodeEqual: vector.OpEqual, CodeNotEqual: vector.OpNotEqual,
}

// functions are the operations on one value.
var functions = map[CodeOpKind]vector.OpCode{
	CodeNeg: vector.OpNegate, CodeAbs: vector.OpAbsolute, CodeSqrt: vector.OpRoot, CodeExp: vector.OpExponential,
	CodeLog: vector.OpLogarithm, CodeTanh: vector.OpTangent, CodeSin: vector.OpSine, CodeCos: vector.OpCosine,
}

// two does an operation on the two top values.
func (b *codeBuilder) two(op CodeOpKind) {
	right := len(b.values) - 1
	left := right - 1
	x, y := &b.values[left], &b.values[right]
	if x.kind == isConstant && y.kind == isConstant {
		x.value = b.round(Operate(op, x.value, y.value))
		b.values = b.values[:right]
		return
	}
	if code, ok := ordered[op]; ok {
		if _, _, ok := b.place(left); !ok {
			b.load(left)
			b.free()
		}
		b.load(right)
		base, at, _ := b.place(left)
		b.emit(vector.Op{Code: code, Base: base, At: at})
	} else {
		b.arithmetic(arithmetic[op], left, right)
	}
	b.values = b.values[:right]
	b.values[left] = operand{kind: isLoaded}
	b.loaded = left
}

// arithmetic does an operation of + - × ÷ with one of the values in registers.
func (b *codeBuilder) arithmetic(codes [4]vector.OpCode, left, right int) {
	if b.loaded != right { // the left one in registers, if the right one can be taken from where it is
		_, _, ok := b.place(right)
		if ok || b.values[right].kind == isConstant {
			b.load(left)
			b.with(codes[0], codes[2], right)
			return
		}
	}
	if _, _, ok := b.place(left); !ok && b.values[left].kind != isConstant {
		b.load(left)
		b.free()
	}
	b.load(right)
	b.with(codes[1], codes[3], left)
}

// with does an operation on the registers and the i-th value.
func (b *codeBuilder) with(code, constant vector.OpCode, i int) {
	if x := &b.values[i]; x.kind == isConstant {
		b.emit(vector.Op{Code: constant, Value: b.bits(x.value)})
		return
	}
	base, at, _ := b.place(i)
	b.emit(vector.Op{Code: code, Base: base, At: at})
}

// power raises the top value but one to a constant power.
func (b *codeBuilder) power() {
	top := len(b.values) - 1
	y := b.values[top]
	if y.kind != isConstant {
		b.failed = true
		return
	}
	fold := func(x float64) float64 { return raisePower(x, y.value) }
	whole := y.value >= 0 && y.value <= MaxWholePower && y.value == math.Floor(y.value)
	if !whole && y.value != 0.5 && b.values[top-1].kind != isConstant {
		b.failed = true
		return
	}
	b.values = b.values[:top]
	if b.loaded == top {
		b.loaded = -1
	}
	switch {
	case y.value == 2:
		b.one(vector.OpSquare, 0, fold)
	case y.value == 0.5:
		b.one(vector.OpRoot, 0, fold)
	default:
		b.one(vector.OpPower, int(y.value), fold)
	}
}

// code adds the operations of an expression for a row.
func (b *codeBuilder) code(ops []CodeOp, params []CodeParam, row int, slot func(n int32) vector.Op) {
	for _, o := range ops {
		switch {
		case b.failed:
			return
		case o.Op == CodeConst:
			b.constant(o.V)
		case o.Op == CodeSlot:
			b.wait(slot(o.N))
		case o.Op == CodeParamAt:
			p := &params[o.N]
			if len(p.Axes) > 0 {
				b.failed = true
				return
			}
			at := row
			if p.Shared {
				at = 0
			}
			b.constant(p.Values[at])
		case o.Op == CodePow:
			b.power()
		case functions[o.Op] != 0:
			b.far = b.far || o.Op == CodeSin || o.Op == CodeCos
			b.one(functions[o.Op], 0, func(x float64) float64 { return Operate(o.Op, x, 0) })
		case ordered[o.Op] != 0 || arithmetic[o.Op][0] != 0:
			b.two(o.Op)
		default: // a network
			b.failed = true
		}
	}
}

// storeTop leaves the top value in a row of results.
func (b *codeBuilder) storeTop(at int) {
	b.load(len(b.values) - 1)
	b.emit(vector.Op{Code: vector.OpStore, Base: vector.BaseOut, At: at})
	b.values, b.loaded = b.values[:0], -1
}

// vectorCode is a list of operations for one run or more; nil: there is none.
type vectorCode struct {
	runs [][]vector.Op
	far  bool
}

// takeRun closes a run.
func (b *codeBuilder) takeRun(p *vectorCode) {
	p.runs = append(p.runs, append(b.ops, vector.Op{}))
	p.far = p.far || b.far
	b.ops = nil
}
