package spec

import (
	"github.com/thrmlgen/thrmlgen/gen/diag"
)

const blockForms = "auto or a list of blocks such as [x[0::2], x[1::2]]"

// blocks reads the sweep order, or how the nodes of automatic blocks are ordered.
func (p *parser) blocks(f fields) {
	k, v := f.find("blocks")
	if v == nil {
		return
	}
	p.spec.BlocksPos = k.pos()
	if v.kind == mapping {
		f, _ := p.fields(v, "blocks", "order")
		if order := f.need("order", "order: local"); order != nil {
			p.spec.BlockOrder = p.choice(order, f.path("order"), "local").Text
		}
		return
	}
	p.spec.Blocks = p.blockList(v, "blocks")
}

// blockList reads auto, as nil, or a list of blocks.
func (p *parser) blockList(n *node, what string) []Block {
	if n.kind == scalar {
		if n.text != "auto" {
			e := p.expected(n, what, blockForms)
			if !n.isNull() && n.text != "" && n.text[0] >= 'a' && n.text[0] <= 'z' {
				e.Help = "one block of these nodes is a list of one"
				if d := diag.Suggest(n.text, []string{"auto"}); d != "" {
					e.Help = "did you mean auto?"
				}
			}
		}
		return nil
	}
	entries := p.list(n, what, blockForms)
	if n.kind == list && len(entries) == 0 {
		p.add(n, diag.Empty, "%s is empty, it must be %s", what, blockForms)
	}
	var out []Block
	for i := range entries {
		if b, ok := p.block(&entries[i], item(what, i), true); ok {
			out = append(out, b)
		}
	}
	return out
}

func (p *parser) block(n *node, what string, mayJoin bool) (Block, bool) {
	b := Block{Pos: n.pos()}
	if n.kind != mapping {
		b.Refs = p.ref(n, what)
		return b, b.Refs != nil
	}
	if !mayJoin {
		p.add(n, diag.WrongType, "%s must be %s, not a mapping", what, refForms).Help = "together cannot be nested"
		return b, false
	}
	f, _ := p.fields(n, what, "together")
	v := f.need("together", "together: [block, …]")
	if v == nil {
		return b, false
	}
	at := f.path("together")
	entries := p.list(v, at, "a list of blocks")
	if v.kind == list && len(entries) == 0 {
		p.add(v, diag.Empty, "%s is empty, it must be a list of blocks", at)
	}
	for i := range entries {
		if part, ok := p.block(&entries[i], item(at, i), false); ok {
			b.Together = append(b.Together, part)
		}
	}
	return b, b.Together != nil
}

// clamps reads reference: values. The keys are references, so they are read as
// such and may be quoted.
func (p *parser) clamps(f fields) {
	v := f.get("clamp")
	if v == nil {
		return
	}
	if v.kind != mapping {
		p.expected(v, "clamp", "a mapping of references to values such as {x: 1}").Help = `references with [ ] are quoted in braces: {"x[0]": 1}`
		return
	}
	for i := 0; i < len(v.items); i += 2 {
		key, value := &v.items[i], &v.items[i+1]
		c := Clamp{Pos: key.pos(), Ref: p.oneRef(key, "clamp")}
		what := join("clamp", key.text)
		switch {
		case value.isNull():
			p.add(key, diag.Empty, "%s has no value", what)
			continue
		case value.kind == mapping:
			g, _ := p.fields(value, what, "file")
			if file := g.need("file", "file: f.npz#key"); file != nil {
				c.File = p.fileName(file, g.path("file"))
			}
		default:
			c.Values = p.numbers(value, what)
		}
		if c.Ref != nil && (c.File != nil || c.Values != nil) {
			p.spec.Clamps = append(p.spec.Clamps, c)
		}
	}
}

// updates reads the samplers of variables.
func (p *parser) updates(f fields) {
	p.declaredBy(p.dottedName, f.get("update"), "update", "a mapping of variables to samplers such as {x: slice}", func(name Name, _, v *node) {
		read := p.name
		if v.isCode() {
			read = p.code
		}
		if s := read(v, join("update", name.Text)); s.Text != "" {
			p.spec.Update = append(p.spec.Update, Update{Var: name, Sampler: s})
		}
	})
}

var initWords = []string{"random", "hinton", "zeros"}

// init reads one initial state for all variables, or one for each.
func (p *parser) init(n *node, what string) Init {
	form := "random, hinton, zeros, {file: f.npz}, package.Func or a mapping of variables to these"
	if n.kind != mapping {
		if n.kind == list {
			p.expected(n, what, form)
			return Init{}
		}
		return Init{All: p.initForm(n, what)}
	}
	if len(n.items) == 2 && !p.isVariable(n.items[0].text) && (n.items[0].text == "file" || n.items[0].text == "normal") {
		return Init{All: p.initForm(n, what)}
	}
	var out Init
	p.declaredBy(p.dottedName, n, what, form, func(name Name, _, v *node) {
		if g := p.initForm(v, join(what, name.Text)); g != nil {
			out.Vars = append(out.Vars, VarInit{Var: name, InitForm: *g})
		}
	})
	return out
}

func (p *parser) isVariable(name string) bool {
	for i := range p.spec.Variables {
		if p.spec.Variables[i].Name.Text == name {
			return true
		}
	}
	return false
}

func (p *parser) initForm(n *node, what string) *InitForm {
	g := &InitForm{Pos: n.pos()}
	if n.isCode() {
		g.Kind, g.Code = "code", p.code(n, what)
		if g.Code.Text == "" {
			return nil
		}
		return g
	}
	if n.kind == scalar {
		if g.Kind = p.choice(n, what, initWords...).Text; g.Kind == "" {
			return nil
		}
		return g
	}
	if n.kind == list {
		p.expected(n, what, "random, hinton, zeros, {file: f.npz}, {normal: [mean, sd]} or package.Func")
		return nil
	}
	f, _ := p.fields(n, what, "normal", "file")
	v := p.oneOf(f, "normal", "file")
	g.Kind = v.key
	switch v.key {
	case "normal":
		mean, sd := p.pair(v.value, f.path("normal"), "a list [mean, standard deviation]")
		p.notNegative(sd, f.path("normal")+", the standard deviation,")
		g.Normal = []Float{mean, sd}
	case "file":
		if g.File = p.fileName(v.value, f.path("file")); g.File == nil {
			return nil
		}
	default:
		return nil
	}
	return g
}
