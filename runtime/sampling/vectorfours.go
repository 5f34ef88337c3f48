package sampling

import (
	"math"
	"math/bits"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// fourSpins is a model of pairs of spins as package vector's spin kernel in AVX2 reads it:
// tables of partial sums of fields in 16 bits, one unit for each node. The kernel takes a
// lane's choice where the curve of its unit tells it whatever the field is exactly.
type fourSpins struct {
	node   []byte // at blockPlan.vector
	units  spinUnits
	curves []vector.SpinCurve // of the current β, one for each unit
}

const (
	fourWords = 4 // of 64 chains
	fourLimit = 32000
)

// buildFours makes the nodes from the weights at hand.
func (s *Sampler) buildFours() {
	v := s.fours
	if v.node == nil {
		v.place(s)
	}
	v.units.clear()
	var build nodeBuild
	for _, super := range s.blocks {
		for _, b := range super {
			for i, at := range b.vector {
				switch {
				case at < 0:
				case b.patterned(i):
					build.mixedFours(s, v.node[at:], &b.mixed.nodes[i], b.row[i])
				default:
					build.fours(s, v.node[at:], b, i)
				}
			}
		}
	}
}

// place finds room for every node.
func (v *fourSpins) place(s *Sampler) {
	n := 0
	for _, super := range s.blocks {
		for _, b := range super {
			for i := range b.vector {
				if b.vector[i] >= 0 {
					b.vector[i] = n
					n += vector.FoursAtFirst + vector.FoursStride*b.foursOf(i)
				}
			}
		}
	}
	v.node = make([]byte, n)
}

// foursOf is how many groups node i of a block has.
func (b *blockPlan) foursOf(i int) int {
	if b.patterned(i) {
		return len(b.mixed.nodes[i].patterns)
	}
	return groupsOfFour(int(b.end[i] - b.start[i]))
}

func groupsOfFour(inputs int) int { return max(1, (inputs+3)/4) }

// fours writes node i of a block.
func (t *nodeBuild) fours(s *Sampler, dst []byte, b *blockPlan, i int) {
	inputs := b.input[b.start[i]:b.end[i]]
	groups := groupsOfFour(len(inputs))
	n := 4 * groups
	var constant int32
	extra := 0
	if s.model.Format.Group > 1 {
		extra = s.fineBits()
		constant = t.fine(s, b, i, n, extra)
	} else {
		for j := range t.row[:n] {
			t.row[j], t.w[j] = b.row[i], 0
		}
		copy(t.row[:n], inputs)
		_, constant = nodeWeights(s, b, i, t.w[:0])
	}
	total := weightSum(t.w[:n], constant)
	fine := unitFor(t.w[:n], constant, fourLimit, total)
	if extra > 0 {
		fine = (fine + 1<<extra - 1) >> extra << extra
	}
	unit := spinUnit{size: fine >> extra}
	for g := range groups {
		to := dst[vector.FoursAtFirst+vector.FoursStride*g:]
		for j, r := range t.row[4*g : 4*g+4] {
			put32(to, 4*j, b.rowOf(i, 4*g+j, r)*8*fourWords)
		}
		t.fill(t.w[4*g:4*g+4], constant)
		constant = 0
		unit.off += putFours(to, t.sums[:16], fine)
	}
	if s.model.Format.Group > 1 {
		unit.off = s.roundedOff(b, i, unit.off, extra)
	}
	s.fours.head(dst, groups, b.row[i], unit)
}

// putFours writes 16 sums in a unit, and gives how far they are off.
func putFours(to []byte, sums []int32, size int64) (off int64) {
	for k, x := range sums {
		y := (int64(x) + size/2) / size
		if r := int64(x) + size/2; r < 0 && r%size != 0 {
			y--
		}
		to[16+k], to[32+k] = byte(y), byte(y>>8)
		off = max(off, int64(magnitude(int64(x)-y*size)))
	}
	return off
}

// head writes what stands before the groups of a node.
func (v *fourSpins) head(dst []byte, groups int, own int32, unit spinUnit) {
	put32(dst, vector.FoursAtGroups, groups)
	put32(dst, vector.FoursAtOut, int(own)*8*fourWords)
	put32(dst, vector.FoursAtCurve, v.units.place(unit)*curveBytes)
}

const curveBytes = 320

// makeCurves bounds the thresholds of the current β.
func (v *fourSpins) makeCurves(t *spinTable) {
	v.curves = append(v.curves[:0], make([]vector.SpinCurve, len(v.units.list))...)
	rise := t.rise()
	for i, u := range v.units.list {
		c := newSpinCurve(t, u, rise)
		v.curves[i] = c.packed(t)
	}
}

// fourWorker is what a worker needs for the kernel.
type fourWorker struct {
	digits vector.SpinDigits
	fields vector.SpinFields
	args   vector.Spins256
}

// updateFours is updateQuads for the kernel: tile is one of 256 chains.
func (s *Sampler) updateFours(w *worker, b *blockPlan, tile, lo, hi int) {
	if w.fours == nil {
		w.fours = &fourWorker{}
	}
	v, a := s.fours, &w.fours.args
	a.State, a.Out = &w.bits[0], &w.outBits[0]
	a.Curves, a.Digits, a.Scratch = &v.curves[0], &w.fours.digits, &w.fours.fields
	chain := uint32(64 * fourWords * tile)
	for g := lo; g < hi; g++ {
		if b.allSkipped(4 * g) {
			continue
		}
		slot := uint32(b.first + 4*g)
		w.noise.fillFours(w.sweep, chain/2, slot/4, a.Digits)
		for q := range a.Nodes {
			a.Nodes[q] = nil
			if i := 4*g + q; !b.skip[i] && b.vector[i] >= 0 {
				a.Nodes[q] = &v.node[b.vector[i]]
			}
		}
		if b.mixed != nil {
			a.State = s.makeInputs(w, b.mixed, g)
		}
		vector.SpinUpdate256(a)
		for q := range a.Nodes {
			if a.Nodes[q] != nil {
				s.chooseOpen(w, b, 4*g+q, slot+uint32(q), chain, &a.Open[q])
			}
		}
		s.updateOthers(w, b, tile, g)
	}
}

// chooseOpen updates node i in the chains that the kernel left open.
func (s *Sampler) chooseOpen(w *worker, b *blockPlan, i int, slot, chain uint32, open *[8]uint32) {
	for e, lanes := range open {
		for ; lanes != 0; lanes &= lanes - 1 {
			c := 8*bits.TrailingZeros32(lanes) + e
			if int(chain)+c >= s.chains {
				break
			}
			g := s.fieldOfFours(w, b, i, c)
			u := uint32(w.fours.digits.At(int(slot&3), c))
			s.setBit(w, b, i, c, w.chooseField(s, g, u, chain+uint32(c), slot))
		}
	}
}

// fieldOfFours is the field of node i in chain c of a tile, by the neighbours that the
// kernel has collected.
func (s *Sampler) fieldOfFours(w *worker, b *blockPlan, i, c int) int64 {
	if b.patterned(i) {
		return s.fieldOf(w, b, i, c)
	}
	inputs := int(b.end[i] - b.start[i])
	at, patterns := uint64(0), &w.fours.fields[i&3].Patterns
	for k := range groupsOfFour(inputs) {
		at |= uint64(patterns[k][c%8][c/8]) << (4 * k)
	}
	g, pool, groups := int64(0), s.pool32[b.table[i]:], s.groupCount(inputs)
	for k := range groups {
		lo, hi := s.span(inputs, groups, k)
		g += int64(pool[at>>lo&(1<<(hi-lo)-1)])
		pool = pool[1<<(hi-lo):]
	}
	return g
}

// spinCurve are the parabolas of a unit, and how far thresholds are from them.
type spinCurve struct {
	power, factor uint64
	most          int64
	zero          int64
	segment       [16]curveSegment
}

type curveSegment struct{ a, b, c, e int64 }

// at is the segment of a field and its threshold there, as the kernel computes it.
func (c *spinCurve) at(x int64) (i int, threshold int64) {
	t := uint64(x) * c.power * c.factor >> 16
	s, f := &c.segment[t>>11], int64(t<<5&0xffff)
	return int(t >> 11), max(0, s.a-f*(s.b-f*s.c>>16)>>16)
}

// newSpinCurve makes the curve of a unit; rise is that of the table.
func newSpinCurve(t *spinTable, u spinUnit, rise int64) *spinCurve {
	c := &spinCurve{most: 1<<15 - 1, zero: u.off / u.size, power: 1}
	if u.off == 0 {
		c.zero = -1
	}
	// In segments' 2048ths a unit is k.
	k := min(float64(u.size)*t.scale*(1<<15/tableEnd), 1<<15-1)
	if float64(c.most)*k >= 1<<15 {
		c.most = int64((1<<15 - 1) / k)
	}
	for c.most*int64(2*c.power) < 1<<16 {
		c.power *= 2
	}
	c.factor = min(uint64(k*65536/float64(c.power)), 1<<16-1)
	if h := float64(2048*65536) * float64(u.size) * t.scale / float64(c.power*c.factor); c.factor > 0 {
		for i := range c.segment {
			c.segment[i] = parabola(float64(i)*h, h)
		}
	} else {
		c.segment[0].a = int64(t.value(0))
	}
	c.bound(t, u, rise)
	return c
}

// parabola is the one through three points of σ(-x) between x and x+h.
func parabola(x, h float64) curveSegment {
	const z = 0.0669872981 // a Chebyshev node, the others are 1/2 and 1-z
	q := func(z float64) float64 { return float64(Sigma(-(x + float64(z*h))) * 65536) }
	y0, y1, y2 := q(z), q(0.5), q(1-z)
	c := (y0 - float64(2*y1) + y2) / (2 * (0.5 - z) * (0.5 - z))
	b := (y0-y2)/(1-2*z) + c
	a := y1 + float64(b/2) - float64(c/4)
	s := curveSegment{a: int64(max(0, math.Round(a))), c: int64(max(0, math.Round(c)))}
	s.b = max(s.c, int64(math.Round(b)))
	return s
}

// bound finds how far thresholds are from the curve. For a field of magnitude x units,
// a threshold is at most that of off below, plus the rise, at least that of off above,
// less it. Between two fields on one line and in one segment the line is straight and the
// parabola c·w²/4 from straight at most, w being their distance.
func (c *spinCurve) bound(t *spinTable, u spinUnit, rise int64) {
	perStep := c.power * c.factor
	for _, side := range [2]int64{-1, 1} {
		shift := side * u.off
		for p := c.zero + 1; p <= c.most; {
			m := uint64(p*u.size + shift)
			i, x := c.at(p)
			q := c.most
			if perStep > 0 {
				q = min(q, int64((uint64(i+1)<<27-1)/perStep))
			}
			if line := m >> t.shift; line < t.n {
				q = min(q, (int64((line+1)<<t.shift)-1-shift)/u.size)
			}
			_, y := c.at(q)
			d := max(side*(x-int64(t.value(m))), side*(y-int64(t.value(uint64(q*u.size+shift)))))
			s := &c.segment[i]
			w := min(uint64(q-p)*perStep>>11, 1<<16) // in 2^16ths of a segment
			bend := s.c * int64(w*w>>16) >> 18
			s.e = max(s.e, d+bend+s.b>>11+rise+5)
			p = q + 1
		}
	}
	if c.most < 1<<15-1 { // fields beyond
		i, x := c.at(c.most)
		least := max(c.most, c.zero+1)*u.size - u.off
		c.segment[i].e = max(c.segment[i].e, x+1, int64(t.value(uint64(least)))-x+rise+1)
	}
}

// packed is the curve as the kernel reads it.
func (c *spinCurve) packed(t *spinTable) (p vector.SpinCurve) {
	zero := c.zero
	for i, s := range c.segment {
		if s.e > fourLimit || s.b > 1<<16-1 || s.c > 1<<16-1 {
			s, zero = curveSegment{}, 1<<15-1
		}
		for k, x := range [4]int64{s.a - 1<<15, s.b, s.c, s.e} {
			p.Low[k][i], p.High[k][i] = byte(x), byte(x>>8)
		}
	}
	for i := range p.Most {
		p.Most[i], p.Power[i], p.Factor[i] = uint16(c.most), uint16(c.power), uint16(c.factor)
		p.Zero[i], p.Round[i], p.Keep[i] = int16(min(zero, 1<<15-1)), int16(t.round), uint16(t.keep)
	}
	return p
}

// rise is the most that a threshold is above one of a smaller magnitude, as far as fields
// reach: lines fall, but the next may begin above the end of one.
func (t *spinTable) rise() int64 {
	least, most := int64(1)<<32, int64(0)
	for i := range min(t.n, t.reach>>t.shift+1) {
		first, last := int64(t.value(i<<t.shift)), int64(t.value(i<<t.shift|(1<<t.shift-1)))
		most = max(most, first-least)
		least = min(least, last)
	}
	return most
}
