package sampling

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// FloatBits is how a state holds a continuous value, BitsFloat the value.
func FloatBits(v float32) int32 { return int32(math.Float32bits(v)) }

// BitsFloat is the value that FloatBits gave.
func BitsFloat(x int32) float32 { return math.Float32frombits(uint32(x)) }

// integer reports whether a factor has integer weights: some slot, and none of
// them continuous.
func (f *Factor) integer() bool { return len(f.Slots) > 0 && f.Counted() }

// floatNodes tells the nodes that are updated in float32.
func (m *Model) floatNodes() []bool {
	float := make([]bool, m.Nodes)
	for _, v := range m.Vars {
		for n := v.First; n < v.First+v.Count && v.Kind == Continuous; n++ {
			float[n] = true
		}
	}
	for i := range m.Factors {
		if f := &m.Factors[i]; !f.integer() {
			for _, n := range f.Index {
				float[n] = true
			}
		}
	}
	for i := range m.Codes {
		c := &m.Codes[i]
		for at, n := range c.Index {
			float[n] = float[n] || at%len(c.Slots) < c.heads()
		}
	}
	return float
}

// floatPlan is a block of continuous nodes or of nodes with continuous
// neighbours, compiled.
type floatPlan struct{ nodes []floatNode }

// floatNode is one node: the terms of its conditional, and what follows from the
// weights and β alone.
type floatNode struct {
	node   int32
	alone  []floatTerm // nothing but the node
	linear []floatTerm // power 1 of a continuous node; all of a discrete one
	square []floatTerm // power 2
	codes  []codeTerm

	variable int
	step     int32 // row of its steps, -1 without

	linearRun, squareRun []vector.Term // for the kernel; nil: not for it

	constant []float32 // of linear: one, or one for each state of a categorical
	a        float64   // constant of square
	h, sd    float32   // of a continuous node without terms in square
	bounds   []float64 // range of a continuous node
}

// floatTerm is one row seen from one of its nodes.
type floatTerm struct {
	factor int32
	base   int32 // of the row's table in the factor's weights
	own    int32 // stride of the node's own axis
	power  int   // of the node
	spins  []int32
	floats []int32 // rows of the continuous slots, as often as their power
	cats   []catTail
}

// compileFloat lists the terms of a block's nodes, but for those that dense takes.
func (s *Sampler) compileFloat(b *Block, nt *nodeTerms, codes [][]codeTerm, dense *densePlan) *floatPlan {
	p := &floatPlan{}
	for i, n := range b.Nodes {
		at := s.model.VarAt(int(n))
		x := floatNode{node: n, constant: make([]float32, 1), bounds: s.model.Vars[at].Range, variable: at, step: s.stepRow[n]}
		if codes != nil {
			x.codes = codes[n]
		}
		if b.Kind == Categorical {
			x.constant = make([]float32, b.States)
		}
		for t := nt.start[n]; t < nt.start[n+1]; t++ {
			if dense.take(s.model, i, int(nt.factor[t]), int(nt.row[t]), int(nt.slot[t])) {
				continue
			}
			term := s.floatTerm(int(nt.factor[t]), int(nt.row[t]), int(nt.slot[t]))
			switch {
			case len(term.spins)+len(term.floats)+len(term.cats) == 0:
				x.alone = append(x.alone, term)
			case term.power == 2:
				x.square = append(x.square, term)
			default:
				x.linear = append(x.linear, term)
			}
		}
		p.nodes = append(p.nodes, x)
	}
	return p
}

func (s *Sampler) floatTerm(fi, r, self int) floatTerm {
	f := &s.model.Factors[fi]
	t := floatTerm{factor: int32(fi), power: f.Slots[self].Power}
	if !f.Shared {
		t.base = int32(r * f.TableSize())
	}
	stride := int32(f.TableSize())
	for i, slot := range f.Slots {
		node := f.Index[r*len(f.Slots)+i]
		if slot.Kind == Categorical {
			stride /= int32(slot.States)
		}
		switch {
		case i == self && slot.Kind == Categorical:
			t.own = stride
		case i == self:
		case slot.Kind == Spin:
			t.spins = append(t.spins, s.row[node])
		case slot.Kind == Categorical:
			t.cats = append(t.cats, catTail{row: s.row[node], stride: stride, states: int32(slot.States), wide: s.kind[node] == nodeCat16})
		default:
			for range slot.Power {
				t.floats = append(t.floats, s.row[node])
			}
		}
	}
	return t
}

