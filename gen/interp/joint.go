package interp

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// joint moves the free nodes of a block together.
func (m *Machine) joint(chain int, b *ir.Block, x []int32) {
	var free []int32
	for _, n := range b.Nodes {
		if !m.clamped[n] {
			free = append(free, n)
		}
	}
	z := make([]float32, len(free))
	for i, n := range free {
		z[i] = float32(m.normal(PurposeContinuous, chain, m.SweepNumber, m.slot[n]))
	}
	y := append([]int32(nil), x...)
	var l float64
	switch b.Sampler {
	case "langevin":
		m.descend(free, y, z, float32(b.Joint.StepSize*m.beta), float32(math.Sqrt(float64(2*b.Joint.StepSize)*b.Joint.NoiseScale)))
		if !m.allFinite(free, y) {
			return
		}
		copy(x, y)
		return
	case "mala":
		l = -m.mala(free, x, y, z, b.Joint.StepSize)
	case "hmc":
		l = -m.leapfrog(free, y, z, b.Joint)
	}
	l = -float64(m.beta*(m.hamiltonian(y)-m.hamiltonian(x))) + l
	if math.IsNaN(l) || !m.allFinite(free, y) {
		return
	}
	w := m.word(PurposeContinuous, chain, m.SweepNumber, b.First, 2)
	if (float64(w)+0.5)/(1<<32) < math.Min(1, sampling.Exp(math.Min(0, l))) {
		copy(x, y)
	}
}

// slopes are the derivatives of the energy by some nodes.
func (m *Machine) slopes(nodes []int32, x []int32) []float32 {
	d := make([]float32, len(nodes))
	for i, n := range nodes {
		d[i] = m.curveOf(int(n), x).slope(floatOf(x[n]))
	}
	return d
}

// descend moves x by -η·D + s·z and gives the state without the noise.
func (m *Machine) descend(nodes []int32, x []int32, z []float32, eta, s float32) []float32 {
	mean := make([]float32, len(nodes))
	for i, d := range m.slopes(nodes, x) {
		mean[i] = floatOf(x[nodes[i]]) - float32(eta*d)
	}
	for i, n := range nodes {
		x[n] = bitsOf(mean[i] + float32(s*z[i]))
	}
	return mean
}

// mala proposes y from x and gives log of q(y|x)/q(x|y), negated below.
func (m *Machine) mala(nodes []int32, x, y []int32, z []float32, step float64) float64 {
	eta, s := float32(step*m.beta), float32(math.Sqrt(2*step))
	mean := m.descend(nodes, y, z, eta, s)
	sum := 0.0
	for i, d := range m.slopes(nodes, y) {
		n := nodes[i]
		back := floatOf(y[n]) - float32(eta*d)
		u, v := float64(floatOf(x[n])-back), float64(floatOf(y[n])-mean[i])
		sum += float64(u*u) - float64(v*v)
	}
	return sum / float64(2*float64(float64(s)*float64(s)))
}

// leapfrog moves y from momenta z and gives the change of the kinetic energy.
func (m *Machine) leapfrog(nodes []int32, y []int32, z []float32, j *sampling.Joint) float64 {
	step, half := float32(j.StepSize), float32(float64(j.StepSize*m.beta)/2)
	p := append([]float32(nil), z...)
	kick := func() {
		for i, d := range m.slopes(nodes, y) {
			p[i] = p[i] - float32(half*d)
		}
	}
	sum := 0.0
	for _, v := range p {
		sum -= float64(float64(v) * float64(v))
	}
	for range j.Steps {
		kick()
		for i, n := range nodes {
			y[n] = bitsOf(floatOf(y[n]) + float32(step*p[i]))
		}
		kick()
	}
	for _, v := range p {
		sum += float64(float64(v) * float64(v))
	}
	return sum / 2
}

func (m *Machine) allFinite(nodes []int32, x []int32) bool {
	for _, n := range nodes {
		if !m.canBe(int(n), x[n]) {
			return false
		}
	}
	return true
}
