//go:build !purego

package vector

// PhiloxSpins512 draws the digits of 256 pairs of chains from pair first on.
//
//go:noescape
func PhiloxSpins512(k *Philox, first uint32, noise *SpinNoise)

// SpinUpdate512 updates a quad of slots in 512 chains.
//
//go:noescape
func SpinUpdate512(a *Spins)
