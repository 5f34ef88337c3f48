package exact

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// Eliminate sums the free nodes out one by one and returns what Solve does,
// for a model of any size whose tables fit in memory bytes. That is so for
// chains, trees, narrow lattices and bipartite models with one small side. The
// error is a *diag.Problem, of class Limit when the tables do not fit.
//
// Messages are held as logarithms, so no β is too large. On the way out each
// step leaves P(node | scope); on the way back it meets the probability of its
// scope, and their product is the law of the clique (bucket elimination,
// Dechter 1999). The mean and variance of the energy are the derivatives of
// log Z by a factor on β, carried along on the way out.
func Eliminate(g *graph.Graph, memory int64) (*Answer, error) {
	s, err := NewSpace(g)
	if err != nil {
		return nil, err
	}
	return eliminate(s, memory)
}

func eliminate(s *Space, memory int64) (*Answer, error) {
	rows := 8 * rowEntries(s)
	if rows > float64(memory) {
		return nil, limit(s.Graph, tooLargeHelp, "tables of the factor rows alone take %s, the limit is %s",
			bytesText(rows), bytesText(float64(memory)))
	}
	m := newMarginals(s)
	left := memory - int64(min(rows+8*m.pairEntries(), float64(memory)))
	p, fits := makePlan(s, left)
	if !fits {
		return nil, limit(s.Graph, tooLargeHelp,
			"summing the nodes out needs at least %s of tables (the widest over %d nodes or more), the limit is %s",
			bytesText(p.memory+float64(memory-left)), p.nodes, bytesText(float64(memory)))
	}
	return carryOut(s, p, m), nil
}

const tooLargeHelp = "exact answers are for small, narrow or tree-like models; sample this one"

// rowEntries counts the entries of the tables of all rows, each apart.
func rowEntries(s *Space) float64 {
	sum := 0.0
	eachRow(s.Graph, func(_, _ int, nodes []int32) {
		n := 1.0
		for _, node := range nodes {
			if s.digit[node] >= 0 {
				n *= float64(s.states[node])
			}
		}
		sum += n
	})
	return sum
}

// carryOut sums out in the order of a plan.
func carryOut(s *Space, p *plan, m *marginals) *Answer {
	e := &eliminator{Space: s, plan: p}
	e.place()
	e.forward()
	e.backward(m)
	a := m.answer("elimination", e.log)
	a.EnergyMean, a.EnergyVariance = -e.d1, e.d2
	return a
}

// eliminator carries out a plan.
type eliminator struct {
	*Space
	*plan
	log, d1, d2 float64      // log Z and its derivatives, as far as they are known
	clique      [3][]float64 // scratch for a table of the widest clique
}

// place turns the factor rows into tables at the step of their first node.
func (e *eliminator) place() {
	g := e.Graph
	position := make([]int, len(e.order))
	for i, d := range e.order {
		position[d] = i
	}
	state := slices.Clone(e.fixed)
	var digits []int32
	eachRow(g, func(f, row int, nodes []int32) {
		digits = digits[:0]
		for _, node := range nodes {
			if e.digit[node] >= 0 {
				digits = append(digits, e.digit[node])
			}
		}
		if len(digits) == 0 {
			e.log += g.Beta * rowTerm(&g.Factors[f], row, e.fixed)
			return
		}
		slices.SortFunc(digits, func(a, b int32) int { return cmp.Compare(position[a], position[b]) })
		st := &e.steps[position[digits[0]]]
		slot := slices.Index(nodes, e.Free[st.digit])
		e.addRow(st.potential(st.axes(digits)), st, digits, rowRef{int32(f), int32(row), int32(slot)}, state)
	})
	e.d1 = e.log
}

// potential finds or opens the table over some axes.
func (st *step) potential(axes []int) []float64 {
	size := 1
	for _, a := range axes {
		size *= st.dims[a]
	}
	for _, p := range st.potentials {
		if slices.Equal(p.axes, axes) {
			return p.table
		}
	}
	st.potentials = append(st.potentials, source{axes, make([]float64, size)})
	return st.potentials[len(st.potentials)-1].table
}

