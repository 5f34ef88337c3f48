package vector

import "fmt"

// Kernel names the code that does the work. It changes no sample.
type Kernel uint8

const (
	Automatic Kernel = iota // the best one that the processor runs
	Portable                // Go
	AVX2                    // with AES, BMI2 and FMA: Haswell, Zen and later
	AVX512                  // F, BW, DQ, VL, VBMI, VBMI2, GFNI and VAES: Ice Lake, Zen 4 and later
)

var kernelNames = [...]string{"automatic", "portable", "avx2", "avx512"}

func (k Kernel) String() string { return kernelNames[k] }

// ParseKernel is the kernel of a name.
func ParseKernel(name string) (Kernel, error) {
	for k, n := range kernelNames {
		if n == name {
			return Kernel(k), nil
		}
	}
	return 0, fmt.Errorf("kernel %q: portable, avx2, avx512 or automatic is needed", name)
}

// ChooseKernel resolves Automatic and refuses a kernel that the processor does not run.
func ChooseKernel(k Kernel) (Kernel, error) {
	switch {
	case k == Automatic:
		return bestKernel, nil
	case k > bestKernel:
		return 0, fmt.Errorf("%v is not for this processor, which runs %v", k, bestKernel)
	}
	return k, nil
}

var bestKernel = detect()
