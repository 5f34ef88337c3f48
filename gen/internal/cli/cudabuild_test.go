//go:build unix

package cli

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/compile"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
)

// arrays are the contents of a result or state file, but for what tells the target.
func arrays(t *testing.T, file string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	list := map[string]string{}
	for _, f := range z.File {
		if f.Name != "meta.npy" {
			list[f.Name] = string(entry(t, file, f.Name))
		}
	}
	return list
}

func sameArrays(t *testing.T, what, a, b string) {
	t.Helper()
	x, y := arrays(t, a), arrays(t, b)
	if len(x) != len(y) || len(x) == 0 {
		t.Errorf("%s: %d arrays, and %d", what, len(x), len(y))
	}
	for name := range x {
		if x[name] != y[name] {
			t.Errorf("%s: %s differs", what, name)
		}
	}
}

// A program built for GPUs has the flags and the results of one for CPUs: the library in
// place of a driver runs its kernels, with weights, β, a clamp and annealing as data, on
// several devices, in a run that goes on, and through a pipe. Where the GPU fails it exits with 4.
func TestBuildCUDA(t *testing.T) {
	gxx, nvrtc := testtool.Need(t, "g++"), testtool.Need(t, "nvrtc")
	plain := filepath.Join(glassFolder(t), "glass")
	if err := compile.CheckGPUSystem(compile.Options{}); err != nil {
		t.Skip("SKIPPED: ", err)
	}
	model := filepath.Join(filepath.Dir(plain), "model.yaml")
	gpuProgram(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	thrmlgen(t, exitDone, "build", model, "--target", "cuda", "-o", in("glass"), "--quiet")
	thrmlgen(t, exitDone, "gen", model, "--target", "cuda", "--out", in("src"), "--quiet")
	thrmlgen(t, exitDone, "gen", model, "--target", "cuda", "--out", in("clamped"), "--quiet", "--set", `clamp={"s[0,0]": 1, "x[2]": 0}`)
	t.Setenv("THRML_NVRTC", nvrtc)
	thrmlgen(t, exitDone, "gen", model, "--target", "cuda", "--out", in("hot"), "--quiet", "--set", "beta=0.5", "--set", `format={"fraction": 13}`)
	driver, clamped, hot := fakeDriver(t, gxx, in("src"), "glass", "0"), fakeDriver(t, gxx, in("clamped"), "glass", "0"), fakeDriver(t, gxx, in("hot"), "glass", "0")
	run := func(driver string, args ...string) {
		t.Helper()
		t.Setenv("THRML_CUDA_DRIVER", driver)
		line := "--samples 6 --warmup 4 --quiet --out DIRr.npz " + strings.Join(args, " ")
		for program, folder := range map[string]string{plain: in("go-"), in("glass") + " --devices 2,0": in("gpu-")} {
			words := strings.Fields(program + " " + strings.ReplaceAll(line, "DIR", folder))
			if got := start(t, dir, words[0], words[1:]...); got.exit != 0 {
				t.Fatalf("%q: %+v", words, got)
			}
		}
		sameArrays(t, line, in("go-r.npz"), in("gpu-r.npz"))
	}
	npyOf(t, in("w.npy"), []int{25}, slices.Repeat([]float64{0.25}, 25))
	run(driver, "--chains", "45", "--state", "DIRs.npz")
	run(driver, "--chains", "45", "--resume", "DIRs.npz")
	run(driver, "--weights", "h="+in("w.npy"), "--beta", "1.5")
	run(hot, "--beta", "0.5")
	run(clamped, "--clamp", "x[2]=0", "--seed", "5")
	t.Setenv("THRML_CUDA_DRIVER", driver)
	sides := []*pipeline{openPipe(t, plain, "--serve"), openPipe(t, in("glass"), "--serve", "--devices", "1")}
	for _, command := range []string{`{"cmd":"run","chains":9,"samples":3,"warmup":2}`, `{"cmd":"run","samples":3,"beta":1.25,"resume":true}`} {
		_, a := sides[0].ask(command)
		if _, b := sides[1].ask(command); len(a) == 0 || !bytes.Equal(a, b) {
			t.Errorf("%s: arrays differ", command)
		}
	}
	for _, x := range []struct{ fail, driver, want string }{
		{"", in("none.so"), "the NVIDIA driver is not found; looked for " + in("none.so")},
		{"1", "", "no GPU that can be used: cuInit: CUDA_ERROR_NO_DEVICE (100)"},
		{"7", "", "kernels on a GPU of the tests: CUDA_ERROR_LAUNCH_FAILED (719)"},
	} {
		if x.fail != "" {
			x.driver = fakeDriver(t, gxx, in("src"), "glass", x.fail)
		}
		t.Setenv("THRML_CUDA_DRIVER", x.driver)
		before, err := os.ReadFile(in("gpu-r.npz"))
		if err != nil {
			t.Fatal(err)
		}
		got := start(t, dir, in("glass"), "--out", in("gpu-r.npz"))
		if got.exit != 4 || !strings.HasPrefix(got.stderr, "glass: "+x.want) {
			t.Errorf("%s: %+v", x.fail, got)
		}
		if after, _ := os.ReadFile(in("gpu-r.npz")); !bytes.Equal(before, after) {
			t.Errorf("%s: the result before is gone", x.fail)
		}
	}
	if got := start(t, dir, in("glass"), "--devices", "1,1"); got.exit != exitUsage || !strings.Contains(got.stderr, "--devices \"1,1\": a list of numbers of GPUs, each once, such as 0,1") {
		t.Errorf("%+v", got)
	}
}

// What no program for a GPU is built of is refused before anything is compiled.
func TestBuildCUDARefuses(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	out := filepath.Join(t.TempDir(), "b")
	for _, x := range []struct {
		exit       int
		args, want string
	}{
		{3, "models/mixed --target cuda --set format=hardware", "a generator of hardware"},
		{exitUsage, "models/mixed --target verilog", "go or cuda"},
		{exitUsage, "models/mixed --target cuda --devices 1", "unknown flag: --devices"},
	} {
		if _, errs := thrmlgen(t, x.exit, append([]string{"build", "-o", out}, strings.Fields(x.args)...)...); !strings.Contains(errs, x.want) {
			t.Errorf("%s: %s", x.args, errs)
		}
	}
	err := compile.CheckGPUSystem(compile.Options{OS: "darwin", Arch: "arm64"})
	if err == nil || err.Error() != "GPUs are driven on Linux alone, on amd64 and arm64, not on darwin/arm64" {
		t.Error(err)
	}
}

const deviceTraining = `model: %s
%s
runtime: true
sample: {chains: 9, warmup: 3, samples: 4, steps_per_sample: 2, seed: 4}
train: {data: {bernoulli: 0.3, rows: 10, seed: 1}, visible: v, batch: 4, epochs: 2, seed: 9, learning_rate: 0.1}
`

// Weights that kernels train are those that the table engine trains, byte for byte: with
// batches of two sizes, every loss and start, clamps, a score, and in a run that goes on.
func TestTrainShim(t *testing.T) {
	testtool.Need(t, "g++")
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, x := range map[string]struct {
		model string
		sets  []string
	}{
		"rbm": {"rbm: {visible: 6, hidden: 4, weights: {normal: [0, 0.1], seed: 1}, visible_biases: {normal: [0, 0.1], seed: 2}, hidden_biases: 0.0}",
			[]string{"train.loss=kl", `train={"data": {"bernoulli": 0.3, "rows": 8, "seed": 1}, "visible": "v", "batch": 4, "epochs": 3, "loss": "cd", "k": 2, "start": "data"}`}},
		"glass": {`variables: {v: {kind: spin, shape: [6]}, w: {kind: spin, shape: [4]}, x: {kind: categorical, states: 3}, y: {kind: continuous, shape: [2]}}
factors:
  - {over: {u: y}, index: all, energy: "u^2"}
  - {name: n, over: [v, y], index: [[0, 0], [1, 1]], weights: 0.2}
  - {name: j, over: [v, v], index: pairs, weights: {normal: [0, 0.3], seed: 1}}
  - {name: c, over: [v, w], index: [[0, 0], [1, 1], [2, 2], [3, 3], [4, 0], [5, 1]], weights: {normal: [0, 0.3], seed: 2}}
  - {name: t, over: [w, x], index: [[0, 0], [3, 0]], weights: [[0.5, -0.7, 0.1], [-0.3, 0.2, 0.9]]}
clamp: {"w[1]": -1}`, []string{"train.start=persistent"}},
		"numbers": {`variables: {v: {kind: spin, shape: [6]}, x: {kind: continuous, shape: [3]}, z: {kind: continuous}}
factors:
  - {name: own, over: {u: x}, index: all, energy: "0.5*a*(u - m)^2", params: {a: [1, 2, 1.5], m: [0, 0, 0]}}
  - {name: bump, over: {u: z}, index: all, energy: "0.5*u^2 + c*cos(u)", params: {c: [0.3]}}
  - {name: j, over: [v, x], index: [[0, 0], [1, 0], [2, 1], [3, 1], [4, 2], [5, 2]], weights: {normal: [0, 0.3], seed: 2}}
  - {name: k, over: [x, z], index: [[0, 0], [2, 0]], weights: 0.2}
update: {z: slice}
dynamics: {hmc: {over: x, step_size: 0.4, steps: 2, adapt: 0.8}}`, []string{"train.start=persistent"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(strings.Replace(deviceTraining, "%s", name, 1), "%s", x.model, 1)
			if err := os.WriteFile(in(name+".yaml"), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			for _, set := range x.sets {
				args := []string{"train", in(name + ".yaml"), "--quiet", "--set", set}
				thrmlgen(t, exitDone, append(args, "--out", in("table.npz"))...)
				thrmlgen(t, exitDone, append(args, "--out", in("part.npz"), "--epochs", "1", "--checkpoint", in("c.npz"))...)
				thrmlgen(t, exitDone, append(args, "--out", in("shim.npz"), "--target", "shim")...)
				sameArrays(t, set, in("table.npz"), in("shim.npz"))
				thrmlgen(t, exitDone, append(args, "--out", in("shim.npz"), "--target", "shim", "--resume", in("c.npz"))...)
				sameArrays(t, set+", going on", in("table.npz"), in("shim.npz"))
			}
		})
	}
}

// What cannot be trained on a GPU is refused, and where none is at hand the weights of
// before stay.
func TestTrainCUDARefuses(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv("XDG_CACHE_HOME", dir)
	model, weights := filepath.Join(dir, "m.yaml"), filepath.Join(dir, "w.npz")
	text := strings.Replace(strings.Replace(deviceTraining, "%s", "m", 1), "%s", "rbm: {visible: 6, hidden: 4}", 1)
	for file, data := range map[string]string{model: text, weights: "old"} {
		if err := os.WriteFile(file, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []struct {
		exit       int
		args, want string
	}{
		{4, "--target cuda", "thrmlgen-gpu, which drives GPUs, is not found"},
		{4, "--target shim", "no compiler of C++ is found"},
		{3, "--target cuda --set format=hardware", "a generator of hardware"},
		{exitUsage, "--target cuda --devices 0,0", "names the GPU 0 twice"},
		{exitUsage, "--devices 1", "--devices is for the target cuda, not table"},
		{exitUsage, "--target interp", "table, cuda or shim"},
	} {
		if _, errs := thrmlgen(t, x.exit, append([]string{"train", model, "--out", weights}, strings.Fields(x.args)...)...); !strings.Contains(errs, x.want) {
			t.Errorf("%s: %s", x.args, errs)
		}
	}
	if left, _ := os.ReadFile(weights); string(left) != "old" {
		t.Errorf("the old weights are %q", left)
	}
}
