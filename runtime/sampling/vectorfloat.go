package sampling

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Continuous nodes by the kernels of package vector, 64 chains at a time. They do what
// the portable code beside them does.

// onlyNumbers reports whether all nodes are continuous.
func (m *Model) onlyNumbers() bool {
	return !slices.ContainsFunc(m.Vars, func(v Var) bool { return v.Kind != Continuous })
}

// fillWords draws the words of draw 0 for slots 4g … 4g+3 of n chains from the
// first on.
func (f *floatScratch) fillWords(sweep uint64, first uint32, n int, g uint32) {
	f.first.draw = 0
	f.drawWords(sweep, first, n, g)
}

// drawWords is fillWords for the draw at hand.
func (f *floatScratch) drawWords(sweep uint64, first uint32, n int, g uint32) {
	z := &f.first
	if z.kernel < vector.AVX2 {
		f.portableWords(sweep, first, n, g)
		return
	}
	// A block of digits is for a pair of chains, one of words for a chain.
	z.fillWords(sweep, first, 32, g, &f.halves[0])
	if n > 32 {
		z.fillWords(sweep, first+32, 32, g, &f.halves[1])
	}
	if z.kernel == vector.AVX512 {
		vector.JoinWords512(&f.halves, &f.word)
		return
	}
	for h := range f.halves {
		for i := range 32 {
			c := 32*h + i
			f.word[0][c], f.word[2][c] = f.halves[h][0][2*i], f.halves[h][0][2*i+1]
			f.word[1][c], f.word[3][c] = f.halves[h][1][2*i], f.halves[h][1][2*i+1]
		}
	}
}

func (f *floatScratch) portableWords(sweep uint64, first uint32, n int, g uint32) {
	w, c3 := f.first.words, rng.CounterC3(f.first.phase, f.first.draw, sweep)
	if w.Rounds != rng.ARS5 {
		rng.FillPhilox4x32(w.Rounds, [4]uint32{uint32(sweep), first, g, c3}, w.Key, &f.word, n)
		return
	}
	for c := range n {
		o := w.Block([4]uint32{uint32(sweep), first + uint32(c), g, c3})
		for q := range 4 {
			f.word[q][c] = o[q]
		}
	}
}

// termRun is terms as the kernel reads them, with the weights at hand, and one more for
// the sake of its address; nil if they are not for it. run is room that it may use.
func (s *Sampler) termRun(run []vector.Term, terms []floatTerm) []vector.Term {
	if s.kernelInUse < vector.AVX2 || !s.shortRows() || len(terms) > vector.MostTerms ||
		slices.ContainsFunc(terms, func(t floatTerm) bool { return !t.plain() }) {
		return nil
	}
	run = run[:0]
	for i := range terms {
		t := &terms[i]
		run = append(run, vector.Term{Weight: -s.weights32[t.factor][t.base], At: s.rowBytes(t.floats[0])})
	}
	return append(run, vector.Term{})
}

// vectorFloats says whether there are all kernels for rows of numbers.
func (s *Sampler) vectorFloats() bool { return s.kernelInUse == vector.AVX512 && s.shortRows() }

// shortRows says whether the places of rows, in bytes, fit in 32 bits.
func (s *Sampler) shortRows() bool { return s.floatRows*s.tile <= math.MaxInt32/256 }

// rowBytes is where a row of numbers begins in a tile, in bytes.
func (s *Sampler) rowBytes(row int32) int32 { return row * int32(256*s.tile) }

// sumNumbers is a constant and the terms of a continuous node, which may be a run of
// the kernel.
func (w *worker) sumNumbers(s *Sampler, constant float32, terms []floatTerm, run []vector.Term, sum *[64]float32, lane, n int) {
	if run == nil {
		fillFloats(sum, constant)
		w.addTerms(s, terms, 0, true, sum, lane, n)
		return
	}
	if s.kernelInUse == vector.AVX2 {
		vector.SumTerms256(sum, constant, &w.floats[64*lane], &run[0], len(run)-1)
		return
	}
	vector.SumTerms512(sum, constant, &w.floats[64*lane], &run[0], len(run)-1)
}

// placeNumberRows lists, for each factor whose slots are all continuous, the rows of
// numbers of its rows' slots, each as often as its power, for the kernel of energies.
func (s *Sampler) placeNumberRows() {
	s.numberAt = make([][]int32, len(s.model.Factors))
	for fi := range s.model.Factors {
		f := &s.model.Factors[fi]
		if f.Rows == 0 || len(f.Slots) == 0 || !s.vectorFloats() ||
			slices.ContainsFunc(f.Slots, func(l Slot) bool { return l.Kind != Continuous }) {
			continue
		}
		for i, n := range f.Index {
			for range f.Slots[i%len(f.Slots)].Power {
				s.numberAt[fi] = append(s.numberAt[fi], s.rowBytes(s.row[n]))
			}
		}
	}
}

// addNumberFactor is addFloatFactor by the kernel.
func (s *Sampler) addNumberFactor(sum *[64]float64, fi, word int) {
	f, at, weights := &s.model.Factors[fi], s.numberAt[fi], s.weights[fi]
	state := &s.floats[s.chainAt(s.floatRows, 0, 64*word)]
	k := len(at) / f.Rows
	for r := 0; r < f.Rows; r += vector.MostProducts {
		rows := min(f.Rows-r, vector.MostProducts)
		if f.Shared {
			vector.SubtractProducts512(sum, state, &weights[0], 0, &at[r*k], rows, k)
		} else {
			vector.SubtractProducts512(sum, state, &weights[r], 8, &at[r*k], rows, k)
		}
	}
}
