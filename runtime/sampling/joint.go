package sampling

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Joint moves of continuous nodes: they follow the gradient of the energy together. Here
// are what all moves need, langevin, gradient, mala and hmc; those that keep a velocity are
// in velocity.go, the fitting of steps in adapt.go.

type jointKind int8

const (
	jointLangevin jointKind = iota
	jointMALA
	jointHMC
	jointUnderdamped
	jointGradient
	jointNesterov
)

var jointNames = []string{"langevin", "mala", "hmc", "underdamped", "gradient", "nesterov"}

// tested says whether a Metropolis test follows the move.
func (k jointKind) tested() bool { return k == jointMALA || k == jointHMC }

// drawn says whether the move draws normal numbers.
func (k jointKind) drawn() bool { return k != jointGradient && k != jointNesterov }

// keeps says whether nodes have a velocity.
func (k jointKind) keeps() bool { return k == jointUnderdamped || k == jointNesterov }

// jointNamed is the joint move of a name, -1 if there is none.
func jointNamed(name string) jointKind { return jointKind(slices.Index(jointNames, name)) }

// jointPlan is a joint move, compiled.
type jointPlan struct {
	*Joint
	kind jointKind
	root []float64 // of the mass of each node; nil: 1
	fits int       // row of the steps that warm-up fits, -1 without
	same bool      // step size and noise scale are those of all sweeps
	at   []int32   // of langevin: where rows begin in a tile, in bytes; nil: not for the kernel
}

const largestError = 1000 // of the energy that a move of hmc may make, as in Stan

func (s *Sampler) compileJoint(b *Block) *jointPlan {
	j := &jointPlan{Joint: b.Joint, kind: jointNamed(b.Sampler), fits: s.adaptRow}
	j.same = j.StepSize.IsFixed() && j.NoiseScale.IsFixed()
	for _, m := range b.Joint.Mass {
		j.root = append(j.root, math.Sqrt(m))
	}
	return j
}

// jointScratch is what a worker needs for a joint move: by node and chain of a word.
type jointScratch struct {
	old, slope, noise, mean [][64]float32
	velocity                [][64]float32 // before the move
	state                   [][64]float32 // of dense forces
	spare                   []float32     // of quickLangevin
	move                    vector.Move   // of langevinSweeps
	turns                   bool          // moves are quick, and settle follows
	sum                     [64]float64
	size                    [64]float64 // of the step of each chain
	one                     bool        // all chains have that of the first
	sizeAt                  uint64      // 1 + its sweep; 0: none
	step, half              [64]float32 // factors in front, by chain
	noiseSweep              uint64      // those of langevin are for
	noiseBeta, noiseSize    float64
}

// factors fills the factors in front, which are functions of the step size.
func (j *jointScratch) factors(of func(size float64) (step, half float32)) {
	if j.one {
		step, half := of(j.size[0])
		if j.step[0] != step || j.half[0] != half {
			fillFloats(&j.step, step)
			fillFloats(&j.half, half)
		}
		return
	}
	for c, size := range j.size {
		j.step[c], j.half[c] = of(size)
	}
}

// grow makes room for n nodes, and for three more results of a kernel.
func (j *jointScratch) grow(n int) {
	for len(j.old) < n+3 {
		j.old, j.slope = append(j.old, [64]float32{}), append(j.slope, [64]float32{})
		j.noise, j.mean = append(j.noise, [64]float32{}), append(j.mean, [64]float32{})
		j.velocity, j.state = append(j.velocity, [64]float32{}), append(j.state, [64]float32{})
	}
}

// jointSweeps does one or some of the sweeps left to a tile that has nothing but a joint
// move, and tells how many.
func (s *Sampler) jointSweeps(w *worker, b *blockPlan, tile, left int) int {
	if b.moves != nil && s.tile == 1 {
		return s.langevinSweeps(w, b, tile, left)
	}
	s.updateJoint(w, b, tile)
	return 1
}

