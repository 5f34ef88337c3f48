package sampling

import (
	"math"
	"math/bits"
)

// spinTable holds the thresholds of spins at one β.
type spinTable struct {
	scale float64 // c = 2β·2^-F
	shift uint    // S
	up    uint    // f = m << up >> down mod 2^16
	down  uint
	mul   uint64 // 2^(32-S): i and f are the two halves of m·mul >> 16
	fast  bool   // S <= 32, thresholds of 16 bits or more, lines for every field
	n     uint64 // segments
	// line[i] is 0 from n on, as far as fields reach.
	line []spinLine
	// cells[(g + centre) >> cell] spares most updates the line; nil where lines do not
	// serve.
	cells  []spinCell
	centre uint32
	biased uint32 // centre - layerBias
	cell   uint
	beta   float64
	reach  uint64
	tail   bool // a second digit decides ties
	// A threshold of b < 16 bits, left-aligned: (T + round) & keep.
	round, keep uint32
}

// spinLine is A and D of one segment: T = (A - D·f/16) / 2^16.
type spinLine struct{ a, d uint32 }

// spinCell holds for 2^cell neighbouring fields: the low half of bound is their least
// threshold, the high half how many values there are; flip is 2^31 where the likely
// value is +1.
type spinCell struct{ bound, flip uint32 }

// maxLines and maxCells are how far tables are drawn out to spare a comparison.
const (
	maxLines = 1 << 14
	maxCells = 1 << 16
)

// tableEnd is where the first digit of σ(-x) has fallen to 0.
const tableEnd = 11.09375

// spinScale is what a field of 1 adds to the logarithm of the odds.
func spinScale(f Format, beta float64) float64 { return math.Ldexp(2*beta, -f.Fraction) }

// newSpinTable builds the table for fields of magnitude up to reach, and somewhat
// beyond, so that it can stay when weights change a little.
func newSpinTable(f Format, beta float64, reach uint64) *spinTable {
	t := &spinTable{
		beta:  beta,
		reach: reach + reach/4,
		scale: spinScale(f, beta),
		n:     uint64(f.Segments),
		tail:  f.ThresholdBits == 32,
		keep:  1<<32 - 1,
	}
	if f.ThresholdBits < 16 {
		t.round = 1 << (15 - f.ThresholdBits)
		t.keep = ^uint32(1<<(16-f.ThresholdBits) - 1)
	}
	for t.shift < 62 && math.Ldexp(float64(t.n)*t.scale, int(t.shift)) < tableEnd {
		t.shift++
	}
	if t.shift <= 16 {
		t.up = 16 - t.shift
	} else {
		t.down = t.shift - 16
	}
	if t.shift <= 32 {
		t.mul = 1 << (32 - t.shift)
		t.fast = f.ThresholdBits >= 16 && t.reach>>t.shift < maxLines
	}
	h := math.Ldexp(t.scale, int(t.shift))
	t.line = make([]spinLine, max(t.n, min(t.reach>>t.shift, maxLines))+1)
	for i := range t.line[:t.n] {
		t.line[i] = t.segment(i, h)
	}
	t.makeCells()
	return t
}

// makeCells splits segments in eight.
func (t *spinTable) makeCells() {
	t.cell = t.shift - min(t.shift, 3)
	half := int64(t.reach>>t.cell) + 1
	if !t.fast || half > maxCells || half<<t.cell > 1<<31 { // indices have 32 bits
		return
	}
	t.centre = uint32(half << t.cell)
	t.biased = t.centre - layerBias
	t.cells = make([]spinCell, 2*half)
	for i := range t.cells {
		first := (int64(i) - half) << t.cell
		t.cells[i] = t.cellOf(first, first+1<<t.cell-1)
	}
}

// cellOf is the cell of the fields from first to last, all below 0 or none. Thresholds
// fall inside a segment, and no more than an end of a cell lies in another one.
func (t *spinTable) cellOf(first, last int64) spinCell {
	a, b, c := t.first(magnitude(first)), t.first(magnitude(last)), uint32(0)
	switch {
	case first < 0 && first < last:
		c = t.first(magnitude(first + 1))
	default:
		c = a
	}
	low, high := min(a, b, c), max(a, b, c)
	return spinCell{(high-low+1)<<16 | low, likely(first) << 31}
}

