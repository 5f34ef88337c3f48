package spec

import "github.com/thrmlgen/thrmlgen/gen/diag"

// hasFamily tells a model whose variables come from a family.
func (p *parser) hasFamily(f fields) bool {
	for _, k := range familyKeys {
		if f.written(k) {
			return true
		}
	}
	return false
}

// families reads the shorthand of a well-known model. A family brings its own
// variables and factors, so it stands alone.
func (p *parser) families(f fields) {
	var first *node
	for i := 0; i < len(f.n.items); i += 2 {
		k, v := &f.n.items[i], &f.n.items[i+1]
		if !contains(familyKeys, k.text) || v.isNull() {
			continue
		}
		if first != nil {
			p.add(k, diag.Conflict, "a model is one family, %s was already given on line %d", first.text, first.line).
				Help = "keep one of the two"
			continue
		}
		first = k
		p.spec.Family = p.family(k, v)
	}
	if first != nil {
		why := "does not go with " + first.text + ", which brings its own"
		for _, key := range []string{"variables", "factors", "interactions"} {
			if k, _ := f.find(key); k != nil {
				p.add(k, diag.Conflict, "%s %s", key, why).Help = "thrmlgen check --expand prints the general form, which can be extended"
			}
		}
	}
}

func (p *parser) family(key, n *node) *Family {
	out := &Family{Kind: Name{Text: key.text, Pos: key.pos()}}
	if n.kind != mapping {
		p.expected(n, key.text, "a mapping")
		return out
	}
	what := key.text
	switch what {
	case "ising":
		f, _ := p.fields(n, what, "graph", "edges", "biases", "weights")
		switch v := p.oneOf(f, "graph", "edges"); v.key {
		case "graph":
			out.Graph = p.graphUse(v.value, f.path("graph"))
		case "edges":
			out.Edges = p.edgeList(v.value, f.path("edges"))
		}
		out.Biases = f.weights("biases")
		if v := f.need("weights", "weights: a number, a list or {normal: [0, 1], seed: 1}"); v != nil {
			out.Weights = p.weights(v, f.path("weights"))
		}
	case "potts":
		f, _ := p.fields(n, what, "graph", "states", "coupling")
		if v := f.need("graph", "graph: {grid: [20, 20]}"); v != nil {
			out.Graph = p.graphUse(v, f.path("graph"))
		}
		if v := f.need("states", "states: and their number"); v != nil {
			out.States = p.states(v, f.path("states"))
		}
		if v := f.need("coupling", "coupling: 1.0"); v != nil {
			out.Coupling = p.weights(v, f.path("coupling"))
		}
	case "rbm":
		f, _ := p.fields(n, what, "visible", "hidden", "visible_biases", "hidden_biases", "weights")
		p.layers(out, f)
		out.VisibleBiases, out.HiddenBiases = f.weights("visible_biases"), f.weights("hidden_biases")
		out.Weights = f.weights("weights")
	case "boltzmann":
		f, _ := p.fields(n, what, "visible", "hidden", "graph", "biases", "weights")
		p.layers(out, f)
		if v := f.need("graph", "graph: {complete: 12}, over the visible nodes and behind them the hidden ones"); v != nil {
			out.Graph = p.graphUse(v, f.path("graph"))
		}
		out.Biases, out.Weights = f.weights("biases"), f.weights("weights")
	case "gaussian":
		f, _ := p.fields(n, what, "shape", "precision", "covariance", "mean")
		if v := f.get("shape"); v != nil {
			out.Shape = p.size(v, f.path("shape"))
		}
		switch v := p.oneOf(f, "precision", "covariance"); v.key {
		case "precision":
			out.Precision = p.matrix(v.value, f.path("precision"))
		case "covariance":
			out.Covariance = p.weights(v.value, f.path("covariance"))
		}
		out.Mean = f.weights("mean")
	case "gaussian_bernoulli":
		f, _ := p.fields(n, what, "continuous", "spins", "precision", "mean", "biases", "weights")
		if v := f.need("continuous", "continuous: and the number of continuous nodes, or their shape"); v != nil {
			out.Continuous = p.size(v, f.path("continuous"))
		}
		if v := f.need("spins", "spins: and the number of spins, or their shape"); v != nil {
			out.Spins = p.size(v, f.path("spins"))
		}
		if v := f.get("precision"); v != nil {
			out.Precision = p.matrix(v, f.path("precision"))
		}
		out.Mean, out.Biases, out.Weights = f.weights("mean"), f.weights("biases"), f.weights("weights")
	case "maxcut":
		f, _ := p.fields(n, what, "file")
		if v := f.need("file", "file: and the name of a G-set file"); v != nil {
			out.File = p.fileName(v, f.path("file"))
		}
	}
	return out
}

// matrix reads a symmetric matrix: {diagonal, graph or edges, values}, or in the
// forms of weights.
func (p *parser) matrix(n *node, what string) *Matrix {
	out := &Matrix{Pos: n.pos()}
	if n.kind != mapping {
		out.Dense = p.weights(n, what)
		return out
	}
	before := p.problems.Len()
	forms := []string{"diagonal", "identity", "normal", "uniform", "signs", "file"}
	f, _ := p.fields(n, what, append([]string{"graph", "edges", "values", "seed"}, forms...)...)
	form := p.oneOf(f, forms...)
	if form.key != "diagonal" {
		f.only("goes with diagonal only", "graph", "edges", "values")
		if form.key != "" && p.problems.Len() == before {
			out.Dense = p.weights(n, what)
		}
		return out
	}
	f.only("goes with normal, uniform and signs only", "seed")
	out.Diagonal = p.weights(form.value, f.path("diagonal"))
	switch v := p.oneOf(f, "graph", "edges"); v.key {
	case "graph":
		out.Graph = p.graphUse(v.value, f.path("graph"))
	case "edges":
		out.Edges = p.edgeList(v.value, f.path("edges"))
	}
	if v := f.need("values", "values: and one number, or one for each edge"); v != nil {
		out.Values = p.weights(v, f.path("values"))
	}
	return out
}

// layers reads how many visible and hidden nodes there are.
func (p *parser) layers(out *Family, f fields) {
	if v := f.need("visible", "visible: and the number of visible nodes, or their shape"); v != nil {
		out.Visible = p.size(v, f.path("visible"))
	}
	if v := f.need("hidden", "hidden: and the number of hidden nodes, or their shape"); v != nil {
		out.Hidden = p.size(v, f.path("hidden"))
	}
}

// size reads a number of nodes, or a shape; nil if it is neither.
func (p *parser) size(n *node, what string) []Int {
	due := "a number of nodes, or a shape such as [28, 28]"
	var shape []Int
	switch {
	case n.kind == list:
		shape = p.integers(n, what, due, 1, maxCount)
	case n.kind == mapping || n.plain && isName(n.text):
		p.expected(n, what, due)
	default:
		shape = []Int{p.integer(n, what, 1, maxCount)}
	}
	if !allOk(shape) {
		return nil
	}
	return shape
}

// edgeList reads the edges of a family: rows of two nodes, {file: f.npz#key}
// or a graph.
func (p *parser) edgeList(n *node, what string) *Index {
	if n.kind == list {
		return p.rows(n, what, 2, "an edge joins two nodes")
	}
	if n.kind == mapping && len(n.items) == 2 && n.items[0].text == "file" {
		return p.index(n, what, 2)
	}
	return &Index{Pos: n.pos(), Edges: p.graphUse(n, what)}
}
