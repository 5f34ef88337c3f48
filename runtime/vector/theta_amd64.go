//go:build !purego

package vector

// ThetaUpdate512 updates a categorical in 64 chains.
//
//go:noescape
func ThetaUpdate512(a *Thetas)

// ThetaUpdate256 does the same in AVX2; which chains it leaves to the caller may differ.
//
//go:noescape
func ThetaUpdate256(a *Thetas)
