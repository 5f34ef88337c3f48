package compile

import "github.com/thrmlgen/thrmlgen/gen/ir"

// Defaults is what a binary does unless its flags say otherwise: the model file's
// schedule, and what it observes. templates/main.go.tmpl reads it.
type Defaults struct {
	Chains         int    `json:"chains"`
	Warmup         int    `json:"warmup"`
	Samples        int    `json:"samples"`
	StepsPerSample int    `json:"steps_per_sample"`
	Seed           uint64 `json:"seed"`

	Observe  Observe  `json:"observe"`
	CutTotal *float64 `json:"cut_total"` // of a max-cut model: the sum of all weights
}

// Observe says what goes into the result file; see observe.Plan.
type Observe struct {
	States        bool    `json:"states"`
	StateNodes    []int32 `json:"state_nodes"` // nil: all
	Energy        bool    `json:"energy"`
	Best          bool    `json:"best"`
	Moments       bool    `json:"moments"`
	Magnetisation bool    `json:"magnetisation"`
}

// DefaultsOf is the schedule of a program, observing states and energies.
func DefaultsOf(p *ir.Program) Defaults {
	return Defaults{
		Chains: p.Sample.Chains, Warmup: p.Sample.Warmup, Samples: p.Sample.Samples,
		StepsPerSample: p.Sample.StepsPerSample, Seed: p.Sample.Seed,
		Observe: Observe{States: true, Energy: true},
	}
}
