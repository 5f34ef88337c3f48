package cuda

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// keptOf is what the kernels of a program keep.
func keptOf(p *ir.Program) *device.Kept {
	m := &sampling.Model{Nodes: p.Nodes}
	for _, v := range p.Vars {
		m.Vars = append(m.Vars, sampling.Var{First: v.First, Count: v.Count, Range: v.Range})
	}
	for _, sb := range p.Sweep {
		var super []sampling.Block
		for _, b := range sb {
			super = append(super, sampling.Block{Sampler: b.Sampler, Joint: b.Joint, Nodes: b.Nodes})
		}
		m.Sweep = append(m.Sweep, super)
	}
	return device.KeptOf(m)
}

// varOf is the variable of a node.
func varOf(p *ir.Program, node int) *ir.Var {
	return &p.Vars[slices.IndexFunc(p.Vars, func(v ir.Var) bool { return node < v.First+v.Count })]
}