// updateJoint moves the nodes of a block in every word of a tile.
func (s *Sampler) updateJoint(w *worker, b *blockPlan, tile int) {
	w.joint.grow(len(b.nodes))
	for lane := range s.tile {
		word := tile*s.tile + lane
		n := min(64, s.chains-64*word)
		if n <= 0 {
			break
		}
		if w.joint.turns {
			w.stepSizes(s, b.joint, lane)
			s.langevinFactors(w, b)
			s.quickLangevin(w, b, n, word)
			continue
		}
		if b.joint.kind.drawn() {
			w.normalRows(s, w.joint.noise[:len(b.nodes)], n, uint32(b.first), uint32(64*word))
		}
		w.stepSizes(s, b.joint, lane)
		if b.joint.at == nil {
			for i := range b.nodes {
				w.joint.old[i] = *w.jointRow(s, b, i, lane)
			}
		}
		if b.joint.kind.tested() {
			s.accepted(w, b, lane, n, word)
		} else {
			s.untested(w, b, lane, n, word)
		}
	}
}

// stepSizes fills the step size of each chain.
func (w *worker) stepSizes(s *Sampler, j *jointPlan, lane int) {
	if w.joint.one = j.fits < 0; w.joint.one {
		if at := w.sweep + 1; w.joint.sizeAt != at && !(j.same && w.joint.sizeAt != 0) {
			w.joint.size[0], w.joint.sizeAt = j.StepSize.Value(w.sweep), at
		}
		return
	}
	w.fittedSizes(s, j, lane)
}

// jointRow is the state of node i of a block in the chains of a word.
func (w *worker) jointRow(s *Sampler, b *blockPlan, i, lane int) *[64]float32 {
	return w.lane(s, b.row[i], lane)
}

// jointSlopes fills the derivatives of the energy at the present state.
func (s *Sampler) jointSlopes(w *worker, b *blockPlan, lane, n int) {
	if b.dense != nil {
		s.denseSlopes(w, b, lane, n)
		return
	}
	if b.slopes != nil && w.runProgram(b.slopes, nil, &w.joint.slope[0], lane) {
		return
	}
	for i := range b.nodes {
		if b.skip[i] {
			continue
		}
		node := &b.float.nodes[i]
		w.curve(s, node, lane, n)
		w.slopeAt(s, node, w.jointRow(s, b, i, lane), &w.joint.slope[i], lane, n)
	}
}

// follow puts the state at x - η·D + s·z, D at the present state x, and keeps x -
// η·D as mean; η and s are the factors in front.
func (s *Sampler) follow(w *worker, b *blockPlan, lane, n int) {
	s.jointSlopes(w, b, lane, n)
	for i := range b.nodes {
		if !b.skip[i] {
			x, mean := w.jointRow(s, b, i, lane), &w.joint.mean[i]
			s.minusProduct(mean, x, &w.joint.step, &w.joint.slope[i])
			s.plusProduct(x, mean, &w.joint.half, &w.joint.noise[i])
		}
	}
}

// untested is a move without a Metropolis test; a chain that would leave the numbers
// keeps its state.
func (s *Sampler) untested(w *worker, b *blockPlan, lane, n, word int) {
	j := b.joint
	var lost uint64
	switch j.kind {
	case jointLangevin:
		lost = s.langevin(w, b, lane, n)
	case jointUnderdamped:
		s.underdamped(w, b, lane, n)
	case jointGradient:
		s.descend(w, b, lane, n)
	case jointNesterov:
		s.nesterov(w, b, lane, n)
	}
	if j.kind != jointLangevin {
		lost = s.infinite(w, b, lane, n)
	}
	if lost == 0 {
		return
	}
	s.lose(w, b, lost, lane, word)
	s.restore(w, b, lost, lane)
	if j.kind.keeps() {
		s.restoreVelocity(w, b, lost, lane)
	}
}

// langevin is one step of the unadjusted Langevin algorithm. It tells the chains that
// left the numbers.
func (s *Sampler) langevin(w *worker, b *blockPlan, lane, n int) (lost uint64) {
	j := &w.joint
	s.langevinFactors(w, b)
	if b.joint.at == nil {
		s.follow(w, b, lane, n)
		return s.infinite(w, b, lane, n)
	}
	s.jointSlopes(w, b, lane, n)
	lost = vector.Langevin512(&w.floats[64*lane], &b.joint.at[0], len(b.nodes), &j.old[0], &j.slope[0], &j.noise[0], j.step[0], j.half[0])
	return lost & (1<<n - 1)
}

