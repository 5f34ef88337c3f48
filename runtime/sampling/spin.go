package sampling

import (
	"encoding/binary"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

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

// spreadNibbles is transpose4 for at most four inputs, a byte a chain: what
// transpose8 would give with four words of zeros.
func spreadNibbles(a *[8]uint64) {
	const m = 0x0f0f0f0f0f0f0f0f
	transpose4((*[4]uint64)(a[:4]))
	a[4], a[5], a[6], a[7] = a[0]>>4&m, a[1]>>4&m, a[2]>>4&m, a[3]>>4&m
	a[0], a[1], a[2], a[3] = a[0]&m, a[1]&m, a[2]&m, a[3]&m
}

// order writes the transposed words as one index a chain, in places.
func order(index *[64]uint8, a *[8]uint64, bytes int) {
	if bytes == 8 {
		for j := range a {
			binary.LittleEndian.PutUint64(index[8*j:], a[j])
		}
		return
	}
	for j := range a {
		binary.LittleEndian.PutUint64(index[bytes*j:], a[j])
	}
}

// natural turns bits in places into bits in the order of chains: eight rows of
// so many bits, transposed.
func natural(x uint64, bytes int) uint64 {
	if bytes == 1 {
		return x
	}
	if bytes < 8 {
		x = spreadRows(x, uint(bytes))
	}
	t := (x ^ x>>7) & 0x00aa00aa00aa00aa
	x ^= t ^ t<<7
	t = (x ^ x>>14) & 0x0000cccc0000cccc
	x ^= t ^ t<<14
	t = (x ^ x>>28) & 0x00000000f0f0f0f0
	return x ^ t ^ t<<28
}

// spreadRows moves row r of eight rows of n < 8 bits to bit 8r: the halves apart,
// then the quarters, then the rows.
func spreadRows(x uint64, n uint) uint64 {
	x = x&(1<<(4*n&63)-1) | x>>(4*n&63)<<32
	low := uint64(1<<(2*n&63)-1) * (1 + 1<<32)
	x = x&low | x&^low<<((16-2*n)&63)
	low = uint64(1<<(n&63)-1) * 0x0001000100010001
	return x&low | x&^low<<((8-n)&63)
}

// choosePattern updates a spin with at most eight inputs, transposed, for the
// first 8·bytes chains of a word. The table of choices holds
// threshold << 1 | likely value for every pattern of inputs; at is its place,
// shared with the fields it was made from.
func (w *worker) choosePattern(s *Sampler, table *[256]uint32, a *[8]uint64, bytes int, slot, chain uint32, at int32) uint64 {
	index, digit := &w.index[0], &w.noise.digit[slot&3]
	order(index, a, bytes)
	n := 8 * bytes
	var out uint64
	tied := false
	for i := 0; i < n; i++ {
		e := table[index[i&63]]
		v := uint32(digit[i&63]) - e>>1
		if v == 0 {
			tied = true
		}
		out = out>>1 | uint64(v>>31^e)<<63
	}
	out >>= uint(64 - n)
	if tied {
		for i := range n {
			x := index[i]
			if e := table[x]; uint32(digit[i]) == e>>1 {
				bit := uint64(w.tie(s, at+int32(x), e>>1, chain+uint32(chainIn(i, bytes)), slot) ^ e&1)
				out = out&^(1<<i) | bit<<i
			}
		}
	}
	return natural(out, bytes)
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

// rare draws what follows the first digit: 1 if the less likely value is taken after all.
func (w *worker) rare(s *Sampler, m uint64, threshold uint32, chain, slot uint32) uint32 {
	if s.bytes {
		rest := s.rng.Word32(rng.PurposeBytes+s.phase, chain, w.sweep, slot, 1) >> 8
		if low := threshold & 0xff; rest>>16 != low {
			return (rest>>16 - low) >> 31
		}
		if w.spins.rare(m, threshold, uint16(rest)) {
			return 1
		}
		return 0
	}
	v := s.rng.Digit(rng.PurposeUpdate+s.phase, chain, w.sweep, slot, 1)
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
	high := t
	if s.bytes {
		high >>= 8
	}
	less := (u - high) >> 31
	if u == high {
		less = w.rare(s, m, t, chain, slot)
	}
	return uint64(less ^ likely(g))
}

// chooseSums updates a spin from the sum of two tables of fields of at most
// eight inputs each, transposed. It serves tables of lines that no field leaves.
func (w *worker) chooseSums(s *Sampler, t0, t1 *[256]int32, a0, a1 *[8]uint64, bytes int, slot, chain uint32) uint64 {
	x0, x1, f := &w.index[0], &w.index[1], &w.sums
	order(x0, a0, bytes)
	order(x1, a1, bytes)
	n := 8 * bytes
	for i := 0; i < n; i++ {
		f[i&63] = t0[x0[i&63]] + t1[x1[i&63]]
	}
	return w.chooseFields(s, f, bytes, slot, chain)
}

// chooseFields chooses a spin from its fields, in places, where lines serve.
func (w *worker) chooseFields(s *Sampler, f *[64]int32, bytes int, slot, chain uint32) uint64 {
	n := 8 * bytes
	digit := &w.noise.digit[slot&3]
	if w.spins.cells != nil {
		out, i := w.chooseCells(f[:n], digit[:n], n-1, 0)
		for ; i >= 0; out, i = w.chooseCells(f[:n], digit[:n], i-1, out) {
			out = out<<1 | w.chooseField(s, int64(f[i]), uint32(digit[i]), chain+uint32(chainIn(i, bytes)), slot)
		}
		return natural(out, bytes)
	}
	out, tied := chooseLines(f, digit, w.spins.line, w.spins.mul, n)
	if tied {
		for i := range n {
			bit := w.chooseField(s, int64(f[i]), uint32(digit[i]), chain+uint32(chainIn(i, bytes)), slot)
			out = out&^(1<<i) | bit<<i
		}
	}
	return natural(out, bytes)
}

// chooseCells compares digits with the thresholds of their cells, from place i down,
// and shifts the choices into out. It stops where the cell does not tell, -1: nowhere.
func (w *worker) chooseCells(f []int32, digit []uint16, i int, out uint64) (uint64, int) {
	cells, cell, centre := w.spins.cells, w.spins.cell&31, w.spins.centre
	digit = digit[:len(f)]
	if i >= len(f) {
		return out, i
	}
	for ; i >= 0; i-- {
		e := &cells[(uint32(f[i])+centre)>>cell]
		v := uint32(digit[i]) - e.bound&0xffff
		if v < e.bound>>16 {
			return out, i
		}
		out = out<<1 + uint64((v^e.flip)>>31)
	}
	return out, -1
}

// chooseLines compares n digits with the thresholds of their fields; tied says
// that one was equal.
func chooseLines(f *[64]int32, digit *[64]uint16, line []spinLine, mul uint64, n int) (out uint64, tied bool) {
	for i := 0; i < n; i++ {
		g := f[i&63]
		sign := g >> 31
		p := uint64(uint32((g^sign)-sign)) * mul
		l := &line[p>>32]
		v := uint32(digit[i&63]) - (l.a-l.d*uint32(uint16(p>>16))>>4)>>16
		if v == 0 {
			tied = true
		}
		out = out>>1 | uint64(^(v^uint32(sign))>>31)<<63
	}
	return out >> uint(64-n), tied
}
