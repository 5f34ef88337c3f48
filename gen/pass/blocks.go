package pass

import (
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// blocks splits every block into blocks of one kind, number of states and sampler,
// apart what is updated in integers and in float32, in order of first appearance,
// and numbers the slots. The parts of a block stay in its superblock.
func blocks(w *lowering) {
	p := w.p
	type class struct {
		kind    ir.Kind
		states  int
		float   bool
		sampler string
		numbers int
	}
	float := p.FloatNodes()
	classes := make([]class, p.Nodes)
	for i, v := range p.Vars {
		numbers := 0
		if c := w.g.GoCodeOf(graph.GoSampler, w.g.Vars[i].Sampler); c != nil {
			numbers = c.Numbers
		}
		for n := v.First; n < v.First+v.Count; n++ {
			classes[n] = class{v.Kind, v.States, float[n], w.g.Vars[i].Sampler, numbers}
		}
	}
	slot := 0
	for _, from := range w.g.Blocks {
		var sb ir.Superblock
		for _, b := range from {
			first := len(sb)
			at := map[class]int{}
			for _, n := range b.Nodes {
				c := classes[n]
				i, seen := at[c]
				if !seen {
					i = len(sb)
					at[c] = i
					block := ir.Block{Kind: c.kind, States: c.states, Float: c.float, Sampler: c.sampler, Numbers: c.numbers}
					if b.Joint {
						block.Joint = &w.g.Dynamics.Joint
					}
					sb = append(sb, block)
				}
				sb[i].Nodes = append(sb[i].Nodes, n)
			}
			for i := first; i < len(sb); i++ {
				sb[i].First = slot
				slot += (len(sb[i].Nodes) + 15) / 16 * 16
			}
		}
		if len(sb) > 0 {
			p.Sweep = append(p.Sweep, sb)
		}
	}
}
