package observe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// A Watcher is shown every draw. It may also be a SweepWatcher, a RowWriter or an
// ArrayWriter.
type Watcher interface{ Observe(f *Frame) error }

// An EnergyWatcher looks at Frame.H, Draw and Sweep alone.
type EnergyWatcher interface {
	Watcher
	OnlyEnergies()
}

// A SweepWatcher is shown every sweep too, and the initial state.
type SweepWatcher interface{ ObserveSweep(f *Frame) error }

// A RowWriter adds rows to the summary.
type RowWriter interface{ Rows() []stats.Row }

// An ArrayWriter adds arrays to the result.
type ArrayWriter interface {
	WriteArrays(z *npy.NPZWriter) error
}

// A Plan says what a run is to show. The summary has energy, magnetisation, shares
// and the worst nodes in any case; the first five fields say what is in the result
// file beyond the final state.
type Plan struct {
	States        bool // states at every draw
	Energy        bool // energies at every draw
	Best          bool // the state of lowest energy over all sweeps
	Moments       bool // means of all nodes and factor rows
	Magnetisation bool // magnetisation and shares at every draw

	StateNodes  []int32 // nodes whose states are kept, nil: all
	StateMemory int     // bytes of states kept in memory, 0: DefaultStateMemory
	Dir         string  // for temporary files; best the folder of the result

	Target, Generator string // for the result's meta and the summary

	Observables []Observable   // of the model file: in summary and result
	Histograms  []Histogram    // of the model file: in summary and result
	RowMeans    []Observable   // of the model file: in the result the mean of every row
	Code        []UserObserver // of the model file, in Go: in summary and result

	Progress func(Progress) // nil: none. It costs a look at the clock a sweep
	Extra    []Watcher      // more to watch
}

// A Collector watches one run and writes down what it saw.
type Collector struct {
	view     ChainView
	schedule sampling.Schedule
	plan     Plan
	frame    *Frame

	energy   *EnergyTrace
	magnet   *Magnetisation
	nodes    *NodeBatches
	states   *StateLog   // nil: not wanted
	best     *BestStates // nil: not wanted
	moments  *Moments    // nil: not wanted
	scalars  []*Scalar   // observables
	counts   []*HistogramCounts
	rows     []*RowMeans
	users    []*userWatch
	progress *progressWatch
	keeper   func() (states [][]int32, sweeps []uint64, err error) // of best states; nil: best looks itself
	tally    *tallied                                              // nil: watchers look at all chains

	watchers []Watcher
	sweepers []SweepWatcher

	resumed bool
	first   uint64 // sweep number at the start
	sweeps  uint64 // done in this run
	draws   int
	seconds float64
	ran     bool
	err     error // of the run
	final   snapshot
}

// NewCollector prepares to watch a run of v by a schedule.
func NewCollector(v ChainView, schedule sampling.Schedule, plan Plan) (*Collector, error) {
	if err := schedule.Validate(); err != nil {
		return nil, err
	}
	m, chains, draws := v.Model(), v.Chains(), schedule.Samples
	c := &Collector{view: v, schedule: schedule, plan: plan, frame: newFrame(v), energy: &EnergyTrace{}, magnet: NewMagnetisation(m, chains)}
	var err error
	if c.nodes, err = NewNodeBatches(m, chains, draws); err != nil {
		return nil, err
	}
	c.watch(c.energy, c.magnet, c.nodes)
	if plan.States {
		memory := plan.StateMemory
		if memory == 0 {
			memory = DefaultStateMemory
		}
		if c.states, err = NewStateLog(m, chains, plan.StateNodes, memory, plan.Dir); err != nil {
			return nil, err
		}
		c.watch(c.states)
	}
	if plan.Best {
		c.best = &BestStates{}
		c.watch(c.best)
	}
	if plan.Moments {
		if c.moments, err = NewMoments(m, chains, draws, c.nodes); err != nil {
			return nil, err
		}
		c.watch(c.moments)
	}
	for i := range plan.Observables {
		s := plan.Observables[i].Scalar()
		c.scalars = append(c.scalars, s)
		c.watch(s)
	}
	for _, h := range plan.Histograms {
		counts, err := NewHistogram(m, chains, h)
		if err != nil {
			return nil, err
		}
		c.counts = append(c.counts, counts)
		c.watch(counts)
	}
	for _, o := range plan.RowMeans {
		rows, err := NewRowMeans(m, chains, draws, o)
		if err != nil {
			return nil, err
		}
		c.rows = append(c.rows, rows)
		c.watch(rows)
	}
	for _, o := range plan.Code {
		w, err := newUserWatch(o, chains)
		if err != nil {
			return nil, err
		}
		c.users = append(c.users, w)
		c.watch(w)
	}
	c.watch(plan.Extra...)
	if plan.Progress != nil {
		c.progress = &progressWatch{call: plan.Progress}
		c.sweepers = append(c.sweepers, c.progress)
	}
	return c, nil
}

