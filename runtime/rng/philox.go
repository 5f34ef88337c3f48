// Package rng makes the random words of a sampler.
//
// Every word is a pure function of (seed, purpose, chain, sweep, slot, draw) and
// of nothing else: not of the order of evaluation, the number of threads, chains
// or tiles. The generator is Philox4x32 (Salmon, Moraes, Dror and Shaw, "Parallel
// random numbers: as easy as 1, 2, 3", SC 2011) with 10 rounds, or 7 where the
// model asks for philox7. words.go fixes how a counter is made of the six
// numbers; package gen/ir states the same law in prose.
package rng

const (
	philoxM0 = 0xD2511F53
	philoxM1 = 0xCD9E8D57
	philoxW0 = 0x9E3779B9
	philoxW1 = 0xBB67AE85
)

// Philox4x32 returns the block of four 32-bit words at a counter under a key,
// with the given number of rounds.
func Philox4x32(rounds int, ctr [4]uint32, key [2]uint32) [4]uint32 {
	c0, c1, c2, c3 := ctr[0], ctr[1], ctr[2], ctr[3]
	k0, k1 := key[0], key[1]
	for i := 0; i < rounds; i++ {
		p0 := uint64(philoxM0) * uint64(c0)
		p1 := uint64(philoxM1) * uint64(c2)
		c0, c1, c2, c3 = uint32(p1>>32)^c1^k0, uint32(p1), uint32(p0>>32)^c3^k1, uint32(p0)
		k0 += philoxW0
		k1 += philoxW1
	}
	return [4]uint32{c0, c1, c2, c3}
}

// FillPhilox4x32 gives the blocks of n counters that differ by 1 in their second word,
// the words of one block in four rows. It takes two blocks at a time, and may write one
// more than n.
func FillPhilox4x32(rounds int, ctr [4]uint32, key [2]uint32, out *[4][64]uint32, n int) {
	for i := 0; i < n; i += 2 {
		c0, c1, c2, c3 := ctr[0], ctr[1]+uint32(i), ctr[2], ctr[3]
		d0, d1, d2, d3 := c0, c1+1, c2, c3
		k0, k1 := key[0], key[1]
		for range rounds {
			p0, p1 := uint64(philoxM0)*uint64(c0), uint64(philoxM1)*uint64(c2)
			q0, q1 := uint64(philoxM0)*uint64(d0), uint64(philoxM1)*uint64(d2)
			c0, c1, c2, c3 = uint32(p1>>32)^c1^k0, uint32(p1), uint32(p0>>32)^c3^k1, uint32(p0)
			d0, d1, d2, d3 = uint32(q1>>32)^d1^k0, uint32(q1), uint32(q0>>32)^d3^k1, uint32(q0)
			k0 += philoxW0
			k1 += philoxW1
		}
		j, k := i&63, (i+1)&63
		out[0][j], out[1][j], out[2][j], out[3][j] = c0, c1, c2, c3
		out[0][k], out[1][k], out[2][k], out[3][k] = d0, d1, d2, d3
	}
}
