//go:build !purego

package vector

// DenseWord512 adds w[0]·x[0] + w[stride]·x[1] + … , n products, to z in 64 lanes, from
// left to right, each product and sum rounded. n is 1 … NetRows.
//
//go:noescape
func DenseWord512(z *[64]float32, w *float32, stride, n int, x *[64]float32)

// SiLURows512 replaces n rows of z by z/(1 + exp(-z)) and fills the rows of their slopes,
// as the program's specification says. n is 1 … NetRows.
//
//go:noescape
func SiLURows512(z, slope *[64]float32, n int)

// MatVec512 adds a[0]·w[0:m] + a[1]·w[m:2m] + … , n rows, to z[0:m] in float64, in order,
// each product and sum rounded. n and m are at least 1, n·m is at most NetCells.
//
//go:noescape
func MatVec512(z *float64, m int, w, a *float64, n int)

// Outer512 adds d[i]·a[j] to sum[i·m+j] for i < n and j < m, in float64. n and m are at
// least 1, n·m is at most NetCells.
//
//go:noescape
func Outer512(sum, d *float64, n int, a *float64, m int)

// DenseStart512 is DenseWord512 with sums that begin at b.
//
//go:noescape
func DenseStart512(z *[64]float32, w *float32, stride, n int, x *[64]float32, b float32)

// MulRows512 multiplies n rows of d by those of another list. n is 1 … NetRows.
//
//go:noescape
func MulRows512(d, by *[64]float32, n int)

// SiLU512 is SiLURows512 for n numbers in float64, with the functions of package sampling.
// n is 1 … NetCells; no number is beyond ±690.
//
//go:noescape
func SiLU512(z, slope *float64, n int)
