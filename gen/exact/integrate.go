package exact

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// maxWork is the most multiplications spent on integrals over n continuous nodes:
// n³ and n² for each joint state of the discrete ones, or n³ for each state where
// the squares and products of continuous nodes depend on it.
const maxWork = 1 << 36

// integrate sums over the discrete nodes s and integrates over the continuous ones
// x. Given s the energy is
//
//	H = c(s) + b(s)·x + ½ xᵀQ(s)x
//
// so that x is normal with mean μ = -Q⁻¹b and covariance Q⁻¹/β, and
//
//	∫ exp(-βH) dx = exp(-β(c + ½ b·μ)) · (2π/β)^(n/2) · det(Q)^(-½).
//
// The law of all nodes is then a mixture of one normal law for each state of s.
func integrate(s *Space, lim Limits) (*Answer, error) {
	if !(s.Graph.Beta > 0) {
		return nil, problem(s.Graph, diag.Model, diag.Unbounded, "use a beta above 0", "beta is %v: continuous nodes without interactions have no law", s.Graph.Beta)
	}
	m := &mixture{Space: s, n: len(s.integrated), place: make([]int32, s.Graph.Nodes)}
	if err := m.affordable(lim, float64(m.n)); err != nil { // before the matrices are made
		return nil, err
	}
	if err := m.read(); err != nil {
		return nil, err
	}
	if m.varies {
		if err := m.affordable(lim, float64(m.n)*float64(m.n)); err != nil {
			return nil, err
		}
	} else if !m.factorize(&m.constant) {
		return nil, m.indefinite()
	}
	m.open()
	if err := m.descend(0, &m.constant); err != nil {
		return nil, err
	}
	return m.answerOf()
}

// form is H as a function of x.
type form struct {
	c float64
	b []float64
	q *mat.SymDense
}

// integrand is a row with the places of its continuous nodes. Both are -1 for a
// constant, j is for a row linear in x, and they are equal for a square.
type integrand struct {
	factor, row int32
	i, j        int32
}

// mixture is a walk over the joint states of the discrete nodes.
type mixture struct {
	*Space
	n        int
	place    []int32       // of each node among the n, else -1
	rows     [][]integrand // by digit: those whose last free discrete node it is
	constant form          // of the rows without one
	varies   bool          // Q depends on the state
	levels   []form        // by digit: the form with all digits up to it
	state    []int32       // of the discrete nodes so far

	chol    mat.Cholesky
	inverse mat.SymDense
	mu      *mat.VecDense

	// Sums over states, each with the weight exp(log weight - peak). x is counted
	// from origin, its mean in the first state, so that large values cost no digits.
	peak, weight  float64
	energy, about float64 // mean of βH, and sum of squares about it
	origin        []float64
	x, xx         []float64
	pairs         []pairSum
	out           *marginals
}

// pairSum is a pair of free nodes and its sums: one of products for two numbers,
// one for each state of a discrete node beside a number, a joint table of two
// discrete nodes.
type pairSum struct {
	index int // in marginals.pairs
	a, b  int32
	sums  []float64
}

// affordable refuses what would take more than maxWork or the memory; each is the
// number of multiplications for one state.
func (m *mixture) affordable(lim Limits, each float64) error {
	n := float64(m.n)
	if !m.within(min(lim.States, maxEnumerated)) {
		return limit(m.Graph, tooLargeHelp, "more than 2^22 joint states of the %d discrete nodes cannot be enumerated, and with continuous nodes there is no other way", len(m.Free))
	}
	states := float64(m.Size())
	if work := n*n*n + states*n*each; work > maxWork {
		what := ""
		if states > 1 {
			what = fmt.Sprintf(" for each of %.0f joint states of the discrete ones", states)
		}
		return limit(m.Graph, tooLargeHelp, "integrals over %d continuous nodes%s take 2^%.1f multiplications, the limit is 2^36", m.n, what, math.Log2(work))
	}
	matrices := 3.0
	if each > n {
		matrices += float64(len(m.Free))
	}
	if bytes := 8 * n * n * matrices; bytes > float64(lim.Memory) {
		return limit(m.Graph, tooLargeHelp, "matrices over %d continuous nodes take %s, the limit is %s", m.n, bytesText(bytes), bytesText(float64(lim.Memory)))
	}
	return nil
}

