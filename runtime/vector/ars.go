package vector

// Ars is what ARS-5 in one sweep needs for the pairs of chains of one quad of slots: the
// counter of pair 0, and the key with the five round keys. Counters of 256 pairs from a
// multiple of 256 on differ in a byte, and so do blocks after the first round in word 1:
// Pairs is by how much, for pair 64l + 8z + r in place [z][r][l], and serves ArsSpins512.
type Ars struct {
	Counter [4]uint32
	Keys    [6][2]uint64
	Pairs   [8][8][4][4]uint32
	Fours   [2][8][4][4][4]uint32 // the same of byte 128h + 32l + 4z + k in place [h][z][k][l], for ArsBytes512
}

// SetPairs takes what the first round makes of the byte of a pair.
func (a *Ars) SetPairs(word *[256]uint32) {
	for pair, x := range word {
		a.Pairs[pair/8%8][pair%8][pair/64][1] = x ^ word[0]
		a.Fours[pair/128][pair/4%8][pair%4][pair/32%4][1] = x ^ word[0]
	}
}
