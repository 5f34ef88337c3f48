package golang

import (
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Model is a program in the form the runtime's engine takes. It shares slices
// with p.
func Model(p *ir.Program) *sampling.Model {
	m := &sampling.Model{
		Name: p.Model, Hash: p.Hash, Nodes: p.Nodes, Synchronous: p.Synchronous,
		Rounds: p.Rounds, Stream: sampling.Stream(p.Stream), Beta: p.Beta, Betas: p.Betas,
		Format: sampling.Format{
			Profile: p.Format.Profile, Fraction: p.Format.Fraction, Segments: p.Format.Segments,
			ThresholdBits: p.Format.ThresholdBits, Planes: p.Format.Planes, Digit: p.Format.Digit, Noise: p.Format.Noise, LowBits: p.Format.LowBits, Accum: p.Format.Accum, Group: p.Format.Group, Range: p.Format.Range, Bound: p.Format.Bound,
		},
		Schedule: sampling.Schedule{Warmup: p.Sample.Warmup, Samples: p.Sample.Samples, StepsPerSample: p.Sample.StepsPerSample},
		Chains:   p.Sample.Chains, Seed: p.Sample.Seed, Formulas: p.Formulas,
	}
	for _, v := range p.Vars {
		m.Vars = append(m.Vars, sampling.Var{Name: v.Name, Kind: sampling.Kind(v.Kind), States: v.States, Shape: v.Shape, First: v.First, Count: v.Count, Range: v.Range})
	}
	for _, f := range p.Factors {
		g := sampling.Factor{Name: f.Name, Rows: f.Rows, Index: f.Index, Table: f.Table, Shared: f.Shared, Runtime: f.Runtime, Weights: f.Weights}
		for _, s := range f.Slots {
			g.Slots = append(g.Slots, sampling.Slot{Kind: sampling.Kind(s.Kind), States: s.States, Power: s.Power})
		}
		m.Factors = append(m.Factors, g)
	}
	for _, c := range p.Codes {
		g := sampling.CodeFactor{Name: c.Name, Directed: c.Directed, Rows: c.Rows, Index: c.Index, Params: c.Params, Net: c.Net, Energy: c.Energy, Parts: c.Parts}
		for _, s := range c.Slots {
			g.Slots = append(g.Slots, sampling.Slot{Kind: sampling.Kind(s.Kind), States: s.States})
		}
		m.Codes = append(m.Codes, g)
	}
	for _, super := range p.Sweep {
		var blocks []sampling.Block
		for _, b := range super {
			blocks = append(blocks, sampling.Block{Kind: sampling.Kind(b.Kind), States: b.States, Float: b.Float, Sampler: b.Sampler, Joint: b.Joint, Numbers: b.Numbers, First: b.First, Nodes: b.Nodes})
		}
		m.Sweep = append(m.Sweep, blocks)
	}
	for _, c := range p.Clamps {
		m.Clamps = append(m.Clamps, sampling.Clamp{Nodes: c.Nodes, Chains: c.Chains, Values: c.Values})
	}
	for _, in := range p.Init {
		m.Init = append(m.Init, sampling.Init{Kind: sampling.InitKind(in.Kind), Chains: in.Chains, Values: in.Values, Mean: in.Mean, SD: in.SD, Code: in.Code})
	}
	return m
}
