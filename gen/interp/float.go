package interp

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Updates of continuous nodes and of discrete ones with continuous neighbours.

// floatOf is the value of a continuous node.
func floatOf(x int32) float32 { return math.Float32frombits(uint32(x)) }

// bitsOf is how a state holds a continuous value.
func bitsOf(v float32) int32 { return int32(math.Float32bits(v)) }

// polynomial is the sum of the terms of node n that hold it to some power (0 for
// spins and categoricals), with value v for the node's own state. The first part
// is the constant in float64; other is false if there is nothing but that.
func (m *Machine) polynomial(n int, v int32, power int, x []int32) (constant float64, sum float32, other bool) {
	return m.sumRows(m.rows[n], n, v, power, x)
}

// sumRows is polynomial of some of the node's rows.
func (m *Machine) sumRows(rows []row, n int, v int32, power int, x []int32) (constant float64, sum float32, other bool) {
	sign := 1.0
	if power > 0 {
		sign = -1
	}
	var terms []float32
	for _, r := range rows {
		f := &m.p.Factors[r.factor]
		if f.Slots[r.position].Power != power {
			continue
		}
		at, _ := m.entry(r, n, v, x)
		c := sign * m.weights[r.factor][at]
		t, alone := float32(c), true
		for j, slot := range f.Slots {
			if j == r.position {
				continue
			}
			alone = false
			value := x[f.Index[r.row*len(f.Slots)+j]]
			switch slot.Kind {
			case ir.Spin:
				t = float32(t * float32(value))
			case ir.Continuous:
				for range slot.Power {
					t = float32(t * floatOf(value))
				}
			}
		}
		if alone {
			constant += c
		} else {
			terms = append(terms, t)
		}
	}
	sum = float32(constant)
	for _, t := range terms {
		sum = sum + t
	}
	return constant, sum, len(terms) > 0
}

// gaussian is the conditional of a continuous node: mean and standard deviation.
func (m *Machine) gaussian(n int, x []int32) (mean, sd float32) {
	_, b, _ := m.polynomial(n, x[n], 1, x)
	a, sum, other := m.polynomial(n, x[n], 2, x)
	b, _ = m.addCode(b, n, x[n], x, func(p *sampling.CodePart) []sampling.CodeOp { return p.Linear })
	sum, squares := m.addCode(sum, n, x[n], x, func(p *sampling.CodePart) []sampling.CodeOp { return p.Square })
	if other || squares {
		a = float64(sum)
	}
	h := float32(-1 / (2 * a))
	sd = float32(math.Sqrt(1 / float64((2*m.beta)*a)))
	return float32(b * h), sd
}

// Gaussian is what an update of a continuous node would draw from now.
func (m *Machine) Gaussian(chain, node int) (mean, sd float32) {
	return m.gaussian(node, m.state[chain])
}

// newNumber is the update of a continuous node.
func (m *Machine) newNumber(chain, n int, x []int32) int32 {
	mean, sd := m.gaussian(n, x)
	if r := m.ranges[n]; r != nil {
		w, v := m.number(chain, m.slot[n], 0), m.number(chain, m.slot[n], 1)
		return bitsOf(truncated(float64(mean), float64(sd), r[0], r[1], w, v))
	}
	z := m.normal(chain, n)
	step := float32(sd * z)
	return bitsOf(mean + step)
}

// normal is the standard normal number of the update of a node.
func (m *Machine) normal(chain, n int) float32 {
	return normalOf(func(draw int) uint64 { return m.number(chain, m.slot[n], draw) })
}

// normalOf is a standard normal number from the words of two draws.
func normalOf(word func(draw int) uint64) float32 {
	w := word(0)
	n := w % (1 << 31)
	var z float32
	if n < 1<<15 {
		v := word(1)
		z = float32(sampling.NormalQuantile((float64(n<<32+v) + 0.5) / (1 << 64)))
	} else {
		z = polynomialQuantile(n)
	}
	if w>>31 == 1 {
		return z
	}
	return -z
}

// polynomialQuantile is the polynomial of the specification, of the piece of n.
func polynomialQuantile(n uint64) float32 {
	o := 15
	for n>>(o+1) > 0 {
		o++
	}
	unit := math.Max(1, math.Ldexp(1, o-23)) // numbers that are one float32
	s := math.Floor(float64(n)/unit) * unit / math.Ldexp(1, o)
	e := 1.5
	if s >= 1.5 {
		e = 2
	}
	x := float32(s - e)
	c := quantileCoefficients(o, e, unit)
	z := float32(c[5])
	for l := 4; l >= 0; l-- {
		z = float32(z*x) + float32(c[l])
	}
	return z
}

// quantileCoefficients are those of the polynomial through six points.
func quantileCoefficients(o int, e, unit float64) (c [6]float64) {
	x := [6]float64{-9. / 1024, -75. / 1024, -190. / 1024, -322. / 1024, -437. / 1024, -503. / 1024}
	difference := make([][]float64, 6) // difference[k][j] of points j-k … j
	for k := range difference {
		difference[k] = make([]float64, 6)
		for j := k; j < 6; j++ {
			if k == 0 {
				difference[0][j] = sampling.NormalQuantile((math.Ldexp(e+x[j], o) + unit/2) / (1 << 32))
			} else {
				difference[k][j] = (difference[k-1][j] - difference[k-1][j-1]) / (x[j] - x[j-k])
			}
		}
	}
	for j := 5; j >= 0; j-- {
		times := c // c·(x - x_j) + the difference
		for l := range c {
			below := difference[j][j]
			if l > 0 {
				below = times[l-1]
			}
			c[l] = below - float64(x[j]*times[l])
		}
	}
	return c
}

