package graph

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// TestMachines: a Boltzmann machine is the model that it stands for.
func TestMachines(t *testing.T) {
	files := mapFiles{"p.npz": archive(t,
		"w", []int{2, 3}, []float64{1, 2, 3, 4, 5, 6},
		"flat", []int{6}, []float64{1, 2, 3, 4, 5, 6},
		"deep", []int{2, 1, 3}, []float64{1, 2, 3, 4, 5, 6},
		"a", []int{2, 1}, []float32{0.5, -0.25})}
	written := func(runtime, w string) string {
		return runtime + `
variables: {v: {kind: spin, shape: [2]}, h: {kind: spin, shape: [3]}}
factors:
  - {name: visible_biases, over: [v], index: all, weights: [0.5, -0.25]}
  - {name: hidden_biases, over: [h], index: all, weights: [0, 0.125, 0]}
  - {name: weights, over: [v, h], index: [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]], weights: ` + w + "}\n"
	}
	for _, c := range []struct{ family, general string }{
		{"rbm: {visible: 2, hidden: 3, visible_biases: [0.5, -0.25], hidden_biases: [0, 0.125, 0], weights: [[1, 2, 3], [4, 5, 6]]}", written("", "[1, 2, 3, 4, 5, 6]")},
		{"rbm: {visible: 2, hidden: 3, visible_biases: [0.5, -0.25], hidden_biases: [0, 0.125, 0], weights: {file: p.npz#w}}", written("", "[1, 2, 3, 4, 5, 6]")},
		{"rbm: {visible: 2, hidden: 3, visible_biases: [0.5, -0.25], hidden_biases: [0, 0.125, 0], weights: {file: p.npz#flat}}", written("", "[1, 2, 3, 4, 5, 6]")},
		{"rbm: {visible: 2, hidden: 3, visible_biases: [0.5, -0.25], hidden_biases: [0, 0.125, 0], weights: {uniform: [-1, 1], seed: 9}}", written("", "{uniform: [-1, 1], seed: 9}")},
		// At run time every weight is one of its own, baked one number serves all.
		{"rbm: {visible: 2, hidden: 3, visible_biases: [0.5, -0.25], hidden_biases: [0, 0.125, 0], weights: 0.5}", written("", "0.5")},
		{"runtime: true\nrbm: {visible: 2, hidden: 3, visible_biases: [0.5, -0.25], hidden_biases: [0, 0.125, 0], weights: 0.5}", written("runtime: true", "[0.5, 0.5, 0.5, 0.5, 0.5, 0.5]")},
		{"rbm: {visible: [2, 1], hidden: 3, visible_biases: {file: p.npz#a}, hidden_biases: [0, 0.125, 0], weights: {file: p.npz#deep}}",
			strings.Replace(written("", "[1, 2, 3, 4, 5, 6]"), "shape: [2]", "shape: [2, 1]", 1)},
		{"rbm: {visible: 2, hidden: 1}", `
variables: {v: {kind: spin, shape: [2]}, h: {kind: spin, shape: [1]}}
factors:
  - {name: visible_biases, over: [v], index: all, weights: 0}
  - {name: hidden_biases, over: [h], index: all, weights: 0}
  - {name: weights, over: [v, h], index: pairs, weights: {normal: [0, 0.01], seed: 0}}
`},
		{"boltzmann: {visible: 2, hidden: 2, graph: {ring: 4}, biases: [1, 2, 3, 4], weights: [0.5, 1.5, 2.5, 3.5]}", `
variables: {v: {kind: spin, shape: [2]}, h: {kind: spin, shape: [2]}}
factors:
  - {name: visible_biases, over: [v], index: all, weights: [1, 2]}
  - {name: hidden_biases, over: [h], index: all, weights: [3, 4]}
  - {name: visible_weights, over: [v, v], index: [[0, 1]], weights: [0.5]}
  - {name: visible_hidden_weights, over: [v, h], index: [[0, 1], [1, 0]], weights: [1.5, 2.5]}
  - {name: hidden_weights, over: [h, h], index: [[0, 1]], weights: [3.5]}
`},
		{"graphs: {g: {bipartite: [2, 1]}}\nboltzmann: {visible: 2, hidden: 1, graph: g, weights: {signs: 2, seed: 5}}", `
variables: {v: {kind: spin, shape: [2]}, h: {kind: spin, shape: [1]}}
factors:
  - {name: visible_biases, over: [v], index: all, weights: [0, 0]}
  - {name: hidden_biases, over: [h], index: all, weights: [0]}
  - {name: visible_hidden_weights, over: [v, h], index: [[0, 0], [1, 0]], weights: {signs: 2, seed: 5}}
`},
	} {
		a, l := tryBuild(t, "model: m\n"+c.family+"\n", files)
		if a == nil {
			t.Errorf("%s: %v", c.family, l.Err())
			continue
		}
		b, l := tryBuild(t, "model: m\n"+strings.TrimPrefix(c.general, "\n"), files)
		if b == nil {
			t.Fatal(l.Err())
		}
		if a.Hash() != b.Hash() {
			t.Errorf("%s\n%s\nwant\n%s", c.family, a.Expand(), b.Expand())
		}
		if again := build(t, a.Expand()); again.Hash() != a.Hash() {
			t.Errorf("%s: expanded it is another model\n%s", c.family, a.Expand())
		}
	}
}

