package sampling

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

// Joint moves of continuous nodes: langevin, mala and hmc. The nodes of the block
// follow the gradient of the energy together.

type jointKind int8

const (
	jointLangevin jointKind = iota
	jointMALA
	jointHMC
)

var jointNames = []string{"langevin", "mala", "hmc"}

// jointNamed is the joint move of a name, -1 if there is none.
func jointNamed(name string) jointKind { return jointKind(slices.Index(jointNames, name)) }

// jointPlan is a joint move, compiled.
type jointPlan struct {
	kind        jointKind
	step, noise float64
	steps       int
}

const largestError = 1000 // of the energy that a move of hmc may make, as in Stan

func (s *Sampler) compileJoint(b *Block) *jointPlan {
	return &jointPlan{jointNamed(b.Sampler), b.Joint.StepSize, b.Joint.NoiseScale, b.Joint.Steps}
}

// jointScratch is what a worker needs for a joint move: by node and chain of a word.
type jointScratch struct {
	old, slope, noise, mean [][64]float32
	sum                     [64]float64
}

func (j *jointScratch) grow(n int) {
	for len(j.old) < n {
		j.old, j.slope = append(j.old, [64]float32{}), append(j.slope, [64]float32{})
		j.noise, j.mean = append(j.noise, [64]float32{}), append(j.mean, [64]float32{})
	}
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
		s.jointNoise(w, b, lane, n, uint32(64*word))
		for i := range b.nodes {
			copy(w.joint.old[i][:], w.jointRow(s, b, i, lane))
		}
		if b.joint.kind == jointLangevin {
			s.langevin(w, b, lane, n)
		} else {
			s.accepted(w, b, lane, n, word)
		}
	}
}

// jointRow is the state of node i of a block in the chains of a word.
func (w *worker) jointRow(s *Sampler, b *blockPlan, i, lane int) []float32 {
	return w.floats[(int(b.row[i])*s.tile+lane)*64:][:64]
}

// jointNoise draws a normal number for each node and chain.
func (s *Sampler) jointNoise(w *worker, b *blockPlan, lane, n int, chain uint32) {
	for g := 0; g < len(b.nodes); g += 4 {
		slot := uint32(b.first + g)
		w.float.fillWords(w.sweep, chain, n, slot/4)
		for q := range min(4, len(b.nodes)-g) {
			z := &w.joint.noise[g+q]
			for c := range n {
				z[c&63] = float32(s.normal(rng.PurposeContinuous, w.float.word[q][c&63], chain+uint32(c), w.sweep, slot+uint32(q)))
			}
		}
	}
}

// jointSlopes fills the derivatives of the energy at the present state.
func (s *Sampler) jointSlopes(w *worker, b *blockPlan, lane, n int) {
	if b.slopes != nil && w.runProgram(b.slopes, nil, &w.joint.slope[0], lane) {
		return
	}
	for i := range b.nodes {
		if b.skip[i] {
			continue
		}
		node := &b.float.nodes[i]
		w.curve(s, node, lane, n)
		w.slopeAt(s, node, (*[64]float32)(w.jointRow(s, b, i, lane)), &w.joint.slope[i], lane, n)
	}
}

// follow puts the state at x - η·D + s·z, D at the present state x, and keeps x -
// η·D as mean.
func (s *Sampler) follow(w *worker, b *blockPlan, eta, sd float32, lane, n int) {
	s.jointSlopes(w, b, lane, n)
	for i := range b.nodes {
		if b.skip[i] {
			continue
		}
		x, mean, slope, z := w.jointRow(s, b, i, lane), &w.joint.mean[i], &w.joint.slope[i], &w.joint.noise[i]
		for c := range mean {
			mean[c] = x[c] - float32(eta*slope[c])
			x[c] = mean[c] + float32(sd*z[c])
		}
	}
}

