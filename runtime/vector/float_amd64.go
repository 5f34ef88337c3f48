//go:build !purego

package vector

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
