package train

import (
	"fmt"
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Losses of score matching. With U = βH, so that the model's score is -∇U, the loss of an
// example x is
//
//	Score      ½|∇U(x)|² - tr ∇²U(x)                       (Hyvärinen 2005)
//	Sliced     mean over v of ½(v·∇U(x))² - vᵀ∇²U(x)v,     (Song, Garg, Shi, Ermon 2019)
//	           v of ±1, Projections of them
//	Denoising  ½|∇U(x + σε) - ε/σ|²,  ε normal numbers     (Vincent 2011)
//
// and their gradients by what is fitted are those of H along lines: through x in the
// directions of the axes or of v, and through x + σε in the direction r = ∇U - ε/σ, as
// the gradient of the loss is that of r·∇U with r held. No chains run. Words are those of
// purpose 1, chain being the example's place in the batch, sweep the number of gradients
// before, slot the place among the visible nodes: a number of v is +1 where the top bit of
// draw p is set, p the projection; ε is the normal number of draws 0 and 1. All nodes that are
// not held must be visible and continuous, without a range: at the ends of one the
// integration by parts behind these losses leaves a term.

// Scores tells the losses of score matching, which run no chains.
func (l Loss) Scores() bool { return l >= ScoreMatching }

// checkScores refuses a task of score matching in which a node would have to be sampled.
func (t *Task) checkScores() error {
	m := t.Positive.Model
	switch {
	case t.Loss == Denoising && !(t.Sigma > 0 && t.Sigma <= math.MaxFloat32):
		return fmt.Errorf("train: noise of standard deviation %v", t.Sigma)
	case t.Loss == Sliced && (t.Projections < 1 || t.Projections > 256):
		return fmt.Errorf("train: %d projections, not 1 to 256", t.Projections)
	}
	visible := map[int32]bool{}
	for _, n := range t.Visible {
		visible[n] = true
	}
	held := heldNodes(t.Negative.Model, t.Given)
	for i := range m.Vars {
		v := &m.Vars[i]
		for n := int32(v.First); n < int32(v.First+v.Count); n++ {
			switch {
			case held[n]:
			case v.Kind != sampling.Continuous:
				return fmt.Errorf("train: score matching takes derivatives by the nodes; %s is discrete", m.NodeName(int(n)))
			case v.Range != nil:
				return fmt.Errorf("train: score matching takes numbers without a range; %s has one", m.NodeName(int(n)))
			case !visible[n]:
				return fmt.Errorf("train: score matching takes models without hidden nodes; %s is not visible", m.NodeName(int(n)))
			}
		}
	}
	return nil
}

// scoreGradient is the gradient of a loss of score matching on some examples.
func (t *Trainer) scoreGradient(examples []int32) *Gradient {
	l := newLines(t, 2)
	measured := l.collect(t)
	sweep := t.sweeps[0]
	t.sweeps[0]++
	loss := t.matched(l, t.task.Loss, t.task.Data, t.task.Condition, examples, sweep, t.seed(usePositive), 1/float64(len(examples)))
	for _, m := range measured[len(t.factors):] {
		for k := range m {
			m[k] = -m[k] // slopes of code take it back
		}
	}
	return &Gradient{Loss: loss, Arrays: t.arrayGradients(measured, nil)}
}

// collect makes room for derivatives, by what is measured.
func (l *lines) collect(t *Trainer) [][]float64 {
	l.collects = true
	var out [][]float64
	for _, fi := range t.factors {
		l.factors[fi] = make([]float64, len(t.weights[fi]))
		out = append(out, l.factors[fi])
	}
	for _, i := range t.coded {
		x := &t.task.Positive.Model.Formulas[i]
		all := make([]float64, x.Elements()+1)
		out = append(out, all)
		for _, c := range x.Codes {
			views, at := make([][]float64, len(x.Params)), 0
			for k, p := range x.Params {
				views[k] = all[at : at+len(p.Values)]
				at += len(p.Values)
			}
			l.params[c] = views
		}
	}
	return out
}

// matched is the mean loss of examples; where l collects, share of the gradient of each
// is added to it.
func (t *Trainer) matched(l *lines, loss Loss, data, condition Examples, examples []int32, sweep, seed uint64, share float64) float64 {
	words := rng.NewWords(seed, 10)
	total := 0.0
	for i, e := range examples {
		l.hold(t, data.row(int(e), len(t.task.Visible)), condition, int(e))
		switch loss {
		case ScoreMatching:
			for k := range t.task.Visible {
				total += l.project(t, func(i int) float64 {
					if i == k {
						return 1
					}
					return 0
				}, share)
			}
		case Sliced:
			for p := range t.task.Projections {
				total += l.project(t, func(k int) float64 {
					if words.Word32(rng.PurposeContinuous, uint32(i), sweep, uint32(k), uint32(p))>>31 == 1 {
						return 1
					}
					return -1
				}, share/float64(t.task.Projections)) / float64(t.task.Projections)
			}
		default:
			total += l.denoise(t, func(k int) float64 {
				return wordsNormal(words.Word32(rng.PurposeContinuous, uint32(i), sweep, uint32(k), 0), words.Word32(rng.PurposeContinuous, uint32(i), sweep, uint32(k), 1))
			}, share)
		}
	}
	return total / float64(len(examples))
}

// wordsNormal is a standard normal number of two words.
func wordsNormal(w, v uint32) float64 {
	z := sampling.NormalQuantile((float64(uint64(w&(1<<31-1))<<32|uint64(v)) + 0.5) / (1 << 64))
	if w>>31 == 0 {
		return -z
	}
	return z
}

// hold puts an example, its conditions and the model's clamps into the state.
func (l *lines) hold(t *Trainer, row []int32, condition Examples, example int) {
	for _, c := range l.model.Clamps {
		for i, n := range c.Nodes {
			l.state[n] = c.Values[i]
		}
	}
	if n := len(t.task.Given); n > 0 {
		for i, v := range condition.row(example, n) {
			l.state[t.task.Given[i]] = v
		}
	}
	for i, n := range t.task.Visible {
		l.at[n] = sampling.Jet{float64(sampling.BitsFloat(row[i]))}
	}
}

// project is ½(v·∇U)² - vᵀ∇²U·v at the state.
func (l *lines) project(t *Trainer, v func(i int) float64, share float64) float64 {
	for i, n := range t.task.Visible {
		l.at[n][1] = v(i)
	}
	beta := l.model.Beta
	h := l.energy(nil, false)
	first := float64(beta * h[1])
	if l.collects {
		by := sampling.Jet{0, float64(share * float64(first*beta)), float64(share * float64(-2*beta))}
		l.energy(&by, false)
	}
	for _, n := range t.task.Visible {
		l.at[n][1] = 0
	}
	return float64(first*first)/2 - float64(2*float64(beta*h[2]))
}

// denoise is ½|∇U(x + σε) - ε/σ|² at the state, which it moves.
func (l *lines) denoise(t *Trainer, noise func(i int) float64, share float64) float64 {
	beta, sigma := l.model.Beta, t.task.Sigma
	for i, n := range t.task.Visible {
		l.at[n][0] += float64(sigma * noise(i))
	}
	l.energy(nil, true)
	loss := 0.0
	for i, n := range t.task.Visible {
		r := float64(beta*l.slope[n][0]) - noise(i)/sigma
		l.at[n][1] = r
		loss += float64(r * r)
	}
	if l.collects {
		by := sampling.Jet{0, float64(share * beta)}
		l.energy(&by, false)
	}
	return loss / 2
}
