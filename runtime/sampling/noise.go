package sampling

import "github.com/thrmlgen/thrmlgen/runtime/rng"

// noise holds the first digits of four slots for up to 64 chains: digit[q][i] is
// that of slot 4g+q and the chain in place i, see placeOf.
type noise struct {
	digit [4][64]uint16
	key   [10][2]uint32 // round keys
	n     int           // rounds
	phase rng.Purpose   // 0, or PurposeNegative
	draw  uint32
}

func (z *noise) init(w rng.Words) {
	z.n = w.Rounds
	k := w.Key
	for i := range z.key {
		z.key[i] = k
		k[0] += 0x9E3779B9
		k[1] += 0xBB67AE85
	}
}

// fill draws the block of slots 4g … 4g+3 for 4·bytes pairs of chains, the first
// of them pair first. The first three rounds are partly the same for all pairs,
// because only c1 differs.
func (z *noise) fill(sweep uint64, first uint32, bytes int, g uint32) {
	const m0, m1 = 0xD2511F53, 0xCD9E8D57
	k := &z.key
	c3 := rng.CounterC3(rng.PurposeUpdate+z.phase, z.draw, sweep)
	p0, p1 := uint64(m0)*uint64(uint32(sweep)), uint64(m1)*uint64(g)
	a := uint32(p1>>32) ^ k[0][0] // c0 after round 1, less c1
	b := uint32(p1)
	c := uint32(p0>>32) ^ c3 ^ k[0][1]
	d := uint32(p0)
	p1 = uint64(m1) * uint64(c)
	e := uint32(p1>>32) ^ b ^ k[1][0] // c0 after round 2
	f := uint32(p1)
	p0 = uint64(m0) * uint64(e)
	gh := uint32(p0>>32) ^ k[2][1]
	gl := uint32(p0)
	d ^= k[1][1]
	f ^= k[2][0]
	place := 0
	for i := range 4 * bytes {
		if i&3 == 0 {
			place = i >> 2
		}
		q0 := uint64(m0) * uint64(a^(first+uint32(i)))
		x2, x3 := uint32(q0>>32)^d, uint32(q0)
		q1 := uint64(m1) * uint64(x2)
		x0, x1 := uint32(q1>>32)^f, uint32(q1)
		x2, x3 = gh^x3, gl
		q0, q1 = uint64(m0)*uint64(x0), uint64(m1)*uint64(x2)
		x0, x1, x2, x3 = uint32(q1>>32)^x1^k[3][0], uint32(q1), uint32(q0>>32)^x3^k[3][1], uint32(q0)
		q0, q1 = uint64(m0)*uint64(x0), uint64(m1)*uint64(x2)
		x0, x1, x2, x3 = uint32(q1>>32)^x1^k[4][0], uint32(q1), uint32(q0>>32)^x3^k[4][1], uint32(q0)
		q0, q1 = uint64(m0)*uint64(x0), uint64(m1)*uint64(x2)
		x0, x1, x2, x3 = uint32(q1>>32)^x1^k[5][0], uint32(q1), uint32(q0>>32)^x3^k[5][1], uint32(q0)
		q0, q1 = uint64(m0)*uint64(x0), uint64(m1)*uint64(x2)
		x0, x1, x2, x3 = uint32(q1>>32)^x1^k[6][0], uint32(q1), uint32(q0>>32)^x3^k[6][1], uint32(q0)
		if z.n == 10 {
			q0, q1 = uint64(m0)*uint64(x0), uint64(m1)*uint64(x2)
			x0, x1, x2, x3 = uint32(q1>>32)^x1^k[7][0], uint32(q1), uint32(q0>>32)^x3^k[7][1], uint32(q0)
			q0, q1 = uint64(m0)*uint64(x0), uint64(m1)*uint64(x2)
			x0, x1, x2, x3 = uint32(q1>>32)^x1^k[8][0], uint32(q1), uint32(q0>>32)^x3^k[8][1], uint32(q0)
			q0, q1 = uint64(m0)*uint64(x0), uint64(m1)*uint64(x2)
			x0, x1, x2, x3 = uint32(q1>>32)^x1^k[9][0], uint32(q1), uint32(q0>>32)^x3^k[9][1], uint32(q0)
		}
		j, k := place&63, (place+bytes)&63
		place += 2 * bytes
		z.digit[0][j], z.digit[1][j] = uint16(x0), uint16(x0>>16)
		z.digit[2][j], z.digit[3][j] = uint16(x1), uint16(x1>>16)
		z.digit[0][k], z.digit[1][k] = uint16(x2), uint16(x2>>16)
		z.digit[2][k], z.digit[3][k] = uint16(x3), uint16(x3>>16)
	}
}

// placeOf is where the kernels keep chain c of a word while they work on its
// first 8·bytes chains: the order in which transpose8 leaves them.
func placeOf(c, bytes int) int { return c&7*bytes + c>>3 }

// chainIn is the chain in place i.
func chainIn(i, bytes int) int { return i%bytes<<3 + i/bytes }
