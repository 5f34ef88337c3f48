package sampling

import (
	"errors"
	"fmt"
	"math"
)

// Joint moves that keep a velocity of every node from sweep to sweep: underdamped
// Langevin dynamics and Nesterov's descent. Velocities stand where other samplers have
// their steps, begin at 0 and are part of a state.

// velocityRow is the velocity of node i of a block in the chains of a word.
func (w *worker) velocityRow(s *Sampler, b *blockPlan, i, lane int) *[64]float32 {
	return (*[64]float32)(w.steps[(int(b.float.nodes[i].step)*s.tile+lane)*64:])
}

// saveVelocity remembers the velocities before a move.
func (s *Sampler) saveVelocity(w *worker, b *blockPlan, lane int) {
	for i := range b.nodes {
		w.joint.velocity[i] = *w.velocityRow(s, b, i, lane)
	}
}

// restoreVelocity puts chains back to their velocities before the move.
func (s *Sampler) restoreVelocity(w *worker, b *blockPlan, chains uint64, lane int) {
	for i := range b.nodes {
		v, old := w.velocityRow(s, b, i, lane), &w.joint.velocity[i]
		for c := range v {
			if chains>>c&1 != 0 {
				v[c] = old[c]
			}
		}
	}
}

// underdamped is one step of Langevin dynamics with a momentum, split as BAOAB
// (Leimkuhler and Matthews 2013): half a kick, half a drift, friction and noise, half a
// drift, half a kick.
func (s *Sampler) underdamped(w *worker, b *blockPlan, lane, n int) {
	j := b.joint
	s.saveVelocity(w, b, lane)
	c := Exp(-float64(j.Friction * w.joint.size[0])) // the step is the same in all chains
	kept, sd := float32(c), float32(math.Sqrt(float64((1-float64(c*c))*j.NoiseScale.Value(w.sweep))))
	w.leap(s, j, -1)
	kick := func() {
		s.jointSlopes(w, b, lane, n)
		for i := range b.nodes {
			if !b.skip[i] {
				w.leap(s, j, i)
				p := w.velocityRow(s, b, i, lane)
				s.minusProduct(p, p, &w.joint.half, &w.joint.slope[i])
			}
		}
	}
	kick()
	for i := range b.nodes {
		if b.skip[i] {
			continue
		}
		w.leap(s, j, i)
		x, p, z := w.jointRow(s, b, i, lane), w.velocityRow(s, b, i, lane), &w.joint.noise[i]
		drift := float32(0.5 * w.joint.step[0])
		for c := range z {
			x[c] += float32(drift * p[c])
			p[c] = float32(kept*p[c]) + float32(sd*z[c])
			x[c] += float32(drift * p[c])
		}
	}
	kick()
}

// nesterov is one step of descent with momentum, the slope taken where the momentum
// leads.
func (s *Sampler) nesterov(w *worker, b *blockPlan, lane, n int) {
	mu := float32(b.joint.Momentum)
	s.saveVelocity(w, b, lane)
	for i := range b.nodes {
		if b.skip[i] {
			continue
		}
		x, v := w.jointRow(s, b, i, lane), w.velocityRow(s, b, i, lane)
		for c := range v {
			v[c] = float32(mu * v[c])
			x[c] += v[c]
		}
	}
	s.jointSlopes(w, b, lane, n)
	w.joint.factors(func(size float64) (step, half float32) { return float32(float64(size * s.beta)), 0 })
	for i := range b.nodes {
		if b.skip[i] {
			continue
		}
		x, v := w.jointRow(s, b, i, lane), w.velocityRow(s, b, i, lane)
		s.minusProduct(v, v, &w.joint.step, &w.joint.slope[i])
		for c := range v {
			x[c] = w.joint.old[i][c] + v[c]
		}
	}
}

// A MoveFault says where a move without a Metropolis test left the finite numbers
// first. The chain stayed where it was before that move.
type MoveFault struct {
	Sampler string
	Node    string
	Chain   int
	Sweep   uint64

	slot int
}

func (f *MoveFault) Error() string {
	return fmt.Sprintf("%s diverged: %s of chain %d is no finite number in sweep %d; the chain stays where it was before", f.Sampler, f.Node, f.Chain, f.Sweep)
}

func (f *MoveFault) before(g *MoveFault) bool {
	switch {
	case f.Sweep != g.Sweep:
		return f.Sweep < g.Sweep
	case f.Chain != g.Chain:
		return f.Chain < g.Chain
	}
	return f.slot < g.slot
}

// lose counts chains that left the finite numbers and remembers the first.
func (s *Sampler) lose(w *worker, b *blockPlan, lost uint64, lane, word int) {
	for c := range 64 {
		if lost>>c&1 == 0 {
			continue
		}
		w.diverge(1, w.sweep)
		i := 0
		for finite(w.jointRow(s, b, i, lane)[c]) && (!b.joint.kind.keeps() || finite(w.velocityRow(s, b, i, lane)[c])) {
			i++
		}
		f := &MoveFault{Sampler: jointNames[b.joint.kind], Node: s.model.NodeName(int(b.nodes[i])), Chain: 64*word + c, Sweep: w.sweep, slot: b.first + i}
		if w.lost == nil || f.before(w.lost) {
			w.lost = f
		}
	}
}

// IsFault reports whether an error is one that Fault gives.
func IsFault(err error) bool {
	var code *UserFault
	var move *MoveFault
	return errors.As(err, &code) || errors.As(err, &move)
}

func finite(x float32) bool { return x-x == 0 }

// Fault is the first thing that went wrong since the last Init: a *UserFault of user's
// code, a *MoveFault or a *DeviceError; nil: nothing. Run stops with it.
func (s *Sampler) Fault() error {
	if s.deviceError != nil {
		return s.deviceError
	}
	if err := s.UserFault(); err != nil {
		return err
	}
	var first *MoveFault
	for _, w := range s.workers {
		if w.lost != nil && (first == nil || w.lost.before(first)) {
			first = w.lost
		}
	}
	if first == nil {
		return nil
	}
	return first
}
