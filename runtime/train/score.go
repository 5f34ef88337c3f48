package train

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Score is the mean over examples of Σ log p(v | all other nodes) over the visible
// nodes v, in nats: the pseudo-likelihood of an example, the hidden nodes being
// those of the last states of a positive phase run on it (the mean over its
// chains). p is a probability, of which 0 nats is the best, for discrete nodes, and
// the density of a Gaussian, cut off at the ends of its range, for continuous ones.
// Where an expression that no weights serve changes the conditional of a visible node it
// is minus the loss of score matching, if that can be taken, of which larger is better as
// well; else there is none, and NaN is given. Its words are those of another seed, the same at every
// call: scoring changes no step, and differences between two scores are not noise
// of the sampling alone.
func (t *Trainer) Score(ctx context.Context, data, condition Examples) (float64, error) {
	if t.matches() {
		return t.hyvarinen(ctx, data, condition)
	}
	if !t.closed() {
		return math.NaN(), nil
	}
	all := make([]int32, data.Rows)
	for i := range all {
		all[i] = int32(i)
	}
	p := t.task.Positive.Chains
	s, err := t.sampler(useScore, t.task.Positive.Model, data.Rows*p)
	if err != nil {
		return 0, err
	}
	if err := t.hold(useScore, s, t.task.Positive.Model, t.examples(all, data, condition, true), data.Rows, p); err != nil {
		return 0, err
	}
	s.Init()
	if t.free(t.task.Positive.Model, true) {
		s.Sweeps(max(1, t.task.Positive.Schedule.Warmup))
	}
	if err := errors.Join(ctx.Err(), s.Fault()); err != nil {
		return 0, err
	}
	if t.fields == nil {
		t.fields = newFieldIndex(t.task.Positive.Model, t.task.Visible)
	}
	total := 0.0
	for chain := range s.Chains() {
		for i, n := range t.task.Visible {
			total += t.fields.logConditional(s, t.weights, i, int(n), chain)
		}
	}
	return total / float64(s.Chains()), nil
}

// Scores reports whether examples have a score.
func (t *Trainer) Scores() bool { return t.closed() || t.matches() }

// mostMatched is how many nodes an example may have for scores by score matching, whose
// work goes with their square.
const mostMatched = 64

// matches reports whether the score of examples is minus the loss of score matching.
func (t *Trainer) matches() bool {
	return t.task.Loss.Scores() || !t.closed() && len(t.task.Visible) <= mostMatched && t.task.checkScores() == nil
}

// hyvarinen is minus the loss of score matching: that of the task, with the same words at
// every call, or else the exact one.
func (t *Trainer) hyvarinen(ctx context.Context, data, condition Examples) (float64, error) {
	loss := t.task.Loss
	if !loss.Scores() {
		loss = ScoreMatching
	}
	all := make([]int32, data.Rows)
	for i := range all {
		all[i] = int32(i)
	}
	return -t.matched(newLines(t, 2), loss, data, condition, all, 0, t.seed(useScore), 0), ctx.Err()
}

// closed reports whether conditionals of visible nodes have closed forms.
func (t *Trainer) closed() bool {
	m := t.task.Positive.Model
	for i := range m.Codes {
		for _, n := range m.Codes[i].Index {
			if slices.Contains(t.task.Visible, n) {
				return false
			}
		}
	}
	return true
}

// fieldIndex lists the rows that touch some nodes.
type fieldIndex struct {
	model *sampling.Model
	vars  []*sampling.Var
	at    [][]place
}

// place is a slot of a row.
type place struct {
	factor, row int32
	slot        uint8
}

func newFieldIndex(m *sampling.Model, nodes []int32) *fieldIndex {
	of := make(map[int32]int, len(nodes))
	for i, n := range nodes {
		of[n] = i
	}
	x := &fieldIndex{m, make([]*sampling.Var, len(nodes)), make([][]place, len(nodes))}
	for vi := range m.Vars {
		v := &m.Vars[vi]
		for i, n := range nodes {
			if v.First <= int(n) && int(n) < v.First+v.Count {
				x.vars[i] = v
			}
		}
	}
	for fi := range m.Factors {
		f := &m.Factors[fi]
		for k, n := range f.Index {
			if i, ok := of[n]; ok {
				x.at[i] = append(x.at[i], place{int32(fi), int32(k / len(f.Slots)), uint8(k % len(f.Slots))})
			}
		}
	}
	return x
}

