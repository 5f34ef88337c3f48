package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"
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
