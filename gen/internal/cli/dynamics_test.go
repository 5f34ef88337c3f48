package cli

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// A run that is cut and goes on from its state file ends in the bytes of one that was not:
// fitted steps and velocities are in the file.
func TestDynamicsResume(t *testing.T) {
	t.Chdir(t.TempDir())
	run := func(args string) {
		t.Helper()
		var out bytes.Buffer
		if code := Main(strings.Fields(args), strings.NewReader(""), &out, &out); code != 0 {
			t.Fatalf("%s: exit %d, %s", args, code, out.String())
		}
	}
	for _, dynamics := range []string{
		"hmc: {over: x, step_size: 0.1, steps: 4, adapt: 0.8, mass: [1, 2]}",
		"mala: {over: x, step_size: 0.1, adapt: 0.57}",
		"underdamped: {over: x, step_size: {cosine: [0.2, 0.05], sweeps: 90, rise: 40}, mass: 2}",
		"nesterov: {over: x, step_size: 0.001, momentum: 0.95}",
	} {
		model := "model: m\nvariables: {x: {kind: continuous, dim: 2}}\nfactors:\n  - {over: {u: x}, index: all, energy: \"2*sum((u^2 - 1)^2)\"}\ninit: {x: {normal: [0, 0.5]}}\n" +
			"dynamics: {" + dynamics + "}\nsample: {chains: 70, warmup: 30}\n"
		if err := os.WriteFile("m.yaml", []byte(model), 0o666); err != nil {
			t.Fatal(err)
		}
		run("run m.yaml --quiet --samples 50 --state whole")
		run("run m.yaml --quiet --samples 20 --state part")
		run("run m.yaml --quiet --samples 30 --resume part --state rest")
		run("run m.yaml --quiet --samples 30 --target interp --resume part --state plain")
		whole, _ := os.ReadFile("whole")
		for _, name := range []string{"rest", "plain"} {
			if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, whole) {
				t.Errorf("%s: %s is not the state of a run in one piece (%v)", dynamics, name, err)
			}
		}
	}
}

// Without warm-up, and one sweep apart, the draws of observe: [state] are the trajectory:
// the start from a file, then the state after every sweep, each the last of a shorter run.
func TestTrajectory(t *testing.T) {
	t.Chdir(t.TempDir())
	run := func(args ...string) {
		t.Helper()
		thrmlgen(t, exitDone, append([]string{"run", "m.yaml", "--quiet"}, args...)...)
	}
	write := func(start string) {
		t.Helper()
		model := "model: m\nvariables: {x: {kind: continuous, shape: [2]}}\nfactors:\n  - {over: {u: x}, index: all, energy: \"(u^2 - 1)^2\"}\ninit: " + start +
			"\ndynamics: {langevin: {over: x, step_size: 0.05}}\nsample: {chains: 3, warmup: 0, samples: 1}\nobserve: [state]\n"
		if err := os.WriteFile("m.yaml", []byte(model), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	states := func(file, name string) []float32 {
		t.Helper()
		z, err := npy.OpenNPZ(fileBytes(t, file))
		if err != nil {
			t.Fatal(err)
		}
		a, err := z.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		x, err := a.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	write("random")
	run("--samples", "5", "--out", "start.npz")
	write("{x: {file: start.npz#final/x}}")
	const draws = 6
	run("--samples", "6", "--out", "all.npz")
	all, start := states("all.npz", "x"), states("start.npz", "final/x")
	for n := range draws {
		run("--samples", strconv.Itoa(n+1), "--out", "part.npz")
		last := states("part.npz", "final/x")
		for chain := range 3 {
			draw := all[(chain*draws+n)*2:][:2]
			if !slices.Equal(draw, last[2*chain:][:2]) || n == 0 && !slices.Equal(draw, start[2*chain:][:2]) {
				t.Errorf("chain %d, draw %d: %v", chain, n, draw)
			}
		}
	}
}
