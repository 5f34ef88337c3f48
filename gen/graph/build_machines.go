package graph

import (
	"fmt"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// Boltzmann machines have visible spins v, which stand for data, and hidden
// spins h. What their energy has for every key is a factor with a name, so that
// weights given and weights trained go by the same names.

// rbm is the restricted Boltzmann machine
//
//	H = −Σ visible_biases[i]·v[i] − Σ hidden_biases[j]·h[j] − Σ weights[i, j]·v[i]·h[j]
//
// Biases are 0 and weights are drawn from N(0, 0.01²) with seed 0 where they are
// not given.
func (b *builder) rbm(f *spec.Family) {
	if f.Visible == nil || f.Hidden == nil {
		b.fail(f.Kind.Pos, diag.BadVariable, "write rbm: {visible: 784, hidden: 500}", "rbm needs visible and hidden")
		b.familyVariables(f)
		return
	}
	v, h := b.layer(f, "v", f.Visible), b.layer(f, "h", f.Hidden)
	for _, bias := range []struct {
		name  string
		of    spec.Name
		shape []int
		given *spec.Weights
	}{{"visible_biases", v, plain(f.Visible), f.VisibleBiases}, {"hidden_biases", h, plain(f.Hidden), f.HiddenBiases}} {
		w := zeroUnless(bias.given, f)
		b.terms = append(b.terms, term{untied: true, grids: [][]int{bias.shape}, Factor: spec.Factor{
			Name: spec.Name{Text: bias.name, Pos: w.Pos}, Pos: w.Pos, Weights: w,
			Over: []spec.Slot{{Var: bias.of}}, Index: &spec.Index{All: true, Pos: w.Pos},
		}})
	}
	w := drawnUnless(f.Weights, f)
	b.terms = append(b.terms, term{untied: true,
		grids: [][]int{{size(f.Visible), size(f.Hidden)}, append(plain(f.Visible), plain(f.Hidden)...)},
		Factor: spec.Factor{
			Name: spec.Name{Text: "weights", Pos: w.Pos}, Pos: w.Pos, Weights: w,
			Over: []spec.Slot{{Var: v}, {Var: h}}, Index: &spec.Index{Pairs: true, Pos: w.Pos},
		}})
}

// boltzmann is the Boltzmann machine over a graph whose first nodes are the
// visible spins and whose others the hidden ones:
//
//	H = −Σ biases[k]·s[k] − Σ weights[e]·s[k]·s[l] over the edges e = (k, l), s = v followed by h
//
// with the defaults of rbm. In general form the biases are two factors and the
// weights up to three, by the layers that they join.
func (b *builder) boltzmann(f *spec.Family) {
	if f.Visible == nil || f.Hidden == nil || f.Graph == nil {
		b.fail(f.Kind.Pos, diag.BadVariable, "write boltzmann: {visible: 8, hidden: 4, graph: {complete: 12}}", "boltzmann needs visible, hidden and a graph")
		b.familyVariables(f)
		return
	}
	top, ok := b.graphOf(f.Graph)
	if !ok {
		b.familyVariables(f)
		return
	}
	visible, hidden := size(f.Visible), size(f.Hidden)
	if visible+hidden != top.Nodes {
		b.fail(f.Graph.Pos, diag.BadGraph, "the graph has the visible nodes first, then the hidden ones",
			"the graph has %d nodes; visible and hidden are %d + %d = %d", top.Nodes, visible, hidden, visible+hidden)
		b.familyVariables(f)
		return
	}
	v, h := b.layer(f, "v", f.Visible), b.layer(f, "h", f.Hidden)
	b.placed[v.Text], b.placed[h.Text] = place{top, 0}, place{top, visible}

	if biases, pos, ok := b.oneEach("biases", zeroUnless(f.Biases, f), top.Nodes); ok {
		b.part("visible_biases", pos, []spec.Name{v}, span(0, visible), biases[:visible], nil)
		b.part("hidden_biases", pos, []spec.Name{h}, span(0, hidden), biases[visible:], nil)
	}
	weights, pos, ok := b.oneEach("weights", drawnUnless(f.Weights, f), len(top.Edges))
	if !ok {
		return
	}
	joins := [3]struct {
		name   string
		over   []spec.Name
		rows   []int32
		values []float64
		edges  []int
	}{
		{name: "visible_weights", over: []spec.Name{v, v}},
		{name: "visible_hidden_weights", over: []spec.Name{v, h}},
		{name: "hidden_weights", over: []spec.Name{h, h}},
	}
	first := int32(visible)
	for i, e := range top.Edges {
		k, l := min(e[0], e[1]), max(e[0], e[1])
		at := 0
		if l >= first {
			at, l = 1, l-first
		}
		if k >= first {
			at, k = 2, k-first
		}
		j := &joins[at]
		j.rows, j.values, j.edges = append(j.rows, k, l), append(j.values, weights[i]), append(j.edges, i)
	}
	for _, j := range joins {
		b.part(j.name, pos, j.over, j.rows, j.values, func(row int) string { return fmt.Sprintf("edge %d", j.edges[row]) })
	}
}

// layer declares one of the two sets of spins.
func (b *builder) layer(f *spec.Family, name string, shape []spec.Int) spec.Name {
	n := spec.Name{Text: name, Pos: f.Kind.Pos}
	b.declare(f, spec.Variable{Name: n, Kind: "spin", Shape: shape})
	return n
}

// part adds a factor with rows and weights of its own, if it has any.
func (b *builder) part(name string, pos diag.Pos, over []spec.Name, rows []int32, values []float64, rowText func(int) string) {
	if len(values) == 0 {
		return
	}
	if rowText == nil {
		rowText = func(row int) string { return fmt.Sprintf("row %d", row) }
	}
	t := term{Factor: spec.Factor{Name: spec.Name{Text: name, Pos: pos}, Pos: pos}, rows: rows, values: values, rowText: rowText}
	for _, n := range over {
		t.Over = append(t.Over, spec.Slot{Var: n})
	}
	b.terms = append(b.terms, t)
}

// oneEach gives n numbers, each number by itself.
func (b *builder) oneEach(name string, w *spec.Weights, n int) ([]float64, diag.Pos, bool) {
	f := &Factor{Name: name, Rows: n}
	values, _, ok := b.weightsOf(w, f, nil, []int{n})
	if ok && f.Shared {
		if ok = b.takeWeights(w.Pos, float64(n)); ok {
			values = slices.Repeat(values, n)
		}
	}
	return values, w.Pos, ok
}

func zeroUnless(w *spec.Weights, f *spec.Family) *spec.Weights {
	if w != nil {
		return w
	}
	return &spec.Weights{Kind: "list", Pos: f.Kind.Pos, List: &spec.List{Values: []float64{0}}}
}

func drawnUnless(w *spec.Weights, f *spec.Family) *spec.Weights {
	if w != nil {
		return w
	}
	return &spec.Weights{Kind: "normal", Pos: f.Kind.Pos, A: spec.Float{Ok: true}, B: spec.Float{V: 0.01, Ok: true}}
}

// size is the number of nodes of a shape, at most one more than a model may have.
func size(shape []spec.Int) int {
	n := 1
	for _, side := range shape {
		if side.V > int64(MaxModelNodes/n) {
			return MaxModelNodes + 1
		}
		n *= int(side.V)
	}
	return n
}
