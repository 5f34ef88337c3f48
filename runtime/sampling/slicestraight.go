package sampling

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// emittedSlices says whether there are emitted kernels for spins that single bytes decide.
func (s *Sampler) emittedSlices() bool {
	st := s.straight
	return st != nil && len(st.Slices) > 0 && !s.model.Synchronous // they write in place
}

// placeSliceParts gives every block its emitted kernels.
func (s *Sampler) placeSliceParts(parts []SlicePart) {
	for _, super := range s.blocks {
		for _, b := range super {
			b.sliceParts = make([]SliceFunc, (len(b.nodes)+vector.SliceSpan-1)/vector.SliceSpan)
			for _, p := range parts {
				i := p.Slot - b.first
				if i < 0 || i >= len(b.nodes) || b.user != nil {
					continue
				}
				if i%vector.SliceSpan != 0 || p.Nodes != min(vector.SliceSpan, len(b.nodes)-i) {
					panic("sampling: emitted kernels do not fit the model")
				}
				b.sliceParts[i/vector.SliceSpan] = p.Update
			}
		}
	}
}

// superblockSlices is superblock with emitted kernels: some tiles pass one of them before the
// next one begins, while its code is in the first cache.
func (s *Sampler) superblockSlices(w *worker, i, first, step int, sweep uint64) {
	for ; first < s.tiles; first += step * vector.SliceTiles {
		for _, b := range s.blocks[i] {
			for part := range b.sliceParts {
				for place := range vector.SliceTiles {
					if tile := first + place*step; tile < s.tiles {
						s.bind(w, tile, sweep)
						s.updateSlicePart(w, b, part, tile, place)
					}
				}
			}
		}
	}
}

// updateSlicePart updates the nodes of a part in the chains of a tile, whose counters have a
// place.
func (s *Sampler) updateSlicePart(w *worker, b *blockPlan, part, tile, place int) {
	lo := part * vector.SliceSpan
	hi := min(lo+vector.SliceSpan, len(b.nodes))
	update := b.sliceParts[part]
	if update == nil || slices.Contains(b.skip[lo:hi], true) {
		s.updateQuads(w, b, tile, lo/4, (hi+3)/4)
		return
	}
	s.drawSliceRows(w, tile, place, b.first+lo, hi-lo)
	a := &w.sliced.emitted
	a.State, a.Noise = &w.bits[0], &w.sliced.scratch.Rows[0][0]
	update(a)
}

// drawSliceRows makes the numbers of noise of n nodes for an emitted kernel.
func (s *Sampler) drawSliceRows(w *worker, tile, place, slot, n int) {
	ars := s.prepareSlices(w, tile, place)
	k := w.sliced
	k.draws = vector.SliceDraws{Table: &s.slices.table, To: (*[vector.SliceRows][8]uint64)(k.scratch.Rows[:]), Slot: uint32(slot), Count: uint64(n)}
	if s.rng.Rounds == rng.ARS5 {
		vector.ArsSliceDraws512(&k.draws, ars)
		return
	}
	for i := range n {
		s.drawSliceBytes(w, tile, uint32(slot+i), i)
	}
	vector.ReadSliceDraws512(&k.draws, &k.scratch.Bytes[0])
}
