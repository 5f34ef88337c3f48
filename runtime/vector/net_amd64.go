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
