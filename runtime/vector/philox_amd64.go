//go:build !purego

package vector

// PhiloxWords512 draws 32 pairs of chains from pair first on: words[0] are the digits
// of slots 0 and 1 of the quad by chain, words[1] those of slots 2 and 3, the low
// half the first one.
//
//go:noescape
func PhiloxWords512(k *Philox, first uint32, words *[2][64]uint32)

// PhiloxWords256 is PhiloxWords512 in AVX2.
//
//go:noescape
func PhiloxWords256(k *Philox, first uint32, words *[2][64]uint32)

// PhiloxDigits512 draws the same as digits of each slot, that of chain 8k+j in
// place 8j+k.
//
//go:noescape
func PhiloxDigits512(k *Philox, first uint32, digits *[4][64]uint16)

// PhiloxDigits256 is PhiloxDigits512 in AVX2.
//
//go:noescape
func PhiloxDigits256(k *Philox, first uint32, digits *[4][64]uint16)
