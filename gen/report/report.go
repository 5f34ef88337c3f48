// Package report makes a page from a run: one HTML file that needs no network and
// no JavaScript, light or dark as the reader has it, and that prints.
//
// The figures come from one place however the page is asked for. A Seen watches a
// run, or the replay of a result file, through the same observers that make the
// summary in the terminal:
//
//	run --report        engine ─► observe.Collector (with a Seen) ─► Page ─► Write
//	report result.npz   Result.Replay ─► observe.Collector (with a Seen) ─► Page ─► Write
//
// The same result gives the same bytes; only speeds, which a result file does not
// hold, differ from run to run. A page is smaller than MaxBytes whatever the model:
// long series are thinned by their extremes, large maps are averaged down, and what
// was left out is said under the figure.
//
//	seen.go      what is kept of a run
//	result.go    reading a result file; replay.go: as a run
//	page.go      from figures to sections; table.go: the summary
//	energy.go    trace, histogram, autocorrelation, ranks
//	nodes.go     marginals, maps, R-hat by node
//	training.go    the page of a training run
//	histograms.go  what the model file has counted
//	network.go   the coloured graph; layout.go: where its nodes are
package report

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/templates"
)

// MaxBytes bounds the size of a page.
const MaxBytes = 2 << 20

// A Page is what a report is made from.
type Page struct {
	Report *observe.Report
	Meta   observe.Meta
	Nodes  *observe.NodeBatches // nil: the states are not known
	Seen   *Seen
	Best   []int32      // the best state of all sweeps, a value a node; nil: not kept
	Graph  *graph.Graph // nil: the model was not given

	File    string   // the result file, "" for a run
	Command []string // that gives this result again
	Notes   []string // what cannot be shown, and why
}

// Verdict is that of the summary, one plain sentence.
func (p *Page) Verdict() string {
	if p.Seen == nil && len(p.Report.Rows) == 0 {
		return "The result keeps nothing of its draws: nothing is known of convergence."
	}
	return p.Report.Verdict()
}

// Write writes the page.
func Write(w io.Writer, p *Page) error { return p.content().write(w) }

// content is what the template is filled with.
type content struct {
	Title     string
	Kind      string // of report
	Style     template.CSS
	Verdict   string
	Converged bool
	Facts     []Fact
	Summary   *summaryTable
	Sections  []section
	Command   string
	Again     string // what the command gives
	File      string
	FileIs    string // what it is
	Notes     []string
	Generator string
}

// A Fact is a line of the header.
type Fact struct{ Name, Value, Note string }

// A section has figures under a title.
type section struct {
	ID, Title, Text string
	Figures         []figure
	Table           *table
}

// A figure is a chart with what it shows in words.
type figure struct {
	Title, Caption string
	Body           template.HTML
	Wide           bool
}

// A table has its first column on the left.
type table struct {
	Head []string
	Rows [][]string
}

func (p *Page) content() *content {
	c := &content{
		Title: p.Report.Model, Kind: "sampling report", Style: template.CSS(chart.CSS()), Verdict: p.Verdict(), Converged: strings.HasPrefix(p.Verdict(), "Converged"),
		Facts: p.facts(), Summary: p.summary(), Command: shellLine(p.Command),
		Again: "The same samples, bit for bit, whatever the machine and the number of threads:", File: p.File, FileIs: "This page was made from", Notes: p.Notes, Generator: p.Meta.Generator,
	}
	for _, s := range []section{p.energySection(), p.variableSection(), p.histogramSection(), p.nodeSection(), p.graphSection(), p.bestSection()} {
		if len(s.Figures) > 0 || s.Table != nil || s.Text != "" {
			c.Sections = append(c.Sections, s)
		}
	}
	return c
}

// shellLine is a command line to be copied into a shell.
func shellLine(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = w
		if w == "" || strings.ContainsFunc(w, func(r rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./,:+@%", r)
		}) {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// write fills the template.
func (c *content) write(w io.Writer) error {
	t, err := template.New("report.html.tmpl").ParseFS(templates.FS(), "report.html.tmpl")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, c); err != nil {
		return err
	}
	if b.Len() > MaxBytes {
		return fmt.Errorf("the page would take %d bytes, more than %d", b.Len(), MaxBytes)
	}
	_, err = w.Write(b.Bytes())
	return err
}
