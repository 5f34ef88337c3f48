package gen_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/train"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// gaussianCases are models with continuous nodes whose rows are single nodes or pairs,
// so that the exact answer of the model holds all their moments.
var gaussianCases = map[string]string{
	"gaussian": `model: g
variables: {x: {kind: continuous, shape: [5]}}
factors:
  - {name: own, over: {u: x}, index: all, energy: "0.5*u^2"}
  - {name: b, over: [x], index: all, weights: [0.5, -0.25, 0, 1, 0.75], runtime: true}
  - {name: w, over: [x, x], index: [[0, 1], [1, 2], [2, 3], [3, 4], [0, 4]], weights: [0.3, -0.25, 0.4, 0.2, 0.1], runtime: true}
beta: 1.3
train:
  data: [[0.5, 1.25, -0.5], [0, -1, 2], [0.75, 0.5, 0.25]]
  visible: "x[[0, 2, 3]]"
  positive: {chains: 300, warmup: 30, samples: 100, steps_per_sample: 2}
  negative: {chains: 900, warmup: 60, samples: 100, steps_per_sample: 2}
`,
	"gaussian-bernoulli, conditioned": `model: gb
variables: {x: {kind: continuous, shape: [4]}, s: {kind: spin, shape: [4]}}
factors:
  - {name: own, over: {u: x}, index: all, energy: "0.75*u^2"}
  - {name: b, over: [x], index: all, weights: [0.5, -0.25, 0, 1], runtime: true}
  - {name: h, over: [s], index: all, weights: [0.2, -0.1, 0.3, 0], runtime: true}
  - {name: w, over: [x, x], index: [[0, 1], [1, 2], [2, 3]], weights: [0.3, -0.25, 0.4], runtime: true}
  - {name: j, over: [s, s], index: [[0, 1], [2, 3]], weights: [0.5, -0.5], runtime: true}
  - {name: v, over: [x, s], index: [[0, 0], [1, 1], [2, 2], [3, 3], [0, 3]], weights: [0.4, 0.3, -0.5, 0.2, 0.1], runtime: true}
beta: 0.8
train:
  data: [[0.5, 1, -0.5, -1], [0, -1, 2, 1], [0.75, 1, 0.25, 1]]
  visible: ["x[0]", "s[1]", "x[2]", "s[3]"]
  condition: {"s[0]": [[1], [1], [1]], "x[3]": [[0.5], [0.5], [0.5]]}
  positive: {chains: 300, warmup: 30, samples: 100, steps_per_sample: 2}
  negative: {chains: 900, warmup: 60, samples: 100, steps_per_sample: 2}
`}