// langevinFactors fills the factors in front of the slope and of the noise.
func (s *Sampler) langevinFactors(w *worker, b *blockPlan) {
	j := &w.joint
	if w.sweep != j.noiseSweep && !b.joint.same || j.noiseBeta != s.beta || j.noiseSize != j.size[0] {
		j.noiseSweep, j.noiseBeta, j.noiseSize = w.sweep, s.beta, j.size[0]
		noise := b.joint.NoiseScale.Value(w.sweep)
		j.factors(func(size float64) (step, half float32) {
			return float32(float64(size * s.beta)), float32(math.Sqrt(float64(2*size) * noise))
		})
	}
}

// placeRows lists the rows of a block for the kernel of langevin, where it is for it: all
// nodes move.
func (s *Sampler) placeRows(b *blockPlan) {
	b.joint.at = nil
	if b.joint.kind != jointLangevin || slices.Contains(b.skip[:len(b.nodes)], true) {
		return
	}
	for i := range b.nodes {
		b.joint.at = append(b.joint.at, s.rowBytes(b.row[i]))
	}
}

// descend is one step down the gradient.
func (s *Sampler) descend(w *worker, b *blockPlan, lane, n int) {
	w.joint.factors(func(size float64) (step, half float32) { return float32(float64(size * s.beta)), 0 })
	s.jointSlopes(w, b, lane, n)
	for i := range b.nodes {
		if !b.skip[i] {
			x := w.jointRow(s, b, i, lane)
			s.minusProduct(x, x, &w.joint.step, &w.joint.slope[i])
		}
	}
}

// infinite tells the chains with a node that has no finite value, or no finite velocity.
func (s *Sampler) infinite(w *worker, b *blockPlan, lane, n int) (lost uint64) {
	for i := range b.nodes {
		lost |= s.infiniteIn(w.jointRow(s, b, i, lane))
		if b.joint.kind.keeps() {
			lost |= s.infiniteIn(w.velocityRow(s, b, i, lane))
		}
	}
	return lost & (1<<n - 1)
}

// restore puts chains back into the state before the move.
func (s *Sampler) restore(w *worker, b *blockPlan, chains uint64, lane int) {
	if chains == 0 {
		return
	}
	for i := range b.nodes {
		x, old := w.jointRow(s, b, i, lane), &w.joint.old[i]
		for c := range x {
			if chains>>c&1 != 0 {
				x[c] = old[c]
			}
		}
	}
}

// accepted is a move of mala or hmc with its Metropolis test.
func (s *Sampler) accepted(w *worker, b *blockPlan, lane, n, word int) {
	before := s.wordEnergies(word)
	if b.joint.kind == jointMALA {
		s.proposeMALA(w, b, lane, n)
	} else {
		s.proposeHMC(w, b, lane, n)
	}
	after := s.wordEnergies(word)
	lost := s.infinite(w, b, lane, n)
	var ratio, alpha [64]float64
	for c := range ratio {
		change := float64(s.beta * (after[c] - before[c]))
		ratio[c] = -change - w.joint.sum[c]
		alpha[c] = min(0, ratio[c])
	}
	s.exponentials(&alpha)
	w.float.numbers(w.sweep, uint32(64*word), n, uint32(b.first), 2)
	words := &w.float.word
	back := uint64(0)
	for c := range n {
		l := ratio[c]
		taken := lost>>c&1 == 0 && (float64(words[c])+0.5)/(1<<32) < alpha[c] // false where l is no number
		if !taken {
			back |= 1 << c
		}
		if w.sweep < s.fitUntil && b.joint.fits >= 0 {
			if l != l || lost>>c&1 != 0 {
				alpha[c] = 0
			}
			w.adapt(s, b.joint, lane, c, alpha[c])
		}
		if w.sweep >= s.fitUntil && (l != l || lost>>c&1 != 0 || -l > largestError) {
			w.diverge(1, w.sweep)
		}
	}
	if w.sweep >= s.fitUntil {
		w.countMoves(b.float.nodes[0].variable, n, back)
	}
	s.restore(w, b, back, lane)
}

