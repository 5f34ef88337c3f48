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
	sweep   [vector.SliceTiles]uint64
	tile    [vector.SliceTiles]int // -1: none yet

	emitted SliceArgs
	draws   vector.SliceDraws
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
	ars := s.prepareSlices(w, tile, 0)
	k := w.sliced
	a := &k.args
	a.State, a.Out = &w.bits[0], &w.outBits[0]
	a.Code, a.Scratch, a.Table, a.Count = &p.code[at], k.scratch, &p.table, uint64(n)
	bytes, double := &k.scratch.Bytes, s.tile > vectorWords
	wide := p.bits > vector.SlicePlanes
	if wide || s.rng.Rounds != rng.ARS5 {
		s.drawSlices(w, tile, p.code[at:], n)
	}
	switch {
	case wide && double:
		vector.ReadWideSlices1024(a, bytes)
	case wide:
		vector.ReadWideSlices512(a, bytes)
	case s.rng.Rounds == rng.ARS5 && double:
		vector.ArsSlices1024(a, ars)
	case s.rng.Rounds == rng.ARS5:
		vector.ArsSlices512(a, ars)
	case double:
		vector.ReadSlices1024(a, bytes)
	default:
		vector.ReadSlices512(a, bytes)
	}
	return n
}

// drawSlices draws the bytes of n nodes.
func (s *Sampler) drawSlices(w *worker, tile int, code []byte, n int) {
	for i := range n {
		s.drawSliceBytes(w, tile, uint32(get32(code, vector.SliceAtSlot)), i)
		code = code[get32(code, vector.SliceAtSize):]
	}
}

// drawSliceBytes draws those of one node in place i.
func (s *Sampler) drawSliceBytes(w *worker, tile int, slot uint32, i int) {
	z, halves, bytes := &w.noise, s.tile/vectorWords, &w.sliced.scratch.Bytes
	if s.rng.Rounds == rng.ARS5 {
		ars := &w.sliced.scratch.Ars[0]
		if halves > 1 {
			vector.ArsSliceBytes1024(ars, slot, (*[2][512]uint8)(bytes[2*i:]))
		} else {
			vector.ArsSliceBytes512(ars, slot, &bytes[i])
		}
		return
	}
	h := z.head(w.sweep, slot)
	z.setHead(&h)
	for half := range halves {
		vector.PhiloxSlices512(&z.philox, uint32(32*(halves*tile+half)), &w.sliced.scratch.Bytes[halves*i+half])
	}
}

// prepareSlices makes the scratch and, with ARS-5, what the words of a sweep and a tile have in
// common, in one of some places.
func (s *Sampler) prepareSlices(w *worker, tile, place int) *vector.SliceArs {
	if w.sliced == nil {
		w.sliced = &sliceWorker{scratch: new(vector.SliceScratch)}
		w.sliced.scratch.Prepare(s.tile)
		for i := range w.sliced.tile {
			w.sliced.tile[i] = -1
		}
	}
	k := w.sliced
	ars := &k.scratch.Ars[place]
	if s.rng.Rounds != rng.ARS5 || k.sweep[place] == w.sweep && k.tile[place] == tile {
		return ars
	}
	k.sweep[place], k.tile[place] = w.sweep, tile
	keys := rng.ARSKeys(s.rng.Key)
	c3 := rng.CounterC3(rng.PurposeSingle+s.phase, 0, w.sweep)
	first := uint32(8 * tile * s.tile / 2) // of the blocks of 16 chains
	for i := range ars.Counter[:s.tile] {
		for l := range uint32(4) {
			arsCounter(&keys, ars.Counter[i][4*l:], w.sweep, first+8*(uint32(4*(i/8))+l)+uint32(i%8), c3)
		}
	}
	ars.Keys = arsRounds(&keys)
	return ars
}
