//go:build !arm64 || purego

package vector

// The kernels of arm64 are not here, and nothing calls them.

const armKernel = Portable

func ArsWords128(*Ars, uint32, *[2][64]uint32)       { panic("no kernel") }
func ArsNumbers128(*Ars, uint32, *[64]uint32)        { panic("no kernel") }
func PhiloxWords128(*Philox, uint32, *[2][64]uint32) { panic("no kernel") }
func PhiloxNumbers128(*Philox, uint32, *[64]uint32)  { panic("no kernel") }
func ArsPlanes128(*Planes, *ArsPlanes)               { panic("no kernel") }
func PhiloxPlanes128(*Planes, *PhiloxPlanes)         { panic("no kernel") }
func Digits128(*[2][64]uint32, *[4][64]uint16)       { panic("no kernel") }