// prepareFloats makes what follows from the weights and β. It refuses a
// continuous node whose x² has no positive constant coefficient where nothing else
// is there.
func (s *Sampler) prepareFloats() {
	for _, super := range s.blocks {
		for _, b := range super {
			if b.float == nil {
				continue
			}
			for i := range b.float.nodes {
				s.prepareFloat(&b.float.nodes[i], b)
			}
		}
	}
}

func (s *Sampler) prepareFloat(x *floatNode, b *blockPlan) {
	for k := range x.constant {
		sum := 0.0
		for _, t := range x.alone {
			w := s.weights[t.factor][int(t.base)+k*int(t.own)]
			switch {
			case b.kind != Continuous:
				sum += w
			case t.power == 1:
				sum += -w
			}
		}
		x.constant[k] = float32(sum)
	}
	if b.kind != Continuous {
		return
	}
	x.a = 0
	for _, t := range x.alone {
		if t.power == 2 {
			x.a += -s.weights[t.factor][t.base]
		}
	}
	x.h, x.sd = s.gaussian(x.a)
	x.linearRun, x.squareRun = s.termRun(x.linearRun, x.linear), s.termRun(x.squareRun, x.square)
}

// gaussian is h and s of the specification for a coefficient a of x².
func (s *Sampler) gaussian(a float64) (h, sd float32) {
	return float32(-1 / (2 * a)), float32(math.Sqrt(1 / float64((2*s.beta)*a)))
}

// floatScratch is what a worker needs for float blocks.
type floatScratch struct {
	first  noise          // of words
	word   [64]uint32     // of a slot
	normal [4][64]float32 // numbers of four slots
	second noise          // second digits
	sum    [64]float32    // of linear terms
	square [64]float32    // of square terms
	term   [64]float32    // one term
	theta  [][64]float32  // of a categorical
	e      []int64        // exponentials of one chain
	stack  [][64]float32  // of expressions
	own    [64]float32    // a category, for expressions
	net    netScratch
	before [64]float32 // a sum, where a program may give up
	step   stepScratch

	heads     []vector.PhiloxHead // of headSlots slots from headSlot on, sweep after sweep
	headSlot  uint32
	headSlots int
	headSweep uint64 // the first
	headSpan  int    // sweeps to work out at once
}

// updateFloat updates node i of a float block for the first 8·bytes chains of a
// word.
func (w *worker) updateFloat(s *Sampler, b *blockPlan, i, lane, bytes int, slot, chain uint32) {
	x := &b.float.nodes[i]
	switch b.kind {
	case Spin:
		w.floatSpin(s, b, x, i, lane, bytes, slot)
	case Categorical:
		w.floatCategory(s, b, x, i, lane, bytes, slot)
	default:
		if b.step != stepNone {
			w.stepNumber(s, b, x, i, lane, 8*bytes, slot, chain)
			return
		}
		w.floatNumber(s, b, x, i, lane, 8*bytes, slot, chain)
	}
}

// codedSquare reports whether an expression adds to the coefficient of x².
func (x *floatNode) codedSquare() bool {
	return slices.ContainsFunc(x.codes, func(t codeTerm) bool { return t.part[squareCode] != nil })
}

// addTerms adds the terms of a node to sum, for state k of its own if it is
// categorical and coefficients with a sign.
func (w *worker) addTerms(s *Sampler, terms []floatTerm, k int32, minus bool, sum *[64]float32, lane, n int) {
	f := &w.float
	for i := 0; i < len(terms); i++ {
		t := &terms[i]
		weights := s.weights32[t.factor]
		at := t.base + k*t.own
		if t.plain() {
			c, v := weights[at], w.lane(s, t.floats[0], lane)
			if minus {
				c = -c
			}
			if i+1 == len(terms) || !terms[i+1].plain() {
				for j := range sum {
					sum[j] += float32(c * v[j])
				}
				continue
			}
			i++ // two at a time, one after the other
			t = &terms[i]
			d, u := s.weights32[t.factor][t.base+k*t.own], w.lane(s, t.floats[0], lane)
			if minus {
				d = -d
			}
			for j := range sum {
				x := sum[j] + float32(c*v[j])
				sum[j] = x + float32(d*u[j])
			}
			continue
		}
		w.fillTerm(s, t, weights, at, minus, lane, n)
		for j, v := range f.term {
			sum[j] += v
		}
	}
}

// plain says that a term is a coefficient and one number.
func (t *floatTerm) plain() bool { return len(t.floats) == 1 && len(t.cats) == 0 && len(t.spins) == 0 }