// addRow adds a row to a table over its digits; state is scratch and comes back
// as it was.
func (e *eliminator) addRow(table []float64, st *step, digits []int32, ref rowRef, state []int32) {
	theta := make([]float64, st.dims[0])
	codes := make([]int, len(digits)) // of all but the first, an odometer
	for at := 0; at < len(table); at += len(theta) {
		clear(theta)
		addField(theta, e.Graph, ref, state)
		for k, t := range theta {
			table[at+k] += e.Graph.Beta * t
		}
		for j := 1; j < len(digits); j++ {
			node := e.Free[digits[j]]
			codes[j]++
			if codes[j] == e.states[node] {
				codes[j] = 0
			}
			state[node] = e.value(node, codes[j])
			if codes[j] > 0 {
				break
			}
		}
	}
}

// forward sums the nodes out and adds what is left to log, d1 and d2.
func (e *eliminator) forward() {
	widest := 0
	for i := range e.steps {
		widest = max(widest, e.steps[i].entries())
	}
	for c := range e.clique {
		e.clique[c] = make([]float64, widest)
	}
	for i := range e.steps {
		st := &e.steps[i]
		log, d1, d2 := make([]float64, st.size), make([]float64, st.size), make([]float64, st.size)
		e.sumOut(st, log, d1, d2)
		for _, m := range st.in {
			m.log, m.d1, m.d2 = nil, nil, nil
		}
		// The largest entry becomes 0, so that messages stay small.
		offset := slices.Max(log)
		for j := range log {
			log[j] -= offset
		}
		e.log += offset
		switch out := st.out; {
		case out == nil:
			e.d1 += d1[0]
			e.d2 += d2[0]
		case out.log == nil:
			out.log, out.d1, out.d2 = log, d1, d2
		default:
			spread(out.log, log, []int{st.size})
			spread(out.d1, d1, []int{st.size})
			spread(out.d2, d2, []int{st.size})
		}
	}
}

// sumOut writes the message of a step. Where it has messages itself it keeps
// P(node | scope) for the way back; a step with potentials alone is cheap to
// do again, and bipartite models have thousands of them.
func (e *eliminator) sumOut(st *step, log, d1, d2 []float64) {
	n := st.entries()
	psi, psi1, psi2 := e.clique[0][:n], e.clique[1][:n], e.clique[2][:n]
	if len(st.in) == 0 {
		fill(psi, st.dims, st.potentials)
		copy(psi1, psi) // potentials are proportional to β
		clear(psi2)
	} else {
		fill(psi, st.dims, st.with(func(m *message) []float64 { return m.log }))
		fill(psi1, st.dims, st.with(func(m *message) []float64 { return m.d1 }))
		fill(psi2, st.dims, st.with(func(m *message) []float64 { return m.d2 })[len(st.potentials):])
		st.keep = make([]float64, st.size*(st.dims[0]-1))
	}
	inParallel(st.size, func(first, end int) {
		st.reduce(psi, psi1, psi2, log, d1, d2, first, end)
	})
}

// reduce sums axis 0 of the clique out, for a range of the scope.
func (st *step) reduce(psi, psi1, psi2, log, d1, d2 []float64, first, end int) {
	k := st.dims[0]
	if k == 2 {
		st.reducePairs(psi, psi1, psi2, log, d1, d2, first, end)
		return
	}
	for i := first; i < end; i++ {
		p, u, v := psi[i*k:(i+1)*k], psi1[i*k:(i+1)*k], psi2[i*k:(i+1)*k]
		log[i] = softmax(p)
		if st.keep != nil {
			copy(st.keep[i*(k-1):], p[1:])
		}
		// Derivatives of log Σ exp ψ: the mean of ψ', and that of ψ'' plus the
		// variance of ψ'.
		mean, second := 0.0, 0.0
		for j := range p {
			mean += p[j] * u[j]
		}
		for j := range p {
			second += p[j] * (v[j] + (u[j]-mean)*(u[j]-mean))
		}
		d1[i], d2[i] = mean, second
	}
}

// reducePairs is reduce for a node of two values, in a third of the time.
func (st *step) reducePairs(psi, psi1, psi2, log, d1, d2 []float64, first, end int) {
	for i := first; i < end; i++ {
		a, b := psi[2*i], psi[2*i+1]
		e := math.Exp(-math.Abs(b - a))
		p := 1 / (1 + e) // of the likelier value
		log[i] = max(a, b) + math.Log(1+e)
		if b < a {
			p = e * p
		}
		du := psi1[2*i+1] - psi1[2*i]
		d1[i] = psi1[2*i] + p*du
		d2[i] = psi2[2*i] + p*(psi2[2*i+1]-psi2[2*i]) + p*(1-p)*du*du
		if st.keep != nil {
			st.keep[i] = p
		}
	}
}

