// Package targettest holds what tests of the targets share: programs and the
// scripts that two samplers of one program are compared by.
package targettest

import (
	"math/rand/v2"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/randmodel"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/targets/targettest/script"
)

// Random is the program of random model number n, nil where the generator
// refuses the model.
func Random(n uint64) *ir.Program {
	p, _ := lower(randmodel.Graph(randmodel.Rand(n)))
	return p
}

// Parse is the program of a model in YAML, with its groups. It panics where the
// model is wrong.
func Parse(yaml string) (*ir.Program, []graph.Group) {
	s, problems := spec.Parse("model.yaml", []byte(yaml))
	if problems.Len() > 0 {
		panic(problems.Err())
	}
	g, problems := graph.Build(s, nil)
	if problems.Len() > 0 {
		panic(problems.Err())
	}
	p, err := lower(g)
	if p == nil {
		panic(err)
	}
	return p, g.Groups
}

func lower(g *graph.Graph) (*ir.Program, error) {
	p, problems := pass.Lower(g)
	if p == nil {
		return nil, problems.Err()
	}
	if p.Hash == "" {
		p.Hash = "00"
	}
	return p, nil
}

// Script is a run that sweeps, updates single superblocks, changes β, weights
// and clamps, drawn by n.
func Script(p *ir.Program, n uint64) script.Run {
	r := rand.New(rand.NewPCG(n, 11))
	run := script.Run{Chains: Chains(p, []int{1, 3, 63, 64, 65, 130}[r.IntN(6)]), Seed: r.Uint64(), Threads: 1 + 2*r.IntN(2)}
	sweep := func() { run.Steps = append(run.Steps, script.Step{Sweeps: 1 + r.IntN(3)}) }
	sweep()
	sweep()
	for range 4 {
		run.Steps = append(run.Steps, step(p, r))
		sweep()
	}
	return run
}

// step is one change, or the superblocks of a sweep in turn.
func step(p *ir.Program, r *rand.Rand) script.Step {
	f := &p.Factors
	switch r.IntN(4) {
	case 0:
		beta := 2 * r.Float64()
		return script.Step{Beta: &beta}
	case 1:
		for i := range *f {
			if (*f)[i].Runtime {
				return script.Step{Factor: (*f)[i].Name, Weights: weights(p, &(*f)[i], r)}
			}
		}
	case 2:
		v := p.Vars[r.IntN(len(p.Vars))]
		n := int32(v.First + r.IntN(v.Count))
		return script.Step{Clamp: []int32{n}, Values: []int32{value(v, r)}}
	case 3:
		if len(p.Sweep) > 0 {
			i := r.IntN(len(p.Sweep))
			return script.Step{Block: &i}
		}
	}
	free := make([]int32, p.Nodes)
	for i := range free {
		free[i] = int32(i)
	}
	return script.Step{Unclamp: free}
}

func value(v ir.Var, r *rand.Rand) int32 {
	if v.Kind == ir.Spin {
		return int32(2*r.IntN(2) - 1)
	}
	return int32(r.IntN(v.States))
}

func weights(p *ir.Program, f *ir.Factor, r *rand.Rand) []float64 {
	w := make([]float64, len(f.Weights))
	for i := range w {
		w[i] = (2*r.Float64() - 1) * p.Format.Range
	}
	return w
}

// Chains is want, unless the program has values for so many chains only.
func Chains(p *ir.Program, want int) int {
	for _, c := range p.Clamps {
		if c.Chains > 0 {
			want = c.Chains
		}
	}
	for _, in := range p.Init {
		if in.Chains > 0 {
			want = in.Chains
		}
	}
	return want
}
