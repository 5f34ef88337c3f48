//go:build !purego

package vector

// ThetaUpdate512 updates a categorical in 64 chains.
//
//go:noescape
func ThetaUpdate512(a *Thetas)
