//go:build !purego

package vector

// Every arm64 has NEON.
const armKernel = NEON

// ArsWords128 is ArsWords256 in NEON. As all kernels of ARS-5 here it needs ArmAES.
//
//go:noescape
func ArsWords128(k *Ars, first uint32, words *[2][64]uint32)

// ArsNumbers128 is ArsNumbers256 in NEON.
//
//go:noescape
func ArsNumbers128(k *Ars, first uint32, words *[64]uint32)

// PhiloxWords128 is PhiloxWords256 in NEON.
//
//go:noescape
func PhiloxWords128(k *Philox, first uint32, words *[2][64]uint32)

// PhiloxNumbers128 is PhiloxNumbers256 in NEON.
//
//go:noescape
func PhiloxNumbers128(k *Philox, first uint32, words *[64]uint32)

// ArsPlanes128 and PhiloxPlanes128 are ArsPlanes256 and PhiloxPlanes256 in NEON.
//
//go:noescape
func ArsPlanes128(a *Planes, k *ArsPlanes)

//go:noescape
func PhiloxPlanes128(a *Planes, k *PhiloxPlanes)

// Digits128 puts the digits of words in the order of PhiloxDigits512.
//
//go:noescape
func Digits128(words *[2][64]uint32, digits *[4][64]uint16)
