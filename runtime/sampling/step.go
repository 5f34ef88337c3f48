package sampling

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

// Samplers of continuous nodes that read the energy: slice, metropolis and mala. In
// warm-up each chain fits a step to each node.

// stepKind is such a sampler.
type stepKind int8

const (
	stepNone stepKind = iota
	stepSlice
	stepMetropolis
	stepMALA
)

// samplerNames are the names under which blocks ask for a stepKind.
var samplerNames = []string{"", "slice", "metropolis", "mala"}

// samplerNamed is the sampler of a name, -1 if there is none. User's code is none of
// these.
func samplerNamed(name string) stepKind {
	if isCode(name) {
		return stepNone
	}
	return stepKind(slices.Index(samplerNames, name))
}

const (
	minStep = 1.0 / (1 << 60)
	maxStep = 1 << 60

	sliceSteps   = 64  // most steps out, both ways together
	sliceShrinks = 100 // most values tried
)

// stepScratch is what a worker needs for these samplers: by chain of a word.
type stepScratch struct {
	a, b           [64]float32 // of the part a·x² + b·x of the energy
	x, y           [64]float32 // present and proposed values
	ex, ey         [64]float32 // their energies
	dx, dy         [64]float32 // their slopes
	level, lo, hi  [64]float32 // of a slice
	left, right    [64]int32   // steps that it may still take
	grown, shrunk  [64]int32
	inside, active [64]bool
}

// FirstStep is where the step of a node begins that a sampler fits.
func (v *Var) FirstStep() float32 {
	if v.Range == nil {
		return 1
	}
	return float32(min(1, (v.Range[1]-v.Range[0])/2))
}

// energyAt fills e with the energy of a node at x.
func (w *worker) energyAt(s *Sampler, node *floatNode, x, e *[64]float32, lane, n int) {
	q := &w.float.step
	for j, v := range x {
		e[j] = float32((float32(q.a[j]*v) + q.b[j]) * v)
	}
	w.addCode(s, node.codes, energyCode, x, e, lane, n)
}

// slopeAt fills d with its derivative.
func (w *worker) slopeAt(s *Sampler, node *floatNode, x, d *[64]float32, lane, n int) {
	q := &w.float.step
	for j, v := range x {
		d[j] = float32(2*q.a[j]*v) + q.b[j]
	}
	w.addCode(s, node.codes, slopeCode, x, d, lane, n)
}

// stepNumber updates a continuous node by one of these samplers.
func (w *worker) stepNumber(s *Sampler, b *blockPlan, node *floatNode, i, lane, n int, slot, chain uint32) {
	q := &w.float.step
	w.curve(s, node, lane, n)
	at := (int(b.row[i])*s.tile + lane) * 64
	copy(q.x[:], w.floats[at:][:64])
	w.energyAt(s, node, &q.x, &q.ex, lane, n)
	out := (*[64]float32)(w.outFloats[at:][:64])
	step := (*[64]float32)(w.steps[(int(node.step)*s.tile+lane)*64:][:64])
	w.float.numbers(w.sweep, chain, n, slot, 0)
	d := draws{s, w, slot, chain}
	if b.step == stepSlice {
		w.slice(s, node, out, step, d, lane, n)
	} else {
		w.propose(s, b.step, node, out, step, d, lane, n)
	}
}

// curve prepares energyAt and slopeAt for a node.
func (w *worker) curve(s *Sampler, node *floatNode, lane, n int) {
	q := &w.float.step
	w.sumNumbers(s, node.constant[0], node.linear, node.linearRun, &q.b, lane, n)
	w.sumNumbers(s, float32(node.a), node.square, node.squareRun, &q.a, lane, n)
}

// draws are the words of one node in the chains of a word.
type draws struct {
	s     *Sampler
	w     *worker
	slot  uint32
	chain uint32
}

