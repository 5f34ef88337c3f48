package sampling

import (
	"math/bits"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// fillLimits writes the limits of pattern p of a set from its cumulative weights: the
// largest digit all of whose numbers, its own one perhaps not, are of the category or an
// earlier one.
func (c *catPatterns) fillLimits(s *Sampler, set patternSet, p int, cum []uint32) {
	z := uint64(cum[len(cum)-1])
	for t := range c.tables {
		limit := uint32(0)
		for h := range 2 {
			e := uint64(0xffff)
			if i := 2*t + h; i < len(cum)-1 {
				e = (uint64(cum[i])<<(16-s.digitShift) + z - 1) / z << s.digitShift
				e -= min(e, 1)
			}
			limit |= uint32(e) << (16 * h)
		}
		base, step := c.limitsOf(set, t)
		c.limits[base+step*p] = limit
	}
}

// limitsOf says where the numbers of a table are: from base on, a step from pattern to pattern.
// Tables stand two by two, which one gather takes.
func (c *catPatterns) limitsOf(set patternSet, t int) (base, step int) {
	if t|1 < c.tables {
		return int(set.limit) + t&^1*set.patterns + t&1, 2
	}
	return int(set.limit) + t*set.patterns, 1
}

// listNodes lists the nodes of a block as the kernel reads them.
func (c *catPatterns) listNodes(s *Sampler) {
	for i := range c.block.nodes {
		c.at = append(c.at, int32(len(c.kernel)))
		var spins, cats []int32
		for t, row := range c.tails[i] {
			stride := int32(c.stride[i][t])
			if row < 0 {
				spins = append(spins, ^row*int32(8*s.tile), stride)
			} else {
				cats = append(cats, row*int32(64*s.tile), stride)
			}
		}
		c.kernel = append(append(append(c.kernel, int32(len(cats)/2), int32(len(spins)/2)), cats...), spins...)
	}
}

// catKernel says whether the kernel takes a block: its offsets of rows have 32 bits.
func (s *Sampler) catKernel(b *blockPlan) bool {
	return b.cat != nil && b.cat.made && s.kernelInUse >= vector.AVX2 && (s.cat8Rows+s.spinRows)*s.tile <= 1<<24
}

// updateCats is updateQuads for the kernel.
func (s *Sampler) updateCats(w *worker, b *blockPlan, tile, lo, hi int) {
	s.eachWord(w, b, tile, lo, hi, s.updateCat)
}

// eachWord has the nodes of some quads updated in each word of 64 chains of a tile, which
// begins at chain, with the digits of the quad in w.words.
func (s *Sampler) eachWord(w *worker, b *blockPlan, tile, lo, hi int, update func(w *worker, b *blockPlan, i, lane int, chain, slot uint32)) {
	for g := lo; g < hi; g++ {
		if b.allSkipped(4 * g) {
			continue
		}
		for lane := range s.tile {
			first := 64 * (tile*s.tile + lane)
			left := s.chains - first
			if left <= 0 {
				break
			}
			slot := uint32(b.first + 4*g)
			w.noise.fillWords(w.sweep, uint32(first/2), min(32, (left+1)/2), slot/4, &w.words)
			for q := range 4 {
				if i := 4*g + q; !b.skip[i] {
					update(w, b, i, lane, uint32(first), slot+uint32(q))
				}
			}
		}
	}
}

// updateCat updates node i in the 64 chains of a word.
func (s *Sampler) updateCat(w *worker, b *blockPlan, i, lane int, chain, slot uint32) {
	c, a := b.cat, &w.cats
	set := &c.make[c.set[i]]
	q := i & 3
	at := (int(b.row[i])*s.tile + lane) * 64
	out := w.outCat8[at : at+64]
	a.Cats, a.Out, a.Digits = &w.cat8[64*lane], &out[0], &w.words[q/2]
	if len(w.bits) > 0 {
		a.Spins = &w.bits[lane]
	}
	a.Limits, a.Size, a.Tables = &c.limits[set.limit], uint64(4*set.patterns), uint64(c.tables)
	a.Node, a.Half = &c.kernel[c.at[i]], uint64(q%2)
	if s.kernelInUse == vector.AVX512 {
		vector.CatUpdate512(a)
	} else {
		vector.CatUpdate256(a)
	}
	ties := a.Ties
	if left := s.chains - int(chain); left < 64 {
		ties &= 1<<left - 1
	}
	for ; ties != 0; ties &= ties - 1 {
		n := bits.TrailingZeros64(ties)
		out[n] = uint8(w.chooseTied(s, b, i, w.patternOf(s, b, i, lane, n), w.words[q/2][n]>>(16*(q%2))&0xffff, chain+uint32(n), slot))
	}
}

// patternOf is the pattern of node i's neighbours in one chain of a word.
func (w *worker) patternOf(s *Sampler, b *blockPlan, i, lane, chain int) int {
	p := 0
	for t, row := range b.cat.tails[i] {
		stride := int(b.cat.stride[i][t])
		if row < 0 {
			p += stride * int(w.bits[int(^row)*s.tile+lane]>>chain&1)
		} else {
			p += stride * int(w.cat8[(int(row)*s.tile+lane)*64+chain])
		}
	}
	return p
}
