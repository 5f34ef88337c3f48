package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// matchModels are energies of a vector x and of a spin and a category that are held:
// weights, polynomials with parameters, expressions and networks.
var matchModels = map[string]string{
	"weights":     `{name: w, over: [y, y], index: pairs, weights: [0.3, -0.2, 0.1]}, {name: t, over: [y, c, s], index: [[0, 0, 0], [2, 0, 0]], weights: [[0.1, 0.4, -0.3], [0.3, 0.2, 0.5]]}, {name: own, over: {u: y}, index: all, energy: "p*u^2", params: {p: 0.7}}`,
	"polynomial":  `{name: e, over: {u: x}, index: all, energy: "a*(u[0] - b)^2 + a*b*u[1]^2 + c*u[0]*u[1]", params: {a: 0.8, b: 0.6, c: 0.3}}`,
	"expression":  `{name: e, over: {u: x, k: c}, index: [[0, 0]], scale: m, energy: "h[k]*(u[0]^2 - b^2)^2 + exp(-a*u[1]^2) + log(1 + u[1]^2)", params: {h: [1, 0.5, 2], b: 0.9, a: 0.7}}`,
	"network":     `{name: e, over: {u: x, s: s, k: c}, index: [[0, 0, 0]], energy: {mlp: {input: [u, s, k], hidden: [5, 4], activation: silu, seed: 2}}}`,
	"two of them": `{name: e, over: {u: x}, index: all, scale: m, energy: {mlp: {input: u, hidden: [6], activation: tanh, seed: 3}}}, {name: f, over: {u: x, s: s}, index: [[0, 0]], energy: {mlp: {input: u, times: s, hidden: [3, 3], activation: softplus, seed: 4}}}, {name: g, over: {u: x}, index: all, energy: "k*dot(u, u)", params: {k: 0.5}}`,
}

func matchTask(t *testing.T, factors string, loss Loss) Task {
	t.Helper()
	m := model(t, `
model: m
variables: {x: {kind: continuous, dim: 2}, y: {kind: continuous, shape: [3]}, s: {kind: spin}, c: {kind: categorical, states: 3}}
factors: [`+factors+`, {name: rest, over: {u: x}, index: all, runtime: false, energy: "0.1*dot(u, u)"}, {name: rest2, over: {u: y}, index: all, runtime: false, energy: "0.1*u^2"}]
update: {x: slice, y: slice}
runtime: true
beta: 1
`)
	m.Beta = 1.3
	r := rand.New(rand.NewPCG(1, 1))
	task := Task{Positive: Phase{m, 1, sampling.Schedule{Samples: 1, StepsPerSample: 1}}, Visible: []int32{0, 1, 2, 3, 4}, Given: []int32{5, 6},
		Data: Examples{Rows: 6}, Condition: Examples{Rows: 6}, Epochs: 1, Loss: loss, Sigma: 0.3, Projections: 3, Optimizer: Optimizer{Rate: 0.01}, Seed: 3}
	task.Negative = task.Positive
	for range task.Data.Rows {
		for range task.Visible {
			task.Data.Values = append(task.Data.Values, sampling.FloatBits(float32(r.NormFloat64())))
		}
		task.Condition.Values = append(task.Condition.Values, 2*r.Int32N(2)-1, r.Int32N(3))
	}
	return task
}

// TestScoreMatchingGradients holds the gradients of the three losses against differences
// of the losses in float64.
func TestScoreMatchingGradients(t *testing.T) {
	for name, factors := range matchModels {
		for _, loss := range []Loss{ScoreMatching, Sliced, Denoising} {
			tr, err := NewTrainer(matchTask(t, factors, loss))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			at := func() *Gradient {
				tr.sweeps[0] = 5
				g, err := tr.Gradient(context.Background(), []int32{0, 2, 3, 5}, false)
				if err != nil {
					t.Fatal(err)
				}
				return g
			}
			g := at()
			for _, a := range g.Arrays {
				values := tr.Weights(a.Name)
				for k := range values {
					const h = 1e-5
					side := func(d float64) float64 {
						w := slices.Clone(values)
						w[k] += d
						if err := tr.SetWeights(a.Name, w); err != nil {
							t.Fatal(err)
						}
						return at().Loss
					}
					difference := (side(h) - side(-h)) / (2 * h)
					if err := tr.SetWeights(a.Name, values); err != nil {
						t.Fatal(err)
					}
					if math.Abs(a.Grad[k]-difference) > 1e-6*max(1, math.Abs(difference)) {
						t.Errorf("%s, loss %d: the derivative by %s[%d] is %v, by differences %v", name, loss, a.Name, k, a.Grad[k], difference)
					}
				}
			}
		}
	}
}

