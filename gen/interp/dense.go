package interp

import (
	"math"
	"math/big"
)

// Dense forces of joint moves.

// partner is the place in the dense block of the other node of a row of two, -1 for rows
// that are none.
func (m *Machine) partner(r row) int {
	f := &m.p.Factors[r.factor]
	if !f.Pair() {
		return -1
	}
	other := f.Index[2*r.row+1-r.position]
	i := m.slot[other] - m.dense.First
	if i < 0 || i >= len(m.dense.Nodes) || m.dense.Nodes[i] != other {
		return -1
	}
	return i
}

// denseSlope is the part of a node's slope that is no code.
func (m *Machine) denseSlope(n int, x []int32) float32 {
	b := m.dense
	entries := make([]float64, len(b.Nodes))
	var others []row
	for _, r := range m.rows[n] {
		j := m.partner(r)
		if j < 0 {
			others = append(others, r)
			continue
		}
		at, _ := m.entry(r, n, x[n], x)
		entries[j] += -m.weights[r.factor][at]
	}
	_, d, _ := m.sumRows(others, n, x[n], 1, x)
	_, a, _ := m.sumRows(others, n, x[n], 2, x)
	for j, node := range b.Nodes {
		w := float32(entries[j])
		if int(node) == n {
			w = 2 * a
		}
		d = fma(w, floatOf(x[node]), d)
	}
	return d
}

// fma is a·b + c rounded once.
func fma(a, b, c float32) float32 {
	if s := float64(a)*float64(b) + float64(c); math.IsNaN(s) || math.IsInf(s, 0) {
		return float32(s)
	}
	exact := func(v float32) *big.Float { return new(big.Float).SetPrec(640).SetFloat64(float64(v)) }
	p := exact(a)
	p.Mul(p, exact(b))
	s, _ := p.Add(p, exact(c)).Float32()
	return s
}
