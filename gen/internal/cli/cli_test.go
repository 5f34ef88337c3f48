package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/models"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/templates"
)

// thrmlgen runs a command line that has to end with a code.
func thrmlgen(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	if got := Main(args, strings.NewReader(""), &out, &err); got != code {
		t.Fatalf("%q: exit %d, want %d\n%s%s", args, got, code, out.String(), err.String())
	}
	return out.String(), err.String()
}

// promised decodes the one object that a command prints with --json. It must
// have the keys, and no field that to does not have.
func promised(t *testing.T, to any, keys string, args ...string) {
	t.Helper()
	out, _ := thrmlgen(t, 0, append(args, "--json")...)
	strict := json.NewDecoder(strings.NewReader(out))
	strict.DisallowUnknownFields()
	if err := strict.Decode(to); err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
	if _, err := strict.Token(); err != io.EOF {
		t.Errorf("%q: more than one object on standard output", args)
	}
	var there map[string]any
	if err := json.Unmarshal([]byte(out), &there); err != nil {
		t.Fatal(err)
	}
	for _, key := range strings.Fields(keys) {
		if there[key] == nil {
			t.Errorf("%q: no %s in %s", args, key, out)
		}
	}
}

const (
	runKeys   = "model hash target seed chains draws sweeps flips seconds flips_per_ns max_probability_error summary best"
	benchKeys = "flips_per_ns randomness format max_probability_error kernel threads chains nodes sweeps seconds"
)

// figures is a row of a summary; null where there is no figure.
type figures struct {
	Name string   `json:"name"`
	Mean *float64 `json:"mean"`
	SD   *float64 `json:"sd"`
	MCSE *float64 `json:"mcse"`
	Q5   *float64 `json:"q5"`
	Q50  *float64 `json:"q50"`
	Q95  *float64 `json:"q95"`
	Bulk *float64 `json:"ess_bulk"`
	Tail *float64 `json:"ess_tail"`
	RHat *float64 `json:"r_hat"`
}

func TestRunJSON(t *testing.T) {
	var r struct {
		Model, Hash, Target   string
		Seed                  uint64
		Chains, Draws, Sweeps int
		Flips, Seconds        float64
		FlipsPerNs            float64 `json:"flips_per_ns"`
		MaxError              float64 `json:"max_probability_error"`
		Summary               []figures
		Nodes                 map[string]any
		Best                  struct {
			Energy float64
			Chain  int
			Sweep  int
		}
		Interrupted, Converged bool
		Verdict                string
	}
	promised(t, &r, runKeys, "run", "models/chain5", "--chains", "4", "--seed", "9")
	if r.Model != "chain5" || r.Target != "table" || r.Seed != 9 || r.Chains != 4 || r.Draws != 1000 || r.Sweeps != 100+999*2 ||
		r.Flips != float64(r.Sweeps*4*5) || len(r.Hash) != 64 || r.MaxError <= 0 || r.MaxError > 1.0/4096 {
		t.Errorf("%+v", r)
	}
	// The four couplings of 0.5 give at least -2; their mean is -4·0.5·tanh 0.5.
	if r.Best.Energy != -2 || len(r.Summary) != 2 || r.Summary[0].Name != "energy" || *r.Summary[0].Mean > -0.85 || *r.Summary[0].Mean < -1 {
		t.Errorf("%+v", r)
	}
	promised(t, &r, runKeys, "run", "models/chain5", "--all", "--samples", "50")
	if len(r.Summary) != 2+5 || r.Summary[6].Name != "s[4]" {
		t.Errorf("rows of nodes: %+v", r.Summary)
	}
}

// TestFiguresThatAreNotThere holds that a figure without a meaning is null, not
// 0 and not left out.
func TestFiguresThatAreNotThere(t *testing.T) {
	out, _ := thrmlgen(t, 0, "run", "models/chain5", "--samples", "1", "--json")
	var r struct{ Summary []map[string]any }
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Summary {
		for _, key := range []string{"sd", "mcse", "ess_bulk", "ess_tail", "r_hat"} {
			if x, there := row[key]; !there || x != nil {
				t.Errorf("%s of %v: %v", key, row["name"], x)
			}
		}
		if _, ok := row["mean"].(float64); !ok {
			t.Errorf("no mean: %v", row)
		}
	}
}