// lane is a row of numbers for the chains of a word.
func (w *worker) lane(s *Sampler, row int32, lane int) *[64]float32 {
	return (*[64]float32)(w.floats[(int(row)*s.tile+lane)*64:])
}

// fillTerm computes one term for all chains of a word.
func (w *worker) fillTerm(s *Sampler, t *floatTerm, weights []float32, at int32, minus bool, lane, n int) {
	f := &w.float
	flip := uint64(0)
	if minus {
		flip = ^uint64(0)
	}
	for _, r := range t.spins {
		flip ^= ^w.bits[int(r)*s.tile+lane]
	}
	if len(t.cats) == 0 {
		c := math.Float32bits(weights[at])
		for j := range f.term {
			f.term[j] = math.Float32frombits(c ^ uint32(flip>>(j&63)&1)<<31)
		}
	} else {
		for c := range n {
			p := at
			for _, x := range t.cats {
				i := (int(x.row)*s.tile+lane)*64 + c
				if x.wide {
					p += x.stride * int32(w.cat16[i])
				} else {
					p += x.stride * int32(w.cat8[i])
				}
			}
			f.term[c&63] = math.Float32frombits(math.Float32bits(weights[p]) ^ uint32(flip>>(c&63)&1)<<31)
		}
	}
	for _, r := range t.floats {
		v := w.floats[(int(r)*s.tile+lane)*64:][:64]
		for j := range f.term {
			f.term[j] = float32(f.term[j] * v[j])
		}
	}
}

func fillFloats(sum *[64]float32, v float32) {
	for j := range sum {
		sum[j] = v
	}
}

// floatDraw is the 32-bit number of two digits for the chain in place p.
func (w *worker) floatDraw(slot uint32, p int) uint64 {
	return uint64(w.noise.digit[slot&3][p&63])<<16 | uint64(w.float.second.digit[slot&3][p&63])
}

func (w *worker) floatSpin(s *Sampler, b *blockPlan, x *floatNode, i, lane, bytes int, slot uint32) {
	sum := &w.float.sum
	fillFloats(sum, x.constant[0])
	w.addTerms(s, x.linear, 0, false, sum, lane, 8*bytes)
	w.addCode(s, x.codes, fieldCode, nil, sum, lane, 8*bytes)
	var out uint64
	for p := range 8 * bytes {
		c := chainIn(p, bytes)
		g := float64(sum[c&63])
		likely := uint64(1)
		if g < 0 {
			likely, g = 0, -g
		}
		if s.rare.below(uint32(w.floatDraw(slot, p)), float64(2*s.beta*g)) {
			likely ^= 1
		}
		out |= likely << uint(c)
	}
	w.outBits[int(b.row[i])*s.tile+lane] = out
}

// rareTable holds RareProbability at the multiples of 1/16 up to where it is 0.
type rareTable [16*23 + 2]uint32

func newRareTable() *rareTable {
	t := &rareTable{}
	for i := range t {
		t[i] = RareProbability(float64(i) / 16)
	}
	return t
}

// below is u < RareProbability(x). Two entries around x decide nearly always.
func (t *rareTable) below(u uint32, x float64) bool {
	if x < 23 {
		i := int(x * 16)
		switch {
		case uint64(u) > uint64(t[i])+1:
			return false
		case uint64(u)+1 < uint64(t[i+1]):
			return true
		}
	}
	return u < RareProbability(x)
}

func (w *worker) floatCategory(s *Sampler, b *blockPlan, x *floatNode, i, lane, bytes int, slot uint32) {
	f := &w.float
	for len(f.theta) < b.states {
		f.theta = append(f.theta, [64]float32{})
		f.e = append(f.e, 0)
	}
	for k := range b.states {
		fillFloats(&f.theta[k], x.constant[k])
		w.addTerms(s, x.linear, int32(k), false, &f.theta[k], lane, 8*bytes)
		fillFloats(&f.own, float32(k))
		w.addCode(s, x.codes, fieldCode, &f.own, &f.theta[k], lane, 8*bytes)
	}
	digits := int(expBits(b.states))
	for p := range 8 * bytes {
		c := chainIn(p, bytes)
		top := f.theta[0][c&63]
		for k := range b.states {
			top = max(top, f.theta[k][c&63])
		}
		z := int64(0)
		for k := range b.states {
			d := top - f.theta[k][c&63]
			z += int64(math.Floor(math.Ldexp(Exp(-float64(s.beta*float64(d))), digits) + 0.5))
			f.e[k] = z
		}
		t := int64(scaled(w.floatDraw(slot, p), uint64(z)))
		v := 0
		for v < b.states-1 && f.e[v] <= t { // places behind the last chain may have left the numbers
			v++
		}
		w.putCategory(s, b, i, lane, c, v)
	}
}

