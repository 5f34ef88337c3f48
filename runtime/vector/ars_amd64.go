//go:build !purego

package vector

// ArsWords512 is PhiloxWords512 with ARS-5.
//
//go:noescape
func ArsWords512(k *Ars, first uint32, words *[2][64]uint32)

// ArsWords256 is ArsWords512 with a block at a time.
//
//go:noescape
func ArsWords256(k *Ars, first uint32, words *[2][64]uint32)

// ArsSpins512 is PhiloxSpins512 with ARS-5; first is a multiple of 256.
//
//go:noescape
func ArsSpins512(k *Ars, first uint32, noise *SpinNoise)
