package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

const (
	// mostLines is how many chains are drawn each in a colour.
	mostLines = 7
	// traceColumns is the resolution of traces.
	traceColumns = 240
	// mostChains is how many chains the rank plot shows.
	mostChains = 256
)

// energies are those by chain, nil where they are not known.
func (s *Seen) energies() [][]float64 {
	if s == nil || len(s.energy) == 0 || len(s.energy[0]) == 0 {
		return nil
	}
	for _, chain := range s.energy {
		for _, e := range chain {
			if math.IsNaN(e) || math.IsInf(e, 0) {
				return nil
			}
		}
	}
	return s.energy
}

func (p *Page) energySection() section {
	s := section{ID: "energy", Title: "Energy"}
	x := p.Seen.energies()
	if x == nil {
		return s
	}
	draws := len(x[0])
	if len(p.Seen.warm) > 1 {
		s.Figures = append(s.Figures, p.warmFigure())
	}
	if draws > 1 {
		s.Figures = append(s.Figures, traceFigure(x))
	}
	s.Figures = append(s.Figures, histogramFigure(x))
	if draws >= 8 {
		if f, ok := autocorrelationFigure(x); ok {
			s.Figures = append(s.Figures, f)
		}
		if len(x) > 1 {
			if f, ok := rankFigure(x); ok {
				s.Figures = append(s.Figures, f)
			}
		}
	}
	return s
}

const energyLabel = "energy βH"

// traceFigure shows every chain, or of many their envelope and the extreme ones.
func traceFigure(x [][]float64) figure {
	lo, hi := rangeOf(x)
	c := &chart.Chart{X: chart.Axis{Label: "draw"}, Y: chart.Axis{Label: energyLabel}}
	c.Alt = fmt.Sprintf("Energy at each of %s of %s; it lies between %s and %s.", plural(len(x[0]), "draw"), plural(len(x), "chain"), chart.Number(lo), chart.Number(hi))
	f := figure{Title: "Trace"}
	thinned := ""
	if len(x[0]) > 2*traceColumns {
		thinned = fmt.Sprintf(" Of each run of %d draws the lowest and the highest are drawn, so that no excursion is hidden.", (len(x[0])+traceColumns-1)/traceColumns)
	}
	if len(x) <= mostLines {
		for i, chain := range x {
			at, y := chart.Thin(chain, traceColumns)
			l := c.Line(fmt.Sprintf("chain %d", i), at, y)
			l.Alpha, l.Width = 0.85, 1.2
		}
		f.Caption = "Energy at every draw." + thinned + " Chains that agree overlap, and show no trend."
	} else {
		at, band := envelope(x)
		c.Band("lowest to highest", at, band[0], band[4]).Colour = chart.Sky
		inner := c.Band("5 % to 95 % of the chains", at, band[1], band[3])
		inner.Colour, inner.Alpha = chart.Blue, 0.4
		median := c.Line("median", at, band[2])
		median.Colour = chart.Blue
		first, last := extremeChains(x)
		for i, chain := range []int{first, last} {
			ax, y := chart.Thin(x[chain], traceColumns)
			l := c.Line(fmt.Sprintf("chain %d, %s mean", chain, []string{"lowest", "highest"}[i]), ax, y)
			l.Colour, l.Alpha, l.Width = []chart.Colour{chart.Green, chart.Vermilion}[i], 0.8, 1
		}
		f.Caption = fmt.Sprintf("All %d chains as bands at every draw, and the chains whose mean energy is lowest and highest.", len(x)) + thinned
	}
	f.Body = c.Inline()
	return f
}

func rangeOf(x [][]float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, chain := range x {
		lo, hi = min(lo, slices.Min(chain)), max(hi, slices.Max(chain))
	}
	return lo, hi
}

// envelope is, in runs of draws, the least and the largest value of all chains, and
// between them the 5, 50 and 95 % quantiles of the run.
func envelope(x [][]float64) (at []float64, band [5][]float64) {
	draws := len(x[0])
	columns := min(draws, traceColumns)
	var all []float64
	for k := range columns {
		from, to := k*draws/columns, (k+1)*draws/columns
		all = all[:0]
		for _, chain := range x {
			all = append(all, chain[from:to]...)
		}
		slices.Sort(all)
		at = append(at, float64(from+to-1)/2)
		for i, q := range []float64{0, 0.05, 0.5, 0.95, 1} {
			band[i] = append(band[i], all[int(math.Round(q*float64(len(all)-1)))])
		}
	}
	return at, band
}

// extremeChains have the lowest and the highest mean.
func extremeChains(x [][]float64) (lowest, highest int) {
	means := make([]float64, len(x))
	for i, chain := range x {
		for _, e := range chain {
			means[i] += e / float64(len(chain))
		}
	}
	for i, m := range means {
		if m < means[lowest] {
			lowest = i
		}
		if m > means[highest] {
			highest = i
		}
	}
	return lowest, highest
}

