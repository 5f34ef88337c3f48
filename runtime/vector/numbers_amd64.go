//go:build !purego

package vector

// PhiloxNumbers512 draws the words of 64 chains from blocks first … first+15.
//
//go:noescape
func PhiloxNumbers512(k *Philox, first uint32, words *[64]uint32)

// PhiloxNumbers256 is PhiloxNumbers512 in AVX2.
//
//go:noescape
func PhiloxNumbers256(k *Philox, first uint32, words *[64]uint32)

// ArsNumbers512 is PhiloxNumbers512 with ARS-5.
//
//go:noescape
func ArsNumbers512(k *Ars, first uint32, words *[64]uint32)

// ArsNumbers256 is ArsNumbers512 with a block at a time.
//
//go:noescape
func ArsNumbers256(k *Ars, first uint32, words *[64]uint32)

// Normals512 turns words into normal numbers. Chains whose word needs a second one are
// in rare, and have no number of use.
//
//go:noescape
func Normals512(table *NormalTable, words *[64]uint32, z *[64]float32) (rare uint64)

// Normals256 is Normals512 in AVX2.
//
//go:noescape
func Normals256(table *NormalTable, words *[64]uint32, z *[64]float32) (rare uint64)

// PhiloxNormals512 draws the words of n slots, 1 or more, whose heads take the place of k's,
// and turns them into normal numbers. rare says that some word needs a second one.
//
//go:noescape
func PhiloxNormals512(k *Philox, heads *PhiloxHead, n int, first uint32, table *NormalTable, z *[64]float32) (rare bool)
