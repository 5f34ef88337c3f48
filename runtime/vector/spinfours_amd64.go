//go:build !purego

package vector

// PhiloxSpins256 draws the digits of 128 pairs of chains from pair first on.
//
//go:noescape
func PhiloxSpins256(k *Philox, first uint32, digits *SpinDigits)

// ArsSpins256 is PhiloxSpins256 with ARS-5.
//
//go:noescape
func ArsSpins256(k *Ars, first uint32, digits *SpinDigits)

// SpinUpdate256 updates a quad of slots in 256 chains.
//
//go:noescape
func SpinUpdate256(a *Spins256)
