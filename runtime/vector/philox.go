package vector

// Philox is what Philox4x32 in one sweep needs for the pairs of chains of one quad
// of slots: the counters of all pairs differ in c1 alone, so that a part of the
// first three rounds is common to them. With m and n its two multipliers and hi and
// lo the halves of a product, the counter of a pair after three rounds is
//
//	q = m·(A ^ pair),  r = n·(hi(q) ^ D)
//	x0, x1, x2, x3 = hi(r) ^ F, lo(r), H ^ lo(q), L
//
// and Keys are the round keys from the fourth round on, seven of them, or four
// with More = 0. Numbers of 32 bits have 64 each, as the kernels read them.
type Philox struct {
	A, D, F, H, L uint64
	Keys          [7][2]uint64
	More          uint64
}
