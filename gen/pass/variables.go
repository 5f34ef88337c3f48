package pass

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// variables copies what a program takes over as it is: the nodes, what holds
// and starts them, the schedule and β.
func variables(w *lowering) {
	g, p := w.g, w.p
	p.Model, p.Hash, p.Nodes = g.Model, g.Hash(), g.Nodes
	for _, v := range g.Vars {
		p.Vars = append(p.Vars, ir.Var{
			Name: v.Name, Kind: kind(v.Kind), States: v.States,
			Shape: clone(v.Shape), First: v.First, Count: v.Count, Range: clone(v.Range),
		})
	}
	for _, c := range g.Clamps {
		p.Clamps = append(p.Clamps, ir.Clamp{Nodes: clone(c.Nodes), Chains: c.Chains, Values: clone(c.Values)})
	}
	for _, in := range g.Init {
		p.Init = append(p.Init, ir.Init{Kind: ir.InitKind(in.Kind), Chains: in.Chains, Values: clone(in.Values), Mean: in.Mean, SD: in.SD, Code: in.Code})
	}
	for _, c := range g.GoCode {
		p.GoCode = append(p.GoCode, ir.GoCode{Name: c.Name, Use: ir.GoUse(c.Use), Func: c.Func})
	}
	p.Beta, p.BetaParam, p.Betas = g.Beta, g.BetaParam, clone(g.Betas)
	p.Sample = ir.Sample(g.Sample)
	p.Synchronous = g.Synchronous
	p.Rounds = 10
	switch g.Format.RNG {
	case "philox7":
		p.Rounds = 7
	case "ars5":
		p.Rounds = 5
	}
}

func kind(k graph.Kind) ir.Kind { return [...]ir.Kind{ir.Spin, ir.Categorical, ir.Continuous}[k] }

// clone copies a list; an empty one becomes nil, as in the text of a program.
func clone[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return slices.Clone(s)
}
