package cli

import (
	"fmt"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// labelJSON is one node of check --labels.
type labelJSON struct {
	Node        string `json:"node"`
	Graph       string `json:"graph"` // chimera, pegasus or zephyr
	Linear      int    `json:"linear"`
	Coordinates []int  `json:"coordinates"`
}

// coordinates are what the makers of hardware graphs call theirs.
var coordinates = map[string]string{
	"chimera": "i, j, u, k", "pegasus": "u, w, k, z", "zephyr": "u, w, k, j, z",
}

// labels prints what the makers of hardware graphs call the nodes.
func (c *command) labels(g *graph.Graph) error {
	list := []labelJSON{}
	for i := range g.Vars {
		v := &g.Vars[i]
		if v.Topology == nil || v.Topology.Published == nil {
			continue
		}
		for k := 0; k < v.Count; k += v.Width() {
			linear, at := v.Topology.Published(graphNode(v, k))
			list = append(list, labelJSON{g.PlaceName(v.First + k), v.Topology.Name, linear, at})
		}
	}
	switch {
	case c.json:
		return writeJSON(c.out, map[string]any{"labels": list})
	case c.quiet:
	case len(list) == 0:
		fmt.Fprintln(c.out, "no variable is on a hardware graph (chimera, pegasus or zephyr)")
	default:
		t := &table{left: 1}
		graph := ""
		for _, l := range list {
			if l.Graph != graph {
				graph = l.Graph
				t.row(graph, "linear", coordinates[graph])
			}
			at := strings.ReplaceAll(strings.Trim(fmt.Sprint(l.Coordinates), "[]"), " ", ",")
			t.row(l.Node, fmt.Sprint(l.Linear), "("+at+")")
		}
		t.print(c.out, "")
	}
	return nil
}

// dotOf draws the factor graph in the language of Graphviz: pairs as edges,
// larger factors as small squares, blocks as colours, clamped nodes as boxes. A
// pair with one weight below 0 is dashed. Nodes of a variable of two axes that
// stands alone are put where they belong; large graphs ask for the layout that
// can draw them.
func dotOf(g *graph.Graph) string {
	var b strings.Builder
	fmt.Fprintf(&b, "graph %s {\n", g.Model)
	layout, place := "", func(int) string { return "" }
	switch columns, ok := plane(g); {
	case ok:
		layout = "neato"
		place = func(n int) string { return fmt.Sprintf("pos=\"%d,%d!\", ", n%columns, -(n / columns)) }
	case g.Nodes > crowded:
		layout = "sfdp"
	}
	if layout != "" {
		fmt.Fprintf(&b, "  layout=%s;\n", layout)
	}
	size := ""
	if g.Nodes > crowded { // no room for names
		size = ", width=0.2, label=\"\""
	}
	fmt.Fprintf(&b, "  node [shape=circle, style=filled, fontsize=10%s];\n", size)
	colour := fills(g)
	fixed := make([]bool, g.Nodes)
	for _, x := range g.Clamps {
		for _, n := range x.Nodes {
			fixed[n] = true
		}
	}
	for n := range g.Nodes {
		fmt.Fprintf(&b, "  %q [%s", g.NodeName(n), place(n))
		if fixed[n] {
			b.WriteString("shape=box, ")
		}
		fmt.Fprintf(&b, "fillcolor=%q];\n", colour[n])
	}
	for i := range g.Factors {
		dotFactor(&b, g, &g.Factors[i])
	}
	for i := range g.Codes {
		c := &g.Codes[i]
		dotFactor(&b, g, &graph.Factor{Name: c.Name, Slots: c.Slots, Rows: c.Rows, Index: c.Index})
	}
	b.WriteString("}\n")
	return b.String()
}

// crowded is how many nodes can be drawn with their names.
const crowded = 500

// plane is the number of columns of a model that is one variable of two axes.
func plane(g *graph.Graph) (columns int, ok bool) {
	if len(g.Vars) != 1 || len(g.Vars[0].Shape) != 2 {
		return 0, false
	}
	return g.Vars[0].Shape[1], true
}

// fills are the colours of the nodes: one for each block, so many that no two
// blocks share one, and grey for nodes in none.
func fills(g *graph.Graph) []string {
	blocks := 0
	for _, super := range g.Blocks {
		blocks += len(super)
	}
	out := make([]string, g.Nodes)
	for n := range out {
		out[n] = "#dddddd"
	}
	k := 0
	for _, super := range g.Blocks {
		for _, block := range super {
			fill := palette[k%len(palette)]
			if blocks > len(palette) {
				fill = fmt.Sprintf("%.3f %.2f 1.00", float64(k)/float64(blocks), 0.3+0.25*float64(k%3)) // hue, saturation, value
			}
			for _, n := range block.Nodes {
				out[n] = fill
			}
			k++
		}
	}
	return out
}

// palette has a fill for each block of a drawing of few.
var palette = []string{"#a6cee3", "#fdbf6f", "#b2df8a", "#fb9a99", "#cab2d6", "#ffff99", "#1f78b4", "#ff7f00", "#33a02c", "#e31a1c"}

// dotFactor draws the rows of a factor.
func dotFactor(b *strings.Builder, g *graph.Graph, f *graph.Factor) {
	s := len(f.Slots)
	for r := range f.Rows {
		nodes := f.Index[r*s : (r+1)*s]
		if s == 2 {
			style := ""
			if len(f.Table) == 0 && len(f.Weights) > 0 && f.Weights[min(r, len(f.Weights)-1)] < 0 {
				style = " [style=dashed]"
			}
			fmt.Fprintf(b, "  %q -- %q%s;\n", g.NodeName(int(nodes[0])), g.NodeName(int(nodes[1])), style)
		}
		if s > 2 {
			square := fmt.Sprintf("%s row %d", f.Name, r)
			fmt.Fprintf(b, "  %q [shape=square, width=0.15, label=\"\", fillcolor=black];\n", square)
			for _, n := range nodes {
				fmt.Fprintf(b, "  %q -- %q;\n", square, g.NodeName(int(n)))
			}
		}
	}
}
