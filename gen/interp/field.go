package interp

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// entry is the place of a row's weight in the weights of its factor when node n
// has value v and all others are as in x, and the product of the row's spins
// other than n.
func (m *Machine) entry(r row, n int, v int32, x []int32) (at int, sign int64) {
	f := &m.p.Factors[r.factor]
	sign = 1
	table := 0
	for j, slot := range f.Slots {
		node := int(f.Index[r.row*len(f.Slots)+j])
		value := x[node]
		if node == n {
			value = v
		}
		if slot.Kind == ir.Categorical {
			table = table*slot.States + int(value)
		} else if slot.Kind == ir.Spin && node != n {
			sign *= int64(value)
		}
	}
	if !f.Shared {
		table += r.row * f.TableSize()
	}
	return table, sign
}

// field is g of a spin, θ_k of a categorical.
func (m *Machine) field(n int, x []int32) []int64 {
	if m.grouped != nil && m.grouped[n] {
		return []int64{m.groupedField(n, x)}
	}
	if m.kind[n] == ir.Spin {
		g := int64(0)
		for _, r := range m.rows[n] {
			at, sign := m.entry(r, n, x[n], x)
			g += m.ints[r.factor][at] * sign
		}
		return []int64{g}
	}
	theta := make([]int64, m.states[n])
	for k := range theta {
		for _, r := range m.rows[n] {
			at, sign := m.entry(r, n, int32(k), x)
			theta[k] += m.ints[r.factor][at] * sign
		}
	}
	return theta
}

// groupedField is g of a spin whose weights are rounded by groups.
func (m *Machine) groupedField(n int, x []int32) int64 {
	alone := 0.0
	var inputs []float64 // W·Πs
	for _, r := range m.rows[n] {
		at, sign := m.entry(r, n, x[n], x)
		w := m.weights[r.factor][at]
		if len(m.p.Factors[r.factor].Slots) == 1 {
			alone += w
		} else {
			inputs = append(inputs, float64(sign)*w)
		}
	}
	round := func(s float64) int64 { return int64(math.RoundToEven(math.Ldexp(s, m.p.Format.Fraction))) }
	g, s := int64(0), alone
	for i, v := range inputs {
		if i > 0 && i%m.p.Format.Group == 0 {
			g += round(s)
			s = 0
		}
		s += v
	}
	return g + round(s)
}

// Field is what an update of the node would see now, in units of 2^-Fraction: g
// of a spin, one θ for each state of a categorical.
func (m *Machine) Field(chain, node int) []int64 { return m.field(node, m.state[chain]) }

// Probability is the exact law of an update of the node now, as the program
// draws it: of -1 and +1, or of each category.
func (m *Machine) Probability(chain, node int) []float64 {
	if m.float[node] {
		return m.floatProbability(chain, node)
	}
	field := m.Field(chain, node)
	if m.p.Format.Noise && m.kind[node] == ir.Categorical {
		return m.gumbel.Largest(field)
	}
	if m.kind[node] == ir.Categorical {
		return m.exp(len(field)).Probabilities(field, m.p.Format.ThresholdBits)
	}
	g := field[0]
	rare := m.spin.Probability
	n := m.p.Format.Planes
	if m.p.Format.SingleByte() {
		n = 8
	}
	switch {
	case m.p.Format.Noise:
		rare = m.logistic.Tail
	case n > 0:
		rare = func(g int64) float64 { return math.Ldexp(float64(m.spin.PlanesThreshold(g, n)), -n) }
	}
	if g < 0 {
		p := rare(-g)
		return []float64{1 - p, p}
	}
	p := rare(g)
	return []float64{p, 1 - p}
}

// Energy is βH of the state of a chain, at the β of the machine.
func (m *Machine) Energy(chain int) float64 { return m.beta * m.hamiltonian(m.state[chain]) }

// hamiltonian is H of a state.
func (m *Machine) hamiltonian(x []int32) float64 {
	h := 0.0
	for i := range m.p.Factors {
		for r := 0; r < m.p.Factors[i].Rows; r++ {
			at, sign := m.entry(row{factor: i, row: r}, -1, 0, x)
			w := m.weights[i][at]
			if sign < 0 {
				w = -w
			}
			for j, slot := range m.p.Factors[i].Slots {
				for range slot.Power {
					w = float64(w * float64(floatOf(x[m.p.Factors[i].Index[r*len(m.p.Factors[i].Slots)+j]])))
				}
			}
			h -= w
		}
	}
	for i := range m.p.Codes {
		c := &m.coded[i]
		for r := 0; r < c.Rows && !c.Directed; r++ {
			h += m.codeValue(c, r, x)
		}
	}
	return h
}

// hinton is how many of 2^32 words start spin n at +1.
func (m *Machine) hinton(n int) uint64 {
	b := 0.0
	for _, r := range m.rows[n] {
		if f := &m.p.Factors[r.factor]; len(f.Slots) == 1 {
			at := 0
			if !f.Shared {
				at = r.row
			}
			b += m.weights[r.factor][at]
		}
	}
	beta := m.beta
	if m.p.Betas != nil {
		beta = m.p.Betas[0]
	}
	x := float64(beta * b)
	return uint64(math.Floor(math.Ldexp(sampling.Sigma(x), 32) + 0.5))
}
