package compile

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/device"
)

// gpuProgram is the program that loads the driver and NVRTC.
const gpuProgram = "thrmlgen-gpu"

// findGPUProgram looks for it beside this program, then on the PATH. None is a *ToolError.
func findGPUProgram() (string, error) {
	where := "the PATH"
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), gpuProgram)
		if path, err := exec.LookPath(beside); err == nil {
			return path, nil
		}
		where = filepath.Dir(self) + " and on the PATH"
	}
	path, err := exec.LookPath(gpuProgram)
	if err != nil {
		return "", &ToolError{gpuProgram + ", which drives GPUs, is not found; looked in " + where,
			"go install github.com/thrmlgen/thrmlgen/gen/cmd/" + gpuProgram + "@latest, or use --target go: the samples are the same"}
	}
	return path, nil
}

// NewGPUs starts the processes of a program, one for each device. Chains come with Load.
func NewGPUs(ctx context.Context, p *ir.Program, devices []int, o Options) (*device.GPUs, error) {
	path, err := findGPUProgram()
	if err != nil {
		return nil, err
	}
	cache, err := openCache(o.CacheDir)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := ir.Fprint(&text, p); err != nil {
		return nil, err
	}
	g, err := device.Open(ctx, device.Setup{Helper: path, Program: text.Bytes(), Nodes: p.Nodes, Cache: cache.dir, Devices: devices})
	cache.prune()
	return g, err
}

// FindGPU is the name of the GPU that the driver gives, or why there is none.
func FindGPU(ctx context.Context) (string, error) {
	path, err := findGPUProgram()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, path, "--name")
	cmd.Env = device.Environment()
	out, err := cmd.Output()
	var said *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case errors.As(err, &said) && len(said.Stderr) > 0:
		return "", errors.New(lastOf(said.Stderr))
	}
	return strings.TrimSpace(string(out)), err
}
