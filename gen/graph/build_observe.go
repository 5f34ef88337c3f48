package graph

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// observers resolves what is recorded.
func (b *builder) observers() {
	if b.s.Observe == nil {
		b.g.Observe = []Observe{{Kind: "state"}, {Kind: "energy"}}
		return
	}
	seen := map[string]bool{}
	for i := range b.s.Observe {
		o := &b.s.Observe[i]
		switch o.Kind {
		case "value", "mean", "go":
			if seen[" "+o.Name.Text] {
				b.fail(o.Name.Pos, diag.Duplicate, "", "two observed values are called %s", o.Name.Text)
			}
			seen[" "+o.Name.Text] = true
			if o.Kind == "go" {
				b.goObserver(o)
			} else if v, ok := b.observable(o); ok {
				b.g.Observe = append(b.g.Observe, Observe{Kind: o.Kind, Value: v})
			}
		case "histogram":
			b.histograms(o, seen)
		default:
			b.observed(o, seen)
		}
	}
}

// observed resolves an entry that stands once.
func (b *builder) observed(o *spec.Observe, seen map[string]bool) {
	if seen[o.Kind] {
		b.fail(o.Pos, diag.Duplicate, "", "%s is observed twice", o.Kind)
		return
	}
	seen[o.Kind] = true
	if o.Kind == "magnetisation" && len(b.brokenVars) == 0 &&
		!slices.ContainsFunc(b.g.Vars, func(v Variable) bool { return v.Kind == Spin }) {
		b.fail(o.Pos, diag.BadVariable, "", "the model has no spins, whose magnetisation could be observed")
	}
	out := Observe{Kind: o.Kind}
	if o.Refs != nil {
		nodes, ok := b.ref(o.Refs)
		if !ok {
			return
		}
		out.Nodes, out.Text = nodes, o.Refs.Text
	}
	b.g.Observe = append(b.g.Observe, out)
}

const (
	// defaultBins is how many bins a histogram of continuous nodes has.
	defaultBins = 50
	// maxCounts bounds the memory of one histogram to 128 MiB.
	maxCounts = 1 << 24
	// maxMeans bounds the rows of which means are taken one by one.
	maxMeans = 1 << 20
)

// histograms makes a histogram for each variable that an entry names.
func (b *builder) histograms(o *spec.Observe, seen map[string]bool) {
	nodes, ok := b.ref(o.Refs)
	if !ok {
		return
	}
	var of []*Variable
	parts := map[*Variable][]int32{}
	for _, n := range nodes {
		v := &b.g.Vars[b.g.varOf(n)]
		if parts[v] == nil {
			of = append(of, v)
		}
		parts[v] = append(parts[v], n)
	}
	if o.Name.Text != "" && len(of) > 1 {
		b.fail(o.Name.Pos, diag.Conflict, "write an entry for each variable", "%s names nodes of %d variables, which cannot share the name %s",
			refText(o.Refs), len(of), o.Name.Text)
		return
	}
	if o.Bins.Ok || o.Range != nil {
		pos := o.Bins.Pos
		if !o.Bins.Ok {
			pos = o.Range[0].Pos
		}
		if !slices.ContainsFunc(of, func(v *Variable) bool { return v.Kind == Continuous }) {
			b.fail(pos, diag.Conflict, "remove them", "bins and range are for continuous nodes; of %s each value is counted", refText(o.Refs))
			return
		}
	}
	for _, v := range of {
		b.histogram(o, v, parts[v], seen)
	}
}

// histogram makes the histogram of some nodes of one variable.
func (b *builder) histogram(o *spec.Observe, v *Variable, nodes []int32, seen map[string]bool) {
	h := &Histogram{Name: v.Name}
	if o.Name.Text != "" {
		h.Name = o.Name.Text
	}
	if seen["histogram "+h.Name] {
		b.fail(o.Pos, diag.Duplicate, "give one a name: of its own", "two histograms are called %s", h.Name)
		return
	}
	seen["histogram "+h.Name] = true
	width := v.States
	if v.Kind == Continuous {
		if !b.bins(o, v, h) {
			return
		}
		width = h.Bins + 2
	}
	if len(nodes)*width > maxCounts {
		b.limit(o.Pos, "the histogram of %s has %d counts, at most %d", h.Name, len(nodes)*width, maxCounts)
		return
	}
	b.g.Observe = append(b.g.Observe, Observe{Kind: "histogram", Nodes: nodes, Text: o.Refs.Text, Histogram: h})
}

// bins finds the range and the number of bins of a continuous variable.
func (b *builder) bins(o *spec.Observe, v *Variable, h *Histogram) bool {
	h.Bins = defaultBins
	if o.Bins.Ok {
		h.Bins = int(o.Bins.V)
	}
	pos := o.Pos
	switch {
	case o.Range != nil:
		if !o.Range[0].Ok || !o.Range[1].Ok {
			return false
		}
		pos = o.Range[0].Pos
		h.Low, h.High = o.Range[0].V, o.Range[1].V
	case v.Range != nil:
		h.Low, h.High = v.Range[0], v.Range[1]
	default:
		b.fail(pos, diag.MissingKey, "add range: [lowest, highest]; values outside are counted as under and over",
			"the histogram of %s needs a range: the values of %s have none", h.Name, v.Name)
		return false
	}
	if max(math.Abs(h.Low), math.Abs(h.High)) > math.MaxFloat32 {
		b.fail(pos, diag.OutOfRange, "", "a range from %v to %v: both must be within ±3.4e38", h.Low, h.High)
		return false
	}
	if step := (h.High - h.Low) / float64(h.Bins); !(h.Low+step > h.Low) || !(h.High-step < h.High) {
		b.fail(pos, diag.OutOfRange, "take fewer bins", "%d bins from %v to %v: they are narrower than numbers lie apart", h.Bins, h.Low, h.High)
		return false
	}
	return true
}
