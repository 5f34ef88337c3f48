package train

import (
	"context"
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Gradient is one estimate of dKL/dW.
type Gradient struct {
	Arrays  []ArrayGradient  // by what is fitted, in the order of Trainer.Names
	Factors []FactorGradient // by runtime factor
	Energy  [2]float64       // mean of the energy of all that is fitted, positive and negative phase
	Loss    float64          // of score matching, which has no phases
}

// ArrayGradient is that by one array, in its shape: the gradient by a factor's weights
// or, by the chain rule from those, by a parameter. SE as in FactorGradient.
type ArrayGradient struct {
	Name     string
	Param    bool // a parameter, or weights that a parameter scales
	Grad, SE []float64
}

// FactorGradient is the part of one runtime factor. Moments have a figure for
// every row and table entry; Grad has the shape of the weights, so that for a
// table that all rows share it is summed over them. Errors are standard errors,
// NaN where they cannot be told, nil if they were not asked for.
type FactorGradient struct {
	Name               string
	Rows               int
	Table              []int
	Shared             bool
	Positive, Negative []float64
	Grad               []float64

	PositiveSE, NegativeSE, GradSE []float64
}

// Norm is the root of the sum of squares of the gradient.
func (g *Gradient) Norm() float64 {
	sum := 0.0
	for _, a := range g.Arrays {
		for _, x := range a.Grad {
			sum += float64(x * x)
		}
	}
	return math.Sqrt(sum)
}

// Gradient estimates the gradient on some examples without moving the weights.
// Standard errors are those between chains, within examples in the positive phase;
// with one chain an example they come from up to 32 batches of draws.
func (t *Trainer) Gradient(ctx context.Context, examples []int32, errors bool) (*Gradient, error) {
	if t.task.Loss.Scores() {
		return t.scoreGradient(examples), ctx.Err()
	}
	pos, err := t.positive(ctx, examples, errors)
	if err != nil {
		return nil, err
	}
	neg, err := t.negative(ctx, examples, errors)
	if err != nil {
		return nil, err
	}
	return t.gradient(pos, neg, errors), nil
}

// measured is one phase of a gradient.
type measured struct {
	sums          *sums
	chains, group int
	exact         bool // nothing was random
}

// positive samples with the visible nodes held at the examples.
func (t *Trainer) positive(ctx context.Context, examples []int32, errors bool) (*measured, error) {
	p := t.task.Positive.Chains
	s, err := t.sampler(usePositive, t.task.Positive.Model, len(examples)*p)
	if err != nil {
		return nil, err
	}
	if err := t.hold(usePositive, s, t.task.Positive.Model, t.examples(examples, t.task.Data, t.task.Condition, true), len(examples), p); err != nil {
		return nil, err
	}
	s.SetSweepNumber(t.sweeps[0])
	s.Restart()
	schedule := t.task.Positive.Schedule
	exact := !t.free(t.task.Positive.Model, true)
	if exact { // nothing moves: one look is enough
		schedule = sampling.Schedule{Samples: 1, StepsPerSample: 1}
	}
	out := &measured{t.newSums(s.Chains(), schedule.Samples, errors), s.Chains(), p, exact}
	err = t.sample(ctx, s, schedule, out.sums, errors)
	t.sweeps[0] = s.SweepNumber()
	t.last = s
	return out, err
}

// negative samples the model, or what contrastive divergence has in its place.
func (t *Trainer) negative(ctx context.Context, examples []int32, errors bool) (*measured, error) {
	chains, schedule := t.task.Negative.Chains, t.task.Negative.Schedule
	if t.task.Loss == CD {
		schedule = sampling.Schedule{Warmup: t.task.K, Samples: 1, StepsPerSample: 1}
		if t.task.Start == StartData {
			chains = len(examples) * t.task.Positive.Chains
		}
	}
	s, err := t.sampler(useNegative, t.task.Negative.Model, chains)
	if err != nil {
		return nil, err
	}
	each := 1
	if t.task.Start == StartData {
		each = t.task.Positive.Chains
	}
	if err := t.hold(useNegative, s, t.task.Negative.Model, t.examples(examples, t.task.Data, t.task.Condition, false), len(examples), each); err != nil {
		return nil, err
	}
	s.SetSweepNumber(t.sweeps[1])
	var slots []int // of a buffer
	switch {
	case t.task.Start == StartData:
		t.packed = t.last.AppendPacked(t.packed[:0])
		if err := s.SetPacked(t.packed); err != nil {
			return nil, err
		}
	case t.task.buffered():
		if slots, err = t.fromBuffer(s); err != nil {
			return nil, err
		}
	case t.task.Start == StartNoise || !t.began:
		s.Restart()
	}
	t.began = true
	out := &measured{sums: t.newSums(s.Chains(), schedule.Samples, errors), chains: s.Chains(), group: s.Chains()}
	switch {
	case t.task.Start == StartData && t.task.Positive.Chains > 1:
		out.group = t.task.Positive.Chains
	case len(t.task.Given) > 0:
		out.group = 1 // chains have different laws: batches of draws tell
	}
	err = t.sample(ctx, s, schedule, out.sums, errors)
	t.sweeps[1] = s.SweepNumber()
	if err == nil && slots != nil {
		err = t.toBuffer(s, slots)
	}
	return out, err
}

// gradient puts the phases together.
func (t *Trainer) gradient(pos, neg *measured, errors bool) *Gradient {
	g := &Gradient{}
	beta := t.task.Positive.Model.Beta
	measured := make([][]float64, len(t.factors)) // gradients by what is measured
	widths := make([]int, len(t.factors))
	for i, fi := range t.factors {
		f := &t.task.Positive.Model.Factors[fi]
		widths[i] = len(t.weights[fi])
		x := FactorGradient{Name: f.Name, Rows: f.Rows, Table: f.Table, Shared: f.Shared,
			Positive: pos.sums.moments(i, pos.chains), Negative: neg.sums.moments(i, neg.chains), Grad: make([]float64, widths[i])}
		size := len(x.Grad)
		for k := range x.Positive {
			x.Grad[k%size] -= float64(beta * (x.Positive[k] - x.Negative[k]))
			w := t.weights[fi][k%size]
			g.Energy[0] -= float64(w * x.Positive[k])
			g.Energy[1] -= float64(w * x.Negative[k])
		}
		if errors {
			x.PositiveSE = pos.errorsOf(output{size: len(x.Positive), factor: i})
			x.NegativeSE = neg.errorsOf(output{size: len(x.Negative), factor: i})
			x.GradSE = t.gradientErrors(pos, neg, output{size: size, factor: i})
		}
		g.Factors = append(g.Factors, x)
		measured[i] = x.Grad
	}
	for j := range t.coded {
		i := len(t.factors) + j
		p, n := pos.sums.moments(i, pos.chains), neg.sums.moments(i, neg.chains)
		last := len(p) - 1 // the energy
		g.Energy[0] += p[last]
		g.Energy[1] += n[last]
		for k := range p {
			p[k] = float64(-beta * (p[k] - n[k]))
		}
		measured, widths = append(measured, p), append(widths, len(p))
	}
	var se func(output) []float64
	if errors {
		se = func(o output) []float64 {
			if o.widths = widths; o.slopes == nil {
				return g.Factors[o.factor].GradSE
			}
			return t.gradientErrors(pos, neg, o)
		}
	}
	g.Arrays = t.arrayGradients(measured, se)
	return g
}

// arrayGradients are those by what is fitted, from those by what is measured. errors
// gives standard errors of the first; nil: none.
func (t *Trainer) arrayGradients(measured [][]float64, errors func(output) []float64) (list []ArrayGradient) {
	slopes := t.slopes()
	for i, a := range t.arrays {
		x := ArrayGradient{Name: a.name, Param: a.factor < 0}
		o := output{size: len(a.values), slopes: slopes[i]}
		if a.factor >= 0 {
			o.factor = slices.Index(t.factors, a.factor)
			x.Grad = measured[o.factor]
		} else {
			x.Grad = make([]float64, len(a.values))
			for _, s := range slopes[i] {
				x.Grad[s.element] += float64(s.by * measured[s.place][s.weight])
			}
		}
		switch {
		case errors != nil && a.factor < 0 && slopes[i] == nil:
			x.SE = make([]float64, len(a.values))
		case errors != nil:
			x.SE = errors(o)
		}
		list = append(list, x)
	}
	return list
}

// gradientErrors combine the phases. Rows that share a table are added up before.
// Chains that begin where those of the positive phase end go with them, so that the
// errors are those of the differences.
func (t *Trainer) gradientErrors(pos, neg *measured, o output) []float64 {
	out := make([]float64, o.size)
	beta := t.task.Positive.Model.Beta
	if t.task.Start == StartData {
		difference := neg.sums.chainMeans(o)
		for k, x := range pos.sums.chainMeans(o) {
			difference[k] -= x
		}
		group := pos.group
		if group < 2 { // the spread between examples is counted, too
			group = pos.chains
		}
		for k, x := range groupErrors(difference, group, o.size) {
			out[k] = float64(beta * x)
		}
		return out
	}
	p, n := pos.errorsOf(o), neg.errorsOf(o)
	for k := range out {
		out[k] = float64(beta * math.Sqrt(float64(p[k]*p[k])+float64(n[k]*n[k])))
	}
	return out
}

// errorsOf are the standard errors of a phase, see sums.
func (m *measured) errorsOf(o output) []float64 {
	if m.exact {
		return make([]float64, o.size)
	}
	return m.sums.errorsOf(o, m.chains, m.group)
}

// hold makes the phase's model of this step: weights as they are now, and nodes
// held at values. rows has a row for each example; chains come each to an
// example, round and round.
func (t *Trainer) hold(use int, s *sampling.Sampler, base *sampling.Model, held clampedRows, examples, each int) error {
	m := *base
	m.Betas = nil
	m.Factors = slices.Clone(base.Factors)
	for i := range m.Factors {
		m.Factors[i].Weights = t.weights[i]
	}
	m.Codes = t.codes
	m.Clamps = slices.Clone(base.Clamps)
	if n := len(held.nodes); n > 0 {
		c := sampling.Clamp{Nodes: held.nodes, Chains: s.Chains(), Values: make([]int32, 0, s.Chains()*n)}
		for chain := range s.Chains() {
			e := chain / each % examples
			c.Values = append(c.Values, held.values[e*n:(e+1)*n]...)
		}
		m.Clamps = append(m.Clamps, c)
	}
	return s.Adopt(&m, t.seed(use))
}

// clampedRows are values of nodes, a row for each example.
type clampedRows struct {
	nodes  []int32
	values []int32
}

// examples gathers the rows of some examples: conditions, and data if visible.
func (t *Trainer) examples(list []int32, data, condition Examples, visible bool) clampedRows {
	out := clampedRows{nodes: slices.Clone(t.task.Given)}
	if visible {
		out.nodes = append(out.nodes, t.task.Visible...)
	}
	for _, e := range list {
		if len(t.task.Given) > 0 {
			out.values = append(out.values, condition.row(int(e), len(t.task.Given))...)
		}
		if visible {
			out.values = append(out.values, data.row(int(e), len(t.task.Visible))...)
		}
	}
	return out
}
