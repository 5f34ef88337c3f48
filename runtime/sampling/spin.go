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
	e := &w.choices
	for j := range a {
		x := a[j]
		for c := j; c < 8*bytes; c += 4 {
			e[c&63] = table[x&15]
			x >>= 4
		}
	}
	out, tied := chooseFrom(e, &w.noise.digit[slot&3], 8*bytes)
	if tied {
		for c := range 8 * bytes {
			w.breakTie(s, &out, c, slot, chain, at+int32(a[c&3]>>(c&^3)&15))
		}
	}
	return out
}

// chooseByte is chooseNibble for at most eight inputs.
func (w *worker) chooseByte(s *Sampler, table *[256]uint32, a *[8]uint64, bytes int, slot, chain uint32, at int32) uint64 {
	e := &w.choices
	for j := range a {
		x := a[j]
		for c := j; c < 8*bytes; c += 8 {
			e[c&63] = table[uint8(x)]
			x >>= 8
		}
	}
	out, tied := chooseFrom(e, &w.noise.digit[slot&3], 8*bytes)
	if tied {
		for c := range 8 * bytes {
			w.breakTie(s, &out, c, slot, chain, at+int32(uint8(a[c&7]>>(c&^7))))
		}
	}
	return out
}

// chooseFrom compares n digits with the thresholds of their choices; tied says
// that one was equal.
func chooseFrom(e *[64]uint32, digit *[64]uint16, n int) (out uint64, tied bool) {
	for c := 0; c < n; c++ {
		u, t := uint32(digit[c&63]), e[c&63]
		v := u - t>>1
		if v == 0 {
			tied = true
		}
		out = out>>1 | uint64(v>>31^t)<<63
	}
	return out >> uint(64-n), tied
}

// breakTie decides chain c of a word again if its first digit equals the
// threshold of its choice, whose field is at a place of the pool.
func (w *worker) breakTie(s *Sampler, out *uint64, c int, slot, chain uint32, field int32) {
	e := w.choices[c&63]
	if uint32(w.noise.digit[slot&3][c&63]) != e>>1 {
		return
	}
	bit := uint64(w.tie(s, field, e>>1, chain+uint32(c), slot) ^ e&1)
	*out = *out&^(1<<c) | bit<<c
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
// eight inputs each. It serves tables of lines that no field leaves.
func (w *worker) chooseSums(s *Sampler, t0, t1 *[256]int32, a0, a1 *[8]uint64, bytes int, slot, chain uint32) uint64 {
	f := &w.sums
	for j := range a0 {
		x0, x1 := a0[j], a1[j]
		for c := j; c < 8*bytes; c += 8 {
			f[c&63] = t0[uint8(x0)] + t1[uint8(x1)]
			x0 >>= 8
			x1 >>= 8
		}
	}
	return w.chooseSum(s, 8*bytes, slot, chain)
}

// chooseSum updates n chains of a spin from the fields in w.sums.
func (w *worker) chooseSum(s *Sampler, n int, slot, chain uint32) uint64 {
	f, digit := &w.sums, &w.noise.digit[slot&3]
	out, tied := chooseLines(f, digit, w.spins.line, w.spins.mul, n)
	if tied {
		for c := range n {
			bit := w.chooseField(s, int64(f[c&63]), uint32(digit[c&63]), chain+uint32(c), slot)
			out = out&^(1<<c) | bit<<c
		}
	}
	return out
}

// chooseLines compares n digits with the thresholds of their fields.
func chooseLines(f *[64]int32, digit *[64]uint16, line []spinLine, mul uint64, n int) (out uint64, tied bool) {
	for c := 0; c < n; c++ {
		g := f[c&63]
		sign := g >> 31
		p := uint64(uint32((g^sign)-sign)) * mul
		l := &line[p>>32]
		v := uint32(digit[c&63]) - l.a + l.d*uint32(uint16(p>>16))>>16
		if v == 0 {
			tied = true
		}
		out = out>>1 | uint64(^(v^uint32(sign))>>31)<<63
	}
	return out >> uint(64-n), tied
}