// TestErrorsJSON decodes what commands that fail print, one of each exit code.
func TestErrorsJSON(t *testing.T) {
	t.Chdir(t.TempDir())
	for code, args := range map[int][]string{
		2: {"run", "models/chain5", "--chains", "0"},
		3: {"check", "models/chain5", "--set", "beta=-1"},
		4: {"run", "nowhere.yaml"},
		5: {"exact", "models/potts20"},
	} {
		out, stderr := thrmlgen(t, code, append(args, "--json")...)
		var r struct {
			Errors []struct {
				File         *string
				Line, Column *int
				Code, Text   string
				Help         *string
			}
		}
		strict := json.NewDecoder(strings.NewReader(out))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&r); err != nil || len(r.Errors) != 1 || stderr != "" {
			t.Fatalf("%q: %v, %s%s", args, err, out, stderr)
		}
		e := r.Errors[0]
		if e.File == nil || e.Line == nil || e.Column == nil || e.Help == nil || e.Code == "" || e.Text == "" {
			t.Errorf("%q: %s", args, out)
		}
		if code == 3 && (*e.File != "--set beta" || *e.Line != 1 || *e.Column != 6) {
			t.Errorf("place: %s", out)
		}
	}
}

func TestMaxCutJSON(t *testing.T) {
	out, _ := thrmlgen(t, 0, "run", "models/g11", "--chains", "16", "--warmup", "300", "--json")
	var r struct {
		BestCut float64 `json:"best_cut"`
		Best    struct{ Energy float64 }
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	// The sum of the weights is 34 and energies are at β = 5.
	if want := (34 - r.Best.Energy/5) / 2; r.BestCut != want || r.BestCut > 564 || r.BestCut < 540 {
		t.Errorf("cut %v, best energy %v", r.BestCut, r.Best.Energy)
	}
}

type format struct {
	Profile, Choice, RNG      string
	Fraction, Group, Segments int
	ThresholdBits             int `json:"threshold_bits"`
	Accumulator               int
	Budget                    float64
}

func TestCheckJSON(t *testing.T) {
	var r struct {
		Model, Hash           string
		Nodes, Factors, Edges int
		Rows, Clamped         int
		Blocks                []int
		Coloured              bool
		MaxDegree             int `json:"max_degree"`
		Format                format
		MaxError              float64 `json:"max_probability_error"`
		Warnings              []any
	}
	promised(t, &r, "model hash nodes factors edges blocks max_degree format max_probability_error warnings", "check", "models/potts20")
	if r.Model != "potts20" || r.Nodes != 400 || r.Factors != 1 || r.Rows != 760 || r.Edges != 760 || r.MaxDegree != 4 ||
		len(r.Blocks) != 2 || r.Blocks[0] != 200 || r.Format.Profile != "default" || r.Warnings == nil {
		t.Errorf("%+v", r)
	}
}

func TestBenchJSON(t *testing.T) {
	type result struct {
		FlipsPerNs float64 `json:"flips_per_ns"`
		Randomness string
		Format     format
		MaxError   float64 `json:"max_probability_error"`
		Kernel     string
		Threads    int
		Chains     int
		Nodes      int
		Sweeps     int
		Seconds    float64
	}
	var one result
	promised(t, &one, benchKeys, "bench", "models/chain5", "--seconds", "0.01", "--threads", "1")
	if one.FlipsPerNs <= 0 || one.Nodes != 5 || one.Chains != 1 || one.Threads != 1 || one.Sweeps < sampling.SpeedRounds {
		t.Errorf("%+v", one)
	}
	var many struct {
		result
		Results []result
	}
	promised(t, &many, benchKeys, "bench", "models/chain5", "--seconds", "0.01", "--threads", "1,2", "--chains", "1,8")
	best := 0.0
	for _, r := range many.Results {
		best = max(best, r.FlipsPerNs)
	}
	if len(many.Results) != 4 || many.FlipsPerNs != best {
		t.Errorf("%+v", many)
	}
}

func TestExactJSON(t *testing.T) {
	var r struct {
		LogZ     float64 `json:"log_z"`
		Energy   float64
		Variance float64 `json:"energy_variance"`
		Method   string
		Mean     map[string][]float64
		Pair     []struct {
			Nodes []string
			Value float64
		}
		Marginal map[string][][]float64
	}
	promised(t, &r, "log_z mean pair marginal", "exact", "models/chain5")
	// An open chain: Z = 2^5 cosh^4(1/2), a pair has tanh 1/2.
	if d := r.LogZ - 3.946193930632837; d > 1e-12 || d < -1e-12 {
		t.Errorf("log Z %v", r.LogZ)
	}
	if len(r.Pair) != 4 || r.Pair[0].Nodes[0] != "s[0]" || r.Pair[0].Value-0.46211715726000973 > 1e-12 || len(r.Marginal["s"]) != 5 {
		t.Errorf("%+v", r)
	}
}

func TestOtherJSON(t *testing.T) {
	var version struct{ Version, Go, OS, Arch string }
	promised(t, &version, "version", "version")
	if version.Version != gen.Version {
		t.Errorf("%+v", version)
	}
}

// TestEveryModelAndFamily checks what is embedded, and runs what init writes.
func TestEveryModelAndFamily(t *testing.T) {
	for _, name := range models.Names() {
		thrmlgen(t, 0, "check", gen.Embedded+name, "--quiet")
		thrmlgen(t, 0, "verify", gen.Embedded+name, "--sweeps", "2", "--chains", "3", "--quiet")
	}
	t.Chdir(t.TempDir())
	for _, family := range families() {
		out, _ := thrmlgen(t, 0, "init", family, "--out", "-")
		text, err := fs.ReadFile(templates.FS(), "init/"+family+".yaml")
		if err != nil || out != string(text) {
			t.Errorf("%s: %v", family, err)
		}
		file := family + ".yaml"
		thrmlgen(t, 0, "init", family, "--out", file)
		thrmlgen(t, 0, "run", file, "--quiet")
	}
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	c := &command{out: &output{w: io.Discard}}
	for _, sub := range c.root().Commands() {
		if sub.Name() == "help" || sub.Name() == "completion" {
			continue
		}
		out, _ := thrmlgen(t, 0, sub.Name(), "--help")
		if sub.Short == "" || !strings.Contains(out, "Examples:\n  ") || !strings.Contains(out, "--json") || !strings.Contains(out, "--quiet") {
			t.Errorf("help of %s:\n%s", sub.Name(), out)
		}
	}
	if out, _ := thrmlgen(t, 0); !strings.Contains(out, "Usage:") {
		t.Errorf("without arguments: %s", out)
	}
	thrmlgen(t, 0, "help", "run")
}

func TestABugIsReported(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		var out, stderr bytes.Buffer
		c := &command{out: &output{w: &out}, err: &stderr, name: "thrmlgen run", json: asJSON}
		err := guard(func() error {
			var m map[string]int
			m["x"] = 1
			return nil
		})
		if code := c.finish(err); code != exitBug {
			t.Errorf("exit %d", code)
		}
		text := out.String() + stderr.String()
		if !strings.Contains(text, "report it") || strings.Contains(text, "goroutine") {
			t.Errorf("json %v: %s", asJSON, text)
		}
	}
	t.Setenv("THRML_DEBUG", "1")
	var stderr bytes.Buffer
	c := &command{out: &output{w: io.Discard}, err: &stderr}
	if c.finish(guard(func() error { panic("here") })); !strings.Contains(stderr.String(), "goroutine") {
		t.Errorf("no stack: %s", stderr.String())
	}
}

