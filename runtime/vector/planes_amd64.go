//go:build !purego

package vector

// ArsPlanes512 updates a run of nodes with planes of ARS-5.
//
//go:noescape
func ArsPlanes512(a *Planes, k *ArsPlanes)

// PhiloxPlanes512 updates a run of nodes with planes of Philox4x32.
//
//go:noescape
func PhiloxPlanes512(a *Planes, k *PhiloxPlanes)

// ArsPlanes256 and PhiloxPlanes256 do the same in AVX2.
//
//go:noescape
func ArsPlanes256(a *Planes, k *ArsPlanes)

//go:noescape
func PhiloxPlanes256(a *Planes, k *PhiloxPlanes)
