package pass

import "github.com/thrmlgen/thrmlgen/gen/ir"

// blocks splits every block into blocks of one kind and number of states, in
// order of first appearance, and numbers the slots. The parts of a block stay in
// its superblock.
func blocks(w *lowering) {
	p := w.p
	classes := make([]ir.Class, p.Nodes)
	for _, v := range p.Vars {
		for n := v.First; n < v.First+v.Count; n++ {
			classes[n] = ir.Class{Kind: v.Kind, States: v.States}
		}
	}
	slot := 0
	for _, from := range w.g.Blocks {
		var sb ir.Superblock
		for _, b := range from {
			first := len(sb)
			at := map[ir.Class]int{}
			for _, n := range b.Nodes {
				c := classes[n]
				i, seen := at[c]
				if !seen {
					i = len(sb)
					at[c] = i
					sb = append(sb, ir.Block{Kind: c.Kind, States: c.States})
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