func (w *worker) floatNumber(s *Sampler, b *blockPlan, x *floatNode, i, lane, n int, slot, chain uint32) {
	f := &w.float
	w.sumNumbers(s, x.constant[0], x.linear, x.linearRun, &f.sum, lane, n)
	w.addCode(s, x.codes, linearCode, nil, &f.sum, lane, n)
	square := len(x.square) > 0 || x.codedSquare()
	if square {
		w.sumNumbers(s, float32(x.a), x.square, x.squareRun, &f.square, lane, n)
		w.addCode(s, x.codes, squareCode, nil, &f.square, lane, n)
	}
	out := w.outFloats[(int(b.row[i])*s.tile+lane)*64:][:64]
	h, sd := x.h, x.sd
	z := &f.normal[slot&3]
	if x.bounds != nil {
		f.numbers(w.sweep, chain, n, slot, 0)
	}
	if x.bounds == nil && !square {
		switch s.kernelInUse {
		case vector.AVX512:
			vector.Mix512((*[64]float32)(out), &f.sum, z, h, sd)
			return
		case vector.AVX2:
			vector.Mix256((*[64]float32)(out), &f.sum, z, h, sd)
			return
		}
		for c := range out {
			out[c] = float32(f.sum[c]*h) + float32(sd*z[c])
		}
		return
	}
	for c := range n {
		if square {
			h, sd = s.gaussian(float64(f.square[c]))
		}
		mean := float32(f.sum[c] * h)
		if x.bounds != nil {
			second := s.rng.Number(rng.PurposeContinuous+s.phase, chain+uint32(c), w.sweep, slot, 1)
			out[c] = truncatedNormal(float64(mean), float64(sd), x.bounds, f.word[c], second)
			continue
		}
		out[c] = mean + float32(sd*z[c])
	}
}

// quadNormals draws for the nodes i … i+3 of a block that take a normal number.
func (w *worker) quadNormals(s *Sampler, b *blockPlan, i, n int, slot, chain uint32) {
	rows := 0
	for q := range min(4, len(b.float.nodes)-i) {
		if !b.skip[i+q] && b.step == stepNone && b.float.nodes[i+q].bounds == nil {
			rows = q + 1
		}
	}
	if rows > 0 {
		w.normalRows(s, w.float.normal[:rows], n, slot, chain)
	}
}

// normal is a standard normal number from a first word; one in 65,536 takes a second.
func (s *Sampler) normal(w uint32, second func() uint32) float32 {
	n := w & (1<<31 - 1)
	if n >= vector.NormalRare {
		return withSign(normalOf(s.normals, n), w)
	}
	return withSign(float32(NormalQuantile((float64(uint64(n)<<32|uint64(second()))+0.5)/(1<<64))), w)
}

// truncatedNormal is a normal number inside bounds, from two words.
func truncatedNormal(mean, sd float64, bounds []float64, w, v uint32) float32 {
	lo, hi := (bounds[0]-mean)/sd, (bounds[1]-mean)/sd
	r := (float64(uint64(w)<<32|uint64(v)) + 0.5) / (1 << 64)
	mirrored := lo+hi < 0
	if mirrored {
		lo, hi = -hi, -lo
	}
	var t float64
	if lo <= 37 {
		from, to := NormalTail(lo), NormalTail(hi)
		if q := from - float64(r*(from-to)); q > 0.5 {
			t = -NormalQuantile(1 - q)
		} else {
			t = NormalQuantile(q)
		}
	} else {
		t = lo - Log(1-float64(r*(1-Exp(-float64(lo*(hi-lo))))))/lo
	}
	if mirrored {
		t = -t
	}
	return intoRange(float32(mean+float64(sd*t)), bounds)
}

// intoRange moves a number to the nearest float32 inside bounds.
func intoRange(x float32, bounds []float64) float32 {
	if !(float64(x) >= bounds[0]) {
		if x = float32(bounds[0]); float64(x) < bounds[0] {
			x = math.Nextafter32(x, math.MaxFloat32)
		}
	}
	if float64(x) > bounds[1] {
		if x = float32(bounds[1]); float64(x) > bounds[1] {
			x = math.Nextafter32(x, -math.MaxFloat32)
		}
	}
	return x
}