// langevin is one step of the unadjusted Langevin algorithm; a chain that would
// leave the numbers keeps its state.
func (s *Sampler) langevin(w *worker, b *blockPlan, lane, n int) {
	j := b.joint
	s.follow(w, b, float32(float64(j.step*s.beta)), float32(math.Sqrt(float64(2*j.step)*j.noise)), lane, n)
	lost := s.infinite(w, b, lane, n)
	s.restore(w, b, lost, lane)
	for c := range n {
		w.countMove(b.float.nodes[0].variable, lost>>c&1 == 0)
		if lost>>c&1 != 0 {
			w.diverge(w.sweep)
		}
	}
}

// infinite tells the chains with a node that has no finite value.
func (s *Sampler) infinite(w *worker, b *blockPlan, lane, n int) (lost uint64) {
	for i := range b.nodes {
		for c, x := range w.jointRow(s, b, i, lane)[:n] {
			if x-x != 0 {
				lost |= 1 << c
			}
		}
	}
	return lost
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
	back := uint64(0)
	for c := range n {
		change := float64(s.beta * (after[c] - before[c]))
		l := -change - w.joint.sum[c]
		alpha := 0.0
		switch {
		case l != l || lost>>c&1 != 0:
		case l >= 0:
			alpha = 1
		default:
			alpha = Exp(l)
		}
		u := s.rng.Word32(rng.PurposeContinuous+s.phase, uint32(64*word+c), w.sweep, uint32(b.first), 2)
		taken := (float64(u)+0.5)/(1<<32) < alpha
		if !taken {
			back |= 1 << c
		}
		if w.sweep >= s.fitUntil {
			w.countMove(b.float.nodes[0].variable, taken)
			if l != l || lost>>c&1 != 0 || -l > largestError {
				w.diverge(w.sweep)
			}
		}
	}
	s.restore(w, b, back, lane)
}

// proposeMALA moves along the gradient; the sum becomes the logarithm of the ratio of
// the proposal's density forwards to that backwards.
func (s *Sampler) proposeMALA(w *worker, b *blockPlan, lane, n int) {
	eta, sd := float32(float64(b.joint.step*s.beta)), float32(math.Sqrt(2*b.joint.step))
	s.follow(w, b, eta, sd, lane, n)
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
			m := row[c] - float32(eta*w.joint.slope[i][c])
			u, v := float64(w.joint.old[i][c]-m), float64(forward[i][c])
			w.joint.sum[c] += float64(u*u) - float64(v*v)
		}
	}
	for c := range w.joint.sum {
		w.joint.sum[c] /= float64(2 * float64(float64(sd)*float64(sd)))
	}
}

// proposeHMC follows Hamilton's equations by leapfrogs from momenta that are the
// noise; the sum becomes the change of the kinetic energy.
func (s *Sampler) proposeHMC(w *worker, b *blockPlan, lane, n int) {
	j := b.joint
	step, half := float32(j.step), float32(float64(j.step*s.beta)/2)
	p := w.joint.noise
	w.joint.sum = [64]float64{}
	s.addKinetic(w, b, -1, n)
	kick := func() {
		s.jointSlopes(w, b, lane, n)
		for i := range b.nodes {
			if !b.skip[i] {
				for c, d := range w.joint.slope[i] {
					p[i][c] -= float32(half * d)
				}
			}
		}
	}
	for range j.steps {
		kick()
		for i := range b.nodes {
			if !b.skip[i] {
				x := w.jointRow(s, b, i, lane)
				for c := range p[i] {
					x[c] += float32(step * p[i][c])
				}
			}
		}
		kick()
	}
	s.addKinetic(w, b, 1, n)
	for c := range w.joint.sum {
		w.joint.sum[c] /= 2
	}
}

// addKinetic adds the squares of the momenta with a sign.
func (s *Sampler) addKinetic(w *worker, b *blockPlan, sign float64, n int) {
	for i := range b.nodes {
		if !b.skip[i] {
			for c, p := range w.joint.noise[i][:n] {
				w.joint.sum[c] += float64(sign * float64(float64(p)*float64(p)))
			}
		}
	}
}

// diverge counts a move that left the numbers, or nearly did.
func (w *worker) diverge(sweep uint64) {
	if w.diverged == 0 || sweep < w.divergedAt {
		w.divergedAt = sweep
	}
	w.diverged++
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
