package interp

import (
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// SpinTable is the threshold table of spins at one β.
type SpinTable struct {
	Bits  int     // Format.ThresholdBits
	C     float64 // 2β·2^-F
	Shift int     // S
	A, D  []int64 // one line for each segment, in units of 2^-16 and 1/16 of a digit
}

// NewSpinTable builds the table of the specification.
func NewSpinTable(beta float64, fraction, segments, thresholdBits int) *SpinTable {
	t := &SpinTable{Bits: thresholdBits, C: math.Ldexp(2*beta, -fraction)}
	for t.Shift < 62 && math.Ldexp(float64(segments)*t.C, t.Shift) < 11.09375 {
		t.Shift++
	}
	h := math.Ldexp(t.C, t.Shift)
	for i := 0; i < segments; i++ {
		var a, d float64
		switch {
		case t.Shift == 0 && thresholdBits == 32:
			a = float64(t.Exact(int64(i)) >> 16 * 65536)
		case t.Shift == 0:
			a = float64(t.Exact(int64(i)) + 32768)
		case thresholdBits == 32:
			a, d = lowerLine(i, h)
		default:
			a, d = nearestLine(i, h)
		}
		t.A = append(t.A, int64(a))
		t.D = append(t.D, int64(d))
	}
	return t
}

// q is σ(-x) in units of 2^-16.
func q(x float64) float64 { return float64(sampling.Sigma(-x) * 65536) }

// lowerLine stays below σ: it is the tangent in the middle of the segment,
// rounded down, or that at 0.
func lowerLine(i int, h float64) (a, d float64) {
	if i == 0 {
		return 32768 * 65536, math.Ceil(262144 * h)
	}
	y := q(float64((float64(i) + 0.5) * h))
	drop := float64(float64(y*(65536-y)) / 65536 * h)
	d = math.Floor(16*drop + 0.5)
	a = math.Floor((y+drop/2+math.Min(0, d/16-drop))*65536) - 1
	return math.Max(0, a), d
}

// nearestLine is half the chord's error below the chord, and half a digit above
// that, because T is rounded down.
func nearestLine(i int, h float64) (a, d float64) {
	x := float64(i)
	v0, v1, y := q(float64(x*h)), q(float64((x+1)*h)), q(float64((x+0.5)*h))
	d = math.Floor(16*(v0-v1) + 0.5)
	if i == 0 {
		return 32768*65536 + 32768, d
	}
	e := ((v0+v1)/2 - y) / 2
	return math.Floor((v0 - e + 0.5) * 65536), d
}

// Exact is E(m), the 32-bit probability of the less likely value.
func (t *SpinTable) Exact(m int64) int64 {
	return int64(sampling.RareProbability(float64(t.C * float64(m))))
}

// First is T(m), the threshold of the first digit.
func (t *SpinTable) First(m int64) int64 {
	i := m >> t.Shift
	if i >= int64(len(t.A)) {
		return 0
	}
	rest := m & (1<<t.Shift - 1) // m mod 2^S
	var f int64                  // floor(rest·2^16 / 2^S)
	if t.Shift <= 16 {
		f = rest << (16 - t.Shift)
	} else {
		f = rest >> (t.Shift - 16)
	}
	return (t.A[i] - t.D[i]*f/16) / 65536
}

// Second is R(m), the threshold of the second digit on a tie of the first.
func (t *SpinTable) Second(m int64) int64 {
	return max(0, min(t.Exact(m)-65536*t.First(m), 65536))
}

// Threshold is T_b(m): the threshold of a digit of b <= 16 bits.
func (t *SpinTable) Threshold(m int64) int64 {
	if t.Bits == 16 {
		return t.First(m)
	}
	return (t.First(m) + 1<<(15-t.Bits)) >> (16 - t.Bits)
}

// PlanesThreshold is T_n(m) of n bit planes: the exact probability to n bits.
func (t *SpinTable) PlanesThreshold(m int64, n int) int64 {
	if n == 32 {
		return t.Exact(m)
	}
	return (t.Exact(m) + 1<<(31-n)) >> (32 - n)
}

// Probability is that of the less likely value in a field of magnitude m.
func (t *SpinTable) Probability(m int64) float64 {
	if t.Bits == 32 {
		return math.Ldexp(float64(65536*t.First(m)+t.Second(m)), -32)
	}
	return math.Ldexp(float64(t.Threshold(m)), -t.Bits)
}

// rare draws whether the less likely value is taken.
func (m *Machine) rare(chain, n int, field int64) bool {
	t, slot := m.spin, m.slot[n]
	if m.stream != nil {
		return m.drawn(chain, n, 0, t.Bits) < t.Threshold(field)
	}
	if n := m.p.Format.Planes; n > 0 {
		return m.planes(chain, slot, n) < t.PlanesThreshold(field, n)
	}
	if m.p.Format.Digit == 8 {
		first := t.First(field)
		if a := m.first(chain, slot); a != first/256 {
			return a < first/256
		}
		w := int64(m.word(PurposeBytes, chain, m.SweepNumber, slot, 1))
		return w/256 < first%256*65536+t.Second(field)
	}
	u := int64(m.digit(chain, slot, 0))
	if t.Bits < 32 {
		return u>>(16-t.Bits) < t.Threshold(field)
	}
	first := t.First(field)
	if u != first {
		return u < first
	}
	v := int64(m.digit(chain, slot, 1))
	return v < t.Second(field)
}

// singleByte is the update of spin n in the field g by one byte.
func (m *Machine) singleByte(chain, n int, g int64) int32 {
	b := m.deciding(chain, m.slot[n])
	n8, named := b%64+b/128*64, int32(2*(b/64%2)-1)
	likely, size := int32(1), g
	if g < 0 {
		likely, size = -1, -g
	}
	if named == -likely && n8 < m.spin.PlanesThreshold(size, 8) {
		return -likely
	}
	return likely
}

// newSpin is the update of spin n in the field g.
func (m *Machine) newSpin(chain, n int, g int64) int32 {
	if m.p.Format.SingleByte() {
		return m.singleByte(chain, n, g)
	}
	likely := int32(1)
	if g < 0 {
		likely, g = -1, -g
	}
	if m.rare(chain, n, g) {
		return -likely
	}
	return likely
}
