package vector

import (
	"fmt"
	"slices"
)

// Kernel names the code that does the work. It changes no sample.
type Kernel uint8

const (
	Automatic Kernel = iota // the best one that the processor runs
	Portable                // Go
	NEON                    // arm64
	AVX2                    // with AES, BMI2 and FMA: Haswell, Zen and later
	AVX512                  // F, BW, DQ, VL, VBMI, VBMI2, GFNI and VAES: Ice Lake, Zen 4 and later
)

var kernelNames = [...]string{"automatic", "portable", "neon", "avx2", "avx512"}

func (k Kernel) String() string { return kernelNames[k] }

// ParseKernel is the kernel of a name.
func ParseKernel(name string) (Kernel, error) {
	for k, n := range kernelNames {
		if n == name {
			return Kernel(k), nil
		}
	}
	return 0, fmt.Errorf("kernel %q: portable, neon, avx2, avx512 or automatic is needed", name)
}

// Kernels are those that the processor runs, the best one last.
func Kernels() []Kernel {
	switch bestKernel {
	case AVX512:
		return []Kernel{Portable, AVX2, AVX512}
	case Portable:
		return []Kernel{Portable}
	}
	return []Kernel{Portable, bestKernel}
}

// ChooseKernel resolves Automatic and refuses a kernel that the processor does not run.
func ChooseKernel(k Kernel) (Kernel, error) {
	switch {
	case k == Automatic:
		return bestKernel, nil
	case !slices.Contains(Kernels(), k):
		return 0, fmt.Errorf("%v is not for this processor, which runs %v", k, bestKernel)
	}
	return k, nil
}

var bestKernel = detect()