// with lists the potentials and one table of each message.
func (st *step) with(table func(*message) []float64) []source {
	list := slices.Clone(st.potentials)
	for _, m := range st.in {
		list = append(list, source{m.axes, table(m)})
	}
	return list
}

// softmax replaces x by exp(x)/Σ exp(x) and returns log Σ exp(x).
func softmax(x []float64) float64 {
	if len(x) == 2 {
		d := x[1] - x[0]
		e := math.Exp(-math.Abs(d))
		large, small := 1/(1+e), e/(1+e)
		log := max(x[0], x[1]) + math.Log(1+e)
		if d > 0 {
			x[0], x[1] = small, large
		} else {
			x[0], x[1] = large, small
		}
		return log
	}
	most, sum := slices.Max(x), 0.0
	for i := range x {
		x[i] = math.Exp(x[i] - most)
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
	return most + math.Log(sum)
}

// backward finds the law of every clique, last step first, and reads the
// marginals off it.
func (e *eliminator) backward(m *marginals) {
	for i := len(e.steps) - 1; i >= 0; i-- {
		st := &e.steps[i]
		law := e.clique[0][:st.entries()]
		e.cliqueLaw(st, law)
		m.node[e.Free[st.digit]] = jointOf(law, 1, len(law), st.dims[0])
		for _, p := range st.potentials {
			if len(p.axes) > 1 {
				clear(p.table)
				collect(p.table, law, runsOf(st.dims, p.axes))
				e.readPairs(st, p, m)
			}
		}
		for _, in := range st.in {
			in.belief = make([]float64, in.size)
			collect(in.belief, law, runsOf(st.dims, in.axes))
			in.users = in.senders
		}
		if st.out != nil {
			if st.out.users--; st.out.users == 0 {
				st.out.belief = nil
			}
		}
		st.keep = nil
	}
}

// cliqueLaw is P(scope)·P(node | scope).
func (e *eliminator) cliqueLaw(st *step, law []float64) {
	if st.keep == nil {
		fill(law, st.dims, st.potentials)
	}
	inParallel(st.size, func(first, end int) { st.extend(law, first, end) })
}

// extend turns logarithms, or what was kept, into the law of the clique, for a
// range of the scope.
func (st *step) extend(law []float64, first, end int) {
	k := st.dims[0]
	for i := first; i < end; i++ {
		p := law[i*k : (i+1)*k]
		if st.keep == nil {
			softmax(p)
		} else {
			copy(p[1:], st.keep[i*(k-1):(i+1)*(k-1)])
			p[0] = 1
			for _, x := range p[1:] {
				p[0] -= x
			}
			p[0] = max(p[0], 0)
		}
		if st.out != nil {
			for j := range p {
				p[j] *= st.out.belief[i]
			}
		}
	}
}

// readPairs takes the pairs of nodes from the law of a potential's nodes.
func (e *eliminator) readPairs(st *step, p source, m *marginals) {
	strides := make([]int, len(p.axes))
	stride := 1
	for j, axis := range p.axes {
		strides[j] = stride
		stride *= st.dims[axis]
	}
	for j := range p.axes {
		for l := range j {
			a, b := st.nodeAt(e.Space, p.axes[j]), st.nodeAt(e.Space, p.axes[l])
			sa, sb := strides[j], strides[l]
			if a > b {
				a, b, sa, sb = b, a, sb, sa
			}
			pair, _ := m.pair(a, b)
			if m.joint[pair] != nil {
				continue
			}
			na, nb := e.states[a], e.states[b]
			joint := make([]float64, na*nb)
			for i, x := range p.table {
				joint[i/sa%na*nb+i/sb%nb] += x
			}
			m.joint[pair] = joint
		}
	}
}

// nodeAt is the node of an axis.
func (st *step) nodeAt(s *Space, axis int) int32 {
	if axis == 0 {
		return s.Free[st.digit]
	}
	return s.Free[st.scope[axis-1]]
}

// inParallel calls f for parts of 0 … n-1, on all processors where it pays.
// Entries are independent, so the parts do not change results.
func inParallel(n int, f func(first, end int)) {
	const part = 1 << 13
	workers := min(runtime.GOMAXPROCS(0), n/part)
	if workers < 2 {
		f(0, n)
		return
	}
	var wait sync.WaitGroup
	for w := range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			f(n*w/workers, n*(w+1)/workers)
		}()
	}
	wait.Wait()
}