func (d *draws) word(c, draw int) uint32 {
	if draw == 0 {
		return d.w.float.word[c&63]
	}
	return d.s.rng.Number(rng.PurposeContinuous+d.s.phase, d.chain+uint32(c), d.w.sweep, d.slot, uint32(draw))
}

// uniform is (word+½)/2^32.
func (d *draws) uniform(c, draw int) float64 { return (float64(d.word(c, draw)) + 0.5) / (1 << 32) }

// normal is that of draws 0 and 1.
func (d *draws) normal(c int) float32 {
	return d.s.normal(d.word(c, 0), func() uint32 { return d.word(c, 1) })
}

// propose is an update by metropolis or mala.
func (w *worker) propose(s *Sampler, kind stepKind, node *floatNode, out, step *[64]float32, d draws, lane, n int) {
	q := &w.float.step
	target := 0.44 // of the acceptance: the best in one dimension (Roberts, Gelman, Gilks 1997)
	q.dx = [64]float32{}
	if kind == stepMALA {
		target = 0.574 // Roberts, Rosenthal 1998
		w.slopeAt(s, node, &q.x, &q.dx, lane, n)
	}
	for c := range n {
		x, sigma := q.x[c&63], step[c&63]
		if kind == stepMALA {
			x -= float32(s.drift(sigma) * q.dx[c&63])
		}
		q.dx[c&63] = x // from here on the mean of the proposal
		q.y[c&63] = x + float32(sigma*d.normal(c))
	}
	w.energyAt(s, node, &q.y, &q.ey, lane, n)
	if kind == stepMALA {
		w.slopeAt(s, node, &q.y, &q.dy, lane, n)
	}
	for c := range n {
		x, y, sigma := q.x[c&63], q.y[c&63], step[c&63]
		delta := q.ey[c&63] - q.ex[c&63]
		l := -float64(s.beta * float64(delta))
		if kind == stepMALA {
			back := y - float32(s.drift(sigma)*q.dy[c&63])
			u, v := float64(x-back), float64(y-q.dx[c&63])
			l -= (float64(u*u) - float64(v*v)) / float64(2*float64(float64(sigma)*float64(sigma)))
		}
		alpha := 0.0
		switch {
		case delta != delta || l != l || !node.mayBe(y):
		case l >= 0:
			alpha = 1
		default:
			alpha = Exp(l)
		}
		out[c&63] = x
		taken := d.uniform(c, 2) < alpha
		if taken {
			out[c&63] = y
		}
		if w.sweep < s.fitUntil {
			step[c&63] = w.tuned(sigma, alpha-target)
		} else if int(d.chain)+c < s.chains {
			w.countMove(node.variable, taken)
		}
	}
}

// drift is how far a slope of 1 moves the mean of mala's proposal.
func (s *Sampler) drift(sigma float32) float32 {
	return float32(float64(float64(float64(sigma)*float64(sigma))*s.beta) / 2)
}

// mayBe reports whether a node may have a value.
func (x *floatNode) mayBe(v float32) bool {
	if x.bounds != nil {
		return x.bounds[0] <= float64(v) && float64(v) <= x.bounds[1]
	}
	return v-v == 0
}

// tuned is a step after a sweep of warm-up.
func (w *worker) tuned(step float32, r float64) float32 {
	c := 1 / math.Sqrt(float64(w.sweep)+1)
	x := float32(float64(step) * Exp(float64(c*r)))
	return min(max(x, minStep), maxStep)
}