// full is a standard output that takes so many bytes.
type full struct{ left int }

func (f *full) Write(b []byte) (int, error) {
	if len(b) > f.left {
		n := f.left
		f.left = 0
		return n, errors.New("no space left on device")
	}
	f.left -= len(b)
	return len(b), nil
}

func TestALostResultIsAnError(t *testing.T) {
	for _, args := range [][]string{
		{"check", "models/chain5"}, {"check", "models/chain5", "--json"}, {"check", "models/chain5", "--dot"}, {"run", "models/chain5"},
		{"run", "models/chain5", "--json"}, {"exact", "models/chain5"}, {"exact", "models/chain5", "--json"}, {"version"}, {"init", "--out", "-"},
		{"verify", "models/chain5"}, {"doctor"}, {"--help"},
	} {
		for _, room := range []int{0, 10} {
			var stderr bytes.Buffer
			code := Main(args, strings.NewReader(""), &full{room}, &stderr)
			if code != 4 || !strings.Contains(stderr.String(), "standard output: no space left") {
				t.Errorf("%q with room for %d: exit %d, %s", args, room, code, stderr.String())
			}
		}
	}
}

// TestProgressOnlyOnATerminal holds standard error empty elsewhere.
func TestProgressOnlyOnATerminal(t *testing.T) {
	if _, stderr := thrmlgen(t, 0, "run", "models/ising2d", "--samples", "2"); stderr != "" {
		t.Errorf("standard error: %q", stderr)
	}
	if _, stderr := thrmlgen(t, 0, "bench", "models/chain5", "--seconds", "0.01"); stderr != "" {
		t.Errorf("standard error: %q", stderr)
	}
	f, err := os.Create(t.TempDir() + "/f")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if isTerminal(f) || isTerminal(io.Discard) {
		t.Error("a file is taken for a terminal")
	}
}