// serves says whether the table is one for a β and fields up to reach.
func (t *spinTable) serves(beta float64, reach uint64) bool {
	return t != nil && t.beta == beta && reach <= t.reach
}

// segment is the line of segment i: the tangent below σ when there is a tail,
// the nearest line, ready to be rounded, otherwise.
func (t *spinTable) segment(i int, h float64) spinLine {
	x := float64(i)
	if t.shift == 0 {
		e := RareProbability(float64(x * t.scale))
		if t.tail {
			return spinLine{a: e >> 16 << 16}
		}
		return spinLine{a: e + 32768}
	}
	q := func(x float64) float64 { return float64(Sigma(-x) * 65536) }
	y := q(float64((x + 0.5) * h))
	switch {
	case t.tail && i == 0:
		return spinLine{1 << 31, uint32(math.Ceil(262144 * h))}
	case t.tail:
		drop := float64(float64(y*(65536-y)) / 65536 * h)
		d := math.Floor(16*drop + 0.5)
		a := math.Floor((y+drop/2+math.Min(0, d/16-drop))*65536) - 1
		return spinLine{uint32(math.Max(0, a)), uint32(d)}
	}
	v0, v1 := q(float64(x*h)), q(float64((x+1)*h))
	line := spinLine{1<<31 + 32768, uint32(math.Floor(16*(v0-v1) + 0.5))}
	if i > 0 {
		line.a = uint32(math.Floor((v0 - ((v0+v1)/2-y)/2 + 0.5) * 65536))
	}
	return line
}

// first is the first-digit threshold T(m), left-aligned for fewer than 16 bits.
func (t *spinTable) first(m uint64) uint32 { return (t.value(m) + t.round) & t.keep }

// value is the value of m's line.
func (t *spinTable) value(m uint64) uint32 {
	i := min(m>>t.shift, t.n)
	f := uint32(m<<t.up>>t.down) & 0xffff
	l := t.line[i]
	return (l.a - l.d*f>>4) >> 16
}

// rare decides a tie of the first digit: v is the second digit.
func (t *spinTable) rare(m uint64, threshold uint32, v uint16) bool {
	if !t.tail {
		return false
	}
	e := RareProbability(float64(float64(m) * t.scale))
	if e < threshold<<16 {
		return false
	}
	return uint32(v) < min(e-threshold<<16, 65536)
}

// expTable holds exp(-β·2^-F·d) in units of 2^-bits as a product of two tables.
type expTable struct {
	n, r   uint // d < 2^n; low r bits index low
	bits   uint
	lo, hi []uint32
}

// newExpTable builds the table for categoricals of K states whose fields differ
// by at most reach.
func newExpTable(f Format, beta float64, states int, reach uint64) *expTable {
	c := math.Ldexp(beta, -f.Fraction)
	t := &expTable{bits: expBits(states)}
	for t.n < 40 && math.Ldexp(c, int(t.n)) < float64((float64(t.bits)+1)*0.6931471805599453) {
		t.n++
	}
	t.r = (t.n + 1) / 2
	// Entries that no field reaches are not stored.
	t.lo = make([]uint32, min(uint64(1)<<t.r, reach+1))
	t.hi = make([]uint32, min(uint64(1)<<(t.n-t.r), reach>>t.r+1))
	for j := range t.lo {
		t.lo[j] = uint32(math.Floor(float64(Exp(-float64(c*float64(j)))*(1<<31)) + 0.5))
	}
	c = math.Ldexp(c, int(t.r))
	one := math.Ldexp(1, int(t.bits))
	for i := range t.hi {
		t.hi[i] = uint32(math.Floor(float64(Exp(-float64(c*float64(i)))*one) + 0.5))
	}
	return t
}

// expBits is B: sums of K entries stay below 2^32 for K <= 32.
func expBits(states int) uint {
	if states > 32 {
		return 31
	}
	return 31 - uint(bits.Len(uint(states-1)))
}

// at is e(d).
func (t *expTable) at(d uint64) uint64 {
	if d>>t.n != 0 {
		return 0
	}
	return (uint64(t.hi[d>>t.r])*uint64(t.lo[d&(1<<t.r-1)]) + 1<<30) >> 31
}
