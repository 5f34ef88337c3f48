package sampling

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// A spinLayer is a block whose spins all have the same inputs, as in a restricted
// Boltzmann machine: the inputs are transposed once for the block, and one table
// entry holds the sums of the four nodes of a quad.
type spinLayer struct {
	groups int
	pool   []layerSums
	stride int        // entries of a quad
	at     []int      // where each group's begin
	wide   *wideLayer // nil: not for the kernel
}

// layerSums are four partial sums: those of two nodes in one number, x + 2^32·y, which
// adds up as x and y do. The constants carry layerBias, so that neither sum is
// negative in the end and they come apart.
type layerSums struct{ a, b uint64 }

const layerBias = 1 << 31

// layerCache is how many bytes of tables a layer may have before the kernel with smaller
// ones is faster. A variable for tests.
var layerCache = 1 << 20

// findLayer recognises a layer of spins with more inputs than a pattern table takes.
func (s *Sampler) findLayer(b *blockPlan) {
	if b.kind != Spin || len(b.nodes) < 4 || s.model.Format.Accum != 32 || s.straight != nil || s.hard != nil || s.vector != nil || s.fours != nil || s.planes != nil || s.slices != nil || s.bytes || s.model.Format.Group > 1 {
		return
	}
	first := b.input[b.start[0]:b.end[0]]
	for i := range b.nodes {
		if b.kernel[i] != kernelGroups || !slices.Equal(b.input[b.start[i]:b.end[i]], first) {
			return
		}
	}
	l := &spinLayer{groups: s.groupCount(len(first))}
	for g := range l.groups {
		l.at = append(l.at, l.stride)
		lo, hi := groupSpan(len(first), l.groups, g)
		l.stride += 1 << (hi - lo)
	}
	if b.layer = l; s.kernelInUse == vector.AVX512 && 16*l.stride*len(b.kernel)/4 > layerCache {
		b.layer = &spinLayer{wide: &wideLayer{}}
	}
}

// fillLayer makes the tables of the weights at hand. Padding has no weights.
func (s *Sampler) fillLayer(b *blockPlan) {
	if b.layer.wide != nil {
		s.fillWide(b)
		return
	}
	l, inputs := b.layer, int(b.end[0]-b.start[0])
	if l.pool == nil {
		l.pool = make([]layerSums, len(b.kernel)/4*l.stride+256) // kernels index 256 entries from any table's start
	}
	var w []int32
	const bias = layerBias<<32 + layerBias
	pairs := make([]layerSums, inputs)
	for q := range len(b.kernel) / 4 {
		clear(pairs)
		constant := layerSums{bias, bias}
		for k := range min(4, len(b.nodes)-4*q) {
			var c int32
			w, c = nodeWeights(s, b, 4*q+k, w)
			to := func(p *layerSums, x int32) {
				v := uint64(x) << (32 * (k & 1))
				if k < 2 {
					p.a += v
				} else {
					p.b += v
				}
			}
			for j, x := range w {
				to(&pairs[j], x)
			}
			to(&constant, c)
		}
		for g := range l.groups {
			lo, hi := groupSpan(inputs, l.groups, g)
			l.fill(l.pool[q*l.stride+l.at[g]:], pairs[lo:hi], constant)
			constant = layerSums{}
		}
	}
}

// fill writes the sums constant ± w[0] ± w[1] …, as appendSums does.
func (l *spinLayer) fill(dst, w []layerSums, constant layerSums) {
	for _, x := range w {
		constant.a -= x.a
		constant.b -= x.b
	}
	dst[0] = constant
	n := 1
	for _, x := range w {
		a, b := 2*x.a, 2*x.b
		from, to := dst[:n], dst[n:2*n]
		for i := range from {
			to[i] = layerSums{from[i].a + a, from[i].b + b}
		}
		n *= 2
	}
}

// updateLayer is updateQuads for a layer. Chains are in their own order, none but
// those that there are.
func (s *Sampler) updateLayer(w *worker, b *blockPlan, tile, lo, hi int) {
	if b.layer.wide != nil {
		s.updateWide(w, b, tile, lo, hi)
		return
	}
	indexed := false
	for g := lo; g < hi; g++ {
		if b.allSkipped(4 * g) {
			continue
		}
		if !indexed {
			s.layerIndex(w, b, tile)
			indexed = true
		}
		for lane := range s.tile {
			word := tile*s.tile + lane
			n := min(64, s.chains-64*word)
			if n <= 0 {
				break
			}
			w.noise.fillWords(w.sweep, uint32(32*word), (n+1)/2, uint32(b.first/4+g), &w.words)
			s.updateLayerQuad(w, b, g, lane, n, uint32(64*word))
		}
	}
}

// layerIndex transposes the inputs of a layer: for every word of the tile and every
// group the patterns of all chains.
func (s *Sampler) layerIndex(w *worker, b *blockPlan, tile int) {
	l, inputs := b.layer, b.input[b.start[0]:b.end[0]]
	if need := s.tile * l.groups; len(w.patterns) < need {
		w.patterns = make([][64]uint8, need)
	}
	for lane := range s.tile {
		if s.chains <= 64*(tile*s.tile+lane) {
			break
		}
		for g := range l.groups {
			var a [8]uint64
			lo, hi := groupSpan(len(inputs), l.groups, g)
			for j, r := range inputs[lo:hi] {
				a[j&7] = s.load(w.bits, r, lane)
			}
			transpose8(&a)
			transposeBytes(&a)
			order(&w.patterns[lane*l.groups+g], &a, 8)
		}
	}
}

