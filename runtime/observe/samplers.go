package observe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// A SamplerReport says how a sampler other than gibbs did for one variable, or for
// those that move together ("x, y").
type SamplerReport struct {
	Variable   string      `json:"variable"`
	Sampler    string      `json:"sampler"`
	Acceptance stats.Value `json:"acceptance"` // share of the proposals taken after warm-up; none without a Metropolis test
	Step       stats.Value `json:"step"`       // median over nodes and chains
	// Divergences are joint moves that were undone because they left the finite
	// numbers or made a large error in the energy, the first in sweep DivergedAt.
	Divergences uint64 `json:"divergences,omitempty"`
	DivergedAt  uint64 `json:"diverged_at,omitempty"`

	joint, fitted bool
}

// samplerReports are those of a view.
func samplerReports(v ChainView) []SamplerReport {
	var list []SamplerReport
	m := v.Model()
	for i := range m.Vars {
		x, sampler := &m.Vars[i], m.Fits(i)
		if sampler == "" {
			continue
		}
		r := SamplerReport{Variable: x.Name, Sampler: sampler, Acceptance: stats.Value{NA: "not known"}, Step: stats.Value{NA: "not known"}}
		if source, ok := v.(interface {
			Acceptance(name string) (rate float64, proposals uint64)
		}); ok && r.Sampler != "slice" {
			if rate, proposals := source.Acceptance(x.Name); proposals > 0 {
				r.Acceptance = stats.Value{V: rate}
			}
		}
		if source, ok := v.(Stepped); ok {
			var steps []float32
			for n := x.First; n < x.First+x.Count; n++ {
				steps = source.Steps(n, steps)
			}
			steps = slices.DeleteFunc(steps, func(s float32) bool { return s == 0 })
			if slices.Sort(steps); len(steps) > 0 {
				r.Step = stats.Value{V: float64(steps[len(steps)/2])}
			}
		}
		list = append(list, r)
	}
	return append(list, jointReports(v)...)
}

// jointReports is the report of a joint move, if there is one.
func jointReports(v ChainView) []SamplerReport {
	m := v.Model()
	b := m.JointBlock()
	if b == nil {
		return nil
	}
	var names []string
	for i := range m.Vars {
		if x := &m.Vars[i]; b.Holds(x) {
			names = append(names, x.Name)
		}
	}
	r := SamplerReport{Variable: strings.Join(names, ", "), Sampler: b.Sampler, Acceptance: stats.Value{NA: "not known"}, Step: stats.Value{V: b.Joint.StepSize.Value(v.SweepNumber())}, joint: true}
	if step, ok := adaptedSteps(v); ok {
		r.Step, r.fitted = stats.Value{V: step}, true
	}
	source, ok := v.(interface {
		Acceptance(name string) (rate float64, proposals uint64)
		Divergences() (count, first uint64)
	})
	if !ok {
		return []SamplerReport{r}
	}
	if rate, proposals := source.Acceptance(names[0]); proposals > 0 {
		r.Acceptance = stats.Value{V: rate}
	}
	if count, first := source.Divergences(); count > 0 {
		r.Divergences, r.DivergedAt = count, first
	}
	return []SamplerReport{r}
}

// adaptedSteps is the median over chains of the step of a joint move that warm-up
// fitted.
func adaptedSteps(v ChainView) (median float64, ok bool) {
	source, ok := v.(Adapting)
	if !ok || !v.Model().Adapts() {
		return 0, false
	}
	var steps []float32
	for c := range v.Chains() {
		numbers, _ := source.Adapted(c)
		steps = append(steps, numbers[2])
	}
	slices.Sort(steps)
	return float64(steps[len(steps)/2]), true
}

// Shares of proposals taken beyond which a joint move could be much better.
const (
	fewTaken  = 0.2
	nearlyAll = 0.99
)

// descends says whether the sampler is an optimiser.
func (r *SamplerReport) descends() bool {
	return r.joint && (r.Sampler == "gradient" || r.Sampler == "nesterov")
}

// text is a report for people.
func (r *SamplerReport) text() string {
	text := fmt.Sprintf("%s by %s", r.Variable, r.Sampler)
	if r.Acceptance.OK() {
		text += fmt.Sprintf(": %.0f %% of the proposals taken", 100*r.Acceptance.V)
	}
	if r.Step.OK() {
		what := "step"
		if r.Sampler == "slice" {
			what = "width"
		}
		if r.joint && !r.fitted {
			text += fmt.Sprintf(", step %.6g", r.Step.V)
		} else {
			text += fmt.Sprintf(", %s %.3g (median)", what, r.Step.V)
		}
	}
	switch {
	case !r.joint || !r.Acceptance.OK():
	case r.Acceptance.V < fewTaken:
		text += "; so few are taken that chains hardly move: use a smaller step_size, or adapt"
	case r.Acceptance.V > nearlyAll:
		text += "; nearly all are taken: a larger step_size, or adapt, moves farther"
	}
	if r.Divergences > 0 {
		help := "use a smaller step_size"
		if r.fitted {
			help = "adapt to a larger acceptance"
		}
		text += fmt.Sprintf("; %d moves diverged and were undone, the first in sweep %d: %s", r.Divergences, r.DivergedAt, help)
	}
	return text
}
