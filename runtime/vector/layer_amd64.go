//go:build !purego

package vector

// LayerSums512 adds up the fields of 16 nodes in 64 chains.
//
//go:noescape
func LayerSums512(a *Layer)
