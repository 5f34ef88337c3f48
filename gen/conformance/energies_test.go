package conformance_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"gonum.org/v1/gonum/mat"
)

// An energyCase is one of TorchEBM 0.8.9 in float64: energies and gradients at points.
type energyCase struct {
	Energy   string
	Params   map[string]any
	Dim      int
	Points   [][]float64
	Value    []*float64
	Gradient [][]*float64
}

// model is a ready model with the parameters of the case, or a model file with the
// energies that are in none.
func (c *energyCase) model(t *testing.T) *gen.Model {
	t.Helper()
	file, sets := "", []string{fmt.Sprintf("variables.x.dim=%d", c.Dim)}
	param := func(names ...string) {
		for _, n := range names {
			sets = append(sets, fmt.Sprintf("factors.0.params.%s=%.17g", n, c.Params[n].(float64)))
		}
	}
	text := func(factors string) string {
		path := filepath.Join(t.TempDir(), "m.yaml")
		body := "model: m\nvariables: {x: {kind: continuous, dim: 2}}\nfactors:\n" + factors + "dynamics: {langevin: {over: x, step_size: 0.1}}\n"
		if err := os.WriteFile(path, []byte(body), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	factor := func(scale float64, energy string) string {
		return fmt.Sprintf("  - {over: {u: x}, index: all, scale: %v, energy: %q}\n", scale, energy)
	}
	const gauss = "4/7*(u[0] - 1)^2 - 2/7*(u[0] - 1)*(u[1] + 1) + 2/7*(u[1] + 1)^2"
	switch c.Energy {
	case "DoubleWell":
		file = "models/double_well"
		param("h", "b")
	case "Harmonic":
		file = "models/harmonic"
		param("k")
	case "Rastrigin":
		file = "models/rastrigin"
		param("a")
	case "Ackley":
		file = "models/ackley"
		param("a", "b", "c")
	case "Rosenbrock":
		file, sets = "models/rosenbrock", []string{fmt.Sprintf("variables.x.shape=[%d]", c.Dim)}
		param("a", "b")
	case "Gaussian":
		mean, _ := json.Marshal(c.Params["mean"])
		covariance, _ := json.Marshal(c.Params["cov"])
		file, sets = "models/gaussian", []string{"gaussian.mean=" + string(mean), "gaussian.covariance=" + string(covariance)}
	case "StyblinskiTang":
		file = text(factor(0.5, "sum(u^4 - 16*u^2 + 5*u)"))
	case "Himmelblau":
		file = text(factor(1, "(u[0]^2 + u[1] - 11)^2 + (u[0] + u[1]^2 - 7)^2"))
	case "Booth":
		file = text(factor(1, "(u[0] + 2*u[1] - 7)^2 + (2*u[0] + u[1] - 5)^2"))
	case "Composite":
		if len(c.Params["parts"].([]any)) == 2 {
			file = text(factor(0.5, "2*sum((u^2 - 1)^2)") + factor(2, "sum(u^2)/2"))
			break
		}
		file = text(factor(1, "100*(u[1] - u[0]^2)^2 + (1 - u[0])^2") + factor(0.25, fmt.Sprintf("sum(10 + u^2 - 10*cos(2*%.17g*u))", math.Pi)) + factor(-1, gauss))
	}
	m, problems := gen.Load(file, sets...)
	if problems.Len() > 0 && problems.Err() != nil {
		t.Fatalf("%s %v: %v", c.Energy, c.Params, problems)
	}
	return m
}

// formula is the energy and its gradient written down by hand, in float64.
func (c *energyCase) formula(x []float64) (e float64, d []float64) {
	d = make([]float64, len(x))
	number := func(name string) float64 { return c.Params[name].(float64) }
	sum := func(term func(x float64) (e, d float64)) {
		for i, v := range x {
			a, b := term(v)
			e, d[i] = e+a, d[i]+b
		}
	}
	well := func(h, b float64) func(float64) (float64, float64) {
		return func(x float64) (float64, float64) { return h * (x*x - b*b) * (x*x - b*b), 4 * h * x * (x*x - b*b) }
	}
	rosenbrock := func(a, b float64) {
		for i := range len(x) - 1 {
			u, v := x[i], x[i+1]
			e += b*(v-u*u)*(v-u*u) + (a-u)*(a-u)
			d[i] += -4*b*u*(v-u*u) - 2*(a-u)
			d[i+1] += 2 * b * (v - u*u)
		}
	}
	rastrigin := func(scale, a float64) func(float64) (float64, float64) {
		return func(x float64) (float64, float64) {
			return scale * (a + x*x - a*math.Cos(2*math.Pi*x)), scale * (2*x + a*2*math.Pi*math.Sin(2*math.Pi*x))
		}
	}
	gaussian := func(scale float64, mean []float64, p mat.Matrix) {
		for i := range x {
			for j := range x {
				e += scale * 0.5 * p.At(i, j) * (x[i] - mean[i]) * (x[j] - mean[j])
				d[i] += scale * p.At(i, j) * (x[j] - mean[j])
			}
		}
	}
	switch c.Energy {
	case "DoubleWell":
		sum(well(number("h"), number("b")))
	case "Harmonic":
		sum(func(x float64) (float64, float64) { return number("k") / 2 * x * x, number("k") * x })
	case "Rastrigin":
		sum(rastrigin(1, number("a")))
	case "StyblinskiTang":
		sum(func(x float64) (float64, float64) { return (x*x*x*x - 16*x*x + 5*x) / 2, 2*x*x*x - 16*x + 2.5 })
	case "Rosenbrock":
		rosenbrock(number("a"), number("b"))
	case "Ackley":
		a, b, w, n := number("a"), number("b"), number("c"), float64(len(x))
		square, wave := 0.0, 0.0
		for _, v := range x {
			square, wave = square+v*v, wave+math.Cos(w*v)
		}
		r := math.Sqrt(square / n)
		e = a - a*math.Exp(-b*r) + math.E - math.Exp(wave/n)
		for i, v := range x {
			if r > 0 {
				d[i] = a * b * math.Exp(-b*r) * v / (n * r)
			}
			d[i] += math.Exp(wave/n) * w * math.Sin(w*v) / n
		}
	case "Himmelblau":
		p, q := x[0]*x[0]+x[1]-11, x[0]+x[1]*x[1]-7
		return p*p + q*q, []float64{4*x[0]*p + 2*q, 2*p + 4*x[1]*q}
	case "Booth":
		p, q := x[0]+2*x[1]-7, 2*x[0]+x[1]-5
		return p*p + q*q, []float64{2*p + 4*q, 4*p + 2*q}
	case "Gaussian":
		var mean []float64
		for _, v := range c.Params["mean"].([]any) {
			mean = append(mean, v.(float64))
		}
		n := len(mean)
		sigma := mat.NewDense(n, n, nil)
		for i, row := range c.Params["cov"].([]any) {
			for j, v := range row.([]any) {
				sigma.Set(i, j, v.(float64))
			}
		}
		var p mat.Dense
		if err := p.Inverse(sigma); err != nil {
			panic(err)
		}
		gaussian(1, mean, &p)
	case "Composite":
		if len(c.Params["parts"].([]any)) == 2 {
			sum(well(1, 1))
			sum(func(x float64) (float64, float64) { return x * x, 2 * x })
			break
		}
		rosenbrock(1, 100)
		sum(rastrigin(0.25, 10))
		gaussian(-1, []float64{1, -1}, mat.NewDense(2, 2, []float64{8. / 7, -2. / 7, -2. / 7, 4. / 7}))
	}
	return e, d
}

// Energies and gradients of the ready models, of sums of energies by scale and of a user's
// expressions: formulas written by hand are TorchEBM's figures at its points, and what the
// whole way from the model file gives is these formulas at the same points as float32, to
// 1e-12 of the figure or of 100, whichever is more (1e-9 where a covariance is inverted).
// The slopes that moves follow, in float32, are within 1e-6 of the figure, or of a figure
// at a point that is moved by 1e-6: where large terms cancel no float32 is nearer.
func TestGoldenModels(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "expr", "testdata", "torchebm_energies.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []energyCase }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	figures, single := 0, 0.0
	for _, c := range file.Cases {
		within := 1e-12
		if c.Energy == "Gaussian" || c.Energy == "Composite" {
			within = 1e-9
		}
		near := func(what string, p []float64, got, want float64) {
			t.Helper()
			figures++
			if !(math.Abs(got-want) <= within*max(100, math.Abs(want))) {
				t.Errorf("%s %v at %v: %s %v, want %v", c.Energy, c.Params, p, what, got, want)
			}
		}
		m := c.model(t)
		for k, p := range c.Points {
			e, d := c.formula(p)
			near("formula", p, e, *c.Value[k])
			for i := range d {
				if want := c.Gradient[k][i]; want != nil {
					near("formula's gradient", p, d[i], *want)
				}
			}
			state, x := make([]int32, len(p)), make([]float64, len(p))
			for i, v := range p {
				state[i], x[i] = sampling.FloatBits(float32(v)), float64(float32(v))
			}
			s, err := sampling.NewSampler(golang.Model(m.Program), sampling.Options{Chains: 1})
			if err != nil {
				t.Fatal(err)
			}
			gradient, err := s.Gradient(1, state, nil)
			if err != nil {
				t.Fatal(err)
			}
			e, d = c.formula(x)
			near("energy", x, exact.Energy(m.Graph, state), e)
			for i := range d {
				if c.Gradient[k][i] != nil { // Ackley has a cusp at 0
					near("gradient", x, gradient[i], d[i])
				} else if !math.IsNaN(gradient[i]) {
					t.Errorf("%s at %v: gradient %v", c.Energy, x, gradient[i])
				}
			}
			if err := s.SetState(0, state); err != nil {
				t.Fatal(err)
			}
			for i := range d {
				slope := float64(s.Slopes(i, nil)[0])
				if slope != slope { // float32 has no cusp of Ackley's: 0/0
					continue
				}
				room := 1e-6 * math.Abs(d[i])
				for j := range x {
					moved := slices.Clone(x)
					moved[j] *= 1 + 1e-6
					_, near := c.formula(moved)
					room += math.Abs(near[i] - d[i])
				}
				off := math.Abs(slope-d[i]) / max(room, 1e-12)
				single = max(single, off)
			}
		}
	}
	t.Logf("%d figures; float32 within %.2g of 1e-6", figures, single)
	if single > 1 {
		t.Errorf("slopes in float32 are off by %v of 1e-6", single)
	}
}
