package observe

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// A Tally counts draws for an engine that keeps its states elsewhere, as NodeBatches,
// Magnetisation and Moments do where they see all chains.
type Tally interface {
	// Draw counts the present states and returns what is needed of this draw.
	Draw() (sampling.TalliedDraw, error)
	// Counts are those of sampling.ObservingDevice. After it the view shows the present states.
	Counts() ([]int64, error)
}

// tallied is a collector whose draws a Tally counts.
type tallied struct {
	by    Tally
	view  *ChainStates // of the first chains
	frame *Frame
	means []float64 // of all draws
}

// LeaveDraws leaves counts to an engine that has a Tally, before the run, where nobody wants
// the states of all chains; best states must be left before. open gets the plan and returns the
// Tally, or nil to go on without.
func (c *Collector) LeaveDraws(open func(*sampling.TallyPlan) (Tally, error)) error {
	m := c.view.Model()
	looks := func(w Watcher) bool {
		_, not := w.(EnergyWatcher)
		return !not
	}
	if c.states != nil || len(c.scalars)+len(c.counts)+len(c.users) > 0 || c.WantsSweepStates() || slices.ContainsFunc(c.plan.Extra, looks) {
		return nil
	}
	plan := &sampling.TallyPlan{First: c.nodes.watched()}
	for _, s := range c.magnet.vars {
		v := *s.v
		if byValue(&v) {
			v.States = 0
		}
		plan.Sums = append(plan.Sums, v)
	}
	if c.moments != nil {
		for i := range m.Vars {
			v := &m.Vars[i]
			to := &plan.Rows
			if v.Kind == sampling.Continuous {
				to = &plan.Singles
			}
			*to = append(*to, nodeRows(v))
		}
	}
	for _, r := range c.meanRows() {
		switch {
		case r.value != nil:
			return nil
		case r.sums != nil:
			plan.Fours = append(plan.Fours, r.f)
		default:
			plan.Rows = append(plan.Rows, r.f)
		}
		plan.First = max(plan.First, r.batches.Chains())
	}
	by, err := open(plan)
	if by == nil || err != nil {
		return err
	}
	c.tally = &tallied{by: by, view: NewChainStates(m, c.view.Seed(), slices.Repeat([][]int32{nil}, plan.First))}
	c.tally.frame = newFrame(c.tally.view)
	return nil
}

// nodeRows are the nodes of a variable, of which Moments counts figures.
func nodeRows(v *sampling.Var) *sampling.Factor {
	f := &sampling.Factor{Name: v.Name, Slots: []sampling.Slot{{Kind: v.Kind, States: v.States}}, Rows: v.Count}
	if v.Kind == sampling.Continuous {
		f.Slots[0].Power = 1
	}
	for n := v.First; n < v.First+v.Count; n++ {
		f.Index = append(f.Index, int32(n))
	}
	if v.Kind == sampling.Categorical && !byValue(v) {
		f.Table = []int{v.States}
	}
	return f
}

// meanRows are all that means are taken of.
func (c *Collector) meanRows() (list []*rowMoments) {
	if c.moments != nil {
		list = slices.Clone(c.moments.rows)
	}
	for _, r := range c.rows {
		list = append(list, r.row)
	}
	return list
}

// watched is the number of chains whose draws are looked at.
func (b *NodeBatches) watched() int {
	n := 1
	if b.bits != nil {
		n = max(n, b.bits.Chains())
	}
	if b.numbers != nil {
		n = max(n, b.numbers.Chains())
	}
	return n
}

// observe adds a draw: batches see the first chains; what is counted and added up of these is replaced by take.
func (t *tallied) observe(c *Collector) error {
	draw, err := t.by.Draw()
	if err != nil {
		return err
	}
	for _, w := range append([]Watcher{c.energy}, c.plan.Extra...) {
		if err := w.Observe(c.frame); err != nil {
			return err
		}
	}
	c.magnet.take(draw.Sums)
	if t.means == nil {
		t.means = make([]float64, len(draw.Means))
	}
	for i, x := range draw.Means {
		t.means[i] += x
	}
	t.view.States, t.view.Sweep, t.frame.fresh = draw.First, c.view.SweepNumber(), false
	t.frame.look(c.draws)
	if err := c.nodes.Observe(t.frame); err != nil {
		return err
	}
	c.nodes.still = slices.DeleteFunc(c.nodes.still, func(n int32) bool { return draw.Moved[n] })
	if c.moments != nil {
		if err := c.moments.Observe(t.frame); err != nil {
			return err
		}
	}
	for _, r := range c.rows {
		if err := r.Observe(t.frame); err != nil {
			return err
		}
	}
	return nil
}

// take puts in the counts and sums of all chains.
func (t *tallied) take(c *Collector) error {
	counts, err := t.by.Counts()
	if err != nil {
		return err
	}
	means := t.means
	if c.moments != nil {
		means = means[copy(c.moments.sums, means):]
		for i := range c.view.Model().Vars {
			if v := &c.view.Model().Vars[i]; v.Kind != sampling.Continuous {
				n := c.moments.at[v.First]
				counts = counts[copy(c.moments.counts[n:n+v.Count*figures(v)], counts):]
			}
		}
	}
	for _, r := range c.meanRows() {
		counts, means = counts[copy(r.counts, counts):], means[copy(r.sums, means):]
	}
	return nil
}

// take records a draw that another has summed up, see sampling.TalliedDraw.
func (g *Magnetisation) take(sums [][]uint64) {
	for _, s := range g.vars {
		if byValue(s.v) {
			for _, x := range sums[0] {
				value := float64(x)
				if s.v.Kind == sampling.Continuous {
					value = math.Float64frombits(x)
				}
				s.sum.v = append(s.sum.v, value)
			}
			sums = sums[1:]
			continue
		}
		for k := range s.counts {
			for _, x := range sums[k] {
				s.counts[k].v = append(s.counts[k].v, uint32(x))
			}
		}
		sums = sums[len(s.counts):]
	}
}
