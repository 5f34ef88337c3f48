//go:build !purego

package vector

// CatUpdate512 updates a categorical in 64 chains.
//
//go:noescape
func CatUpdate512(a *Cats)

// CatUpdate256 is CatUpdate512 in AVX2.
//
//go:noescape
func CatUpdate256(a *Cats)
