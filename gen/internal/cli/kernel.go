package cli

import (
	"github.com/spf13/pflag"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// kernelFlag is the flag --kernel.
type kernelFlag struct {
	name   string
	kernel vector.Kernel
}

var kernelNames = []string{"automatic", "portable", "neon", "avx2", "avx512"}

func (k *kernelFlag) flag(f *pflag.FlagSet) {
	f.StringVar(&k.name, "kernel", "automatic", "instructions to use: automatic, portable, neon, avx2 or avx512; it changes no sample")
}

// choose refuses an unknown kernel and one that this processor does not run.
func (k *kernelFlag) choose() error {
	asked, err := vector.ParseKernel(k.name)
	if err != nil {
		return unknownWord("--kernel", k.name, kernelNames)
	}
	if k.kernel, err = vector.ChooseKernel(asked); err != nil {
		return usage("--kernel %s: %v", k.name, err)
	}
	return nil
}
