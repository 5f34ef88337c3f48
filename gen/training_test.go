package gen_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/internal/goldentest"
	"github.com/thrmlgen/thrmlgen/runtime/train"
)

// gradientCase is a model of biases b and couplings w with a training section, and
// the exact gradients of both.
type gradientCase struct {
	name, text string
	want       map[string][]float64
}

// goldenGradients are the reference cases, with blocks and data as they have them.
func goldenGradients(t *testing.T) (out []gradientCase) {
	for _, name := range []string{"rbm_klgrad", "bm_klgrad_conditioned"} {
		c := goldentest.Load(t, name)
		m := &c.Model
		spins := func(codes []int) []int {
			out := make([]int, len(codes))
			for i, x := range codes {
				out[i] = 2*x - 1
			}
			return out
		}
		var data, condition [][]int
		for _, row := range m.DataCodes {
			data = append(data, spins(row))
			condition = append(condition, spins(m.ConditioningCodes))
		}
		blocks := func(list [][]int32) string {
			var refs []string
			for _, b := range list {
				refs = append(refs, fmt.Sprintf("%q", "s["+inYAML(b)+"]"))
			}
			return "[" + strings.Join(refs, ", ") + "]"
		}
		text := fmt.Sprintf(`model: %s
variables: {s: {kind: spin, shape: [%d]}}
factors:
  - {name: b, over: [s], index: all, weights: %s}
  - {name: w, over: [s, s], index: %s, weights: %s}
runtime: true
beta: %s
train:
  data: %s
  visible: "s[%s]"
  positive: {blocks: %s, chains: 400, warmup: 50, samples: 100, steps_per_sample: 2}
  negative: {blocks: %s, chains: 2100, warmup: 100, samples: 100, steps_per_sample: 2}
`, name, len(m.Variables), inYAML(m.Biases), inYAML(m.Edges), inYAML(m.Weights), m.Beta, inYAML(data), inYAML(m.Visible), blocks(m.PositiveBlocks), blocks(m.NegativeBlocks))
		if len(m.Conditioning) > 0 {
			text += fmt.Sprintf("  condition: {\"s[%s]\": %s}\n", inYAML(m.Conditioning), inYAML(condition))
		}
		out = append(out, gradientCase{name, text, map[string][]float64{
			"b": goldentest.Floats(t, c.Record(t, "grad_b").Exact), "w": goldentest.Floats(t, c.Record(t, "grad_w").Exact)}})
	}
	return append(out, gradientCase{"kl_chain4", `model: kl_chain4
variables: {s: {kind: spin, shape: [4]}}
factors:
  - {name: b, over: [s], index: all, weights: [0.1, -0.2, 0.3, 0.0], runtime: true}
  - {name: w, over: [s, s], edges: {chain: s}, weights: [0.5, -0.4, 0.3], runtime: true}
init: hinton
train:
  data: [[-1, -1]]
  visible: "s[0:2]"
  positive: {chains: 1000, warmup: 50, samples: 100, steps_per_sample: 2}
  negative: {chains: 1000, warmup: 50, samples: 100, steps_per_sample: 2}
`, nil})
}

// inYAML is a list of numbers, as JSON, which is YAML.
func inYAML(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func load(t *testing.T, text string, sets ...string) (*gen.Model, *train.Task) {
	t.Helper()
	m, list := gen.Check(gen.Source{Name: "model.yaml", Text: []byte(text), Files: folder(t.TempDir())}, sets...)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	task, list := gen.TrainingTask(m)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return m, task
}

// folder reads files of a folder.
type folder string

func (f folder) ReadFile(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(f), name))
}

// phases are the exact moments of both phases, by factor.
func phases(t *testing.T, m *gen.Model, task *train.Task) (pos, neg map[string][]float64) {
	t.Helper()
	solve := func(clamps ...graph.Clamp) map[string][]float64 {
		g := *m.Graph
		g.Clamps = append(clamps, g.Clamps...)
		a, err := exact.Solve(&g, exact.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string][]float64{}
		for _, f := range g.Factors {
			for r := range f.Rows {
				if len(f.Slots) == 0 {
					out[f.Name] = append(out[f.Name], 1)
					continue
				}
				value := a.Mean[f.Index[r*len(f.Slots)]]
				if f.Slots[0].Power == 2 {
					sd := a.SD[f.Index[r]]
					value = value*value + sd*sd
				}
				if len(f.Slots) == 2 {
					for _, p := range a.Pairs {
						if p.A == f.Index[2*r] && p.B == f.Index[2*r+1] {
							value = p.Value
						}
					}
				}
				out[f.Name] = append(out[f.Name], value)
			}
		}
		return out
	}
	row := func(nodes []int32, e train.Examples, r int) graph.Clamp {
		return graph.Clamp{Nodes: nodes, Values: e.Values[r*len(nodes) : (r+1)*len(nodes)]}
	}
	given := func(r int) (list []graph.Clamp) {
		if len(task.Given) > 0 {
			list = append(list, row(task.Given, task.Condition, r))
		}
		return list
	}
	pos = map[string][]float64{}
	for r := range task.Data.Rows {
		for name, values := range solve(append(given(r), row(task.Visible, task.Data, r))...) {
			if pos[name] == nil {
				pos[name] = make([]float64, len(values))
			}
			for i, v := range values {
				pos[name][i] += v / float64(task.Data.Rows)
			}
		}
	}
	return pos, solve(given(0)...)
}

