package device

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Chains are swept by processes.
type Chains interface {
	// Load takes a version of the program; states follow.
	Load(v *Version) error
	// Restore goes on from states, by chain and node, before a sweep of this number.
	Restore(states [][]int32, sweep uint64) error
	// Sweep makes so many sweeps at a β.
	Sweep(sweeps int, beta float64) error
	// States reads all states.
	States() ([][]int32, error)
	// Kept and Keep are those of Process.
	Kept(words int) ([][]uint32, error)
	Keep(kept [][]uint32, sweeps uint64) error
	Close()
}

// Engine makes the sweeps of samplers of one program. It brings to the processes what has
// changed in a sampler, and looks for that itself.
type Engine struct {
	open   func() (Chains, error)
	chains Chains
	now    Version
	states [][]int32 // that the processes have
	next   uint64    // their sweep

	rows  *Kept
	kept  [][]uint32 // that the processes have
	until uint64     // the sweeps in which they fit steps
}

// NewEngine makes one that opens its processes with the first sweep.
func NewEngine(open func() (Chains, error)) *Engine { return &Engine{open: open} }

// negative is added to the sweep number for the words of the negative phase: its place in
// their counter is 128 of the purpose.
const negative = 1 << 63

// Sweeps is that of sampling.Device. After a failure the processes are others.
func (e *Engine) Sweeps(s *sampling.Sampler, n int) error {
	err := e.sweeps(s, n)
	if err != nil {
		e.Close()
		e.chains, e.now, e.states, e.kept = nil, Version{}, nil, nil
	}
	return err
}

func (e *Engine) sweeps(s *sampling.Sampler, n int) error {
	if e.chains == nil {
		chains, err := e.open()
		if err != nil {
			return err
		}
		e.chains = chains
	}
	if err := e.load(s); err != nil {
		return err
	}
	sweep := s.SweepNumber()
	if s.Negative() {
		sweep |= negative
	}
	states := make([][]int32, s.Chains())
	for c := range states {
		states[c] = s.State(c, make([]int32, 0, s.Model().Nodes))
	}
	if sweep != e.next || !slices.EqualFunc(states, e.states, slices.Equal[[]int32]) {
		if err := e.chains.Restore(states, sweep); err != nil {
			return err
		}
	}
	if err := e.keep(s); err != nil {
		return err
	}
	if err := e.chains.Sweep(n, s.Beta()); err != nil {
		return err
	}
	states, err := e.chains.States()
	if err == nil {
		err = e.takeKept(s, n)
	}
	if err != nil {
		return err
	}
	for c, x := range states {
		if err := s.SetState(c, x); err != nil {
			return err
		}
	}
	e.states, e.next = states, sweep+uint64(n)
	return nil
}

// keep brings what the processes keep beside states up to a sampler.
func (e *Engine) keep(s *sampling.Sampler) error {
	if e.rows == nil {
		e.rows = KeptOf(s.Model())
	}
	if len(e.rows.Start) == 0 {
		return nil
	}
	kept := make([][]uint32, s.Chains())
	for c := range kept {
		if kept[c] = slices.Clone(e.rows.Start); e.kept != nil {
			copy(kept[c], e.kept[c])
		}
		if numbers, ok := s.Adapted(c); ok {
			e.rows.SetFitted(kept[c], numbers)
		}
	}
	for n := range e.rows.Steps {
		for c, step := range s.Steps(n, nil) {
			e.rows.SetStep(kept[c], n, step)
		}
	}
	until := s.FitUntil()
	if e.kept != nil && until == e.until && slices.EqualFunc(kept, e.kept, slices.Equal[[]uint32]) {
		return nil
	}
	e.kept, e.until = kept, until
	return e.chains.Keep(kept, until)
}

// takeKept brings a sampler up to what the processes keep after so many sweeps.
func (e *Engine) takeKept(s *sampling.Sampler, n int) error {
	if len(e.rows.Start) == 0 {
		return nil
	}
	kept, err := e.chains.Kept(len(e.rows.Start))
	if err != nil {
		return err
	}
	var moved Moved
	held := s.ClampedNodes()
	clamped := func(node int) bool {
		_, found := slices.BinarySearch(held, int32(node))
		return found
	}
	end := s.SweepNumber() + uint64(n)
	for c, words := range kept {
		e.rows.Count(s.Model(), &moved, e.kept[c], words, end-min(end, max(s.SweepNumber(), e.until)), clamped)
		for node, row := range e.rows.Steps {
			if row >= 0 {
				s.SetStep(c, node, e.rows.Step(words, node))
			}
		}
		if e.rows.Fit >= 0 {
			s.SetAdapted(c, e.rows.Fitted(words))
		}
	}
	for i := range moved.Tried {
		s.AddMoves(i, moved.Tried[i], moved.Taken[i])
	}
	s.AddDivergences(moved.Diverged, moved.DivergedAt)
	e.kept = kept
	return nil
}

// load brings the processes up to a sampler's version of the program.
func (e *Engine) load(s *sampling.Sampler) error {
	v := Version{Chains: s.Chains(), Seed: s.Seed(), LeastBeta: leastBeta(s), Weights: s.RuntimeWeights(), Params: paramsOf(s), Clamped: s.ClampedNodes()}
	if v.Chains == e.now.Chains && v.Seed == e.now.Seed && v.LeastBeta >= e.now.LeastBeta &&
		slices.Equal(v.Clamped, e.now.Clamped) && slices.EqualFunc(v.Weights, e.now.Weights, slices.Equal[[]float64]) &&
		slices.EqualFunc(v.Params, e.now.Params, func(a, b [][]float64) bool { return slices.EqualFunc(a, b, slices.Equal[[]float64]) }) {
		return nil
	}
	if err := e.chains.Load(&v); err != nil {
		return err
	}
	for i, w := range v.Weights {
		v.Weights[i] = slices.Clone(w)
	}
	e.now, e.states, e.kept = v, nil, nil
	return nil
}

// paramsOf are the parameters of expressions, by factor of code.
func paramsOf(s *sampling.Sampler) [][][]float64 {
	list := make([][][]float64, len(s.Codes()))
	for i, c := range s.Codes() {
		for _, p := range c.Params {
			list[i] = append(list[i], slices.Clone(p.Values))
		}
	}
	return list
}

// leastBeta is the smallest β that a sampler's model has, or that is set now.
func leastBeta(s *sampling.Sampler) float64 {
	least := math.Min(s.Beta(), s.Model().Beta)
	for _, b := range s.Model().Betas {
		least = math.Min(least, b)
	}
	return least
}

// Close ends the processes.
func (e *Engine) Close() {
	if e.chains != nil {
		e.chains.Close()
	}
}
