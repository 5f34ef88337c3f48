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
		if v.value.kind == mapping {
			p.mlp(&t, v.value, f.path("energy"))
			f.only("goes with an energy that is text", "params")
			break
		}
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

var interactionKeys = []string{"name", "head", "tails", "index", "edges", "params", "scale", "field"}

func (p *parser) interactions(f fields) {
	_, v := f.find("interactions")
	if v == nil {
		return
	}
	p.spec.Interactions = []Interaction{}
	entries := p.list(v, "interactions", "a list such as {head: …, tails: […], field: …}")
	for i := range entries {
		if t, ok := p.interaction(&entries[i], item("interactions", i)); ok {
			p.spec.Interactions = append(p.spec.Interactions, t)
		}
	}
}

func (p *parser) interaction(n *node, what string) (Interaction, bool) {
	t := Interaction{Factor: Factor{Pos: n.pos()}}
	f, ok := p.fields(n, what, interactionKeys...)
	if !ok {
		return t, false
	}
	before := p.problems.Len()
	t.Name = f.name("name")
	if v := f.need("head", "head: x, the nodes whose field is given"); v != nil {
		if heads := p.tails(v, f.path("head"), true); len(heads) == 1 {
			t.Head = heads[0]
		} else if len(heads) > 1 {
			p.add(v, diag.Length, "%s names %d slots, it is one", f.path("head"), len(heads))
		}
	}
	if v := f.get("tails"); v != nil {
		t.Tails = p.tails(v, f.path("tails"), false)
	}
	for _, x := range append([]Tail{t.Head}, t.Tails...) {
		t.Over = append(t.Over, Slot{Alias: x.Alias})
	}
	if f.get("index") != nil || f.get("edges") != nil {
		switch v := p.oneOf(f, "index", "edges"); v.key {
		case "index":
			t.Index = p.index(v.value, f.path("index"), 0)
		case "edges":
			t.Index = &Index{Pos: v.value.pos(), Edges: p.graphUse(v.value, f.path("edges"))}
		}
	}
	if v := f.need("field", `field: "w*u", an expression of the tails`); v != nil {
		p.energy(&t.Factor, f, "field", v)
	}
	p.scale(&t.Factor, f)
	return t, p.problems.Len() == before
}

// tails reads references, a list of them or a mapping of names to them; of a head
// one reference stands by itself.
func (p *parser) tails(n *node, what string, head bool) (out []Tail) {
	switch {
	case n.kind == mapping:
		p.declared(n, what, "a reference", func(alias Name, _, v *node) {
			if r := p.ref(v, join(what, alias.Text)); r != nil {
				out = append(out, Tail{alias, r})
			}
		})
	case head:
		if r := p.ref(n, what); r != nil {
			out = append(out, Tail{Ref: r})
		}
	case n.kind == list:
		for i := range n.items {
			if r := p.ref(&n.items[i], item(what, i)); r != nil {
				out = append(out, Tail{Ref: r})
			}
		}
	default:
		p.expected(n, what, "a list of references, or a mapping of names to them")
	}
	return out
}
