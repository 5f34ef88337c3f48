//go:build unix

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
)

// realModel has continuous nodes with and without a range and clamped ones, next to
// each other, to spins and to a categorical, and spins with discrete neighbours only.
const realModel = `
model: real
variables:
  x: {kind: continuous, shape: [2, 3]}
  y: {kind: continuous, shape: [4], range: [-1, 2]}
  s: {kind: spin, shape: [3]}
  t: {kind: spin, shape: [3]}
  c: {kind: categorical, states: 3, shape: [2]}
factors:
  - {name: well, over: {u: x}, index: all, energy: "(u - 0.3)^2"}
  - {over: {u: y}, index: all, energy: "0.5*u^2 + 0.1*u"}
  - {over: {u: x, v: x}, edges: {grid: x}, energy: "0.2*u*v"}
  - {over: {u: x, v: y}, index: [[0, 0], [1, 1]], energy: "0.3*u*v"}
  - {over: {p: s, u: x}, index: [[0, 0], [1, 2], [2, 4]], energy: "0.5*p*u + 0.25"}
  - {over: {k: c, u: y}, index: [[0, 2], [1, 3]], energy: "w[k]*u", params: {w: [0.1, -0.2, 0.4]}}
  - {over: [t, t], index: [[0, 1], [1, 2]], weights: 0.4}
  - {over: [s, t], index: [[0, 1]], weights: 0.4}
clamp: {"x[1,2]": 0.5, "y[0]": -0.75}
sample: {chains: 70, warmup: 5, samples: 9, steps_per_sample: 2, seed: 3}
observe:
  - state
  - energy
  - best
  - moments
  - magnetisation
  - {histogram: [x, y, s, c], bins: 9, range: [-1, 1.5]}
  - {histogram: "x[1,0]", name: corner, range: [-2, 2]}
  - {name: products, over: {u: x, p: s}, index: pairs, mean: "u*p"}
  - {name: picked, over: {k: c, u: y}, index: pairs, mean: "(k == 1)*u"}
`

// samplersModel has energies of all forms, other samplers than gibbs and an
// interaction.
func samplersModel(t *testing.T) string {
	t.Helper()
	return string(fileBytes(t, filepath.Join("testdata", "samplers", "model.yaml")))
}