func histogramFigure(x [][]float64) figure {
	all := slices.Concat(x...)
	edges := chart.Bins(all)
	counts := chart.Counts(all, edges)
	c := &chart.Chart{X: chart.Axis{Label: energyLabel}, Y: chart.Axis{Label: "draws"}}
	s := c.Bars("", edges, counts)
	for i, n := range counts {
		s.Tips = append(s.Tips, fmt.Sprintf("%s to %s: %s", chart.Number(edges[i]), chart.Number(edges[i+1]), plural(int(n), "draw")))
	}
	mean := 0.0
	for _, e := range all {
		mean += e / float64(len(all))
	}
	c.VLine("mean "+chart.Number(mean), mean)
	lo, hi := rangeOf(x)
	c.Alt = fmt.Sprintf("Histogram of the energy of %s: from %s to %s, mean %s.", plural(len(all), "draw"), chart.Number(lo), chart.Number(hi), chart.Number(mean))
	return figure{Title: "Distribution", Body: c.Inline(),
		Caption: fmt.Sprintf("Energies of all %s of all chains, in bins of %s.", plural(len(all), "draw"), chart.Number(twoDigits(edges[1]-edges[0])))}
}

// autocorrelation is ρ_t = 1 − (W − s_t)/var⁺ over all chains, W the mean variance
// within a chain, s_t the mean autocovariance at lag t, var⁺ with the variance
// between chains: what effective sample sizes are computed from.
func autocorrelation(x [][]float64) []float64 {
	n := float64(len(x[0]))
	acov := make([]float64, len(x[0]))
	means := make([]float64, len(x))
	for c, chain := range x {
		for t, v := range stats.Autocov(chain) {
			acov[t] += v / float64(len(x))
		}
		for _, e := range chain {
			means[c] += e / n
		}
	}
	within := acov[0] * n / (n - 1)
	plus := acov[0]
	if len(x) > 1 {
		sd := stats.SD(transposed(means))
		plus += sd.V * sd.V
	}
	if !(plus > 0) {
		return nil
	}
	rho := make([]float64, len(acov))
	for t := range rho {
		rho[t] = 1 - (within-acov[t])/plus
	}
	rho[0] = 1
	return rho
}

func transposed(v []float64) [][]float64 { return [][]float64{v} }

func autocorrelationFigure(x [][]float64) (figure, bool) {
	rho := autocorrelation(x)
	ess := stats.ESSMean(x)
	if rho == nil || !ess.OK() || !(ess.V > 0) {
		return figure{}, false
	}
	total := float64(len(x) * len(x[0]))
	tau := total / ess.V
	lags := int(min(float64(len(rho)-1), max(20, math.Ceil(6*tau)), 2000))
	rho = rho[:lags+1]
	c := &chart.Chart{X: chart.Axis{Label: "lag, draws"}, Y: chart.Axis{Label: "autocorrelation"}}
	if lags <= 80 {
		at, zero := count(lags+1), make([]float64, lags+1)
		needles := c.Segments("", at, zero, at, rho)
		needles.Colour, needles.Width = chart.Blue, 2
		c.Scatter("", at, rho).Colour = chart.Blue
	} else {
		at, y := chart.Thin(rho, 300)
		c.Line("", at, y).Colour = chart.Blue
	}
	noise := 2 / math.Sqrt(total)
	band := c.Band("±2 standard errors of independent draws", []float64{0, float64(lags)}, []float64{-noise, -noise}, []float64{noise, noise})
	band.Colour = chart.Grey
	c.Alt = fmt.Sprintf("Autocorrelation of the energy up to lag %d: %s at lag 1; one draw in %s counts.", lags, chart.Number(twoDigits(rho[min(1, lags)])), chart.Number(twoDigits(tau)))
	text := fmt.Sprintf("ESS of the mean %.0f of %s: τ = %s draws", ess.V, plural(int(total), "draw"), strconv.FormatFloat(tau, 'g', 3, 64))
	if tau < 1 {
		text += " (below 1: neighbouring draws lie on opposite sides of the mean)"
	}
	return figure{Title: "Autocorrelation", Body: c.Inline(), Caption: text + ". The mean over chains, with what they differ by counted as correlation."}, true
}

func count(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(i)
	}
	return v
}

