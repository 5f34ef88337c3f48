package cli

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
)

// keptRows is what a device keeps of chains beside states: steps, velocities, counts of moves.
type keptRows struct {
	*device.Kept
	p       *ir.Program
	clamped map[int]bool
	words   [][]uint32 // by chain, as they were read last
	sweeps  uint64     // after warm-up, since then
	moved   device.Moved
}

// newKeptRows is nil for a program without any.
func newKeptRows(p *ir.Program, view *observe.ChainStates) *keptRows {
	k := &keptRows{Kept: device.KeptOf(view.Model()), p: p, clamped: make(map[int]bool)}
	for _, c := range p.Clamps {
		for _, n := range c.Nodes {
			k.clamped[int(n)] = true
		}
	}
	if len(k.Start) == 0 {
		return nil
	}
	return k
}

// read brings the view of an engine up to the device.
func (k *keptRows) read(d kernels, view *observe.ChainStates) error {
	words, err := d.Kept(len(k.Start))
	if err != nil {
		return err
	}
	for c := range k.words {
		k.Count(view.Model(), &k.moved, k.words[c], words[c], k.sweeps, func(n int) bool { return k.clamped[n] })
	}
	k.words, k.sweeps = words, 0
	view.StepSizes, view.Fitted = nil, nil
	for _, w := range words {
		steps := make([]float32, k.p.Nodes)
		for n := range steps {
			steps[n] = k.Step(w, n)
		}
		view.StepSizes = append(view.StepSizes, steps)
		if k.Fit >= 0 {
			view.Fitted = append(view.Fitted, k.Fitted(w))
		}
	}
	return nil
}

// swept counts sweeps from a number on.
func (k *keptRows) swept(from uint64, n int) {
	if end, warm := from+uint64(n), uint64(k.p.Sample.Warmup); end > warm {
		k.sweeps += end - max(from, warm)
	}
}

// restore puts steps and velocities of a file into the device.
func (k *keptRows) restore(d kernels, s *observe.SavedState, view *observe.ChainStates) error {
	k.words = nil
	for range s.Meta.Chains {
		k.words = append(k.words, slices.Clone(k.Start))
	}
	s.RestoreSteps(view.Model(), k)
	return d.Keep(k.words, uint64(k.p.Sample.Warmup))
}

// SetStep is that of observe.Engine.
func (k *keptRows) SetStep(chain, node int, step float32) { k.Kept.SetStep(k.words[chain], node, step) }

// SetAdapted is that of observe.Engine.
func (k *keptRows) SetAdapted(chain int, numbers [3]float32) { k.SetFitted(k.words[chain], numbers) }

// Acceptance is that of sampling.Sampler.
func (e *deviceEngine) Acceptance(name string) (rate float64, proposals uint64) {
	i := slices.IndexFunc(e.model.Program.Vars, func(v ir.Var) bool { return v.Name == name })
	if e.kept == nil || i < 0 || e.kept.moved.Tried == nil || e.kept.moved.Tried[i] == 0 {
		return math.NaN(), 0
	}
	m := &e.kept.moved
	return float64(m.Taken[i]) / float64(m.Tried[i]), m.Tried[i]
}

// Divergences is that of sampling.Sampler.
func (e *deviceEngine) Divergences() (count, first uint64) {
	if e.kept == nil {
		return 0, math.MaxUint64
	}
	return e.kept.moved.Diverged, e.kept.moved.DivergedAt
}
