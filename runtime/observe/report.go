package observe

import (
	"encoding/json"
	"fmt"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// A Report is the summary of a run.
type Report struct {
	Model, Hash, Target string
	Seed                uint64
	Chains              int
	Draws, Planned      int    // draws a chain
	Interrupted         bool   // by the user
	Sweeps              uint64 // of this run
	Flips               float64
	Seconds             float64
	// MaxProbabilityError bounds the error of any conditional probability of the nodes
	// that are updated in integers. FloatNodes are updated in float32.
	MaxProbabilityError float64
	FloatNodes          int

	Samplers []SamplerReport // of variables that gibbs does not draw

	Rows  []stats.Row
	Worst WorstNodes

	Histograms []HistogramReport
	Best       *BestReport // nil: not observed
	// BestCut is the value of the best cut, set by who knows that the model is one.
	BestCut *float64
}

// A BestReport is the lowest energy βH of a run, and where it was found.
type BestReport struct {
	Energy float64 `json:"energy"`
	Chain  int     `json:"chain"`
	Sweep  uint64  `json:"sweep"` // sweeps done: 0 is the initial state
}

// Report sums up what was seen, of an interrupted run up to its end.
func (c *Collector) Report() *Report {
	m := c.view.Model()
	r := &Report{
		Model: m.Name, Hash: m.Hash, Target: c.plan.Target, Seed: c.view.Seed(), Chains: c.view.Chains(),
		Draws: c.draws, Planned: c.schedule.Samples, Interrupted: c.Interrupted(),
		Sweeps: c.sweeps, Seconds: c.seconds, MaxProbabilityError: m.Format.Bound, FloatNodes: floatNodesOf(m),
		Flips: float64(c.sweeps) * float64(freeNodes(m)) * float64(c.view.Chains()),
		Worst: c.nodes.Worst(), Samplers: samplerReports(c.view),
	}
	for _, w := range c.watchers {
		if rows, ok := w.(RowWriter); ok {
			r.Rows = append(r.Rows, rows.Rows()...)
		}
	}
	for _, h := range c.counts {
		r.Histograms = append(r.Histograms, h.Report())
	}
	if c.best != nil {
		if energy, chain, sweep := c.best.Lowest(); chain >= 0 {
			r.Best = &BestReport{energy, chain, sweep}
		}
	}
	return r
}

// freeNodes is the number of nodes that a sweep updates.
func freeNodes(m *sampling.Model) int {
	return countFree(m, func(*sampling.Block) bool { return true })
}

// floatNodesOf is the number of those that are updated in float32.
func floatNodesOf(m *sampling.Model) int {
	return countFree(m, func(b *sampling.Block) bool { return b.Float })
}

// countFree counts the nodes of some blocks that are not clamped.
func countFree(m *sampling.Model, counted func(*sampling.Block) bool) int {
	free := 0
	clamped := clampedNodes(m)
	for _, blocks := range m.Sweep {
		for i := range blocks {
			if !counted(&blocks[i]) {
				continue
			}
			for _, n := range blocks[i].Nodes {
				if !clamped[n] {
					free++
				}
			}
		}
	}
	return free
}

// ErrorText says how exact the updates are.
func (r *Report) ErrorText() string {
	const float = "updates are in float32"
	switch {
	case r.FloatNodes == 0:
		return fmt.Sprintf("error of any probability at most %.2g", r.MaxProbabilityError)
	case r.MaxProbabilityError == 0: // no node is updated in integers
		return float
	}
	return fmt.Sprintf("error of any probability at most %.2g where neighbours are discrete, other %s", r.MaxProbabilityError, float)
}

// FlipsPerNS is the number of node updates a nanosecond, observation included.
func (r *Report) FlipsPerNS() float64 {
	if r.Seconds <= 0 {
		return 0
	}
	return r.Flips / r.Seconds / 1e9
}

// jsonReport is a Report as `run --json` gives it.
type jsonReport struct {
	Model               string            `json:"model"`
	Hash                string            `json:"hash"`
	Target              string            `json:"target"`
	Seed                uint64            `json:"seed"`
	Chains              int               `json:"chains"`
	Draws               int               `json:"draws"`
	Sweeps              uint64            `json:"sweeps"`
	Flips               float64           `json:"flips"`
	Seconds             float64           `json:"seconds"`
	FlipsPerNS          float64           `json:"flips_per_ns"`
	MaxProbabilityError float64           `json:"max_probability_error"`
	FloatNodes          int               `json:"float_nodes,omitempty"`
	Summary             []jsonRow         `json:"summary"`
	Histograms          []HistogramReport `json:"histograms,omitempty"`
	Nodes               jsonNodes         `json:"nodes"`
	Samplers            []SamplerReport   `json:"samplers,omitempty"`
	Best                *BestReport       `json:"best"`
	BestCut             *float64          `json:"best_cut,omitempty"`
	Interrupted         bool              `json:"interrupted"`
	Converged           bool              `json:"converged"`
	Verdict             string            `json:"verdict"`
}

type jsonRow struct {
	Name    string      `json:"name"`
	Mean    stats.Value `json:"mean"`
	SD      stats.Value `json:"sd"`
	MCSE    stats.Value `json:"mcse"`
	Q5      stats.Value `json:"q5"`
	Q50     stats.Value `json:"q50"`
	Q95     stats.Value `json:"q95"`
	ESSBulk stats.Value `json:"ess_bulk"`
	ESSTail stats.Value `json:"ess_tail"`
	RHat    stats.Value `json:"r_hat"`
	Warning string      `json:"warning,omitempty"`
}

// jsonNodes are the worst nodes.
type jsonNodes struct {
	RHat   stats.Value `json:"r_hat"`
	RHatAt string      `json:"r_hat_at"`
	ESS    stats.Value `json:"ess"`
	ESSAt  string      `json:"ess_at"`
	Still  int         `json:"still"`
	Chains int         `json:"chains"`
}

// MarshalJSON gives {model, hash, target, seed, chains, draws, sweeps, flips,
// seconds, flips_per_ns, max_probability_error, summary, nodes, best, …}. A figure
// that has no meaning is null.
func (r *Report) MarshalJSON() ([]byte, error) {
	sentence, converged := r.judge()
	out := jsonReport{
		Model: r.Model, Hash: r.Hash, Target: r.Target, Seed: r.Seed, Chains: r.Chains, Draws: r.Draws,
		Sweeps: r.Sweeps, Flips: r.Flips, Seconds: r.Seconds, FlipsPerNS: r.FlipsPerNS(),
		MaxProbabilityError: r.MaxProbabilityError, FloatNodes: r.FloatNodes,
		Summary: []jsonRow{}, Histograms: r.Histograms,
		Nodes:    jsonNodes{r.Worst.RHat, r.Worst.RHatAt, r.Worst.ESS, r.Worst.ESSAt, r.Worst.Still, r.Worst.Chains},
		Samplers: r.Samplers, Best: r.Best, BestCut: r.BestCut,
		Interrupted: r.Interrupted, Converged: converged, Verdict: sentence,
	}
	for _, x := range r.Rows {
		out.Summary = append(out.Summary, jsonRow{x.Name, x.Mean, x.SD, x.MCSE, x.Q5, x.Q50, x.Q95, x.ESSBulk, x.ESSTail, x.RHat, x.Warn})
	}
	return json.Marshal(out)
}
