package exact

import (
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// randomModel draws a model of spins and categoricals of 3 and 4 states with
// biases, pairs, triples and, now and then, clamps. Weights are large enough
// that the law is far from uniform.
func randomModel(r *rand.Rand) *graph.Graph {
	g := &graph.Graph{Model: "random", Beta: 0.25 + r.Float64()}
	for _, v := range []graph.Variable{
		{Name: "s", Kind: graph.Spin, States: 2, Shape: []int{2, 3}, Count: 6},
		{Name: "c", Kind: graph.Categorical, States: 3, Shape: []int{3}, Count: 3},
		{Name: "t", Kind: graph.Spin, States: 2, Count: 1},
		{Name: "d", Kind: graph.Categorical, States: 4, Shape: []int{2}, Count: 2},
	} {
		v.First = g.Nodes
		g.Nodes += v.Count
		g.Vars = append(g.Vars, v)
	}
	for range 3 + r.IntN(12) {
		g.Factors = append(g.Factors, randomFactor(r, g))
	}
	for node := range g.Nodes {
		if r.IntN(6) == 0 {
			value := int32(r.IntN(3))
			if v := variableOf(g, node); v.Kind == graph.Spin {
				value = 2*(value&1) - 1
			}
			g.Clamps = append(g.Clamps, graph.Clamp{Nodes: []int32{int32(node)}, Values: []int32{value}})
		}
		g.Blocks = append(g.Blocks, []graph.Block{{Nodes: []int32{int32(node)}}})
	}
	return g
}

// randomFactor has one row, or rows that share their table.
func randomFactor(r *rand.Rand, g *graph.Graph) graph.Factor {
	f := graph.Factor{Scale: 1, Shared: r.IntN(2) == 0, Rows: 1 + r.IntN(2)}
	first := r.Perm(g.Nodes)[:1+r.IntN(3)]
	for _, node := range first {
		v := variableOf(g, node)
		f.Slots = append(f.Slots, graph.Slot{Kind: v.Kind, States: v.States})
		if v.Kind == graph.Categorical {
			f.Table = append(f.Table, v.States)
		}
		f.Index = append(f.Index, int32(node))
	}
	for range (f.Rows - 1) * len(first) { // the same nodes again: rows add up
		f.Index = append(f.Index, f.Index[len(f.Index)-len(first)])
	}
	tables := f.Rows
	if f.Shared {
		tables = 1
	}
	for range tables * f.TableSize() {
		f.Weights = append(f.Weights, 1.5*r.NormFloat64())
	}
	return f
}

func variableOf(g *graph.Graph, node int) *graph.Variable {
	for i := range g.Vars {
		if v := &g.Vars[i]; node < v.First+v.Count {
			return v
		}
	}
	return nil
}

// ising is a model of spins with given pairs.
func ising(beta float64, n int, edges [][2]int32, weights []float64) *graph.Graph {
	spin := graph.Slot{Kind: graph.Spin, States: 2}
	f := graph.Factor{Name: "f0", Slots: []graph.Slot{spin, spin}, Rows: len(edges), Weights: weights, Scale: 1}
	for _, e := range edges {
		f.Index = append(f.Index, e[0], e[1])
	}
	return &graph.Graph{
		Model: "ising", Beta: beta, Nodes: n, Factors: []graph.Factor{f},
		Vars: []graph.Variable{{Name: "s", Kind: graph.Spin, States: 2, Shape: []int{n}, Count: n}},
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if d := got - want; !(d <= tolerance && d >= -tolerance) {
		t.Errorf("%s: %.15g, want %.15g", what, got, want)
	}
}
