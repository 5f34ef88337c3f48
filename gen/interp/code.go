package interp

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Expressions, and the samplers of continuous nodes that read them.

// single is an expression over a row in float32; own is the value in slot self,
// from which -1 takes the state's.
func (m *Machine) single(c *ir.CodeFactor, ops []sampling.CodeOp, r, self int, own float32, x []int32) float32 {
	var stack []float32
	pop := func() float32 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		return v
	}
	for _, o := range ops {
		switch {
		case o.Op == sampling.CodeConst:
			stack = append(stack, float32(o.V))
		case o.Op == sampling.CodeSlot && int(o.N) == self:
			stack = append(stack, own)
		case o.Op == sampling.CodeSlot:
			stack = append(stack, m.valueOf(c, r, int(o.N), x))
		case o.Op == sampling.CodeParamAt:
			p := c.Params[o.N]
			at, stride := 0, 1
			for i := len(p.Axes) - 1; i >= 0; i-- {
				at += stride * int(pop())
				stride *= p.Axes[i]
			}
			if !p.Shared {
				at += r * stride
			}
			stack = append(stack, float32(p.Values[at]))
		case o.Op == sampling.CodeNet || o.Op == sampling.CodeNetSlope:
			first := len(stack) - c.Net.Sizes[0]
			inputs := stack[first:]
			y := network(c, inputs)
			v := y.value()
			if o.Op == sampling.CodeNetSlope {
				v = y.slopes()[o.N]
			}
			stack = append(stack[:first], v)
		case o.Op == sampling.CodeNeg || sampling.CodeExp <= o.Op && o.Op <= sampling.CodeAbs:
			stack = append(stack, float32(sampling.Operate(o.Op, float64(pop()), 0)))
		default:
			b, a := pop(), pop()
			stack = append(stack, float32(sampling.Operate(o.Op, float64(a), float64(b))))
		}
	}
	return pop()
}

// valueOf is the number in a slot of a row.
func (m *Machine) valueOf(c *ir.CodeFactor, r, slot int, x []int32) float32 {
	return m.numberOf(c.Index[r*len(c.Slots)+slot], x)
}

// numberOf is the value of a node as an expression sees it.
func (m *Machine) numberOf(n int32, x []int32) float32 {
	if m.kind[n] == ir.Continuous {
		return floatOf(x[n])
	}
	return float32(x[n])
}

// codeValue is the energy of a row in float64.
func (m *Machine) codeValue(c *ir.CodeFactor, r int, x []int32) float64 {
	code := sampling.Code{Ops: c.Energy, Params: c.Params, Net: c.Net}
	v, _ := code.Eval(r, func(slot int) float64 { return float64(m.valueOf(c, r, slot, x)) }, nil)
	return v
}

// addCode adds to sum what one kind of code gives for node n, own its value as a
// state holds it; any is false if there is no such code.
func (m *Machine) addCode(sum float32, n int, own int32, x []int32, of func(*sampling.CodePart) []sampling.CodeOp) (_ float32, any bool) {
	v := float32(own)
	if m.kind[n] == ir.Continuous {
		v = floatOf(own)
	}
	for _, r := range m.codes[n] {
		c := &m.coded[r.factor]
		if ops := of(&c.Parts[r.position]); ops != nil {
			sum = sum + m.single(c, ops, r.row, r.position, v, x)
			any = true
		}
	}
	return sum, any
}

// curve is the energy of a continuous node as a function of its value.
type curve struct {
	m     *Machine
	n     int
	state []int32
	a, b  float32
}

func (m *Machine) curveOf(n int, x []int32) *curve {
	_, b, _ := m.polynomial(n, x[n], 1, x)
	_, a, _ := m.polynomial(n, x[n], 2, x)
	return &curve{m, n, x, a, b}
}

func (c *curve) energy(x float32) float32 {
	e := float32(c.a*x) + c.b
	e = float32(e * x)
	e, _ = c.m.addCode(e, c.n, bitsOf(x), c.state, func(p *sampling.CodePart) []sampling.CodeOp { return p.Energy })
	return e
}

