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

// GPUs run the emitted CUDA of a program. Each has a process that loads the driver, and
// some of the chains.
type GPUs []*kernels

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

// NewGPUs starts the processes of a program, one for each device that has chains, with all
// chains in the initial state.
func NewGPUs(ctx context.Context, p *ir.Program, chains int, devices []int, o Options) (GPUs, error) {
	path, err := findGPUProgram()
	if err != nil {
		return nil, err
	}
	cache, err := openCache(o.CacheDir)
	if err != nil {
		return nil, err
	}
	jobs, err := cuda.NewJobs(p, chains, devices, cache.dir)
	if err != nil {
		return nil, err
	}
	var g GPUs
	for _, job := range jobs {
		k := &kernels{ctx: ctx, chains: job.Chains, nodes: p.Nodes, cmd: exec.CommandContext(ctx, path)}
		k.cmd.Env = keptEnvironment()
		g = append(g, k)
		err := k.begin()
		if err == nil {
			if e := gob.NewEncoder(k.in).Encode(job); e != nil {
				err = k.failed(e)
			}
		}
		if err == nil {
			err = k.ok()
		}
		if err == nil {
			err = k.ask(nil, "start")
		}
		if err != nil {
			g.Close()
			return nil, err
		}
	}
	cache.prune()
	return g, nil
}

// Sweep makes so many sweeps of all chains at a β, on all devices at once.
func (g GPUs) Sweep(sweeps int, beta float64) error {
	for _, k := range g {
		if err := k.beginSweep(sweeps, beta); err != nil {
			return err
		}
	}
	for _, k := range g {
		if err := k.ok(); err != nil {
			return err
		}
	}
	return nil
}

// States reads the states of all chains.
func (g GPUs) States() (all [][]int32, err error) {
	for _, k := range g {
		states, err := k.States()
		if err != nil {
			return nil, err
		}
		all = append(all, states...)
	}
	return all, nil
}

// Restore goes on from states before a sweep of this number.
func (g GPUs) Restore(states [][]int32, sweep uint64) error {
	for _, k := range g {
		if err := k.Restore(states[:k.chains], sweep); err != nil {
			return err
		}
		states = states[k.chains:]
	}
	return nil
}

// Close ends the processes.
func (g GPUs) Close() {
	for _, k := range g {
		k.end()
	}
}

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
