package sampling

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// sliceWorker is a worker's arguments of the kernel of slices. Counters of ARS-5 are prepared
// once for a sweep and a tile.
type sliceWorker struct {
	args    vector.Slices
	scratch *vector.SliceScratch
	sweep   uint64
	tile    int
}

// runSlices updates node i, or the whole run that begins with it, in the chains of a tile, and
// gives the number of nodes.
func (s *Sampler) runSlices(w *worker, b *blockPlan, tile, i, end int) int {
	p, n, at := s.slices, 1, b.slice[i]
	if i%vector.SliceRun == 0 && b.sliceRun[i/vector.SliceRun] >= 0 {
		if all := min(vector.SliceRun, len(b.nodes)-i); i+all <= end && !slices.Contains(b.skip[i:i+all], true) {
			n, at = all, b.sliceRun[i/vector.SliceRun]
		}
	}
	s.prepareSlices(w, tile)
	k := w.sliced
	a := &k.args
	a.State, a.Out = &w.bits[0], &w.outBits[0]
	a.Code, a.Scratch, a.Table, a.Count = &p.code[at], k.scratch, &p.table, uint64(n)
	wide := s.tile > vectorWords
	switch {
	case s.rng.Rounds != rng.ARS5:
		s.drawSlices(w, tile, p.code[at:], n)
		if wide {
			vector.ReadSlices1024(a, &k.scratch.Bytes)
		} else {
			vector.ReadSlices512(a, &k.scratch.Bytes)
		}
	case wide:
		vector.ArsSlices1024(a, &k.scratch.Ars)
	default:
		vector.ArsSlices512(a, &k.scratch.Ars)
	}
	return n
}

// drawSlices draws the bytes of n nodes with Philox.
func (s *Sampler) drawSlices(w *worker, tile int, code []byte, n int) {
	z, halves := &w.noise, s.tile/vectorWords
	for i := range n {
		h := z.head(w.sweep, uint32(get32(code, vector.SliceAtSlot)))
		z.setHead(&h)
		for half := range halves {
			vector.PhiloxSlices512(&z.philox, uint32(32*(halves*tile+half)), &w.sliced.scratch.Bytes[halves*i+half])
		}
		code = code[get32(code, vector.SliceAtSize):]
	}
}

// prepareSlices makes the scratch and, with ARS-5, what the words of a sweep and a tile have in
// common.
func (s *Sampler) prepareSlices(w *worker, tile int) {
	if w.sliced == nil {
		w.sliced = &sliceWorker{scratch: new(vector.SliceScratch), tile: -1}
		w.sliced.scratch.Prepare(s.tile)
	}
	k := w.sliced
	if s.rng.Rounds != rng.ARS5 || k.sweep == w.sweep && k.tile == tile {
		return
	}
	k.sweep, k.tile = w.sweep, tile
	keys := rng.ARSKeys(s.rng.Key)
	c3 := rng.CounterC3(rng.PurposeSingle+s.phase, 0, w.sweep)
	first := uint32(8 * tile * s.tile / 2) // of the blocks of 16 chains
	for i := range k.scratch.Ars.Counter {
		for l := range uint32(4) {
			arsCounter(&keys, k.scratch.Ars.Counter[i][4*l:], w.sweep, first+8*(uint32(4*(i/8))+l)+uint32(i%8), c3)
		}
	}
	k.scratch.Ars.Keys = arsRounds(&keys)
}
