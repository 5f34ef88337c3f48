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
		z[i] = m.normal(chain, int(n))
	}
	y := append([]int32(nil), x...)
	t, j := m.SweepNumber, b.Joint
	eps := m.stepSize(chain, j)
	v := m.steps[chain]
	var l float64
	switch b.Sampler {
	case "langevin":
		m.descend(free, y, z, float32(eps*m.beta), float32(math.Sqrt(float64(2*eps)*rate(&j.NoiseScale, t))))
		m.take(chain, b, x, y, v, v)
		return
	case "gradient":
		m.descend(free, y, make([]float32, len(free)), float32(eps*m.beta), 0)
		m.take(chain, b, x, y, v, v)
		return
	case "underdamped":
		u := append([]float32(nil), v...)
		m.baoab(free, y, u, z, eps, rate(&j.NoiseScale, t), b)
		m.take(chain, b, x, y, v, u)
		return
	case "nesterov":
		u := append([]float32(nil), v...)
		m.nesterov(free, y, u, eps, j.Momentum)
		m.take(chain, b, x, y, v, u)
		return
	case "mala":
		l = -m.mala(free, x, y, z, eps)
	case "hmc":
		l = -m.leapfrog(free, y, z, eps, b)
	}
	l = -float64(m.beta*(m.hamiltonian(y)-m.hamiltonian(x))) + l
	alpha := 0.0
	if !math.IsNaN(l) && m.allFinite(free, y) {
		alpha = math.Min(1, sampling.Exp(math.Min(0, l)))
	}
	w := m.number(chain, b.First, 2)
	if (float64(w)+0.5)/(1<<32) < alpha {
		copy(x, y)
	}
	if j.Adapt > 0 && m.warming() {
		m.fit(chain, j, alpha)
	}
}

// take makes y and velocities u the state, unless a number among them is not finite.
func (m *Machine) take(chain int, b *ir.Block, x, y []int32, v, u []float32) {
	for _, n := range b.Nodes {
		if !m.canBe(int(n), y[n]) || math.IsNaN(float64(u[n])) || math.IsInf(float64(u[n]), 0) {
			if m.lost == nil {
				m.lost = &sampling.MoveFault{Sampler: b.Sampler, Node: m.nodeName(int(n)), Chain: chain, Sweep: m.SweepNumber}
			}
			return
		}
	}
	copy(x, y)
	copy(v, u)
}

// nodeName is the node as a user writes it.
func (m *Machine) nodeName(n int) string {
	for _, v := range m.p.Vars {
		if v.First <= n && n < v.First+v.Count {
			return sampling.ElementName(v.Name, v.Shape, n-v.First)
		}
	}
	return ""
}

// warming says whether the sweep at hand fits steps.
func (m *Machine) warming() bool { return m.SweepNumber < uint64(m.p.Sample.Warmup) }

// stepSize is that of the sweep at hand.
func (m *Machine) stepSize(chain int, j *sampling.Joint) float64 {
	switch {
	case j.Adapt == 0:
		return rate(&j.StepSize, m.SweepNumber)
	case m.warming():
		return float64(m.adapt[chain][0])
	}
	return float64(m.adapt[chain][2])
}

// firstFit is how the fit of a step begins in every chain.
func (m *Machine) firstFit() {
	for _, sb := range m.p.Sweep {
		if j := sb[0].Joint; j != nil {
			e := clampStep(j.StepSize.From)
			for chain := range m.adapt {
				m.adapt[chain] = [3]float32{e, 0, e}
			}
		}
	}
}

// fit is dual averaging after a move with acceptance probability alpha.
func (m *Machine) fit(chain int, j *sampling.Joint, alpha float64) {
	a := &m.adapt[chain]
	t := float64(m.SweepNumber) + 1
	s := 1 / (t + 10)
	a[1] = float32(float64((1-s)*float64(a[1])) + float64(s*(j.Adapt-alpha)))
	q := math.Sqrt(t)
	log := sampling.Log(10*j.StepSize.From) - float64(q/0.05*float64(a[1]))
	a[0] = clampStep(sampling.Exp(log))
	w := 1 / float64(q*math.Sqrt(q))
	a[2] = clampStep(sampling.Exp(float64(w*sampling.Log(float64(a[0]))) + float64((1-w)*sampling.Log(float64(a[2])))))
}

func clampStep(x float64) float32 {
	return float32(math.Min(math.Max(float64(float32(x)), math.Ldexp(1, -60)), math.Ldexp(1, 60)))
}

