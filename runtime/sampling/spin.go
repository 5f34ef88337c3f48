package sampling

import "github.com/thrmlgen/thrmlgen/runtime/rng"

// transpose8 turns eight words of 64 chains into indices: afterwards byte k of
// a[j] holds, in bit i, the bit of chain 8k+j of what a[i] was.
func transpose8(a *[8]uint64) {
	const m1, m2, m4 = 0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f
	a0, a1 := swapBits(a[0], a[1], 1, m1)
	a2, a3 := swapBits(a[2], a[3], 1, m1)
	a4, a5 := swapBits(a[4], a[5], 1, m1)
	a6, a7 := swapBits(a[6], a[7], 1, m1)
	a0, a2 = swapBits(a0, a2, 2, m2)
	a1, a3 = swapBits(a1, a3, 2, m2)
	a4, a6 = swapBits(a4, a6, 2, m2)
	a5, a7 = swapBits(a5, a7, 2, m2)
	a[0], a[4] = swapBits(a0, a4, 4, m4)
	a[1], a[5] = swapBits(a1, a5, 4, m4)
	a[2], a[6] = swapBits(a2, a6, 4, m4)
	a[3], a[7] = swapBits(a3, a7, 4, m4)
}

// transpose4 does the same with four words and nibbles: nibble k of a[j] holds
// the bits of chain 4k+j.
func transpose4(a *[4]uint64) {
	const m1, m2 = 0x5555555555555555, 0x3333333333333333
	a0, a1 := swapBits(a[0], a[1], 1, m1)
	a2, a3 := swapBits(a[2], a[3], 1, m1)
	a[0], a[2] = swapBits(a0, a2, 2, m2)
	a[1], a[3] = swapBits(a1, a3, 2, m2)
}

// swapBits exchanges the bits of x under mask<<n with those of y under mask.
func swapBits(x, y uint64, n uint, mask uint64) (uint64, uint64) {
	t := (x>>n ^ y) & mask
	return x ^ t<<n, y ^ t
}

// load reads an input for 64 chains from the state of one tile.
func (s *Sampler) load(bits []uint64, r rowRef, lane int) uint64 {
	if r >= 0 {
		return bits[int(r)*s.tile+lane]
	}
	x := ^uint64(0)
	for _, t := range s.productRows[^r] {
		x = ^(x ^ bits[int(t)*s.tile+lane])
	}
	return x
}

// chooseNibble updates a spin with at most four inputs for the first 8·bytes
// chains of a word. The table of choices holds threshold << 1 | likely value for
// every nibble; at is its place, shared with the fields it was made from.
func (w *worker) chooseNibble(s *Sampler, table *[16]uint32, a *[4]uint64, bytes int, slot, chain uint32, at int32) uint64 {
	var out uint64
	digit := &w.noise.digit[slot&3]
	for j := range 4 {
		x := a[j]
		var o uint64
		tied := false
		for k := 0; k < 2*bytes; k++ {
			u := uint32(digit[(4*k+j)&63])
			e := table[x&15]
			x >>= 4
			tied = tied || u == e>>1
			o = o>>4 | uint64((u-e>>1)>>31^e&1)<<60
		}
		o >>= uint(64-8*bytes) & 63
		if tied {
			for k := 0; k < 2*bytes; k++ {
				i := int32(a[j] >> (4 * k) & 15)
				w.breakTie(s, &o, 4*k, uint32(digit[4*k+j]), table[i], at+i, chain+uint32(4*k+j), slot)
			}
		}
		out |= o << uint(j)
	}
	return out
}