// TestGradients compares gradients, moments and their errors with exact ones: the
// recorded gradients are differences of exact moments to 1e-12, and sampled figures
// are within 5 of their own standard errors, which are below 0.01 and right by a
// third: the root mean square of all z of a case lies between 0.6 and 1.5. By chance
// one seed in 2,000 fails.
func TestGradients(t *testing.T) {
	for _, c := range goldenGradients(t) {
		m, task := load(t, c.text)
		pos, neg := phases(t, m, task)
		tr, err := train.NewTrainer(*task)
		if err != nil {
			t.Fatal(err)
		}
		rows := make([]int32, task.Data.Rows)
		for i := range rows {
			rows[i] = int32(i)
		}
		g, err := tr.Gradient(t.Context(), rows, true)
		if err != nil {
			t.Fatal(err)
		}
		n, square := 0, 0.0
		compare := func(what string, got, se, want []float64) {
			t.Helper()
			for i := range want {
				d := got[i] - want[i]
				if se[i] == 0 || math.Abs(d) < 1e-12 {
					if math.Abs(d) > 1e-12 {
						t.Errorf("%s %s[%d] = %v exactly, want %v", c.name, what, i, got[i], want[i])
					}
					continue
				}
				if z := d / se[i]; !(math.Abs(z) < 5) || se[i] > 0.01 {
					t.Errorf("%s %s[%d] = %v ± %v, want %v", c.name, what, i, got[i], se[i], want[i])
				}
				n++
				square += d * d / (se[i] * se[i])
			}
		}
		for _, f := range g.Factors {
			difference := make([]float64, len(f.Grad))
			for i := range difference {
				difference[i] = -m.Graph.Beta * (pos[f.Name][i] - neg[f.Name][i])
			}
			if c.want != nil {
				for i, want := range c.want[f.Name] {
					if math.Abs(difference[i]-want) > 1e-12 {
						t.Errorf("%s: exact difference of moments %s[%d] is %v, recorded %v", c.name, f.Name, i, difference[i], want)
					}
				}
			}
			compare("gradient "+f.Name, f.Grad, f.GradSE, difference)
			compare("data phase "+f.Name, f.Positive, f.PositiveSE, pos[f.Name])
			compare("model phase "+f.Name, f.Negative, f.NegativeSE, neg[f.Name])
		}
		if rms := math.Sqrt(square / float64(n)); n < 10 || rms < 0.6 || rms > 1.5 {
			t.Errorf("%s: the root mean square of %d z is %.2f", c.name, n, rms)
		}
	}
}

// TestTrainingSettings holds that what is written reaches the trainer.
func TestTrainingSettings(t *testing.T) {
	text := goldenGradients(t)[2].text + `  loss: cd
  k: 3
  start: persistent
  epochs: 7
  seed: 5
  weight_decay: 0.25
  learning_rate: {from: 0.5, to: 0.125, shape: geometric}
  optimizer: {adam: {beta1: 0.5, beta2: 0.75, epsilon: 0.001}}
`
	_, task := load(t, text)
	want := train.Optimizer{Rule: train.Adam, Rate: 0.5, RateEnd: 0.125, Geometric: true, Beta1: 0.5, Beta2: 0.75, Epsilon: 0.001, WeightDecay: 0.25}
	if task.Optimizer != want || task.Loss != train.CD || task.K != 3 || task.Start != train.StartPersistent || task.Epochs != 7 || task.Seed != 5 {
		t.Errorf("%+v", *task)
	}
	_, task = load(t, text, "train.optimizer={sgd: {momentum: 0.5}}", "train.learning_rate={from: 1, to: 2}", "train.start=data")
	want = train.Optimizer{Rate: 1, RateEnd: 2, Momentum: 0.5, WeightDecay: 0.25}
	if task.Optimizer != want || task.Loss != train.CD || task.Start != train.StartData {
		t.Errorf("%+v", *task)
	}
	if _, task = load(t, goldenGradients(t)[2].text); task.Optimizer != (train.Optimizer{Rate: 0.01}) || task.Loss != train.KL || task.Start != train.StartNoise || task.Epochs != 1 || task.Positive.Chains != 1000 {
		t.Errorf("defaults: %+v", *task)
	}
}
