package compile

import (
	"context"
	"encoding/gob"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/cuda"
)

// A GPU runs the emitted CUDA of a program, in the process that has the driver.
type GPU struct{ kernels }

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

// kept are the variables that reach the driver and the compiler: others change what they do.
var kept = []string{"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "THRML_CUDA_DRIVER", "THRML_NVRTC"}

func keptEnvironment() []string {
	var list []string
	for _, name := range kept {
		if v, ok := os.LookupEnv(name); ok {
			list = append(list, name+"="+v)
		}
	}
	return list
}

// NewGPU starts the process of a program with all chains in the initial state.
func NewGPU(ctx context.Context, p *ir.Program, chains int, o Options) (*GPU, error) {
	path, err := findGPUProgram()
	if err != nil {
		return nil, err
	}
	cache, err := openCache(o.CacheDir)
	if err != nil {
		return nil, err
	}
	job, err := cuda.NewJob(p, chains, cache.dir)
	if err != nil {
		return nil, err
	}
	g := &GPU{kernels{ctx: ctx, chains: chains, nodes: p.Nodes, cmd: exec.CommandContext(ctx, path)}}
	g.cmd.Env = keptEnvironment()
	if err := g.begin(); err != nil {
		return nil, err
	}
	err = gob.NewEncoder(g.in).Encode(job)
	if err == nil {
		err = g.ok()
	} else {
		err = g.failed(err)
	}
	if err == nil {
		err = g.ask(nil, "start")
	}
	if err != nil {
		g.Close()
		return nil, err
	}
	cache.prune()
	return g, nil
}

// Close ends the process.
func (g *GPU) Close() { g.end() }

// FindGPU is the name of the GPU that the driver gives, or why there is none.
func FindGPU(ctx context.Context) (string, error) {
	path, err := findGPUProgram()
	if err != nil {
		return "", err
	}
	k := kernels{ctx: ctx, cmd: exec.CommandContext(ctx, path, "--name")}
	k.cmd.Env, k.cmd.Stderr = keptEnvironment(), &k.said
	out, err := k.cmd.Output()
	if err != nil {
		return "", k.failed(err)
	}
	return strings.TrimSpace(string(out)), nil
}
