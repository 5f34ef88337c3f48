package spec

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

var variableKinds = []string{"spin", "categorical", "continuous"}

const (
	minStates = 2
	maxStates = 65536
)

func (p *parser) variables(f fields) {
	k, v := f.find("variables")
	if v == nil {
		if !f.attempted("variables") && !p.hasFamily(f) {
			p.add(f.n, diag.MissingKey, "the model has no variables").Help = "add variables: {s: {kind: spin, shape: [10]}}"
		}
		return
	}
	if v.kind == mapping && len(v.items) == 0 {
		p.add(k, diag.Empty, "variables is empty; a model needs at least one").Help = "add variables: {s: {kind: spin, shape: [10]}}"
	}
	p.declared(v, "variables", "a mapping of names to variables such as {s: {kind: spin, shape: [10]}}", func(name Name, _, v *node) {
		if d, ok := p.variable(v, name, join("variables", name.Text), false); ok {
			p.spec.Variables = append(p.spec.Variables, d)
		}
	})
}

func (p *parser) variable(n *node, name Name, what string, field bool) (Variable, bool) {
	d := Variable{Name: name, Pos: name.Pos}
	keys := []string{"kind", "states", "dim", "range", "shape", "on", "fields"}
	if field {
		keys = []string{"kind", "states", "dim", "range"}
	}
	f, ok := p.fields(n, what, keys...)
	if !ok {
		return d, false
	}
	if !field {
		p.place(&d, f)
	}
	if v := f.get("fields"); v != nil {
		f.only("is given by each field", "kind", "states", "dim", "range")
		p.declared(v, f.path("fields"), "a mapping of names to fields such as {a: {kind: spin}}", func(name Name, _, v *node) {
			if field, ok := p.variable(v, name, join(f.path("fields"), name.Text), true); ok {
				d.Fields = append(d.Fields, field)
			}
		})
		if v.kind == mapping && len(v.items) == 0 {
			p.add(v, diag.Empty, "%s is empty", f.path("fields")).Help = "name the fields: fields: {a: {kind: spin}}"
		}
		return d, d.Fields != nil
	}
	v := f.need("kind", "kind: spin, categorical or continuous")
	if v == nil {
		return d, false
	}
	if d.Kind = p.choice(v, f.path("kind"), variableKinds...).Text; d.Kind == "" {
		return d, false
	}
	if d.Kind == "categorical" {
		if v := f.need("states", "states: and their number"); v != nil {
			d.States = p.states(v, f.path("states"))
		}
	} else {
		f.only("goes with kind: categorical only", "states")
	}
	if d.Kind == "continuous" {
		d.Dim = f.integer("dim", 1, maxCount)
		d.Range = p.valueRange(f)
	} else {
		f.only("goes with kind: continuous only", "dim", "range")
	}
	return d, true
}

// valueRange reads range: [lowest, highest], nil if there is none.
func (p *parser) valueRange(f fields) []Float {
	v := f.get("range")
	if v == nil {
		return nil
	}
	lo, hi := p.pair(v, f.path("range"), "a list [lowest, highest]")
	if lo.Ok && hi.Ok && lo.V >= hi.V {
		p.add(v, diag.OutOfRange, "%s: the lowest value %v is not below the highest %v", f.path("range"), lo.V, hi.V)
	}
	return []Float{lo, hi}
}

// states reads the number of states of a categorical.
func (p *parser) states(n *node, what string) Int {
	v := p.integer(n, what, 0, math.MaxInt64)
	if !v.Ok {
		return v
	}
	switch {
	case v.V < minStates:
		p.add(n, diag.OutOfRange, "%s must be at least %d, not %d", what, minStates, v.V)
		v.Ok = false
	case v.V > maxStates:
		e := p.problems.Limitf(n.pos(), diag.OutOfRange, "%s is %d, the limit is %d", what, v.V, maxStates)
		e.Width = n.width()
		v.Ok = false
	}
	return v
}

// place reads where the nodes of a variable are: shape or on.
func (p *parser) place(d *Variable, f fields) {
	if k, v := f.find("shape"); v != nil {
		due := "a list of sizes such as [20, 20]"
		if v.kind == scalar && v.plain && isInt(v.text) {
			p.expected(v, f.path("shape"), due).Help = "write [" + v.text + "]"
		} else if v.kind == list && len(v.items) == 0 {
			p.add(v, diag.Empty, "%s is empty", f.path("shape")).Help = "a variable of one node has no shape: remove the key"
		} else {
			d.Shape = p.integers(v, f.path("shape"), due, 1, maxCount)
		}
		if on, _ := f.find("on"); on != nil {
			later := on
			if k.line > on.line || k.line == on.line && k.col > on.col {
				later = k
			}
			p.add(later, diag.Conflict, "%s cannot have both shape and on", f.what).Help = "keep one of the two"
		}
	}
	if v := f.get("on"); v != nil {
		d.On = p.onExpr(v, f.path("on"))
	}
}

// onExpr reads on: g, {g: rest}, {g: {random: share, seed: n}} or {g: {file: mask.npy}}.
func (p *parser) onExpr(n *node, what string) *OnExpr {
	on := &OnExpr{Pos: n.pos()}
	due := "the name of a graph, {g: rest}, {g: {random: 0.5, seed: 1}} or {g: {file: mask.npy}}"
	if n.kind == scalar {
		on.Graph = p.name(n, what)
		if on.Graph.Text == "" {
			return nil
		}
		return on
	}
	if n.kind != mapping || len(n.items) != 2 {
		p.expected(n, what, due)
		return nil
	}
	if on.Graph = p.name(&n.items[0], what); on.Graph.Text == "" {
		return nil
	}
	part, at := &n.items[1], join(what, on.Graph.Text)
	if contains(topologyKinds, on.Graph.Text) && part.kind != mapping && part.text != "rest" {
		p.add(&n.items[0], diag.WrongType, "%s must be %s", what, due).
			Help = "declare the graph first: graphs: {g: {" + on.Graph.Text + ": …}}, then on: g"
		return nil
	}
	if part.kind == scalar {
		if p.choice(part, at, "rest").Text == "" {
			return nil
		}
		on.Rest = true
		return on
	}
	f, ok := p.fields(part, at, "random", "seed", "file")
	if !ok {
		return nil
	}
	switch v := p.oneOf(f, "random", "file"); v.key {
	case "random":
		on.Random = p.floatIn(v.value, f.path("random"), 0, 1, false)
		on.Seed = f.seed("seed")
	case "file":
		f.only("goes with random only", "seed")
		if on.Mask = p.fileName(v.value, f.path("file")); on.Mask == nil {
			return nil
		}
	default:
		return nil
	}
	return on
}
