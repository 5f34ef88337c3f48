// Package python_test runs the tests and examples of thrmlgen.py against a
// thrmlgen and a sampler built here.
package python_test

import (
	"fmt"
	"image"
	_ "image/png"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
)

// model has spins and categoricals, a runtime factor and a baked one.
const model = `model: pair
variables:
  s: {kind: spin, shape: [6]}
  x: {kind: categorical, states: 3, shape: [2]}
factors:
  - {name: bonds, over: [s, s], edges: {ring: s}, weights: {normal: [0, 1], seed: 1}, runtime: true}
  - {name: tables, over: [s, x], index: [[0, 0], [3, 1]], weights: [0.5, -0.25, 0.125]}
sample: {chains: 3, warmup: 5, samples: 10, steps_per_sample: 2, seed: 9}
observe: [state, energy]
`

func TestPython(t *testing.T) {
	python := testtool.Need(t, "python")
	dir := t.TempDir()
	thrmlgen := build(t, dir)
	env := append(os.Environ(), "THRMLGEN="+thrmlgen, "PYTHONDONTWRITEBYTECODE=1")
	t.Run("tests", func(t *testing.T) { unitTests(t, python, thrmlgen, dir, env) })
	t.Run("examples", func(t *testing.T) { examples(t, python, dir, env) })
}

// unitTests runs test_thrmlgen.py; none of its tests may be skipped.
func unitTests(t *testing.T, python, thrmlgen, dir string, env []string) {
	file, sampler := filepath.Join(dir, "pair.yaml"), filepath.Join(dir, "pair")
	if err := os.WriteFile(file, []byte(model), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command(thrmlgen, "build", file, "-o", sampler))
	cmd := exec.Command(python, "test_thrmlgen.py", "-v")
	cmd.Env = append(env, "THRMLGEN_BINARY="+sampler, "THRMLGEN_MODEL="+file)
	out := run(t, cmd)
	if !strings.HasSuffix(strings.TrimSpace(out), "\nOK") {
		t.Errorf("%s", out)
	}
}

// examples runs each script as the README says. Samples are the same on every
// machine, so the picture is the one beside the README.
func examples(t *testing.T, python, dir string, env []string) {
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	script := func(name string, args ...string) string {
		cmd := exec.Command(python, append([]string{filepath.Join(here, name)}, args...)...)
		cmd.Dir, cmd.Env = dir, env
		return run(t, cmd)
	}
	// Each correlation is within 5 standard errors of the exact one.
	chain := script("ising_thrml.py")
	rows := regexp.MustCompile(`(?m)^  \d: (\S+) ± (\S+) +(\S+)$`).FindAllStringSubmatch(chain, -1)
	if len(rows) != 4 {
		t.Fatalf("ising_thrml.py:\n%s", chain)
	}
	for _, r := range rows {
		if got, se, want := number(t, r[1]), number(t, r[2]), number(t, r[3]); se <= 0 || se > 0.01 || got < want-5*se || got > want+5*se {
			t.Errorf("ising_thrml.py: %s", r[0])
		}
	}
	if out := script("dimod_bqm.py"); !strings.Contains(out, "lowest energy -4.0") || strings.Count(out, "['i") != 5 {
		t.Errorf("dimod_bqm.py:\n%s", out)
	}
	script("lattice.py", "lattice.png")
	if got, want := pixels(t, filepath.Join(dir, "lattice.png")), pixels(t, "lattice.png"); got != want {
		t.Error("lattice.py draws another picture than lattice.png; if that is meant, run it again here")
	}
}

// build makes the program. It looks through the folders with its sources, and the
// scripts, so that go test does not take an old answer from its cache for a new one.
func build(t *testing.T, dir string) string {
	t.Helper()
	root := testtool.Root(t)
	for _, folder := range []string{"gen", "runtime", "targets", "templates", "models", "examples/python"} {
		if err := filepath.WalkDir(filepath.Join(root, folder), func(string, fs.DirEntry, error) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	thrmlgen := filepath.Join(dir, "thrmlgen")
	cmd := exec.Command(testtool.Need(t, "go"), "build", "-o", thrmlgen, "./gen/cmd/thrmlgen")
	cmd.Dir = root
	run(t, cmd)
	return thrmlgen
}

// run gives standard output and error together.
func run(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return string(out)
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func pixels(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var b strings.Builder
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			fmt.Fprint(&b, img.At(x, y))
		}
	}
	return b.String()
}