// rankFigure compares the energies of every chain with those of all: of each chain
// F_c − F, its empirical distribution function less that of all draws, by F. The
// band holds all chains of equal law with a probability of at least 95 % (the bound
// of Dvoretzky, Kiefer, Wolfowitz and Massart, at the effective number of draws
// within a chain, for every chain at once).
func rankFigure(x [][]float64) (figure, bool) {
	step := (len(x) + mostChains - 1) / mostChains
	perChain, ok := chainESS(x, step)
	if !ok {
		return figure{}, false
	}
	all := slices.Concat(x...)
	slices.Sort(all)
	grid := rankGrid(all)
	c := &chart.Chart{X: chart.Axis{Label: "share of all draws with lower or equal energy", Min: 0, Max: 1}, Y: chart.Axis{Label: "the chain's share less that of all"}}
	limit := math.Sqrt(math.Log(2*float64(len(x))/0.05) / (2 * perChain))
	telling := limit < 0.5 // a curve is between −1 and 1
	if telling {
		band := c.Band("95 % band for chains that agree", []float64{0, 1}, []float64{-limit, -limit}, []float64{limit, limit})
		band.Colour, band.Alpha = chart.Grey, 0.15
	}
	outside := 0
	var named []func()
	for i := 0; i < len(x); i += step {
		at, diff, worst := rankCurve(x[i], all, grid)
		out := telling && worst > limit
		if out {
			outside++
		}
		switch {
		case len(x) <= mostLines:
			c.Line(fmt.Sprintf("chain %d", i), at, diff).Colour = chart.Blue + chart.Colour(i)
		case out && len(named) < 4:
			named = append(named, func() {
				l := c.Line(fmt.Sprintf("chain %d", i), at, diff)
				l.Colour, l.Tip = chart.Vermilion, l.Name
			})
		default:
			l := c.Line("", at, diff)
			l.Colour, l.Alpha, l.Width = chart.Blue, 0.35, 1
			l.Tip = fmt.Sprintf("chain %d", i)
		}
	}
	for _, draw := range named {
		draw()
	}
	shown := (len(x) + step - 1) / step
	text := fmt.Sprintf("Ranks of the energy by chain: %d of %s leave the band.", outside, plural(shown, "chain"))
	if step > 1 {
		text = fmt.Sprintf("Ranks of the energy by chain, every %dth of %d: %d of %d leave the band.", step, len(x), outside, shown)
	}
	if !telling {
		text = fmt.Sprintf("Ranks of the energy by chain. A chain is worth about %s by itself: too few to say which chains differ by more than chance.", plural(int(perChain), "independent draw"))
	}
	c.Alt = text
	return figure{Title: "Do the chains agree?", Body: c.Inline(),
		Caption: text + " A chain above zero has more low energies than all chains together, one that arches has fewer extreme ones."}, true
}

// chainESS is the median over chains, every step-th of them, of the effective
// sample size of a chain by itself: chains that disagree do not widen the band.
func chainESS(x [][]float64, step int) (float64, bool) {
	var sizes []float64
	for i := 0; i < len(x); i += step {
		if ess := stats.ESSBulk(x[i : i+1]); ess.OK() {
			sizes = append(sizes, min(ess.V, float64(len(x[i]))))
		}
	}
	if len(sizes) == 0 {
		return 0, false
	}
	slices.Sort(sizes)
	return max(1, sizes[len(sizes)/2]), true
}

// rankGrid is distinct energies at about equal steps of rank.
func rankGrid(sorted []float64) []float64 {
	const steps = 60
	var grid []float64
	for k := range steps {
		v := sorted[k*len(sorted)/steps]
		if len(grid) == 0 || v > grid[len(grid)-1] {
			grid = append(grid, v)
		}
	}
	return grid
}

func rankCurve(chain, all, grid []float64) (at, diff []float64, worst float64) {
	own := slices.Sorted(slices.Values(chain))
	at, diff = []float64{0}, []float64{0}
	for _, v := range grid {
		f := shareUpTo(all, v)
		d := shareUpTo(own, v) - f
		worst = max(worst, math.Abs(d))
		at, diff = append(at, f), append(diff, d)
	}
	return append(at, 1), append(diff, 0), worst
}

// shareUpTo is the share of sorted values that are not above v.
func shareUpTo(sorted []float64, v float64) float64 {
	n, _ := slices.BinarySearchFunc(sorted, v, func(x, v float64) int {
		if x <= v {
			return -1
		}
		return 1
	})
	return float64(n) / float64(len(sorted))
}

// warmFigure shows how the chains came to the law, or down to low energies.
func (p *Page) warmFigure() figure {
	var at, lo, median, hi []float64
	for _, w := range p.Seen.warm {
		at, lo, median, hi = append(at, float64(w.sweep)), append(lo, w.lo), append(median, w.median), append(hi, w.hi)
	}
	c := &chart.Chart{X: chart.Axis{Label: "sweep"}, Y: chart.Axis{Label: "H, without β"}}
	if p.Report.Chains > 1 {
		c.Band("lowest to highest chain", at, lo, hi).Colour = chart.Sky
		c.Line("median", at, median).Colour = chart.Blue
	} else {
		c.Line("", at, median).Colour = chart.Blue
	}
	last := len(at) - 1
	c.Alt = fmt.Sprintf("H in the warm-up: the median chain goes from %s to %s in %.0f sweeps.", chart.Number(median[0]), chart.Number(median[last]), at[last])
	title, text := "Warm-up", fmt.Sprintf("H of all chains at %d sweeps of the warm-up.", len(at))
	if b := p.Meta.Betas; len(b) > 0 {
		title = "Annealing"
		text = fmt.Sprintf("H of all chains at %d sweeps, while β goes from %s to %s.", len(at), chart.Number(b[0]), chart.Number(b[len(b)-1]))
	}
	return figure{Title: title, Body: c.Inline(), Caption: text}
}