// TestScoreMatchingFits: of a Gaussian with precision p, the exact loss has its least value
// at 1/⟨x²⟩ of the examples, the sliced one as well (one dimension), and the denoising one
// near 1/(⟨x²⟩ + σ²). A loss with the wrong sign drives p away.
func TestScoreMatchingFits(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	task := matchGaussian(t)
	square := 0.0
	const rows = 4000
	for range rows {
		x := float32(0.7 * r.NormFloat64())
		square += float64(x) * float64(x) / rows
		task.Data.Values = append(task.Data.Values, sampling.FloatBits(x))
	}
	task.Data.Rows = rows
	for loss, want := range map[Loss]float64{ScoreMatching: 1 / square, Sliced: 1 / square, Denoising: 1 / (square + 0.25)} {
		task.Loss = loss
		tr, err := NewTrainer(task)
		if err != nil {
			t.Fatal(err)
		}
		for done := false; !done; _, done = tr.Done() {
			if _, err := tr.Step(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		p, tolerance := tr.Weights("e/p")[0], 1e-3
		if loss == Denoising {
			tolerance = 0.1 // four standard errors of 4,000 noises
		}
		if math.Abs(p-want) > tolerance*want {
			t.Errorf("loss %d: p = %v, want %v", loss, p, want)
		}
		score, err := tr.Score(context.Background(), task.Data, task.Condition)
		if loss == ScoreMatching && (err != nil || math.Abs(score-p/2) > 1e-3) { // p - p²⟨x²⟩/2
			t.Errorf("score %v, %v; want %v", score, err, p/2)
		}
	}
}

func matchGaussian(t *testing.T) Task {
	m := model(t, `
model: m
variables: {x: {kind: continuous}}
factors: [{name: e, over: {u: x}, index: all, runtime: true, energy: "0.5*p*u^2", params: {p: 1}}]
`)
	m.Format.Range = 100
	phase := Phase{m, 1, sampling.Schedule{Samples: 1, StepsPerSample: 1}}
	return Task{Positive: phase, Negative: phase, Visible: []int32{0}, Epochs: 150, Sigma: 0.5, Projections: 1, Optimizer: Optimizer{Rate: 0.5}}
}

// TestScoreMatchingRefuses what has no derivatives, or would have to be sampled.
func TestScoreMatchingRefuses(t *testing.T) {
	good := func() Task { return matchTask(t, matchModels["network"], Denoising) }
	for want, change := range map[string]func(*Task){
		"is not visible": func(x *Task) {
			x.Visible = x.Visible[:4]
			x.Data.Values = x.Data.Values[:24]
		},
		"is discrete": func(x *Task) {
			x.Given, x.Condition = x.Given[:1], Examples{Rows: 6, Values: []int32{1, 1, 1, 1, 1, -1}}
		},
		"has one": func(x *Task) {
			m := *x.Positive.Model
			m.Vars = slices.Clone(m.Vars)
			m.Vars[0].Range = []float64{-9, 9}
			x.Positive.Model, x.Negative.Model = &m, &m
		},
		"standard deviation 0":  func(x *Task) { x.Sigma = 0 },
		"projections":           func(x *Task) { x.Loss, x.Projections = Sliced, 0 },
		"standard deviation -1": func(x *Task) { x.Sigma = -1 },
	} {
		task := good()
		change(&task)
		if _, err := NewTrainer(task); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want one with %q", err, want)
		}
	}
	if _, err := NewTrainer(good()); err != nil {
		t.Error(fmt.Errorf("a good task: %w", err))
	}
}
