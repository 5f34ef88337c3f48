//go:build !purego

package vector

// SubtractSigned512 takes n weights, 1 to MostSigned, from the sum of each of 64 chains, in
// order; weight i is added instead in chain c where bit c of minus[i] is set. stride is
// the bytes from a weight to the next, 0 or 8.
//
//go:noescape
func SubtractSigned512(sum *[64]float64, minus *uint64, weights *float64, stride, n int)

// SubtractSigned256 is SubtractSigned512 in AVX2.
//
//go:noescape
func SubtractSigned256(sum *[64]float64, minus *uint64, weights *float64, stride, n int)

// AddOctets512 adds two numbers to each of 64 sums: to sum 8j+b the sum of those that
// the halves of byte b of patterns[j] pick, the lower one from the first table.
//
//go:noescape
func AddOctets512(sum *[64]float64, patterns *[8]uint64, tables *[2][16]float64)