func (c *Collector) watch(w ...Watcher) {
	c.watchers = append(c.watchers, w...)
	for _, x := range w {
		if s, ok := x.(SweepWatcher); ok {
			c.sweepers = append(c.sweepers, s)
		}
	}
}

// Run runs the sampler that the collector was made for; resume as in
// sampling.Sampler.Run. When ctx is done it returns the context's error: Report
// then tells of the draws so far, and files are refused.
func (c *Collector) Run(ctx context.Context, s *sampling.Sampler, resume bool) error {
	if c.view != ChainView(s) {
		return errors.New("the collector was made for another sampler")
	}
	device, far := s.Device().(sampling.ObservingDevice)
	watched := false
	err := c.Drive(resume, func() (err error) {
		if far {
			if watched, err = c.leaveTo(device, s, resume); err != nil {
				return err
			}
		}
		if c.WantsSweeps() {
			return s.Run(ctx, c.schedule, resume, sweepHook{drawHook{c}})
		}
		return s.Run(ctx, c.schedule, resume, drawHook{c})
	})
	if watched {
		if ended := deviceError(device.Unwatch()); err == nil {
			err = ended
		}
	}
	return err
}

// leaveTo leaves best states and counts to the device of a sampler; watched says that it keeps best states.
func (c *Collector) leaveTo(d sampling.ObservingDevice, s *sampling.Sampler, resume bool) (watched bool, err error) {
	best := func() ([][]int32, []uint64, error) {
		states, sweeps, err := d.Best()
		return states, sweeps, deviceError(err)
	}
	if c.LeaveBest(best) {
		if err := d.Watch(s, !resume); err != nil {
			return false, deviceError(err)
		}
		watched = true
	}
	return watched, c.LeaveDraws(func(plan *sampling.TallyPlan) (Tally, error) {
		return &deviceTally{d}, deviceError(d.Tally(s, plan))
	})
}

// deviceTally is that of a device.
type deviceTally struct{ of sampling.ObservingDevice }

// Draw is as in Tally.
func (t *deviceTally) Draw() (sampling.TalliedDraw, error) {
	d, err := t.of.Draw()
	return d, deviceError(err)
}

// Counts is as in Tally.
func (t *deviceTally) Counts() ([]int64, error) {
	counts, err := t.of.Counts()
	return counts, deviceError(err)
}

// deviceError is a *sampling.DeviceError, or nil.
func deviceError(err error) error {
	if err == nil {
		return nil
	}
	return &sampling.DeviceError{Err: err}
}

// Drive is Run for any engine: run does the sweeps and calls Observe at every
// draw, and ObserveSweep at the start (of a run not resumed) and after every sweep
// if WantsSweeps.
func (c *Collector) Drive(resume bool, run func() error) error {
	if c.ran {
		return errors.New("the collector has watched a run already")
	}
	c.ran, c.resumed = true, resume
	c.first = c.view.SweepNumber()
	start := time.Now()
	if c.progress != nil {
		c.progress.first, c.progress.start, c.progress.total = c.first, start, c.planned()
	}
	if c.err = run(); c.err == nil {
		c.err = c.TakeBest()
	}
	if c.err == nil && c.tally != nil {
		c.err = c.tally.take(c)
	}
	c.seconds = time.Since(start).Seconds()
	c.sweeps = c.view.SweepNumber() - c.first
	if c.progress != nil {
		c.progress.report(c.view.SweepNumber(), true)
	}
	if c.err == nil && c.draws != c.schedule.Samples {
		c.err = fmt.Errorf("the run showed %d draws of %d", c.draws, c.schedule.Samples)
	}
	c.frame.fresh = false
	c.frame.look(c.draws)
	c.final = c.frame.state()
	return c.err
}