// divergence is the mean over the examples of -log p(example | condition): the part of
// the KL divergence that depends on the weights, from the exact log Z of both phases.
func divergence(t *testing.T, g *graph.Graph, task *train.Task) float64 {
	t.Helper()
	logZ := func(clamps ...graph.Clamp) float64 {
		h := *g
		h.Clamps = append(clamps, h.Clamps...)
		a, err := exact.Solve(&h, exact.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		return a.LogZ
	}
	var given []graph.Clamp
	if n := len(task.Given); n > 0 {
		given = append(given, graph.Clamp{Nodes: task.Given, Values: task.Condition.Values[:n]})
	}
	total := logZ(given...)
	for r := range task.Data.Rows {
		n := len(task.Visible)
		total -= logZ(append(given, graph.Clamp{Nodes: task.Visible, Values: task.Data.Values[r*n : (r+1)*n]})...) / float64(task.Data.Rows)
	}
	return total
}

// slope is a derivative by central differences of the orders 2 and 4 put together.
func slope(f func(h float64) float64) float64 {
	const h = 1e-2
	d := func(h float64) float64 { return (f(h) - f(-h)) / (2 * h) }
	return (64*d(h/4) - 20*d(h/2) + d(h)) / 45
}

// TestContinuousGradients compares gradients of models with continuous nodes with exact
// ones: differences of exact moments, which are the derivatives of the exact divergence
// (1e-9, what differences of it can tell) and lie within 5 standard errors of the
// sampled figures; these errors are below 0.02 and right by a third.
func TestContinuousGradients(t *testing.T) {
	for name, text := range gaussianCases {
		m, task := load(t, text)
		pos, neg := phases(t, m, task)
		tr, err := train.NewTrainer(*task)
		if err != nil {
			t.Fatal(err)
		}
		g, err := tr.Gradient(t.Context(), []int32{0, 1, 2}, true)
		if err != nil {
			t.Fatal(err)
		}
		n, square := 0, 0.0
		for _, f := range g.Factors {
			weights := weightsIn(m, f.Name)
			for i, got := range f.Grad {
				want := -m.Graph.Beta * (pos[f.Name][i] - neg[f.Name][i])
				w := weights[i]
				exact := slope(func(h float64) float64 {
					weights[i] = w + h
					defer func() { weights[i] = w }()
					return divergence(t, m.Graph, task)
				})
				if math.Abs(exact-want) > 1e-9 {
					t.Errorf("%s: the exact difference of moments %s[%d] is %v, the divergence has the slope %v", name, f.Name, i, want, exact)
				}
				d := got - want
				if f.GradSE[i] == 0 {
					if math.Abs(d) > 1e-12 {
						t.Errorf("%s %s[%d] = %v exactly, want %v", name, f.Name, i, got, want)
					}
					continue
				}
				if z := d / f.GradSE[i]; !(math.Abs(z) < 5) || f.GradSE[i] > 0.02 {
					t.Errorf("%s %s[%d] = %v ± %v, want %v", name, f.Name, i, got, f.GradSE[i], want)
				}
				n++
				square += d * d / (f.GradSE[i] * f.GradSE[i])
			}
		}
		if rms := math.Sqrt(square / float64(n)); n < 10 || rms < 0.6 || rms > 1.5 {
			t.Errorf("%s: the root mean square of %d z is %.2f", name, n, rms)
		}
	}
}

// weightsIn are the weights of a factor of a model, to be changed in place.
func weightsIn(m *gen.Model, factor string) []float64 {
	for i := range m.Graph.Factors {
		if f := &m.Graph.Factors[i]; f.Name == factor {
			return f.Weights
		}
	}
	panic(fmt.Sprintf("no factor %s", factor))
}

// parameterCase has energies with parameters: in squares, products and constants, for
// all rows or each its own, and a scale.
const parameterCase = `model: p
variables: {x: {kind: continuous, shape: [4]}, s: {kind: spin, shape: [3]}}
factors:
  - {name: own, over: {u: x}, index: all, energy: "0.5*a*(u - m)^2", params: {a: 1.5, m: [0.5, -0.25, 0.1, 0]}, runtime: true}
  - {name: pair, over: {u: x, v: x}, index: [[0, 1], [1, 2], [2, 3]], energy: "exp(p)*u*v", params: {p: [-1, -2, -1.5]}, runtime: true}
  - {name: h, over: {p: s}, index: all, energy: "-tanh(b)*p", params: {b: 0.3}, runtime: true}
  - {name: mixed, over: {u: x, p: s}, index: [[0, 0], [1, 1], [2, 2], [3, 0]], energy: "-w*u*p", params: {w: [0.5, 0.3, -0.4, 0.2]}, scale: t}
beta: 1.1
train:
  data: [[0.5, 1, -0.5, -1], [0, -1, 2, 1], [0.75, 1, 0.25, 1]]
  visible: ["x[0]", "s[1]", "x[2]", "s[2]"]
  positive: {chains: 300, warmup: 30, samples: 100, steps_per_sample: 2}
  negative: {chains: 900, warmup: 60, samples: 100, steps_per_sample: 2}
`

// TestParameterGradients compares gradients by parameters with the slopes of the exact
// divergence, of models that are built anew with the parameter changed: by the chain
// rule from exact moments to 1e-9, from sampled ones within 5 standard errors, which
// are below 0.03 and right by a half.
func TestParameterGradients(t *testing.T) {
	m, task := load(t, parameterCase)
	pos, neg := phases(t, m, task)
	model := golang.Model(m.Program)
	exactly := map[string][]float64{}
	for i := range model.Formulas {
		x := &model.Formulas[i]
		for k, name := range x.Arrays {
			exactly[name] = make([]float64, len(x.Params[k].Values))
		}
		model.EachSlope(x, x.Values(), func(part, weight, param, element int, by float64) {
			f := &model.Factors[x.Parts[part].Factor]
			for r := range f.Rows {
				if f.Shared || r == weight {
					exactly[x.Arrays[param]][element] -= m.Graph.Beta * by * (pos[f.Name][r] - neg[f.Name][r])
				}
			}
		})
	}
	tr, err := train.NewTrainer(*task)
	if err != nil {
		t.Fatal(err)
	}
	g, err := tr.Gradient(t.Context(), []int32{0, 1, 2}, true)
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]string{"own/a": "factors.0.params.a", "own/m": "factors.0.params.m", "pair/p": "factors.1.params.p", "h/b": "factors.2.params.b", "mixed/t": ""}
	n, square := 0, 0.0
	for _, a := range g.Arrays {
		values := tr.Weights(a.Name)
		for k := range values {
			want := slope(func(h float64) float64 {
				moved := slices.Clone(values)
				moved[k] += h
				set := fmt.Sprintf("%s=%v", places[a.Name], inYAML(moved))
				switch {
				case a.Name == "mixed/t":
					set = fmt.Sprintf("factors.3.scale=%v", moved[0])
				case tr.Shape(a.Name) == nil:
					set = fmt.Sprintf("%s=%v", places[a.Name], moved[0])
				}
				other, _ := load(t, parameterCase, set)
				return divergence(t, other.Graph, task)
			})
			if d := exactly[a.Name][k] - want; !(math.Abs(d) < 1e-9) {
				t.Errorf("%s[%d]: by the chain rule %v, the divergence has the slope %v", a.Name, k, exactly[a.Name][k], want)
			}
			if z := (a.Grad[k] - want) / a.SE[k]; !(math.Abs(z) < 5) || a.SE[k] > 0.03 {
				t.Errorf("%s[%d] = %v ± %v, want %v", a.Name, k, a.Grad[k], a.SE[k], want)
			}
			n++
			square += (a.Grad[k] - want) * (a.Grad[k] - want) / (a.SE[k] * a.SE[k])
		}
	}
	if rms := math.Sqrt(square / float64(n)); n != 10 || rms < 0.4 || rms > 1.7 {
		t.Errorf("the root mean square of %d z is %.2f", n, rms)
	}
}