// TestMachineOnPegasus: a machine on a hardware graph keeps its published labels
// and its closed-form colours.
func TestMachineOnPegasus(t *testing.T) {
	g := build(t, "model: m\nboltzmann: {visible: [2, 10], hidden: 20, graph: {pegasus: 2}, weights: 1}\ngroups: {some: \"v[0, :] & v[:, 3]\", rest: \"v - v[0:4]\"}\nclamp: {\"v[0, 0:3]\": [1, -1, 1], some: -1}\n")
	p, err := Pegasus(2)
	p = mustTopology(t, p, err)
	equal(t, "edges", g.Edges, 164)
	equal(t, "shapes", [][]int{g.Vars[0].Shape, g.Vars[1].Shape}, [][]int{{2, 10}, {20}})
	for i := range 40 {
		v := &g.Vars[g.varOf(int32(i))]
		equal(t, "label", v.Topology.Label(int(v.OnNodes[i-v.First])), p.Label(i))
	}
	equal(t, "colours", len(g.Blocks), 4)
	for _, super := range g.Blocks {
		for _, n := range super[0].Nodes {
			equal(t, "colour", p.Colours[n], p.Colours[super[0].Nodes[0]])
		}
	}
}

// TestMachineFromFile: edges of a file keep their order, so that weights belong
// to them.
func TestMachineFromFile(t *testing.T) {
	files := mapFiles{"g.npz": archive(t,
		"edges", []int{4, 2}, []int64{3, 0, 1, 0, 2, 3, 2, 1},
		"twice", []int{2, 2}, []int64{1, 0, 0, 1})}
	text := "model: m\nboltzmann: {visible: 2, hidden: 2, graph: {file: g.npz#%s, nodes: 4}, weights: %s}\n"
	g, l := tryBuild(t, fmt.Sprintf(text, "edges", "[1, 2, 3, 4]"), files)
	if g == nil {
		t.Fatal(l.Err())
	}
	state := []int32{1, -1, -1, 1} // H = -(1·1·1 + 2·(-1)·1 + 3·(-1)·1 + 4·(-1)·(-1))
	equal(t, "energy", energy(g, state), -(1.0 - 2 - 3 + 4))
	_, l = tryBuild(t, fmt.Sprintf(text, "twice", "[1, 2]"), files)
	if l.Len() != 1 || !strings.Contains(l.Problems()[0].Text, "edge 1 of factor visible_weights joins v[0] and v[1], as edge 0 does") {
		t.Errorf("an edge twice: %v", l.Err())
	}
}

// TestRBM500: 392,000 weights of a file become a model of two blocks.
func TestRBM500(t *testing.T) {
	w := make([]float32, 784*500)
	for i := range w {
		w[i] = float32(i%251)/251 - 0.5
	}
	var b bytes.Buffer
	if err := npy.WriteNPY(&b, []int{784, 500}, w); err != nil {
		t.Fatal(err)
	}
	g, l := tryBuild(t, "model: m\nrbm: {visible: [28, 28], hidden: 500, weights: {file: w.npy}}\n", mapFiles{"w.npy": b.Bytes()})
	if g == nil {
		t.Fatal(l.Err())
	}
	equal(t, "blocks", blockSizes(g), [][]int{{784}, {500}})
	equal(t, "edges", g.Edges, 392000)
	equal(t, "degree", g.MaxDegree, 784)
	for _, at := range [][2]int{{0, 0}, {0, 499}, {783, 0}, {400, 123}} {
		r := at[0]*500 + at[1]
		f := &g.Factors[2]
		equal(t, "row", f.Index[2*r:2*r+2], []int32{int32(at[0]), int32(784 + at[1])})
		equal(t, "weight", f.Weights[r], float64(w[r]))
	}
}
