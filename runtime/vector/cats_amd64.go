//go:build !purego

package vector

// CatUpdate512 updates a categorical in 64 chains.
//
//go:noescape
func CatUpdate512(a *Cats)
