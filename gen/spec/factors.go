package spec

import (
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

func (p *parser) factors(f fields) {
	_, v := f.find("factors")
	if v == nil {
		if !f.attempted("factors") && !p.hasFamily(f) && !f.written("interactions") {
			p.add(f.n, diag.MissingKey, "the model has no factors").
				Help = "add factors, or a family: " + diag.Or(familyKeys)
		}
		return
	}
	names := map[string]diag.Pos{}
	p.spec.Factors = []Factor{}
	entries := p.list(v, "factors", "a list of factors such as {over: [s, s], edges: g, weights: 1.0}")
	for i := range entries {
		t, ok := p.factor(&entries[i], item("factors", i))
		if name := t.Name; name.Text != "" {
			if first, seen := names[name.Text]; seen {
				e := p.problems.Addf(name.Pos, diag.Duplicate, "the name %s was already given to the factor on line %d", name.Text, first.Line)
				e.Width, e.Help = len(name.Text), "give every factor its own name"
			} else {
				names[name.Text] = name.Pos
			}
		}
		if ok {
			p.spec.Factors = append(p.spec.Factors, t)
		}
	}
}

var factorKeys = []string{
	"name", "over", "index", "edges", "weights", "energy", "params", "scale", "runtime", "duplicates",
}

func (p *parser) factor(n *node, what string) (Factor, bool) {
	t := Factor{Pos: n.pos()}
	f, ok := p.fields(n, what, factorKeys...)
	if !ok {
		return t, false
	}
	before := p.problems.Len()
	t.Name = f.name("name")
	named := false
	if v := f.need("over", "over: [s, s], one variable for each slot"); v != nil {
		t.Over, named = p.slots(v, f.path("over"))
	}
	switch v := p.oneOf(f, "index", "edges"); v.key {
	case "index":
		slots := len(t.Over)
		if fieldsOfOne(t.Over) && v.value.text == "all" {
			slots = 1 // every structured node
		}
		t.Index = p.index(v.value, f.path("index"), slots)
	case "edges":
		t.Index = &Index{Pos: v.value.pos(), Edges: p.graphUse(v.value, f.path("edges"))}
		p.slotCount(v.name, f.path("edges"), 2, len(t.Over))
	}
	switch v := p.oneOf(f, "weights", "energy"); v.key {
	case "weights":
		t.Weights = p.weights(v.value, f.path("weights"))
		f.only("goes with energy only", "params")
	case "energy":
		p.energy(&t, f, "energy", v.value)
		if over := f.get("over"); over != nil && !named {
			p.add(over, diag.WrongType, "%s must name the slots for the energy", f.path("over")).
				Help = "write over: {u: x, v: x}, with the names that the expression uses"
		}
	}
	p.scale(&t, f)
	t.Runtime = f.boolean("runtime")
	t.Sum = f.choice("duplicates", "sum").Text == "sum"
	return t, p.problems.Len() == before
}

func (p *parser) slots(n *node, what string) (slots []Slot, named bool) {
	due := "a list of variables, one for each slot"
	switch {
	case n.kind == scalar:
		e := p.expected(n, what, due)
		if isName(n.text) {
			e.Help = "write [" + n.text + "]"
		}
	case len(n.items) == 0:
		p.add(n, diag.Empty, "%s is empty, it must be %s", what, due)
	case n.kind == list:
		for i := range n.items {
			slots = append(slots, Slot{Var: p.dottedName(&n.items[i], item(what, i))})
		}
	default:
		p.declared(n, what, "a variable", func(alias Name, _, v *node) {
			slots = append(slots, Slot{Alias: alias, Var: p.dottedName(v, join(what, alias.Text))})
		})
		return slots, true
	}
	return slots, false
}

// fieldsOfOne tells slots that are fields of one structured variable.
func fieldsOfOne(over []Slot) bool {
	first := ""
	for i, s := range over {
		variable, _, dotted := strings.Cut(s.Var.Text, ".")
		if !dotted || i > 0 && variable != first {
			return false
		}
		first = variable
	}
	return len(over) > 0
}

// index reads the rows of a factor; slots is their length, 0 if not known.
func (p *parser) index(n *node, what string, slots int) *Index {
	switch n.kind {
	case list:
		return p.rows(n, what, slots, "a row picks one node for each slot of over")
	case mapping:
		f, _ := p.fields(n, what, "file")
		out := &Index{Pos: n.pos(), File: f.file("file")}
		if out.File == nil {
			return nil
		}
		return out
	}
	out := &Index{Pos: n.pos()}
	switch w := p.choice(n, what, "all", "pairs"); w.Text {
	case "all":
		out.All = true
		p.slotCount(n, what+": all", 1, slots)
	case "pairs":
		out.Pairs = true
		p.slotCount(n, what+": pairs", 2, slots)
	default:
		return nil
	}
	return out
}

func (p *parser) slotCount(n *node, what string, due, slots int) {
	if slots > 0 && slots != due {
		p.add(n, diag.Length, "%s goes with %s, the factor is over %d", what, count(due, "slot", "slots"), slots)
	}
}

// energy reads the expression under a key, and its parameters.
func (p *parser) energy(t *Factor, f fields, key string, n *node) {
	if n.kind != scalar || n.text == "" {
		p.expected(n, f.path(key), `an expression such as "w*u*v"`)
		return
	}
	t.Energy, t.EnergyPos, t.EnergyAt = n.text, n.at(0), n.at
	what := f.path("params")
	p.declaredBy(p.paramName, f.get("params"), what, "a mapping of names to numbers, lists or files", func(name Name, key, v *node) {
		for _, s := range t.Over {
			if s.Alias.Text == name.Text {
				p.add(key, diag.Duplicate, "%s has the name of a slot", join(what, name.Text)).Help = "choose another name"
				return
			}
		}
		if w := p.weights(v, join(what, name.Text)); w != nil {
			t.Params = append(t.Params, Param{Name: name, Weights: *w})
		}
	})
}

// scale reads a number or the name of a runtime parameter.
func (p *parser) scale(t *Factor, f fields) {
	v := f.get("scale")
	if v == nil {
		return
	}
	if v.kind == scalar && v.plain && isName(v.text) {
		t.ScaleBy = p.name(v, f.path("scale"))
		return
	}
	if p.numberOrName(v, f.path("scale")) {
		t.Scale = p.float(v, f.path("scale"))
	}
}

// interactions are read for their keys and their place only.
func (p *parser) interactions(f fields) {
	k, v := f.find("interactions")
	if v == nil {
		return
	}
	pos := k.pos()
	p.spec.Interactions = &pos
	entries := p.list(v, "interactions", "a list such as {head: …, tails: […], field: …}")
	for i := range entries {
		p.fields(&entries[i], item("interactions", i), "head", "tails", "params", "field")
	}
}
