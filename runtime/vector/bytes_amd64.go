//go:build !purego

package vector

// PhiloxBytes512 draws first digits of 8 bits for 512 chains into SpinNoise.High. Pairs of
// a Philox are fours of chains here, from four first on.
//
//go:noescape
func PhiloxBytes512(k *Philox, first uint32, noise *SpinNoise)

// ArsBytes512 is PhiloxBytes512 with ARS-5; first is a multiple of 128.
//
//go:noescape
func ArsBytes512(k *Ars, first uint32, noise *SpinNoise)

// PhiloxTies512 decides all ties of a list.
//
//go:noescape
func PhiloxTies512(t *SpinTies)

// ArsTies512 is PhiloxTies512 with ARS-5.
//
//go:noescape
func ArsTies512(t *SpinTies)
