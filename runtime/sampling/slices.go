package sampling

import (
	"fmt"
	"math/bits"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// slicePlan is a model whose spins are decided by single bytes. A spin becomes +1 where
// its field and a number that its byte stands for add up to 0 or more, and package
// vector's kernel makes these sums bit by bit, each bit for many chains at once.
type slicePlan struct {
	kernel bool // in assembly, where sums and numbers are not too long
	words  int  // of 64 chains in a tile
	noise  [128]uint64
	bits   int // of these numbers
	built  int // bits with which the nodes were compiled, 0: they are not
	code   []byte
	table  vector.SliceTable

	emitted *Straight // its kernels; nil: there are none
	serve   bool      // at the current β
}

// checkSlices refuses a format of single bytes that the engine does not know.
func (m *Model) checkSlices() error {
	f := &m.Format
	if !f.singleByte() {
		return nil
	}
	if err := m.spinsAlone("single bytes"); err != nil {
		return err
	}
	if f.Group > 1 || f.Noise || len(m.Codes) > 0 {
		return fmt.Errorf("number format %+v is not one this engine knows", *f)
	}
	return nil
}

// mostSliceBits are those of numbers that the kernel takes.
const mostSliceBits = vector.SlicePlanes + vector.SliceTop

// newSlices is nil for models drawn otherwise.
func (s *Sampler) newSlices() *slicePlan {
	if !s.model.Format.singleByte() {
		return nil
	}
	p := &slicePlan{words: vectorWords}
	p.kernel = s.kernelInUse == vector.AVX512 && s.chains >= vectorChains && s.model.Nodes <= maxRows/2
	switch {
	case p.kernel && s.emittedSlices():
		p.emitted = s.straight
	case s.words >= 2*vectorWords*s.threads:
		p.words = 2 * vectorWords
	}
	return p
}

// setSlices makes the numbers of bytes of the current β.
func (s *Sampler) setSlices() {
	p := s.slices
	p.noise, p.bits = sliceNoise(s.spins.scale, s.spinReach+1) // larger ones decide nothing else
	if p.kernel && p.bits <= mostSliceBits {
		p.table.Fill(&p.noise)
	}
	p.serve = p.emitted != nil && p.bits <= p.emitted.SliceBits
	if p.kernel && p.bits != p.built {
		s.compileSlices()
	}
}

// sliceNoise are the numbers of bytes, N(n) the largest m for which T(m) > n, and how many bits
// they take; all are at most limit. Fields have the unit scale.
func sliceNoise(scale float64, limit uint64) (noise [128]uint64, size int) {
	m := uint64(0)
	for n := len(noise) - 1; n >= 0; n-- { // N(n) is at least N(n+1)
		step := uint64(1)
		for ; m+step < 1<<62 && roundedThreshold(8, m+step, scale) > uint32(n); step *= 2 {
			m += step
		}
		for ; step > 0; step /= 2 {
			if roundedThreshold(8, m+step, scale) > uint32(n) && m+step < 1<<62 {
				m += step
			}
		}
		noise[n] = min(m, limit)
	}
	return noise, max(1, bits.Len64(noise[0]))
}

// SliceBits is how many bits the numbers of noise of single bytes have at some β, at most.
func SliceBits(f Format, beta float64) int {
	_, size := sliceNoise(spinScale(f, beta), 1<<62)
	return size
}

// buildSlices takes the weights at hand; nodes are compiled when the table is known.
func (s *Sampler) buildSlices() { s.slices.built = 0 }

// updateSlices is updateQuads for single bytes.
func (s *Sampler) updateSlices(w *worker, b *blockPlan, tile, lo, hi int) {
	end := min(4*hi, len(b.nodes))
	for i := 4 * lo; i < end; i++ {
		switch {
		case b.skip[i]:
		case s.slices.kernel && b.slice[i] >= 0:
			i += s.runSlices(w, b, tile, i, end) - 1
		default:
			for lane := range s.tile {
				if chain := 64 * (tile*s.tile + lane); chain < s.chains {
					s.fieldSlice(w, b, i, lane, chain)
				}
			}
		}
	}
}

// fieldSlice updates node i in 64 chains from its fields.
func (s *Sampler) fieldSlice(w *worker, b *blockPlan, i, lane, chain int) {
	var bytes [64]uint8
	s.singleBytes(w.sweep, chain, uint32(b.first+i), &bytes)
	var out uint64
	for place, g := range w.inputFields(s, b, i, lane, 8) {
		c := chainIn(place, 8)
		n := s.slices.noise[bytes[c]&63|bytes[c]>>1&64]
		named := uint64(bytes[c] >> 6 & 1)
		x := uint64(likely(g))
		if x != named && magnitude(g) <= n { // the less likely value, which the byte names
			x = named
		}
		out |= x << c
	}
	w.outBits[int(b.row[i])*s.tile+lane] = out
}

// singleBytes draws for 64 chains from one on, a multiple of 64.
func (s *Sampler) singleBytes(sweep uint64, chain int, slot uint32, to *[64]uint8) {
	c3 := rng.CounterC3(rng.PurposeSingle+s.phase, 0, sweep)
	for r := range 8 {
		o := s.rng.Block([4]uint32{uint32(sweep), uint32(chain/128*8 + r), slot, c3})
		half := 2 * (chain / 64 % 2)
		for c := range 8 {
			at := 7 - c
			to[8*r+c] = uint8(o[half+at/4] >> (8 * (at % 4)))
		}
	}
}
