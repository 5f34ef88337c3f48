package exact

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

func buildModel(t *testing.T, text string) *graph.Graph {
	t.Helper()
	s, problems := spec.Parse("model.yaml", []byte(text))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	g, problems := graph.Build(s, graph.DirFiles(t.TempDir()))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return g
}

func readJSON(t *testing.T, v any, path ...string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(append([]string{"testdata"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		t.Fatal(err)
	}
}

func yamlList[T any](x []T) string {
	b, _ := json.Marshal(x)
	return string(b)
}

// TestGoldenGaussian: means, covariances and energies of a Gaussian grid against
// figures of a script that shares no code with this one.
func TestGoldenGaussian(t *testing.T) {
	var c struct {
		A, B, Weights []float64
		Edges         [][2]int
	}
	var want struct {
		Mean       []float64
		Covariance []float64
		Energies   []float64 `json:"energy of 20 states"`
		States     [][]float64
	}
	readJSON(t, &c, "gaussian_grid5x5", "model.json")
	readJSON(t, &want, "gaussian_grid5x5", "expected.json")
	g := buildModel(t, fmt.Sprintf(`model: gaussian
variables: {x: {kind: continuous, shape: [25]}}
factors:
  - {over: {u: x}, index: all, energy: "0.5*a*u^2 + b*u", params: {a: %s, b: %s}}
  - {over: {u: x, v: x}, index: %s, energy: "w*u*v", params: {w: %s}}
`, yamlList(c.A), yamlList(c.B), yamlList(c.Edges), yamlList(c.Weights)))
	a, err := Solve(g, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	upper := map[[2]int]float64{}
	at := 0
	for i := range 25 {
		for j := i; j < 25; j++ {
			upper[[2]int{i, j}] = want.Covariance[at]
			at++
		}
	}
	for i := range 25 {
		near(t, "mean", a.Mean[i], want.Mean[i], 1e-12)
		near(t, "sd", a.SD[i], math.Sqrt(upper[[2]int{i, i}]), 1e-12)
	}
	if len(a.Pairs) != 40 {
		t.Fatalf("%d pairs", len(a.Pairs))
	}
	for _, p := range a.Pairs {
		cov := upper[[2]int{int(p.A), int(p.B)}]
		near(t, "covariance", p.Covariance, cov, 1e-12)
		near(t, "product", p.Value, cov+want.Mean[p.A]*want.Mean[p.B], 1e-12)
	}
	// The mean of ½xᵀQx about its minimum is n/2, its variance too.
	near(t, "variance of the energy", a.EnergyVariance, 12.5, 1e-12)
	state := make([]int32, 25)
	for k, x := range want.States {
		for i, v := range x {
			state[i] = sampling.FloatBits(float32(v))
		}
		near(t, "energy", Energy(g, state), want.Energies[k], 1e-5) // states are float32
	}
}

// TestGoldenBernoulli: all 144 moments of spins and numbers, where pairs of them are
// in the factors, the law of the spins and energies.
func TestGoldenBernoulli(t *testing.T) {
	var c struct {
		A, B, C      []float64
		Spins, Reals []int
		CC           [][2]int  `json:"cc_edges"`
		CCWeights    []float64 `json:"cc_weights"`
		SC           [][2]int  `json:"sc_edges"`
		SCWeights    []float64 `json:"sc_weights"`
		SS           [][2]int  `json:"ss_edges"`
		SSWeights    []float64 `json:"ss_weights"`
	}
	var want struct {
		S        []float64   `json:"<s_i>"`
		SS       []float64   `json:"<s_i s_j>"`
		X        []float64   `json:"<x_i>"`
		XX       []float64   `json:"<x_i x_j>"`
		SX       [][]float64 `json:"<s_i x_j>"`
		Energies []float64   `json:"energy of 20 states"`
		States   [][]float64
	}
	readJSON(t, &c, "gaussian_bernoulli_4x4", "model.json")
	raw := map[string]json.RawMessage{}
	readJSON(t, &raw, "gaussian_bernoulli_4x4", "expected.json")
	var sx []float64
	if json.Unmarshal(raw["<s_i x_j>"], &sx) == nil { // flat or nested
		for i := range 8 {
			want.SX = append(want.SX, sx[8*i:8*i+8])
		}
		delete(raw, "<s_i x_j>")
	}
	b, _ := json.Marshal(raw)
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	local := func(edges [][2]int) string {
		out := make([][2]int, len(edges))
		for i, e := range edges {
			for k, n := range e {
				out[i][k] = max(slices.Index(c.Spins, n), slices.Index(c.Reals, n))
			}
		}
		return yamlList(out)
	}
	// A zero weight between all pairs puts every moment among the pairs.
	g := buildModel(t, fmt.Sprintf(`model: bernoulli
variables: {s: {kind: spin, shape: [8]}, x: {kind: continuous, shape: [8]}}
factors:
  - {over: {u: x}, index: all, energy: "0.5*a*u^2 + c*u", params: {a: %s, c: %s}}
  - {over: {u: x, v: x}, index: %s, energy: "w*u*v", params: {w: %s}}
  - {over: {p: s, u: x}, index: %s, energy: "w*p*u", params: {w: %s}}
  - {over: [s], index: all, weights: %s}
  - {over: [s, s], index: %s, weights: %s}
  - {over: [s, s], index: pairs, weights: 0}
  - {over: [s, x], index: pairs, weights: 0}
  - {over: [x, x], index: pairs, weights: 0}
`, yamlList(c.A), yamlList(c.C), local(c.CC), yamlList(c.CCWeights), local(c.SC), yamlList(c.SCWeights), yamlList(c.B), local(c.SS), yamlList(c.SSWeights)))
	a, err := Solve(g, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	check := func(what string, got, want float64) {
		t.Helper()
		near(t, what, got, want, 1e-11)
		compared++
	}
	for i := range 8 {
		check("spin", a.Mean[i], want.S[i])
		check("number", a.Mean[8+i], want.X[i])
	}
	pairs := map[[2]int32]*Pair{}
	for i := range a.Pairs {
		pairs[[2]int32{a.Pairs[i].A, a.Pairs[i].B}] = &a.Pairs[i]
	}
	ss, xx := 0, 0
	for i := range int32(8) {
		for j := i; j < 8; j++ {
			if j > i {
				check("spins", pairs[[2]int32{i, j}].Value, want.SS[ss])
				ss++
				p := pairs[[2]int32{8 + i, 8 + j}]
				check("numbers", p.Value, want.XX[xx])
				near(t, "covariance", p.Covariance, want.XX[xx]-want.X[i]*want.X[j], 1e-10)
			} else {
				check("square", a.SD[8+i]*a.SD[8+i]+a.Mean[8+i]*a.Mean[8+i], want.XX[xx])
			}
			xx++
		}
		for j := range int32(8) {
			p := pairs[[2]int32{i, 8 + j}]
			check("spin and number", p.Value, want.SX[i][j])
			near(t, "covariance", p.Covariance, want.SX[i][j]-want.S[i]*want.X[j], 1e-10)
			near(t, "both states", p.ByState[0]+p.ByState[1], want.X[j], 1e-11)
		}
	}
	if compared != 144 {
		t.Errorf("%d moments compared", compared)
	}
	state := make([]int32, 16)
	for k, x := range want.States {
		for i := range 8 {
			state[i] = int32(x[c.Spins[i]])
			state[8+i] = sampling.FloatBits(float32(x[c.Reals[i]]))
		}
		near(t, "energy", Energy(g, state), want.Energies[k], 1e-5)
	}
}

// TestIntegralsByQuadrature: models in which squares and products depend on spins
// and categoricals, with and without clamps, against sums over the discrete states
// and the trapezoidal rule in two numbers (which is exact to rounding for normal
// laws when it reaches far enough).
func TestIntegralsByQuadrature(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for n := range 12 {
		num := func(lo, hi float64) string { return fmt.Sprintf("%.3f", lo+(hi-lo)*r.Float64()) }
		clamp := []string{"", "clamp: {c: 1}", "clamp: {\"x[1]\": 0.75}", "clamp: {\"s[0]\": -1, \"x[1]\": -0.5}"}[n%4]
		square := "0.5*a[k]*u^2" // depends on the state
		if n%3 == 2 {
			square = "0.8*u^2"
		}
		params := fmt.Sprintf("a: [%s, %s, %s], ", num(0.8, 3), num(0.8, 3), num(0.8, 3))
		if n%3 == 2 {
			params = ""
		}
		g := buildModel(t, fmt.Sprintf(`model: m
variables: {x: {kind: continuous, shape: [2]}, s: {kind: spin, shape: [2]}, c: {kind: categorical, states: 3}}
factors:
  - {over: {u: x, k: c}, index: [[0, 0], [1, 0]], energy: "%s + b[k]*u", params: {%sb: [%s, %s, %s]}}
  - {over: {p: s, u: x}, index: pairs, energy: "w*p*u", params: {w: {normal: [0, 1], seed: %d}}}
  - {over: {u: x, v: x}, index: pairs, energy: "%s*u*v + 0.2"}
  - {over: [s, s], index: pairs, weights: %s}
  - {over: [s, c], index: pairs, weights: [[0.3, -0.2, 0.1], [0.0, 0.5, 0.2]]}
beta: %s
%s
`, square, params, num(-1, 1), num(-1, 1), num(-1, 1), n, num(-0.3, 0.3), num(-1, 1), num(0.6, 1.6), clamp))
		a, err := Solve(g, DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		compareQuadrature(t, fmt.Sprintf("model %d", n), g, a)
		if t.Failed() {
			return
		}
	}
}

func compareQuadrature(t *testing.T, what string, g *graph.Graph, a *Answer) {
	t.Helper()
	fixed := map[int]float64{}
	for _, c := range g.Clamps {
		for i, node := range c.Nodes {
			fixed[int(node)] = float64(c.Values[i])
			if g.Vars[0].Count > int(node) {
				fixed[int(node)] = float64(sampling.BitsFloat(c.Values[i]))
			}
		}
	}
	grid := make([][]float64, g.Nodes) // x[0], x[1], s[0], s[1], c
	const reach, steps = 14.0, 200
	for i := range grid {
		if v, ok := fixed[i]; ok {
			grid[i] = []float64{v}
			continue
		}
		switch {
		case i < 2:
			for k := range steps + 1 {
				grid[i] = append(grid[i], reach*(2*float64(k)/steps-1))
			}
		case i < 4:
			grid[i] = []float64{-1, 1}
		default:
			grid[i] = []float64{0, 1, 2}
		}
	}
	cell := 1.0
	for i := range 2 {
		if len(grid[i]) > 1 {
			cell *= 2 * reach / steps
		}
	}
	z, energy, square := 0.0, 0.0, 0.0
	mean, xx := make([]float64, g.Nodes), make([]float64, g.Nodes)
	products := make([]float64, len(a.Pairs))
	x := make([]float64, g.Nodes)
	var walk func(i int)
	walk = func(i int) {
		if i < g.Nodes {
			for _, x[i] = range grid[i] {
				walk(i + 1)
			}
			return
		}
		h := g.Beta * plainEnergy(g, x)
		w := math.Exp(-h)
		z, energy, square = z+w, energy+w*h, square+w*h*h
		for i, v := range x {
			mean[i] += w * v
			xx[i] += w * v * v
		}
		for k, p := range a.Pairs {
			products[k] += w * x[p.A] * x[p.B]
		}
	}
	walk(0)
	near(t, what+": log Z", a.LogZ, math.Log(z*cell), 1e-10)
	near(t, what+": energy", a.EnergyMean, energy/z, 1e-10)
	near(t, what+": variance", a.EnergyVariance, square/z-energy/z*energy/z, 1e-9)
	for i := range mean {
		near(t, what+": mean", a.Mean[i], mean[i]/z, 1e-10)
		if i < 2 {
			near(t, what+": variance of a node", a.SD[i]*a.SD[i], xx[i]/z-mean[i]/z*mean[i]/z, 1e-9)
		}
	}
	for k, p := range a.Pairs {
		got := p.Value
		if p.B == 4 { // the categorical
			got = 0
			for state, v := range p.ByState {
				got += float64(state) * v
			}
			for i, row := range p.Joint {
				for state, v := range row {
					got += float64(2*i-1) * float64(state) * v
				}
			}
		}
		near(t, what+": product", got, products[k]/z, 1e-10)
		if p.Joint == nil && p.B != 4 {
			near(t, what+": covariance", p.Covariance, products[k]/z-mean[p.A]/z*mean[p.B]/z, 1e-9)
		}
	}
}

// plainEnergy is H by its definition, from numbers.
func plainEnergy(g *graph.Graph, x []float64) float64 {
	h := 0.0
	for _, f := range g.Factors {
		for r := range f.Rows {
			at, product := 0, 1.0
			for j, s := range f.Slots {
				v := x[f.Index[r*len(f.Slots)+j]]
				switch s.Kind {
				case graph.Categorical:
					at = at*s.States + int(v)
				case graph.Spin:
					product *= v
				default:
					product *= math.Pow(v, float64(s.Power))
				}
			}
			if !f.Shared {
				at += r * f.TableSize()
			}
			h -= f.Weights[at] * product
		}
	}
	return h
}

// TestIntegralsLargeValues: means far from 0 cost no digits of the covariances.
func TestIntegralsLargeValues(t *testing.T) {
	g := buildModel(t, `model: m
variables: {x: {kind: continuous, shape: [2]}, s: {kind: spin}}
factors:
  - {over: {u: x}, index: all, energy: "0.5*(u - 1000000)^2"}
  - {over: {u: x, p: s}, index: pairs, energy: "0.5*p*(u - 1000000)"}
`)
	a, err := Solve(g, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	// x = 10^6 - s/2 + z: the variance is 1 + 1/4, the covariance of x and s -1/2.
	for i := range 2 {
		near(t, "mean", a.Mean[i], 1e6, 1e-15)
		near(t, "sd", a.SD[i], math.Sqrt(1.25), 1e-9)
	}
	for _, p := range a.Pairs {
		if p.B == 2 {
			near(t, "covariance", p.Covariance, -0.5, 1e-9)
		}
	}
}

// TestClampedNumbers: with all continuous nodes clamped a model is one of spins, for
// both methods.
func TestClampedNumbers(t *testing.T) {
	text := `model: m
variables: {x: {kind: continuous, shape: [2]}, s: {kind: spin, shape: [3]}}
factors:
  - {over: {u: x}, index: all, energy: "0.5*u^2"}
  - {over: {p: s, u: x}, index: [[0, 0], [1, 1]], energy: "p*u^2 - 0.3*p*u"}
  - {over: [s, s], edges: {chain: s}, weights: 0.5}
clamp: {x: [0.5, -1.5]}
`
	plain := `model: m
variables: {s: {kind: spin, shape: [3]}}
factors:
  - {over: [s], index: [[0], [1]], weights: [-0.1, -2.7]}
  - {over: [s, s], edges: {chain: s}, weights: 0.5}
`
	want, err := Solve(buildModel(t, plain), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	for _, states := range []int{1 << 22, 1} {
		a, err := Solve(buildModel(t, text), Limits{States: states, Memory: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "log Z", a.LogZ, want.LogZ-1.25, 1e-12)
		for i := range 3 {
			near(t, "mean", a.Mean[2+i], want.Mean[i], 1e-12)
		}
		if a.Mean[0] != 0.5 || a.Mean[1] != -1.5 || a.SD[0] != 0 {
			t.Errorf("clamped: %v, %v", a.Mean[:2], a.SD[:2])
		}
		for _, p := range a.Pairs {
			if p.A == 1 {
				near(t, "product", p.Value, -1.5*a.Mean[p.B], 1e-12)
			}
		}
	}
}

// TestIntegralsRefused: what has no closed form, no law or is too large is said so.
func TestIntegralsRefused(t *testing.T) {
	head := "model: m\nvariables: {x: {kind: continuous, shape: [2]%s}, s: {kind: spin, shape: [%d]}}\nfactors:\n  - {over: {u: x}, index: all, energy: \"0.5*u^2\"}\n  - {over: [s], index: all, weights: 0.1}\n"
	for _, c := range []struct{ rang, more, code, text string }{
		{", range: [-1, 1]", "", diag.NotQuadratic, "x[0] lies between -1 and 1"},
		{"", "  - {over: {u: x, v: x}, index: pairs, energy: \"u^2*v^2\"}\n", diag.NotQuadratic, "row 0 of factor f2 has the degree 4"},
		{"", "  - {over: {u: x, v: x}, index: pairs, energy: \"1.5*u*v\"}\n", diag.Unbounded, "not positive definite"},
		{"", "  - {over: {u: x, v: x, p: s}, index: [[0, 1, 0]], energy: \"(0.8 - 0.5*p)*u*v\"}\n", diag.Unbounded, "where s[0] = -1, s[1] = -1"},
		{"", "beta: 0\n", diag.Unbounded, "beta is 0"},
	} {
		g := buildModel(t, fmt.Sprintf(head, c.rang, 2)+c.more)
		_, err := Solve(g, DefaultLimits)
		var p *diag.Problem
		if !errors.As(err, &p) || p.Code != c.code || !strings.Contains(p.Text, c.text) || p.Class != diag.Model {
			t.Errorf("%s: %v", c.text, err)
		}
	}
	for _, spins := range []int{40, 20} {
		g := buildModel(t, fmt.Sprintf(head, "", spins))
		lim := DefaultLimits
		if spins == 20 {
			lim.Memory = 90
		}
		_, err := Solve(g, lim)
		var p *diag.Problem
		if !errors.As(err, &p) || p.Class != diag.Limit {
			t.Errorf("%d spins: %v", spins, err)
		}
	}
}
