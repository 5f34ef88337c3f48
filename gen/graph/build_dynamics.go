package graph

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// dynamics resolves the joint move: whole continuous variables without range that
// no other sampler draws.
func (b *builder) dynamics() {
	d := b.s.Dynamics
	if d == nil {
		return
	}
	out := &Dynamics{Kind: d.Kind, StepSize: d.StepSize.V, NoiseScale: 1, Steps: 10, Pos: d.Over.Pos}
	if d.NoiseScale.Ok {
		out.NoiseScale = d.NoiseScale.V
	}
	if d.Steps.Ok {
		out.Steps = int(d.Steps.V)
	}
	nodes, ok := b.ref(d.Over)
	if !ok {
		return
	}
	count := map[int]int{}
	for _, n := range nodes {
		count[b.g.varOf(n)]++
	}
	for i := range b.g.Vars {
		v := &b.g.Vars[i]
		switch {
		case count[i] == 0:
			continue
		case v.Kind != Continuous:
			b.fail(d.Over.Pos, diag.BadChoice, "spins and categoricals are drawn by gibbs beside it", "%s moves continuous variables, %s is a %s variable", d.Kind, v.Name, v.Kind)
		case count[i] != v.Count:
			b.fail(d.Over.Pos, diag.BadReference, "clamp the nodes that should not move", "%s moves whole variables; here are %d of the %d nodes of %s", d.Kind, count[i], v.Count, v.Name)
			v.Sampler = d.Kind
		case v.Range != nil:
			b.fail(d.Over.Pos, diag.BadVariable, "leave the range away, or draw it by update: {"+v.Name+": slice}", "%s has a range, at whose ends %s does not stop", v.Name, d.Kind)
		case v.Sampler != "":
			b.fail(d.Over.Pos, diag.Duplicate, "take it out of update or of dynamics", "%s is drawn by %s already", v.Name, v.Sampler)
		default:
			v.Sampler = d.Kind
			out.Vars = append(out.Vars, i)
		}
	}
	b.g.Dynamics = out
}

// moves tells the variables of the joint move.
func (g *Graph) moves(variable int) bool {
	return g.Dynamics != nil && slices.Contains(g.Dynamics.Vars, variable)
}

// jointBlock is the last superblock: the nodes that move together.
func (g *Graph) jointBlock() []Block {
	var nodes []int32
	for _, i := range g.Dynamics.Vars {
		v := &g.Vars[i]
		for n := v.First; n < v.First+v.Count; n++ {
			nodes = append(nodes, int32(n))
		}
	}
	return []Block{{Nodes: nodes, Pos: g.Dynamics.Pos, Joint: true}}
}
