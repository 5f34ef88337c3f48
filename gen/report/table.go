package report

import (
	"math"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// A summaryTable is the table of the terminal.
type summaryTable struct {
	Head  []string
	Rows  []summaryRow
	Notes []string // what has no figure, and why
}

type summaryRow struct {
	Name, Warn string
	Cells      []summaryCell
}

// A summaryCell is a figure; Note counts from 1 into the notes.
type summaryCell struct {
	Text string
	Note int
	Weak bool // of R-hat and ESS: beyond what the verdict asks for
}

// What the verdict asks of rows; see runtime/observe.
const (
	mostRowRHat = 1.01
	leastRowESS = 400
)

// mostRows bounds the summary.
const mostRows = 200

// summary writes figures as the terminal does, to two digits of their error.
func (p *Page) summary() *summaryTable {
	t := &summaryTable{Head: []string{"", "mean", "MCSE", "sd", "5 %", "50 %", "95 %", "ESS bulk", "ESS tail", "ESS/s", "R-hat"}}
	timed := p.Report.Seconds > 0
	if !timed {
		t.Head = append(t.Head[:9:9], "R-hat")
	}
	for i, x := range p.Report.Rows {
		if i == mostRows {
			t.Notes = append(t.Notes, strconv.Itoa(len(p.Report.Rows)-mostRows)+" more rows are not shown here; run --json gives all")
			break
		}
		place := placeBy(x.MCSE)
		whole := func(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) }
		row := summaryRow{Name: x.Name, Warn: x.Warn}
		add := func(v stats.Value, show func(float64) string, weak bool) {
			row.Cells = append(row.Cells, t.cell(v, show, weak))
		}
		for _, v := range []stats.Value{x.Mean, x.MCSE, x.SD, x.Q5, x.Q50, x.Q95} {
			add(v, place, false)
		}
		add(x.ESSBulk, whole, x.ESSBulk.V < leastRowESS)
		add(x.ESSTail, whole, x.ESSTail.V < leastRowESS)
		if timed {
			add(stats.Value{V: x.ESSBulk.V / p.Report.Seconds, NA: x.ESSBulk.NA}, threeDigits, false)
		}
		add(x.RHat, rHatText, x.RHat.V > mostRowRHat)
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

func (t *summaryTable) cell(v stats.Value, show func(float64) string, weak bool) summaryCell {
	if v.OK() {
		return summaryCell{Text: minus(show(v.V)), Weak: weak}
	}
	for i, n := range t.Notes {
		if n == v.NA {
			return summaryCell{Text: "NA", Note: i + 1}
		}
	}
	t.Notes = append(t.Notes, v.NA)
	return summaryCell{Text: "NA", Note: len(t.Notes)}
}

// placeBy shows a figure to two digits of its standard error.
func placeBy(mcse stats.Value) func(float64) string {
	return func(v float64) string {
		if !mcse.OK() || !(mcse.V > 1e-12) || math.Abs(v) >= 1e12 {
			return strconv.FormatFloat(v, 'g', 6, 64)
		}
		return strconv.FormatFloat(v, 'f', max(0, 1-int(math.Floor(math.Log10(mcse.V)))), 64)
	}
}

func threeDigits(v float64) string {
	if v >= 1000 && v < 1e6 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

func rHatText(x float64) string {
	if x < 10 {
		return strconv.FormatFloat(x, 'f', 3, 64)
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

// minus writes a true minus sign.
func minus(s string) string { return strings.ReplaceAll(s, "-", "−") }

// figureText is a figure with so many decimals, a dash where there is none.
func figureText(v stats.Value, decimals int) string {
	switch {
	case v.NA == stats.NAStuck:
		return "∞"
	case !v.OK():
		return "–"
	}
	return minus(strconv.FormatFloat(v.V, 'f', decimals, 64))
}
