package sampling

import "github.com/thrmlgen/thrmlgen/runtime/vector"

// Tape evaluates code of energies along lines in the space of their slots, and what
// follows from it backwards: the derivatives by slots and parameters, each as a function
// of the place on the line. With x + t·v as slots, the energy is a jet whose second
// number is v·∇E and whose third is half of vᵀ∇²E·v, and a derivative by a parameter is
// one whose numbers are those of E, v·∇E and vᵀ∇²E·v/2. All is in float64.
//
// At the corners of abs, min and max and at the jumps of comparisons derivatives are
// those of one side.
type Tape struct {
	order int // 0 … 2: the numbers of jets that are worked out
	steps []tapeStep
	stack []int32 // steps whose values are on it
	nets  []netTape
	used  int // of nets

	kernel vector.Kernel
	turned [][]float64 // weights of the layers of code's network, transposed

	code *CodeFactor
	row  int
}

// tapeStep is an operation, its value and the derivative of the result by that.
type tapeStep struct {
	op      CodeOp
	a, b    int32 // operands
	value   Jet
	adjoint Jet
	slopes  [2]Jet // by the operands
	element int    // of a parameter
	net     int32
}

// NewTape makes a tape for jets with numbers up to an order: 0 for energies and their
// gradients, 1 for products of second derivatives with v, 2 for vᵀ∇²E·v.
func NewTape(order int) *Tape {
	kernel, _ := vector.ChooseKernel(vector.Automatic)
	return &Tape{order: order, kernel: kernel}
}

// Energy is what a row of a code factor adds to H, slot giving the numbers in its slots.
// Parameters must not change from one call for a code factor to the next.
func (t *Tape) Energy(c *CodeFactor, row int, slot func(n int) Jet) Jet {
	if t.code != c {
		t.turn(c)
	}
	t.code, t.row, t.used = c, row, 0
	t.steps, t.stack = t.steps[:0], t.stack[:0]
	for _, o := range c.Energy {
		t.step(o, slot)
	}
	return t.steps[t.stack[0]].value
}

// take removes the topmost operand.
func (t *Tape) take() int32 {
	last := len(t.stack) - 1
	i := t.stack[last]
	t.stack = t.stack[:last]
	return i
}

func (t *Tape) step(o CodeOp, slot func(n int) Jet) {
	s := tapeStep{op: o, a: -1, b: -1}
	switch {
	case o.Op == CodeConst:
		s.value[0] = o.V
	case o.Op == CodeSlot:
		s.value = slot(int(o.N))
	case o.Op == CodeParamAt:
		p := &t.code.Params[o.N]
		first := len(t.stack) - len(p.Axes)
		if !p.Shared {
			s.element = t.row
		}
		for i, k := range p.Axes {
			s.element = s.element*k + int(t.steps[t.stack[first+i]].value[0])
		}
		t.stack = t.stack[:first]
		s.value[0] = p.Values[s.element]
	case o.Op == CodeNet:
		s.net = t.network()
		s.value = t.nets[s.net].value
	case o.Op == CodeNeg || CodeExp <= o.Op && o.Op <= CodeAbs:
		s.a = t.take()
		x := t.steps[s.a].value
		s.value, s.slopes[0] = x.apply(derivatives(o.Op, x[0]))
	default:
		s.b = t.take()
		s.a = t.take()
		s.operate(t.steps[s.a].value, t.steps[s.b].value, t.steps[s.b].op.Op == CodeConst)
	}
	t.stack = append(t.stack, int32(len(t.steps)))
	t.steps = append(t.steps, s)
}

// operate works out an operation on two jets.
func (s *tapeStep) operate(x, y Jet, constant bool) {
	one := Jet{1}
	switch s.op.Op {
	case CodeAdd:
		s.value, s.slopes = x.plus(y), [2]Jet{one, one}
	case CodeSub:
		s.value, s.slopes = x.minus(y), [2]Jet{one, {-1}}
	case CodeMul:
		s.value, s.slopes = x.Times(y), [2]Jet{y, x}
	case CodeDiv:
		s.value = x.over(y)
		inverse := one.over(y)
		s.slopes = [2]Jet{inverse, s.value.Times(inverse).negated()}
	case CodePow:
		s.value, s.slopes[0], s.slopes[1] = powerJets(x, y, constant)
	case CodeMin:
		if s.value, s.slopes = y, [2]Jet{{}, one}; x[0] <= y[0] {
			s.value, s.slopes = x, [2]Jet{one, {}}
		}
	case CodeMax:
		if s.value, s.slopes = y, [2]Jet{{}, one}; x[0] >= y[0] {
			s.value, s.slopes = x, [2]Jet{one, {}}
		}
	default: // comparisons
		s.value[0] = Operate(s.op.Op, x[0], y[0])
	}
}

// Back works out the derivatives of the latest Energy and calls slot with those by every
// slot, as often as it stands in the code. To sums, by parameter and element, it adds
// by[0]·a + by[1]·b + by[2]·c of the derivative Jet{a, b, c} by each; nil sums, or nil
// parts of it, are left out.
func (t *Tape) Back(by Jet, sums [][]float64, slot func(n int, d Jet)) {
	t.back(by, sums, func(s *tapeStep) {
		switch {
		case s.op.Op == CodeSlot && slot != nil:
			slot(int(s.op.N), s.adjoint)
		case s.op.Op == CodeParamAt && sums != nil && sums[s.op.N] != nil:
			sums[s.op.N][s.element] += dot(by, s.adjoint)
		}
	})
}

// back is Back that gives each slot and parameter that is no network's to leaf.
func (t *Tape) back(by Jet, sums [][]float64, leaf func(s *tapeStep)) {
	for i := range t.steps {
		t.steps[i].adjoint = Jet{}
	}
	t.steps[t.stack[0]].adjoint = Jet{1}
	for i := len(t.steps) - 1; i >= 0; i-- {
		s := &t.steps[i]
		if s.adjoint == (Jet{}) {
			continue
		}
		switch s.op.Op {
		case CodeSlot, CodeParamAt:
			leaf(s)
		case CodeNet:
			n := &t.nets[s.net]
			n.back(t, s.adjoint, by, sums)
			for k, from := range n.inputs {
				p := &t.steps[from].adjoint
				*p = p.plus(n.input(t, k))
			}
		}
		if s.a >= 0 {
			p := &t.steps[s.a].adjoint
			*p = p.plus(s.slopes[0].Times(s.adjoint))
		}
		if s.b >= 0 {
			p := &t.steps[s.b].adjoint
			*p = p.plus(s.slopes[1].Times(s.adjoint))
		}
	}
}

func dot(x, y Jet) float64 {
	return float64(x[0]*y[0]) + float64(x[1]*y[1]) + float64(x[2]*y[2])
}
