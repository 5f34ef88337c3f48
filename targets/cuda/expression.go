package cuda

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Parts of expressions, by what updates add them to.
const (
	partLinear = iota // b of a number, or the field of a spin or categorical
	partSquare        // a of a number
	partSlope         // the derivative of the energy
	partEnergy
	parts
)

// expression is a part of the code of a factor for one of its slots, as a function in C++.
type expression struct {
	ID   int // parts·(the place of factor and slot) + part
	Note string
	Body []string // the last one returns
}

// partsOf are the codes of a slot, by part.
func partsOf(c *sampling.CodePart) [parts][]sampling.CodeOp {
	list := [parts][]sampling.CodeOp{c.Linear, c.Square, c.Slope, c.Energy}
	if c.Field != nil {
		list[partLinear] = c.Field
	}
	return list
}

// codesAt are the places of the slots of each factor among all.
func codesAt(p *ir.Program) (at []int) {
	n := 0
	for i := range p.Codes {
		at = append(at, n)
		n += len(p.Codes[i].Slots)
	}
	return at
}

// expressions are the functions that the sweeps of a program call. Their parameters begin at d.params among the
// weights in float32.
func (d *tablePlan) expressions(s *singles) (list []expression) {
	for i := range d.p.Codes {
		c := &d.p.Codes[i]
		for slot := range c.Parts {
			for part, ops := range partsOf(&c.Parts[slot]) {
				if ops != nil && d.asked(s, c.Slots[slot].Kind, part) {
					name := [parts]string{"linear", "square", "slope", "energy"}[part]
					list = append(list, expression{parts*(d.codesAt[i]+slot) + part, fmt.Sprintf("%s, slot %d: %s", c.Name, slot, name), d.body(c, ops, slot, d.params[i], floats)})
				}
			}
		}
	}
	return list
}

// asked says whether sweeps ask for a part of expressions at slots of a kind.
func (d *tablePlan) asked(s *singles, kind ir.Kind, part int) bool {
	switch {
	case part == partSlope:
		return moveOf(d.p) != nil || s.Steps["mala"]
	case part == partEnergy:
		return len(s.Steps) > 0
	}
	return kind != ir.Continuous || s.Numbers
}

// arithmetic is how expressions are written in one of two precisions.
type arithmetic struct {
	number    string // type
	functions map[sampling.CodeOpKind]string
	constant  func(float64) string
	slot      func(kind ir.Kind, value string) string
	param     string // format of the one at a place
}

// floats is the arithmetic of updates.
var floats = &arithmetic{"float", map[sampling.CodeOpKind]string{
	sampling.CodeAdd: "add_float", sampling.CodeSub: "subtract_float", sampling.CodeMul: "multiply_float", sampling.CodeDiv: "__fdiv_rn",
	sampling.CodeSqrt: "__fsqrt_rn", sampling.CodeAbs: "fabsf", sampling.CodeNeg: "-",
	sampling.CodeMin: "minimum", sampling.CodeMax: "maximum",
	sampling.CodePow: "power_float", sampling.CodeExp: "exp_float", sampling.CodeLog: "log_float",
	sampling.CodeSin: "sin_float", sampling.CodeCos: "cos_float", sampling.CodeTanh: "tanh_float",
}, func(x float64) string { return single(float32(x)) }, slotValue, "weights[%s]"}

// doubles is that of energies.
var doubles = &arithmetic{"double", map[sampling.CodeOpKind]string{
	sampling.CodeAdd: "add", sampling.CodeSub: "subtract", sampling.CodeMul: "multiply", sampling.CodeDiv: "divide",
	sampling.CodeSqrt: "__dsqrt_rn", sampling.CodeAbs: "fabs", sampling.CodeNeg: "-",
	sampling.CodeMin: "minimum", sampling.CodeMax: "maximum",
	sampling.CodePow: "power", sampling.CodeExp: "exponential_of", sampling.CodeLog: "logarithm",
	sampling.CodeSin: "sine_of", sampling.CodeCos: "cosine_of", sampling.CodeTanh: "hyperbolic_tangent",
}, float, func(kind ir.Kind, value string) string { return "(double)(" + slotValue(kind, value) + ")" }, "double_at(words + 2 * (%s))"}

// comparisons are 1 where they hold, else 0.
var comparisons = map[sampling.CodeOpKind]string{
	sampling.CodeLess: "<", sampling.CodeLessEq: "<=", sampling.CodeGreater: ">", sampling.CodeGreaterEq: ">=",
	sampling.CodeEqual: "==", sampling.CodeNotEqual: "!=",
}

// anySlot says that own is the number in slot self of a function in C++.
const anySlot = -2

// operand is a name on the stack, with the first operation and line of what it comes from.
type operand struct {
	name     string
	op, line int
}

