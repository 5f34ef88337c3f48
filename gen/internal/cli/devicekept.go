package cli

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/targets/cuda"
)

// keptRows is what a device keeps of chains beside states: steps, velocities, counts of moves.
type keptRows struct {
	*cuda.Kept
	p     *ir.Program
	words [][]uint32 // by chain, as they were read last

	sweeps            uint64   // after warm-up
	taken             []uint64 // by variable: proposals taken in these
	diverged, firstAt uint64
}

// newKeptRows is nil for a program without any.
func newKeptRows(p *ir.Program) *keptRows {
	k := &keptRows{Kept: cuda.KeptOf(p), p: p, taken: make([]uint64, len(p.Vars)), firstAt: math.MaxUint64}
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
	if k.words != nil {
		k.count(words)
	}
	k.words = words
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

// count adds what has been counted since words were read last.
func (k *keptRows) count(words [][]uint32) {
	for c, w := range words {
		grown := func(row int) uint64 { return uint64(w[row] - k.words[c][row]) }
		for i, v := range k.p.Vars {
			for n := v.First; n < v.First+v.Count; n++ {
				if row := k.Taken[n]; row >= 0 {
					k.taken[i] += grown(row)
				}
			}
		}
		if k.Moves < 0 {
			continue
		}
		k.taken[k.mover()] += grown(k.Moves + cuda.MovesTaken)
		if n := grown(k.Moves + cuda.MovesDiverged); n > 0 {
			k.diverged += n
			at := k.Moves + cuda.MovesDivergeAt
			k.firstAt = min(k.firstAt, uint64(w[at+1])<<32|uint64(w[at]))
		}
	}
}

// mover is the variable of the first node that moves with others.
func (k *keptRows) mover() int {
	b := &k.p.Sweep[len(k.p.Sweep)-1][0]
	return slices.IndexFunc(k.p.Vars, func(v ir.Var) bool { return int(b.Nodes[0]) < v.First+v.Count })
}

// swept counts sweeps from a number on.
func (k *keptRows) swept(from uint64, n int) {
	if end, warm := from+uint64(n), uint64(k.p.Sample.Warmup); end > warm {
		k.sweeps += end - max(from, warm)
	}
}

// proposals is how many a chain has made for a variable since warm-up.
func (k *keptRows) proposals(variable int) (n uint64) {
	clamped := make(map[int32]bool)
	for _, c := range k.p.Clamps {
		for _, node := range c.Nodes {
			clamped[node] = true
		}
	}
	v := k.p.Vars[variable]
	for node := v.First; node < v.First+v.Count; node++ {
		if k.Taken[node] >= 0 && !clamped[int32(node)] {
			n += k.sweeps
		}
	}
	if k.Moves >= 0 && variable == k.mover() {
		n += k.sweeps
	}
	return n
}

// restore puts steps and velocities of a file into the device.
func (k *keptRows) restore(d kernels, s *observe.SavedState, view *observe.ChainStates) error {
	k.words = nil
	for range s.Meta.Chains {
		k.words = append(k.words, slices.Clone(k.Start))
	}
	s.RestoreSteps(view.Model(), k)
	return d.Keep(k.words, k.p.Sample.Warmup)
}

// SetStep is that of observe.Engine.
func (k *keptRows) SetStep(chain, node int, step float32) { k.Kept.SetStep(k.words[chain], node, step) }

// SetAdapted is that of observe.Engine.
func (k *keptRows) SetAdapted(chain int, numbers [3]float32) { k.SetFitted(k.words[chain], numbers) }

// Acceptance is that of sampling.Sampler.
func (e *deviceEngine) Acceptance(name string) (rate float64, proposals uint64) {
	i := slices.IndexFunc(e.model.Program.Vars, func(v ir.Var) bool { return v.Name == name })
	if e.kept == nil || i < 0 {
		return math.NaN(), 0
	}
	if proposals = e.kept.proposals(i) * uint64(e.Chains()); proposals == 0 {
		return math.NaN(), 0
	}
	return float64(e.kept.taken[i]) / float64(proposals), proposals
}

// Divergences is that of sampling.Sampler.
func (e *deviceEngine) Divergences() (count, first uint64) {
	if e.kept == nil {
		return 0, math.MaxUint64
	}
	return e.kept.diverged, e.kept.firstAt
}
