package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestComplete asks for completions as the scripts of shells do.
func TestComplete(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, f := range []string{"model.yaml", "other.yml", "notes.txt", ".hidden.yaml", "sub/deep.yaml"} {
		if err := os.MkdirAll(filepath.Dir(f), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const noFiles, noSpace = ":4", ":6"
	for _, c := range []struct{ line, want string }{
		{"run models/ch", "models/chain5 " + noFiles},
		{"run ", "models/ackley models/chain5 models/cubic models/double_well models/g11 models/gaussian models/gaussian_bernoulli models/grid_gaussian models/harmonic models/ising2d models/mixed models/pegasus14 models/potts20 models/rastrigin models/rosenbrock models/torus64 model.yaml other.yml sub/ " + noFiles},
		{"check mod", "models/ackley models/chain5 models/cubic models/double_well models/g11 models/gaussian models/gaussian_bernoulli models/grid_gaussian models/harmonic models/ising2d models/mixed models/pegasus14 models/potts20 models/rastrigin models/rosenbrock models/torus64 model.yaml " + noFiles},
		{"gen su", "sub/ " + noSpace},
		{"energy sub/", "sub/deep.yaml " + noFiles},
		{"exact .hid", ".hidden.yaml " + noFiles},
		{"run model.yaml ", noFiles},
		{"run model.yaml --target ", strings.Join(engineNames, " ") + " " + noFiles},
		{"run model.yaml --target=in", "interp " + noFiles},
		{"run model.yaml --chains ", noFiles},
		{"run model.yaml --scan ", "beta= " + noSpace},
		{"run model.yaml --out ", "npz :8"},
		{"run model.yaml --set syn", "synchronous= " + noSpace},
		{"run model.yaml --set sample.s", "sample.samples= sample.seed= sample.steps_per_sample= " + noSpace},
		{"run model.yaml --set sample.betas.f", "sample.betas.file= sample.betas.from= " + noSpace},
		{"run model.yaml --set format", "format. format= " + noSpace},
		{"run model.yaml --set format.rn", "format.rng= " + noSpace},
		{"run model.yaml --set sample.chains=", noSpace},
		{"run model.yaml --set nothing.x", noSpace},
		{"verify model.yaml --targets interp,", "interp,table interp,go interp,cuda interp,shim interp,verilog " + noSpace},
		{"gen model.yaml --target ", "go cuda verilog " + noFiles},
		{"gen model.yaml --runtime ", "bundle import " + noFiles},
		{"gen model.yaml --out ", ":16"},
		{"export model.yaml --format ", strings.Join(exportFormats, " ") + " " + noFiles},
		{"import --format qu", "qubo " + noFiles},
		{"init ", strings.Join(families(), " ") + " " + noFiles},
		{"init ising ", noFiles},
		{"doc", "doctor " + noFiles},
	} {
		args := append([]string{"__complete"}, strings.Split(c.line, " ")...)
		out, _ := thrmlgen(t, 0, args...)
		var got []string
		for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
			word, _, _ := strings.Cut(line, "\t") // what follows describes it
			got = append(got, word)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.line, strings.Join(got, " "), c.want)
		}
	}
}

// TestCompletionScripts holds that there is a script for each shell, that help
// says so, and that bash can read its own.
func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		text, _ := thrmlgen(t, 0, "completion", shell)
		if !strings.Contains(text, "__complete") {
			t.Errorf("%s: %s", shell, text)
		}
		if path, err := exec.LookPath(shell); err == nil && shell == "bash" {
			cmd := exec.Command(path, "-n")
			cmd.Stdin = strings.NewReader(text)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		}
	}
	if help, _ := thrmlgen(t, 0, "--help"); !strings.Contains(help, "completion ") {
		t.Error("help does not speak of completion")
	}
}