// read adds up the rows that no free discrete node decides and sorts the others.
func (m *mixture) read() (err error) {
	g := m.Graph
	for i := range m.place {
		m.place[i] = -1
	}
	for i, node := range m.integrated {
		m.place[node] = int32(i)
	}
	for _, v := range g.Vars {
		for node := v.First; node < v.First+v.Count; node++ {
			if v.Range != nil && m.place[node] >= 0 {
				return problem(g, diag.Model, diag.NotQuadratic, "sample the model, or clamp the node",
					"%s lies between %v and %v: a normal law cut off at its ends has no closed form", g.NodeName(node), v.Range[0], v.Range[1])
			}
		}
	}
	m.rows = make([][]integrand, len(m.Free))
	m.state = slices.Clone(m.Space.fixed)
	m.constant = m.newForm()
	eachRow(g, func(f, row int, nodes []int32) {
		r := integrand{int32(f), int32(row), -1, -1}
		degree, level := 0, int32(-1)
		for k, node := range nodes {
			level = max(level, m.digit[node])
			place := m.place[node]
			if place < 0 {
				continue
			}
			switch degree += g.Factors[f].Slots[k].Power; {
			case r.i < 0 && g.Factors[f].Slots[k].Power == 2:
				r.i, r.j = place, place
			case r.i < 0:
				r.i = place
			default:
				r.j = place
			}
		}
		switch {
		case degree > 2:
			if err == nil {
				var names []string
				for _, node := range nodes {
					names = append(names, g.NodeName(int(node)))
				}
				err = problem(g, diag.Model, diag.NotQuadratic, "sample the model",
					"row %d of factor %s has the degree %d in its continuous nodes (%s): their joint law is no Gaussian", row, g.Factors[f].Name, degree, strings.Join(names, ", "))
			}
		case level < 0:
			m.add(&m.constant, r)
		default:
			m.rows[level] = append(m.rows[level], r)
			m.varies = m.varies || degree == 2
		}
	})
	return err
}

func (m *mixture) newForm() form {
	return form{b: make([]float64, m.n), q: mat.NewSymDense(m.n, nil)}
}

// add adds a row in the present state.
func (m *mixture) add(f *form, r integrand) {
	k := -rowCoefficient(&m.Graph.Factors[r.factor], int(r.row), m.state, m.place)
	i, j := int(r.i), int(r.j)
	switch {
	case i < 0:
		f.c += k
	case j < 0:
		f.b[i] += k
	case i == j:
		f.q.SetSym(i, i, f.q.At(i, i)+2*k)
	default:
		f.q.SetSym(i, j, f.q.At(i, j)+k)
	}
}

// factorize prepares the normal law of a form; there is none if Q is not positive
// definite.
func (m *mixture) factorize(f *form) bool {
	return m.chol.Factorize(f.q) && m.chol.InverseTo(&m.inverse) == nil
}

// indefinite says that the integral diverges, in the present state if that matters.
func (m *mixture) indefinite() error {
	where := ""
	if m.varies {
		var values []string
		for _, node := range m.Free {
			values = append(values, fmt.Sprintf("%s = %d", m.Graph.NodeName(int(node)), m.state[node]))
		}
		const shown = 8
		if more := len(values) - shown; more > 0 {
			values = append(values[:shown], fmt.Sprintf("… and %d more", more))
		}
		where = " where " + strings.Join(values, ", ")
	}
	return problem(m.Graph, diag.Model, diag.Unbounded, "make the squares larger or the products smaller",
		"the quadratic form of the %d continuous nodes is not positive definite%s: their law does not exist", m.n, where)
}

// open makes room for the sums.
func (m *mixture) open() {
	m.levels = make([]form, len(m.Free))
	for i := range m.levels {
		m.levels[i] = form{b: make([]float64, m.n)}
		if m.varies {
			m.levels[i].q = mat.NewSymDense(m.n, nil)
		}
	}
	m.mu = mat.NewVecDense(m.n, nil)
	m.peak = math.Inf(-1)
	m.x, m.xx = make([]float64, m.n), make([]float64, m.n)
	m.out = newMarginals(m.Space)
	for _, node := range m.Free {
		m.out.node[node] = make([]float64, m.states[node])
	}
	for i, p := range m.out.pairs {
		if m.isFree(p[0]) && m.isFree(p[1]) {
			m.pairs = append(m.pairs, pairSum{i, p[0], p[1], make([]float64, m.states[p[0]]*m.states[p[1]])})
		}
	}
}

func (m *mixture) isFree(node int32) bool { return m.digit[node] >= 0 || m.place[node] >= 0 }

// descend goes through the states of the discrete nodes from a digit on.
func (m *mixture) descend(level int, f *form) error {
	if level == len(m.Free) {
		return m.visit(f)
	}
	next, node := &m.levels[level], m.Free[level]
	for k := range m.states[node] {
		m.state[node] = m.value(node, k)
		next.c = f.c
		copy(next.b, f.b)
		if m.varies {
			next.q.CopySym(f.q)
		}
		for _, r := range m.rows[level] {
			m.add(next, r)
		}
		if err := m.descend(level+1, next); err != nil {
			return err
		}
	}
	return nil
}

