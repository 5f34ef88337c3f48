package train

import (
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// lines are the energy along lines x + t·v through states, up to t², and its derivatives
// by x and by what is fitted. Numbers are of H; β is not in them.
type lines struct {
	model   *sampling.Model
	weights [][]float64
	codes   []sampling.CodeFactor
	tape    *sampling.Tape
	state   []int32        // of the nodes that stay
	at      []sampling.Jet // by node, of those that move
	moves   []bool         // by node
	slope   []sampling.Jet // dH/dx by node, after gradients

	factors [][]float64   // what derivatives by weights are added to, by factor; nil: left out
	params  [][][]float64 // the same by code factor and parameter

	collects bool
}

func newLines(t *Trainer, order int) *lines {
	m := t.task.Positive.Model
	l := &lines{model: m, weights: t.weights, codes: t.codes, tape: sampling.NewTape(order),
		state: make([]int32, m.Nodes), at: make([]sampling.Jet, m.Nodes), moves: make([]bool, m.Nodes), slope: make([]sampling.Jet, m.Nodes),
		factors: make([][]float64, len(m.Factors)), params: make([][][]float64, len(m.Codes))}
	for _, n := range t.task.Visible {
		l.moves[n] = true
	}
	return l
}

// number is a node's value as a jet.
func (l *lines) number(n int32, kind sampling.Kind) sampling.Jet {
	switch {
	case l.moves[n]:
		return l.at[n]
	case kind == sampling.Continuous:
		return sampling.Jet{float64(sampling.BitsFloat(l.state[n]))}
	}
	return sampling.Jet{float64(l.state[n])}
}

// energy is H along the line. With slopes it fills them; with by it adds what by picks of
// the derivatives by weights and parameters, see Tape.Back.
func (l *lines) energy(by *sampling.Jet, slopes bool) (h sampling.Jet) {
	if slopes {
		clear(l.slope)
	}
	for i := range l.model.Factors {
		f := &l.model.Factors[i]
		for r := range f.Rows {
			l.row(&h, i, f.Index[r*len(f.Slots):][:len(f.Slots)], r, by, slopes)
		}
	}
	for i := range l.codes {
		c := &l.codes[i]
		var pick sampling.Jet
		sums := l.params[i]
		if by == nil {
			sums = nil
		} else {
			pick = *by
		}
		for r := range c.Rows {
			nodes := c.Index[r*len(c.Slots):]
			e := l.tape.Energy(c, r, func(n int) sampling.Jet { return l.number(nodes[n], c.Slots[n].Kind) })
			add(&h, e, 1)
			if by != nil || slopes {
				l.tape.Back(pick, sums, func(n int, d sampling.Jet) { add(&l.slope[nodes[n]], d, 1) })
			}
		}
	}
	return h
}

func add(sum *sampling.Jet, x sampling.Jet, c float64) {
	for k := range sum {
		sum[k] += float64(c * x[k])
	}
}

// row adds a row of factor fi.
func (l *lines) row(h *sampling.Jet, fi int, nodes []int32, r int, by *sampling.Jet, slopes bool) {
	f := &l.model.Factors[fi]
	at := 0
	product := sampling.Jet{1}
	for j, s := range f.Slots {
		if s.Kind == sampling.Categorical {
			at = at*s.States + int(l.state[nodes[j]])
			continue
		}
		for range max(1, s.Power) {
			product = product.Times(l.number(nodes[j], s.Kind))
		}
	}
	if !f.Shared {
		at += r * f.TableSize()
	}
	w := l.weights[fi][at]
	add(h, product, -w)
	if sums := l.factors[fi]; by != nil && sums != nil {
		for k, p := range by {
			sums[at] -= float64(p * product[k])
		}
	}
	if !slopes {
		return
	}
	for j, s := range f.Slots {
		if s.Kind != sampling.Continuous || !l.moves[nodes[j]] {
			continue
		}
		d := sampling.Jet{float64(-w * float64(s.Power))}
		for i, other := range f.Slots {
			if other.Kind == sampling.Categorical {
				continue
			}
			times := max(1, other.Power)
			if i == j {
				times = s.Power - 1
			}
			for range times {
				d = d.Times(l.number(nodes[i], other.Kind))
			}
		}
		add(&l.slope[nodes[j]], d, 1)
	}
}
