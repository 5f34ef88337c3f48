package sampling

import (
	"math"
	"math/bits"
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

// numbers draws the words of a slot for n chains from the first on, which is a multiple
// of 64.
func (f *floatScratch) numbers(sweep uint64, first uint32, n int, slot, draw uint32) {
	z := &f.first
	z.draw = draw
	if z.kernel < vector.AVX2 {
		z.numbers([4]uint32{uint32(sweep), first / 4, slot, rng.CounterC3(z.phase, draw, sweep)}, n, &f.word)
		return
	}
	switch ars, wide := z.aim(sweep, slot), z.kernel == vector.AVX512; {
	case ars && wide:
		vector.ArsNumbers512(&z.ars, first/4, &f.word)
	case ars:
		vector.ArsNumbers256(&z.ars, first/4, &f.word)
	case wide:
		vector.PhiloxNumbers512(&z.philox, first/4, &f.word)
	default:
		vector.PhiloxNumbers256(&z.philox, first/4, &f.word)
	}
}

// normalRows fills rows with the normal numbers of slots from the first on, for n chains.
func (w *worker) normalRows(s *Sampler, rows [][64]float32, n int, slot, chain uint32) {
	w.normalsUnder(s, w.headsFor(slot, len(rows), 1), rows, n, slot, chain)
}

// normalSweeps is normalRows for some sweeps, this one and those behind it: rows has those
// of one after those of the other. headSpan is no less.
func (w *worker) normalSweeps(s *Sampler, rows [][64]float32, sweeps, n int, slot, chain uint32) {
	k := len(rows) / sweeps
	if sweeps > 1 {
		heads := w.headsFor(slot, k, sweeps)
		if heads != nil && !vector.PhiloxNormals512(&w.float.first.philox, &heads[0], len(rows), chain/4, s.normals, &rows[0]) {
			return
		}
	}
	for ; len(rows) > 0; rows = rows[k:] {
		w.normalRows(s, rows[:k], n, slot, chain)
		w.sweep++
	}
	w.sweep -= uint64(sweeps)
}

// headsFor are the heads of n slots in some sweeps, one or headSpan at most, nil where there
// is no kernel for them.
func (w *worker) headsFor(slot uint32, n, sweeps int) []vector.PhiloxHead {
	if z := &w.float.first; z.kernel != vector.AVX512 || z.n == rng.ARS5 {
		return nil
	}
	return w.float.headsOf(w.sweep, slot, n, sweeps)
}

// normalsUnder is normalRows with the heads that headsFor gave.
func (w *worker) normalsUnder(s *Sampler, heads []vector.PhiloxHead, rows [][64]float32, n int, slot, chain uint32) {
	f := &w.float
	if len(heads) > 0 && !vector.PhiloxNormals512(&f.first.philox, &heads[0], len(rows), chain/4, s.normals, &rows[0]) {
		return
	}
	for i := range rows {
		f.numbers(w.sweep, chain, n, slot+uint32(i), 0)
		rare := fillNormals(s.kernelInUse, s.normals, &f.word, &rows[i])
		for rare &= 1<<n - 1; rare != 0; rare &= rare - 1 {
			c := bits.TrailingZeros64(rare)
			rows[i][c] = w.normalAt(s, slot+uint32(i), chain+uint32(c))
		}
	}
}

// normalAt is the normal number of one chain.
func (w *worker) normalAt(s *Sampler, slot, chain uint32) float32 {
	word := func(draw uint32) uint32 {
		return s.rng.Number(rng.PurposeContinuous+s.phase, chain, w.sweep, slot, draw)
	}
	return s.normal(word(0), func() uint32 { return word(1) })
}

// headsOf are the heads of n slots in some sweeps, worked out for headSpan of them.
func (f *floatScratch) headsOf(sweep uint64, slot uint32, n, sweeps int) []vector.PhiloxHead {
	known := uint64(len(f.heads) / n)
	if at := sweep - f.headSweep; f.headSlot == slot && f.headSlots == n && at < known && uint64(sweeps) <= known-at {
		return f.heads[int(at)*n:][:sweeps*n]
	}
	f.heads, f.headSlot, f.headSlots, f.headSweep = f.heads[:0], slot, n, sweep
	f.first.draw = 0
	for t := range uint64(f.headSpan) {
		for i := range uint32(n) {
			h := f.first.head(sweep+t, slot+i)
			f.heads = append(f.heads, vector.PhiloxHead{A: uint64(h.a), D: uint64(h.d), F: uint64(h.f), H: uint64(h.h), L: uint64(h.l)})
		}
	}
	return f.heads[:sweeps*n]
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
