package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// RunDefaults are what a model file asks of a run, beyond its schedule.
type RunDefaults struct {
	Observe Observed `json:"observe"`
	// CutTotal is the sum of all weights of a max-cut model.
	CutTotal *float64 `json:"cut_total"`
}

// Observed says what goes into the result of a run; see observe.Plan.
type Observed struct {
	States        bool    `json:"states"`
	StateNodes    []int32 `json:"state_nodes"` // nil: all
	Energy        bool    `json:"energy"`
	Best          bool    `json:"best"`
	Moments       bool    `json:"moments"`
	Magnetisation bool    `json:"magnetisation"`

	Observables []observe.Observable   `json:"observables,omitempty"`
	Histograms  []observe.Histogram    `json:"histograms,omitempty"`
	RowMeans    []observe.Observable   `json:"row_means,omitempty"`
	Code        []observe.UserObserver `json:"code,omitempty"`
}

// observedWords are the fields of Observed as a model file spells them.
var observedWords = []string{"state", "energy", "best", "moments", "magnetisation"}

// flag is the field of a word, nil if there is none.
func (o *Observed) flag(word string) *bool {
	for i, b := range []*bool{&o.States, &o.Energy, &o.Best, &o.Moments, &o.Magnetisation} {
		if observedWords[i] == word {
			return b
		}
	}
	return nil
}

// words lists what is observed.
func (o *Observed) words() []string {
	words := []string{}
	for _, w := range observedWords {
		if *o.flag(w) {
			words = append(words, w)
		}
	}
	return words
}

// Plan is what a Collector is asked for.
func (o *Observed) Plan() observe.Plan {
	return observe.Plan{States: o.States, StateNodes: o.StateNodes, Energy: o.Energy, Best: o.Best, Moments: o.Moments, Magnetisation: o.Magnetisation,
		Observables: o.Observables, Histograms: o.Histograms, RowMeans: o.RowMeans, Code: slices.Clone(o.Code)}
}

// RunSummary makes the summary of a run as `thrmlgen run` prints it. It is a
// Watcher of the run.
type RunSummary struct {
	CutTotal *float64

	// The lowest H among the draws, for models that do not ask for the best of all
	// sweeps.
	lowest float64
	chain  int
	sweep  uint64
	seen   bool
}

// Observe looks at a draw.
func (s *RunSummary) Observe(f *observe.Frame) error {
	for chain, h := range f.H() {
		if !s.seen || h < s.lowest {
			s.lowest, s.chain, s.sweep, s.seen = h, chain, f.Sweep(), true
		}
	}
	return nil
}

// OnlyEnergies is that of observe.EnergyWatcher.
func (s *RunSummary) OnlyEnergies() {}

// report is the collector's, with the value of the best cut.
func (s *RunSummary) report(c *observe.Collector, m *sampling.Model) *observe.Report {
	r := c.Report()
	if s.CutTotal != nil && r.Best != nil && m.Beta > 0 {
		cut := undivided((*s.CutTotal - r.Best.Energy/m.Beta) / 2)
		r.BestCut = &cut
	}
	return r
}

// undivided takes back what a division by β did to a whole number.
func undivided(x float64) float64 {
	if n := math.Round(x); math.Abs(x-n) < 1e-9*max(1, math.Abs(x)) {
		return n
	}
	return x
}

// JSON is the summary as one object; all adds a row for each node.
func (s *RunSummary) JSON(c *observe.Collector, m *sampling.Model, all bool) ([]byte, error) {
	r := s.report(c, m)
	if r.Best == nil && s.seen {
		r.Best = &observe.BestReport{Energy: float64(m.Beta * s.lowest), Chain: s.chain, Sweep: s.sweep}
	}
	if !all {
		return json.Marshal(r)
	}
	nodes, err := c.Nodes().NodeRows()
	if err != nil {
		return nil, err
	}
	return withNodes(r, nodes)
}

// withNodes adds the rows of the nodes to a summary. The verdict does not look at
// them: of very many nodes some are bad by chance.
func withNodes(r *observe.Report, nodes []stats.Row) ([]byte, error) {
	whole, err := jsonFields(r)
	if err != nil {
		return nil, err
	}
	part, err := jsonFields(&observe.Report{Rows: nodes})
	if err != nil {
		return nil, err
	}
	var rows, more []json.RawMessage
	if err := errors.Join(json.Unmarshal(whole["summary"], &rows), json.Unmarshal(part["summary"], &more)); err != nil {
		return nil, err
	}
	if whole["summary"], err = json.Marshal(append(rows, more...)); err != nil {
		return nil, err
	}
	return json.Marshal(whole)
}

func jsonFields(v any) (map[string]json.RawMessage, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	fields := map[string]json.RawMessage{}
	return fields, json.Unmarshal(b, &fields)
}

// WriteText writes the summary for people; all adds a table of the nodes.
func (s *RunSummary) WriteText(w io.Writer, c *observe.Collector, m *sampling.Model, all bool) error {
	if err := s.report(c, m).WriteText(w); err != nil || !all {
		return err
	}
	nodes, err := c.Nodes().NodeRows()
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n"+nodeTable(nodes))
	return err
}

// nodeTable has a row for each node. What has no figure is a dash.
func nodeTable(nodes []stats.Row) string {
	rows := [][]string{{"node", "mean", "MCSE", "sd", "ESS", "R-hat"}}
	for _, x := range nodes {
		rows = append(rows, []string{x.Name, figureText(x.Mean, 4), figureText(x.MCSE, 4), figureText(x.SD, 4),
			figureText(x.ESSBulk, 0), figureText(x.RHat, 3)})
	}
	width := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		line := ""
		for i, cell := range r {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line = cell + pad
			} else {
				line += "  " + pad + cell
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

func figureText(v stats.Value, decimals int) string {
	if v.NA == stats.NAStuck {
		return "inf"
	}
	if !v.OK() {
		return "–"
	}
	return fmt.Sprintf("%.*f", decimals, v.V)
}
