package exact

import (
	"math"
	"slices"
)

// A plan is an order in which the free nodes are summed out. Summing out node v
// multiplies all that depends on v, a table over v and its remaining neighbours
// (the clique), and leaves a message over the neighbours (the scope).
type plan struct {
	steps  []step
	order  []int32 // digits
	work   float64 // entries of all cliques
	memory float64 // most bytes of tables alive at once
	nodes  int     // of the widest clique
	bits   float64 // log2 of its entries
}

// step sums out one node. Axis 0 of its clique is the node itself, the fastest;
// then comes the scope in the order in which it will be summed out, so that
// every table in the clique has its axes in the same order, node first.
type step struct {
	digit      int32
	scope      []int32    // digits
	dims       []int      // of the clique: states of the node, then of the scope
	size       int        // entries of the message, product of dims[1:]
	potentials []source   // tables of -βH
	in         []*message // messages whose first node is this one
	out        *message   // nil for an empty scope
	keep       []float64  // P(node | scope), states - 1 numbers for each entry of scope
}

// message is the sum of what steps with one and the same scope hand to the step
// that sums out the first node of that scope.
type message struct {
	axes    []int // of the receiver's clique, ascending from axis 0
	size    int
	senders int
	// Forward: log weight, and its first two derivatives by a factor on β.
	log, d1, d2 []float64
	// Backward: probability of the scope.
	belief []float64
	users  int // senders that have yet to read it
}

const (
	easy     = 1 << 20 // work below which no better order is looked for
	hopeless = 1000    // log2 of the entries of a table at which an order is given up
)

// makePlan keeps, of the orders whose tables fit in memory, the one with least
// work; failing that, it returns the one that needs least and false.
func makePlan(s *Space, memory int64) (*plan, bool) {
	limit := math.Log2(float64(memory) / 8)
	neighbours := adjacency(s)
	var best *plan
	fits := false
	for _, find := range orders {
		order := find(s, neighbours, limit)
		if order == nil {
			continue
		}
		p := newPlan(s, neighbours, order, limit)
		switch fit := p.memory <= float64(memory); {
		case best == nil, fit && !fits, fit && p.work < best.work, !fit && !fits && p.memory < best.memory:
			best, fits = p, fit
		}
		if fits && best.work < easy {
			break
		}
	}
	return best, fits
}

// adjacency lists the free nodes, as digits, that share a row with each.
func adjacency(s *Space) [][]int32 {
	lists := make([][]int32, len(s.Free))
	eachRow(s.Graph, func(_, _ int, nodes []int32) {
		for _, a := range nodes {
			for _, b := range nodes {
				if a != b && s.digit[a] >= 0 && s.digit[b] >= 0 {
					lists[s.digit[a]] = append(lists[s.digit[a]], s.digit[b])
				}
			}
		}
	})
	for i := range lists {
		slices.Sort(lists[i])
		lists[i] = slices.Compact(lists[i])
	}
	return lists
}

// newPlan finds the scope of each step: the later neighbours of the node and
// the scopes of the steps that send to it. A plan beyond the limit (log2 of the
// entries of a clique) has no messages.
func newPlan(s *Space, neighbours [][]int32, order []int32, limit float64) *plan {
	p := &plan{order: order, steps: make([]step, len(order))}
	position := make([]int32, len(order))
	for i, d := range order {
		position[d] = int32(i)
	}
	bits := log2States(s)
	scopes := make([][]int32, len(order)) // positions, ascending
	for i, d := range order {
		for _, u := range neighbours[d] {
			if position[u] > int32(i) {
				scopes[i] = append(scopes[i], position[u])
			}
		}
	}
	for i, d := range order {
		slices.Sort(scopes[i])
		scopes[i] = slices.Compact(scopes[i])
		width := bits[d]
		for _, q := range scopes[i] {
			width += bits[order[q]]
		}
		if width > p.bits {
			p.bits, p.nodes = width, len(scopes[i])+1
		}
		if len(scopes[i]) > 0 {
			first := scopes[i][0]
			scopes[first] = append(scopes[first], scopes[i][1:]...)
		}
		if p.bits > limit {
			p.memory = 8 * math.Exp2(p.bits)
			scopes[i] = nil
			if p.bits > hopeless {
				break
			}
			continue
		}
		p.steps[i] = newStep(s, order, i, scopes[i])
		p.work += float64(p.steps[i].entries())
	}
	if p.bits > limit {
		return p
	}
	for i := range p.steps {
		if st := &p.steps[i]; len(st.scope) > 0 {
			st.out = p.steps[scopes[i][0]].receive(st.scope, st.size)
		}
	}
	p.memory = p.peak()
	return p
}

func newStep(s *Space, order []int32, i int, scope []int32) step {
	st := step{digit: order[i], dims: []int{s.states[s.Free[order[i]]]}, size: 1}
	for _, q := range scope {
		k := s.states[s.Free[order[q]]]
		st.scope = append(st.scope, order[q])
		st.dims = append(st.dims, k)
		st.size *= k
	}
	return st
}

func (st *step) entries() int { return st.dims[0] * st.size }

// receive finds or opens the message over a scope whose first node is st's.
func (st *step) receive(scope []int32, size int) *message {
	axes := st.axes(scope)
	for _, m := range st.in {
		if slices.Equal(m.axes, axes) {
			m.senders++
			return m
		}
	}
	m := &message{axes: axes, size: size, senders: 1}
	st.in = append(st.in, m)
	return m
}

// axes places digits, the step's own among them, in its clique.
func (st *step) axes(digits []int32) []int {
	axes := make([]int, len(digits))
	for i, d := range digits {
		if d != st.digit {
			axes[i] = 1 + slices.Index(st.scope, d)
		}
	}
	return axes
}

// peak follows the tables of both passes and returns the most bytes alive.
func (p *plan) peak() float64 {
	clique, result := 0, 0
	alive, kept, most := 0, 0, 0
	sent := map[*message]bool{}
	for i := range p.steps {
		st := &p.steps[i]
		clique = max(clique, st.entries())
		result = max(result, st.size)
		if len(st.in) > 0 {
			kept += st.size * (st.dims[0] - 1)
		}
		if st.out != nil && !sent[st.out] {
			sent[st.out] = true
			alive += 3 * st.size
		}
		most = max(most, alive+kept)
		for _, m := range st.in {
			alive -= 3 * m.size
		}
	}
	alive = 0
	for i := len(p.steps) - 1; i >= 0; i-- {
		for _, m := range p.steps[i].in {
			alive += m.size
			m.users = m.senders
		}
		most = max(most, alive+kept)
		if out := p.steps[i].out; out != nil {
			if out.users--; out.users == 0 {
				alive -= out.size
			}
		}
	}
	return 8 * float64(3*clique+3*result+most)
}
