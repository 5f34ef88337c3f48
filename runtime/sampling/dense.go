package sampling

import "slices"

// A layer is a block whose spins all have the same inputs, as in a restricted
// Boltzmann machine: the inputs are transposed once for the block, and one table
// entry holds the sums of the four nodes of a quad.
type layer struct {
	groups int
	pool   []layerSums
	stride int   // entries of a quad
	at     []int // where each group's begin
}

// layerSums are four partial sums: those of two nodes in one number, x + 2^32·y,
// which adds up as x and y do and comes apart as long as Σx fits an int32.
type layerSums struct{ a, b int64 }

// findLayer recognises a layer of spins with more inputs than a pattern table takes.
func (s *Sampler) findLayer(b *blockPlan) {
	if b.kind != Spin || len(b.nodes) < 4 || s.model.Format.Accum != 32 || s.straight != nil {
		return
	}
	first := b.input[b.start[0]:b.end[0]]
	for i := range b.nodes {
		if b.kernel[i] != kernelGroups || !slices.Equal(b.input[b.start[i]:b.end[i]], first) {
			return
		}
	}
	l := &layer{groups: s.groupCount(len(first))}
	for g := range l.groups {
		l.at = append(l.at, l.stride)
		lo, hi := groupSpan(len(first), l.groups, g)
		l.stride += 1 << (hi - lo)
	}
	b.layer = l
}

// fillLayer makes the tables of the weights at hand. Padding has no weights.
func (s *Sampler) fillLayer(b *blockPlan) {
	l, inputs := b.layer, int(b.end[0]-b.start[0])
	if l.pool == nil {
		l.pool = make([]layerSums, len(b.kernel)/4*l.stride+256) // kernels index 256 entries from any table's start
	}
	var w []int32
	pairs := make([]layerSums, inputs)
	for q := range len(b.kernel) / 4 {
		clear(pairs)
		var constant layerSums
		for k := range min(4, len(b.nodes)-4*q) {
			var c int32
			w, c = nodeWeights(s, b, 4*q+k, w)
			to := func(p *layerSums, x int32) {
				v := int64(x) << (32 * (k & 1))
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
func (l *layer) fill(dst, w []layerSums, constant layerSums) {
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

// layerIndex transposes the inputs of a layer: for every word of the tile and every
// group the patterns of all chains, in places.
func (s *Sampler) layerIndex(w *worker, b *blockPlan, tile int) {
	l, inputs := b.layer, b.input[b.start[0]:b.end[0]]
	if need := s.tile * l.groups; len(w.patterns) < need {
		w.patterns = make([][64]uint8, need)
	}
	for lane := range s.tile {
		left := s.chains - 64*(tile*s.tile+lane)
		if left <= 0 {
			break
		}
		for g := range l.groups {
			var a [8]uint64
			lo, hi := groupSpan(len(inputs), l.groups, g)
			for j, r := range inputs[lo:hi] {
				a[j&7] = s.load(w.bits, r, lane)
			}
			transpose8(&a)
			order(&w.patterns[lane*l.groups+g], &a, (min(left, 64)+7)/8)
		}
	}
}

// updateLayer updates the quad of slots 4g … 4g+3 of a layer.
func (s *Sampler) updateLayer(w *worker, b *blockPlan, g, lane, bytes int, slot, chain uint32) {
	l := b.layer
	w.sumLayer(l, l.pool[g*l.stride:], w.patterns[lane*l.groups:(lane+1)*l.groups], 8*bytes)
	for q := range 4 {
		if b.skip[4*g+q] {
			continue
		}
		out := &w.outBits[int(b.row[4*g+q])*s.tile+lane]
		f, slot := &w.quad[q], slot+uint32(q)
		if w.spins.fast {
			*out = w.chooseFields(s, f, bytes, slot, chain)
			continue
		}
		*out = 0
		for i := range 8 * bytes {
			c := chainIn(i, bytes)
			*out |= w.chooseField(s, int64(f[i]), uint32(w.noise.digit[slot&3][i]), chain+uint32(c), slot) << c
		}
	}
}

// sumLayer adds up the fields of a quad in n chains, two groups at a time.
func (w *worker) sumLayer(l *layer, pool []layerSums, patterns [][64]uint8, n int) {
	acc := &w.layerSum
	*acc = [64]layerSums{}
	g := 0
	for ; g+2 < len(patterns); g += 2 {
		t0, t1 := (*[256]layerSums)(pool[l.at[g]:]), (*[256]layerSums)(pool[l.at[g+1]:])
		x0, x1 := &patterns[g], &patterns[g+1]
		for i := 0; i < n; i++ {
			p, q, sum := &t0[x0[i&63]], &t1[x1[i&63]], &acc[i&63]
			sum.a += p.a + q.a
			sum.b += p.b + q.b
		}
	}
	t0, t1 := (*[256]layerSums)(pool[l.at[g]:]), &noSums
	x0, x1 := &patterns[g], &patterns[g]
	if g+1 < len(patterns) {
		t1, x1 = (*[256]layerSums)(pool[l.at[g+1]:]), &patterns[g+1]
	}
	for i := 0; i < n; i++ {
		p, q, sum := &t0[x0[i&63]], &t1[x1[i&63]], &acc[i&63]
		a, b := sum.a+p.a+q.a, sum.b+p.b+q.b
		w.quad[0][i&63], w.quad[1][i&63] = apart(a)
		w.quad[2][i&63], w.quad[3][i&63] = apart(b)
	}
}

// noSums is the table of no inputs.
var noSums [256]layerSums

// apart gives x and y of x + 2^32·y.
func apart(v int64) (x, y int32) {
	x = int32(v)
	return x, int32((v - int64(x)) >> 32)
}
