//go:build !amd64 || purego

package vector

// The kernels of amd64 are not here, and nothing calls them.

func detect() Kernel { return armKernel }

func PhiloxWords512(*Philox, uint32, *[2][64]uint32)  { panic("no kernel") }
func PhiloxWords256(*Philox, uint32, *[2][64]uint32)  { panic("no kernel") }
func PhiloxDigits512(*Philox, uint32, *[4][64]uint16) { panic("no kernel") }
func PhiloxDigits256(*Philox, uint32, *[4][64]uint16) { panic("no kernel") }
func PhiloxSpins512(*Philox, uint32, *SpinNoise)      { panic("no kernel") }
func PhiloxBytes512(*Philox, uint32, *SpinNoise)      { panic("no kernel") }
func ArsBytes512(*Ars, uint32, *SpinNoise)            { panic("no kernel") }
func PhiloxTies512(*SpinTies)                         { panic("no kernel") }
func ArsTies512(*SpinTies)                            { panic("no kernel") }
func SpinUpdate512(*Spins)                            { panic("no kernel") }
func ArsWords512(*Ars, uint32, *[2][64]uint32)        { panic("no kernel") }
func ArsWords256(*Ars, uint32, *[2][64]uint32)        { panic("no kernel") }
func ArsSpins512(*Ars, uint32, *SpinNoise)            { panic("no kernel") }
func PhiloxSpins256(*Philox, uint32, *SpinDigits)     { panic("no kernel") }
func ArsSpins256(*Ars, uint32, *SpinDigits)           { panic("no kernel") }
func ArsSlices512(*Slices, *SliceArs)                 { panic("no kernel") }
func ArsSlices1024(*Slices, *SliceArs)                { panic("no kernel") }
func ReadSlices512(*Slices, *SliceBytes)              { panic("no kernel") }
func ReadSlices1024(*Slices, *SliceBytes)             { panic("no kernel") }
func ReadWideSlices512(*Slices, *SliceBytes)          { panic("no kernel") }
func ReadWideSlices1024(*Slices, *SliceBytes)         { panic("no kernel") }
func ArsSliceBytes512(*SliceArs, uint32, *[512]uint8) { panic("no kernel") }
func ArsSliceBytes1024(*SliceArs, uint32, *[2][512]uint8) {
	panic("no kernel")
}
func ArsSliceDraws512(*SliceDraws, *SliceArs)      { panic("no kernel") }
func ReadSliceDraws512(*SliceDraws, *[512]uint8)   { panic("no kernel") }
func PhiloxSlices512(*Philox, uint32, *[512]uint8) { panic("no kernel") }
func SpinUpdate256(*Spins256)                      { panic("no kernel") }

func PhiloxSlots512(*SlotPhilox, uint32, *[2][SlotRun]uint16) { panic("no kernel") }
func ArsSlots512(*Ars, uint32, *[2][SlotRun]uint16)           { panic("no kernel") }
func SpinSlots512(*Slots)                                     { panic("no kernel") }

func Mix512(out, x, y *[64]float32, a, b float32)             { panic("no kernel") }
func SumTerms512(*[64]float32, float32, *float32, *Term, int) { panic("no kernel") }
func SubtractProducts512(sum *[64]float64, state *float32, weights *float64, stride int, at *int32, rows, k int) {
	panic("no kernel")
}
func Product512(*[64]float64, *float32, *int32, int)                       { panic("no kernel") }
func AddDraws512(*Draws)                                                   { panic("no kernel") }
func Totals512(totals *[8][4]float64, values *float64, stride, chains int) { panic("no kernel") }
func DenseWord512(*[64]float32, *float32, int, int, *[64]float32) {
	panic("no kernel")
}
func SiLURows512(*[64]float32, *[64]float32, int)                 { panic("no kernel") }
func MatVec512(*float64, int, *float64, *float64, int)            { panic("no kernel") }
func Outer512(*float64, *float64, int, *float64, int)             { panic("no kernel") }
func ArsPlanes512(*Planes, *ArsPlanes)                            { panic("no kernel") }
func PhiloxPlanes512(*Planes, *PhiloxPlanes)                      { panic("no kernel") }
func ArsPlanes256(*Planes, *ArsPlanes)                            { panic("no kernel") }
func PhiloxPlanes256(*Planes, *PhiloxPlanes)                      { panic("no kernel") }
func RunCode512(*Program[float32])                                { panic("no kernel") }
func RunWide512(*Program[float64])                                { panic("no kernel") }
func SubtractSigned512(*[64]float64, *uint64, *float64, int, int) { panic("no kernel") }
func SubtractSigned256(*[64]float64, *uint64, *float64, int, int) { panic("no kernel") }
func AddOctets512(*[64]float64, *[8]uint64, *[2][16]float64)      { panic("no kernel") }
func PlusProduct512(out, x, a, b *[64]float32)                    { panic("no kernel") }
func MinusProduct512(out, x, a, b *[64]float32)                   { panic("no kernel") }
func Infinite512(*[64]float32) uint64                             { panic("no kernel") }
func AddSquares512(*[64]float64, *[64]float32)                    { panic("no kernel") }
func SubtractSquares512(*[64]float64, *[64]float32)               { panic("no kernel") }
func DenseStart512(*[64]float32, *float32, int, int, *[64]float32, float32) {
	panic("no kernel")
}
func MulRows512(*[64]float32, *[64]float32, int)              { panic("no kernel") }
func SiLU512(*float64, *float64, int)                         { panic("no kernel") }
func CatUpdate512(*Cats)                                      { panic("no kernel") }
func CatUpdate256(*Cats)                                      { panic("no kernel") }
func ThetaUpdate512(*Thetas)                                  { panic("no kernel") }
func ThetaUpdate256(*Thetas)                                  { panic("no kernel") }
func SpinInputs512(*Inputs)                                   { panic("no kernel") }
func SpinInputs256(*Inputs)                                   { panic("no kernel") }
func LayerSums512(*Layer)                                     { panic("no kernel") }
func SumTerms256(*[64]float32, float32, *float32, *Term, int) { panic("no kernel") }
func Mix256(out, x, y *[64]float32, a, b float32)             { panic("no kernel") }

func PhiloxNumbers512(*Philox, uint32, *[64]uint32)             { panic("no kernel") }
func PhiloxNumbers256(*Philox, uint32, *[64]uint32)             { panic("no kernel") }
func ArsNumbers512(*Ars, uint32, *[64]uint32)                   { panic("no kernel") }
func ArsNumbers256(*Ars, uint32, *[64]uint32)                   { panic("no kernel") }
func Normals512(*NormalTable, *[64]uint32, *[64]float32) uint64 { panic("no kernel") }
func Normals256(*NormalTable, *[64]uint32, *[64]float32) uint64 { panic("no kernel") }
func PhiloxNormals512(*Philox, *PhiloxHead, int, uint32, *NormalTable, *[64]float32) bool {
	panic("no kernel")
}
func Langevin512(*float32, *int32, int, *[64]float32, *[64]float32, *[64]float32, float32, float32) uint64 {
	panic("no kernel")
}

func Dense512(sum *[64]float32, start *float32, x *[64]float32, matrix *float32, panels, n int) {
	panic("no kernel")
}
func Dense256(sum *[64]float32, start *float32, x *[64]float32, matrix *float32, panels, n int) {
	panic("no kernel")
}
func Follow512(out, x, slope, normal *[64]float32, n int, step, scale float32) uint64 {
	panic("no kernel")
}
