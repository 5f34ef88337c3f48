// Package pass lowers a Graph to an ir.Program.
//
// The compiler is the list below, top to bottom; each pass is one file. A pass
// fills in its part of the program and reports what it has to refuse, at the
// place in the model file that can mend it. The first pass that refuses ends the
// lowering, since the next ones build on it.
package pass

import (
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// pipeline is the order of the passes and what the program holds after each.
var pipeline = []struct {
	name  string
	stage ir.Stage
	run   func(*lowering)
}{
	{"variables", ir.Structure, variables}, // nodes, clamps, starts, schedule, β
	{"factors", ir.Structure, factors},     // rows and weights as given
	{"blocks", ir.Swept, blocks},           // superblocks of homogeneous blocks with slots
	{"precision", ir.Swept, precision},     // energies are bounded below
	{"growth", ir.Swept, growth},           // so are those that other samplers read
	{"range", ir.Swept, weightRange},       // how large runtime weights may be
	{"format", ir.Swept, format},           // fraction, segments, threshold bits
	{"quantise", ir.Quantised, quantise},   // integer weights
	{"sums", ir.Quantised, sums},           // proof that an accumulator holds every sum
	{"bound", ir.Complete, bound},          // the error bound that is printed
	{"warnings", ir.Complete, warnings},    // what the user should know
}

// lowering is one run of the pipeline.
type lowering struct {
	g *graph.Graph
	p *ir.Program
	l diag.List
}

// Lower turns a graph into a program. The program is nil if there is any
// problem. Warnings are added to the graph's.
func Lower(g *graph.Graph) (*ir.Program, *diag.List) { return lower(g, nil) }

// lower calls after, if given, behind every pass that went well.
func lower(g *graph.Graph, after func(name string, stage ir.Stage, p *ir.Program)) (*ir.Program, *diag.List) {
	w := &lowering{g: g, p: &ir.Program{}}
	for _, pass := range pipeline {
		pass.run(w)
		if w.l.Len() > 0 {
			return nil, &w.l
		}
		if after != nil {
			after(pass.name, pass.stage, w.p)
		}
	}
	return w.p, &w.l
}