// rate is a rate in a sweep.
func rate(r *sampling.Rate, sweep uint64) float64 {
	if sweep < uint64(r.Rise) {
		return r.From * (0.01 + float64(0.99*float64(sweep))/float64(r.Rise))
	}
	at := int(sweep) - r.Rise
	switch {
	case (r.Shape == "linear" || r.Shape == "cosine") && at >= r.Sweeps:
		return r.To
	case r.Shape == "linear":
		return r.From + float64((r.To-r.From)*float64(at))/float64(r.Sweeps)
	case r.Shape == "cosine":
		turn := sampling.Cos(float64(math.Pi*float64(at)) / float64(r.Sweeps))
		return r.To + float64((r.From-r.To)/2*(1+turn))
	case r.Shape == "exponential":
		return math.Max(r.Least, float64(r.From*sampling.Exp(float64(at)*sampling.Log(r.Factor))))
	}
	x := r.From
	for _, n := range r.At {
		if n <= at {
			x *= r.Factor
		}
	}
	return x
}

// slopes are the derivatives of the energy by some nodes.
func (m *Machine) slopes(nodes []int32, x []int32) []float32 {
	d := make([]float32, len(nodes))
	for i, n := range nodes {
		if m.dense != nil {
			slope := m.denseSlope(int(n), x)
			d[i], _ = m.addCode(slope, int(n), x[n], x, func(p *sampling.CodePart) []sampling.CodeOp { return p.Slope })
			continue
		}
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

// lengths are the step size of each free node and half of it times β, masses taken in.
func (m *Machine) lengths(nodes []int32, eps float64, b *ir.Block) (step, half []float32) {
	for _, n := range nodes {
		e := eps
		if b.Joint.Mass != nil {
			e = eps / math.Sqrt(b.Joint.Mass[m.slot[n]-b.First])
		}
		step, half = append(step, float32(e)), append(half, float32(float64(e*m.beta)/2))
	}
	return step, half
}

// leapfrog moves y from momenta z and gives the change of the kinetic energy.
func (m *Machine) leapfrog(nodes []int32, y []int32, z []float32, eps float64, b *ir.Block) float64 {
	step, half := m.lengths(nodes, eps, b)
	p := append([]float32(nil), z...)
	kick := func() {
		for i, d := range m.slopes(nodes, y) {
			p[i] = p[i] - float32(half[i]*d)
		}
	}
	sum := 0.0
	for _, v := range p {
		sum -= float64(float64(v) * float64(v))
	}
	for range b.Joint.Steps {
		kick()
		for i, n := range nodes {
			y[n] = bitsOf(floatOf(y[n]) + float32(step[i]*p[i]))
		}
		kick()
	}
	for _, v := range p {
		sum += float64(float64(v) * float64(v))
	}
	return sum / 2
}

// baoab is a step of underdamped Langevin dynamics of y and the velocities p, which are
// by node.
func (m *Machine) baoab(nodes []int32, y []int32, p, z []float32, eps, noise float64, b *ir.Block) {
	step, half := m.lengths(nodes, eps, b)
	kick := func() {
		for i, d := range m.slopes(nodes, y) {
			p[nodes[i]] -= float32(half[i] * d)
		}
	}
	drift := func() {
		for i, n := range nodes {
			y[n] = bitsOf(floatOf(y[n]) + float32(step[i]/2*p[n]))
		}
	}
	c := sampling.Exp(-float64(b.Joint.Friction * eps))
	s := float32(math.Sqrt(float64((1 - float64(c*c)) * noise)))
	kick()
	drift()
	for i, n := range nodes {
		p[n] = float32(float32(c)*p[n]) + float32(s*z[i])
	}
	drift()
	kick()
}

// nesterov is a step of descent of y with velocities v.
func (m *Machine) nesterov(nodes []int32, y []int32, v []float32, eps, momentum float64) {
	ahead := append([]int32(nil), y...)
	for _, n := range nodes {
		v[n] = float32(float32(momentum) * v[n])
		ahead[n] = bitsOf(floatOf(y[n]) + v[n])
	}
	for i, d := range m.slopes(nodes, ahead) {
		n := nodes[i]
		v[n] = v[n] - float32(float32(eps*m.beta)*d)
		y[n] = bitsOf(floatOf(y[n]) + v[n])
	}
}

func (m *Machine) allFinite(nodes []int32, x []int32) bool {
	for _, n := range nodes {
		if !m.canBe(int(n), x[n]) {
			return false
		}
	}
	return true
}
