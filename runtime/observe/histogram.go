package observe

import (
	"fmt"
	"math/bits"
	"reflect"
	"sort"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// A Histogram asks how often each of some nodes of one variable had each value,
// over all chains and draws: of a spin −1 and +1, of a categorical each state, of a
// continuous variable the values in bins of equal width.
type Histogram struct {
	Name  string  `json:"name"`
	Nodes []int32 `json:"nodes"` // dense, of one variable
	// Bins from Low to High, of a continuous variable; else 0.
	Bins int     `json:"bins,omitempty"`
	Low  float64 `json:"low,omitempty"`
	High float64 `json:"high,omitempty"`
}

// Edges are the Bins + 1 ends of the bins of a continuous variable, ascending. A
// value x is in bin i if Edges[i] ≤ x < Edges[i+1], in the last also if x is High.
func (h *Histogram) Edges() []float64 {
	edges := make([]float64, h.Bins+1)
	for i := range edges {
		edges[i] = h.Low + float64(float64(h.High-h.Low)*float64(i))/float64(h.Bins)
	}
	edges[h.Bins] = h.High
	return edges
}

// HistogramCounts counts for one Histogram, in integers: 8 bytes a node and bin.
type HistogramCounts struct {
	Histogram
	v      *sampling.Var
	chains int
	width  int // counts of a node: values; or below, bins, above
	edges  []float64
	scale  float64 // bins a unit
	counts []int64 // node, then value
}

// NewHistogram counts for a model. Nodes of several variables, or bins where they
// do not belong, are an error.
func NewHistogram(m *sampling.Model, chains int, h Histogram) (*HistogramCounts, error) {
	c := &HistogramCounts{Histogram: h, chains: chains}
	for i := range m.Vars {
		if v := &m.Vars[i]; len(h.Nodes) > 0 && v.First <= int(h.Nodes[0]) && int(h.Nodes[0]) < v.First+v.Count {
			c.v = v
		}
	}
	if c.v == nil {
		return nil, fmt.Errorf("histogram %s: no nodes of the model", h.Name)
	}
	for _, n := range h.Nodes {
		if int(n) < c.v.First || int(n) >= c.v.First+c.v.Count {
			return nil, fmt.Errorf("histogram %s: node %d is not of %s", h.Name, n, c.v.Name)
		}
	}
	if continuous := c.v.Kind == sampling.Continuous; continuous != (h.Bins > 0) || continuous && !(h.Low < h.High) {
		return nil, fmt.Errorf("histogram %s: %d bins from %v to %v", h.Name, h.Bins, h.Low, h.High)
	}
	switch c.v.Kind {
	case sampling.Spin:
		c.width = 2
	case sampling.Continuous:
		c.edges, c.width = h.Edges(), h.Bins+2
		c.scale = float64(h.Bins) / float64(h.High-h.Low)
	default:
		c.width = c.v.States
	}
	c.counts = make([]int64, len(h.Nodes)*c.width)
	return c, nil
}

// Observe counts a draw.
func (c *HistogramCounts) Observe(f *Frame) error {
	state := f.state()
	for i, n := range c.Nodes {
		counts := c.counts[i*c.width : (i+1)*c.width]
		switch c.v.Kind {
		case sampling.Spin:
			up := 0
			for _, w := range state.spin(int(n)) {
				up += bits.OnesCount64(w)
			}
			counts[0] += int64(c.chains - up)
			counts[1] += int64(up)
		case sampling.Continuous:
			for _, x := range state.float(int(n)) {
				counts[c.bin(float64(x))]++
			}
		default:
			for _, k := range state.category(int(n)) {
				counts[k]++
			}
		}
	}
	return nil
}

// bin is the place of a value among the counts: 0 below, 1 + its bin, or the last
// above.
func (c *HistogramCounts) bin(x float64) int {
	switch {
	case x < c.Low:
		return 0
	case !(x <= c.High):
		return c.Bins + 1
	}
	i := min(int(float64(x-c.Low)*c.scale), c.Bins-1) // but for rounding
	if x < c.edges[i] || i+1 < c.Bins && x >= c.edges[i+1] {
		i = min(sort.SearchFloat64s(c.edges, x), c.Bins)
		if i == c.Bins || x < c.edges[i] {
			i--
		}
	}
	return i + 1
}

// part is counts[from:to] of every node, one after the other.
func (c *HistogramCounts) part(from, to int) []int64 {
	var list []int64
	for at := 0; at < len(c.counts); at += c.width {
		list = append(list, c.counts[at+from:at+to]...)
	}
	return list
}

// bins are the places of the counts that are neither below nor above.
func (c *HistogramCounts) bins() (from, to int) {
	if c.edges != nil {
		return 1, c.width - 1
	}
	return 0, c.width
}

// WriteArrays adds histogram/NAME (node, value) int64, where node is the
// variable's shape if all its nodes are counted in order, else a list whose flat
// indices are histogram/NAME/nodes; the values of the last axis as
// histogram/NAME/values, or of a continuous variable histogram/NAME/edges (one more
// than bins, float64) with the counts of what lies under and over them in
// histogram/NAME/outside (node, 2).
func (c *HistogramCounts) WriteArrays(z *npy.NPZWriter) error {
	name := histogramPrefix + c.Name
	shape := []int{len(c.Nodes)}
	if c.whole() {
		shape = append([]int(nil), c.v.Shape...)
	} else {
		flat := make([]int32, len(c.Nodes))
		for i, n := range c.Nodes {
			flat[i] = n - int32(c.v.First)
		}
		if err := z.Add(name+"/nodes", []int{len(flat)}, flat); err != nil {
			return err
		}
	}
	from, to := c.bins()
	if err := z.Add(name, append(shape, to-from), c.part(from, to)); err != nil {
		return err
	}
	if c.edges == nil {
		values := c.values()
		return z.Add(name+"/values", []int{len(values)}, values)
	}
	if err := z.Add(name+"/edges", []int{len(c.edges)}, c.edges); err != nil {
		return err
	}
	outside := make([]int64, 0, 2*len(c.Nodes))
	for at := 0; at < len(c.counts); at += c.width {
		outside = append(outside, c.counts[at], c.counts[at+c.width-1])
	}
	return z.Add(name+"/outside", append(shape, 2), outside)
}

const histogramPrefix = "histogram/"

// whole says whether all nodes of the variable are counted, in their order.
func (c *HistogramCounts) whole() bool {
	for i, n := range c.Nodes {
		if int(n) != c.v.First+i {
			return false
		}
	}
	return len(c.Nodes) == c.v.Count
}

// values are those that a spin or a categorical takes.
func (c *HistogramCounts) values() []int32 {
	values := []int32{-1, 1}
	if c.v.Kind == sampling.Categorical {
		values = make([]int32, c.v.States)
		for k := range values {
			values[k] = int32(k)
		}
	}
	return values
}

// A HistogramReport is a histogram of all its nodes together.
type HistogramReport struct {
	Name   string    `json:"name"`
	Nodes  int       `json:"nodes"`
	Values []int32   `json:"values,omitempty"` // of spins and categoricals
	Edges  []float64 `json:"edges,omitempty"`  // of continuous variables
	Counts []int64   `json:"counts"`
	Under  int64     `json:"under"` // below the first edge
	Over   int64     `json:"over"`  // above the last
}

// Report adds up the nodes.
func (c *HistogramCounts) Report() HistogramReport {
	r := HistogramReport{Name: c.Name, Nodes: len(c.Nodes), Edges: c.edges}
	sum := make([]int64, c.width)
	for i, n := range c.counts {
		sum[i%c.width] += n
	}
	from, to := c.bins()
	r.Counts = sum[from:to]
	if c.edges == nil {
		r.Values = c.values()
	} else {
		r.Under, r.Over = sum[0], sum[to]
	}
	return r
}

// goOn adds the counts of an earlier part of the run: those of a histogram of the
// same name, which must be the same histogram.
func (c *HistogramCounts) goOn(from []SavedHistogram) error {
	for _, s := range from {
		switch {
		case s.Name != c.Name:
		case !reflect.DeepEqual(s.Histogram, c.Histogram):
			return stateErrorf("saved with another histogram %s: its nodes or bins differ", c.Name)
		case len(s.Counts) != len(c.counts):
			return stateErrorf("damaged: the histogram %s has %d counts, not %d", c.Name, len(s.Counts), len(c.counts))
		default:
			for i, n := range s.Counts {
				c.counts[i] += n
			}
		}
	}
	return nil
}

// A SavedHistogram is what a part of a run counted, for the next part.
type SavedHistogram struct {
	Histogram
	Counts []int64 // of each node, each value; of continuous nodes under, bins, over
}

// writeHistograms adds their counts to a state file, in the order of its meta.
func writeHistograms(z *npy.NPZWriter, list []SavedHistogram) error {
	for _, h := range list {
		if err := z.Add(histogramPrefix+h.Name, []int{len(h.Counts)}, h.Counts); err != nil {
			return err
		}
	}
	return nil
}
