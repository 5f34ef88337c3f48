//go:build linux && (amd64 || arm64)

package gpu

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/models"
	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/targets/cuda"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

const rbmText = "model: rbm\nrbm: {visible: 784, hidden: 500, weights: {normal: [0, 0.05], seed: 1}, visible_biases: {normal: [0, 0.1], seed: 2}}\n"

// compiledModels has a model for each kernel; an unrolled one of the largest size.
var compiledModels = []struct{ name, kernel, text string }{
	{"ising2d", "lattice", "model: ising2d\nvariables: {s: {kind: spin, shape: [64, 64]}}\nfactors: [{over: [s, s], edges: {torus: s}, weights: 0.44}]\nformat: {planes: 12, rng: philox7, budget: 0.01}"},
	{"pegasus14", "swar", "pegasus14.yaml\nformat: fast\n"},
	{"open3d", "lattice", "model: open3d\nvariables: {s: {kind: spin, shape: [32, 32, 32]}}\nfactors: [{over: [s, s], edges: {grid: s}, weights: {signs: 1.0, seed: 1}}]\nformat: {planes: 12, rng: philox7, budget: 0.01}"},
	{"pegasus14", "mma", "pegasus14.yaml\nformat: fast\n"},
	{"pegasus14 fine", "mma", "pegasus14.yaml\nformat: {fraction: 12, threshold_bits: 16, budget: 0.0015}\n"},
	{"rbm", "mma", rbmText + "format: fast"},
	{"rbm with runtime weights", "table", rbmText + "runtime: true"},
	{"potts20", "table", "potts20.yaml"},
	{"gaussian", "table", "grid_gaussian.yaml"},
	{"langevin", "table", "harmonic.yaml"},
	{"networks by hmc", "table", "model: networks\nvariables: {s: {kind: spin, shape: [4]}, k: {kind: categorical, states: 3}, x: {kind: continuous, shape: [6]}}\nfactors:\n" +
		"  - {over: {u: x}, index: all, energy: \"u^2 + 0.3*cos(u)\"}\n" +
		"  - {over: {u: x, v: x}, index: [[0, 1], [1, 2], [2, 3]], scale: 3, energy: {mlp: {input: [u, v], hidden: [64, 64], activation: silu, seed: 1}}}\n" +
		"  - {over: {u: x, v: x, p: s}, index: [[3, 4, 0], [5, 4, 1]], scale: 3, energy: {mlp: {input: [v, p, u], hidden: [32, 32], activation: tanh, seed: 2}}}\n" +
		"  - {over: {c: k, u: x}, index: [[0, 2]], energy: \"W[c]*tanh(u)\", params: {W: [0.5, -1, 0.2]}}\n" +
		"dynamics: {hmc: {over: x, step_size: 0.3, steps: 3, adapt: 0.8}}\n"},
	{"spins 10x10", "unrolled", "model: spins\nvariables: {s: {kind: spin, shape: [10, 10]}}\nfactors: [{over: [s, s], edges: {torus: s}, weights: {normal: [0, 0.5], seed: 1}}]"},
	{"potts 4x5", "unrolled", "model: potts\nvariables: {x: {kind: categorical, states: 5, shape: [4, 5]}}\nfactors: [{over: [x, x], edges: {torus: x}, weights: {identity: 1.0}}]"},
}

func compiledProgram(b *testing.B, text string) *ir.Program {
	b.Helper()
	if name, more, ok := strings.Cut(text, ".yaml"); ok {
		file, err := fs.ReadFile(models.FS(), name+".yaml")
		if err != nil {
			b.Fatal(err)
		}
		text = string(file) + more
	}
	p, _ := targettest.Parse(text)
	return p
}

// processor is what this process, or one that it waited for, has had of processors.
func processor(b *testing.B, who int) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Seconds of a processor that NVRTC and nvcc take for sm_90.
func BenchmarkCompile(b *testing.B) {
	b.Setenv("THRML_NVRTC", testtool.Need(b, "nvrtc"))
	nvcc := testtool.Need(b, "nvcc")
	c, err := OpenCompiler()
	if err != nil {
		b.Fatal(err)
	}
	for _, x := range compiledModels {
		p := compiledProgram(b, x.text)
		k, err := cuda.New(emit.Request{Program: p, Kernel: x.kernel})
		if err != nil {
			b.Fatal(err)
		}
		dir := b.TempDir()
		source := &Source{p.Model, k.Source, cuda.Headers(p), dir}
		for _, f := range append([]emit.File{{Path: "k.cu", Data: k.Source}}, source.Headers...) {
			if err := os.WriteFile(filepath.Join(dir, f.Path), f.Data, 0o666); err != nil {
				b.Fatal(err)
			}
		}
		for tool, compile := range map[string]func() error{
			"nvrtc": func() error { _, err := c.make(source, "sm_90"); return err },
			"nvcc": func() error {
				cmd := exec.Command(nvcc, "-cubin", "-O3", "-std=c++17", "-fmad=false", "-arch", "sm_90", "k.cu", "-o", "k.cubin")
				cmd.Dir, cmd.Stderr = dir, new(bytes.Buffer)
				return cmd.Run()
			},
		} {
			b.Run(x.kernel+"/"+strings.ReplaceAll(x.name, " ", "_")+"/"+tool, func(b *testing.B) {
				before := processor(b, syscall.RUSAGE_SELF) + processor(b, syscall.RUSAGE_CHILDREN)
				for range b.N {
					if err := compile(); err != nil {
						b.Fatal(err)
					}
				}
				took := processor(b, syscall.RUSAGE_SELF) + processor(b, syscall.RUSAGE_CHILDREN) - before
				b.ReportMetric(took.Seconds()/float64(b.N), "cpu-s/op")
			})
		}
	}
}

// What new weights of a restricted Boltzmann machine of 784 and 500 spins take before they
// are copied to a device.
func BenchmarkNewWeights(b *testing.B) {
	p := compiledProgram(b, rbmText+"runtime: true")
	v := &device.Version{Chains: 100, LeastBeta: 1, Weights: make([][]float64, len(p.Factors))}
	for i := range p.Factors {
		v.Weights[i] = p.Factors[i].Weights
	}
	versions := cuda.Versions{Program: p}
	if _, _, err := versions.Kernels(v); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := versions.Kernels(v); err != nil {
			b.Fatal(err)
		}
	}
}
