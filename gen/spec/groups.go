package spec

import (
	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// groups reads named sets of nodes.
func (p *parser) groups(f fields) {
	p.declared(f.get("groups"), "groups", "a mapping of names to sets of nodes", func(name Name, key, v *node) {
		for i := range p.spec.Variables {
			if d := &p.spec.Variables[i]; d.Name.Text == name.Text {
				p.add(key, diag.Duplicate, "the group %s has the name of the variable on line %d", name.Text, d.Name.Pos.Line).
					Help = "variables and groups are named apart, a reference may mean either"
				return
			}
		}
		if g, ok := p.group(v, name); ok {
			p.spec.Groups = append(p.spec.Groups, g)
		}
	})
}

func (p *parser) group(n *node, name Name) (Group, bool) {
	g := Group{Name: name}
	what := join("groups", name.Text)
	if n.kind != mapping {
		g.Ref = p.ref(n, what)
		return g, g.Ref != nil
	}
	f, _ := p.fields(n, what, "random", "parity", "of", "file")
	v := p.oneOf(f, "random", "parity", "file")
	if v.key == "random" {
		f.only("stands inside random", "of")
	}
	switch v.key {
	case "random":
		r, ok := p.fields(v.value, f.path("random"), "of", "n", "seed")
		if !ok {
			return g, false
		}
		g.Random = &RandomGroup{Seed: r.seed("seed")}
		if of := r.need("of", "of: and the nodes to choose from"); of != nil {
			g.Random.Of = p.ref(of, r.path("of"))
		}
		if count := r.need("n", "n: and the number of nodes to choose"); count != nil {
			g.Random.N = p.integer(count, r.path("n"), 1, maxCount)
		}
		return g, g.Random.Of != nil && g.Random.N.Ok
	case "parity":
		g.Parity = &ParityGroup{Parity: p.integer(v.value, f.path("parity"), 0, 1)}
		if of := f.need("of", "of: and the nodes to choose from"); of != nil {
			g.Parity.Of = p.ref(of, f.path("of"))
		}
		return g, g.Parity.Of != nil && g.Parity.Parity.Ok
	case "file":
		g.File = p.fileName(v.value, f.path("file"))
		of := f.get("of")
		if of != nil {
			g.Of = p.ref(of, f.path("of"))
		}
		return g, g.File != nil && (of == nil || g.Of != nil)
	}
	return g, false
}
