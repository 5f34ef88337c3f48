package graph

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// topologies makes every declared graph.
func (b *builder) topologies() {
	for i := range b.s.Graphs {
		d := &b.s.Graphs[i]
		if _, twice := b.graphPos[d.Name.Text]; twice {
			b.fail(d.Name.Pos, diag.Duplicate, "", "graph %s is declared twice", d.Name.Text)
			continue
		}
		b.graphPos[d.Name.Text] = d.Name.Pos
		t, ok := b.topology(&d.Topology, nil)
		if !ok {
			b.badGraphs[d.Name.Text] = true
			continue
		}
		b.graphs[d.Name.Text] = t
	}
}

// namedGraph looks a declared graph up; ok is false, and a problem reported,
// if there is none or it has a problem of its own.
func (b *builder) namedGraph(name spec.Name) (*Topology, bool) {
	if t := b.graphs[name.Text]; t != nil {
		return t, true
	}
	if !b.badGraphs[name.Text] {
		var known []string
		for _, d := range b.s.Graphs {
			known = append(known, d.Name.Text)
		}
		b.unknown(name, "graph", known)
	}
	return nil, false
}

// topology makes the graph of t. Sizes are those written, or shape in the
// inline form {grid: x}, where x is a variable of that shape.
func (b *builder) topology(t *spec.Topology, shape []int) (*Topology, bool) {
	switch t.Kind {
	case "":
		return b.namedGraph(t.Ref)
	case "file":
		return b.fileTopology(t)
	}
	sizes := shape
	if sizes == nil {
		for _, a := range t.Args {
			if a.V > MaxModelNodes || a.V < -MaxModelNodes {
				b.limit(a.Pos, "%s: size %d, at most %d", t.Kind, a.V, MaxModelNodes)
				return nil, false
			}
			sizes = append(sizes, int(a.V))
		}
	}
	per := int(min(t.Degree.V, MaxModelNodes))
	if t.Kind == "skip" || t.Kind == "stencil" {
		per = max(len(t.Lengths)*len(sizes), len(t.Offsets))
	}
	if nodes, edges := graphSize(t.Kind, sizes, per); nodes > MaxModelNodes || edges > MaxCells/2 {
		b.limit(t.Pos, "%s %s has about %.3g nodes and %.3g edges; at most %d and %d are possible",
			t.Kind, shapeText(sizes), nodes, edges, MaxModelNodes, MaxCells/2)
		return nil, false
	}
	made, err := namedTopology(t, sizes)
	switch {
	case errors.Is(err, ErrLimit):
		b.limit(t.Pos, "%v", err)
	case err != nil:
		b.fail(t.Pos, diag.BadGraph, "", "%v", err)
	}
	return &made, err == nil
}

// graphSize estimates nodes and edges before any memory is taken; per is the
// degree of a regular graph, or the number of offsets of a stencil.
func graphSize(kind string, sizes []int, per int) (nodes, edges float64) {
	nodes = 1
	for _, n := range sizes {
		nodes *= float64(n)
	}
	switch kind {
	case "complete":
		return nodes, nodes * nodes / 2
	case "bipartite":
		if len(sizes) == 2 {
			return float64(sizes[0]) + float64(sizes[1]), nodes
		}
	case "random_regular":
		return nodes, nodes * float64(per) / 2
	case "skip", "stencil":
		return nodes, nodes * float64(per)
	case "hypercube":
		if len(sizes) == 1 && sizes[0] < 64 && sizes[0] >= 0 {
			n := float64(uint64(1) << sizes[0])
			return n, n * float64(sizes[0]) / 2
		}
	case "king":
		return nodes, 4 * nodes
	case "grid", "torus":
		return nodes, nodes * float64(len(sizes))
	case "pegasus":
		if len(sizes) == 1 {
			return 24 * nodes * nodes, 180 * nodes * nodes
		}
	case "chimera":
		if len(sizes) == 3 {
			return 2 * nodes, nodes * float64(sizes[2]+2)
		}
	case "zephyr":
		if len(sizes) == 2 {
			m, t := float64(sizes[0]), float64(sizes[1])
			return 4 * m * t * (2*m + 1), 4 * m * t * (2*m + 1) * (2*t + 2)
		}
	}
	return nodes, nodes
}

