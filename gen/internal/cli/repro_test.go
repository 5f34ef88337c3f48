//go:build unix

package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/compile"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// annealed has every kind of update and weights from every distribution, β that
// changes, clamps, and a number format of its own.
const annealed = `model: annealed
variables:
  s: {kind: spin, shape: [4, 4]}
  k: {kind: categorical, states: 3, shape: [5]}
  wide: {kind: categorical, states: 300}
factors:
  - {over: [s, s], edges: {torus: s}, weights: {normal: [0.1, 1.3], seed: 1}}
  - {over: [k, k], edges: {ring: k}, weights: {uniform: [-1, 1], seed: 2}}
  - {over: [s, k], index: [[0, 0], [5, 1], [10, 4]], weights: {normal: [0, 2], seed: 3}}
  - {over: [wide], index: all, weights: {normal: [0, 1], seed: 4}}
beta: 2.5
clamp: {"s[1,2]": -1, "k[3]": 2}
sample: {chains: 70, warmup: 9, samples: 5, steps_per_sample: 2, seed: 12345678901234567890, betas: {from: 0.1, to: 2.5, shape: geometric}}
observe: [state, energy, moments, magnetisation, best]
`

// reproScript makes everything whose bytes are promised, in the working folder;
// $T is the program, $M the folder of models.
const reproScript = `
set -e
$T gen models/mixed --quiet --out mixed
$T gen models/cubic --quiet --out cubic --unroll -1 --runtime import --package other
$T gen models/pegasus14 --quiet --out pegasus14
$T gen "$M/annealed.yaml" --quiet --out annealed
$T run models/mixed --quiet --samples 40 --out mixed.npz --state mixed.state
$T run models/mixed --quiet --samples 3 --resume mixed.state --out more.npz --state more.state
$T run models/torus64 --quiet --chains 3 --warmup 2 --samples 4 --out torus.npz
$T run "$M/annealed.yaml" --quiet --out annealed.npz --state annealed.state
$T run models/cubic --quiet --samples 20 --out cubic.zarr
$T train "$M/train.yaml" --quiet --epochs 3 --out weights.npz --checkpoint checkpoint
$T run "$M/real.yaml" --quiet --out real.npz --state real.state
$T run "$M/samplers.yaml" --quiet --out samplers.npz --state samplers.state
$T gen "$M/samplers.yaml" --quiet --out samplers
$T run "$M/dynamics.yaml" --quiet --out hmc.npz --state hmc.state
$T run "$M/dynamics.yaml" --quiet --set 'dynamics={underdamped: {over: x, step_size: {cosine: [0.2, 0.05], sweeps: 40, rise: 5}, noise_scale: {exponential: 1, factor: 0.9, least: 0.5}}}' --state slow.state
$T energy "$M/dynamics.yaml" --quiet --states hmc.npz --gradient --out gradient.npz
$T export models/chain5 --quiet --format coo --out chain5.coo
$T check models/pegasus14 --json >check.json
$T check "$M/annealed.yaml" --ir >annealed.ir
$T energy "$M/annealed.yaml" --states annealed.npz --json >energy.json
`

// TestSameBytesEverywhere generates and samples under other settings of the
// system, and on another architecture: emitted files, results and states are the
// same bytes.
func TestSameBytesEverywhere(t *testing.T) {
	file := program(t)
	models := t.TempDir()
	var data bytes.Buffer
	if err := npy.WriteNPY(&data, []int{4, 4}, []int8{1, 1, -1, -1, 1, 1, 1, -1, -1, 1, -1, 1, 1, -1, 1, 1}); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"annealed.yaml": annealed, "real.yaml": realModel, "samplers.yaml": samplersModel(t), "dynamics.yaml": string(fileBytes(t, filepath.Join("testdata", "dynamics", "model.yaml"))), "train.yaml": trainModel, "data.npy": data.String()} {
		if err := os.WriteFile(filepath.Join(models, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want := reproduce(t, file, models, "")
	if len(want) < 25 {
		t.Fatalf("only %d files", len(want))
	}
	for name, setting := range map[string]string{
		"again":           "",
		"place and time":  "umask 077; export TZ=Pacific/Apia LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 GOMAXPROCS=1; unset HOME USER",
		"many processors": "umask 000; export GOMAXPROCS=7 TZ= LC_ALL=C GOGC=5 HOME=/nonexistent TMPDIR=/nonexistent",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, want, reproduce(t, file, models, setting))
		})
	}
	t.Run("arm64", func(t *testing.T) {
		t.Parallel()
		if runtime.GOARCH == "arm64" {
			t.Skip("this machine is one")
		}
		emulator := testtool.Need(t, "qemu")
		arm := filepath.Join(t.TempDir(), "program")
		build := exec.Command("go", "build", "-o", arm, "github.com/thrmlgen/thrmlgen/gen/cmd/thrmlgen")
		build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		same(t, want, reproduce(t, emulator+" "+arm, models, ""))
	})
}

// reproduce runs the script in a folder of its own and reads what it made.
func reproduce(t *testing.T, program, models, setting string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("sh", "-c", setting+"\n"+reproScript)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "T="+program, "M="+models)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	made := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		made[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func same(t *testing.T, want, got map[string]string) {
	t.Helper()
	for name, text := range want {
		if got[name] != text {
			at := 0
			for at < min(len(text), len(got[name])) && text[at] == got[name][at] {
				at++
			}
			t.Errorf("%s differs from byte %d of %d on", name, at, len(text))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
}

// TestEmittedCodeOnArm64 compiles emitted Go for another architecture: its
// states are those of this machine's tables.
func TestEmittedCodeOnArm64(t *testing.T) {
	emulator := testtool.Need(t, "qemu")
	file := program(t)
	dir := t.TempDir()
	model := filepath.Join(dir, "annealed.yaml")
	if err := os.WriteFile(model, []byte(annealed), 0o666); err != nil {
		t.Fatal(err)
	}
	m, list := gen.Load(model)
	if list.Len() > 0 {
		t.Fatal(list)
	}
	binary, err := compile.Build(context.Background(), m.Program, compile.DefaultsOf(m.Program), compile.Options{OS: "linux", Arch: "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	code, out := shell(t, dir, fmt.Sprintf(`
		"$T" run annealed.yaml --quiet --state here || exit
		%s %s -quiet -state there || exit
		cmp here there`, emulator, binary))
	if code != 0 {
		t.Errorf("%s: exit %d, %s", file, code, out)
	}
}
