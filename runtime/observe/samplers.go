package observe

import (
	"fmt"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// A SamplerReport says how a sampler that fits steps did for one variable.
type SamplerReport struct {
	Variable   string      `json:"variable"`
	Sampler    string      `json:"sampler"`
	Acceptance stats.Value `json:"acceptance"` // share of the proposals taken after warm-up; of slice none
	Step       stats.Value `json:"step"`       // median over nodes and chains
}

// samplerReports are those of a view.
func samplerReports(v ChainView) []SamplerReport {
	var list []SamplerReport
	m := v.Model()
	for _, x := range stepped(m) {
		r := SamplerReport{Variable: x.Name, Sampler: samplerOf(m, x), Acceptance: stats.Value{NA: "not known"}, Step: stats.Value{NA: "not known"}}
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
	return list
}

// samplerOf is the sampler of a variable that fits steps.
func samplerOf(m *sampling.Model, v *sampling.Var) string {
	for _, super := range m.Sweep {
		for _, b := range super {
			if b.Sampler != "" && slices.ContainsFunc(b.Nodes, func(n int32) bool { return v.First <= int(n) && int(n) < v.First+v.Count }) {
				return b.Sampler
			}
		}
	}
	return ""
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
		text += fmt.Sprintf(", %s %.3g (median)", what, r.Step.V)
	}
	return text
}