// truncated is a normal number inside a range.
func truncated(mean, sd, lo, hi float64, w, v uint64) float32 {
	a, o := (lo-mean)/sd, (hi-mean)/sd
	r := (float64(w<<32+v) + 0.5) / (1 << 64)
	side := 1.0
	if a+o < 0 {
		a, o, side = -o, -a, -1
	}
	var t float64
	if a <= 37 {
		qa, qo := sampling.NormalTail(a), sampling.NormalTail(o)
		t = quantile(qa - float64(r*(qa-qo)))
	} else {
		t = a - sampling.Log(1-float64(r*(1-sampling.Exp(-float64(a*(o-a))))))/a
	}
	t *= side
	return inside(float32(mean+float64(sd*t)), lo, hi)
}

// quantile is the t that a standard normal number exceeds with probability q.
func quantile(q float64) float64 {
	if q > 0.5 {
		return -sampling.NormalQuantile(1 - q)
	}
	return sampling.NormalQuantile(q)
}

// inside moves a number to the nearest float32 in [lo, hi].
func inside(x float32, lo, hi float64) float32 {
	if float64(x) < lo || x != x {
		if x = float32(lo); float64(x) < lo {
			x = math.Nextafter32(x, float32(math.Inf(1)))
		}
	}
	if float64(x) > hi {
		if x = float32(hi); float64(x) > hi {
			x = math.Nextafter32(x, float32(math.Inf(-1)))
		}
	}
	return x
}

// floatField is g of a spin, or θ of a categorical for a value of its own.
func (m *Machine) floatField(n int, own int32, x []int32) float32 {
	_, g, _ := m.polynomial(n, own, 0, x)
	g, _ = m.addCode(g, n, own, x, func(p *sampling.CodePart) []sampling.CodeOp { return p.Field })
	return g
}

// floatSpin is the update of a spin with continuous neighbours.
func (m *Machine) floatSpin(chain, n int, x []int32) int32 {
	g := m.floatField(n, x[n], x)
	u := m.digit(chain, m.slot[n], 0)<<16 + m.digit(chain, m.slot[n], 1)
	likely := int32(1)
	if g < 0 {
		likely, g = -1, -g
	}
	if u < uint64(sampling.RareProbability(float64(2*m.beta*float64(g)))) {
		return -likely
	}
	return likely
}

// floatCategory is the update of a categorical with continuous neighbours.
func (m *Machine) floatCategory(chain, n int, x []int32) int32 {
	e, z := m.floatWeights(n, x)
	u := m.digit(chain, m.slot[n], 0)<<16 + m.digit(chain, m.slot[n], 1)
	return pick(e, scale(u, z, 32))
}

// floatWeights are integers proportional to the probabilities of the states.
func (m *Machine) floatWeights(n int, x []int32) (e []int64, z int64) {
	theta := make([]float32, m.states[n])
	top := float32(math.Inf(-1))
	for k := range theta {
		theta[k] = m.floatField(n, int32(k), x)
		top = max(top, theta[k])
	}
	bits := NewExpTable(m.beta, 0, len(theta)).B
	for _, t := range theta {
		d := top - t
		w := int64(math.Floor(math.Ldexp(sampling.Exp(-float64(m.beta*float64(d))), bits) + 0.5))
		e = append(e, w)
		z += w
	}
	return e, z
}

// startNumber is the initial value of a continuous node.
func (m *Machine) startNumber(chain, n int, in ir.Init) int32 {
	mean, sd := 0.0, 1.0
	switch in.Kind {
	case ir.InitZeros:
		return bitsOf(0)
	case ir.InitNormal:
		mean, sd = in.Mean, in.SD
	}
	r := m.ranges[n]
	switch {
	case r == nil:
		z := normalOf(func(draw int) uint64 { return m.word(PurposeInit, chain, 0, m.slot[n], draw) })
		return bitsOf(float32(mean + float64(sd*float64(z))))
	case sd == 0:
		return bitsOf(inside(float32(mean), r[0], r[1]))
	}
	w := m.word(PurposeInit, chain, 0, m.slot[n], 0)
	v := m.word(PurposeInit, chain, 0, m.slot[n], 1)
	return bitsOf(truncated(mean, sd, r[0], r[1], w, v))
}

// floatProbability is Probability of a discrete node with continuous neighbours.
func (m *Machine) floatProbability(chain, n int) []float64 {
	x := m.state[chain]
	if m.kind[n] == ir.Categorical {
		e, z := m.floatWeights(n, x)
		p := make([]float64, len(e))
		for k, w := range e {
			p[k] = float64(w) / float64(z)
		}
		return p
	}
	g := m.floatField(n, x[n], x)
	p := math.Ldexp(float64(sampling.RareProbability(float64(2*m.beta*math.Abs(float64(g))))), -32)
	if g < 0 {
		return []float64{1 - p, p}
	}
	return []float64{p, 1 - p}
}