// slice is an update by stepping out and shrinkage; all chains take each step
// together, those that are done ignore it.
func (w *worker) slice(s *Sampler, node *floatNode, out, step *[64]float32, d draws, lane, n int) {
	q := &w.float.step
	for c := range n {
		x, width := q.x[c&63], step[c&63]
		q.level[c&63] = q.ex[c&63] + float32(-Log(d.uniform(c, 0))/s.beta)
		q.lo[c&63] = x - float32(float64(width)*d.uniform(c, 1))
		q.hi[c&63] = q.lo[c&63] + width
		q.left[c&63] = int32(d.word(c, 2) >> 26)
		q.right[c&63] = sliceSteps - 1 - q.left[c&63]
		q.grown[c&63], q.shrunk[c&63] = 0, 0
		q.active[c&63] = true
	}
	w.stepOut(s, node, &q.lo, &q.left, step, -1, lane, n)
	w.stepOut(s, node, &q.hi, &q.right, step, 1, lane, n)
	if node.bounds != nil {
		for c := range n {
			q.lo[c&63], q.hi[c&63] = intoRange(q.lo[c&63], node.bounds), intoRange(q.hi[c&63], node.bounds)
		}
	}
	out2 := q.x
	left := n
	for i := 0; i < sliceShrinks && left > 0; i++ {
		for c := range n {
			if q.active[c&63] {
				y := q.lo[c&63] + float32(float64(q.hi[c&63]-q.lo[c&63])*d.uniform(c, 3+i))
				if node.bounds != nil {
					y = intoRange(y, node.bounds)
				}
				q.y[c&63] = y
			}
		}
		w.energyAt(s, node, &q.y, &q.ey, lane, n)
		for c := range n {
			switch y := q.y[c&63]; {
			case !q.active[c&63]:
			case q.ey[c&63] <= q.level[c&63]:
				out2[c&63], q.active[c&63] = y, false
				left--
			default:
				q.shrunk[c&63]++
				if y < q.x[c&63] {
					q.lo[c&63] = y
				} else {
					q.hi[c&63] = y
				}
			}
		}
	}
	copy(out[:n], out2[:n])
	if w.sweep >= s.fitUntil {
		return
	}
	for c := range n {
		if g, k := float64(q.grown[c&63]), float64(q.shrunk[c&63]); g+k > 0 {
			step[c&63] = w.tuned(step[c&63], (g-k)/(g+k))
		}
	}
}

// stepOut moves one end of the intervals outwards while it is inside the slice.
func (w *worker) stepOut(s *Sampler, node *floatNode, end *[64]float32, left *[64]int32, step *[64]float32, side float32, lane, n int) {
	q := &w.float.step
	q.inside = q.active
	for moving := true; moving; {
		moving = false
		w.energyAt(s, node, end, &q.ey, lane, n)
		for c := range n {
			x := end[c&63]
			q.inside[c&63] = q.inside[c&63] && left[c&63] > 0 && node.within(x, side) && q.ey[c&63] <= q.level[c&63]
			if q.inside[c&63] {
				end[c&63] = x + float32(side*step[c&63])
				left[c&63]--
				q.grown[c&63]++
				moving = true
			}
		}
	}
}

// within reports whether an end of an interval is short of the range's end.
func (x *floatNode) within(v, side float32) bool {
	if x.bounds == nil {
		return true
	}
	if side < 0 {
		return float64(v) > x.bounds[0]
	}
	return float64(v) < x.bounds[1]
}

// moves counts what samplers proposed and what was taken.
type moves struct{ tried, taken uint64 }

func (w *worker) countMove(variable int, taken bool) {
	m := &w.moves[variable]
	m.tried++
	if taken {
		m.taken++
	}
}

// Acceptance is the share of proposals that were taken after warm-up for the nodes
// of a variable, and how many there were; of metropolis and mala. Without any the
// rate is NaN.
func (s *Sampler) Acceptance(name string) (rate float64, proposals uint64) {
	var sum moves
	i := slices.IndexFunc(s.model.Vars, func(v Var) bool { return v.Name == name })
	if i < 0 {
		return math.NaN(), 0
	}
	for _, w := range s.workers {
		sum.tried += w.moves[i].tried
		sum.taken += w.moves[i].taken
	}
	if sum.tried == 0 {
		return math.NaN(), 0
	}
	return float64(sum.taken) / float64(sum.tried), sum.tried
}