func namedTopology(t *spec.Topology, sizes []int) (Topology, error) {
	need := func(n int, form string) error {
		if len(sizes) != n {
			return fmt.Errorf("%s takes %s, got %d sizes", t.Kind, form, len(sizes))
		}
		return nil
	}
	switch t.Kind {
	case "grid":
		return Grid(sizes...)
	case "torus":
		return Torus(sizes...)
	case "king":
		if err := need(2, "two sizes"); err != nil {
			return Topology{}, err
		}
		return King(sizes[0], sizes[1])
	case "skip":
		return Skip(sizes, plain(t.Lengths))
	case "stencil":
		offsets := make([][]int, len(t.Offsets))
		for i, offset := range t.Offsets {
			offsets[i] = plain(offset)
		}
		return Stencil(sizes, offsets, t.Wrap != nil && *t.Wrap)
	case "bipartite":
		if err := need(2, "two sizes"); err != nil {
			return Topology{}, err
		}
		return Bipartite(sizes[0], sizes[1])
	case "chimera":
		if err := need(3, "three sizes [m, n, t]"); err != nil {
			return Topology{}, err
		}
		return Chimera(sizes[0], sizes[1], sizes[2])
	case "zephyr":
		if err := need(2, "two sizes [m, t]"); err != nil {
			return Topology{}, err
		}
		return Zephyr(sizes[0], sizes[1])
	}
	if err := need(1, "one size"); err != nil {
		return Topology{}, err
	}
	n := sizes[0]
	switch t.Kind {
	case "chain":
		return Chain(n)
	case "ring":
		return Ring(n)
	case "complete":
		return Complete(n)
	case "hypercube":
		return Hypercube(n)
	case "pegasus":
		return Pegasus(n)
	case "random_regular":
		if t.Degree.V < 0 || bits.Len64(uint64(t.Degree.V)) > 31 {
			return Topology{}, fmt.Errorf("random_regular: degree %d", t.Degree.V)
		}
		return RandomRegular(n, int(t.Degree.V), uint64(t.Seed.V))
	}
	return Topology{}, fmt.Errorf("no graph is called %s", diag.Quote(t.Kind))
}

func plain(list []spec.Int) []int {
	out := make([]int, len(list))
	for i, v := range list {
		out[i] = int(v.V)
	}
	return out
}

// fileTopology reads an edge list: an integer array of shape (edges, 2). Edges
// stand in the order of the file, ends as written: weights belong to them.
func (b *builder) fileTopology(t *spec.Topology) (*Topology, bool) {
	if t.Nodes.V < 1 {
		b.fail(t.Pos, diag.BadGraph, "write {file: g.npz#edges, nodes: n}", "a graph from a file needs its number of nodes, at least 1")
		return nil, false
	}
	if t.Nodes.V > MaxModelNodes {
		b.limit(t.Nodes.Pos, "%d nodes, at most %d", t.Nodes.V, MaxModelNodes)
		return nil, false
	}
	shape, values, ok := b.ints(t.File)
	if !ok {
		return nil, false
	}
	if len(shape) != 2 || shape[1] != 2 {
		b.fail(t.File.Pos, diag.BadFile, "one row for each edge, two node numbers in it",
			"%s has shape %s, edges have shape [n, 2]", fileText(t.File), shapeText(shape))
		return nil, false
	}
	n := int(t.Nodes.V)
	made := &Topology{Name: "file", Nodes: n, Edges: make([][2]int32, shape[0])}
	outside := few{b: b, code: diag.OutOfRange}
	loops := few{b: b, code: diag.SameNode, help: "an edge joins two different nodes: remove it"}
	for i := range made.Edges {
		u, v := values[2*i], values[2*i+1]
		switch {
		case u < 0 || v < 0 || u >= int64(n) || v >= int64(n):
			outside.add(t.File.Pos, "%s: edge %d joins %d and %d; nodes are 0 … %d", fileText(t.File), i, u, v, n-1)
			continue
		case u == v:
			loops.add(t.File.Pos, "%s: edge %d joins node %d to itself", fileText(t.File), i, u)
			continue
		}
		made.Edges[i] = [2]int32{int32(u), int32(v)}
	}
	outside.done("edges")
	loops.done("edges")
	return made, outside.count+loops.count == 0
}
