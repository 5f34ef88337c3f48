package emit

import (
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// NodeNames spells every node as a user writes it: x[3,4], or x for a scalar.
func NodeNames(p *ir.Program) []string {
	m := sampling.Model{Nodes: p.Nodes}
	for _, v := range p.Vars {
		m.Vars = append(m.Vars, sampling.Var{Name: v.Name, Shape: v.Shape, First: v.First, Count: v.Count})
	}
	names := make([]string, p.Nodes)
	for i := range names {
		names[i] = m.NodeName(i)
	}
	return names
}
