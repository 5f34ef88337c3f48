package models_test

import (
	"io/fs"
	"reflect"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/models"
)

// inCode builds each embedded model.
var inCode = map[string]func() *models.Model{
	"chain5": func() *models.Model {
		m := models.New("chain5")
		s := m.Spin("s", 5)
		m.Factor(s).All().Weights(models.Number(0))
		m.Factor(s, s).Index([][]int{{0, 1}, {1, 2}, {2, 3}, {3, 4}}).Weights(models.Number(0.5))
		m.Beta(1)
		m.Init(models.StartHinton)
		m.Blocks(s.Select("0::2"), s.Select("1::2"))
		m.Sample(models.Schedule{Chains: 1, Warmup: 100, Samples: 1000, StepsPerSample: 2})
		m.Observe(models.State, models.Energy)
		return m
	},
	"cubic": func() *models.Model {
		m := models.New("cubic")
		s := m.Spin("s", 9)
		m.Factor(s).All().Weights(models.Values(0.1, -0.2, 0.3, 0, 0.05, -0.1, 0.2, -0.3, 0.15))
		m.Factor(s, s).Edges(models.EdgeList{{0, 1}, {1, 2}, {3, 4}, {4, 5}, {6, 7}, {7, 8}}).Weights(models.Normal(0, 0.7, 3))
		m.Factor(s, s, s).Index([][]int{{0, 3, 6}, {1, 4, 7}, {2, 5, 8}}).Weights(models.Values(0.8, -0.6, 0.4))
		m.Sample(models.Schedule{Chains: 64, Warmup: 50, Samples: 500, StepsPerSample: 2, Seed: 7})
		return m
	},
	"double_well": func() *models.Model {
		m := models.New("double_well")
		x := m.Continuous("x").Dim(2)
		m.Energy("h*sum((u^2 - b^2)^2)").Slot("u", x).All().Param("h", models.Number(2)).Param("b", models.Number(1)).Name("well")
		m.InitVariable(x, models.StartNormal(0, 0.5))
		m.HMC(models.HMC{Over: x, StepSize: 0.2, Steps: 7})
		m.Sample(models.Schedule{Chains: 16, Warmup: 200, Samples: 4000})
		return m
	},
	"rosenbrock": func() *models.Model {
		m := models.New("rosenbrock")
		x := m.Continuous("x", 2)
		m.Energy("b*(v - u^2)^2 + (a - u)^2").Slot("u", x).Slot("v", x).Edges(models.Chain(x)).Param("a", models.Number(1)).Param("b", models.Number(5)).Name("valley")
		m.HMC(models.HMC{Over: x, StepSize: 0.05, Steps: 40})
		m.Sample(models.Schedule{Chains: 16, Warmup: 500, Samples: 2000})
		return m
	},
	"gaussian": func() *models.Model {
		m := models.Gaussian("gaussian", models.GaussianTerms{Mean: models.Values(1, -1), Covariance: models.Values([]float64{1, 0.5}, []float64{0.5, 2})})
		m.HMC(models.HMC{Over: m.Variable("x"), StepSize: 0.6, Steps: 3})
		m.Sample(models.Schedule{Chains: 16, Warmup: 200, Samples: 4000})
		return m
	},
	"harmonic": func() *models.Model {
		m := models.New("harmonic")
		x := m.Continuous("x").Dim(2)
		m.Energy("k/2*sum(u^2)").Slot("u", x).All().Param("k", models.Number(1)).Name("well")
		m.Langevin(models.Langevin{Over: x, StepSize: 0.1, NoiseScale: 1})
		m.Sample(models.Schedule{Chains: 16, Warmup: 200, Samples: 4000})
		return m
	},
	"rastrigin": func() *models.Model {
		m := models.New("rastrigin")
		x := m.Continuous("x").Dim(2)
		m.Energy("sum(a + u^2 - a*cos(2*3.141592653589793*u))").Slot("u", x).All().Param("a", models.Number(1)).Name("wells")
		m.HMC(models.HMC{Over: x, StepSize: 0.15, Steps: 10, Adapt: 0.8})
		m.Sample(models.Schedule{Chains: 16, Warmup: 500, Samples: 4000})
		return m
	},
	"ackley": func() *models.Model {
		m := models.New("ackley")
		x := m.Continuous("x").Dim(2)
		m.Energy("a - a*exp(-b*sqrt(sum(u^2)/sum(u^0))) + exp(1) - exp(sum(cos(c*u))/sum(u^0))").Slot("u", x).All().
			Param("a", models.Number(20)).Param("b", models.Number(0.2)).Param("c", models.Number(6.283185307179586)).Name("bowl")
		m.InitVariable(x, models.StartNormal(0, 2))
		m.Nesterov(models.Nesterov{Over: x, StepRate: &models.Rate{Shape: "exponential", From: 0.01, Factor: 0.99}, Momentum: 0.9})
		m.Sample(models.Schedule{Chains: 16, Warmup: 1, Samples: 1000})
		m.Observe(models.Energy, models.Best)
		return m
	},
	"g11": func() *models.Model {
		m := models.MaxCutFile("g11", "G11.txt")
		m.Sample(models.Schedule{Chains: 256, Warmup: 8000, Samples: 1, Seed: 1, Betas: models.Geometric(0.1, 5)})
		m.Observe(models.Energy, models.Best)
		return m
	},
	"gaussian_bernoulli": func() *models.Model {
		m := models.New("gaussian_bernoulli")
		g := m.Graph("g", models.Skip([]int{30, 30}, []int{1, 3, 5}))
		x := m.Continuous("x").On(g.Random(0.5, 4242))
		s := m.Spin("s").On(g.Rest())
		m.Energy("0.5*u^2/q + b*u").Slot("u", x).All().Param("q", models.Uniform(2, 3, 1)).Param("b", models.Normal(0, 1, 2))
		m.Energy("w*u*v").Slot("u", x).Slot("v", x).Edges(g).Param("w", models.Uniform(-0.1, 0.1, 3))
		m.Energy("w*p*u").Slot("p", s).Slot("u", x).Edges(g).Param("w", models.Normal(0, 1, 4))
		m.Energy("h*p").Slot("p", s).All().Param("h", models.Normal(0, 1, 5))
		m.Energy("j*p*q").Slot("p", s).Slot("q", s).Edges(g).Param("j", models.Normal(0, 1, 6))
		m.InitVariable(x, models.StartNormal(0, 0.1))
		m.Sample(models.Schedule{Chains: 50, Warmup: 100, Samples: 300, StepsPerSample: 15, Seed: 4242})
		return m
	},
	"grid_gaussian": func() *models.Model {
		m := models.New("grid_gaussian")
		x := m.Continuous("x", 5, 5)
		m.Energy("0.5*a*(u - m)^2").Slot("u", x).All().Param("a", models.Uniform(1, 2, 1)).Param("m", models.Normal(0, 1, 2))
		m.Energy("w*u*v").Slot("u", x).Slot("v", x).Edges(models.Grid(x)).Param("w", models.Uniform(-0.25, 0.25, 3))
		m.InitVariable(x, models.StartNormal(0, 0.1))
		m.Sample(models.Schedule{Chains: 1000, Warmup: models.None, Samples: 10000, StepsPerSample: 5, Seed: 4242})
		m.Observe(models.Moments)
		return m
	},
	"ising2d": func() *models.Model {
		m := models.New("ising2d")
		s := m.Spin("s", 32, 32)
		m.Factor(s, s).Edges(models.Torus(s)).Weights(models.Number(1))
		m.Beta(0.44068679350977147)
		m.Sample(models.Schedule{Chains: 64, Warmup: 1000, Samples: 500, StepsPerSample: 5, Seed: 1})
		m.Observe(models.Energy, models.Magnetisation)
		return m
	},
	"mixed": func() *models.Model {
		m := models.New("mixed")
		s := m.Spin("s", 3)
		a := m.Categorical("a", 3, 2)
		b := m.Categorical("b", 5)
		m.Factor(s).All().Weights(models.Values(0.2, -0.1, 0))
		m.Factor(a).All().Weights(models.Values([]float64{0, 0.3, -0.2}, []float64{0.1, 0, 0.4}))
		m.Factor(s, a).Index([][]int{{0, 0}, {1, 0}, {2, 1}}).Weights(models.Normal(0, 1, 11))
		m.Factor(a, b).Index([][]int{{0, 0}, {1, 0}}).Weights(models.Normal(0, 0.5, 12))
		m.Factor(s, s, a).Index([][]int{{0, 1, 1}, {1, 2, 0}}).Weights(models.Normal(0, 0.5, 13))
		m.Sample(models.Schedule{Chains: 64, Warmup: 50, Samples: 500, StepsPerSample: 2, Seed: 7})
		return m
	},
	"pegasus14": func() *models.Model {
		m := models.New("pegasus14")
		p14 := m.Graph("p14", models.Pegasus(14))
		s := m.Spin("s").On(p14)
		m.Factor(s).All().Weights(models.Normal(0, 1, 1))
		m.Factor(s, s).Edges(p14).Weights(models.Normal(0, 1, 2))
		m.Sample(models.Schedule{Chains: 256, Warmup: 100, Samples: 1, Seed: 4242})
		m.Observe(models.Energy)
		return m
	},
	"potts20": func() *models.Model {
		m := models.New("potts20")
		x := m.Categorical("x", 5, 20, 20)
		m.Factor(x, x).Edges(models.Grid(x)).Weights(models.Identity(1))
		m.Sample(models.Schedule{Chains: 100, Warmup: models.None, Samples: 100, StepsPerSample: 5, Seed: 4242})
		m.Observe(models.State, models.Energy)
		return m
	},
	"torus64": func() *models.Model {
		m := models.New("torus64")
		s := m.Spin("s", 64, 64)
		m.Factor(s, s).Edges(models.Torus(s)).Weights(models.Signs(1, 1))
		m.Sample(models.Schedule{Chains: 256, Warmup: 200, Samples: 200, Seed: 1})
		m.Observe(models.Energy, models.Best)
		return m
	},
}

