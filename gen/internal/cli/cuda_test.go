package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
)

// gpuProgram builds thrmlgen-gpu, without cgo, and puts it on the PATH.
func gpuProgram(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("GPUs are driven on Linux alone")
	}
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", bin, "github.com/thrmlgen/thrmlgen/gen/cmd/thrmlgen-gpu")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
}

// fakeDriver compiles a library with the driver's functions that runs the kernels of a
// model over the shim; it stands in for a GPU, whose code it does not run. There is a copy for
// everything that can fail, see driver.cpp.
func fakeDriver(t *testing.T, gxx, dir, model, fail string) string {
	t.Helper()
	source := filepath.Join(testtool.Root(t), "gen", "gpu", "testdata", "driver.cpp")
	lib := filepath.Join(dir, "driver0.so")
	if _, err := os.Stat(lib); err != nil {
		args := []string{"-shared", "-fPIC", "-Og", "-std=c++17", "-ffp-contract=off", "-DTHRML_SHIM", "-I" + dir,
			`-DKERNELS="` + model + `.cu"`, "-DMODEL=" + model, source, "-o", lib}
		if bytes.Contains(fileBytes(t, filepath.Join(dir, model+".cu")), []byte(" "+model+"_means(")) {
			args = append(args, "-DMEANS")
		}
		if out, err := exec.Command(gxx, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if fail == "0" {
		return lib
	}
	failing := filepath.Join(dir, "driver"+fail+".so")
	if err := os.Link(lib, failing); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	return failing
}

// The target cuda, as far as it can be held without a GPU: NVRTC compiles the kernels for
// sm_90, and a library in place of the driver takes the host's calls and runs the kernels
// over the shim. Each kernel gives the samples of the table engine, in a run that goes on
// too; the machine code is kept, for other runtime weights too.
func TestCUDATargetWithoutGPU(t *testing.T) {
	gxx, nvrtc := testtool.Need(t, "g++"), testtool.Need(t, "nvrtc")
	gpuProgram(t)
	spins := strings.ReplaceAll(mixedAnnealed, ", x: {kind: categorical, states: 3}", "")
	spins = strings.ReplaceAll(spins, "  - {over: [s, x], index: [[0, 0], [5, 0]], weights: [[0.5, -0.7, 0.1], [-0.3, 0.2, 0.9]]}\n", "")
	for kernel, text := range map[string]string{
		"table":    mixedAnnealed + "runtime: true\n",
		"unrolled": mixedAnnealed,
		"moves":    strings.NewReplacer("model: stepped", "model: tor", "chains: 70", "chains: 41", "samples: 100", "samples: 4").Replace(steppedModel),
		"swar":     spins + "format: fast\n",
		"mma":      strings.Replace(spins, "torus: s", "complete: s", 1) + "format: {fraction: 8, threshold_bits: 16, budget: 0.9}\n",
		"lattice":  strings.Replace(spins, "normal: [0, 0.5]", "signs: 0.5", 1) + "format: {planes: 9, budget: 0.9}\n",
	} {
		t.Run(kernel, func(t *testing.T) {
			dir := t.TempDir()
			in := func(name string) string { return filepath.Join(dir, name) }
			if err := os.WriteFile(in("m.yaml"), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			thrmlgen(t, exitDone, "gen", in("m.yaml"), "--target", "cuda", "--out", in("src"), "--quiet")
			named := sourceOf(t, in("m.yaml"), strings.Replace(kernel, "moves", "table", 1))
			if source, err := os.ReadFile(in("src/tor.cu")); err != nil || !bytes.Equal(source, named) {
				t.Errorf("another kernel than %s is chosen, %v", kernel, err)
			}
			t.Setenv("THRML_CUDA_DRIVER", fakeDriver(t, gxx, in("src"), "tor", "0"))
			t.Setenv("THRML_NVRTC", nvrtc)
			if out, _ := thrmlgen(t, exitDone, "verify", in("m.yaml"), "--targets", "interp,cuda", "--sweeps", "12"); !strings.Contains(out, "interp, cuda agree in every bit: 12 sweeps, 41 chains") {
				t.Error(out)
			}
			for _, target := range []string{"cuda", "table"} {
				args := []string{"run", in("m.yaml"), "--quiet", "--target", target}
				thrmlgen(t, exitDone, append(args, "--out", in(target+".npz"), "--state", in(target+"-state.npz"))...)
				thrmlgen(t, exitDone, append(args, "--resume", in(target+"-state.npz"), "--out", in(target+"-more.npz"))...)
			}
			for _, name := range []string{".npz", "-more.npz"} {
				sameArrays(t, name, in("cuda"+name), in("table"+name))
			}
			thrmlgen(t, exitDone, "run", in("m.yaml"), "--quiet", "--target", "cuda", "--devices", "2,0,1", "--chains", "530", "--set", "observe=[energy,moments,magnetisation]", "--out", in("three.npz"), "--state", in("three-state.npz"))
			thrmlgen(t, exitDone, "run", in("m.yaml"), "--quiet", "--chains", "530", "--set", "observe=[energy,moments,magnetisation]", "--out", in("one.npz"))
			thrmlgen(t, exitDone, "run", in("m.yaml"), "--quiet", "--target", "cuda", "--devices", "1,2", "--chains", "530", "--resume", in("three-state.npz"), "--out", in("two-more.npz"))
			thrmlgen(t, exitDone, "run", in("m.yaml"), "--quiet", "--chains", "530", "--resume", in("three-state.npz"), "--out", in("one-more.npz"))
			for a, b := range map[string]string{"three.npz": "one.npz", "two-more.npz": "one-more.npz"} {
				sameArrays(t, "chains on several devices", in(a), in(b))
			}
			// One chain leaves most of a warp, and most GPUs, without any.
			for _, target := range []string{"cuda", "table"} {
				args := []string{"run", in("m.yaml"), "--quiet", "--target", target, "--chains", "1", "--set", "observe=[best,moments]", "--out", in(target + "-1.npz")}
				if target == "cuda" {
					args = append(args, "--devices", "0,2,1")
				}
				thrmlgen(t, exitDone, args...)
			}
			sameArrays(t, "one chain", in("cuda-1.npz"), in("table-1.npz"))
			kept := func() int {
				list, _ := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "thrmlgen", "bin-tor-*.cubin"))
				return len(list)
			}
			before := kept()
			if kernel == "table" { // other weights are other data for the same code
				if err := os.WriteFile(in("m.yaml"), []byte(strings.Replace(text, "seed: 1}", "seed: 7}", 1)), 0o666); err != nil {
					t.Fatal(err)
				}
				thrmlgen(t, exitDone, "verify", in("m.yaml"), "--targets", "interp,cuda", "--sweeps", "3")
			}
			if before == 0 || kept() != before {
				t.Errorf("%d pieces of machine code are kept, then %d", before, kept())
			}
		})
	}
}

// Lattices that are larger than shared memory are swept by several blocks, a launch for each superblock.
func TestCUDALargeLattice(t *testing.T) {
	gxx, nvrtc := testtool.Need(t, "g++"), testtool.Need(t, "nvrtc")
	gpuProgram(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	text := "model: tor\nvariables: {s: {kind: spin, shape: [104, 104]}}\nfactors: [{over: [s, s], edges: {torus: s}, weights: {signs: 0.5, seed: 1}}]\n" +
		"format: {planes: 9, budget: 0.9}\nsample: {chains: 130, warmup: 2, samples: 2, steps_per_sample: 1, seed: 3}\nobserve: [best, moments]\n"
	if err := os.WriteFile(in("m.yaml"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	thrmlgen(t, exitDone, "gen", in("m.yaml"), "--target", "cuda", "--out", in("src"), "--quiet")
	if source, err := os.ReadFile(in("src/tor.cu")); err != nil || !bytes.Contains(source, []byte("constexpr u32 parts = ")) {
		t.Errorf("its states are not shared out to blocks, %v", err)
	}
	t.Setenv("THRML_CUDA_DRIVER", fakeDriver(t, gxx, in("src"), "tor", "0"))
	t.Setenv("THRML_NVRTC", nvrtc)
	thrmlgen(t, exitDone, "run", in("m.yaml"), "--quiet", "--target", "cuda", "--devices", "1,0", "--out", in("cuda.npz"))
	thrmlgen(t, exitDone, "run", in("m.yaml"), "--quiet", "--out", in("table.npz"))
	sameArrays(t, "several blocks", in("cuda.npz"), in("table.npz"))
}

// sourceOf is the source that is emitted for a kernel by name.
func sourceOf(t *testing.T, model, kernel string) []byte {
	t.Helper()
	dir := t.TempDir()
	thrmlgen(t, exitDone, "gen", model, "--target", "cuda", "--kernel", kernel, "--out", dir, "--quiet")
	source, err := os.ReadFile(filepath.Join(dir, "tor.cu"))
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// Without the program that drives GPUs, and for a model that no kernel runs, the reason is
// said.
func TestCUDATargetRefuses(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	_, errs := thrmlgen(t, 4, "run", "models/mixed", "--target", "cuda")
	for _, want := range []string{"thrmlgen-gpu, which drives GPUs, is not found; looked in ", " and on the PATH", "go install ", "--target go"} {
		if !strings.Contains(errs, want) {
			t.Errorf("no %q in %s", want, errs)
		}
	}
	if _, errs := thrmlgen(t, 3, "run", "models/mixed", "--target", "cuda", "--set", "format={rng: lfl128}"); !strings.Contains(errs, "draws from lfl128") {
		t.Error(errs)
	}
	for args, want := range map[string]string{
		"--target cuda --devices 0,0":  "names the GPU 0 twice",
		"--target cuda --devices -1":   "GPUs are numbered from 0",
		"--target table --devices 1":   "--devices is for the target cuda, not table",
		"--target cuda --devices zero": "a whole number",
	} {
		if _, errs := thrmlgen(t, 2, append([]string{"run", "models/mixed"}, strings.Fields(args)...)...); !strings.Contains(errs, want) {
			t.Errorf("%s: %s", args, errs)
		}
	}
}

// What the driver or the compiler lacks or refuses is said, and a result file that there was
// stays whole.
func TestCUDATargetFails(t *testing.T) {
	gxx, nvrtc := testtool.Need(t, "g++"), testtool.Need(t, "nvrtc")
	gpuProgram(t)
	dir := t.TempDir()
	thrmlgen(t, exitDone, "gen", "models/mixed", "--set", "runtime=true", "--target", "cuda", "--out", dir, "--quiet")
	for _, x := range []struct{ fail, nvrtc, want string }{
		{"", nvrtc, "the NVIDIA driver is not found; looked for " + filepath.Join(dir, "driver.so")},
		{"0", filepath.Join(dir, "none.so"), "NVRTC, which compiles kernels, is not found; looked for " + filepath.Join(dir, "none.so")},
		{"1", nvrtc, "no GPU that can be used: cuInit: CUDA_ERROR_NO_DEVICE (100)"},
		{"2", nvrtc, "launch on a GPU of the tests: CUDA_ERROR_LAUNCH_FAILED (719)"},
		{"3", nvrtc, "and the driver runs code of CUDA 11.4: update the driver"},
		{"4", nvrtc, "CUDA_ERROR_OUT_OF_MEMORY (2): as the test wants it; take fewer --chains"},
		{"7", nvrtc, "kernels on a GPU of the tests: CUDA_ERROR_LAUNCH_FAILED (719)"},
		{"6", nvrtc, "there is no GPU number 0: the driver knows 0"},
		{"8", nvrtc, "a GPU of the tests is sm_60, and kernels need sm_70 or later"},
		{"9", nvrtc, "does not compile mixed.cu for sm_70"},
		{"0", filepath.Join(dir, "driver0.so"), "driver0.so is too old: it has no nvrtc"},
		{nvrtc, nvrtc, " is too old: it has no cu"},
		{"5", nvrtc, "the model takes 192 bytes of shared memory, and a block of a GPU of the tests has 64"},
	} {
		driver := filepath.Join(dir, "driver.so")
		if x.fail == nvrtc {
			driver = nvrtc // another library
		} else if x.fail != "" {
			driver = fakeDriver(t, gxx, dir, "mixed", x.fail)
		}
		t.Setenv("THRML_CUDA_DRIVER", driver)
		t.Setenv("THRML_NVRTC", x.nvrtc)
		chains := "64000"
		if x.fail == "7" {
			chains = "64"
		}
		out := filepath.Join(dir, "r.npz")
		if err := os.WriteFile(out, []byte("old"), 0o666); err != nil {
			t.Fatal(err)
		}
		_, errs := thrmlgen(t, 4, "run", "models/mixed", "--set", "runtime=true", "--target", "cuda", "--chains", chains, "--samples", "5", "--warmup", "0", "--out", out)
		if !strings.Contains(errs, x.want) {
			t.Errorf("%s: no %q in %s", x.fail, x.want, errs)
		}
		if left, _ := os.ReadFile(out); string(left) != "old" {
			t.Errorf("%s: the old result is %q", x.fail, left)
		}
	}
}
