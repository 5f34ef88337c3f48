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
	wide []wideLine // the same for choose; nil where it would not be exact
	tail bool       // a second digit decides ties
	// A threshold of b < 16 bits, left-aligned: (T + round) & keep.
	round, keep uint32
}

// spinLine is A and D of one segment: T = (A - D·f/16) / 2^16.
type spinLine struct{ a, d uint32 }

// wideLine is a line with T = (A - D·p) / 2^36 for the low half p of m·mul: the sum
// (a - (d·f >> 4)) >> 16 is (16a + 15 - d·f) >> 20, and f is p >> 16 without a rest.
type wideLine struct{ a, d uint64 }

// widen makes the wide lines, unless f has a rest or a threshold would be negative.
func (t *spinTable) widen() {
	if !t.fast || t.shift > 16 {
		return
	}
	t.wide = make([]wideLine, len(t.line))
	for i, l := range t.line {
		if l.a < l.d*0xffff>>4 {
			t.wide = nil
			return
		}
		t.wide[i] = wideLine{(uint64(l.a)<<4 + 15) << 16, uint64(l.d)}
	}
}

// maxLines is how far a table is drawn out to spare a comparison.
const maxLines = 1 << 14

// tableEnd is where the first digit of σ(-x) has fallen to 0.
const tableEnd = 11.09375

// newSpinTable builds the table for fields of magnitude up to reach.
func newSpinTable(f Format, beta float64, reach uint64) *spinTable {
	t := &spinTable{
		scale: math.Ldexp(2*beta, -f.Fraction),
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
		t.fast = f.ThresholdBits >= 16 && reach>>t.shift < maxLines
	}
	h := math.Ldexp(t.scale, int(t.shift))
	t.line = make([]spinLine, max(t.n, min(reach>>t.shift, maxLines))+1)
	for i := range t.line[:t.n] {
		t.line[i] = t.segment(i, h)
	}
	t.widen()
	return t
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
func (t *spinTable) first(m uint64) uint32 {
	i := min(m>>t.shift, t.n)
	f := uint32(m<<t.up>>t.down) & 0xffff
	l := t.line[i]
	return ((l.a-l.d*f>>4)>>16 + t.round) & t.keep
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
