package report

import (
	"cmp"
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/gen/graph"
)

const (
	mostGraphNodes = 200
	mostGraphEdges = 3000
	mostGraphNames = 24
)

// A link is a pair of nodes that share a factor row; weight is the sum of the
// weights of rows of two spins, NaN where other rows join the pair.
type link struct {
	a, b   int
	weight float64
}

// links are all pairs, sorted.
func links(g *graph.Graph) []link {
	weight := map[[2]int]float64{}
	factors := slices.Clone(g.Factors)
	for i := range g.Codes {
		c := &g.Codes[i]
		factors = append(factors, graph.Factor{Slots: c.Slots, Rows: c.Rows, Index: c.Index})
	}
	for i := range factors {
		f := &factors[i]
		k := len(f.Slots)
		spins := k == 2 && len(f.Table) == 0 && len(f.Weights) > 0
		for r := range f.Rows {
			row := f.Index[r*k : (r+1)*k]
			for x := range row {
				for y := range x {
					pair := [2]int{int(min(row[x], row[y])), int(max(row[x], row[y]))}
					w := math.NaN()
					if spins {
						w = f.Weights[min(r, len(f.Weights)-1)]
					}
					weight[pair] += w
				}
			}
		}
	}
	list := make([]link, 0, len(weight))
	for pair, w := range weight {
		list = append(list, link{pair[0], pair[1], w})
	}
	slices.SortFunc(list, func(a, b link) int { return cmp.Or(cmp.Compare(a.a, b.a), cmp.Compare(a.b, b.b)) })
	return list
}

// graphSection draws a small model.
func (p *Page) graphSection() section {
	s := section{ID: "graph", Title: "Graph"}
	g := p.Graph
	if g == nil || g.Nodes > mostGraphNodes || g.Nodes < 2 {
		return s
	}
	edges := links(g)
	shown := edges
	if len(edges) > mostGraphEdges {
		shown = slices.Clone(edges)
		slices.SortStableFunc(shown, func(a, b link) int { return cmp.Compare(math.Abs(b.weight), math.Abs(a.weight)) })
		shown = shown[:mostGraphEdges]
	}
	at, wraps := layout(g, edges)
	n := newNetwork(g, at, wraps)
	if p.Seen != nil && p.Seen.draws > 0 && p.Nodes != nil {
		n.seen = p.Seen
	}
	text := "Nodes are coloured by the block in which they are updated; nodes of a block are updated together."
	if n.signed(edges) {
		text += " Blue edges have positive weights (equal spins are favoured), orange ones negative; width is their size."
	}
	if n.clamped() {
		text += " Squares are clamped."
	}
	if len(shown) < len(edges) {
		text += fmt.Sprintf(" Of %s the %d of the largest weight are drawn.", plural(len(edges), "edge"), len(shown))
	}
	s.Figures = []figure{{Title: fmt.Sprintf("%s, %s", plural(g.Nodes, "node"), plural(len(edges), "edge")), Body: n.draw(shown), Caption: text, Wide: g.Nodes > 60}}
	return s
}

// A network is a graph to be drawn.
type network struct {
	g       *graph.Graph
	at      []place
	wraps   bool // edges that go round a lattice are cut
	block   []int
	blocks  int
	isClamp []bool
	seen    *Seen
}

func newNetwork(g *graph.Graph, at []place, wraps bool) *network {
	n := &network{g: g, at: at, wraps: wraps, block: make([]int, g.Nodes), isClamp: make([]bool, g.Nodes)}
	for _, super := range g.Blocks {
		for _, b := range super {
			for _, x := range b.Nodes {
				n.block[x] = n.blocks
			}
			n.blocks++
		}
	}
	for _, c := range g.Clamps {
		for _, x := range c.Nodes {
			n.isClamp[x] = true
		}
	}
	return n
}

func (n *network) clamped() bool { return slices.Contains(n.isClamp, true) }

func (n *network) signed(edges []link) bool {
	return slices.ContainsFunc(edges, func(e link) bool { return !math.IsNaN(e.weight) && e.weight != 0 })
}

