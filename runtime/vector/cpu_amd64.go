//go:build !purego

package vector

func cpuid(leaf, subleaf uint32) (a, b, c, d uint32)

func xgetbv() uint32

// detect asks the processor for its instructions and the system for the registers
// it saves.
func detect() Kernel {
	const (
		osxsave = 1 << 27
		avx     = 1 << 28
		ymm     = 1<<1 | 1<<2
		zmm     = ymm | 1<<5 | 1<<6 | 1<<7

		avx2 = 1 << 5
		bmi  = 1<<3 | 1<<8                           // BMI1, BMI2
		wide = 1<<16 | 1<<17 | 1<<30 | 1<<31         // F, DQ, BW, VL
		more = 1<<1 | 1<<6 | 1<<8 | 1<<9             // VBMI, VBMI2, GFNI, VAES
		both = avx | osxsave | 1<<12 | 1<<23 | 1<<25 // and FMA, POPCNT, AES
	)
	top, _, _, _ := cpuid(0, 0)
	if top < 7 {
		return Portable
	}
	_, _, c1, _ := cpuid(1, 0)
	if c1&both != both || xgetbv()&ymm != ymm {
		return Portable
	}
	_, b7, c7, _ := cpuid(7, 0)
	switch {
	case b7&(avx2|bmi) != avx2|bmi:
		return Portable
	case b7&wide == wide && c7&more == more && xgetbv()&zmm == zmm:
		return AVX512
	}
	return AVX2
}
