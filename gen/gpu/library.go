//go:build linux && (amd64 || arm64)

package gpu

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ebitengine/purego"
)

// Where a library is looked for, unless an environment variable names its file. The
// loader knows the folders of the system.
type places struct {
	what, variable, install string
	names                   []string
}

var (
	driverPlaces = places{"the NVIDIA driver", "THRML_CUDA_DRIVER", "install the driver of the GPU",
		[]string{"libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1"}}
	nvrtcPlaces = places{"NVRTC, which compiles kernels,", "THRML_NVRTC", "install the CUDA toolkit or the package nvidia-cuda-nvrtc of PyPI and name its libnvrtc.so in THRML_NVRTC",
		[]string{"libnvrtc.so.13", "libnvrtc.so.12", "/usr/local/cuda/lib64/libnvrtc.so.13", "/usr/local/cuda/lib64/libnvrtc.so.12"}}
)

// library is one that is loaded. Its calls panic with a failure, which Serve turns into an error.
type library struct {
	handle uintptr
	path   string
}

// open loads the first library that is there.
func (p places) open() (*library, error) {
	names := p.names
	if one := os.Getenv(p.variable); one != "" {
		names = []string{one}
	}
	var why []string
	for _, name := range names {
		if strings.Contains(name, "nvrtc") && filepath.IsAbs(name) {
			openBuiltins(filepath.Dir(name))
		}
		handle, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_GLOBAL)
		if err == nil {
			return &library{handle, name}, nil
		}
		why = append(why, err.Error())
	}
	return nil, fmt.Errorf("%s is not found; looked for %s (%s); %s, or use --target go: the samples are the same",
		p.what, strings.Join(names, ", "), strings.Join(why, "; "), p.install)
}

// openBuiltins loads a library that NVRTC looks for by name, in no folder of its own.
func openBuiltins(dir string) {
	found, _ := filepath.Glob(filepath.Join(dir, "libnvrtc-builtins.so*"))
	for _, name := range found {
		if !strings.Contains(name, ".alt.") {
			purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_GLOBAL) // NVRTC says it if it lacks
		}
	}
}

// functions binds names to variables of function types.
func (l *library) functions(list map[string]any) error {
	for name, f := range list {
		symbol, err := purego.Dlsym(l.handle, name)
		if err != nil {
			return fmt.Errorf("%s is too old: it has no %s; update it, or use --target go: the samples are the same", l.path, name)
		}
		purego.RegisterFunc(f, symbol)
	}
	return nil
}
