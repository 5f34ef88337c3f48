//go:build !purego

package vector

// PlusProduct512 makes out x + a·b.
//
//go:noescape
func PlusProduct512(out, x, a, b *[64]float32)

// MinusProduct512 makes out x - a·b.
//
//go:noescape
func MinusProduct512(out, x, a, b *[64]float32)

// Infinite512 tells the chains whose x is infinite or no number.
//
//go:noescape
func Infinite512(x *[64]float32) uint64

// AddSquares512 adds x² to sum, in float64.
//
//go:noescape
func AddSquares512(sum *[64]float64, x *[64]float32)

// SubtractSquares512 takes x² from sum, in float64.
//
//go:noescape
func SubtractSquares512(sum *[64]float64, x *[64]float32)

// Langevin512 puts n rows of the state, 1 or more, at the bytes in at, to x - step·slope +
// scale·normal, one row of each, and keeps x in old. Chains with a result that is not finite
// are in lost.
//
//go:noescape
func Langevin512(state *float32, at *int32, n int, old, slope, normal *[64]float32, step, scale float32) (lost uint64)

// Follow512 makes n rows of out, 1 or more, x - step·slope + scale·normal. Chains with a
// result that is not finite are in lost.
//
//go:noescape
func Follow512(out, x, slope, normal *[64]float32, n int, step, scale float32) (lost uint64)