// chooseByte is chooseNibble for at most eight inputs.
func (w *worker) chooseByte(s *Sampler, table *[256]uint32, a *[8]uint64, bytes int, slot, chain uint32, at int32) uint64 {
	var out uint64
	digit := &w.noise.digit[slot&3]
	for j := range 8 {
		x := a[j]
		var o uint64
		tied := false
		for k := 0; k < bytes; k++ {
			u := uint32(digit[(8*k+j)&63])
			e := table[uint8(x)]
			x >>= 8
			tied = tied || u == e>>1
			o = o>>8 | uint64((u-e>>1)>>31^e&1)<<56
		}
		o >>= uint(64-8*bytes) & 63
		if tied {
			for k := 0; k < bytes; k++ {
				i := int32(uint8(a[j] >> (8 * k)))
				w.breakTie(s, &o, 8*k, uint32(digit[8*k+j]), table[i], at+i, chain+uint32(8*k+j), slot)
			}
		}
		out |= o << uint(j)
	}
	return out
}

// breakTie decides bit n of out again if its first digit u equals the threshold
// of choice e, whose field is at a place of the pool.
func (w *worker) breakTie(s *Sampler, out *uint64, n int, u, e uint32, field int32, chain, slot uint32) {
	if u != e>>1 {
		return
	}
	bit := uint64(w.tie(s, field, e>>1, chain, slot) ^ e&1)
	*out = *out&^(1<<n) | bit<<n
}

// tie decides a first digit that equals its threshold, for a field of the pool.
func (w *worker) tie(s *Sampler, field int32, threshold uint32, chain, slot uint32) uint32 {
	var m uint64
	if s.pool32 != nil {
		m = magnitude(int64(s.pool32[field]))
	} else {
		m = magnitude(s.pool64[field])
	}
	return w.rare(s, m, threshold, chain, slot)
}

// rare draws the second digit: 1 if the less likely value is taken after all.
func (w *worker) rare(s *Sampler, m uint64, threshold uint32, chain, slot uint32) uint32 {
	v := s.rng.Digit(rng.PurposeUpdate, chain, w.sweep, slot, 1)
	if w.spins.rare(m, threshold, v) {
		return 1
	}
	return 0
}

func magnitude(g int64) uint64 {
	if g < 0 {
		return uint64(-g)
	}
	return uint64(g)
}

// likely is 1 for a field that favours +1.
func likely(g int64) uint32 { return uint32(^g >> 63 & 1) }

// chooseField is the choice of one spin from its field.
func (w *worker) chooseField(s *Sampler, g int64, u uint32, chain, slot uint32) uint64 {
	m := magnitude(g)
	t := w.spins.first(m)
	less := (u - t) >> 31
	if u == t {
		less = w.rare(s, m, t, chain, slot)
	}
	return uint64(less ^ likely(g))
}

// chooseSums updates a spin from the sum of two tables of fields of at most
// eight inputs each. It serves thresholds of 16 bits and more.
func (w *worker) chooseSums(s *Sampler, t0, t1 *[256]int32, a0, a1 *[8]uint64, bytes int, slot, chain uint32) uint64 {
	var out uint64
	digit := &w.noise.digit[slot&3]
	line, n, mul := &w.spins.line, w.spins.n, w.spins.mul
	for j := range 8 {
		x0, x1 := a0[j], a1[j]
		var o uint64
		tied := false
		for k := 0; k < bytes; k++ {
			u := uint32(digit[(8*k+j)&63])
			g := t0[uint8(x0)] + t1[uint8(x1)]
			x0 >>= 8
			x1 >>= 8
			sign := g >> 31
			p := uint64(uint32((g^sign)-sign)) * mul
			l := line[min(p>>32, n)&511]
			t := l>>16 - uint32(uint16(l))*uint32(uint16(p>>16))>>16
			tied = tied || u == t
			o = o>>8 | uint64(^(u-t^uint32(sign))>>31)<<56
		}
		o >>= uint(64-8*bytes) & 63
		if tied {
			for k := 0; k < bytes; k++ {
				g := t0[uint8(a0[j]>>(8*k))] + t1[uint8(a1[j]>>(8*k))]
				u := uint32(digit[8*k+j])
				bit := w.chooseField(s, int64(g), u, chain+uint32(8*k+j), slot)
				o = o&^(1<<(8*k)) | bit<<(8*k)
			}
		}
		out |= o << uint(j)
	}
	return out
}