// realFolder puts model.yaml into a new folder and goes there.
func realFolder(t *testing.T, text string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("model.yaml", []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func fileBytes(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func numbersOf(t *testing.T, file, name string) []float64 {
	t.Helper()
	x, err := arrayOf(t, file, name).Float64s()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// sameResults holds two result files to be equal byte for byte, but for the name of
// the target.
func sameResults(t *testing.T, a, b string) {
	t.Helper()
	x, y := fileBytes(t, a), fileBytes(t, b)
	zx, err := npy.OpenNPZ(x)
	if err != nil {
		t.Fatal(err)
	}
	zy, err := npy.OpenNPZ(y)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(zx.Names(), zy.Names()) {
		t.Fatalf("%s has %v, %s %v", a, zx.Names(), b, zy.Names())
	}
	for _, name := range zx.Names() {
		ax, err := zx.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		ay, err := zy.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "meta" {
			target := regexp.MustCompile(`"target": "[a-z]+"`)
			ax.Data = target.ReplaceAllString(string(ax.Data.([]uint8)), "")
			ay.Data = target.ReplaceAllString(string(ay.Data.([]uint8)), "")
			ax.Shape, ay.Shape = nil, nil
		}
		// The bits: 0 and -0 differ.
		if fmt.Sprint(ax.Shape) != fmt.Sprint(ay.Shape) || ax.DType != ay.DType || fmt.Sprintf("%x", ax.Data) != fmt.Sprintf("%x", ay.Data) {
			t.Errorf("%s of %s and of %s differ", name, a, b)
		}
	}
}

// Models with continuous nodes give the same files on every target, whole or in
// parts, each resumed on another target.
func TestContinuousOnEveryTarget(t *testing.T) {
	if !testing.Short() {
		testtool.Need(t, "go")
	}
	samplers, dynamics := samplersModel(t), string(fileBytes(t, filepath.Join("testdata", "dynamics", "model.yaml")))
	realFolder(t, realModel)
	for name, text := range map[string]string{"samplers.yaml": samplers, "dynamics.yaml": dynamics} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, model := range []struct {
		file  string
		flags []string
	}{
		{"model.yaml", nil},
		{"samplers.yaml", nil},
		{"dynamics.yaml", nil},
		{"models/gaussian_bernoulli", []string{"--chains", "3", "--warmup", "2", "--steps", "1"}},
		{"models/grid_gaussian", []string{"--chains", "65", "--set", "observe=[state, energy, moments]"}},
	} {
		targets := []string{"table", "interp"}
		if !testing.Short() && model.flags == nil { // compiling takes seconds
			targets = append(targets, "go")
		}
		run := func(target string, more ...string) {
			t.Helper()
			args := append([]string{"run", model.file, "--quiet", "--target", target}, model.flags...)
			thrmlgen(t, exitDone, append(args, more...)...)
		}
		for i, target := range targets {
			run(target, "--samples", "9", "--out", target+".npz", "--state", target+".state")
			run(target, "--samples", "4", "--state", target+".half")
			if i > 0 {
				sameResults(t, "table.npz", target+".npz")
				if !bytes.Equal(fileBytes(t, "table.state"), fileBytes(t, target+".state")) {
					t.Errorf("%s: the final state on %s differs", model.file, target)
				}
			}
		}
		for i, target := range targets {
			run(targets[(i+1)%len(targets)], "--samples", "5", "--resume", target+".half", "--state", "resumed.state")
			if !bytes.Equal(fileBytes(t, "table.state"), fileBytes(t, "resumed.state")) {
				t.Errorf("%s: 4 draws on %s and 5 on another target are not 9", model.file, target)
			}
		}
		thrmlgen(t, exitDone, "verify", model.file, "--targets", strings.Join(targets, ","), "--sweeps", "4", "--chains", "3")
	}
}

// Energies of a result file are those it holds, and factors of one expression are
// one.
func TestContinuousEnergies(t *testing.T) {
	realFolder(t, realModel)
	thrmlgen(t, exitDone, "run", "model.yaml", "--quiet", "--out", "f.npz")
	out, _ := thrmlgen(t, exitDone, "energy", "model.yaml", "--states", "f.npz", "--by-factor", "--json")
	var got struct {
		Energy   [][]float64            `json:"energy"`
		ByFactor map[string][][]float64 `json:"by_factor"`
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	want, x := numbersOf(t, "f.npz", "energy"), numbersOf(t, "f.npz", "x")
	for c := range 70 {
		for d := range 9 {
			i := 9*c + d
			if got.Energy[c][d] != want[i] {
				t.Fatalf("energy of chain %d draw %d is %v, the file has %v", c, d, got.Energy[c][d], want[i])
			}
			sum, well := 0.0, 0.0
			for _, e := range got.ByFactor {
				sum += e[c][d]
			}
			for _, v := range x[6*i : 6*i+6] {
				well += (v - 0.3) * (v - 0.3)
			}
			if math.Abs(sum-want[i]) > 1e-12 || math.Abs(got.ByFactor["well"][c][d]-well) > 1e-12 {
				t.Fatalf("factors of %v give %v, well %v, want %v", want[i], sum, got.ByFactor["well"][c][d], well)
			}
		}
	}
	if len(got.ByFactor) != 8 {
		t.Errorf("%d factors", len(got.ByFactor))
	}
	for _, bad := range []struct {
		y    []float32
		text string
	}{
		{[]float32{0, 0, 2.5, 0}, "y[2] is 2.5"},
		{[]float32{0, float32(math.NaN()), 0, 0}, "y[1] is NaN"},
	} {
		var b bytes.Buffer
		z := npy.NewNPZWriter(&b)
		for name, add := range map[string]func(name string) error{
			"x": func(n string) error { return z.Add(n, []int{2, 3}, make([]float64, 6)) },
			"y": func(n string) error { return z.Add(n, []int{4}, bad.y) },
			"s": func(n string) error { return z.Add(n, []int{3}, []int8{1, 1, -1}) },
			"t": func(n string) error { return z.Add(n, []int{3}, []int8{1, 1, -1}) },
			"c": func(n string) error { return z.Add(n, []int{2}, []uint8{0, 2}) },
		} {
			if err := add(name); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("bad.npz", b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		_, text := thrmlgen(t, 3, "energy", "model.yaml", "--states", "bad.npz")
		if !strings.Contains(text, bad.text) {
			t.Errorf("%s", text)
		}
	}
}

// What is said of the error is true: nothing of a bound on updates in float32.
func TestContinuousErrorText(t *testing.T) {
	realFolder(t, realModel)
	const float = "updates are in float32"
	for _, args := range [][]string{
		{"check"}, {"run", "--samples", "5", "--chains", "3"}, {"bench", "--seconds", "0.01"},
		{"run", "--samples", "5", "--chains", "3", "--scan", "beta=0.5,1"},
	} {
		out, _ := thrmlgen(t, exitDone, slices.Concat(args[:1], []string{"models/grid_gaussian"}, args[1:])...)
		if !strings.Contains(out, float) || strings.Contains(out, "at most 0\n") || strings.Contains(out, "budget") || strings.Contains(out, "probability") {
			t.Errorf("%v: %s", args, out)
		}
		out, _ = thrmlgen(t, exitDone, slices.Concat(args[:1], []string{"model.yaml"}, args[1:])...)
		if !strings.Contains(out, float) || !regexp.MustCompile(`at most 0\.0002\d* .*where.*discrete`).MatchString(out) {
			t.Errorf("%v: %s", args, out)
		}
		out, _ = thrmlgen(t, exitDone, slices.Concat(args[:1], []string{"models/mixed"}, args[1:])...)
		if strings.Contains(out, "float32") {
			t.Errorf("%v: %s", args, out)
		}
	}
	out, _ := thrmlgen(t, exitDone, "run", "model.yaml", "--all", "--samples", "40")
	for _, row := range []string{`(?m)^mean/x +0\.`, `(?m)^mean/y +-0\.`, `(?m)^x\[0,0\] .*1\.0\d\d$`, `(?m)^y\[3\] `} {
		if !regexp.MustCompile(row).MatchString(out) {
			t.Errorf("no %s in\n%s", row, out)
		}
	}
	if strings.Contains(out, "x[1,2]") || strings.Contains(out, "y[0]") {
		t.Errorf("clamped nodes have rows:\n%s", out)
	}
}

// goldenGaussian is a Gaussian model on a 5 × 5 grid as a model file, and its exact
// mean and covariance (upper triangle).
func goldenGaussian(t *testing.T) (text string, edges [][2]int, mean []float64, cov [][]float64) {
	t.Helper()
	dir := filepath.Join("..", "..", "conformance", "testdata", "gaussian_grid5x5")
	var c struct {
		A, B, Edges, Weights json.RawMessage
	}
	if err := json.Unmarshal(fileBytes(t, filepath.Join(dir, "model.json")), &c); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(c.Edges, &edges); err != nil {
		t.Fatal(err)
	}
	var records []struct {
		Quantity string
		Exact    json.RawMessage
	}
	if err := json.Unmarshal(fileBytes(t, filepath.Join(dir, "expected.json")), &records); err != nil {
		t.Fatal(err)
	}
	cov = make([][]float64, 25)
	for i := range cov {
		cov[i] = make([]float64, 25)
	}
	var upper []float64
	for _, r := range records {
		to := &upper
		switch r.Quantity {
		case "mean":
			to = &mean
		case "covariance, upper triangle":
		default:
			continue
		}
		if err := json.Unmarshal(r.Exact, to); err != nil {
			t.Fatal(err)
		}
	}
	if len(mean) != 25 || len(upper) != 325 {
		t.Fatalf("%d means, %d covariances", len(mean), len(upper))
	}
	for i := range 25 {
		for j := i; j < 25; j++ {
			cov[i][j], cov[j][i] = upper[0], upper[0]
			upper = upper[1:]
		}
	}
	return fmt.Sprintf(`model: gaussian
variables: {x: {kind: continuous, shape: [5, 5]}}
factors:
  - {name: f, over: {u: x}, index: all, energy: "0.5*a*u^2 + b*u", params: {a: %s, b: %s}}
  - {name: pair, over: {u: x, v: x}, index: %s, energy: "w*u*v", params: {w: %s}}
init: {x: {normal: [0, 0.1]}}
sample: {chains: 400, warmup: 20, samples: 500, steps_per_sample: 5, seed: 5}
observe: [state, moments]
`, c.A, c.B, c.Edges, c.Weights), edges, mean, cov
}

// From the model file to the result file a Gaussian model has its exact mean and
// covariance: 25 means and 325 covariances from states within 5 standard errors
// (between 400 chains), and again 25 means and 65 second moments of the energy's
// terms from running sums. By chance one of 440 is farther off for one seed in
// 4,000. Draws are nearly independent: a standard error of a variance is 0.3 % of it,
// so that 1.6 % would be found.
func TestGaussianFromFileToFile(t *testing.T) {
	text, edges, mean, cov := goldenGaussian(t)
	realFolder(t, text)
	thrmlgen(t, exitDone, "run", "model.yaml", "--quiet", "--out", "f.npz")
	const chains, draws = 400, 500
	x := numbersOf(t, "f.npz", "x")
	if a := arrayOf(t, "f.npz", "x"); a.DType != "<f4" || !slices.Equal(a.Shape, []int{chains, draws, 5, 5}) {
		t.Fatalf("x is %s%v", a.DType, a.Shape)
	}
	// The mean over all draws of f, and its standard error between chains.
	estimate := func(f func(v []float64) float64) (got, se float64) {
		sum, squares := 0.0, 0.0
		for c := range chains {
			one := 0.0
			for d := range draws {
				one += f(x[25*(c*draws+d):][:25])
			}
			one /= draws
			sum += one
			squares += one * one
		}
		got = sum / chains
		return got, math.Sqrt((squares/chains - got*got) / (chains - 1))
	}
	worst := 0.0
	hold := func(what string, got, se, want float64) {
		z := math.Abs(got-want) / se
		worst = max(worst, z)
		if !(z < 5) {
			t.Errorf("%s is %v ± %v, want %v", what, got, se, want)
		}
	}
	for i := range 25 {
		got, se := estimate(func(v []float64) float64 { return v[i] })
		hold(fmt.Sprintf("mean of node %d", i), got, se, mean[i])
		for j := i; j < 25; j++ {
			got, se := estimate(func(v []float64) float64 { return (v[i] - mean[i]) * (v[j] - mean[j]) })
			hold(fmt.Sprintf("covariance of nodes %d and %d", i, j), got, se, cov[i][j])
			if i == j && se > 0.006*cov[i][i] {
				t.Errorf("the variance of node %d has the standard error %v", i, se)
			}
		}
	}
	nodes, nodeErrors := numbersOf(t, "f.npz", "moments/node/x"), numbersOf(t, "f.npz", "moments/node_se/x")
	linear, square := numbersOf(t, "f.npz", "moments/factor/f.m0"), numbersOf(t, "f.npz", "moments/factor/f.m1")
	squareErrors := numbersOf(t, "f.npz", "moments/factor_se/f.m1")
	pair, pairErrors := numbersOf(t, "f.npz", "moments/factor/pair"), numbersOf(t, "f.npz", "moments/factor_se/pair")
	for i := range 25 {
		hold(fmt.Sprintf("moment of node %d", i), nodes[i], nodeErrors[i], mean[i])
		hold(fmt.Sprintf("square of node %d", i), square[i], squareErrors[i], cov[i][i]+mean[i]*mean[i])
		if math.Abs(linear[i]-nodes[i]) > 1e-12 {
			t.Errorf("node %d has the mean %v, its row %v", i, nodes[i], linear[i])
		}
	}
	for r, e := range edges {
		hold(fmt.Sprintf("product of nodes %v", e), pair[r], pairErrors[r], cov[e[0]][e[1]]+mean[e[0]]*mean[e[1]])
		if rms := math.Sqrt((cov[e[0]][e[0]] + mean[e[0]]*mean[e[0]]) * (cov[e[1]][e[1]] + mean[e[1]]*mean[e[1]])); pairErrors[r] > 0.01*rms {
			t.Errorf("the product of nodes %v has the standard error %v", e, pairErrors[r])
		}
	}
	t.Logf("largest deviation %.2f standard errors", worst)
	var meta observe.Meta
	if err := json.Unmarshal(arrayOf(t, "f.npz", "meta").Data.([]uint8), &meta); err != nil || meta.FloatNodes != 25 {
		t.Errorf("meta: %v, %+v", err, meta)
	}
}