// visit adds the normal law of one state.
func (m *mixture) visit(f *form) error {
	if m.varies && !m.factorize(f) {
		return m.indefinite()
	}
	beta := m.Graph.Beta
	b := mat.NewVecDense(m.n, f.b)
	if err := m.chol.SolveVecTo(m.mu, b); err != nil {
		return m.indefinite()
	}
	m.mu.ScaleVec(-1, m.mu)
	mu := m.mu.RawVector().Data
	least := beta * (f.c + floats.Dot(f.b, mu)/2) // βH at μ
	logw := -least
	if m.varies {
		logw -= m.chol.LogDet() / 2
	}
	if m.origin == nil {
		m.origin = slices.Clone(mu)
	}
	floats.Sub(mu, m.origin)
	if logw > m.peak {
		m.rescale(math.Exp(m.peak - logw))
		m.peak = logw
	}
	w := math.Exp(logw - m.peak)
	m.weight += w
	if m.weight > 0 {
		mean := least + float64(m.n)/2
		step := mean - m.energy
		m.energy += step * w / m.weight
		m.about += w * step * (mean - m.energy)
	}
	for _, node := range m.Free {
		m.out.node[node][m.code(node, m.state[node])] += w
	}
	for i, x := range mu {
		m.x[i] += w * x
		m.xx[i] += w * (x*x + m.own(i, i))
	}
	for _, p := range m.pairs {
		i, j := m.place[p.a], m.place[p.b]
		switch {
		case i >= 0 && j >= 0:
			p.sums[0] += w * (mu[i]*mu[j] + m.own(int(i), int(j)))
		case i >= 0:
			p.sums[m.code(p.b, m.state[p.b])] += w * mu[i]
		case j >= 0:
			p.sums[m.code(p.a, m.state[p.a])] += w * mu[j]
		default:
			p.sums[m.code(p.a, m.state[p.a])*m.states[p.b]+m.code(p.b, m.state[p.b])] += w
		}
	}
	return nil
}

// own is the covariance of two numbers in the present state, where that depends on
// the state; else it is added at the end.
func (m *mixture) own(i, j int) float64 {
	if !m.varies {
		return 0
	}
	return m.inverse.At(i, j) / m.Graph.Beta
}

// rescale multiplies all sums.
func (m *mixture) rescale(by float64) {
	m.weight *= by
	m.about *= by
	for _, node := range m.Free {
		floats.Scale(by, m.out.node[node])
	}
	floats.Scale(by, m.x)
	floats.Scale(by, m.xx)
	for _, p := range m.pairs {
		floats.Scale(by, p.sums)
	}
}

// answerOf turns the sums into means.
func (m *mixture) answerOf() (*Answer, error) {
	out, beta := m.out, m.Graph.Beta
	logZ := m.peak + math.Log(m.weight) + float64(m.n)/2*math.Log(2*math.Pi/beta)
	if !m.varies {
		logZ -= m.chol.LogDet() / 2
	}
	if math.IsNaN(logZ) || math.IsInf(logZ, 0) {
		return nil, problem(m.Graph, diag.Model, diag.NotFinite, "scale the weights down", "the energies are beyond float64: log Z is %v", logZ)
	}
	m.rescale(1 / m.weight)
	for i, node := range m.integrated {
		out.mean[node] = m.origin[i] + m.x[i]
		out.variance[node] = m.xx[i] - m.x[i]*m.x[i]
		if !m.varies {
			out.variance[node] += m.inverse.At(i, i) / beta
		}
	}
	for _, p := range m.pairs {
		i, j := m.place[p.a], m.place[p.b]
		switch {
		case i >= 0 && j >= 0:
			cov := p.sums[0] - m.x[i]*m.x[j]
			if !m.varies {
				cov += m.inverse.At(int(i), int(j)) / beta
			}
			out.covariance[p.index] = cov
		case i < 0 && j < 0:
			out.joint[p.index] = p.sums
		default:
			number, other := p.a, p.b
			if i < 0 {
				number, other = p.b, p.a
			}
			at := m.place[number]
			if m.spin[other] {
				s := out.node[other][1] - out.node[other][0]
				out.covariance[p.index] = p.sums[1] - p.sums[0] - s*m.x[at]
			}
			for k := range p.sums {
				p.sums[k] += m.origin[at] * out.node[other][k]
			}
			out.byState[p.index] = p.sums
		}
	}
	a := out.answer("Gaussian integrals", logZ)
	if len(m.Free) > 0 {
		a.Method = fmt.Sprintf("Gaussian integrals, enumeration of %d discrete states", m.Size())
	}
	a.EnergyMean, a.EnergyVariance = m.energy, m.about+float64(m.n)/2
	return a, nil
}