// codeCase has energies that are no polynomials: two numbers, a spin and a categorical.
const codeCase = `model: code
variables:
  x: {kind: continuous, shape: [2]}
  s: {kind: spin}
  c: {kind: categorical, states: 3}
factors:
  - {name: own, over: {u: x}, index: all, energy: "a*u^4 - b*cos(k*u)", params: {a: [0.3, 0.4], b: 1, k: 1.5}, runtime: true}
  - {name: pair, over: {u: x, v: x}, index: [[0, 1]], energy: "w*tanh(u*v)", params: {w: 0.7}, runtime: true}
  - {name: mixed, over: {u: x, p: s}, index: [[1, 0]], energy: "-0.8*p*sin(u)", scale: t}
  - {name: cat, over: {u: x, q: c}, index: [[0, 0]], energy: "exp(m[q]*u)/(1+u^2)", params: {m: [0.1, -0.6, 0.3]}, runtime: true}
update: {x: slice}
beta: 1.2
train:
  data: [[0.5], [-1.0], [0.75]]
  visible: "x[0]"
  positive: {chains: 300, warmup: 20, samples: 40}
  negative: {chains: 900, warmup: 20, samples: 40}
`

// TestCodeParameterGradients compares gradients by parameters of energies that are no
// polynomials with the slopes of the exact divergence, -(mean log Z with x[0] held at an
// example) + log Z, by sums on a grid of step 0.05 from -5 to 5 (which for such smooth
// functions are integrals to 1e-9): within 5 standard errors, which are below 0.02 and
// right by a half.
func TestCodeParameterGradients(t *testing.T) {
	m, task := load(t, codeCase)
	tr, err := train.NewTrainer(*task)
	if err != nil {
		t.Fatal(err)
	}
	g, err := tr.Gradient(t.Context(), []int32{0, 1, 2}, true)
	if err != nil {
		t.Fatal(err)
	}
	type params struct{ a0, a1, b, k, w, t, m0, m1, m2 float64 }
	logZ := func(p params, visible []float64) float64 {
		const step = 0.05
		z := 0.0
		for _, x := range visible {
			for i := range 201 {
				y := -5 + step*float64(i)
				h := p.a0*x*x*x*x + p.a1*y*y*y*y - p.b*(math.Cos(p.k*x)+math.Cos(p.k*y)) + p.w*math.Tanh(x*y)
				for _, mq := range []float64{p.m0, p.m1, p.m2} {
					for _, s := range []float64{-1, 1} {
						z += math.Exp(-m.Graph.Beta * (h - p.t*0.8*s*math.Sin(y) + math.Exp(mq*x)/(1+x*x)))
					}
				}
			}
		}
		return math.Log(z)
	}
	var grid []float64
	for i := range 201 {
		grid = append(grid, -5+0.05*float64(i))
	}
	at := params{0.3, 0.4, 1, 1.5, 0.7, 1, 0.1, -0.6, 0.3}
	fields := map[string][]*float64{"own/a": {&at.a0, &at.a1}, "own/b": {&at.b}, "own/k": {&at.k}, "pair/w": {&at.w}, "mixed/t": {&at.t}, "cat/m": {&at.m0, &at.m1, &at.m2}}
	n, square := 0, 0.0
	for _, a := range g.Arrays {
		for i, field := range fields[a.Name] {
			want := slope(func(h float64) float64 {
				*field += h
				kl := logZ(at, grid)
				for _, x := range []float64{0.5, -1, 0.75} {
					kl -= logZ(at, []float64{x}) / 3
				}
				*field -= h
				return kl
			})
			z := (a.Grad[i] - want) / a.SE[i]
			if !(math.Abs(z) < 5) || a.SE[i] > 0.02 {
				t.Errorf("%s[%d] = %v ± %v, want %v", a.Name, i, a.Grad[i], a.SE[i], want)
			}
			n++
			square += z * z
		}
	}
	if rms := math.Sqrt(square / float64(n)); n != 9 || rms < 0.4 || rms > 1.7 {
		t.Errorf("the root mean square of %d z is %.2f", n, rms)
	}
	for range 3 { // what is fitted moves, and the energy with it
		before := tr.Weights("own/k")[0]
		step, err := tr.Step(t.Context())
		if err != nil || tr.Weights("own/k")[0] == before || step.Energy[0] == step.Energy[1] {
			t.Fatalf("step %+v, %v", step, err)
		}
	}
}
