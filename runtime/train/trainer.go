package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Trainer is a training run under way. Its methods are not safe for concurrent
// use.
type Trainer struct {
	task    Task
	factors []int       // runtime ones that have slots: their moments are measured
	coded   []int       // formulas of code factors: the slopes of their energy are
	arrays  []trained   // what is fitted
	weights [][]float64 // of all factors, as the arrays have them
	codes   []sampling.CodeFactor
	held    map[int32]bool // nodes that the negative phase does not sample
	moved   []moved        // by place in arrays
	powers  powers

	step   int // steps done
	order  []int32
	began  bool      // the negative chains have a state
	sweeps [2]uint64 // next sweep of the positive and the negative phase

	samplers map[[2]int]*sampling.Sampler // by use and number of chains
	last     *sampling.Sampler            // of the latest positive phase
	packed   []byte
	before   []byte // see mark
	fields   *fieldIndex
}

// Step tells what one step did.
type Step struct {
	Step, Epoch int // counted from 1
	Rate        float64
	Norm        float64    // of the gradient
	Energy      [2]float64 // see Gradient
	Loss        float64    // see Gradient
}

// NewTrainer makes a trainer of a task. The weights begin as they are in the model.
func NewTrainer(task Task) (*Trainer, error) {
	if err := task.check(); err != nil {
		return nil, err
	}
	t := &Trainer{task: task, powers: powers{1, 1}, samplers: map[[2]int]*sampling.Sampler{}}
	m := task.Positive.Model
	for i := range m.Factors {
		if m.Factors[i].Runtime && len(m.Factors[i].Slots) > 0 {
			t.factors = append(t.factors, i)
		}
	}
	for i := range m.Formulas {
		if len(m.Formulas[i].Codes) > 0 {
			t.coded = append(t.coded, i)
		}
	}
	t.arrays = trainedArrays(m)
	t.moved = make([]moved, len(t.arrays))
	t.held = heldNodes(task.Negative.Model, task.Given)
	if err := t.set(t.values()); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return t, nil
}

// Task returns the task.
func (t *Trainer) Task() *Task { return &t.task }

// StepsPerEpoch is how many steps see every example once. The last one of an
// epoch may have fewer examples.
func (t *Trainer) StepsPerEpoch() int {
	return (t.task.Data.Rows + t.task.batch() - 1) / t.task.batch()
}

// Done is the number of steps done, and whether that is all.
func (t *Trainer) Done() (steps int, all bool) {
	return t.step, t.step >= t.StepsPerEpoch()*t.task.Epochs
}

// Step takes the next examples, estimates the gradient and moves the weights.
// A step that would take a weight beyond the model's declared range, make it no
// number, or leave continuous nodes without a law (a *sampling.PrecisionError) is an
// error. After an error, also that of a context that has ended, the
// trainer is as it was before the step.
func (t *Trainer) Step(ctx context.Context) (*Step, error) {
	before := t.mark()
	s, err := t.move(ctx)
	if err != nil {
		return nil, errors.Join(err, t.undo(before))
	}
	return s, nil
}

// mark is what an estimate changes: sweep numbers, and persistent chains.
type mark struct {
	sweeps [2]uint64
	began  bool
	packed []byte
}

func (t *Trainer) mark() mark {
	m := mark{sweeps: t.sweeps, began: t.began}
	if s := t.persistent(); s != nil {
		t.before = s.AppendPacked(t.before[:0])
		m.packed = t.before
	}
	return m
}

func (t *Trainer) undo(m mark) error {
	t.sweeps, t.began = m.sweeps, m.began
	if m.packed == nil {
		return nil
	}
	return t.persistent().SetPacked(m.packed)
}

func (t *Trainer) move(ctx context.Context) (*Step, error) {
	per := t.StepsPerEpoch()
	epoch, at := t.step/per, t.step%per
	if at == 0 || t.order == nil {
		t.order = shuffled(t.task.Data.Rows, t.task.Seed, uint64(epoch))
	}
	first := at * t.task.batch()
	g, err := t.Gradient(ctx, t.order[first:min(first+t.task.batch(), len(t.order))], false)
	if err != nil {
		return nil, err
	}
	o := &t.task.Optimizer
	rate := o.rate(t.step, per*t.task.Epochs)
	p := powers{float64(t.powers.b1 * o.Beta1), float64(t.powers.b2 * o.Beta2)}
	if norm := g.Norm(); !(norm <= math.MaxFloat64) {
		return nil, fmt.Errorf("step %d: the gradient is no number: its norm is %v", t.step+1, norm)
	}
	next, memory := t.values(), make([]moved, len(t.arrays))
	for i := range next {
		next[i] = slices.Clone(next[i])
		memory[i] = moved{slices.Clone(t.moved[i].first), slices.Clone(t.moved[i].second)}
		o.step(next[i], g.Arrays[i].Grad, &memory[i], rate, p)
	}
	if err := t.set(next); err != nil {
		return nil, fmt.Errorf("step %d: %w", t.step+1, err)
	}
	t.moved, t.powers = memory, p
	t.step++
	return &Step{t.step, epoch + 1, rate, g.Norm(), g.Energy, g.Loss}, nil
}

// shuffled is the order of the examples in an epoch: Fisher and Yates' shuffle from
// the last place down, place i swapped with floor(w·(i+1)/2^32), w the word of
// purpose 6, sweep the epoch, slot i.
func shuffled(n int, seed, epoch uint64) []int32 {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	words := rng.NewWords(seed, 10)
	for i := n - 1; i > 0; i-- {
		j := uint64(words.Word32(rng.PurposeOrder, 0, epoch, uint32(i), 0)) * uint64(i+1) >> 32
		order[i], order[j] = order[j], order[i]
	}
	return order
}

// Uses of samplers; each has words of its own.
const (
	usePositive = iota
	useNegative
	useBuffer // holds the states of persistent chains
	useScore
)

// scoreSeed makes another seed of a task's.
const scoreSeed = 0x9E3779B97F4A7C15

// sampler is the one for a use and a number of chains.
func (t *Trainer) sampler(use int, m *sampling.Model, chains int) (*sampling.Sampler, error) {
	key := [2]int{use, chains}
	if s := t.samplers[key]; s != nil {
		return s, nil
	}
	o := sampling.Options{Chains: chains, Seed: t.seed(use), Threads: t.task.Threads, Negative: use == useNegative || use == useBuffer}
	if t.task.Device != nil {
		o.Device = t.task.Device(use == useNegative)
	}
	s, err := sampling.NewSampler(m, o)
	if err == nil {
		t.samplers[key] = s
	}
	return s, err
}

func (t *Trainer) seed(use int) uint64 {
	if use == useScore {
		return t.task.Seed ^ scoreSeed
	}
	return t.task.Seed
}

// heldNodes are those that a model clamps, and some others.
func heldNodes(m *sampling.Model, lists ...[]int32) map[int32]bool {
	for _, c := range m.Clamps {
		lists = append(lists, c.Nodes)
	}
	held := map[int32]bool{}
	for _, nodes := range lists {
		for _, n := range nodes {
			held[n] = true
		}
	}
	return held
}

// free says whether a node in a block of m is neither clamped nor held.
func (t *Trainer) free(m *sampling.Model, visible bool) bool {
	held := heldNodes(m, t.task.Given)
	if visible {
		held = heldNodes(m, t.task.Given, t.task.Visible)
	}
	for _, super := range m.Sweep {
		for _, b := range super {
			for _, n := range b.Nodes {
				if !held[n] {
					return true
				}
			}
		}
	}
	return false
}
