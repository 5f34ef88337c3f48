package sampling

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Sweeps that are nothing but steps of Langevin with slopes by one program: the normal
// numbers of several sweeps are drawn first, then all steps are one call.

// langevinRows is how many rows of normal numbers are drawn at once where nodes are few. A
// rare number, which only a second word gives, has all of them drawn again.
const langevinRows = 16

// sweepProgram is the program of slopes with the move behind it; nil where they are not of
// one run, or the move is not for the kernel.
func (b *blockPlan) sweepProgram() []vector.Op {
	if b.joint.at == nil || !b.joint.same || b.joint.fits >= 0 || b.slopes == nil || len(b.slopes.runs) > 1 {
		return nil
	}
	run := b.slopes.runs[0]
	return append(slices.Clone(run[:len(run)-1]), vector.Op{Code: vector.OpMove}, vector.Op{})
}

// langevinSweeps does some of the sweeps left to a tile of one word by such a program, and
// tells how many. A state that is no number stays none: it is looked for at the end, and all
// is done again step by step where there is one, or where the program met what it does not
// know.
func (s *Sampler) langevinSweeps(w *worker, b *blockPlan, word, left int) int {
	j, rows, n := &w.joint, len(b.nodes), min(64, s.chains-64*word)
	sweeps := min(left, max(1, langevinRows/rows), max(1, vector.MostOps/len(b.moves)))
	j.grow(rows)
	for len(j.noise) < sweeps*rows {
		j.noise = append(j.noise, [64]float32{})
	}
	w.normalSweeps(s, j.noise[:sweeps*rows], sweeps, n, uint32(b.first), uint32(64*word))
	w.stepSizes(s, b.joint, 0)
	s.langevinFactors(w, b)
	for i := range rows {
		j.old[i] = *w.jointRow(s, b, i, 0)
	}
	j.move = vector.Move{At: &b.joint.at[0], Normal: &j.noise[0], Rows: rows, Sweeps: sweeps, Step: j.step[0], Scale: j.half[0]}
	p := w.aimProgram(nil, &j.slope[0], 0)
	p.Move, p.Ops = &j.move, &b.moves[0]
	vector.RunCode512(p)
	if p.Far == 0 && s.infinite(w, b, 0, n) == 0 {
		return sweeps
	}
	for i := range rows {
		*w.jointRow(s, b, i, 0) = j.old[i]
	}
	noise, first := j.noise, w.sweep
	for range sweeps {
		s.untested(w, b, 0, n, word)
		j.noise = j.noise[rows:]
		w.sweep++
	}
	j.noise, w.sweep = noise, first
	return sweeps
}
