package observe

import "encoding/binary"

// transpose64 turns a square of bits round: bit j of a[i] becomes bit i of a[j].
// It swaps the off-diagonal quarters of ever smaller squares.
func transpose64(a *[64]uint64) {
	mask := uint64(0x00000000ffffffff)
	for width := 32; width > 0; width /= 2 {
		for i := 0; i < 64; i = (i + width + 1) &^ width {
			t := (a[i]>>width ^ a[i+width]) & mask
			a[i] ^= t << width
			a[i+width] ^= t
		}
		mask ^= mask << (width / 2)
	}
}

// transposeOctets turns eight words round in squares of eight bits: bit j of byte b
// of a[i] becomes bit i of byte b of a[j].
func transposeOctets(a *[8]uint64) {
	for i := range 4 {
		t := (a[i]>>4 ^ a[i+4]) & 0x0f0f0f0f0f0f0f0f
		a[i], a[i+4] = a[i]^t<<4, a[i+4]^t
	}
	for _, i := range [4]int{0, 1, 4, 5} {
		t := (a[i]>>2 ^ a[i+2]) & 0x3333333333333333
		a[i], a[i+2] = a[i]^t<<2, a[i+2]^t
	}
	for i := 0; i < 8; i += 2 {
		t := (a[i]>>1 ^ a[i+1]) & 0x5555555555555555
		a[i], a[i+1] = a[i]^t<<1, a[i+1]^t
	}
}

// spinBytes appends n spins as ±1 bytes from packed bits, lowest bit first.
func spinBytes(dst []byte, packed []byte, n int) []byte {
	for ; n >= 8; n -= 8 {
		dst = binary.LittleEndian.AppendUint64(dst, eightSpins(packed[0]))
		packed = packed[1:]
	}
	if n > 0 {
		var last [8]byte
		binary.LittleEndian.PutUint64(last[:], eightSpins(packed[0]))
		dst = append(dst, last[:n]...)
	}
	return dst
}

// eightSpins puts 1 or -1 into byte i as bit i of b is one or zero.
func eightSpins(b byte) uint64 {
	const ones = 0x0101010101010101
	picked := uint64(b) * ones & 0x8040201008040201 // bit i of byte i
	set := (picked + 0x7f*ones) >> 7 & ones
	return ^(set * 0xfe)
}

// chainCounts adds, for each of 64 chains, how many of the words have its bit.
// Digits of the counts are kept across the words until the end.
type chainCounts [32]uint64

func (d *chainCounts) add(word uint64) {
	for k := 0; word != 0; k++ {
		d[k&31], word = d[k&31]^word, d[k&31]&word
	}
}

// of is the count of one chain.
func (d *chainCounts) of(chain int) uint32 {
	n := uint32(0)
	for k, digit := range d {
		n |= uint32(digit>>chain&1) << k
	}
	return n
}