// load is a model of code as the generator has it.
func load(t *testing.T, m *models.Model) (*gen.Model, *diag.List) {
	t.Helper()
	e := m.Encode()
	if len(e.Problems) > 0 {
		t.Fatal(e.Problems)
	}
	return gen.Check(gen.Source{Name: "model.yaml", Text: e.YAML, Files: both{e.Files}})
}

// both has the files of a model in code and those of package models.
type both struct{ files map[string][]byte }

func (b both) ReadFile(name string) ([]byte, error) {
	if text, ok := b.files[name]; ok {
		return text, nil
	}
	text, err := fs.ReadFile(models.FS(), name)
	if err != nil {
		return nil, &graph.FileError{Class: diag.Env, Text: name + " does not exist"}
	}
	return text, nil
}

func mustLoad(t *testing.T, m *models.Model) *gen.Model {
	t.Helper()
	loaded, problems := load(t, m)
	if problems.Len() > 0 {
		text, _ := m.YAML()
		t.Fatalf("%v\n%s", problems, text)
	}
	return loaded
}

// TestEmbeddedModelsInCode builds every embedded model in code and holds it to its
// file: the law, the words of the sampler, the schedule and what is observed.
func TestEmbeddedModelsInCode(t *testing.T) {
	for _, name := range models.Names() {
		build := inCode[name]
		if build == nil {
			t.Errorf("%s is not built in code", name)
			continue
		}
		got := mustLoad(t, build())
		want, problems := gen.Load(gen.Embedded + name)
		if problems.Len() > 0 {
			t.Fatal(problems)
		}
		if got.Graph.Hash() != want.Graph.Hash() || got.Program.Hash != want.Program.Hash {
			t.Errorf("%s: another model", name)
		}
		if !reflect.DeepEqual(got.Graph.Sample, want.Graph.Sample) || !reflect.DeepEqual(got.Graph.Betas, want.Graph.Betas) ||
			!reflect.DeepEqual(got.Graph.Observe, want.Graph.Observe) {
			t.Errorf("%s: another schedule: %+v, want %+v", name, got.Graph.Sample, want.Graph.Sample)
		}
	}
}
