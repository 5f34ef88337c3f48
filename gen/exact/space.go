package exact

import (
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// Space numbers the joint states of the free discrete nodes: one digit for each,
// the first node the most significant, a spin's -1 the digit 0.
type Space struct {
	Graph *graph.Graph
	Free  []int32 // discrete nodes that are not clamped, ascending

	integrated []int32 // continuous nodes that are not clamped, ascending

	states []int   // values of each node, 1 of a continuous one
	spin   []bool  // of each node
	number []bool  // of each node: it is continuous
	digit  []int32 // digit of each node, -1 where clamped
	fixed  []int32 // the clamped values; the first value elsewhere
}

// NewSpace reads kinds and clamps. Clamps with a chain axis must hold the same
// values in every chain, since otherwise each chain has a law of its own, and all
// continuous nodes must be clamped.
func NewSpace(g *graph.Graph) (*Space, error) {
	s, err := newSpace(g)
	if err == nil && len(s.integrated) > 0 {
		return nil, problem(g, diag.Model, diag.BadVariable, "clamp the continuous nodes", "%s is continuous: its states cannot be listed", g.NodeName(int(s.integrated[0])))
	}
	return s, err
}

func newSpace(g *graph.Graph) (*Space, error) {
	if len(g.Codes) > 0 {
		c := &g.Codes[0]
		if c.Directed {
			return nil, problem(g, diag.Model, diag.NotQuadratic, "sample the model", "interaction %s is directed: a model with it has no Boltzmann law", c.Name)
		}
		return nil, problem(g, diag.Model, diag.NotQuadratic, "sample the model", "factor %s is not quadratic in its continuous nodes: their law has no closed form", c.Name)
	}
	s := &Space{
		Graph:  g,
		states: make([]int, g.Nodes),
		spin:   make([]bool, g.Nodes),
		number: make([]bool, g.Nodes),
		digit:  make([]int32, g.Nodes),
		fixed:  make([]int32, g.Nodes),
	}
	for _, v := range g.Vars {
		for i := v.First; i < v.First+v.Count; i++ {
			s.states[i], s.spin[i], s.number[i] = v.States, v.Kind == graph.Spin, v.Kind == graph.Continuous
			switch {
			case s.spin[i]:
				s.states[i], s.fixed[i] = 2, -1
			case s.number[i]:
				s.states[i] = 1
			}
		}
	}
	clamped := make([]bool, g.Nodes)
	for _, c := range g.Clamps {
		for j, node := range c.Nodes {
			clamped[node] = true
			s.fixed[node] = c.Values[j]
			for chain := 1; chain < c.Chains; chain++ {
				if c.Values[chain*len(c.Nodes)+j] != c.Values[j] {
					return nil, &diag.Problem{
						Pos: c.Pos, Code: diag.ClampShape,
						Text: "the clamped values differ between chains, so each chain has a law of its own",
						Help: "clamp to one set of values, without the chain axis",
					}
				}
			}
		}
	}
	for i := range s.digit {
		s.digit[i] = -1
		switch {
		case clamped[i]:
		case s.number[i]:
			s.integrated = append(s.integrated, int32(i))
		default:
			s.digit[i] = int32(len(s.Free))
			s.Free = append(s.Free, int32(i))
		}
	}
	return s, nil
}

// within says whether there are at most max joint states of the discrete nodes.
func (s *Space) within(max int) bool {
	size := 1
	for _, node := range s.Free {
		if size > max/s.states[node] {
			return false
		}
		size *= s.states[node]
	}
	return true
}

// Size is the number of joint states of the free nodes. It is meaningful for
// spaces that were enumerated or have a Kernel.
func (s *Space) Size() int {
	size := 1
	for _, node := range s.Free {
		size *= s.states[node]
	}
	return size
}

// Index is the number of a state; clamped nodes are not looked at.
func (s *Space) Index(state []int32) int {
	index := 0
	for _, node := range s.Free {
		index = index*s.states[node] + s.code(node, state[node])
	}
	return index
}

// State writes the state of a number, clamped values included, into out (one
// entry for each node) and returns it.
func (s *Space) State(index int, out []int32) []int32 {
	copy(out, s.fixed)
	for d := len(s.Free) - 1; d >= 0; d-- {
		node := s.Free[d]
		out[node] = s.value(node, index%s.states[node])
		index /= s.states[node]
	}
	return out
}

// code is the digit of a value, value the value of a digit.
func (s *Space) code(node, x int32) int {
	if s.spin[node] {
		return int(x+1) / 2
	}
	return int(x)
}

func (s *Space) value(node int32, code int) int32 {
	if s.spin[node] {
		return int32(2*code - 1)
	}
	return int32(code)
}

// eachRow calls visit for every factor row with the row's nodes.
func eachRow(g *graph.Graph, visit func(f, row int, nodes []int32)) {
	for f := range g.Factors {
		n := len(g.Factors[f].Slots)
		for r := range g.Factors[f].Rows {
			visit(f, r, g.Factors[f].Index[r*n:(r+1)*n])
		}
	}
}
