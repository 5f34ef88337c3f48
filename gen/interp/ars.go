package interp

import "encoding/binary"

// ars is ARS of Salmon, Moraes, Dror and Shaw (SC 2011): AES on the counter, with
// a Weyl sequence from the key on as round keys. Byte 4c+r of a state is in column c,
// row r.
func ars(rounds int, counter [4]uint32, key uint64) (out [4]uint32) {
	var state [16]byte
	for i, c := range counter {
		binary.LittleEndian.PutUint32(state[4*i:], c)
	}
	low, high := key, uint64(0)
	addKey := func() {
		for i := range 8 {
			state[i] ^= byte(low >> (8 * i))
			state[8+i] ^= byte(high >> (8 * i))
		}
	}
	addKey()
	for r := 1; r <= rounds; r++ {
		var shifted [16]byte
		for column := range 4 {
			for row := range 4 {
				shifted[4*column+row] = substitution[state[4*((column+row)%4)+row]]
			}
		}
		state = shifted
		if r < rounds {
			for column := range 4 {
				for row := range 4 {
					at := func(i int) byte { return shifted[4*column+(row+i)%4] }
					state[4*column+row] = timesGF(2, at(0)) ^ timesGF(3, at(1)) ^ at(2) ^ at(3)
				}
			}
		}
		low += 0x9E3779B97F4A7C15
		high += 0xBB67AE8584CAA73B
		addKey()
	}
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(state[4*i:])
	}
	return out
}

// timesGF is the product in the field of AES, modulo x^8 + x^4 + x^3 + x + 1.
func timesGF(a, b byte) byte {
	product := byte(0)
	for ; a != 0; a /= 2 {
		if a%2 == 1 {
			product ^= b
		}
		top := b / 128
		b = b*2 ^ top*0x1b
	}
	return product
}

var substitution = func() (t [256]byte) {
	for x := range t {
		t[x] = substitute(byte(x))
	}
	return t
}()

// substitute is the inverse in that field (0 for 0), then an affine map of its bits.
func substitute(x byte) byte {
	inverse := byte(1) // x^254
	for range 254 {
		inverse = timesGF(inverse, x)
	}
	y := byte(0x63)
	for i := range 5 {
		y ^= inverse<<i | inverse>>(8-i)
	}
	return y
}
