package sampling

import (
	"fmt"
	"math"
	"math/bits"
)

// CheckValue refuses what is no value of a node: anything but ±1 for a spin, what
// is outside 0 … K-1 for a categorical, what is no number of its range for a continuous
// node.
func (m *Model) CheckValue(node int, v int32) error {
	x := m.varOf(node)
	switch {
	case x.takes(v):
		return nil
	case x.Kind == Spin:
		return fmt.Errorf("%s is a spin: %d is neither -1 nor +1", m.NodeName(node), v)
	case x.Kind == Categorical:
		return fmt.Errorf("%s has categories 0 … %d: got %d", m.NodeName(node), x.States-1, v)
	case x.Range != nil:
		return fmt.Errorf("%s lies between %v and %v: got %v", m.NodeName(node), x.Range[0], x.Range[1], BitsFloat(v))
	}
	return fmt.Errorf("%s is a finite number: got %v", m.NodeName(node), BitsFloat(v))
}

// CheckWeights refuses weights of factor fi that are no numbers or beyond the
// model's declared range.
func (m *Model) CheckWeights(fi int, w []float64) error { return m.checkRange(&m.Factors[fi], w) }

// Counted says whether the moments of a factor are whole numbers: none of its slots is
// continuous.
func (f *Factor) Counted() bool {
	for _, s := range f.Slots {
		if s.Kind == Continuous {
			return false
		}
	}
	return true
}

// AddRowSums adds, for every row of factor fi, which is Counted, and every entry of its table, the
// sum over the first chains chains of (product of the row's spins) × (the entry is
// the one picked) to sums, which has Rows × TableSize elements. Divided by the
// number of chains these are the moments that gradients are made of.
func (s *Sampler) AddRowSums(fi, chains int, sums []int64) {
	f := &s.model.Factors[fi]
	if len(f.Table) == 0 {
		s.addProducts(f, chains, sums)
		return
	}
	s.eachEntry(f, chains, func(_, at int, sign int64) { sums[at] += sign })
}

// AddRowSumsByChain is AddRowSums for each chain alone: sums has chains × Rows ×
// TableSize elements.
func (s *Sampler) AddRowSumsByChain(fi, chains int, sums []int32) {
	f := &s.model.Factors[fi]
	size := f.Rows * f.TableSize()
	s.eachEntry(f, chains, func(c, at int, sign int64) { sums[c*size+at] += int32(sign) })
}

// AddRowNumbers is AddRowSums for any factor: the products hold the values of
// continuous nodes, each to its power. Every row adds the chains in order.
func (s *Sampler) AddRowNumbers(fi, chains int, sums []float64) {
	size := s.model.Factors[fi].TableSize()
	s.eachNumber(fi, chains, func(r, _, at int, x float64) { sums[r*size+at] += x })
}

// AddRowNumbersByChain is AddRowNumbers for each chain alone.
func (s *Sampler) AddRowNumbersByChain(fi, chains int, sums []float64) {
	f := &s.model.Factors[fi]
	size := f.TableSize()
	s.eachNumber(fi, chains, func(r, c, at int, x float64) { sums[(c*f.Rows+r)*size+at] += x })
}

// eachNumber calls each with every row and chain: the entry that the row picks, and
// the product of its spins and numbers.
func (s *Sampler) eachNumber(fi, chains int, each func(row, chain, at int, x float64)) {
	f := &s.model.Factors[fi]
	k := len(f.Slots)
	var at [64]int
	var x [64]float64
	for r := range f.Rows {
		nodes := f.Index[r*k : r*k+k]
		for word := range (chains + 63) / 64 {
			minus := s.rowPicks(&at, f, nodes, word)
			for c := range x {
				x[c] = math.Float64frombits(math.Float64bits(1) ^ minus<<63)
				minus >>= 1
			}
			s.timesNumbers(&x, f, nodes, word)
			for c := range min(64, chains-64*word) {
				each(r, 64*word+c, at[c], x[c])
			}
		}
	}
}

// Elements is the number of values of all parameters of a formula.
func (x *Formula) Elements() int {
	n := 0
	for i := range x.Params {
		n += len(x.Params[i].Values)
	}
	return n
}

// AddCodeSlopes adds, over the first chains chains and all rows of the code factors of
// formula i, the derivatives of their energy by each element of the parameters that are
// data, and behind all elements the energy, in float64: sums has Elements + 1 elements.
// Every row adds the chains in order.
func (s *Sampler) AddCodeSlopes(i, chains int, sums []float64) {
	s.addCodeSlopes(i, chains, sums, 0)
}

// AddCodeSlopesByChain is AddCodeSlopes for each chain alone: sums has chains × (Elements
// + 1) elements.
func (s *Sampler) AddCodeSlopesByChain(i, chains int, sums []float64) {
	s.addCodeSlopes(i, chains, sums, s.model.Formulas[i].Elements()+1)
}

// addCodeSlopes puts each chain's sums so far behind those of the one before.
func (s *Sampler) addCodeSlopes(i, chains int, sums []float64, stride int) {
	x := &s.model.Formulas[i]
	tape := NewTape(0)
	views := make([][]float64, len(x.Params)) // nil for constants
	for _, c := range x.Codes {
		f := &s.codes[c]
		for r := range f.Rows {
			nodes := f.Index[r*len(f.Slots):]
			for chain := range chains {
				at := chain * stride
				for k, p := range x.Params {
					if x.Arrays[k] != "" {
						views[k] = sums[at:][:len(p.Values)]
					}
					at += len(p.Values)
				}
				sums[at] += tape.Energy(f, r, func(n int) Jet { return Jet{s.number(int(nodes[n]), chain)} })[0]
				tape.Back(Jet{1}, views, nil)
			}
		}
	}
}

// addProducts counts the products that are +1, 64 chains at a time.
func (s *Sampler) addProducts(f *Factor, chains int, sums []int64) {
	k := len(f.Slots)
	for word := range (chains + 63) / 64 {
		mask := ^uint64(0)
		if left := chains - 64*word; left < 64 {
			mask = 1<<left - 1
		}
		n := int64(bits.OnesCount64(mask))
		base := s.wordAt(0, word)
		if k == 2 {
			for r := range sums[:f.Rows] {
				x, y := s.row[f.Index[2*r]], s.row[f.Index[2*r+1]]
				sums[r] += n - 2*int64(bits.OnesCount64((s.bits[base+int(x)*s.tile]^s.bits[base+int(y)*s.tile])&mask))
			}
			continue
		}
		for r := range f.Rows {
			minus := uint64(0)
			for _, node := range f.Index[r*k : r*k+k] {
				minus ^= ^s.bits[base+int(s.row[node])*s.tile]
			}
			sums[r] += n - 2*int64(bits.OnesCount64(minus&mask))
		}
	}
}

// eachEntry calls f with every chain and row: the place of the entry that the row
// picks, and the product of its spins.
func (s *Sampler) eachEntry(f *Factor, chains int, each func(chain, at int, sign int64)) {
	k, size := len(f.Slots), f.TableSize()
	var at [64]int
	for r := range f.Rows {
		nodes := f.Index[r*k : r*k+k]
		for word := range (chains + 63) / 64 {
			minus := s.rowPicks(&at, f, nodes, word)
			for c := range min(64, chains-64*word) {
				each(64*word+c, r*size+at[c], 1-int64(minus&1)*2)
				minus >>= 1
			}
		}
	}
}
