package device

import (
	"errors"
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
	// These are those of Process, too.
	Terms(terms []uint32) error
	Energies() ([]float64, error)
	Watch(now bool) error
	Unwatch() error
	Best() (states [][]int32, sweeps []uint64, err error)
	Tally(t *Tally) error
	Draw() (sampling.TalliedDraw, error)
	Counts() ([]int64, error)
	Close()
}

// Engine makes the sweeps of samplers of one program. It brings to the processes what has
// changed in a sampler, and looks for that itself.
type Engine struct {
	open    func() (Chains, error)
	chains  Chains
	now     Version
	states  [][]int32 // that the processes have
	next    uint64    // their sweep
	weighed bool      // they have the terms of energies
	left    bool      // they have made sweeps whose states are not known here
	from    uint64    // sweep of the sampler, without the phase, when states and what is kept were known

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
	return e.do(func() error {
		if err := e.advance(s, n); err != nil {
			return err
		}
		return e.bring(s, s.SweepNumber()+uint64(n))
	})
}

// Leave is that of sampling.LeavingDevice.
func (e *Engine) Leave(s *sampling.Sampler, n int) error {
	return e.do(func() error { return e.advance(s, n) })
}

// Bring is that of sampling.LeavingDevice.
func (e *Engine) Bring(s *sampling.Sampler, sweep uint64) error {
	return e.ask(func() error { return e.bring(s, sweep) })
}

// do ends the processes where something fails.
func (e *Engine) do(what func() error) error {
	err := what()
	if err != nil {
		e.Close()
		*e = Engine{open: e.open, rows: e.rows}
	}
	return err
}

// ask is do for processes that are there.
func (e *Engine) ask(what func() error) error {
	if e.chains == nil {
		return errors.New("the processes of the kernels have ended")
	}
	return e.do(what)
}

// phased is a sweep number with the phase of a sampler.
func phased(s *sampling.Sampler, sweep uint64) uint64 {
	if s.Negative() {
		sweep |= negative
	}
	return sweep
}

// prepare opens the processes and brings them up to the version of a sampler.
func (e *Engine) prepare(s *sampling.Sampler) error {
	if e.chains == nil {
		chains, err := e.open()
		if err != nil {
			return err
		}
		e.chains = chains
	}
	return e.load(s)
}

// advance makes sweeps, and leaves the states to the processes.
func (e *Engine) advance(s *sampling.Sampler, n int) error {
	if !e.left {
		if err := e.begin(s); err != nil {
			return err
		}
	}
	e.left = true
	if err := e.chains.Sweep(n, s.Beta()); err != nil {
		return err
	}
	e.next += uint64(n)
	return nil
}

// begin brings processes up to a sampler.
func (e *Engine) begin(s *sampling.Sampler) error {
	if err := e.prepare(s); err != nil {
		return err
	}
	sweep := phased(s, s.SweepNumber())
	states := make([][]int32, s.Chains())
	for c := range states {
		states[c] = s.State(c, make([]int32, 0, s.Model().Nodes))
	}
	if sweep != e.next || !slices.EqualFunc(states, e.states, slices.Equal[[]int32]) {
		if err := e.chains.Restore(states, sweep); err != nil {
			return err
		}
	}
	e.next, e.from = sweep, s.SweepNumber()
	return e.keep(s)
}

// bring takes the states of the processes after the sweep of this number.
func (e *Engine) bring(s *sampling.Sampler, sweep uint64) error {
	states, err := e.chains.States()
	if err == nil {
		err = e.takeKept(s, sweep)
	}
	if err != nil {
		return err
	}
	for c, x := range states {
		if err := s.SetState(c, x); err != nil {
			return err
		}
	}
	e.states, e.left = states, false
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

// takeKept brings a sampler up to what the processes keep after the sweep of a number.
func (e *Engine) takeKept(s *sampling.Sampler, end uint64) error {
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
	for c, words := range kept {
		e.rows.Count(s.Model(), &moved, e.kept[c], words, end-min(end, max(e.from, e.until)), clamped)
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
	e.now, e.states, e.kept, e.weighed = v, nil, nil, false
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

// weigh gives the terms of energies to the processes, once for a version.
func (e *Engine) weigh(s *sampling.Sampler) error {
	if e.weighed {
		return nil
	}
	m := *s.Model()
	m.Factors = slices.Clone(m.Factors)
	for i, w := range s.RuntimeWeights() {
		if w != nil {
			m.Factors[i].Weights = w
		}
	}
	m.Codes = s.Codes()
	terms, _ := EnergyTerms(&m)
	e.weighed = true
	return e.chains.Terms(terms)
}

// Tally is that of sampling.ObservingDevice.
func (e *Engine) Tally(s *sampling.Sampler, plan *sampling.TallyPlan) error {
	return e.do(func() error {
		if err := e.begin(s); err != nil {
			return err
		}
		return e.chains.Tally(NewTally(plan))
	})
}

// Watch is that of sampling.ObservingDevice.
func (e *Engine) Watch(s *sampling.Sampler, now bool) error {
	return e.do(func() error {
		if err := e.begin(s); err != nil {
			return err
		}
		if err := e.weigh(s); err != nil {
			return err
		}
		return e.chains.Watch(now)
	})
}

// Draw is that of sampling.ObservingDevice.
func (e *Engine) Draw() (d sampling.TalliedDraw, err error) {
	err = e.ask(func() (err error) {
		d, err = e.chains.Draw()
		return err
	})
	return d, err
}

// Counts is that of sampling.ObservingDevice.
func (e *Engine) Counts() (counts []int64, err error) {
	err = e.ask(func() (err error) {
		counts, err = e.chains.Counts()
		return err
	})
	return counts, err
}

// Best is that of sampling.ObservingDevice.
func (e *Engine) Best() (states [][]int32, sweeps []uint64, err error) {
	err = e.ask(func() (err error) {
		states, sweeps, err = e.chains.Best()
		return err
	})
	return states, sweeps, err
}

// Unwatch is that of sampling.ObservingDevice.
func (e *Engine) Unwatch() error {
	return e.ask(func() error { return e.chains.Unwatch() })
}

// Energies is that of sampling.ObservingDevice.
func (e *Engine) Energies(s *sampling.Sampler) (h []float64, err error) {
	err = e.ask(func() (err error) {
		if err = e.weigh(s); err != nil {
			return err
		}
		h, err = e.chains.Energies()
		return err
	})
	return h, err
}

// Close ends the processes.
func (e *Engine) Close() {
	if e.chains != nil {
		e.chains.Close()
	}
}