func (c *curve) slope(x float32) float32 {
	d := float32(2*c.a*x) + c.b
	d, _ = c.m.addCode(d, c.n, bitsOf(x), c.state, func(p *sampling.CodePart) []sampling.CodeOp { return p.Slope })
	return d
}

// firstStep is where the step of a node begins.
func (m *Machine) firstStep(n int) float32 {
	if s := m.sampler[n]; s == "underdamped" || s == "nesterov" {
		return 0 // a velocity
	}
	if r := m.ranges[n]; r != nil {
		return float32(math.Min(1, (r[1]-r[0])/2))
	}
	return 1
}

// stepNumber is the update of a continuous node by slice, metropolis or mala.
func (m *Machine) stepNumber(chain, n int, x []int32) int32 {
	c := m.curveOf(n, x)
	step := &m.steps[chain][n]
	var now float32
	var r float64
	if m.sampler[n] == "slice" {
		now, r = m.slice(c, chain, *step)
	} else {
		now, r = m.propose(c, chain, *step)
	}
	if t := m.SweepNumber; t < uint64(m.p.Sample.Warmup) {
		s := float32(float64(*step) * sampling.Exp(float64(1/math.Sqrt(float64(t)+1)*r)))
		*step = float32(math.Min(math.Max(float64(s), math.Ldexp(1, -60)), math.Ldexp(1, 60)))
	}
	return bitsOf(now)
}

// uniform is that of a word of the node's.
func (m *Machine) uniform(chain, n, draw int) float64 {
	return (float64(m.number(chain, m.slot[n], draw)) + 0.5) / (1 << 32)
}

// propose gives the new value and how the step should change, by metropolis and mala.
func (m *Machine) propose(c *curve, chain int, sigma float32) (float32, float64) {
	mala := m.sampler[c.n] == "mala"
	s := float64(sigma)
	k := float32(float64(float64(s*s)*m.beta) / 2)
	x := floatOf(c.state[c.n])
	mean := x
	if mala {
		mean = x - float32(k*c.slope(x))
	}
	z := m.normal(chain, int(c.n))
	y := mean + float32(sigma*z)
	delta := c.energy(y) - c.energy(x)
	l := -float64(m.beta * float64(delta))
	target := 0.44
	if mala {
		target = 0.574
		back := y - float32(k*c.slope(y))
		u, v := float64(x-back), float64(y-mean)
		l = l - (float64(u*u)-float64(v*v))/(2*float64(s*s))
	}
	alpha := math.Min(1, sampling.Exp(math.Min(0, l)))
	if math.IsNaN(float64(delta)) || math.IsNaN(l) || !m.canBe(c.n, bitsOf(y)) {
		alpha = 0
	}
	if m.uniform(chain, c.n, 2) < alpha {
		return y, alpha - target
	}
	return x, alpha - target
}

// slice gives the new value and how the width should change.
func (m *Machine) slice(c *curve, chain int, width float32) (float32, float64) {
	x := floatOf(c.state[c.n])
	level := c.energy(x) + float32(-sampling.Log(m.uniform(chain, c.n, 0))/m.beta)
	low, high := math.Inf(-1), math.Inf(1)
	bounds := m.ranges[c.n]
	if bounds != nil {
		low, high = bounds[0], bounds[1]
	}
	move := func(v float32) float32 {
		if bounds == nil {
			return v
		}
		return inside(v, low, high)
	}
	l := x - float32(float64(width)*m.uniform(chain, c.n, 1))
	r := l + width
	j := int(m.number(chain, m.slot[c.n], 2) >> 26)
	out, in := 0, 0
	for k := j; k > 0 && float64(l) > low && c.energy(l) <= level; k-- {
		l -= width
		out++
	}
	for k := 63 - j; k > 0 && float64(r) < high && c.energy(r) <= level; k-- {
		r += width
		out++
	}
	l, r = move(l), move(r)
	now := x
	for i := range 100 {
		y := move(l + float32(float64(r-l)*m.uniform(chain, c.n, 3+i)))
		if c.energy(y) <= level {
			now = y
			break
		}
		in++
		if y < x {
			l = y
		} else {
			r = y
		}
	}
	if out+in == 0 {
		return now, 0
	}
	return now, (float64(out) - float64(in)) / (float64(out) + float64(in))
}
