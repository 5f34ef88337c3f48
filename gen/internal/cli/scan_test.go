package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

func TestScanBetas(t *testing.T) {
	for text, want := range map[string]string{
		"beta=0.1:1:10":                  "[0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1]",
		"beta=1:0:3":                     "[1 0.5 0]",
		"beta=0.2,0.44068679350977147,1": "[0.2 0.44068679350977147 1]",
		"beta=0.01:10:4:geometric":       "[0.01 0.1 1 10]",
		"beta=0:1:2:linear,3":            "[0 1 3]",
		"beta=1e-300:1e300:3:geometric":  "[1e-300 1 1e+300]",
		"beta=2":                         "[2]",
		"beta=1e-3":                      "[0.001]",
		"beta=-0":                        "[0]",
		"beta":                           "beta= and the values are needed",
		"beta=":                          "beta= and the values are needed",
		"scale=1:2:3":                    `only beta can be scanned, not "scale"`,
		"beta=1:2":                       "a range is lo:hi:count",
		"beta=1:2:3:linear:4":            "a range is lo:hi:count",
		"beta=1:2:1":                     `"1" is no count: a whole number from 2 up is needed`,
		"beta=1:2:2.5":                   `"2.5" is no count: a whole number from 2 up is needed`,
		"beta=1,,2":                      `"" is no beta: a number from 0 up is needed`,
		"beta=-1":                        `"-1" is no beta: a number from 0 up is needed`,
		"beta=nan":                       `"nan" is no beta: a number from 0 up is needed`,
		"beta=1e999":                     `"1e999" is no beta: a number from 0 up is needed`,
		"beta=0:1:4:geometric":           "geometric steps cannot begin or end at 0",
		"beta=1:2:4:square":              `the steps of --scan: "square" is not known`,
		"beta=1:2:10001":                 "the limit is 10000 values of beta",
		"beta=1:2:10000,3":               "the limit is 10000 values of beta",
	} {
		betas, err := scanBetas(text)
		got := fmt.Sprint(betas)
		if err != nil {
			got = strings.TrimPrefix(err.Error(), "--scan "+text+": ")
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// scanned is what scan --json prints.
type scanned struct {
	Model    string  `json:"model"`
	Target   string  `json:"target"`
	Seed     uint64  `json:"seed"`
	Nodes    int     `json:"nodes"`
	Chains   int     `json:"chains"`
	Draws    int     `json:"draws"`
	Sweeps   int     `json:"sweeps"`
	Flips    float64 `json:"flips"`
	Seconds  float64 `json:"seconds"`
	Speed    float64 `json:"flips_per_ns"`
	MaxError float64 `json:"max_probability_error"`
	Scan     []struct {
		Beta           float64  `json:"beta"`
		Hash           string   `json:"hash"`
		Energy         *float64 `json:"energy"`
		EnergyMCSE     *float64 `json:"energy_mcse"`
		HeatCapacity   *float64 `json:"heat_capacity"`
		HeatCapacitySE *float64 `json:"heat_capacity_se"`
		Order          []struct {
			Name string   `json:"name"`
			Mean *float64 `json:"mean"`
			MCSE *float64 `json:"mcse"`
		} `json:"order"`
		RHat     *float64 `json:"r_hat"`
		RHatAt   string   `json:"r_hat_at"`
		ESS      *float64 `json:"ess"`
		ESSAt    string   `json:"ess_at"`
		MaxError float64  `json:"max_probability_error"`
		Verdict  string   `json:"verdict"`
	} `json:"scan"`
}

const scanKeys = "model target seed nodes chains draws sweeps flips seconds flips_per_ns max_probability_error scan"

// modelFile writes a model into a folder of its own.
func modelFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "model.yaml")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

func torus(size int) string {
	return fmt.Sprintf(`model: torus
variables: {s: {kind: spin, shape: [%d, %d]}}
factors: [{over: [s, s], edges: {torus: s}, weights: 1.0}]
sample: {chains: 128, warmup: 500, samples: 500, steps_per_sample: 4, seed: 20240607}
`, size, size)
}

// within fails unless a figure is within 5 standard errors of the truth, which a
// right figure misses once in 1.7 million, and its standard error is below a
// largest one, so that the test would see an error of 10 of those (to miss that
// is as rare).
func within(t *testing.T, what string, got, se *float64, want, largest float64) {
	t.Helper()
	if got == nil || se == nil {
		t.Errorf("%s: no figure", what)
		return
	}
	if z := (*got - want) / *se; math.Abs(z) > 5 || *se > largest || *se <= 0 {
		t.Errorf("%s: %v ± %v, exact %v: off by %.1f standard errors (each at most %v)", what, *got, *se, want, z, largest)
	}
}

// TestScanAgainstKaufman compares the energy of the two-dimensional Ising model
// with Kaufman's exact finite-size figures, and the heat capacity at the critical
// point with that from the exact density of states.
func TestScanAgainstKaufman(t *testing.T) {
	critical := math.Log(1+math.Sqrt2) / 2
	for _, c := range []struct {
		size   int
		energy map[float64]float64 // by temperature
	}{
		{8, map[float64]float64{1 / critical: -1.49158911, 2.5: -1.22232064, 3: -0.84131543, 5: -0.42836806}},
		{16, map[float64]float64{2.5: -1.13131799, 3: -0.81768937, 5: -0.42822884}},
	} {
		var betas []string
		for temperature := range c.energy {
			betas = append(betas, fmt.Sprint(1/temperature))
		}
		var r scanned
		promised(t, &r, scanKeys, "run", modelFile(t, torus(c.size)), "--scan", "beta="+strings.Join(betas, ","))
		if len(r.Scan) != len(c.energy) || r.Nodes != c.size*c.size || r.Sweeps != 500+499*4 {
			t.Fatalf("%d runs of %d sweeps over %d nodes", len(r.Scan), r.Sweeps, r.Nodes)
		}
		for _, p := range r.Scan {
			for temperature, want := range c.energy {
				if p.Beta == 1/temperature {
					within(t, fmt.Sprintf("%d × %d, energy at T %v", c.size, c.size, temperature), p.Energy, p.EnergyMCSE, want, 0.003)
				}
			}
			if c.size == 8 && math.Abs(p.Beta-critical) < 1e-12 {
				within(t, "8 × 8, heat capacity at the critical point", p.HeatCapacity, p.HeatCapacitySE, critical*critical*5.89871592, 0.02)
			}
		}
	}
}

// TestScanAgainstExact compares energies and heat capacities of small models of
// every kind with exact answers at the same β.
func TestScanAgainstExact(t *testing.T) {
	for _, c := range []struct {
		model            string
		energy, capacity float64 // largest standard errors
	}{
		{"models/chain5", 0.003, 0.004},
		{"models/mixed", 0.003, 0.02},
		{modelFile(t, `model: cat
variables: {x: {kind: categorical, states: 3, shape: [2, 3]}, s: {kind: spin, shape: [4]}}
factors:
  - {over: [x, x], edges: {grid: x}, weights: {identity: 1.0}}
  - {over: [s, x], index: [[0, 0], [1, 1], [2, 5]], weights: [0.5, 0.0, -0.5]}
  - {over: [s, s, s], index: [[0, 1, 2], [1, 2, 3]], weights: 0.7}
clamp: {"s[3]": -1}
`), 0.003, 0.01},
	} {
		var r scanned
		promised(t, &r, scanKeys, "run", c.model, "--scan", "beta=0,0.3,1", "--chains", "64", "--warmup", "200", "--samples", "1000", "--seed", "7")
		for _, p := range r.Scan {
			var a struct {
				Energy   float64 `json:"energy"`
				Variance float64 `json:"energy_variance"`
			}
			out, _ := thrmlgen(t, 0, "exact", c.model, "--set", fmt.Sprint("beta=", p.Beta), "--json")
			if err := json.Unmarshal([]byte(out), &a); err != nil {
				t.Fatal(err)
			}
			if p.Beta == 0 {
				if *p.HeatCapacity != 0 {
					t.Errorf("%s: heat capacity %v at beta 0", c.model, *p.HeatCapacity)
				}
				continue
			}
			n := float64(r.Nodes)
			within(t, fmt.Sprint(c.model, ", energy at beta ", p.Beta), p.Energy, p.EnergyMCSE, a.Energy/p.Beta/n, c.energy)
			within(t, fmt.Sprint(c.model, ", heat capacity at beta ", p.Beta), p.HeatCapacity, p.HeatCapacitySE, a.Variance/n, c.capacity)
		}
	}
}

// TestScanErrors holds standard errors to what they say: over 64 runs with
// different seeds, the squares of (figure - exact)/error add up to a chi-square
// variable of 64 degrees of freedom, which is outside [25, 130] once in a
// million. Errors too large by 1.5 or too small by 1/1.4 are seen.
func TestScanErrors(t *testing.T) {
	file := modelFile(t, torus(4))
	out, _ := thrmlgen(t, 0, "exact", file, "--set", "beta=0.4", "--json")
	var a struct {
		Energy   float64 `json:"energy"`
		Variance float64 `json:"energy_variance"`
	}
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatal(err)
	}
	energy, capacity := 0.0, 0.0
	for seed := range 64 {
		var r scanned
		promised(t, &r, scanKeys, "run", file, "--scan", "beta=0.4", "--chains", "4", "--samples", "1000", "--warmup", "100", "--steps", "1", "--seed", fmt.Sprint(seed))
		p := r.Scan[0]
		energy += math.Pow((*p.Energy-a.Energy/0.4/16) / *p.EnergyMCSE, 2)
		capacity += math.Pow((*p.HeatCapacity-a.Variance/16) / *p.HeatCapacitySE, 2)
	}
	for what, sum := range map[string]float64{"energy": energy, "heat capacity": capacity} {
		if sum < 25 || sum > 130 {
			t.Errorf("%s: squared errors add up to %.1f over 64 runs", what, sum)
		}
	}
}

// TestScanIsRuns holds that a row has the numbers of run at that β, on every
// target, and that annealing is left aside.
func TestScanIsRuns(t *testing.T) {
	const model = "models/mixed"
	for _, target := range []string{"table", "interp"} {
		var r scanned
		promised(t, &r, scanKeys, "run", model, "--scan", "beta=0.5,2", "--target", target, "--chains", "3", "--samples", "50")
		for _, p := range r.Scan {
			out, _ := thrmlgen(t, 0, "run", model, "--set", fmt.Sprint("beta=", p.Beta), "--chains", "3", "--samples", "50", "--json")
			var one struct {
				Hash     string    `json:"hash"`
				MaxError float64   `json:"max_probability_error"`
				Summary  []figures `json:"summary"`
			}
			if err := json.Unmarshal([]byte(out), &one); err != nil {
				t.Fatal(err)
			}
			got, want := *p.Energy*float64(r.Nodes)*p.Beta, *one.Summary[0].Mean
			if one.Hash != p.Hash || one.MaxError != p.MaxError || math.Abs(got-want) > 1e-12*math.Abs(want) {
				t.Errorf("%s at beta %v: energy %v, run has %v; hash %s, run has %s", target, p.Beta, got, want, p.Hash, one.Hash)
			}
		}
	}
	var with, without scanned
	text := torus(4)
	promised(t, &without, scanKeys, "run", modelFile(t, text), "--scan", "beta=0.4")
	text = strings.Replace(text, "warmup: 500", "warmup: 500, betas: {from: 0.1, to: 3}", 1)
	promised(t, &with, scanKeys, "run", modelFile(t, text), "--scan", "beta=0.4")
	if *with.Scan[0].Energy != *without.Scan[0].Energy {
		t.Error("betas of the model have an effect on a scan")
	}
}

// TestScanOrder holds the order parameters to states written by run.
func TestScanOrder(t *testing.T) {
	file := modelFile(t, `model: both
variables:
  s: {kind: spin, shape: [5]}
  x: {kind: categorical, states: 4, shape: [6]}
  one: {kind: spin}
factors:
  - {over: [s, s], edges: {ring: s}, weights: 0.4}
  - {over: [x, x], edges: {ring: x}, weights: {identity: 0.5}}
  - {over: [one], index: all, weights: 0.3}
sample: {chains: 70, warmup: 10, samples: 20}
`)
	var r scanned
	promised(t, &r, scanKeys, "run", file, "--scan", "beta=1")
	states := filepath.Join(t.TempDir(), "states.npz")
	thrmlgen(t, 0, "run", file, "--out", states, "--quiet")
	if n := len(r.Scan[0].Order); n != 2 || r.Scan[0].Order[0].Name != "abs_magnetisation/s" || r.Scan[0].Order[1].Name != "largest_share/x" {
		t.Fatalf("order parameters %+v", r.Scan[0].Order)
	}
	spins, err := readArray(t, states, "s").Ints()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for draw := range slices.Chunk(spins, 5) {
		m := int64(0)
		for _, s := range draw {
			m += s
		}
		sum += math.Abs(float64(m)) / 5
	}
	if want := sum / float64(70*20); math.Abs(*r.Scan[0].Order[0].Mean-want) > 1e-12 {
		t.Errorf("mean of |s| is %v, want %v", *r.Scan[0].Order[0].Mean, want)
	}
	values, err := readArray(t, states, "x").Ints()
	if err != nil {
		t.Fatal(err)
	}
	sum = 0
	for draw := range slices.Chunk(values, 6) {
		counts := make([]int, 4)
		for _, k := range draw {
			counts[k]++
		}
		sum += float64(slices.Max(counts)) / 6
	}
	if want := sum / float64(70*20); math.Abs(*r.Scan[0].Order[1].Mean-want) > 1e-12 {
		t.Errorf("mean of the largest share of x is %v, want %v", *r.Scan[0].Order[1].Mean, want)
	}
}

// readArray reads an array of a result.
func readArray(t *testing.T, file, name string) *npy.NPYArray {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	z, err := npy.OpenNPZ(b)
	if err != nil {
		t.Fatal(err)
	}
	a, err := z.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestScanFile holds the arrays of --out to the figures of --json.
func TestScanFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "scan.npz")
	args := []string{"run", "models/chain5", "--scan", "beta=0.1:1:4", "--chains", "4", "--out"}
	var r scanned
	promised(t, &r, scanKeys, append(args, file)...)
	for name, of := range map[string]func(i int) float64{
		"beta":                     func(i int) float64 { return r.Scan[i].Beta },
		"energy":                   func(i int) float64 { return *r.Scan[i].Energy },
		"energy_mcse":              func(i int) float64 { return *r.Scan[i].EnergyMCSE },
		"heat_capacity":            func(i int) float64 { return *r.Scan[i].HeatCapacity },
		"heat_capacity_se":         func(i int) float64 { return *r.Scan[i].HeatCapacitySE },
		"abs_magnetisation/s":      func(i int) float64 { return *r.Scan[i].Order[0].Mean },
		"abs_magnetisation_mcse/s": func(i int) float64 { return *r.Scan[i].Order[0].MCSE },
		"r_hat":                    func(i int) float64 { return *r.Scan[i].RHat },
		"ess":                      func(i int) float64 { return *r.Scan[i].ESS },
		"max_probability_error":    func(i int) float64 { return r.Scan[i].MaxError },
	} {
		values, err := readArray(t, file, name).Float64s()
		if err != nil || len(values) != 4 {
			t.Fatalf("%s: %v, %v", name, values, err)
		}
		for i, x := range values {
			if x != of(i) {
				t.Errorf("%s[%d] is %v, --json has %v", name, i, x, of(i))
			}
		}
	}
	again := filepath.Join(dir, "again.npz")
	thrmlgen(t, 0, append(args, again, "--quiet")...)
	a, _ := os.ReadFile(file)
	b, _ := os.ReadFile(again)
	if !slices.Equal(a, b) {
		t.Error("the same scan wrote other bytes")
	}
	// Without figures there are NaN and null.
	promised(t, &r, scanKeys, append(args, file, "--samples", "1")...)
	values, err := readArray(t, file, "energy_mcse").Float64s()
	if err != nil || !math.IsNaN(values[0]) || r.Scan[0].EnergyMCSE != nil {
		t.Errorf("one draw: energy_mcse is %v in the file, %v in --json (%v)", values, r.Scan[0].EnergyMCSE, err)
	}
}
