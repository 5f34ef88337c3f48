package sampling

import (
	"fmt"
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

// Stream names a hardware generator of the updates' bits; the zero value stands for
// Philox.
type Stream struct {
	Generator  string // lfl128 or xoshiro128pp
	Interleave int    // chains that take turns at one instance
}

// hardware is what updates need that draw from a hardware generator, or by noise.
type hardware struct {
	noise bool
	low   int // bits of noise below a cell's
	table [2]*noiseTable

	// With a generator:
	stream *rng.Generator
	k      uint64
	first  []int         // first instance of each superblock
	plans  []*streamPlan // of each superblock
}

// streamPlan places the bits of a superblock and holds the states that come next.
type streamPlan struct {
	instances int
	offset    map[*blockPlan][]int // of each node its first bit
	tiles     []streamTile
}

// streamTile holds the states of the groups of chains that a tile has a part in.
type streamTile struct {
	sweep  uint64 // that they are for
	states []rng.StreamState
}

// checkHardware refuses what the engine cannot draw.
func (m *Model) checkHardware() error {
	s, f := m.Stream, m.Format
	if s != (Stream{}) && (rng.FindGenerator(s.Generator) == nil || s.Interleave < 1 || s.Interleave > 1<<16 || f.ThresholdBits > 16) {
		return fmt.Errorf("generator %q with interleave %d and %d threshold bits is not one this engine knows", s.Generator, s.Interleave, f.ThresholdBits)
	}
	if f.Group > 1 && (s != (Stream{}) || f.Noise) {
		return fmt.Errorf("groups of %d weights and the rules of hardware are not ones this engine knows together", f.Group)
	}
	if f.LowBits < 0 || f.LowBits > 40 || f.Noise && f.ThresholdBits > 16 {
		return fmt.Errorf("noise of %d low bits with %d threshold bits is not one this engine knows", f.LowBits, f.ThresholdBits)
	}
	return nil
}

// newHardware is nil for models of thresholds and Philox.
func newHardware(m *Model) *hardware {
	if m.Stream == (Stream{}) && !m.Format.Noise {
		return nil
	}
	return &hardware{noise: m.Format.Noise, low: m.Format.LowBits, stream: rng.FindGenerator(m.Stream.Generator), k: uint64(m.Stream.Interleave)}
}

// plan places the bits of all superblocks once they are compiled.
func (h *hardware) plan(s *Sampler) {
	if h.stream == nil {
		return
	}
	instance := 0
	for _, super := range s.blocks {
		p := &streamPlan{offset: map[*blockPlan][]int{}, tiles: make([]streamTile, s.tiles)}
		at := 0
		for _, b := range super {
			for range b.nodes {
				p.offset[b] = append(p.offset[b], at)
				at += h.drawBits(b, s.model.Format.ThresholdBits)
			}
		}
		p.instances = (at + h.stream.Width - 1) / h.stream.Width
		h.first = append(h.first, instance)
		instance += p.instances
		h.plans = append(h.plans, p)
	}
}

// restart forgets the states of all streams, as another seed demands.
func (h *hardware) restart() {
	for _, p := range h.plans {
		clear(p.tiles)
	}
}

// drawBits is how many bits an update of a block's nodes takes.
func (h *hardware) drawBits(b *blockPlan, threshold int) int {
	switch {
	case !h.noise:
		return threshold
	case b.kind == Spin:
		return 17 + h.low
	}
	return b.states * (16 + h.low)
}

// update updates a block in every word of a tile.
func (h *hardware) update(w *worker, s *Sampler, b *blockPlan, super, tile int) {
	n := min(64*s.tile, s.chains-64*tile*s.tile)
	if n <= 0 {
		return
	}
	h.draw(w, s, super, tile, n)
	for i := range b.nodes {
		if b.skip[i] {
			continue
		}
		for lane := 0; 64*lane < n; lane++ {
			h.updateNode(w, s, b, i, super, tile, lane, min(64, n-64*lane))
		}
	}
}

// draw fills w.outputs with the outputs of a superblock's instances for the n chains
// of a tile: those of an instance lie together.
func (h *hardware) draw(w *worker, s *Sampler, super, tile, n int) {
	if h.stream == nil {
		return
	}
	p := h.plans[super]
	t := &p.tiles[tile]
	from := uint64(64 * tile * s.tile)
	first, last := from/h.k, (from+uint64(n)-1)/h.k
	if w.drawn == (drawnKey{super, tile, w.sweep, true}) {
		return // for another block of the superblock
	}
	w.drawn = drawnKey{super, tile, w.sweep, true}
	if t.states == nil || t.sweep != w.sweep {
		t.states = t.states[:0]
		for i := range p.instances {
			seed := h.stream.Seed(s.seed, rng.PurposeStream+s.phase, uint32(h.first[super]+i))
			for g := first; g <= last; g++ {
				t.states = append(t.states, h.stream.Jump(seed, rng.StreamIndex(g*h.k, h.k, w.sweep)))
			}
		}
	}
	t.sweep = w.sweep + 1
	if need := p.instances * n; len(w.outputs) < need {
		w.outputs = make([]rng.StreamState, need)
	}
	at := 0
	for i := range p.instances {
		out := w.outputs[i*n:]
		for g := first; g <= last; g++ {
			t.states[at] = h.turn(t.states[at], g*h.k, from, out[:n])
			at++
		}
	}
}

// turn writes the outputs of a group of chains, the first of them chain, and gives
// the state of the next sweep.
func (h *hardware) turn(x rng.StreamState, chain, from uint64, out []rng.StreamState) rng.StreamState {
	for left := h.k; left > 0; left-- {
		c := chain + h.k - left
		switch {
		case c >= from && c-from < uint64(len(out)):
			out[c-from] = h.stream.Out(x)
		case left > 64:
			skip := left
			if c < from {
				skip = min(left, from-c)
			}
			x = h.stream.Jump(x, rng.StreamState{skip, 0})
			if left -= skip; left == 0 {
				return x
			}
			left++
			continue
		}
		x = h.stream.Step(x)
	}
	return x
}

// drawnKey says whose outputs a worker holds.
type drawnKey struct {
	super, tile int
	sweep       uint64
	any         bool
}

// updateBits gives the bits of one update.
type updateBits struct {
	outputs       []rng.StreamState // of this chain, n apart; nil: digits
	n, first      int
	width         int
	words         rng.Words
	purpose       rng.Purpose
	sweep         uint64
	chain, slot   uint32
	digit, number uint32 // the last digit drawn, and one more than its draw
}

// take is a number of count bits from a bit on.
func (u *updateBits) take(from, count int) uint64 {
	x := uint64(0)
	for done := 0; done < count; {
		var piece uint64
		var have int
		if u.outputs != nil {
			bit := u.first + from + done
			o := &u.outputs[bit/u.width*u.n]
			bit %= u.width
			piece, have = o[bit>>6]>>(bit&63), min(64-bit&63, u.width-bit)
		} else {
			bit := from + done
			if d := uint32(bit/16) + 1; d != u.number {
				u.digit, u.number = uint32(u.words.Digit(u.purpose, u.chain, u.sweep, u.slot, d-1)), d
			}
			piece, have = uint64(u.digit>>(bit&15)), 16-bit&15
		}
		have = min(have, count-done)
		x |= piece & (1<<have - 1) << done
		done += have
	}
	return x
}

// updateNode updates one node in the n chains of a word.
func (h *hardware) updateNode(w *worker, s *Sampler, b *blockPlan, i, super, tile, lane, n int) {
	theta := w.theta[:1]
	if b.kind == Categorical {
		theta = w.theta[:b.states]
	}
	u := updateBits{words: s.rng, purpose: rng.PurposeUpdate + s.phase, sweep: w.sweep, slot: uint32(b.first + i)}
	if h.stream != nil {
		u.n, u.width, u.first = min(64*s.tile, s.chains-64*tile*s.tile), h.stream.Width, h.plans[super].offset[b][i]
	}
	var fields *[64]int64
	if b.kernel[i] != kernelTerms {
		fields = w.inputFields(s, b, i, lane, (n+7)/8)
	}
	var out uint64
	for c := range n {
		u.chain, u.number = uint32(64*(tile*s.tile+lane)+c), 0
		if h.stream != nil {
			u.outputs = w.outputs[64*lane+c:]
		}
		if fields != nil {
			theta[0] = fields[placeOf(c, (n+7)/8)]
		} else {
			w.termFields(s, b.terms[b.tstart[i]:b.tstart[i+1]], theta, lane, c)
		}
		if b.kind == Spin {
			out |= h.spin(w, s, &u, theta[0]) << c
			continue
		}
		w.putCategory(s, b, i, lane, c, h.category(w, s, &u, theta))
	}
	if b.kind == Spin {
		w.outBits[int(b.row[i])*s.tile+lane] = out
	}
}

// spin is 1 for +1.
func (h *hardware) spin(w *worker, s *Sampler, u *updateBits, g int64) uint64 {
	if !h.noise {
		digit := uint32(u.take(0, s.model.Format.ThresholdBits)) << s.digitShift
		return w.chooseField(s, g, digit, u.chain, u.slot)
	}
	n := h.table[Spin].magnitude(u.take(0, 16), u.take(17, h.low))
	if u.take(16, 1) == 1 {
		n = ^n
	}
	return uint64(likely(g + n))
}

func (h *hardware) category(w *worker, s *Sampler, u *updateBits, theta []int64) int {
	if !h.noise {
		digit := uint32(u.take(0, s.model.Format.ThresholdBits)) << s.digitShift
		return w.chooseCategory(s, theta, digit, u.chain, u.slot)
	}
	best, most := 0, int64(math.MinInt64)
	for k, x := range theta {
		at := k * (16 + h.low)
		if x += h.table[Categorical].magnitude(u.take(at, 16), u.take(at+16, h.low)); x > most {
			best, most = k, x
		}
	}
	return best
}

// inputFields are the fields of a node with plain inputs, in places.
func (w *worker) inputFields(s *Sampler, b *blockPlan, i, lane, bytes int) *[64]int64 {
	inputs := w.loadInputs(s, b, i, lane)
	if s.pool32 != nil {
		return sumGroups(w, s, s.pool32[b.table[i]:], inputs, s.groupCount(len(inputs)), bytes)
	}
	return sumGroups(w, s, s.pool64[b.table[i]:], inputs, s.groupCount(len(inputs)), bytes)
}

// noiseTable draws from cells of 2^shift units by the alias method.
type noiseTable struct {
	shift  uint
	column uint // bits of a column's number
	own    []uint16
	alias  []uint16
}

// magnitude is that of the noise of 16 bits, and of those below a cell.
func (t *noiseTable) magnitude(word, low uint64) int64 {
	j := word & (1<<t.column - 1)
	cell := j
	if word>>t.column >= uint64(t.own[j]) {
		cell = uint64(t.alias[j])
	}
	return int64(cell<<t.shift | low&(1<<t.shift-1))
}

// noiseShift is the number of bits below a cell for a kind of node at one β, more
// than 40 where none would do.
func (f Format) noiseShift(k Kind, beta float64) int {
	reach, c := 12.5, math.Ldexp(2*beta, 8-f.Fraction)
	if k == Categorical {
		reach, c = 15, math.Ldexp(beta, 10-f.Fraction)
	}
	r := 0
	for r <= 40 && math.Ldexp(c, r) < reach {
		r++
	}
	return r
}

// tables makes the noise of one β.
func (h *hardware) tables(f Format, beta float64) {
	if !h.noise {
		return
	}
	h.table = [2]*noiseTable{}
	if r := f.noiseShift(Spin, beta); r <= h.low {
		width := math.Ldexp(2*beta, r-f.Fraction)
		above := func(i int) int64 {
			return int64(math.Floor(float64(Sigma(-float64(float64(i)*width))*(1<<17)) + 0.5))
		}
		mass := make([]int64, 256)
		for i := range mass {
			if mass[i] = above(i); i < 255 {
				mass[i] -= above(i + 1)
			}
		}
		h.table[Spin] = newNoiseTable(uint(r), 8, mass)
	}
	if r := f.noiseShift(Categorical, beta); r <= h.low {
		width := math.Ldexp(beta, r-f.Fraction)
		mass := make([]int64, 1024)
		below := int64(0)
		for i := range mass {
			next := int64(1 << 16)
			if i < 1023 {
				next = int64(math.Floor(float64(Exp(-Exp(3-float64(float64(i+1)*width)))*(1<<16)) + 0.5))
			}
			mass[i], below = next-below, next
		}
		h.table[Categorical] = newNoiseTable(uint(r), 10, mass)
	}
}

// newNoiseTable closes the columns: the lowest with less than its capacity takes
// the rest from the lowest with more. A column that gives too much is itself the
// lowest with less if it lies behind; no column before it is left.
func newNoiseTable(shift, column uint, mass []int64) *noiseTable {
	n := len(mass)
	t := &noiseTable{shift: shift, column: column, own: make([]uint16, n), alias: make([]uint16, n)}
	for i := range t.alias {
		t.alias[i] = uint16(i)
	}
	capacity := int64(1) << (16 - column)
	big := 0
	give := func(small int) int {
		for mass[big] <= capacity {
			big++
		}
		t.own[small], t.alias[small] = uint16(mass[small]), uint16(big)
		mass[big] -= capacity - mass[small]
		return big
	}
	for i := range n {
		if mass[i] >= capacity {
			continue
		}
		b := give(i)
		for b < i && mass[b] < capacity {
			b = give(b)
		}
	}
	return t
}

// noiseError bounds the error that noise adds to a probability.
func (f Format) noiseError(k Kind, states int, beta float64) float64 {
	const curvature, slope, density = 0.09622504486493764, 0.3091, 0.36787944117144233
	r := f.noiseShift(k, beta)
	if k == Spin {
		h := math.Ldexp(2*beta, r-f.Fraction)
		if r == 0 {
			return 1.0 / (1 << 18)
		}
		return float64(float64(h*h)/8*curvature) + 1.0/(1<<18)
	}
	h := math.Ldexp(beta, r-f.Fraction)
	cell := float64(float64(h*h)/8*slope) + 1.0/(1<<17)
	if r == 0 {
		cell = 1.0 / (1 << 17)
	}
	tie := float64(density/2*math.Ldexp(beta, -f.Fraction)) + math.Ldexp(1, -17-r)
	return float64(float64(states)*cell) + float64(float64(states-1)*tie)
}

// checkNoise refuses a β for which the model's noise has too few bits.
func (h *hardware) checkNoise(s *Sampler, beta float64) error {
	if !h.noise {
		return nil
	}
	for _, super := range s.blocks {
		for _, b := range super {
			if s.model.Format.noiseShift(b.kind, beta) > h.low {
				return fmt.Errorf("beta %v is below those that the model's noise of %d low bits is made for", beta, h.low)
			}
		}
	}
	return nil
}