// body is the code of an expression, which returns its value.
func (d *tablePlan) body(c *ir.CodeFactor, ops []sampling.CodeOp, self int, params []int, a *arithmetic) []string {
	lines, stack := d.lines(c, ops, self, params, a)
	return append(lines, fmt.Sprintf("return %s;", stack[0].name))
}

// lines is the code of an expression, an operation a line, and what it leaves: t are the words of
// the term, the row and the nodes of its slots; own is the number in the slot that is updated,
// self.
func (d *tablePlan) lines(c *ir.CodeFactor, ops []sampling.CodeOp, self int, params []int, a *arithmetic) (lines []string, stack []operand) {
	var from operand // of what is popped
	pop := func() string {
		from = stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		return from.name
	}
	push := func(format string, args ...any) {
		name := fmt.Sprintf("v%d", len(lines))
		lines = append(lines, fmt.Sprintf("const %s %s = "+format+";", append([]any{a.number, name}, args...)...))
		stack = append(stack, operand{name, from.op, from.line})
	}
	for i, o := range ops {
		n := int(o.N)
		from = operand{"", i, len(lines)}
		switch {
		case o.Op == sampling.CodeConst:
			push("%s", a.constant(o.V))
		case o.Op == sampling.CodeSlot && n == self:
			stack = append(stack, operand{"own", i, len(lines)})
		case o.Op == sampling.CodeSlot && self == anySlot:
			push("self == %d ? own : %s", n, a.slot(c.Slots[n].Kind, fmt.Sprintf("x[t[%d]]", n+1)))
		case o.Op == sampling.CodeSlot:
			push("%s", a.slot(c.Slots[n].Kind, fmt.Sprintf("x[t[%d]]", n+1)))
		case o.Op == sampling.CodeNet || o.Op == sampling.CodeNetSlope:
			for range c.Net.Sizes[0] {
				pop()
			}
			if o.Op == sampling.CodeNet {
				n = -1
			}
			lines = lines[:from.line] // the function of the network has them
			push("%s", d.networkCall(c, ops[from.op:i], self, n, params, a))
		case o.Op == sampling.CodeParamAt:
			p := &c.Params[n]
			at, stride := fmt.Sprint(params[n]), 1
			for i := len(p.Axes) - 1; i >= 0; i-- {
				at += fmt.Sprintf(" + %d * (i32)%s", stride, pop())
				stride *= p.Axes[i]
			}
			if !p.Shared {
				at += fmt.Sprintf(" + %d * t[0]", stride)
			}
			push(a.param, at)
		case comparisons[o.Op] != "":
			y, x := pop(), pop()
			push("%s %s %s ? %s : %s", x, comparisons[o.Op], y, a.constant(1), a.constant(0))
		case o.Op == sampling.CodeNeg || sampling.CodeExp <= o.Op && o.Op <= sampling.CodeAbs:
			push("%s(%s)", a.functions[o.Op], pop())
		default:
			y, x := pop(), pop()
			push("%s(%s, %s)", a.functions[o.Op], x, y)
		}
	}
	return lines, stack
}

// slotValue is the number that a node's value is in an expression.
func slotValue(kind ir.Kind, value string) string {
	switch kind {
	case ir.Spin:
		return "1.0f - 2.0f * (float)" + value
	case ir.Categorical:
		return "(float)" + value
	}
	return "__uint_as_float(" + value + ")"
}

// single is a float32 in C++.
func single(x float32) string {
	return strconv.FormatFloat(float64(x), 'e', -1, 32) + "f"
}

// putParams writes the parameters of expressions in float32 among the weights.
func (d *tablePlan) putParams() {
	for i := range d.p.Codes {
		var at []int
		for _, param := range d.p.Codes[i].Params {
			at = append(at, len(d.words.List)-d.floatsAt)
			for _, x := range param.Values {
				d.words.List = append(d.words.List, math.Float32bits(float32(x)))
			}
		}
		d.params = append(d.params, at)
	}
}

// codeTerms writes the terms that expressions add to the updates of a node: the number of its first
// function, a bit for each part that it has, how many words follow, and these: the row and its
// nodes. It says whether one adds to the square.
func (d *tablePlan) codeTerms(w *Words, node int) (count int, square bool) {
	for _, t := range d.codeTouches[node] {
		c := &d.p.Codes[t.factor]
		mask := 0
		for part, ops := range partsOf(&c.Parts[t.slot]) {
			if ops != nil {
				mask |= 1 << part
			}
		}
		if mask == 0 {
			continue
		}
		count++
		square = square || mask>>partSquare&1 == 1
		words := []uint32{uint32(parts * (d.codesAt[t.factor] + t.slot)), uint32(mask), uint32(1 + len(c.Slots)), uint32(t.row)}
		var others []string
		for _, other := range c.Index[t.row*len(c.Slots) : (t.row+1)*len(c.Slots)] {
			words = append(words, uint32(other))
			others = append(others, d.names[other])
		}
		w.line(c.Name+": "+strings.Join(others, " "), words...)
	}
	return count, square
}