// logConditional is log p(x | rest) of the i-th node, in float64 from the weights
// as they are.
func (x *fieldIndex) logConditional(s *sampling.Sampler, weights [][]float64, i, node, chain int) float64 {
	beta, v, value := x.model.Beta, x.vars[i], s.Value(node, chain)
	theta := make([]float64, max(v.States, 3)) // of states; of x, x² and ±1 in [1], [2] and [1]
	for _, p := range x.at[i] {
		x.addRow(theta, s, weights, p, chain)
	}
	switch v.Kind {
	case sampling.Spin:
		return -logOnePlusExp(-2 * beta * theta[1] * float64(value))
	case sampling.Continuous:
		a, b := -theta[2], -theta[1]
		return logNormal(float64(sampling.BitsFloat(value)), -b/(2*a), math.Sqrt(1/(2*beta*a)), v.Range)
	}
	theta = theta[:v.States]
	top := math.Inf(-1)
	for _, y := range theta {
		top = max(top, float64(beta*y))
	}
	sum := 0.0
	for _, y := range theta {
		sum += sampling.Exp(float64(beta*y) - top)
	}
	return float64(beta*theta[value]) - top - sampling.Log(sum)
}

// addRow adds what a row gives its node: to theta[k] for each state k of a
// categorical, to theta[power] of a continuous node, to theta[1] of a spin.
func (x *fieldIndex) addRow(theta []float64, s *sampling.Sampler, weights [][]float64, p place, chain int) {
	f := &x.model.Factors[p.factor]
	k := len(f.Slots)
	base, stride, step, product := 0, 1, 0, 1.0
	for j := k - 1; j >= 0; j-- {
		slot, own := f.Slots[j], j == int(p.slot)
		v := s.Value(int(f.Index[int(p.row)*k+j]), chain)
		switch {
		case slot.Kind == sampling.Categorical:
			if own {
				step = stride
			} else {
				base += int(v) * stride
			}
			stride *= slot.States
		case own:
		case slot.Kind == sampling.Spin:
			product *= float64(v)
		default:
			for range slot.Power {
				product *= float64(sampling.BitsFloat(v))
			}
		}
	}
	w := weights[p.factor]
	if !f.Shared {
		w = w[int(p.row)*f.TableSize() : (int(p.row)+1)*f.TableSize()]
	}
	switch own := f.Slots[p.slot]; own.Kind {
	case sampling.Spin:
		theta[1] += float64(product * w[base])
	case sampling.Continuous:
		theta[own.Power] += float64(product * w[base])
	default:
		for c := range own.States {
			theta[c] += float64(product * w[base+c*step])
		}
	}
}

// logNormal is the logarithm of a normal density, inside bounds if there are any.
func logNormal(x, mean, sd float64, bounds []float64) float64 {
	const logRootTwoPi = 0.9189385332046727
	z := (x - mean) / sd
	out := -float64(float64(z*z)/2) - sampling.Log(sd) - logRootTwoPi
	if bounds == nil {
		return out
	}
	lo, hi := (bounds[0]-mean)/sd, (bounds[1]-mean)/sd
	if lo+hi < 0 {
		lo, hi = -hi, -lo
	}
	if lo <= 37 {
		return out - sampling.Log(sampling.NormalTail(lo)-sampling.NormalTail(hi))
	}
	// So far out the tail is exponential to one part in 1,300.
	return out + float64(float64(lo*lo)/2) + logRootTwoPi + sampling.Log(lo) - sampling.Log(1-sampling.Exp(-float64(lo*(hi-lo))))
}

// logOnePlusExp is log(1 + e^x).
func logOnePlusExp(x float64) float64 {
	if x > 0 {
		return x + sampling.Log(1+sampling.Exp(-x))
	}
	return sampling.Log(1 + sampling.Exp(x))
}