// proposeMALA moves along the gradient; the sum becomes the logarithm of the ratio of
// the proposal's density forwards to that backwards.
func (s *Sampler) proposeMALA(w *worker, b *blockPlan, lane, n int) {
	eta, sd := &w.joint.step, &w.joint.half
	w.joint.factors(func(size float64) (step, half float32) {
		return float32(float64(size * s.beta)), float32(math.Sqrt(2 * size))
	})
	s.follow(w, b, lane, n)
	forward := w.joint.noise // no longer needed: y - mean
	for i := range b.nodes {
		if !b.skip[i] {
			for c, y := range w.jointRow(s, b, i, lane) {
				forward[i][c] = y - w.joint.mean[i][c]
			}
		}
	}
	s.jointSlopes(w, b, lane, n)
	w.joint.sum = [64]float64{}
	for i := range b.nodes {
		if b.skip[i] {
			continue
		}
		row := w.jointRow(s, b, i, lane)
		for c := range n {
			m := row[c] - float32(eta[c]*w.joint.slope[i][c])
			u, v := float64(w.joint.old[i][c]-m), float64(forward[i][c])
			w.joint.sum[c] += float64(u*u) - float64(v*v)
		}
	}
	for c := range w.joint.sum {
		w.joint.sum[c] /= float64(2 * float64(float64(sd[c])*float64(sd[c])))
	}
}

// proposeHMC follows Hamilton's equations by leapfrogs from momenta that are the
// noise; the sum becomes the change of the kinetic energy.
func (s *Sampler) proposeHMC(w *worker, b *blockPlan, lane, n int) {
	j, p := b.joint, w.joint.noise
	w.joint.sum = [64]float64{}
	w.leap(s, j, -1)
	for i := range b.nodes {
		if !b.skip[i] {
			s.subtractSquares(&w.joint.sum, &p[i])
		}
	}
	kick := func() {
		for i := range b.nodes {
			if !b.skip[i] {
				w.leap(s, j, i)
				s.minusProduct(&p[i], &p[i], &w.joint.half, &w.joint.slope[i])
			}
		}
	}
	s.jointSlopes(w, b, lane, n)
	for range j.Steps {
		kick()
		for i := range b.nodes {
			if !b.skip[i] {
				w.leap(s, j, i)
				x := w.jointRow(s, b, i, lane)
				s.plusProduct(x, x, &w.joint.step, &p[i])
			}
		}
		s.jointSlopes(w, b, lane, n) // they serve the next step too
		kick()
	}
	for i := range b.nodes {
		if !b.skip[i] {
			s.addSquares(&w.joint.sum, &p[i])
		}
	}
	for c := range w.joint.sum {
		w.joint.sum[c] /= 2
	}
}

// leap fills the step of node i and half of it times β as the factors in front; without
// masses they are the same for all nodes, filled by i = -1.
func (w *worker) leap(s *Sampler, j *jointPlan, i int) {
	root := 1.0
	switch {
	case j.root == nil && i >= 0 || j.root != nil && i < 0:
		return
	case j.root != nil:
		root = j.root[i]
	}
	w.joint.factors(func(size float64) (step, half float32) {
		size /= root
		return float32(size), float32(float64(size*s.beta) / 2)
	})
}

// diverge counts moves that left the numbers, or nearly did, 1 or more, the first in a sweep.
func (w *worker) diverge(count, sweep uint64) {
	if w.diverged == 0 || sweep < w.divergedAt {
		w.divergedAt = sweep
	}
	w.diverged += count
}

// Divergences is how many joint moves went beyond finite numbers or, after warm-up,
// made an error above 1,000 in the energy (their chains stayed where they were), and
// the sweep of the first.
func (s *Sampler) Divergences() (count, first uint64) {
	first = math.MaxUint64
	for _, w := range s.workers {
		if w.diverged > 0 {
			count += w.diverged
			first = min(first, w.divergedAt)
		}
	}
	return count, first
}

// Slopes appends the derivative of H by a node of the joint move in every chain, in the
// float32 that moves follow; nothing for other nodes.
func (s *Sampler) Slopes(node int, dst []float32) []float32 {
	b := s.blocks[len(s.blocks)-1][0]
	i := slices.Index(b.nodes, int32(node))
	if b.joint == nil || i < 0 {
		return dst
	}
	w := s.workers[0]
	w.joint.grow(len(b.nodes))
	for word := range s.words {
		s.bind(w, word/s.tile, s.sweep)
		n := min(64, s.chains-64*word)
		s.jointSlopes(w, b, word%s.tile, n)
		dst = append(dst, w.joint.slope[i][:n]...)
	}
	return dst
}
