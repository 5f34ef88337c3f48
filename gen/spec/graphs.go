package spec

import (
	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// topologyForm says what sizes a named graph takes.
type topologyForm struct {
	least, most int    // number of sizes
	example     string // of the value
	over        bool   // may take the shape of a variable in edges: {grid: x}
}

var topologyForms = map[string]topologyForm{
	"chain":     {1, 1, "a number of nodes", true},
	"ring":      {1, 1, "a number of nodes", true},
	"complete":  {1, 1, "a number of nodes", true},
	"grid":      {1, 16, "a list of sizes such as [20, 20]", true},
	"torus":     {1, 16, "a list of sizes such as [64, 64]", true},
	"king":      {2, 2, "a list of two sizes such as [20, 20]", true},
	"bipartite": {2, 2, "a list of two sizes [n, m]", false},
	"hypercube": {1, 1, "a dimension", false},
	"chimera":   {3, 3, "a list of three sizes [m, n, t]", false},
	"pegasus":   {1, 1, "a size such as 14", false},
	"zephyr":    {2, 2, "a list of two sizes [m, t] such as [12, 4]", false},
}

var topologyKinds = []string{
	"chain", "ring", "grid", "torus", "king", "complete", "bipartite", "hypercube", "random_regular",
	"chimera", "pegasus", "zephyr", "skip", "stencil", "file",
}

func (p *parser) graphs(f fields) {
	p.declared(f.get("graphs"), "graphs", "a mapping of names to graphs such as {g: {grid: [20, 20]}}", func(name Name, _, v *node) {
		if t := p.topology(v, join("graphs", name.Text), false); t != nil {
			p.spec.Graphs = append(p.spec.Graphs, GraphDecl{Name: name, Topology: *t})
		}
	})
}

// graphUse reads a graph where one is used: the name of a declared graph or,
// inline, a topology, which may take the shape of a variable: {grid: x}.
func (p *parser) graphUse(n *node, what string) *Topology {
	if n.kind == scalar {
		name := p.name(n, what)
		if name.Text == "" {
			return nil
		}
		return &Topology{Ref: name, Pos: name.Pos}
	}
	return p.topology(n, what, true)
}

func (p *parser) topology(n *node, what string, inline bool) *Topology {
	keys := append(append([]string{}, topologyKinds...), "nodes")
	if n.kind != mapping {
		p.expected(n, what, "a graph such as {grid: [20, 20]}").Help = "the graphs are " + diag.Or(topologyKinds)
		return nil
	}
	f, _ := p.fields(n, what, keys...)
	v := p.oneOf(f, topologyKinds...)
	if v.key == "" {
		return nil
	}
	if v.key != "file" {
		f.only("goes with file only", "nodes")
	}
	t := &Topology{Kind: v.key, Pos: n.pos()}
	at := f.path(v.key)
	ok := false
	switch v.key {
	case "file":
		t.File = p.fileName(v.value, at)
		if nodes := f.need("nodes", "nodes: and the number of nodes"); nodes != nil {
			t.Nodes = p.integer(nodes, f.path("nodes"), 1, maxCount)
		}
		ok = t.File != nil && t.Nodes.Ok
	case "random_regular":
		ok = p.randomRegular(t, v.value, at)
	case "skip":
		ok = p.skip(t, v.value, at)
	case "stencil":
		ok = p.stencil(t, v.value, at)
	default:
		ok = p.sizes(t, v.value, at, inline)
	}
	if !ok {
		return nil
	}
	return t
}

// sizes reads the sizes of a named graph, or the variable that gives them.
func (p *parser) sizes(t *Topology, n *node, what string, inline bool) bool {
	form := topologyForms[t.Kind]
	due := form.example
	if n.kind == scalar && n.plain && isDotted(n.text) {
		if !inline {
			p.add(n, diag.WrongType, "%s must be %s, not %s", what, due, diag.Quote(n.text)).
				Help = "a graph over a variable's shape is written where it is used: edges: {" + t.Kind + ": " + n.text + "}"
			return false
		}
		if !form.over {
			p.add(n, diag.WrongType, "%s must be %s; it has no form over the shape of a variable", what, due)
			return false
		}
		t.Over = p.dottedName(n, what)
		return t.Over.Text != ""
	}
	if n.kind == scalar {
		if form.least > 1 || t.Kind == "grid" || t.Kind == "torus" {
			p.expected(n, what, due)
			return false
		}
		size := p.integer(n, what, 1, maxCount)
		t.Args = []Int{size}
		return size.Ok
	}
	if n.kind == list && (len(n.items) < form.least || len(n.items) > form.most) {
		p.add(n, diag.Length, "%s must be %s, this is a list of %d", what, due, len(n.items))
		return false
	}
	t.Args = p.integers(n, what, due, 1, maxCount)
	return allOk(t.Args) && n.kind == list
}

func (p *parser) randomRegular(t *Topology, n *node, what string) bool {
	f, ok := p.fields(n, what, "n", "degree", "seed")
	if !ok {
		return false
	}
	if v := f.need("n", "n: and the number of nodes"); v != nil {
		t.Args = []Int{p.integer(v, f.path("n"), 1, maxCount)}
	}
	if v := f.need("degree", "degree: and the number of neighbours of every node"); v != nil {
		t.Degree = p.integer(v, f.path("degree"), 0, maxCount)
	}
	t.Seed = f.seed("seed")
	if !allOk(t.Args) || t.Args == nil || !t.Degree.Ok {
		return false
	}
	nodes, degree := t.Args[0].V, t.Degree.V
	if degree >= nodes {
		p.problems.Addf(t.Degree.Pos, diag.OutOfRange, "%s: a node has at most %d neighbours among %d nodes, not %d", what, nodes-1, nodes, degree)
		return false
	}
	if nodes%2 == 1 && degree%2 == 1 {
		p.problems.Addf(t.Degree.Pos, diag.OutOfRange, "%s: no graph of %d nodes has %d neighbours at every node", what, nodes, degree).
			Help = "one of n and degree must be even"
		return false
	}
	return true
}

func (p *parser) skip(t *Topology, n *node, what string) bool {
	f, ok := p.fields(n, what, "shape", "lengths")
	if !ok {
		return false
	}
	if v := f.need("shape", "shape: [30, 30]"); v != nil {
		t.Args = p.integers(v, f.path("shape"), "a list of sizes such as [30, 30]", 1, maxCount)
	}
	if v := f.need("lengths", "lengths: [1, 3, 5]"); v != nil {
		t.Lengths = p.integers(v, f.path("lengths"), "a list of distances such as [1, 3, 5]", 1, maxCount)
	}
	return t.Args != nil && t.Lengths != nil && allOk(t.Args) && allOk(t.Lengths)
}

func (p *parser) stencil(t *Topology, n *node, what string) bool {
	f, ok := p.fields(n, what, "shape", "offsets", "wrap")
	if !ok {
		return false
	}
	if v := f.need("shape", "shape: [64, 64]"); v != nil {
		t.Args = p.integers(v, f.path("shape"), "a list of sizes such as [64, 64]", 1, maxCount)
	}
	if v := f.need("offsets", "offsets: [[0, 1], [1, 0]]"); v != nil {
		at := f.path("offsets")
		due := "a list of offsets such as [[0, 1], [1, 0]]"
		rows := p.list(v, at, due)
		if v.kind == list && len(rows) == 0 {
			p.add(v, diag.Empty, "%s is empty, it must be %s", at, due)
		}
		for i := range rows {
			offset := p.integers(&rows[i], item(at, i), "an offset such as [0, 1]", -maxCount, maxCount)
			if rows[i].kind == list && t.Args != nil && len(offset) != len(t.Args) && offset != nil {
				p.add(&rows[i], diag.Length, "%s has %s, the shape has %d", item(at, i), count(len(offset), "number", "numbers"), len(t.Args))
				ok = false
			}
			ok = ok && offset != nil && allOk(offset)
			t.Offsets = append(t.Offsets, offset)
		}
	}
	t.Wrap = f.boolean("wrap")
	return ok && t.Args != nil && t.Offsets != nil && allOk(t.Args)
}

func allOk(list []Int) bool {
	for _, v := range list {
		if !v.Ok {
			return false
		}
	}
	return true
}