// draw is the picture, 60 units a usual distance.
func (n *network) draw(edges []link) template.HTML {
	const unit, margin = 60.0, 40.0
	lo, hi := place{math.Inf(1), math.Inf(1)}, place{math.Inf(-1), math.Inf(-1)}
	for _, p := range n.at {
		lo = place{min(lo.x, p.x), min(lo.y, p.y)}
		hi = place{max(hi.x, p.x), max(hi.y, p.y)}
	}
	// Pictures of many nodes are drawn smaller, so that they fit a screen.
	scale := unit * min(1, 14/max(1, hi.x-lo.x, hi.y-lo.y))
	px := func(i int) (x, y float64) { return margin + (n.at[i].x-lo.x)*scale, margin + (n.at[i].y-lo.y)*scale }
	width, height := 2*margin+(hi.x-lo.x)*scale, 2*margin+(hi.y-lo.y)*scale
	radius := max(3.5, min(13, 0.3*scale))
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="net" role="img" viewBox="0 0 %.0f %.0f" style="max-width:%.0fpx" aria-label="%s">`, width, height, max(260, min(width*1.1, 860)),
		html.EscapeString(fmt.Sprintf("Graph of %s and %s in %s.", plural(n.g.Nodes, "node"), plural(len(edges), "edge"), plural(n.blocks, "block"))))
	n.drawEdges(&b, edges, px, scale)
	for i := range n.at {
		n.drawNode(&b, i, px, radius)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

func (n *network) drawEdges(b *strings.Builder, edges []link, px func(int) (float64, float64), scale float64) {
	largest := 0.0
	for _, e := range edges {
		if !math.IsNaN(e.weight) {
			largest = max(largest, math.Abs(e.weight))
		}
	}
	for _, e := range edges {
		x0, y0 := px(e.a)
		x1, y1 := px(e.b)
		colour, w := chart.Grey, 1.2
		tip := n.g.NodeName(e.a) + " – " + n.g.NodeName(e.b)
		if !math.IsNaN(e.weight) {
			tip += ": weight " + chart.Number(e.weight)
			switch {
			case e.weight > 0:
				colour = chart.Blue
			case e.weight < 0:
				colour = chart.Vermilion
			}
			if largest > 0 {
				w = 0.6 + 3.4*math.Abs(e.weight)/largest
			}
		}
		path := fmt.Sprintf("M%.1f %.1fL%.1f %.1f", x0, y0, x1, y1)
		if n.wraps && max(math.Abs(x1-x0), math.Abs(y1-y0)) > 1.9*scale { // round the lattice: two stubs
			sx, sy := sign(x0-x1), sign(y0-y1)
			path = fmt.Sprintf("M%.1f %.1fl%.1f %.1fM%.1f %.1fl%.1f %.1f", x0, y0, sx*scale*0.55, sy*scale*0.55, x1, y1, -sx*scale*0.55, -sy*scale*0.55)
			tip += ", round the lattice"
		}
		fmt.Fprintf(b, `<path class="st %s" stroke-width="%.1f" d="%s"><title>%s</title></path>`, colour.Class(), w, path, html.EscapeString(tip))
	}
}

func sign(x float64) float64 {
	switch {
	case x > 1e-9:
		return 1
	case x < -1e-9:
		return -1
	}
	return 0
}

func (n *network) drawNode(b *strings.Builder, i int, px func(int) (float64, float64), radius float64) {
	x, y := px(i)
	name := n.g.NodeName(i)
	tip := fmt.Sprintf("%s, block %d", name, n.block[i])
	if n.isClamp[i] {
		tip = name + ", clamped"
	}
	if n.seen != nil {
		for k := range n.seen.model.Vars {
			v := &n.seen.model.Vars[k]
			if i >= v.First && i < v.First+v.Count {
				tip += fmt.Sprintf(", mean %.3f", n.seen.mean(i, v))
			}
		}
	}
	class := stateColour(n.block[i]).Class()
	if n.isClamp[i] {
		fmt.Fprintf(b, `<rect class="nd cl %s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s</title></rect>`, class, x-radius, y-radius, 2*radius, 2*radius, html.EscapeString(tip))
	} else {
		fmt.Fprintf(b, `<circle class="nd %s" cx="%.1f" cy="%.1f" r="%.1f"><title>%s</title></circle>`, class, x, y, radius, html.EscapeString(tip))
	}
	if n.g.Nodes <= mostGraphNames {
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, x, y+radius+13, html.EscapeString(name))
	}
}
