// Package passtest builds small graphs by hand, for tests of the layers below
// package graph.
package passtest

import (
	"fmt"
	"math/rand/v2"

	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// Builder collects a graph. Its fields may be changed before Graph is called.
type Builder struct{ G graph.Graph }

// New starts a graph with the schedule of a default model.
func New() *Builder {
	b := &Builder{}
	b.G = graph.Graph{
		Model: "m", Beta: 1,
		Sample: graph.Sample{Chains: 4, Warmup: 3, Samples: 5, StepsPerSample: 2},
		Format: graph.Format{Profile: "default"},
	}
	return b
}

// Spins adds a variable of n spins and returns its nodes.
func (b *Builder) Spins(name string, n int) []int32 { return b.add(name, graph.Spin, 2, n) }

// Categoricals adds a variable of n categoricals of K states.
func (b *Builder) Categoricals(name string, states, n int) []int32 {
	return b.add(name, graph.Categorical, states, n)
}

func (b *Builder) add(name string, k graph.Kind, states, n int) []int32 {
	g := &b.G
	g.Vars = append(g.Vars, graph.Variable{Name: name, Kind: k, States: states, Shape: []int{n}, First: g.Nodes, Count: n})
	g.Init = append(g.Init, graph.Init{})
	nodes := make([]int32, n)
	for i := range nodes {
		nodes[i] = int32(g.Nodes + i)
	}
	g.Nodes += n
	return nodes
}

// Factor adds rows of nodes. There is one weight table for all rows, or one for
// each.
func (b *Builder) Factor(rows [][]int32, weights ...float64) *graph.Factor {
	g := &b.G
	f := graph.Factor{Name: fmt.Sprintf("f%d", len(g.Factors)), Rows: len(rows), Weights: weights}
	for _, node := range rows[0] {
		for v := range g.Vars {
			if x := &g.Vars[v]; int(node) >= x.First && int(node) < x.First+x.Count {
				f.Slots = append(f.Slots, graph.Slot{Var: v, Kind: x.Kind, States: x.States})
				if x.Kind == graph.Categorical {
					f.Table = append(f.Table, x.States)
				}
			}
		}
	}
	for _, r := range rows {
		f.Index = append(f.Index, r...)
	}
	f.Shared = len(weights) == f.TableSize() && len(rows) > 1
	g.Factors = append(g.Factors, f)
	return &g.Factors[len(g.Factors)-1]
}

// Block adds a superblock of one block.
func (b *Builder) Block(nodes ...int32) { b.Superblock(nodes) }

// Superblock adds blocks that read one snapshot.
func (b *Builder) Superblock(blocks ...[]int32) {
	var sb []graph.Block
	for _, nodes := range blocks {
		sb = append(sb, graph.Block{Nodes: nodes})
	}
	b.G.Blocks = append(b.G.Blocks, sb)
}

// Clamp fixes nodes in all chains.
func (b *Builder) Clamp(nodes []int32, values ...int32) {
	b.G.Clamps = append(b.G.Clamps, graph.Clamp{Nodes: nodes, Values: values})
}

// Colour adds one block for each colour of a greedy colouring.
func (b *Builder) Colour() {
	g := &b.G
	colour := make([]int, g.Nodes)
	near := make([][]int32, g.Nodes)
	for i := range g.Factors {
		f := &g.Factors[i]
		n := len(f.Slots)
		for r := 0; r < f.Rows; r++ {
			row := f.Index[r*n : (r+1)*n]
			for _, x := range row {
				near[x] = append(near[x], row...)
			}
		}
	}
	var blocks [][]int32
	for x := range colour {
		taken := map[int]bool{}
		for _, y := range near[x] {
			if int(y) < x {
				taken[colour[y]] = true
			}
		}
		for taken[colour[x]] {
			colour[x]++
		}
		if colour[x] == len(blocks) {
			blocks = append(blocks, nil)
		}
		blocks[colour[x]] = append(blocks[colour[x]], int32(x))
	}
	for _, nodes := range blocks {
		b.Block(nodes...)
	}
}

// Random is a model of spins and categoricals with factors of one to three
// slots, clamps, starts, and now and then runtime weights or annealing; it is
// the same for the same seed.
func Random(seed uint64) *graph.Graph {
	r := rand.New(rand.NewPCG(seed, 7))
	b := New()
	g := &b.G
	b.Spins("s", 3+r.IntN(30))
	b.Categoricals("a", 2+r.IntN(4), 1+r.IntN(12))
	b.Categoricals("b", 2+r.IntN(40), 1+r.IntN(5))
	for i := range 2 + r.IntN(5) {
		f := graph.Factor{Name: fmt.Sprintf("f%d", i), Rows: 1 + r.IntN(20), Shared: r.IntN(3) == 0, Runtime: r.IntN(4) == 0}
		for range 1 + r.IntN(3) {
			v := r.IntN(len(g.Vars))
			x := &g.Vars[v]
			used := 0 // a variable is in a row at most as often as it has nodes
			for _, s := range f.Slots {
				if s.Var == v {
					used++
				}
			}
			if used == x.Count {
				continue
			}
			f.Slots = append(f.Slots, graph.Slot{Var: v, Kind: x.Kind, States: x.States})
			if x.Kind == graph.Categorical {
				f.Table = append(f.Table, x.States)
			}
		}
		for range f.Rows {
			taken := map[int32]bool{}
			for _, s := range f.Slots {
				x := &g.Vars[s.Var]
				n := int32(x.First + r.IntN(x.Count))
				for taken[n] {
					n = int32(x.First + r.IntN(x.Count))
				}
				taken[n] = true
				f.Index = append(f.Index, n)
			}
		}
		tables := f.Rows
		if f.Shared {
			tables = 1
		}
		for range tables * f.TableSize() {
			f.Weights = append(f.Weights, r.NormFloat64()/2)
		}
		g.Factors = append(g.Factors, f)
	}
	b.Colour()
	if r.IntN(2) == 0 {
		n := int32(r.IntN(g.Nodes))
		c := graph.Clamp{Nodes: []int32{n}, Chains: g.Sample.Chains}
		for range c.Chains {
			if n < int32(g.Vars[0].Count) {
				c.Values = append(c.Values, int32(2*r.IntN(2)-1))
			} else {
				c.Values = append(c.Values, int32(r.IntN(2)))
			}
		}
		g.Clamps = append(g.Clamps, c)
	}
	g.Init[0].Kind = graph.InitKind(r.IntN(3))
	if r.IntN(2) == 0 {
		g.Init[1] = graph.Init{Kind: graph.InitValues, Values: make([]int32, g.Vars[1].Count)}
	}
	if r.IntN(3) == 0 {
		g.Betas = []float64{0.1, 1.0 / 3, 0.8}
		g.Beta = 0.8
	}
	g.Sample.Seed = r.Uint64()
	return g
}
