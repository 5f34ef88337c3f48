package cuda

import (
	"fmt"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// move is the last superblock of a program with dynamics, whose nodes move together.
type move struct {
	Super       int
	Noise       bool // langevin, else gradient
	Step, Scale []string
}

// moveOf is the move of a program, nil if it has none.
func moveOf(p *ir.Program) *move {
	if len(p.Sweep) == 0 {
		return nil
	}
	last := len(p.Sweep) - 1
	b := &p.Sweep[last][0]
	if b.Joint == nil {
		return nil
	}
	m := &move{Super: last, Noise: b.Sampler == "langevin", Step: rateLines(&b.Joint.StepSize)}
	if m.Noise {
		m.Scale = rateLines(&b.Joint.NoiseScale)
	}
	return m
}

// checkSamplers refuses the samplers that keep numbers of their own beside the state or weigh energies.
func checkSamplers(p *ir.Program) error {
	for _, sb := range p.Sweep {
		for _, b := range sb {
			switch {
			case b.Joint != nil && p.DenseBlock() != nil:
				return fmt.Errorf("node %s is moved by the forces of most others, a matrix that no kernel takes: take --target go", emit.NodeNames(p)[b.Nodes[0]])
			case b.Joint != nil && (b.Sampler == "langevin" || b.Sampler == "gradient"):
			case b.Joint != nil:
				return fmt.Errorf("node %s is moved by %s, which no kernel does: write langevin in dynamics, or take --target go", emit.NodeNames(p)[b.Nodes[0]], b.Sampler)
			case b.Sampler != "":
				return fmt.Errorf("node %s is updated by %s, which no kernel does: write dynamics with langevin, or take --target go", emit.NodeNames(p)[b.Nodes[0]], b.Sampler)
			}
		}
	}
	return nil
}

// rateLines are the statements of a function of the sweep that returns a rate.
func rateLines(r *sampling.Rate) (lines []string) {
	put := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if r.Rise > 0 {
		put("if (sweep < %d) return multiply(%s, add(0.01, divide(multiply(0.99, (double)sweep), %d)));", r.Rise, float(r.From), r.Rise)
	}
	if r.IsFixed() || r.Shape == "constant" || r.Shape == "" {
		put("return %s;", float(r.From))
		return lines
	}
	put("const u64 t = sweep - %d;", r.Rise)
	switch r.Shape {
	case "linear":
		put("if (t >= %d) return %s;", r.Sweeps, float(r.To))
		put("return add(%s, divide(multiply(subtract(%s, %s), (double)t), %d));", float(r.From), float(r.To), float(r.From), r.Sweeps)
	case "cosine":
		put("if (t >= %d) return %s;", r.Sweeps, float(r.To))
		put("const double turn = sine(divide(multiply(3.141592653589793, (double)t), %d), 1);", r.Sweeps)
		put("return add(%s, multiply(divide(subtract(%s, %s), 2), add(1, turn)));", float(r.To), float(r.From), float(r.To))
	case "exponential":
		put("const double x = multiply(%s, exponential_of(multiply((double)t, logarithm(%s))));", float(r.From), float(r.Factor))
		put("return x < %s ? %s : x;", float(r.Least), float(r.Least))
	default: // multi_step
		put("double x = %s;", float(r.From))
		for _, at := range r.At {
			put("if (t >= %d) x = multiply(x, %s);", at, float(r.Factor))
		}
		put("return x;")
	}
	return lines
}
