package device

import (
	"slices"
	"strings"
	"testing"
)

// Variables that change what compilers and drivers do stay outside.
func TestEnvironment(t *testing.T) {
	t.Setenv("LD_LIBRARY_PATH", "/opt/cuda/lib64")
	for _, name := range []string{"LD_PRELOAD", "NVCC_APPEND_FLAGS", "NVRTC_OPTIONS", "CUDA_FORCE_PTX_JIT", "CUDA_INJECTION64_PATH"} {
		t.Setenv(name, "hostile")
	}
	list := Environment()
	if !slices.Contains(list, "LD_LIBRARY_PATH=/opt/cuda/lib64") || strings.Contains(strings.Join(list, "\n"), "hostile") {
		t.Error(list)
	}
}