// transposeBytes exchanges byte k of a[j] with byte j of a[k].
func transposeBytes(a *[8]uint64) {
	for i := 0; i < 8; i += 2 {
		a[i], a[i+1] = swapBits(a[i], a[i+1], 8, 0x00ff00ff00ff00ff)
	}
	for _, i := range [4]int{0, 1, 4, 5} {
		a[i], a[i+2] = swapBits(a[i], a[i+2], 16, 0x0000ffff0000ffff)
	}
	for i := range 4 {
		a[i], a[i+4] = swapBits(a[i], a[i+4], 32, 0x00000000ffffffff)
	}
}

// updateLayerQuad updates the quad of slots 4g … 4g+3 of a layer in n chains.
func (s *Sampler) updateLayerQuad(w *worker, b *blockPlan, g, lane, n int, chain uint32) {
	l := b.layer
	w.sumLayer(l, l.pool[g*l.stride:], w.patterns[lane*l.groups:(lane+1)*l.groups], n)
	for q := 0; q < 4; q += 2 {
		i := 4*g + q
		if b.skip[i] && b.skip[i+1] {
			continue
		}
		x, y := w.choosePair(s, w.pairs[q/2][:n], w.words[q/2][:n], chain, uint32(b.first+i))
		if !b.skip[i] {
			w.outBits[int(b.row[i])*s.tile+lane] = x
		}
		if !b.skip[i+1] {
			w.outBits[int(b.row[i+1])*s.tile+lane] = y
		}
	}
}

// choosePair updates two spins from their sums, as chooseFields does one; the slot is
// that of the first one.
func (w *worker) choosePair(s *Sampler, sums []uint64, words []uint32, chain, slot uint32) (out0, out1 uint64) {
	i := len(sums) - 1
	for {
		if w.spins.cells != nil {
			out0, out1, i = w.cellPair(sums, words, i, out0, out1)
		}
		if i < 0 {
			return out0, out1
		}
		x, y := apartSums(sums[i])
		c := chain + uint32(i)
		out0 = out0<<1 | w.chooseField(s, int64(x), words[i]&0xffff, c, slot)
		out1 = out1<<1 | w.chooseField(s, int64(y), words[i]>>16, c, slot+1)
		i--
	}
}

// cellPair is chooseCells for two spins.
func (w *worker) cellPair(sums []uint64, words []uint32, i int, out0, out1 uint64) (uint64, uint64, int) {
	cells, cell, centre := w.spins.cells, w.spins.cell&31, w.spins.biased
	words = words[:len(sums)]
	if i >= len(sums) {
		return out0, out1, i
	}
	for ; i >= 0; i-- {
		x, z := sums[i], words[i]
		e := &cells[(uint32(x)+centre)>>cell]
		u := z&0xffff - e.bound&0xffff
		if u < e.bound>>16 {
			return out0, out1, i
		}
		u ^= e.flip
		e = &cells[(uint32(x>>32)+centre)>>cell]
		v := z>>16 - e.bound&0xffff
		if v < e.bound>>16 {
			return out0, out1, i
		}
		out0 = out0<<1 + uint64(u>>31)
		out1 = out1<<1 + uint64((v^e.flip)>>31)
	}
	return out0, out1, -1
}

// sumLayer adds up the fields of a quad in n chains, two groups at a time.
func (w *worker) sumLayer(l *spinLayer, pool []layerSums, patterns [][64]uint8, n int) {
	a, b := w.pairs[0][:n], w.pairs[1][:n]
	for g := 0; g < len(patterns); g += 2 {
		t0, x0 := (*[256]layerSums)(pool[l.at[g]:]), patterns[g][:n]
		t1, x1 := &w.noSums, x0
		if g+1 < len(patterns) {
			t1, x1 = (*[256]layerSums)(pool[l.at[g+1]:]), patterns[g+1][:n]
		}
		if g == 0 {
			setLayerSums(a, b, t0, t1, x0, x1)
		} else {
			addLayerSums(a, b, t0, t1, x0, x1)
		}
	}
}

func setLayerSums(a, b []uint64, t0, t1 *[256]layerSums, x0, x1 []uint8) {
	b, x0, x1 = b[:len(a)], x0[:len(a)], x1[:len(a)]
	for i := range a {
		p, q := &t0[x0[i]], &t1[x1[i]]
		a[i], b[i] = p.a+q.a, p.b+q.b
	}
}

func addLayerSums(a, b []uint64, t0, t1 *[256]layerSums, x0, x1 []uint8) {
	b, x0, x1 = b[:len(a)], x0[:len(a)], x1[:len(a)]
	for i := range a {
		p, q := &t0[x0[i]], &t1[x1[i]]
		a[i] += p.a + q.a
		b[i] += p.b + q.b
	}
}

// apartSums gives x and y of a sum of layerSums.
func apartSums(v uint64) (x, y int32) {
	return int32(uint32(v) - layerBias), int32(uint32(v>>32) - layerBias)
}
