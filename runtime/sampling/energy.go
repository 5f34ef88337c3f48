package sampling

import (
	"math"
	"math/bits"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Energies appends βH of every chain at inverse temperature beta, in float64
// from the weights as given: each row's contribution is subtracted in the order
// of factors and rows, and the sum is multiplied by β.
func (s *Sampler) Energies(beta float64, dst []float64) []float64 {
	if s.away {
		return s.farEnergies(beta, dst)
	}
	at := len(dst)
	dst = append(dst, make([]float64, s.chains)...)
	h := dst[at:]
	if s.threads > 1 && s.words > 1 && s.model.Nodes*s.chains > 1<<14 {
		s.parallel(func(_ *worker, t int) {
			s.hamiltonian(h, s.words*t/s.threads, s.words*(t+1)/s.threads)
		})
	} else {
		s.hamiltonian(h, 0, s.words)
	}
	for c := range h {
		h[c] = float64(beta * h[c])
	}
	return dst
}

// Energy is βH of one state in the form State gives, for the weights at hand.
func (s *Sampler) Energy(beta float64, state []int32) (float64, error) {
	if len(state) != s.model.Nodes {
		return 0, errStateSize
	}
	h := 0.0
	for fi := range s.model.Factors {
		f := &s.model.Factors[fi]
		k := len(f.Slots)
		for r := range f.Rows {
			h -= rowEnergy(f, s.weights[fi], r, f.Index[r*k:r*k+k], func(n int32) int32 { return state[n] })
		}
	}
	h = AddCodes(s.codes, h, func(n int32) int32 { return state[n] })
	return float64(beta * h), nil
}

// hamiltonian fills h for the chains of words lo … hi-1.
func (s *Sampler) hamiltonian(h []float64, lo, hi int) {
	for word := lo; word < hi; word++ {
		sum := s.wordEnergies(word)
		copy(h[64*word:], sum[:min(64, s.chains-64*word)])
	}
}

// wordEnergies is H of the 64 chains of a word at β = 1.
func (s *Sampler) wordEnergies(word int) (sum [64]float64) {
	for fi := range s.model.Factors {
		if s.numberAt[fi] != nil {
			s.addNumberFactor(&sum, fi, word)
		} else if !s.model.Factors[fi].integer() {
			s.addFloatFactor(&sum, fi, word)
		} else if a := s.counted[fi]; a > 0 {
			s.countFactor(&sum, fi, word, a)
		} else {
			s.addFactor(&sum, fi, word)
		}
	}
	for i := range s.codes {
		if s.energyPrograms != nil && s.addEnergyProgram(&sum, i, word) {
			continue
		}
		s.addCodeFactor(&sum, &s.codes[i], word)
	}
	return sum
}

// findCounted finds the factors whose energy can be counted: spins only, one
// magnitude a of all weights, and sums of the whole model so exact in float64
// that their order does not matter. counted holds a, or 0.
func (s *Sampler) findCounted() {
	s.counted = make([]float64, len(s.model.Factors))
	for fi := range s.model.Factors {
		if !s.model.Factors[fi].integer() {
			return
		}
	}
	any := false
	for fi, w := range s.weights {
		if a := oneMagnitude(w); a > 0 && len(s.model.Factors[fi].Table) == 0 {
			s.counted[fi], any = a, true
		}
	}
	if !any {
		return
	}
	least, total := math.Inf(1), 0.0 // unit of all weights, Σ|w|
	for fi, w := range s.weights {
		rows := 1.0
		if s.model.Factors[fi].Shared {
			rows = float64(s.model.Factors[fi].Rows)
		}
		for _, x := range w {
			if x != 0 {
				least = min(least, unitOf(x))
				total += float64(math.Abs(x) * rows)
			}
		}
	}
	if !(total/least < 1<<52) {
		clear(s.counted)
	}
}

// oneMagnitude is the magnitude that all weights have, 0 if they differ.
func oneMagnitude(w []float64) float64 {
	for _, x := range w {
		if math.Abs(x) != math.Abs(w[0]) {
			return 0
		}
	}
	if len(w) == 0 {
		return 0
	}
	return math.Abs(w[0])
}

// unitOf is the largest power of two that divides x.
func unitOf(x float64) float64 {
	f, e := math.Frexp(math.Abs(x))
	return math.Ldexp(1, e-53+bits.TrailingZeros64(uint64(math.Ldexp(f, 53))))
}

// countFactor adds a factor whose weights are all ±a: rows with a product of
// the sign of their weight are counted in bit planes for 64 chains at once.
func (s *Sampler) countFactor(sum *[64]float64, fi, word int, a float64) {
	f := &s.model.Factors[fi]
	weights := s.weights[fi]
	k := len(f.Slots)
	bits := s.bits[s.wordAt(0, word):]
	top := 0
	var plane [32]uint64 // bit p of the counts
	for r := range f.Rows {
		x := ^uint64(0)
		for _, node := range f.Index[r*k : r*k+k] {
			x = ^(x ^ bits[int(s.row[node])*s.tile])
		}
		w := weights[0]
		if !f.Shared {
			w = weights[r]
		}
		if w < 0 {
			x = ^x
		}
		p := 0
		for ; x != 0; p++ {
			plane[p&31], x = plane[p&31]^x, plane[p&31]&x
		}
		top = max(top, p)
	}
	for c := range min(64, s.chains-64*word) {
		n := 0
		for p, x := range plane[:top] {
			n |= int(x>>c&1) << p
		}
		sum[c] += float64(a * float64(f.Rows-2*n))
	}
}

// addFactor adds the rows of one factor for the 64 chains of a word.
func (s *Sampler) addFactor(sum *[64]float64, fi, word int) {
	f := &s.model.Factors[fi]
	weights := s.weights[fi]
	k := len(f.Slots)
	size := f.TableSize()
	n := min(64, s.chains-64*word)
	bits := s.bits
	if s.spinRows > 0 {
		bits = bits[s.wordAt(0, word):]
	}
	if len(f.Table) == 0 && s.kernelInUse >= vector.AVX2 {
		s.addSigned(sum, f, weights, bits)
		return
	}
	var at [64]int
	for r := range f.Rows {
		minus := uint64(0) // of the product of the spins
		base := 0
		if !f.Shared {
			base = r * size
		}
		nodes := f.Index[r*k : r*k+k]
		if len(f.Table) == 0 {
			for _, node := range nodes {
				minus ^= ^bits[int(s.row[node])*s.tile]
			}
			w := [2]float64{-weights[base], weights[base]}
			for c := range n {
				sum[c&63] += w[minus&1]
				minus >>= 1
			}
			continue
		}
		minus = s.rowPicks(&at, f, nodes, word)
		table := weights[base : base+size]
		for c := range n {
			sum[c&63] -= math.Float64frombits(math.Float64bits(table[at[c&63]]) ^ minus<<63)
			minus >>= 1
		}
	}
}

// addSigned is addFactor of spins by a kernel; all 64 sums change.
func (s *Sampler) addSigned(sum *[64]float64, f *Factor, weights []float64, bits []uint64) {
	k, subtract, stride := len(f.Slots), vector.SubtractSigned512, 8
	if s.kernelInUse == vector.AVX2 {
		subtract = vector.SubtractSigned256
	}
	if f.Shared {
		stride = 0
	}
	var minus [256]uint64 // of the products of the spins
	for first := 0; first < f.Rows; first += len(minus) {
		n := min(len(minus), f.Rows-first)
		index := f.Index[first*k : (first+n)*k]
		for r := range minus[:n] {
			x := uint64(0)
			for _, node := range index[r*k : r*k+k] {
				x ^= ^bits[int(s.row[node])*s.tile]
			}
			minus[r] = x
		}
		subtract(sum, &minus[0], &weights[first*stride/8], stride, n)
	}
}

// Field is the integer field of a node in one chain, in units of 2^-Fraction:
// one value for a spin, one for each category otherwise.
func (s *Sampler) Field(node, chain int) []int64 {
	v := s.model.varOf(node)
	theta := make([]int64, 1)
	if v.Kind == Categorical {
		theta = make([]int64, v.States)
	}
	for fi := range s.model.Factors {
		f := &s.model.Factors[fi]
		k := len(f.Slots)
		for r := range f.Rows {
			for i, n := range f.Index[r*k : r*k+k] {
				if int(n) == node {
					s.addRowField(theta, fi, r, i, chain)
				}
			}
		}
	}
	return theta
}

// addRowField adds what one row gives the field of its slot self.
func (s *Sampler) addRowField(theta []int64, fi, r, self, chain int) {
	f := &s.model.Factors[fi]
	k := len(f.Slots)
	base, stride, sign := 0, 0, int64(1)
	for i, sl := range f.Slots {
		if sl.Kind == Spin {
			if i != self {
				sign *= int64(s.Value(int(f.Index[r*k+i]), chain))
			}
			continue
		}
		base, stride = base*sl.States, stride*sl.States
		if i == self {
			stride = 1
		} else {
			base += int(s.Value(int(f.Index[r*k+i]), chain))
		}
	}
	if !f.Shared {
		base += r * f.TableSize()
	}
	for c := range theta {
		theta[c] += sign * s.ints[s.intAt[fi]+base+c*stride]
	}
}
