package report

import (
	"cmp"
	"fmt"
	"image"
	"math"
	"slices"
	"strconv"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

const (
	mostVariables = 6   // that have figures
	mostNamed     = 32  // nodes that stand each for itself
	mostJudged    = 1e4 // series whose R-hat is computed
	mostPixels    = 128 // of a map, each way
	worstNodes    = 8   // in the table
	fewNodes      = 12  // of which the table says it all
)

// variableSection shows what values the nodes take.
func (p *Page) variableSection() section {
	s := section{ID: "variables", Title: "Variables"}
	if p.Seen == nil || p.Seen.draws == 0 || p.Nodes == nil {
		return s
	}
	vars := p.Seen.model.Vars
	for i := range vars {
		if i == mostVariables {
			s.Text = fmt.Sprintf("The first %d of %d variables are shown.", mostVariables, len(vars))
			break
		}
		s.Figures = append(s.Figures, p.variableFigures(&vars[i])...)
	}
	return s
}

func (p *Page) variableFigures(v *sampling.Var) []figure {
	var list []figure
	if rows, cols, ok := p.plane(v); ok {
		list = append(list, p.mapFigure(v, rows, cols))
	}
	switch {
	case v.Kind == sampling.Spin && v.Count <= mostNamed:
		list = append(list, p.spinMeans(v))
	case v.Kind == sampling.Spin:
		list = append(list, p.meanHistogram(v, "mean spin", -1, 1))
	case v.Kind == sampling.Continuous:
		list = append(list, p.meanHistogram(v, "mean value", math.Inf(-1), math.Inf(1)))
	case v.States > mostCounted:
		list = append(list, p.meanHistogram(v, "mean value", 0, float64(v.States-1)))
	case v.Count > 1 && v.Count <= mostNamed && v.States <= 8:
		list = append(list, p.stateShares(v))
	default:
		list = append(list, p.totalShares(v))
	}
	return list
}

// plane is the shape in which a variable can be drawn: its own, or that of the
// lattice it sits on.
func (p *Page) plane(v *sampling.Var) (rows, cols int, ok bool) { return planeOf(p.Graph, v) }

// planeOf is plane, with a graph or with none.
func planeOf(g *graph.Graph, v *sampling.Var) (rows, cols int, ok bool) {
	shape := v.Shape
	if g != nil {
		for i := range g.Vars {
			x := &g.Vars[i]
			if x.Name == v.Name && x.Topology != nil && x.OnNodes == nil && x.Topology.Shape != nil && x.Topology.Nodes == v.Count {
				shape = x.Topology.Shape
			}
		}
	}
	if len(shape) != 2 || shape[0] < 3 || shape[1] < 3 {
		return 0, 0, false
	}
	return shape[0], shape[1], true
}

// mapFigure is the mean map and draws as images.
func (p *Page) mapFigure(v *sampling.Var, rows, cols int) figure {
	g := &chart.Images{}
	var mean []float64
	for n := v.First; n < v.First+v.Count; n++ {
		mean = append(mean, p.Seen.mean(n, v))
	}
	step := mapStep(rows, cols)
	blocks := func(values []float64, states int, lo, hi float64, ramp chart.Ramp) image.Image {
		return mapImage(values, rows, cols, states, lo, hi, ramp)
	}
	lo, hi := 0.0, 0.0 // of the values of continuous nodes and those with very many states
	first := ""
	switch {
	case v.Kind == sampling.Spin:
		g.Keys = chart.RampKeys(chart.Diverging, -1, 1)
		reach := 1.0
		if most := max(slices.Max(mean), -slices.Min(mean)); most < 0.5 && most > 0 {
			reach = min(1, math.Ceil(most*20)/20)
		}
		g.Items = append(g.Items, chart.Picture{Image: blocks(mean, 0, -reach, reach, chart.Diverging), Caption: fmt.Sprintf("mean spin, %s to %s", chart.Number(twoDigits(slices.Min(mean))), chart.Number(twoDigits(slices.Max(mean))))})
		first = fmt.Sprintf("The mean of every spin (its colours go from %s to %s)", chart.Number(-reach), chart.Number(reach))
	case counted(v) == 0:
		lo, hi = p.valueRange(v, mean)
		g.Keys = chart.RampKeys(chart.Sequential, twoDigits(lo), twoDigits(hi))
		g.Items = append(g.Items, chart.Picture{Image: blocks(mean, 0, lo, hi, chart.Sequential), Caption: "mean value"})
		first = "The mean value of every node"
	default:
		g.Keys = chart.StateKeys(v.States)
		top, share := p.likeliest(v)
		g.Items = append(g.Items, chart.Picture{Image: blocks(top, v.States, 0, float64(v.States-1), chart.Sequential),
			Caption: fmt.Sprintf("likeliest state; its share is %.2f to %.2f", slices.Min(share), slices.Max(share))})
		first = "The likeliest state of every node"
	}
	picture := func(x shot, caption string) {
		values := make([]float64, v.Count)
		for n := range values {
			values[n] = valueOf(v, x.values[v.First+n])
		}
		switch {
		case v.Kind == sampling.Spin:
			g.Items = append(g.Items, chart.Picture{Image: blocks(values, 0, -1, 1, chart.Diverging), Caption: caption})
		case counted(v) == 0:
			g.Items = append(g.Items, chart.Picture{Image: blocks(values, 0, lo, hi, chart.Sequential), Caption: caption})
		default:
			g.Items = append(g.Items, chart.Picture{Image: blocks(values, v.States, 0, float64(v.States-1), chart.Sequential), Caption: caption})
		}
	}
	for _, x := range p.Seen.shots {
		picture(x, fmt.Sprintf("chain %d, draw %d", x.chain, x.draw))
	}
	if p.Best != nil {
		picture(shot{values: p.Best}, "lowest energy of all sweeps")
	} else if p.Seen.lowest.values != nil {
		picture(p.Seen.lowest, fmt.Sprintf("lowest energy: chain %d, draw %d", p.Seen.lowest.chain, p.Seen.lowest.draw))
	}
	text := first + ", and single draws: chain 0 along the run, other chains at its end."
	if step > 1 {
		text += fmt.Sprintf(" A pixel is the mean over %d × %d nodes.", step, step)
	}
	return figure{Title: fmt.Sprintf("%s, %d × %d", v.Name, rows, cols), Body: g.Inline(), Caption: text, Wide: true}
}

// mapStep is how many nodes each way share a pixel of a map.
func mapStep(rows, cols int) int { return max(1, (max(rows, cols)+mostPixels-1)/mostPixels) }

// mapImage shows states (of which there are so many; 0: numbers) in their colours,
// numbers by a ramp; of a large map the means over squares.
func mapImage(values []float64, rows, cols, states int, lo, hi float64, ramp chart.Ramp) image.Image {
	step := mapStep(rows, cols)
	pr, pc := (rows+step-1)/step, (cols+step-1)/step
	if states > 0 && step == 1 {
		x := make([]int32, len(values))
		for i, y := range values {
			x[i] = int32(y)
		}
		return chart.States(x, pr, pc, states)
	}
	return chart.Heat(blockMeans(values, rows, cols, step), pr, pc, ramp, lo, hi)
}

// bestFigures draw the best state where no other figure does: the result has no
// states of draws.
func (p *Page) bestFigures() []figure {
	if p.Nodes != nil || p.Graph == nil || len(p.Best) != p.Graph.Nodes {
		return nil
	}
	var list []figure
	for i := range p.Graph.Vars {
		x := &p.Graph.Vars[i]
		v := &sampling.Var{Name: x.Name, Kind: sampling.Kind(x.Kind), States: x.States, Shape: x.Shape, First: x.First, Count: x.Count}
		rows, cols, ok := p.plane(v)
		if !ok || v.Kind == sampling.Continuous {
			continue
		}
		var values []float64
		for _, state := range p.Best[v.First : v.First+v.Count] {
			values = append(values, valueOf(v, state))
		}
		g := &chart.Images{Keys: chart.RampKeys(chart.Diverging, -1, 1)}
		picture := mapImage(values, rows, cols, 0, -1, 1, chart.Diverging)
		if v.Kind == sampling.Categorical {
			g.Keys = chart.StateKeys(v.States)
			picture = mapImage(values, rows, cols, v.States, 0, float64(v.States-1), chart.Sequential)
		}
		g.Items = []chart.Picture{{Image: picture, Caption: fmt.Sprintf("%s, %d × %d", v.Name, rows, cols)}}
		list = append(list, figure{Title: v.Name, Body: g.Inline(), Caption: "The state of lowest energy."})
	}
	return list
}

// valueRange is that of the colours of a map: all values of a categorical, those
// seen of a continuous one.
func (p *Page) valueRange(v *sampling.Var, mean []float64) (lo, hi float64) {
	if v.Kind == sampling.Categorical {
		return 0, float64(v.States - 1)
	}
	lo, hi = slices.Min(mean), slices.Max(mean)
	for _, x := range p.Seen.shots {
		for _, state := range x.values[v.First : v.First+v.Count] {
			lo, hi = min(lo, valueOf(v, state)), max(hi, valueOf(v, state))
		}
	}
	return lo, hi
}

// likeliest is the most frequent state of every node, and its share.
func (p *Page) likeliest(v *sampling.Var) (state, share []float64) {
	for n := v.First; n < v.First+v.Count; n++ {
		best, most := 0, -1.0
		for k := range v.States {
			if x := p.Seen.share(n, v, k); x > most {
				best, most = k, x
			}
		}
		state, share = append(state, float64(best)), append(share, most)
	}
	return state, share
}

// blockMeans are means over squares.
func blockMeans(values []float64, rows, cols, step int) []float64 {
	if step == 1 {
		return values
	}
	pr, pc := (rows+step-1)/step, (cols+step-1)/step
	sum, n := make([]float64, pr*pc), make([]float64, pr*pc)
	for i, x := range values {
		at := i/cols/step*pc + i%cols/step
		sum[at] += x
		n[at]++
	}
	for i := range sum {
		sum[i] /= n[i]
	}
	return sum
}

// nodeTicks name the nodes of a variable; where there are many, by their index.
func (p *Page) nodeTicks(v *sampling.Var) []chart.Tick {
	var ticks []chart.Tick
	every := (v.Count + 11) / 12
	for n := 0; n < v.Count; n += every {
		ticks = append(ticks, chart.Tick{At: float64(n), Label: indexText(v, n)})
	}
	return ticks
}

func indexText(v *sampling.Var, n int) string {
	text := ""
	for d := len(v.Shape) - 1; d >= 0; d-- {
		if text != "" {
			text = "," + text
		}
		text = strconv.Itoa(n%v.Shape[d]) + text
		n /= v.Shape[d]
	}
	return text
}

func nodeLabel(v *sampling.Var) string {
	if len(v.Shape) == 0 {
		return v.Name
	}
	return "node of " + v.Name
}

func (p *Page) spinMeans(v *sampling.Var) figure {
	c := &chart.Chart{Y: chart.Axis{Label: "mean spin", Min: -1, Max: 1},
		X: chart.Axis{Label: nodeLabel(v), Ticks: p.nodeTicks(v), Min: -0.5, Max: float64(v.Count) - 0.5}}
	y, e := make([]float64, v.Count), make([]float64, v.Count)
	var tips []string
	errors := true
	for n := range v.Count {
		node := v.First + n
		y[n] = p.Seen.mean(node, v)
		got, err := p.Nodes.Node(node, 0)
		if err == nil && got.MCSE.OK() {
			e[n] = 2 * got.MCSE.V
		} else {
			errors = false
		}
		tips = append(tips, fmt.Sprintf("%s: %.4f, P(+1) = %.4f", p.Seen.model.NodeName(node), y[n], (1+y[n])/2))
	}
	c.Segments("", count(v.Count), make([]float64, v.Count), count(v.Count), y).Colour = chart.Faint
	dots := c.Errors("", nil, y, e)
	dots.Colour, dots.Tips, dots.Width = chart.Blue, tips, 7
	c.Alt = fmt.Sprintf("Mean of the %d spins of %s, from %s to %s.", v.Count, v.Name, chart.Number(twoDigits(slices.Min(y))), chart.Number(twoDigits(slices.Max(y))))
	text := "Mean of every spin, with ±2 Monte Carlo standard errors."
	if !errors {
		text += " Nodes without a bar have no standard error: clamped, constant, or too few draws."
	}
	return figure{Title: "Marginals of " + v.Name, Body: c.Inline(), Caption: text}
}

func (p *Page) meanHistogram(v *sampling.Var, label string, lo, hi float64) figure {
	c := &chart.Chart{X: chart.Axis{Label: label}, Y: chart.Axis{Label: "nodes"}}
	var y []float64
	for n := v.First; n < v.First+v.Count; n++ {
		y = append(y, p.Seen.mean(n, v))
	}
	edges := chart.Bins(y)
	edges[0], edges[len(edges)-1] = max(edges[0], lo-1e-9), min(edges[len(edges)-1], hi+1e-9)
	counts := chart.Counts(y, edges)
	s := c.Bars("", edges, counts)
	for i, k := range counts {
		s.Tips = append(s.Tips, fmt.Sprintf("%s to %s: %s", chart.Number(twoDigits(edges[i])), chart.Number(twoDigits(edges[i+1])), plural(int(k), "node")))
	}
	c.Alt = fmt.Sprintf("Histogram of the means of the %s of %s, from %s to %s.", plural(v.Count, "node"), v.Name, chart.Number(twoDigits(slices.Min(y))), chart.Number(twoDigits(slices.Max(y))))
	return figure{Title: "Marginals of " + v.Name, Body: c.Inline(), Caption: fmt.Sprintf("Means of all %s over all draws of all chains.", plural(v.Count, "node"))}
}

// stateColour is that of the maps, as far as the palette goes.
func stateColour(k int) chart.Colour {
	order := []chart.Colour{chart.Blue, chart.Orange, chart.Green, chart.Purple, chart.Sky, chart.Vermilion, chart.Grey}
	return order[k%len(order)]
}

// stateShares is a bar of shares for each node.
func (p *Page) stateShares(v *sampling.Var) figure {
	c := &chart.Chart{Y: chart.Axis{Label: "share of draws", Min: 0, Max: 1},
		X: chart.Axis{Label: nodeLabel(v), Ticks: p.nodeTicks(v), Min: -0.5, Max: float64(v.Count) - 0.5}}
	wide := v.Count*v.States <= 64
	base := make([]float64, v.Count)
	for k := range v.States {
		var x0, x1, y0, y1 []float64
		var tips []string
		for n := range v.Count {
			share := p.Seen.share(v.First+n, v, k)
			if wide { // side by side
				w := 0.8 / float64(v.States)
				left := float64(n) - 0.4 + w*float64(k)
				x0, x1, y0, y1 = append(x0, left), append(x1, left+0.92*w), append(y0, 0), append(y1, share)
			} else {
				x0, x1, y0, y1 = append(x0, float64(n)-0.4), append(x1, float64(n)+0.4), append(y0, base[n]), append(y1, base[n]+share)
				base[n] += share
			}
			tips = append(tips, fmt.Sprintf("%s = %d: %.4f", p.Seen.model.NodeName(v.First+n), k, share))
		}
		s := c.Boxes(strconv.Itoa(k), x0, y0, x1, y1)
		s.Colour, s.Tips = stateColour(k), tips
	}
	c.Alt = fmt.Sprintf("Shares of the %d states of each of the %s of %s.", v.States, plural(v.Count, "node"), v.Name)
	return figure{Title: "Marginals of " + v.Name, Body: c.Inline(), Caption: "Share of each state at every node, over all draws of all chains."}
}

// totalShares is how often each state is taken by all nodes together.
func (p *Page) totalShares(v *sampling.Var) figure {
	c := &chart.Chart{Y: chart.Axis{Label: "share", Min: 0}, X: chart.Axis{Label: "state of " + v.Name, Min: -0.5, Max: float64(v.States) - 0.5}}
	var x0, x1, y []float64
	var tips []string
	for k := range v.States {
		sum := 0.0
		for n := v.First; n < v.First+v.Count; n++ {
			sum += p.Seen.share(n, v, k) / float64(v.Count)
		}
		x0, x1, y = append(x0, float64(k)-0.4), append(x1, float64(k)+0.4), append(y, sum)
		tips = append(tips, fmt.Sprintf("state %d: %.4f", k, sum))
	}
	if v.States <= 12 {
		for k := range v.States {
			c.X.Ticks = append(c.X.Ticks, chart.Tick{At: float64(k), Label: strconv.Itoa(k)})
		}
	}
	c.Y.Max = 1.08 * slices.Max(y)
	s := c.Boxes("", x0, make([]float64, len(y)), x1, y)
	s.Tips, s.Colour = tips, chart.Blue
	c.Alt = fmt.Sprintf("Shares of the %d states of %s, from %.4f to %.4f.", v.States, v.Name, slices.Min(y), slices.Max(y))
	return figure{Title: "Marginals of " + v.Name, Body: c.Inline(), Caption: fmt.Sprintf("Share of each state over all draws and chains%s.", allNodes(v))}
}

func allNodes(v *sampling.Var) string {
	if v.Count == 1 {
		return ""
	}
	return " of all " + plural(v.Count, "node")
}

// A judgedSeries is R-hat and what else is known of a node or one of its states.
type judgedSeries struct {
	name string
	got  stats.SeriesStats
}

// judged looks at every free node, of very many at evenly spaced ones.
func (p *Page) judged() (list []judgedSeries, step int) {
	m := p.Seen.model
	total := 0
	each := func(v *sampling.Var) int { return max(1, counted(v)) }
	for i := range m.Vars {
		total += m.Vars[i].Count * each(&m.Vars[i])
	}
	step = max(1, (total+mostJudged-1)/mostJudged)
	i := 0
	for k := range m.Vars {
		v := &m.Vars[k]
		for n := v.First; n < v.First+v.Count; n++ {
			for state := range each(v) {
				if i++; (i-1)%step != 0 {
					continue
				}
				got, err := p.Nodes.Node(n, state)
				if err != nil || got.RHat.NA == "clamped" {
					continue
				}
				name := m.NodeName(n)
				if counted(v) > 1 {
					name += fmt.Sprintf("=%d", state)
				}
				list = append(list, judgedSeries{name, got})
			}
		}
	}
	return list, step
}

// nodeSection says how far single nodes have converged.
func (p *Page) nodeSection() section {
	s := section{ID: "nodes", Title: "Convergence of single nodes"}
	if p.Nodes == nil || p.Seen == nil || p.Seen.draws < 4 {
		return s
	}
	list, step := p.judged()
	var hats, sizes []float64
	for _, x := range list {
		if x.got.RHat.OK() {
			hats = append(hats, x.got.RHat.V)
		}
		if x.got.ESS.OK() && x.got.ESS.V > 0 {
			sizes = append(sizes, math.Log10(x.got.ESS.V))
		}
	}
	of := fmt.Sprintf("of %s", plural(len(list), "free node"))
	if slices.ContainsFunc(p.Seen.model.Vars, func(v sampling.Var) bool { return counted(&v) > 1 }) {
		of = fmt.Sprintf("of %s (states of a categorical count each)", plural(len(list), "node"))
	}
	if step > 1 {
		of += fmt.Sprintf(", every %dth", step)
	}
	w := p.Report.Worst
	how := fmt.Sprintf("from sums over %d batches of %s", w.Batches, plural(w.Length, "draw"))
	if len(hats) >= fewNodes {
		c := &chart.Chart{X: chart.Axis{Label: "R-hat"}, Y: chart.Axis{Label: "nodes"}}
		c.Histogram("", hats).Colour = chart.Blue
		c.VLine("1.01", 1.01)
		c.Alt = fmt.Sprintf("Histogram of R-hat %s, the largest %s.", of, rHatText(slices.Max(hats)))
		above := 0
		for _, x := range hats {
			if x > 1.01 {
				above++
			}
		}
		s.Figures = append(s.Figures, figure{Title: "R-hat", Body: c.Inline(),
			Caption: fmt.Sprintf("Split R-hat %s, %s: %d above 1.01, the largest %s. 1 means that the chains agree.", of, how, above, rHatText(slices.Max(hats)))})
	}
	if len(sizes) >= fewNodes {
		c := &chart.Chart{X: chart.Axis{Label: "effective sample size", Log: true}, Y: chart.Axis{Label: "nodes"}}
		edges := chart.Bins(sizes)
		counts := chart.Counts(sizes, edges)
		for i := range edges {
			edges[i] = math.Pow(10, edges[i])
		}
		c.Bars("", edges, counts).Colour = chart.Blue
		least := math.Pow(10, slices.Min(sizes))
		c.Alt = fmt.Sprintf("Histogram of the effective sample size %s, the least %.0f.", of, least)
		s.Figures = append(s.Figures, figure{Title: "Effective sample size", Body: c.Inline(),
			Caption: fmt.Sprintf("ESS of the mean %s; the least is %.0f of %s.", of, least, plural(p.Report.Chains*p.Report.Draws, "draw"))})
	}
	s.Table = worstTable(list)
	if w.Still > 0 {
		s.Text = fmt.Sprintf("%s moved in no chain and cannot be judged.", plural(w.Still, "node"))
	}
	return s
}

// worstTable has the nodes of the largest R-hat; in a run of one chain, of the
// least ESS.
func worstTable(list []judgedSeries) *table {
	known := slices.DeleteFunc(slices.Clone(list), func(x judgedSeries) bool { return !x.got.RHat.OK() && x.got.RHat.NA != stats.NAStuck })
	slices.SortStableFunc(known, func(a, b judgedSeries) int { return cmp.Compare(b.got.RHat.V, a.got.RHat.V) })
	if len(known) == 0 {
		known = slices.DeleteFunc(slices.Clone(list), func(x judgedSeries) bool { return !x.got.ESS.OK() })
		slices.SortStableFunc(known, func(a, b judgedSeries) int { return cmp.Compare(a.got.ESS.V, b.got.ESS.V) })
	}
	if len(known) < 2 {
		return nil
	}
	t := &table{Head: []string{"worst nodes", "mean", "MCSE", "sd", "ESS", "R-hat"}}
	for _, x := range known[:min(worstNodes, len(known))] {
		t.Rows = append(t.Rows, []string{x.name, figureText(x.got.Mean, 4), figureText(x.got.MCSE, 4), figureText(x.got.SD, 4), figureText(x.got.ESS, 0), figureText(x.got.RHat, 3)})
	}
	return t
}

// bestSection tells the lowest energy.
func (p *Page) bestSection() section {
	s := section{ID: "best", Title: "Lowest energy"}
	r := p.Report
	t := &table{Head: []string{"", "energy βH", "H", "chain", "after sweep"}}
	beta := p.Meta.Beta
	h := func(e float64) string {
		if beta > 0 {
			return chart.Number(wholeNumber(e / beta))
		}
		return "–"
	}
	if r.BestCut != nil {
		t.Head = append(t.Head, "cut")
	}
	switch {
	case r.Best != nil:
		row := []string{"over all sweeps", minus(strconv.FormatFloat(r.Best.Energy, 'g', 10, 64)), h(r.Best.Energy), strconv.Itoa(r.Best.Chain), strconv.FormatUint(r.Best.Sweep, 10)}
		if r.BestCut != nil {
			row = append(row, minus(strconv.FormatFloat(*r.BestCut, 'g', 10, 64)))
		}
		t.Rows = append(t.Rows, row)
	case p.Seen.energies() != nil:
		t.Head[4] = "draw"
		e, chain, draw := math.Inf(1), 0, 0
		for c, x := range p.Seen.energies() {
			for d, v := range x {
				if v < e {
					e, chain, draw = v, c, d
				}
			}
		}
		row := []string{"among the draws", minus(strconv.FormatFloat(e, 'g', 10, 64)), h(e), strconv.Itoa(chain), strconv.Itoa(draw)}
		if r.BestCut != nil {
			row = append(row, "–")
		}
		t.Rows = append(t.Rows, row)
	default:
		return s
	}
	s.Table, s.Figures = t, p.bestFigures()
	return s
}

// wholeNumber takes back what a division by β did to a whole number.
func wholeNumber(x float64) float64 {
	if n := math.Round(x); math.Abs(x-n) < 1e-9*max(1, math.Abs(x)) {
		return n
	}
	return x
}
