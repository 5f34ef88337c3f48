//go:build !purego

package vector

// JoinWords512 puts words into rows by slot: halves[h][i] are those of slots i and
// i+2 by turns, in chains 32h … 32h+31.
//
//go:noescape
func JoinWords512(halves *[2][2][64]uint32, words *[4][64]uint32)

// Normals512 turns words into normal numbers. Chains whose word needs a second one are
// in rare, and have no number of use.
//
//go:noescape
func Normals512(table *[512]Cubic, words *[64]uint32, z *[64]float32) (rare uint64)

// Normals256 is Normals512 in AVX2.
//
//go:noescape
func Normals256(table *[512]Cubic, words *[64]uint32, z *[64]float32) (rare uint64)

// SumTerms512 is a constant and the products of n terms, in order; n is at most MostTerms.
//
//go:noescape
func SumTerms512(sum *[64]float32, constant float32, state *float32, terms *Term, n int)

// SumTerms256 is SumTerms512 in AVX2.
//
//go:noescape
func SumTerms256(sum *[64]float32, constant float32, state *float32, terms *Term, n int)

// Mix512 makes out x·a + y·b.
//
//go:noescape
func Mix512(out, x, y *[64]float32, a, b float32)

// Mix256 is Mix512 in AVX2.
//
//go:noescape
func Mix256(out, x, y *[64]float32, a, b float32)

// SubtractProducts512 takes from sum, row after row, a weight times the values in k rows of
// the state, in order, at the bytes in at: k of them for each product. rows is from 1 to
// MostProducts; stride is the bytes from a weight to the next, 0 or 8.
//
//go:noescape
func SubtractProducts512(sum *[64]float64, state *float32, weights *float64, stride int, at *int32, rows, k int)

// Product512 is the product of the values in k rows, 1 or more.
//
//go:noescape
func Product512(out *[64]float64, state *float32, at *int32, k int)
