package report

import (
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// A Training is what the page of a training run is made from.
type Training struct {
	Graph           *graph.Graph // with the trained weights
	Hash, Generator string
	Facts           []Fact
	Curve           []Epoch

	// The gradient at the end, on one batch: its norm, and the root of the sum of its
	// squared standard errors, which is the norm that noise alone gives; NaN where they
	// are not known.
	Norm, Noise float64

	Moments    []Moment  // of a small model: exact beside sampled
	MomentText string    // why there are none, or which are left out
	Visible    []int32   // nodes that the data show
	Examples   [][]int32 // some of the data, a value for each visible node
	States     [][]int32 // some states of the trained model, a value for each node

	File    string   // of the weights, "" if they were not written
	Command []string // that trains like this again
}

// An Epoch is a point of the learning curve. Scores are NaN where they were not
// taken.
type Epoch struct {
	Epoch           int
	Rate, Norm, Gap float64
	Score, HeldOut  float64
}

// A Moment is a mean over the trained model.
type Moment struct {
	Name               string
	Exact, Sampled, SE float64
}

// WriteTraining writes the page of a training run.
func WriteTraining(w io.Writer, t *Training) error {
	verdict, good := t.verdict()
	c := &content{
		Title: t.Graph.Model, Kind: "training report", Style: template.CSS(chart.CSS()), Verdict: verdict, Converged: good, Facts: t.Facts,
		Command: shellLine(t.Command), Again: "The same weights, bit for bit, whatever the machine and the number of threads:",
		File: t.File, FileIs: "The weights are in", Generator: t.Generator,
	}
	for _, s := range []section{t.curveSection(), t.sampleSection(), t.weightSection(), t.momentSection()} {
		if len(s.Figures) > 0 || s.Table != nil || s.Text != "" {
			c.Sections = append(c.Sections, s)
		}
	}
	return c.write(w)
}

// held says whether there are scores of held-out examples.
func (t *Training) held() bool { return len(t.Curve) > 0 && !math.IsNaN(t.Curve[0].HeldOut) }

// bestHeld is the epoch of the best score of held-out examples.
func (t *Training) bestHeld() Epoch {
	best := t.Curve[0]
	for _, e := range t.Curve {
		if e.HeldOut > best.HeldOut {
			best = e
		}
	}
	return best
}

// verdict is one plain sentence, and whether it is a good one.
func (t *Training) verdict() (string, bool) {
	if len(t.Curve) == 0 {
		return "No epoch was left to be run.", false
	}
	first, last := t.Curve[0], t.Curve[len(t.Curve)-1]
	if t.held() {
		best := t.bestHeld()
		text := fmt.Sprintf("Score of held-out examples %s nats after epoch %d", nats(last.HeldOut), last.Epoch)
		gain, loss := best.HeldOut-first.HeldOut, best.HeldOut-last.HeldOut
		switch {
		case len(t.Curve) == 1:
			return text + ".", true
		case best.Epoch == first.Epoch:
			return fmt.Sprintf("Not learning: score of held-out examples %s nats after epoch %d and %s after epoch %d.", nats(first.HeldOut), first.Epoch, nats(last.HeldOut), last.Epoch), false
		case loss > 0.05*gain:
			return fmt.Sprintf("Overfitting: held-out examples scored best after epoch %d, %s nats; after epoch %d it is %s.", best.Epoch, nats(best.HeldOut), last.Epoch, nats(last.HeldOut)), false
		}
		return fmt.Sprintf("%s, from %s after epoch %d.", text, nats(first.HeldOut), first.Epoch), true
	}
	if math.IsNaN(t.Noise) {
		return fmt.Sprintf("Norm of the gradient %.3g after epoch %d; its noise is not known.", t.Norm, last.Epoch), false
	}
	switch ratio := t.Norm / t.Noise; {
	case t.Norm == 0:
		return "The gradient is 0.", true
	case ratio < 1.5:
		return fmt.Sprintf("The gradient is down to the noise of sampling it: norm %.3g, noise %.3g.", t.Norm, t.Noise), true
	default:
		return fmt.Sprintf("The gradient, of norm %.3g, is %.1f times the noise of sampling it: there is more to learn (--epochs).", t.Norm, ratio), false
	}
}

func nats(x float64) string { return minus(strconv.FormatFloat(x, 'f', 3, 64)) }

// curveSection shows what the terminal printed.
func (t *Training) curveSection() section {
	s := section{ID: "curve", Title: "Learning curve"}
	if len(t.Curve) == 0 {
		return s
	}
	get := func(value func(e Epoch) float64) (x, y []float64) {
		for _, e := range t.Curve {
			x, y = append(x, float64(e.Epoch)), append(y, value(e))
		}
		return x, y
	}
	plot := func(title, label, caption string, c *chart.Chart) {
		c.X, c.Y.Label = chart.Axis{Label: "epoch"}, label
		if len(t.Curve) == 1 {
			c.X.Min, c.X.Max = float64(t.Curve[0].Epoch)-1, float64(t.Curve[0].Epoch)+1
		}
		s.Figures = append(s.Figures, figure{Title: title, Body: c.Inline(), Caption: caption})
	}
	curve := func(c *chart.Chart, name string, value func(e Epoch) float64) *chart.Series {
		x, y := get(value)
		if len(x) == 1 {
			return c.Scatter(name, x, y)
		}
		return c.Line(name, x, y)
	}
	first, last := t.Curve[0], t.Curve[len(t.Curve)-1]
	if t.held() {
		c := &chart.Chart{Alt: fmt.Sprintf("Score of training examples from %s to %s, of held-out ones from %s to %s.", nats(first.Score), nats(last.Score), nats(first.HeldOut), nats(last.HeldOut))}
		curve(c, "training", func(e Epoch) float64 { return e.Score }).Colour = chart.Blue
		curve(c, "held out", func(e Epoch) float64 { return e.HeldOut }).Colour = chart.Vermilion
		plot("Score", "nats an example", "Mean over examples of Σ log p(v | all other nodes) over the visible nodes v. Where training goes up and held out down, the model learns its examples by heart.", c)
	}
	c := &chart.Chart{Alt: fmt.Sprintf("Gap from %s to %s.", chart.Number(twoDigits(first.Gap)), chart.Number(twoDigits(last.Gap)))}
	c.HLine("", 0)
	curve(c, "", func(e Epoch) float64 { return e.Gap }).Colour = chart.Blue
	plot("Gap", "βE₊ − βE₋", "Between the mean energies of the data and of the model; it goes to 0.", c)

	c = &chart.Chart{Alt: fmt.Sprintf("Norm of the gradient from %s to %s.", chart.Number(twoDigits(first.Norm)), chart.Number(twoDigits(last.Norm)))}
	caption := "Of the last step of each epoch."
	if c.Y.Log = !slices.ContainsFunc(t.Curve, func(e Epoch) bool { return !(e.Norm > 0) }); t.Noise > 0 && c.Y.Log {
		c.HLine("noise", t.Noise)
		caption += fmt.Sprintf(" Sampling alone gives a gradient of a batch the norm %.3g: below that line there is nothing to see.", t.Noise)
	}
	curve(c, "", func(e Epoch) float64 { return e.Norm }).Colour = chart.Blue
	plot("Gradient", "norm", caption, c)
	return s
}

// variables are those of the graph as the runtime has them.
func (t *Training) variables() []sampling.Var {
	var list []sampling.Var
	for i := range t.Graph.Vars {
		x := &t.Graph.Vars[i]
		list = append(list, sampling.Var{Name: x.Name, Kind: sampling.Kind(x.Kind), States: x.States, Shape: x.Shape, First: x.First, Count: x.Count})
	}
	return list
}

// sampleSection draws data and samples side by side, for each variable that has a
// plane and is seen in the data; and for others that have one, the samples.
func (t *Training) sampleSection() section {
	s := section{ID: "samples", Title: "Samples"}
	place := map[int32]int{}
	for i, n := range t.Visible {
		place[n] = i
	}
	for _, v := range t.variables() {
		rows, cols, ok := planeOf(t.Graph, &v)
		if !ok {
			continue
		}
		var data, model [][]float64
		for _, e := range t.Examples {
			var x []float64
			for n := v.First; n < v.First+v.Count; n++ {
				if at, seen := place[int32(n)]; seen {
					x = append(x, valueOf(&v, e[at]))
				}
			}
			if len(x) == v.Count {
				data = append(data, x)
			}
		}
		for _, state := range t.States {
			var x []float64
			for n := v.First; n < v.First+v.Count; n++ {
				x = append(x, valueOf(&v, state[n]))
			}
			model = append(model, x)
		}
		for _, part := range []struct {
			values         [][]float64
			title, caption string
		}{
			{data, v.Name + ", data", "The first examples."},
			{model, v.Name + ", model", "Chains of the trained model, one state of each."},
		} {
			if len(part.values) > 0 {
				s.Figures = append(s.Figures, figure{Title: part.title, Body: gallery(&v, part.values, rows, cols), Caption: part.caption})
			}
		}
	}
	return s
}

// gallery draws states of one variable.
func gallery(v *sampling.Var, states [][]float64, rows, cols int) template.HTML {
	g := &chart.Images{Size: 72}
	lo, hi, count, ramp := -1.0, 1.0, 0, chart.Diverging
	switch v.Kind {
	case sampling.Spin:
		g.Keys = chart.SpinKeys()
		g.Keys[0].Colour, g.Keys[1].Colour = chart.Hex(ramp.At(0)), chart.Hex(ramp.At(1))
	case sampling.Categorical:
		lo, hi, count, ramp = 0, float64(v.States-1), v.States, chart.Sequential
		g.Keys = chart.StateKeys(v.States)
	default:
		lo, hi, ramp = states[0][0], states[0][0], chart.Sequential
		for _, x := range states {
			lo, hi = min(lo, slices.Min(x)), max(hi, slices.Max(x))
		}
		g.Keys = chart.RampKeys(ramp, twoDigits(lo), twoDigits(hi))
	}
	for i, x := range states {
		g.Items = append(g.Items, chart.Picture{Image: mapImage(x, rows, cols, count, lo, hi, ramp), Alt: fmt.Sprintf("%s, number %d", v.Name, i)})
	}
	return g.Inline()
}

const (
	mostFilters = 32 // images of weights in a figure
	mostGroups  = 6  // factors whose weights are drawn
)

// weightSection shows the weights of runtime factors, and where one joins a plane
// with single nodes, what each of these looks at.
func (t *Training) weightSection() section {
	s := section{ID: "weights", Title: "Weights"}
	drawn := 0
	for i := range t.Graph.Factors {
		f := &t.Graph.Factors[i]
		if !f.Runtime || len(f.Weights) == 0 {
			continue
		}
		if drawn++; drawn > mostGroups {
			s.Text = fmt.Sprintf("Those of the first %d factors.", mostGroups)
			break
		}
		s.Figures = append(s.Figures, t.weightFigure(f))
		if filters, ok := t.filters(f); ok {
			s.Figures = append(s.Figures, filters)
		}
	}
	return s
}

// weightFigure shows few weights each for itself, many as a histogram.
func (t *Training) weightFigure(f *graph.Factor) figure {
	lo, hi := slices.Min(f.Weights), slices.Max(f.Weights)
	alt := fmt.Sprintf("Weights of %s from %s to %s.", f.Name, chart.Number(twoDigits(lo)), chart.Number(twoDigits(hi)))
	text := fmt.Sprintf("%s, from %s to %s.", plural(len(f.Weights), "weight"), chart.Number(twoDigits(lo)), chart.Number(twoDigits(hi)))
	if n := len(f.Weights); n <= mostNamed {
		c := &chart.Chart{X: chart.Axis{Label: "weight", Min: -0.5, Max: float64(n) - 0.5}, Alt: alt}
		c.HLine("", 0)
		c.Segments("", count(n), make([]float64, n), count(n), f.Weights).Colour = chart.Faint
		dots := c.Scatter("", nil, f.Weights)
		dots.Colour, dots.Width = chart.Blue, 7
		return figure{Title: f.Name, Body: c.Inline(), Caption: text}
	}
	c := &chart.Chart{X: chart.Axis{Label: "weight"}, Y: chart.Axis{Label: "weights"}, Alt: alt}
	c.Histogram("", f.Weights).Colour = chart.Blue
	return figure{Title: f.Name, Body: c.Inline(), Caption: text}
}

// filters are the weights between a variable in a plane and each node of another.
func (t *Training) filters(f *graph.Factor) (figure, bool) {
	if len(f.Slots) != 2 || len(f.Table) != 0 || f.Shared || f.Slots[0].Var == f.Slots[1].Var {
		return figure{}, false
	}
	vars := t.variables()
	for plane := range 2 {
		v, other := &vars[f.Slots[plane].Var], &vars[f.Slots[1-plane].Var]
		rows, cols, ok := planeOf(t.Graph, v)
		if !ok || f.Rows != v.Count*other.Count {
			continue
		}
		images := make([][]float64, min(other.Count, mostFilters))
		for i := range images {
			images[i] = make([]float64, v.Count)
		}
		reach := 0.0
		for row, w := range f.Weights {
			node, unit := int(f.Index[2*row+plane])-v.First, int(f.Index[2*row+1-plane])-other.First
			if unit < len(images) {
				images[unit][node] = w
				reach = max(reach, math.Abs(w))
			}
		}
		reach = max(twoDigits(reach), 1e-9)
		g := &chart.Images{Size: 72, Keys: chart.RampKeys(chart.Diverging, -reach, reach)}
		for i, x := range images {
			g.Items = append(g.Items, chart.Picture{Image: mapImage(x, rows, cols, 0, -reach, reach, chart.Diverging), Alt: fmt.Sprintf("weights of %s %s", other.Name, indexText(other, i))})
		}
		return figure{Title: fmt.Sprintf("%s, by node of %s", f.Name, other.Name), Body: g.Inline(), Wide: true,
			Caption: fmt.Sprintf("What each of %s of %s looks at in %s.", plural(len(images), "node"), other.Name, v.Name)}, true
	}
	return figure{}, false
}

// momentSection compares a small model's means with exact ones.
func (t *Training) momentSection() section {
	s := section{ID: "moments", Title: "Exact and sampled moments of the trained model", Text: t.MomentText}
	if len(t.Moments) == 0 {
		if s.Text == "" {
			s.Title = ""
		}
		return s
	}
	var exact, sampled, z []float64
	var tips, off []string
	square, noise := 0.0, 0.0
	for _, m := range t.Moments {
		exact, sampled = append(exact, m.Exact), append(sampled, m.Sampled)
		tips = append(tips, fmt.Sprintf("%s: exact %.5f, sampled %.5f ± %.5f", m.Name, m.Exact, m.Sampled, m.SE))
		if m.SE > 0 {
			z = append(z, (m.Sampled-m.Exact)/m.SE)
			off = append(off, fmt.Sprintf("%s: %.2f", m.Name, z[len(z)-1]))
			square += (m.Sampled - m.Exact) * (m.Sampled - m.Exact)
			noise += m.SE * m.SE
		}
	}
	lo, hi := min(slices.Min(exact), slices.Min(sampled)), max(slices.Max(exact), slices.Max(sampled))
	pad := max(0.03*(hi-lo), 1e-3)
	c := &chart.Chart{X: chart.Axis{Label: "exact", Min: lo - pad, Max: hi + pad}, Y: chart.Axis{Label: "sampled", Min: lo - pad, Max: hi + pad},
		Alt: fmt.Sprintf("Sampled against exact means of %s.", plural(len(exact), "moment"))}
	c.Line("equal", []float64{lo, hi}, []float64{lo, hi}).Colour = chart.Faint
	dots := c.Scatter("", exact, sampled)
	dots.Colour, dots.Width, dots.Tips = chart.Vermilion, 5, tips
	s.Figures = append(s.Figures, figure{Title: "Moments", Body: c.Inline(), Caption: fmt.Sprintf("%s over the trained model, exactly and as training samples them.", plural(len(exact), "mean"))})
	if len(z) == 0 {
		return s
	}
	d := &chart.Chart{X: chart.Axis{Label: "moment", Min: -0.5, Max: float64(len(z)) - 0.5}, Y: chart.Axis{Label: "difference, standard errors"},
		Alt: fmt.Sprintf("Differences from %s to %s standard errors.", chart.Number(twoDigits(slices.Min(z))), chart.Number(twoDigits(slices.Max(z))))}
	most := max(4, math.Ceil(max(-slices.Min(z), slices.Max(z))))
	d.Y.Min, d.Y.Max = -most, most
	ends := []float64{-0.5, float64(len(z)) - 0.5}
	for k := range 3 {
		name := ""
		if k == 0 {
			name = "within 1, 2, 3"
		}
		b := d.Band(name, ends, []float64{-float64(k + 1), -float64(k + 1)}, []float64{float64(k + 1), float64(k + 1)})
		b.Colour, b.Alpha = chart.Blue, 0.12
	}
	points := d.Scatter("", nil, z)
	points.Colour, points.Width, points.Tips = chart.Vermilion, 5, off
	n := float64(len(z))
	text := fmt.Sprintf("The differences are %.2g on the average (root of the mean square); sampling noise alone gives %.2g.", math.Sqrt(square/n), math.Sqrt(noise/n))
	if square > 2*noise && len(z) >= 5 {
		text += " The rest is bias: the chains of the model phase are not in equilibrium (train.negative: warmup, steps_per_sample; start: persistent)."
	}
	s.Figures = append(s.Figures, figure{Title: "Noise floor", Body: d.Inline(), Caption: text})
	return s
}
