package spec

import (
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// MLP is an energy that a network of dense layers computes.
type MLP struct {
	Input      []Name // slots
	Times      []Name // slots that the network's value is multiplied with
	Hidden     []Int
	Activation Name // "" if not written
	File       *File
	Tensors    []Tensor // in place of a file
	Seed       Int      // of weights that are drawn
	Pos        diag.Pos
}

// Tensor is an array of a network in the model file.
type Tensor struct {
	Name Name
	List *List
}

const maxNeurons = 1 << 16

// mlp reads the network under energy: {mlp: …}.
func (p *parser) mlp(t *Factor, n *node, what string) {
	f, _ := p.fields(n, what, "mlp")
	v := f.need("mlp", "mlp: {input: x, hidden: [32, 32]}, or write the energy as text")
	if v == nil {
		return
	}
	g, ok := p.fields(v, f.path("mlp"), "input", "times", "hidden", "activation", "weights", "seed")
	if !ok {
		return
	}
	out := &MLP{Pos: v.pos()}
	if in := g.need("input", "input: x, or a list of slots"); in != nil {
		out.Input = p.slotNames(in, g.path("input"))
	}
	if x := g.get("times"); x != nil {
		out.Times = p.slotNames(x, g.path("times"))
	}
	if h := g.need("hidden", "hidden: [32, 32], the sizes of the hidden layers"); h != nil {
		out.Hidden = p.integers(h, g.path("hidden"), "a list of sizes of layers", 1, maxNeurons)
	}
	out.Activation = g.choice("activation", "silu", "tanh", "relu", "softplus", "elu")
	switch w := g.get("weights"); {
	case w == nil:
	case w.kind == mapping:
		out.Tensors = p.tensors(w, g.path("weights"))
	default:
		out.File = p.fileName(w, g.path("weights"))
	}
	if g.get("weights") != nil {
		g.only("is for weights that are drawn", "seed")
	}
	out.Seed = g.seed("seed")
	t.MLP, t.EnergyPos = out, v.pos()
	t.Energy = out.text()
}

// text is the energy for messages and listings.
func (m *MLP) text() string {
	names := func(list []Name) string {
		var s []string
		for _, n := range list {
			s = append(s, n.Text)
		}
		return strings.Join(s, ", ")
	}
	text := "mlp(" + names(m.Input) + ")"
	if len(m.Times) > 0 {
		text += "*" + strings.ReplaceAll(names(m.Times), ", ", "*")
	}
	return text
}

// slotNames reads the name of a slot, or a list of them.
func (p *parser) slotNames(n *node, what string) (out []Name) {
	if n.kind != list {
		return []Name{p.dottedName(n, what)}
	}
	if len(n.items) == 0 {
		p.add(n, diag.Empty, "%s is empty, it must be a slot, or a list of slots", what)
	}
	for i := range n.items {
		out = append(out, p.dottedName(&n.items[i], item(what, i)))
	}
	return out
}

// tensors reads arrays with names such as w0.
func (p *parser) tensors(n *node, what string) (out []Tensor) {
	for i := 0; i < len(n.items); i += 2 {
		key, v := &n.items[i], &n.items[i+1]
		if v.isNull() {
			p.add(key, diag.Empty, "%s has no value", join(what, key.text)).Help = "write its numbers"
			continue
		}
		if l := p.numbers(v, join(what, key.text)); l != nil {
			out = append(out, Tensor{Name{Text: key.text, Pos: key.pos()}, l})
		}
	}
	return out
}