// Continue takes over what an earlier part of the run counted: histograms go on from
// there. Those of which there is nothing begin with this part; one with other nodes
// or bins is a *StateError.
func (c *Collector) Continue(from []SavedHistogram) error {
	for _, h := range c.counts {
		if err := h.goOn(from); err != nil {
			return err
		}
	}
	return nil
}

// Histograms are the counts so far, for the next part of the run.
func (c *Collector) Histograms() []SavedHistogram {
	var list []SavedHistogram
	for _, h := range c.counts {
		list = append(list, SavedHistogram{h.Histogram, slices.Clone(h.counts)})
	}
	return list
}

// planned is the number of sweeps of the whole run.
func (c *Collector) planned() uint64 {
	if c.resumed {
		return uint64(c.schedule.Samples) * uint64(c.schedule.StepsPerSample)
	}
	return uint64(c.schedule.Sweeps())
}

// LeaveBest leaves best states to an engine that keeps them as BestStates does, before
// the run: best gives them, by chain and node as in ChainStates, and the number of sweeps done
// at each. LeaveBest returns false if none are wanted.
func (c *Collector) LeaveBest(best func() (states [][]int32, sweeps []uint64, err error)) bool {
	if c.best == nil {
		return false
	}
	c.keeper = best
	c.watchers = slices.DeleteFunc(c.watchers, func(w Watcher) bool { return w == Watcher(c.best) })
	c.sweepers = slices.DeleteFunc(c.sweepers, func(w SweepWatcher) bool { return w == SweepWatcher(c.best) })
	return true
}

// TakeBest takes over the best states so far from who keeps them; the end of a
// run does that too, but not that of an interrupted one.
func (c *Collector) TakeBest() error {
	if c.keeper == nil {
		return nil
	}
	states, sweeps, err := c.keeper()
	if err == nil {
		c.best.take(c.view, states, sweeps)
	}
	return err
}

// WantsSweepStates says whether somebody looks at the states of every sweep; who
// shows how far a run is does not.
func (c *Collector) WantsSweepStates() bool {
	return len(c.sweepers) > 1 || len(c.sweepers) == 1 && c.progress == nil
}

// WantsSweeps says whether every sweep is to be shown.
func (c *Collector) WantsSweeps() bool { return len(c.sweepers) > 0 }

// ObserveSweep shows the state after a sweep, or the initial state.
func (c *Collector) ObserveSweep() error {
	c.frame.look(c.draws)
	for _, w := range c.sweepers {
		if err := w.ObserveSweep(c.frame); err != nil {
			return err
		}
	}
	return nil
}

// Observe shows a draw.
func (c *Collector) Observe() error {
	c.frame.look(c.draws)
	if c.tally != nil {
		if err := c.tally.observe(c); err != nil {
			return err
		}
		c.draws++
		return nil
	}
	for _, w := range c.watchers {
		if err := w.Observe(c.frame); err != nil {
			return err
		}
	}
	c.draws++
	return nil
}

// A drawHook and a sweepHook are the collector as the sampler knows observers.
type drawHook struct{ c *Collector }

func (h drawHook) Observe(*sampling.Sampler, int) error { return h.c.Observe() }

// Far is that of sampling.FarObserver.
func (h drawHook) Far() (draws, sweeps bool) { return h.c.tally != nil, !h.c.WantsSweepStates() }

type sweepHook struct{ drawHook }

func (h sweepHook) ObserveSweep(*sampling.Sampler) error { return h.c.ObserveSweep() }

// Interrupted says whether a context ended the run.
func (c *Collector) Interrupted() bool {
	return errors.Is(c.err, context.Canceled) || errors.Is(c.err, context.DeadlineExceeded)
}

// Nodes gives what is known of every node, for a report with a row a node.
func (c *Collector) Nodes() *NodeBatches { return c.nodes }

// finished is an error unless a whole run was watched.
func (c *Collector) finished() error {
	switch {
	case !c.ran:
		return errors.New("nothing to write: the run has not been made")
	case c.err != nil:
		return fmt.Errorf("nothing to write: the run ended after %d of %d draws: %w", c.draws, c.schedule.Samples, c.err)
	}
	return nil
}

// Close gives back what states take in memory and on disk.
func (c *Collector) Close() error {
	if c.states == nil {
		return nil
	}
	return c.states.Close()
}
