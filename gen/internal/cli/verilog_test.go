package cli

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
)

const hardwareModel = `model: tor
variables: {s: {kind: spin, shape: [4, 4]}, x: {kind: categorical, states: 3}}
factors:
  - {over: [s, s], edges: {torus: s}, weights: {normal: [0, 0.5], seed: 1}}
  - {over: [s, x], index: [[0, 0], [5, 0]], weights: [[0.5, -0.7, 0.1], [-0.3, 0.2, 0.9]]}
clamp: {"s[1,1]": 1}
sample: {chains: 21, warmup: 5, samples: 6, steps_per_sample: 2, seed: 3}
`

// The target verilog gives the samples of every other one, whichever simulator there
// is: more chains than one array runs, draws, and a run that goes on.
func TestVerilogTarget(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	model := filepath.Join(dir, "m.yaml")
	if err := os.WriteFile(model, []byte(hardwareModel), 0o666); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, simulator := range []string{"iverilog", "verilator"} {
		t.Run(simulator, func(t *testing.T) {
			testtool.Need(t, simulator)
			if simulator == "iverilog" {
				onlyIcarus(t)
			}
			out, errs := thrmlgen(t, exitDone, "verify", model, "--targets", "interp,table,verilog", "--sweeps", "9")
			if !strings.Contains(out, "interp, table, verilog agree in every bit: 9 sweeps, 21 chains, 17 nodes") ||
				!strings.Contains(errs, "format: hardware, because the model names none") {
				t.Errorf("%s\n%s", out, errs)
			}
			for _, x := range [][]string{{"verilog"}, {"table", "--set", "format=hardware"}} {
				args := append([]string{"run", model, "--quiet", "--target"}, x...)
				thrmlgen(t, exitDone, append(args, "--out", in(x[0]+".npz"), "--state", in(x[0]+"-state.npz"))...)
				thrmlgen(t, exitDone, append(args, "--resume", in(x[0]+"-state.npz"), "--out", in(x[0]+"-more.npz"))...)
			}
			for _, name := range []string{".npz", "-more.npz"} {
				for _, array := range []string{"s.npy", "x.npy", "energy.npy"} {
					if !bytes.Equal(entry(t, in("verilog"+name), array), entry(t, in("table"+name), array)) {
						t.Errorf("%s of %s differs", array, name)
					}
				}
			}
		})
	}
}

// onlyIcarus hides Verilator.
func onlyIcarus(t *testing.T) {
	t.Helper()
	bin := t.TempDir()
	for _, name := range []string{"iverilog", "vvp"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
}

// A run with a schedule gives the samples of the table, and so does one that goes on with them.
func TestVerilogAnneals(t *testing.T) {
	testtool.Need(t, "iverilog")
	onlyIcarus(t)
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	model, in := filepath.Join(dir, "m.yaml"), func(name string) string { return filepath.Join(dir, name) }
	text := `model: annealed
variables: {s: {kind: spin, shape: [3, 3]}}
factors: [{over: [s, s], edges: {grid: s}, weights: {normal: [0, 1], seed: 1}}]
format: hardware
sample: {chains: 9, warmup: 6, betas: [0.2, 0.5, 0.5, 0.2, 1, 1.5], samples: 6, steps_per_sample: 1, seed: 3}
`
	if err := os.WriteFile(model, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"verilog", "table"} {
		run := func(args ...string) {
			thrmlgen(t, exitDone, append([]string{"run", model, "--quiet", "--target", target}, args...)...)
		}
		run("--out", in(target+".npz"), "--state", in(target+"-state.npz"))
		run("--resume", in(target+"-state.npz"), "--out", in(target+"-more.npz"))
	}
	for _, name := range []string{".npz", "-more.npz"} {
		if !bytes.Equal(entry(t, in("verilog"+name), "s.npy"), entry(t, in("table"+name), "s.npy")) {
			t.Errorf("the samples of %s differ", name)
		}
	}
}

// entry is a file of a zip archive.
func entry(t *testing.T, file, name string) []byte {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Without a simulator, and for a model that is no array, the reason is said.
func TestVerilogTargetRefuses(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if _, errs := thrmlgen(t, 4, "run", "models/ising2d", "--target", "verilog"); !strings.Contains(errs, "neither verilator nor iverilog is found") {
		t.Error(errs)
	}
	for args, want := range map[string]string{
		"run models/ising2d --target verilog --set format=default":            "write format: hardware",
		"verify models/grid_gaussian --targets interp,verilog":                "without continuous neighbours",
		"gen models/ising2d --target verilog --out o --set sample.betas=[1]":  "betas",
		"gen models/ising2d --target verilog --out o --set format.rng=philox": "draws from philox",
	} {
		if _, errs := thrmlgen(t, 3, strings.Fields(args)...); !strings.Contains(errs, want) {
			t.Errorf("%s: %s", args, errs)
		}
	}
}
