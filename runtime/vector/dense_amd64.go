//go:build !purego

package vector

// Dense512 makes 4·panels rows of sum, 1 panel or more, start plus a matrix times n rows of
// x, 1 or more: column after column, a product and its addition being one rounding. start
// has a number for each row; without it the rows begin as they are. The matrix holds, panel
// after panel, the four numbers of each column. panels·n is at most MostDense.
//
//go:noescape
func Dense512(sum *[64]float32, start *float32, x *[64]float32, matrix *float32, panels, n int)

// Dense256 is Dense512 in AVX2.
//
//go:noescape
func Dense256(sum *[64]float32, start *float32, x *[64]float32, matrix *float32, panels, n int)