// initialFloat is the start of a continuous node in one chain.
func (s *Sampler) initialFloat(in Init, v *Var, slot int32, chain int) float32 {
	mean, sd := 0.0, 1.0
	switch in.Kind {
	case InitZeros, InitCode:
		return 0
	case InitNormal:
		mean, sd = in.Mean, in.SD
	}
	if slot < 0 { // in no block: clamped, its value follows
		return 0
	}
	if v.Range != nil && sd == 0 {
		return intoRange(float32(mean), v.Range)
	}
	word := func(draw uint32) uint32 {
		return s.rng.Word32(rng.PurposeInit+s.phase, uint32(chain), s.sweep, uint32(slot), draw)
	}
	if v.Range == nil {
		z := s.normal(word(0), func() uint32 { return word(1) })
		return float32(mean + float64(sd*float64(z)))
	}
	return truncatedNormal(mean, sd, v.Range, word(0), word(1))
}

// Floats appends the values of a continuous node in every chain.
func (s *Sampler) Floats(node int, dst []float32) []float32 {
	for c := 0; c < s.chains; c += 64 {
		dst = append(dst, s.floats[s.chainAt(s.floatRows, int(s.row[node]), c):][:min(64, s.chains-c)]...)
	}
	return dst
}

// addFloatFactor adds the rows of a factor that is not integer to the energies of
// the 64 chains of a word.
func (s *Sampler) addFloatFactor(sum *[64]float64, fi, word int) {
	f := &s.model.Factors[fi]
	k, size := len(f.Slots), f.TableSize()
	var term [64]float64
	var at [64]int
	for r := range f.Rows {
		table := s.weights[fi]
		if !f.Shared {
			table = table[r*size : (r+1)*size]
		}
		nodes := f.Index[r*k : r*k+k]
		minus := s.rowPicks(&at, f, nodes, word)
		for c := range term {
			term[c] = math.Float64frombits(math.Float64bits(table[at[c]]) ^ minus<<63)
			minus >>= 1
		}
		s.timesNumbers(&term, f, nodes, word)
		for c, x := range term {
			sum[c] -= x
		}
	}
}

// rowPicks fills at with the entries that a row picks in the 64 chains of a word, and
// gives the signs of the products of its spins, bit c being set where that of chain c
// is -1.
func (s *Sampler) rowPicks(at *[64]int, f *Factor, nodes []int32, word int) (minus uint64) {
	clear(at[:])
	for i, slot := range f.Slots {
		switch slot.Kind {
		case Spin:
			minus ^= ^s.bits[s.wordAt(int(s.row[nodes[i]]), word)]
		case Categorical:
			row := int(s.row[nodes[i]])
			if s.kind[nodes[i]] == nodeCat8 {
				pick(at, slot.States, s.cat8[s.chainAt(s.cat8Rows, row, 64*word):][:min(64, s.chains-64*word)])
			} else {
				pick(at, slot.States, s.cat16[s.chainAt(s.cat16Rows, row, 64*word):][:min(64, s.chains-64*word)])
			}
		}
	}
	return minus
}

// pick goes on to an axis with so many states.
func pick[T uint8 | uint16](at *[64]int, states int, values []T) {
	for c, v := range values {
		at[c&63] = at[c&63]*states + int(v)
	}
}

// timesNumbers multiplies by the values of a row's continuous nodes, in slot order,
// each as often as its power says.
func (s *Sampler) timesNumbers(term *[64]float64, f *Factor, nodes []int32, word int) {
	for i, slot := range f.Slots {
		if slot.Kind != Continuous {
			continue
		}
		v := s.floats[s.chainAt(s.floatRows, int(s.row[nodes[i]]), 64*word):][:64]
		for range slot.Power {
			for c := range term {
				term[c] *= float64(v[c])
			}
		}
	}
}

// rowEnergy is what a row subtracts from H, in the order of the specification.
func rowEnergy(f *Factor, weights []float64, r int, nodes []int32, value func(n int32) int32) float64 {
	at, sign := 0, 1.0
	for i, slot := range f.Slots {
		switch slot.Kind {
		case Spin:
			sign *= float64(value(nodes[i]))
		case Categorical:
			at = at*slot.States + int(value(nodes[i]))
		}
	}
	if !f.Shared {
		at += r * f.TableSize()
	}
	w := float64(sign * weights[at])
	for i, slot := range f.Slots {
		for range slot.Power {
			w = float64(w * float64(BitsFloat(value(nodes[i]))))
		}
	}
	return w
}
