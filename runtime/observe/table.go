package observe

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// WriteText writes the summary for people: a table, notes on what has no figure,
// the worst nodes, the best state, speed, and the verdict.
func (r *Report) WriteText(w io.Writer) error {
	t := &textTable{}
	t.line("%s, %d %s × %d %s, %d sweeps, seed %d", titleOf(r.Model, r.Target),
		r.Chains, plural(r.Chains, "chain"), r.Draws, plural(r.Draws, "draw"), r.Sweeps, r.Seed)
	t.line("")
	t.rows(r.Rows, r.Seconds)
	t.line("")
	r.nodeLines(t)
	r.histogramLines(t)
	if r.Best != nil {
		t.line("best    energy %.10g in chain %d after %d sweeps", r.Best.Energy, r.Best.Chain, r.Best.Sweep)
	}
	if r.BestCut != nil {
		t.line("        cut %.10g", *r.BestCut)
	}
	for i := range r.Samplers {
		t.line("sampler %s", r.Samplers[i].text())
	}
	t.line("speed   %.3g flips in %.3g s, %.3g flips/ns; %s", r.Flips, r.Seconds, r.FlipsPerNS(), r.ErrorText())
	t.line("")
	t.line("%s", r.Verdict())
	_, err := io.WriteString(w, t.text.String())
	return err
}

func titleOf(model, target string) string {
	if target == "" {
		return model
	}
	return model + " on " + target
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

func (r *Report) nodeLines(t *textTable) {
	w := r.Worst
	var parts []string
	if w.RHatAt != "" {
		most := "R-hat at most " + rHatText(w.RHat.V)
		if math.IsInf(w.RHat.V, 1) {
			most = "R-hat infinite"
		}
		parts = append(parts, fmt.Sprintf("%s (%s)", most, w.RHatAt))
	}
	if w.ESSAt != "" {
		parts = append(parts, fmt.Sprintf("ESS at least %.0f (%s)", w.ESS.V, w.ESSAt))
	}
	if len(parts) == 0 {
		t.line("nodes   no R-hat, no ESS: %s", w.RHat.NA)
	} else {
		how := fmt.Sprintf("from sums over %d batches of %d %s", w.Batches, w.Length, plural(w.Length, "draw"))
		if w.Chains < r.Chains {
			how += fmt.Sprintf(", %d chains watched", w.Chains)
		}
		t.line("nodes   %s; %s", strings.Join(parts, ", "), how)
	}
	if w.Still > 0 {
		t.line("        %d free %s moved in no chain", w.Still, plural(w.Still, "node"))
	}
}

// histogramLines draw the histograms of continuous variables; the shares of other
// values are rows of the table.
func (r *Report) histogramLines(t *textTable) {
	for _, h := range r.Histograms {
		if h.Edges == nil {
			continue
		}
		line := fmt.Sprintf("values  %s: %.4g %s %.4g", h.Name, h.Edges[0], bars(h.Counts), h.Edges[len(h.Edges)-1])
		if h.Under > 0 || h.Over > 0 {
			line += fmt.Sprintf(", %d under, %d over", h.Under, h.Over)
		}
		t.line("%s", line)
	}
}

// mostBars is how many bars of a histogram stand in a line.
const mostBars = 50

// bars shows counts by blocks of eight heights; of many, sums over neighbours.
func bars(counts []int64) string {
	each := (len(counts) + mostBars - 1) / mostBars
	var sums []int64
	for i, n := range counts {
		if i%each == 0 {
			sums = append(sums, 0)
		}
		sums[i/each] += n
	}
	most := max(slices.Max(sums), 1)
	var b strings.Builder
	for _, n := range sums {
		if n == 0 {
			b.WriteByte(' ')
			continue
		}
		b.WriteRune('▁' + rune(min(7, 8*float64(n)/float64(most))))
	}
	return b.String()
}

// A textTable collects lines.
type textTable struct {
	text  strings.Builder
	notes []string // of figures that are not there
}

func (t *textTable) line(format string, args ...any) {
	fmt.Fprintf(&t.text, format, args...)
	t.text.WriteByte('\n')
}

// rows writes the table, columns aligned, and its notes.
func (t *textTable) rows(rows []stats.Row, seconds float64) {
	table := [][]string{{"", "mean", "MCSE", "sd", "5 %", "50 %", "95 %", "ESS bulk", "ESS tail", "ESS/s", "R-hat"}}
	for _, x := range rows {
		table = append(table, t.cells(x, seconds))
	}
	width := make([]int, len(table[0]))
	for _, cells := range table {
		for i, c := range cells {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for _, cells := range table {
		var b strings.Builder
		for i, c := range cells {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i == 0 {
				b.WriteString(c + pad)
			} else {
				b.WriteString("  " + pad + c)
			}
		}
		t.line("%s", strings.TrimRight(b.String(), " "))
	}
	for i, n := range t.notes {
		t.line("[%d] %s", i+1, n)
	}
}

func (t *textTable) cells(x stats.Row, seconds float64) []string {
	decimals := decimalsOf(x.MCSE)
	place := func(v float64) string {
		if decimals < 0 || math.Abs(v) >= 1e12 {
			return strconv.FormatFloat(v, 'g', 6, 64)
		}
		return strconv.FormatFloat(v, 'f', decimals, 64)
	}
	whole := func(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) }
	name := x.Name
	if x.Warn != "" {
		name += " " + t.note(x.Warn)
	}
	perSecond := x.ESSBulk
	perSecond.V /= seconds
	if perSecond.OK() && seconds <= 0 {
		perSecond.NA = "no time passed"
	}
	return []string{name,
		t.cell(x.Mean, place), t.cell(x.MCSE, place), t.cell(x.SD, place),
		t.cell(x.Q5, place), t.cell(x.Q50, place), t.cell(x.Q95, place),
		t.cell(x.ESSBulk, whole), t.cell(x.ESSTail, whole), t.cell(perSecond, threeDigits), t.cell(x.RHat, rHatText),
	}
}

// threeDigits rounds to three digits and writes no exponent below a million.
func threeDigits(v float64) string {
	if v >= 1000 && v < 1e6 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// decimalsOf is how many decimals show a figure to two digits of its standard
// error, -1 where there is none to go by.
func decimalsOf(mcse stats.Value) int {
	if !mcse.OK() || !(mcse.V > 0) || mcse.V < 1e-12 {
		return -1
	}
	return max(0, 1-int(math.Floor(math.Log10(mcse.V))))
}

// cell is a figure, or NA with a note that says why.
func (t *textTable) cell(v stats.Value, show func(float64) string) string {
	if v.OK() {
		return show(v.V)
	}
	return "NA " + t.note(v.NA)
}

// note is the mark of a note; equal notes share one.
func (t *textTable) note(text string) string {
	for i, n := range t.notes {
		if n == text {
			return fmt.Sprintf("[%d]", i+1)
		}
	}
	t.notes = append(t.notes, text)
	return fmt.Sprintf("[%d]", len(t.notes))
}
