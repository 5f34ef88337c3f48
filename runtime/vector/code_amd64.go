//go:build !purego

package vector

// RunCode512 runs a program of float32.
//
//go:noescape
func RunCode512(p *Program[float32])

// RunWide512 runs a program of float64.
//
//go:noescape
func RunWide512(p *Program[float64])
