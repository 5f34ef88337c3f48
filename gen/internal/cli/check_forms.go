package cli

import (
	"fmt"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// labelJSON is one node of check --labels.
type labelJSON struct {
	Node        string `json:"node"`
	Linear      int    `json:"linear"`
	Coordinates []int  `json:"coordinates"`
}

// labels prints what the makers of hardware graphs call the nodes.
func (c *command) labels(g *graph.Graph) error {
	list := []labelJSON{}
	for i := range g.Vars {
		v := &g.Vars[i]
		if v.Topology == nil || v.Topology.Published == nil {
			continue
		}
		for k := range v.Count {
			linear, at := v.Topology.Published(graphNode(v, k))
			list = append(list, labelJSON{g.NodeName(v.First + k), linear, at})
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
		t.row("node", "linear", "coordinates")
		for _, l := range list {
			t.row(l.Node, fmt.Sprint(l.Linear), strings.ReplaceAll(strings.Trim(fmt.Sprint(l.Coordinates), "[]"), " ", ","))
		}
		t.print(c.out, "")
	}
	return nil
}

// palette has a fill for each block of a drawing; it begins again after the
// last.
var palette = []string{"#a6cee3", "#fdbf6f", "#b2df8a", "#fb9a99", "#cab2d6", "#ffff99", "#1f78b4", "#ff7f00", "#33a02c", "#e31a1c"}

// dotOf draws the factor graph in the language of Graphviz: pairs as edges,
// larger factors as small squares, blocks as colours, clamped nodes as boxes.
func dotOf(g *graph.Graph) string {
	var b strings.Builder
	fmt.Fprintf(&b, "graph %s {\n  node [shape=circle, style=filled, fontsize=10];\n", g.Model)
	colour := make([]string, g.Nodes)
	k := 0
	for _, super := range g.Blocks {
		for _, block := range super {
			for _, n := range block.Nodes {
				colour[n] = palette[k%len(palette)]
			}
			k++
		}
	}
	fixed := make([]bool, g.Nodes)
	for _, x := range g.Clamps {
		for _, n := range x.Nodes {
			fixed[n] = true
		}
	}
	for n := range g.Nodes {
		fmt.Fprintf(&b, "  %q [", g.NodeName(n))
		if fixed[n] {
			b.WriteString("shape=box, ")
		}
		fill := colour[n]
		if fill == "" {
			fill = "#dddddd"
		}
		fmt.Fprintf(&b, "fillcolor=%q];\n", fill)
	}
	for i := range g.Factors {
		f := &g.Factors[i]
		s := len(f.Slots)
		for r := range f.Rows {
			nodes := f.Index[r*s : (r+1)*s]
			if s == 2 {
				fmt.Fprintf(&b, "  %q -- %q;\n", g.NodeName(int(nodes[0])), g.NodeName(int(nodes[1])))
			}
			if s > 2 {
				square := fmt.Sprintf("%s row %d", f.Name, r)
				fmt.Fprintf(&b, "  %q [shape=square, width=0.15, label=\"\", fillcolor=black];\n", square)
				for _, n := range nodes {
					fmt.Fprintf(&b, "  %q -- %q;\n", square, g.NodeName(int(n)))
				}
			}
		}
	}
	b.WriteString("}\n")
	return b.String()
}
