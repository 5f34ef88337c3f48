package train

import (
	"context"
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Score is the mean over examples of Σ log p(v | all other nodes) over the visible
// nodes v, in nats: the pseudo-likelihood of an example, the hidden nodes being
// those of the last states of a positive phase run on it (the mean over its
// chains). 0 is perfect. Its words are those of another seed, the same at every
// call: scoring changes no step, and differences between two scores are not noise
// of the sampling alone.
func (t *Trainer) Score(ctx context.Context, data, condition Examples) (float64, error) {
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
	if err := ctx.Err(); err != nil {
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

// fieldIndex lists the rows that touch some nodes.
type fieldIndex struct {
	model  *sampling.Model
	states []int // 0 for a spin
	at     [][]place
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
	x := &fieldIndex{m, make([]int, len(nodes)), make([][]place, len(nodes))}
	for _, v := range m.Vars {
		if v.Kind == sampling.Spin {
			continue
		}
		for i, n := range nodes {
			if v.First <= int(n) && int(n) < v.First+v.Count {
				x.states[i] = v.States
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
	m := x.model
	value := s.Value(node, chain)
	theta := make([]float64, x.states[i]) // none for a spin
	gamma := 0.0
	for _, p := range x.at[i] {
		f := &m.Factors[p.factor]
		k := len(f.Slots)
		base, stride, sign := 0, 1, 1.0
		for j := k - 1; j >= 0; j-- {
			slot := f.Slots[j]
			v := s.Value(int(f.Index[int(p.row)*k+j]), chain)
			switch {
			case slot.Kind == sampling.Spin && j != int(p.slot):
				sign *= float64(v)
			case slot.Kind == sampling.Categorical:
				if j != int(p.slot) {
					base += int(v) * stride
				}
				stride *= slot.States
			}
		}
		w := weights[p.factor]
		if w == nil {
			w = f.Weights
		}
		if !f.Shared {
			w = w[int(p.row)*f.TableSize() : (int(p.row)+1)*f.TableSize()]
		}
		own := f.Slots[p.slot]
		if own.Kind == sampling.Spin {
			gamma += float64(sign * w[base])
			continue
		}
		step := 1
		for j := int(p.slot) + 1; j < k; j++ {
			if f.Slots[j].Kind == sampling.Categorical {
				step *= f.Slots[j].States
			}
		}
		for c := range theta {
			theta[c] += float64(sign * w[base+c*step])
		}
	}
	if len(theta) == 0 {
		return -logOnePlusExp(-2 * m.Beta * gamma * float64(value))
	}
	top := math.Inf(-1)
	for _, v := range theta {
		top = max(top, float64(m.Beta*v))
	}
	sum := 0.0
	for _, v := range theta {
		sum += sampling.Exp(float64(m.Beta*v) - top)
	}
	return float64(m.Beta*theta[value]) - top - sampling.Log(sum)
}

// logOnePlusExp is log(1 + e^x).
func logOnePlusExp(x float64) float64 {
	if x > 0 {
		return x + sampling.Log(1+sampling.Exp(-x))
	}
	return sampling.Log(1 + sampling.Exp(x))
}
