//go:build !amd64 || purego

package vector

// There are no kernels here, and nothing calls them.

func detect() Kernel { return Portable }

func PhiloxWords512(*Philox, uint32, *[2][64]uint32)  { panic("no kernel") }
func PhiloxWords256(*Philox, uint32, *[2][64]uint32)  { panic("no kernel") }
func PhiloxDigits512(*Philox, uint32, *[4][64]uint16) { panic("no kernel") }
func PhiloxDigits256(*Philox, uint32, *[4][64]uint16) { panic("no kernel") }
func PhiloxSpins512(*Philox, uint32, *SpinNoise)      { panic("no kernel") }
func SpinUpdate512(*Spins)                            { panic("no kernel") }
func ArsWords512(*Ars, uint32, *[2][64]uint32)        { panic("no kernel") }
func ArsWords256(*Ars, uint32, *[2][64]uint32)        { panic("no kernel") }
func ArsSpins512(*Ars, uint32, *SpinNoise)            { panic("no kernel") }
func ArsPlanes512(*Planes, *ArsPlanes)                { panic("no kernel") }
func PhiloxPlanes512(*Planes, *PhiloxPlanes)          { panic("no kernel") }
