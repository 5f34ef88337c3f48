package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
)

// mostHistograms is how many are drawn.
const mostHistograms = 12

// histogramSection shows the histograms of continuous nodes; how often discrete
// ones had each value is among the variables.
func (p *Page) histogramSection() section {
	s := section{ID: "histograms", Title: "Histograms"}
	for _, h := range p.Report.Histograms {
		if h.Edges == nil {
			continue
		}
		if len(s.Figures) == mostHistograms {
			s.Text = fmt.Sprintf("The first %d are shown.", mostHistograms)
			break
		}
		s.Figures = append(s.Figures, countsFigure(h))
	}
	return s
}

func countsFigure(h observe.HistogramReport) figure {
	c := &chart.Chart{X: chart.Axis{Label: "value"}, Y: chart.Axis{Label: "counts"}}
	heights := make([]float64, len(h.Counts))
	total := h.Under + h.Over
	var tips []string
	for i, n := range h.Counts {
		heights[i] = float64(n)
		total += n
		tips = append(tips, fmt.Sprintf("%s to %s: %d", chart.Number(h.Edges[i]), chart.Number(h.Edges[i+1]), n))
	}
	s := c.Bars("", h.Edges, heights)
	s.Colour = chart.Blue
	if len(h.Counts) <= 200 {
		s.Tips = tips
	}
	c.Alt = fmt.Sprintf("Histogram of the values of %s from %s to %s.", h.Name, chart.Number(h.Edges[0]), chart.Number(h.Edges[len(h.Edges)-1]))
	text := fmt.Sprintf("%s of %s, over all draws of all chains.", plural(int(total), "value"), plural(h.Nodes, "node"))
	if h.Under+h.Over > 0 {
		text += fmt.Sprintf(" Outside lie %s below and %s above.", grouped(int(h.Under)), grouped(int(h.Over)))
	}
	return figure{Title: h.Name, Body: c.Inline(), Caption: text}
}

const histogramPrefix = "histogram/"

// takeHistogram adds up the nodes of a histogram of continuous ones.
func (r *Result) takeHistogram(name string, a *npy.NPYArray, z *npy.NPZReader) error {
	if !slices.Contains(z.Names(), name+"/edges") {
		return nil // of discrete nodes
	}
	h := observe.HistogramReport{Name: strings.TrimPrefix(name, histogramPrefix), Nodes: 1}
	edges, err := z.Get(name + "/edges")
	if err == nil {
		h.Edges, err = edges.Float64s()
	}
	counts, ok := a.Data.([]int64)
	bins := len(h.Edges) - 1
	if err != nil || !ok || bins < 1 || len(a.Shape) == 0 || a.Shape[len(a.Shape)-1] != bins {
		return bad("%s and its edges do not fit each other", name)
	}
	for i := range bins {
		if !(h.Edges[i] < h.Edges[i+1]) {
			return bad("%s/edges do not ascend", name)
		}
	}
	outside, err := z.Get(name + "/outside")
	if err != nil {
		return bad("%v", err)
	}
	beyond, ok := outside.Data.([]int64)
	if h.Nodes = len(counts) / bins; !ok || len(beyond) != 2*h.Nodes {
		return bad("%s/outside does not fit %s", name, name)
	}
	h.Counts = make([]int64, bins)
	for i, n := range counts {
		h.Counts[i%bins] += n
	}
	for i := range h.Nodes {
		h.Under, h.Over = h.Under+beyond[2*i], h.Over+beyond[2*i+1]
	}
	r.histograms = append(r.histograms, h)
	return nil
}