// Steps appends the steps of a node in every chain, or its velocity; nothing for a node
// without.
func (s *Sampler) Steps(node int, dst []float32) []float32 {
	row := s.stepRow[node]
	if row < 0 {
		return dst
	}
	for c := range s.chains {
		dst = append(dst, s.steps[s.chainAt(s.stepRows, int(row), c)])
	}
	return dst
}

// SetStep replaces the step of a node that has one in one chain, or its velocity;
// StepFits tells what a step may be, and a velocity is finite.
func (s *Sampler) SetStep(chain, node int, step float32) {
	if row := s.stepRow[node]; row >= 0 {
		s.steps[s.chainAt(s.stepRows, int(row), chain)] = step
	}
}

// Fits is the sampler of variable i if it has steps, which warm-up fits; else "".
func (m *Model) Fits(i int) string {
	for _, super := range m.Sweep {
		for _, b := range super {
			if b.Stepped() && b.Holds(&m.Vars[i]) {
				return b.Sampler
			}
		}
	}
	return ""
}

// Moves reports whether variable i has a velocity, which a joint move keeps.
func (m *Model) Moves(i int) bool {
	b := m.JointBlock()
	return b != nil && b.Keeps() && b.Holds(&m.Vars[i])
}

// Adapts reports whether warm-up fits the step of a joint move.
func (m *Model) Adapts() bool {
	b := m.JointBlock()
	return b != nil && b.Joint.Adapt > 0
}

// JointBlock is the block with a joint move; nil: there is none.
func (m *Model) JointBlock() *Block {
	if n := len(m.Sweep); n > 0 && m.Sweep[n-1][0].Joint != nil {
		return &m.Sweep[n-1][0]
	}
	return nil
}

// Stepped reports whether the block's sampler fits a step to each node.
func (b *Block) Stepped() bool { return b.Joint == nil && samplerNamed(b.Sampler) > stepNone }

// Keeps reports whether the block's nodes have a velocity, which a joint move keeps.
func (b *Block) Keeps() bool { return b.Joint != nil && jointNamed(b.Sampler).keeps() }

// Holds reports whether some node of a variable is in the block.
func (b *Block) Holds(v *Var) bool {
	return slices.ContainsFunc(b.Nodes, func(n int32) bool { return v.First <= int(n) && int(n) < v.First+v.Count })
}

// placeSteps gives rows to the nodes of blocks whose sampler keeps a number for each,
// and to the fitted steps of a joint move.
func (s *Sampler) placeSteps() {
	s.stepRow = slices.Repeat([]int32{-1}, s.model.Nodes)
	for _, super := range s.model.Sweep {
		for _, b := range super {
			velocity := b.Keeps()
			if !velocity && !b.Stepped() {
				continue
			}
			for _, n := range b.Nodes {
				s.stepRow[n] = int32(len(s.stepFree))
				s.stepFree = append(s.stepFree, velocity)
			}
		}
	}
	s.adaptRow = -1
	if s.model.Adapts() {
		s.adaptRow = len(s.stepFree)
		s.stepFree = append(s.stepFree, false, true, false)
	}
	s.stepRows = len(s.stepFree)
	s.steps = make([]float32, s.tiles*s.tile*s.stepRows*64)
}

// startSteps puts all steps to where they begin.
func (s *Sampler) startSteps() {
	for n, row := range s.stepRow {
		if row < 0 {
			continue
		}
		first := s.model.varOf(n).FirstStep()
		if s.stepFree[row] {
			first = 0
		}
		for c := range 64 * s.words {
			s.steps[s.chainAt(s.stepRows, int(row), c)] = first
		}
	}
	if s.adaptRow >= 0 {
		first := s.model.JointBlock().Joint.FirstStep()
		for c := range 64 * s.words {
			for k, x := range [adaptNumbers]float32{first, 0, first} {
				s.steps[s.chainAt(s.stepRows, s.adaptRow+k, c)] = x
			}
		}
	}
}
