package interp

import (
	"math"
	"math/bits"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// ExpTable gives the integers e(d) of categoricals of K states at one β. The
// entries of the two tables are computed when they are asked for.
type ExpTable struct {
	C    float64 // β·2^-F
	B    int     // e(0) = 2^B
	N, R int     // 2^N units reach to the end, R low bits index L
}

// NewExpTable builds the table of the specification.
func NewExpTable(beta float64, fraction, states int) *ExpTable {
	t := &ExpTable{C: math.Ldexp(beta, -fraction), B: 31}
	if states <= 32 {
		for k := 1; k < states; k *= 2 { // ceil(log2 K)
			t.B--
		}
	}
	end := float64(float64(t.B+1) * 0.6931471805599453)
	for t.N < 40 && math.Ldexp(t.C, t.N) < end {
		t.N++
	}
	t.R = (t.N + 1) / 2
	return t
}

// L is exp(-c·j) in units of 2^-31.
func (t *ExpTable) L(j int64) int64 {
	x := float64(t.C * float64(j))
	return int64(math.Floor(math.Ldexp(sampling.Exp(-x), 31) + 0.5))
}

// H is exp(-c·2^r·i) in units of 2^-B.
func (t *ExpTable) H(i int64) int64 {
	x := float64(math.Ldexp(t.C, t.R) * float64(i))
	return int64(math.Floor(math.Ldexp(sampling.Exp(-x), t.B) + 0.5))
}

// At is e(d).
func (t *ExpTable) At(d int64) int64 {
	if d >= 1<<t.N {
		return 0
	}
	return (t.H(d>>t.R)*t.L(d%(1<<t.R)) + 1<<30) >> 31
}

// Weights are the e_k of the fields θ.
func (t *ExpTable) Weights(theta []int64) (e []int64, z int64) {
	largest := theta[0]
	for _, x := range theta {
		largest = max(largest, x)
	}
	for _, x := range theta {
		w := t.At(largest - x)
		e = append(e, w)
		z += w
	}
	return e, z
}

// newCategory is the update of categorical n in the fields θ.
func (m *Machine) newCategory(chain, n int, theta []int64) int32 {
	e, z := m.exp(len(theta)).Weights(theta)
	if m.stream != nil {
		b := m.p.Format.ThresholdBits
		return pick(e, scale(uint64(m.drawn(chain, n, 0, b)), z, b))
	}
	slot := m.slot[n]
	word, width := m.digit(chain, slot, 0), 32
	if b := m.p.Format.ThresholdBits; b < 32 {
		word, width = word>>(16-b), b
	} else {
		word = 65536*word + m.digit(chain, slot, 1)
	}
	return pick(e, scale(word, z, width))
}

// pick is the first k whose cumulative sum exceeds the target, which is below
// the sum of all.
func pick(e []int64, target int64) int32 {
	k := 0
	for sum := e[0]; sum <= target; sum += e[k] {
		k++
	}
	return int32(k)
}

// scale is floor(word·z / 2^width), the product taken in 128 bits.
func scale(word uint64, z int64, width int) int64 {
	high, low := bits.Mul64(word, uint64(z))
	return int64(high<<(64-width) | low>>width)
}

// Probabilities are the shares of the words that lead to each category: those
// words below the first one whose target reaches a cumulative sum.
func (t *ExpTable) Probabilities(theta []int64, thresholdBits int) []float64 {
	e, z := t.Weights(theta)
	p := make([]float64, len(e))
	before, sum := uint64(0), int64(0)
	for k, w := range e {
		sum += w
		// floor(word·z / 2^b) < sum  ⇔  word < ceil(sum·2^b / z)
		high, low := bits.Mul64(uint64(sum), 1<<thresholdBits)
		words, rest := bits.Div64(high, low, uint64(z))
		if rest > 0 {
			words++
		}
		p[k] = math.Ldexp(float64(words-before), -thresholdBits)
		before = words
	}
	return p
}
