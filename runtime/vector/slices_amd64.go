//go:build !purego

package vector

// ArsSlices512 updates a run of nodes in 512 chains with bytes of ARS-5.
//
//go:noescape
func ArsSlices512(a *Slices, k *SliceArs)

// ArsSlices1024 is ArsSlices512 for twice the chains.
//
//go:noescape
func ArsSlices1024(a *Slices, k *SliceArs)

// ReadSlices512 updates a run of nodes in 512 chains with bytes that are there, 512 a node.
//
//go:noescape
func ReadSlices512(a *Slices, k *SliceBytes)

// ReadSlices1024 is ReadSlices512 for twice the chains and bytes.
//
//go:noescape
func ReadSlices1024(a *Slices, k *SliceBytes)

// ReadWideSlices512 is ReadSlices512 for numbers of more than SlicePlanes bits.
//
//go:noescape
func ReadWideSlices512(a *Slices, k *SliceBytes)

// ReadWideSlices1024 is ReadWideSlices512 for twice the chains and bytes.
//
//go:noescape
func ReadWideSlices1024(a *Slices, k *SliceBytes)

// ArsSliceBytes512 draws the bytes of a node.
//
//go:noescape
func ArsSliceBytes512(k *SliceArs, slot uint32, to *[512]uint8)

// ArsSliceBytes1024 draws them for twice the chains.
//
//go:noescape
func ArsSliceBytes1024(k *SliceArs, slot uint32, to *[2][512]uint8)

// ArsSliceDraws512 makes the numbers of nodes in successive slots, in 512 chains, from words of ARS-5.
//
//go:noescape
func ArsSliceDraws512(a *SliceDraws, k *SliceArs)

// ReadSliceDraws512 makes them from bytes that are there, 512 a node.
//
//go:noescape
func ReadSliceDraws512(a *SliceDraws, k *[512]uint8)

// PhiloxSlices512 draws the bytes of a node from the block first on.
//
//go:noescape
func PhiloxSlices512(k *Philox, first uint32, to *[512]uint8)
