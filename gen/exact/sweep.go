package exact

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// Conditional gives the exact conditionals of g: the law of one node given the
// rest of a state, a spin's -1 first. What the state holds for the node itself
// does not matter. The result is good until the next call.
func Conditional(g *graph.Graph) func(node int, state []int32) []float64 {
	touching := make([][]rowRef, g.Nodes)
	eachRow(g, func(f, row int, nodes []int32) {
		for slot, node := range nodes {
			touching[node] = append(touching[node], rowRef{int32(f), int32(row), int32(slot)})
		}
	})
	states := make([]int, g.Nodes)
	for _, v := range g.Vars {
		for i := v.First; i < v.First+v.Count; i++ {
			states[i] = v.States
			if v.Kind == graph.Spin {
				states[i] = 2
			}
		}
	}
	var theta []float64
	return func(node int, state []int32) []float64 {
		theta = slices.Grow(theta[:0], states[node])[:states[node]]
		clear(theta)
		for _, ref := range touching[node] {
			addField(theta, g, ref, state)
		}
		for k := range theta {
			theta[k] *= g.Beta
		}
		softmax(theta)
		return theta
	}
}

// Kernel is one sweep as a map from laws to laws: superblocks in order, all
// blocks of one reading the state as it was when the superblock began.
type Kernel struct {
	*Space
	blocks []superblock
}

// superblock holds the free nodes of one superblock.
type superblock struct {
	nodes []int32
	// given[j][x] is the probability that node j takes the value it has in state
	// x, given the rest of x.
	given [][]float64
	// alone: no two nodes share a row, so that they may as well go one by one.
	alone bool
}

// maxKernelStates bounds the joint states of a Kernel; each node takes one table
// over them. maxKernelMoves bounds the pairs of states that a superblock with
// neighbours inside joins.
const (
	maxKernelStates = 1 << 18
	maxKernelMoves  = 1 << 26
)

// SweepKernel is the kernel of g's blocks with the exact conditionals. A model
// of more than 2^18 joint states is refused with a *diag.Problem of class Limit.
func SweepKernel(g *graph.Graph) (*Kernel, error) {
	return SweepKernelOf(g, Conditional(g))
}

// SweepKernelOf is the kernel of g's blocks with a caller's conditionals, such as
// those that a quantised sampler truly has. conditional returns one probability
// for each value of the node and may depend on the nodes that share a row with
// it, not on the node's own value. Its result is read before the next call.
func SweepKernelOf(g *graph.Graph, conditional func(node int, state []int32) []float64) (*Kernel, error) {
	s, err := NewSpace(g)
	if err != nil {
		return nil, err
	}
	if !s.within(maxKernelStates) {
		return nil, limit(g, "", "a sweep is computed exactly for at most 2^18 joint states")
	}
	if len(g.Blocks) == 0 {
		return nil, problem(g, diag.Model, diag.NodeMissing, "", "the model has no blocks to sweep")
	}
	k := &Kernel{Space: s}
	neighbours := adjacency(s)
	for _, blocks := range g.Blocks {
		b := superblock{alone: true}
		for _, block := range blocks {
			for _, node := range block.Nodes {
				if s.digit[node] >= 0 {
					b.nodes = append(b.nodes, node)
				}
			}
		}
		moves := s.Size()
		for _, node := range b.nodes {
			for _, other := range b.nodes {
				if slices.Contains(neighbours[s.digit[node]], s.digit[other]) {
					b.alone = false
				}
			}
		}
		for _, node := range b.nodes {
			if moves *= s.states[node]; !b.alone && moves > maxKernelMoves {
				return nil, limit(g, "", "a superblock of %d nodes with neighbours inside joins more than 2^26 pairs of states", len(b.nodes))
			}
			b.given = append(b.given, s.tabulate(int(node), conditional))
		}
		k.blocks = append(k.blocks, b)
	}
	return k, nil
}

// tabulate lists P(value in x | rest of x) of a node for every state x.
func (s *Space) tabulate(node int, conditional func(int, []int32) []float64) []float64 {
	given := make([]float64, s.Size())
	state := make([]int32, s.Graph.Nodes)
	stride := s.stride(int32(node))
	for x := range given {
		if x/stride%s.states[node] != 0 {
			continue
		}
		for v, p := range conditional(node, s.State(x, state)) {
			given[x+v*stride] = p
		}
	}
	return given
}

// stride is how far a state's number moves when the code of a node grows by one.
func (s *Space) stride(node int32) int {
	stride := 1
	for _, later := range s.Free[s.digit[node]+1:] {
		stride *= s.states[later]
	}
	return stride
}

// Step is the law after one more sweep, p by Space.Index. p is left as it is.
func (k *Kernel) Step(p []float64) []float64 {
	p = slices.Clone(p)
	for i := range k.blocks {
		b := &k.blocks[i]
		if !b.alone {
			p = k.together(b, p)
			continue
		}
		for j, node := range b.nodes {
			k.update(p, node, b.given[j])
		}
	}
	return p
}

// update draws one node anew: the mass of the states that differ in it alone is
// shared out among them.
func (k *Kernel) update(p []float64, node int32, given []float64) {
	n, stride := k.states[node], k.stride(node)
	for high := 0; high < len(p); high += n * stride {
		for x := high; x < high+stride; x++ {
			sum := 0.0
			for v := range n {
				sum += p[x+v*stride]
			}
			for v := range n {
				p[x+v*stride] = sum * given[x+v*stride]
			}
		}
	}
}

// together draws the nodes of a superblock at once, each from the state before.
func (k *Kernel) together(b *superblock, p []float64) []float64 {
	out := make([]float64, len(p))
	var spread func(j, x, y int, mass float64)
	spread = func(j, x, y int, mass float64) {
		if j == len(b.nodes) {
			out[y] += mass
			return
		}
		node := b.nodes[j]
		n, stride := k.states[node], k.stride(node)
		own := x / stride % n
		for v := range n {
			move := (v - own) * stride
			spread(j+1, x, y+move, mass*b.given[j][x+move])
		}
	}
	for x, mass := range p {
		if mass > 0 {
			spread(0, x, x, mass)
		}
	}
	return out
}

// Start is the law that is certain of one state.
func (k *Kernel) Start(state []int32) []float64 {
	p := make([]float64, k.Size())
	p[k.Index(state)] = 1
	return p
}

// After is the law after a number of sweeps from one state: e_s·P^sweeps.
func (k *Kernel) After(state []int32, sweeps int) []float64 {
	p := k.Start(state)
	for range sweeps {
		p = k.Step(p)
	}
	return p
}

// TotalVariation is half the sum of |p - q|.
func TotalVariation(p, q []float64) float64 {
	sum := 0.0
	for i := range p {
		sum += math.Abs(p[i] - q[i])
	}
	return sum / 2
}
