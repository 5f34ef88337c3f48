package models_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/models"
)

var update = flag.Bool("update", false, "write testdata")

// said are models that say everything of the grammar that package models can say.
var said = map[string]func() *models.Model{
	"graphs": func() *models.Model {
		m := models.New("graphs")
		x := m.Spin("x", 3, 3)
		for i, g := range []models.Topology{
			models.Chain(5), models.Ring(5), models.Grid(3, 4), models.Torus(3, 4, 5), models.King(3, 3), models.Complete(4),
			models.Bipartite(2, 3), models.Hypercube(3), models.RandomRegular(8, 3, 1), models.Chimera(2, 2, 4),
			models.Pegasus(2), models.Zephyr(2, 4), models.Skip([]int{8, 8}, []int{1, 3}),
			models.Stencil([]int{8, 8}, [][]int{{0, 1}, {1, -1}}, true), models.FileGraph("g.npz#edges", 7),
		} {
			m.Graph("g"+string(rune('a'+i)), g)
		}
		for _, g := range []models.Topology{models.Grid(x), models.Torus(x), models.King(x)} {
			m.Factor(x, x).Edges(g).Weights(models.Number(1))
		}
		return m
	},
	"variables": func() *models.Model {
		m := models.New("variables")
		g := m.Graph("g", models.Grid(4, 4))
		s := m.Spin("s").On(g.Random(0.5, 1))
		m.Categorical("k", 3).On(g.Mask("mask.npy"))
		m.Spin("r").On(g.Rest())
		m.Spin("all").On(g)
		x := m.Continuous("x", 3).Range(-1, 1)
		m.Continuous("v", 3).Dim(2)
		n := m.Structured("n", 4)
		a := n.Spin("a")
		n.Categorical("b", 4)
		n.Continuous("c").Range(0, 1)
		m.Structured("on_graph").On(g).Spin("a")
		left := m.Group("left", models.Except(models.Intersect(s, models.Ref("all[0:8]")), models.Ref("all[3]")))
		m.Group("both", models.Union(left, a.At(2), x.Select("[0, 2]")))
		m.RandomGroup("some", s, 3, 7)
		m.ParityGroup("odd", 1, s)
		m.FileGroup("listed", "nodes.npy")
		m.Factor(a, s).Pairs().Weights(models.Number(1))
		return m
	},
	"factors": func() *models.Model {
		m := models.New("factors")
		s := m.Spin("s", 4)
		k := m.Categorical("k", 2, 4)
		g := m.Graph("g", models.Ring(4))
		m.Factor(s).Name("bias").All().Weights(models.Uniform(-1, 1, 3)).Scale(0.5).Runtime()
		m.Factor(s, s).Edges(g).Weights(models.Signs(1, 2)).ScaleBy("strength")
		m.Factor(s, s).Edges(models.EdgeList{{0, 1}, {1, 0}}).Weights(models.Values(1, 2)).SumDuplicates()
		m.Factor(k, k).Pairs().Weights(models.Array([]int{2, 2}, []float64{1, 0, 0, -1e-300}))
		m.Factor(s, k).Index([][]int{{0, 0}, {1, 2}}).Weights(models.Values([]float64{1, 2}, []float64{3, 4}))
		m.Factor(s, s).IndexFile("rows.npz#rows").Weights(models.File("w.npz#w"))
		x := m.Continuous("x", 4)
		m.Energy("0.5*a*(u - m)^2").Slot("u", x).All().Param("a", models.Uniform(1, 2, 1)).Name("wells").Param("m", models.Number(0))
		m.Energy("w*u*v").Slot("u", x).Slot("v", x).Edges(models.Chain(x)).Param("w", models.Number(-1))
		m.Interaction(models.Interaction{Head: s, Tails: []models.Nodes{k, x}, Names: []string{"c", "u"}, Field: "a*u",
			Params: map[string]models.Weights{"b": models.Number(1), "a": models.Number(2)}})
		m.Runtime()
		m.BetaParameter("beta")
		return m
	},
	"schedule": func() *models.Model {
		m := models.Ising("schedule", models.Grid(4, 4), models.Number(1), models.Number(0.5))
		s := m.Variable("s")
		m.InitVariable(s, models.StartNormal(0, 0.1))
		m.Blocks(s.Select("0::2", ":"), models.Together(s.Select("1::4", ":"), s.Select("3::4", ":")), models.Union(s.At(0, 0), s.At(1, 1)))
		m.Synchronous()
		m.Clamp(s.At(0, 0), models.Number(1))
		m.Clamp(s.Select("3", ":"), models.Values(1, 1, -1, -1))
		m.Clamp(s.At(2, 2), models.File("c.npz#c"))
		m.Update(s, "gibbs")
		m.Format(models.Format{Fraction: models.None, Bits: 16, ThresholdBits: 16, Choice: "noise", Group: 2, Budget: 0.01, Range: 8,
			RNG: "ars5", Planes: 8, Interleave: 3})
		m.Sample(models.Schedule{Chains: 2, Warmup: 3, Samples: 4, StepsPerSample: 5, Seed: 1<<64 - 1, Betas: models.BetaList(0.5, 1, 1.5)})
		m.Observe(models.State, models.Energy, models.Best, models.Moments, models.Magnetisation, models.StateOf(s.At(1)),
			models.Histogram(s), models.Observable("bonds", "u*v").Slot("u", s).Slot("v", s).Edges(models.Grid(s)),
			models.Observable("field", "u").Slot("u", s).All(),
			models.Histogram(s.At(0, 1)).Name("corner").Bins(5).Range(-1, 1.5),
			models.Mean("pairs", "u*v").Slot("u", s).Slot("v", s).Pairs())
		m.Langevin(models.Langevin{Over: s, StepSize: 0.1, NoiseScale: 1})
		return m
	},
	"code": func() *models.Model {
		m := models.New("code")
		s := m.Spin("s", 4)
		x := m.Continuous("x", 2)
		m.Factor(s).All().Weights(models.Number(1))
		m.Factor(x).All().Weights(models.Number(0))
		m.Update(s, "flips.Metropolis")
		m.Update(x, "example.com/user/flips.Walk")
		m.InitVariable(s, models.StartCode("./flips.Stripes"))
		m.Observe(models.Energy, models.ObserverCode("m2", "../flips.M2"))
		return m
	},
	"starts": func() *models.Model {
		m := models.MaxCut("starts", 3, models.EdgeList{{0, 1}, {1, 2}}, []float64{1, -0.5})
		m.Init(models.StartFile("x.npz"))
		m.Format(models.Format{Profile: "hardware"})
		m.Sample(models.Schedule{Warmup: 3, Betas: models.BetaFile("b.npy")})
		return m
	},
	"train": func() *models.Model {
		m := models.RBM("train", []int{2, 2}, 3, models.RBMTerms{Weights: models.Normal(0, 0.01, 1), VisibleBiases: models.Number(0)})
		v, h := m.Variable("v"), m.Variable("h")
		m.Train(models.Training{
			Data: models.Bernoulli(0.5, 10, 1), Visible: v, Condition: []models.Condition{{Nodes: h.At(0), Data: models.File("c.npy")}},
			Batch: 2, Epochs: 3, Loss: "cd", K: 4, Start: "persistent", LearningRate: 0.1, Optimizer: models.Adam{Beta1: 0.5, Epsilon: 1e-8},
			WeightDecay: 0.01, Seed: 9,
			Positive: models.Phase{Blocks: []models.Block{h}, Init: models.StartHinton, Chains: 2, Warmup: models.None, Samples: 3, StepsPerSample: 4},
			Negative: models.Phase{Chains: 5},
			HeldOut:  models.Values([]float64{1, 1, -1, -1}),
		})
		return m
	},
	"rates": func() *models.Model {
		m := models.RBM("rates", []int{2, 2}, 3, models.RBMTerms{Weights: models.Normal(0, 0.01, 1)})
		m.Train(models.Training{
			Data: models.Bernoulli(0.5, 10, 1), Visible: m.Variable("v"), LearningRate: 0.1, RateEnd: 0.001, RateShape: "geometric",
			Optimizer: models.SGD{Momentum: 0.9},
		})
		return m
	},
}

// TestEverythingOfTheGrammar holds what is written for every call, and that the
// reader of model files takes it.
func TestEverythingOfTheGrammar(t *testing.T) {
	for name, build := range said {
		text, err := build().YAML()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, problems := spec.Parse("model.yaml", text); problems.Len() > 0 {
			t.Errorf("%s: %v\n%s", name, problems, text)
		}
		file := filepath.Join("testdata", name+".yaml")
		if *update {
			if err := os.WriteFile(file, text, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || string(text) != string(want) {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, text, want)
		}
	}
}

// TestFamilies holds shortcuts to the files that they stand for.
func TestFamilies(t *testing.T) {
	for want, m := range map[string]*models.Model{
		"ising: {graph: {torus: [4, 4]}, biases: 0.5, weights: {normal: [0, 1], seed: 3}}": models.Ising("x", models.Torus(4, 4), models.Normal(0, 1, 3), models.Number(0.5)),
		"ising: {edges: [[0, 1], [1, 2]], weights: [1, 2]}":                                models.Ising("x", models.EdgeList{{0, 1}, {1, 2}}, models.Values(1, 2), nil),
		"potts: {graph: {grid: [3, 3]}, states: 4, coupling: 0.7}":                         models.Potts("x", models.Grid(3, 3), 4, models.Number(0.7)),
		"maxcut: {file: G11.txt}":                                                          models.MaxCutFile("x", "G11.txt"),
		"rbm: {visible: 4, hidden: [2, 2], hidden_biases: 0.5, weights: {normal: [0, 1], seed: 1}}": models.RBM("x", 4, []int{2, 2},
			models.RBMTerms{HiddenBiases: models.Number(0.5), Weights: models.Normal(0, 1, 1)}),
		"boltzmann: {visible: 3, hidden: 2, graph: {complete: 5}, weights: {normal: [0, 1], seed: 1}}": models.Boltzmann("x", 3, 2,
			models.Complete(5), nil, models.Normal(0, 1, 1)),
	} {
		file, problems := gen.Check(gen.Source{Name: "x.yaml", Text: []byte("model: x\n" + want + "\n"), Files: both{}})
		if problems.Len() > 0 {
			t.Errorf("%s: %v", want, problems)
			continue
		}
		if got := mustLoad(t, m); got.Program.Hash != file.Program.Hash {
			text, _ := m.YAML()
			t.Errorf("%s: another model: %s", want, text)
		}
	}
}

// TestDynamics holds the moves built in code to those of the model file.
func TestDynamics(t *testing.T) {
	const head = "model: m\nvariables: {x: {kind: continuous, shape: [2]}}\nfactors:\n  - {over: {u: x}, index: all, energy: \"u^4\"}\ndynamics: "
	for want, move := range map[string]func(m *models.Model, x models.Nodes){
		"{langevin: {over: x, step_size: {cosine: [0.1, 0.01], sweeps: 9, rise: 2}, noise_scale: {linear: [2, 1], sweeps: 5}}}": func(m *models.Model, x models.Nodes) {
			m.Langevin(models.Langevin{Over: x, StepRate: &models.Rate{Shape: "cosine", From: 0.1, To: 0.01, Sweeps: 9, Rise: 2},
				NoiseRate: &models.Rate{Shape: "linear", From: 2, To: 1, Sweeps: 5}})
		},
		"{mala: {over: x, step_size: 0.1, adapt: 0.57}}": func(m *models.Model, x models.Nodes) {
			m.MALA(models.MALA{Over: x, StepSize: 0.1, Adapt: 0.57})
		},
		"{hmc: {over: x, step_size: {multi_step: 0.1, factor: 0.5, at: [3, 4]}, steps: 5, mass: [1, 2]}}": func(m *models.Model, x models.Nodes) {
			m.HMC(models.HMC{Over: x, Steps: 5, Mass: []float64{1, 2}, StepRate: &models.Rate{Shape: "multi_step", From: 0.1, Factor: 0.5, At: []int{3, 4}}})
		},
		"{underdamped: {over: x, step_size: 0.1, friction: 2, noise_scale: 0.5, mass: 3}}": func(m *models.Model, x models.Nodes) {
			m.Underdamped(models.Underdamped{Over: x, StepSize: 0.1, Friction: 2, NoiseScale: 0.5, Mass: []float64{3}})
		},
		"{gradient: {over: x, step_size: {exponential: 0.1, factor: 0.9, least: 0.01}}}": func(m *models.Model, x models.Nodes) {
			m.Gradient(models.Gradient{Over: x, StepRate: &models.Rate{Shape: "exponential", From: 0.1, Factor: 0.9, Least: 0.01}})
		},
		"{nesterov: {over: x, step_size: {constant: 0.1, rise: 3}, momentum: 0.5}}": func(m *models.Model, x models.Nodes) {
			m.Nesterov(models.Nesterov{Over: x, StepRate: &models.Rate{Shape: "constant", From: 0.1, Rise: 3}, Momentum: 0.5})
		},
	} {
		file, problems := gen.Check(gen.Source{Name: "m.yaml", Text: []byte(head + want + "\n"), Files: both{}})
		if problems.Len() > 0 {
			t.Errorf("%s: %v", want, problems)
			continue
		}
		m := models.New("m")
		x := m.Continuous("x", 2)
		m.Energy("u^4").Slot("u", x).All()
		move(m, x)
		if got := mustLoad(t, m); got.Program.Hash != file.Program.Hash {
			text, _ := m.YAML()
			t.Errorf("%s: another model: %s", want, text)
		}
	}
}

// TestMaxCutOfSlices holds a cut problem from slices to its file.
func TestMaxCutOfSlices(t *testing.T) {
	edges, weights := models.EdgeList{{0, 1}, {1, 2}, {2, 0}}, []float64{1, 2.5, -1}
	got := mustLoad(t, models.MaxCut("cut", 4, edges, weights)).Graph
	f := got.Factors[0]
	if got.Nodes != 4 || !reflect.DeepEqual(f.Index, []int32{0, 1, 1, 2, 2, 0}) || !reflect.DeepEqual(f.Weights, []float64{-1, -2.5, 1}) || got.MaxCut.TotalWeight != 2.5 {
		t.Errorf("%+v %+v", f, got.MaxCut)
	}
	if ones := mustLoad(t, models.MaxCut("cut", 4, edges, nil)).Graph.MaxCut.TotalWeight; ones != 3 {
		t.Errorf("without weights: %v", ones)
	}
	if _, err := models.MaxCut("cut", 4, edges, weights[:2]).YAML(); err == nil || !strings.Contains(err.Error(), "2 weights are given for 3 edges") {
		t.Errorf("two weights for three edges: %v", err)
	}
}

// big builds a model with n×n spins, its weights and edges as slices.
func big(n int) *models.Model {
	r := rand.New(rand.NewPCG(1, 2))
	m := models.New("big")
	s := m.Spin("s", n, n)
	k := m.Categorical("k", 3, n)
	fields := make([][]float64, n)
	rows := make([][]int, n)
	tables := make([][][]float64, n)
	for i := range n {
		fields[i] = []float64{r.NormFloat64(), r.NormFloat64(), -0.0}
		rows[i] = []int{i, (i + 1) % n}
		tables[i] = [][]float64{fields[i], {1, 2, 3}, {0, 0, 1e-12}}
	}
	biases := make([]float64, n*n)
	for i := range biases {
		biases[i] = r.NormFloat64()
	}
	m.Factor(s).All().Weights(models.Values(biases...))
	m.Factor(k).All().Weights(models.Values(fields...))
	m.Factor(k, k).Index(rows).Weights(models.Values(tables...))
	m.Factor(s, s).Name("bonds").Edges(models.EdgeList{{0, 1}}).Weights(models.Values(0.1))
	return m
}

// TestLargeSlices holds that numbers in files beside the model are the same as
// numbers in it, and that WriteDir writes a model that stands by itself.
func TestLargeSlices(t *testing.T) {
	for _, n := range []int{3, 40} {
		m := big(n)
		want := mustLoad(t, m)
		e := m.Encode()
		if large := len(e.Files) > 0; large != (n == 40) {
			t.Errorf("n = %d: %d files", n, len(e.Files))
		}
		dir := filepath.Join(t.TempDir(), "a", "b")
		if err := m.WriteDir(dir); err != nil {
			t.Fatal(err)
		}
		got, problems := gen.Load(filepath.Join(dir, "model.yaml"))
		if problems.Len() > 0 {
			t.Fatal(problems)
		}
		if got.Program.Hash != want.Program.Hash {
			t.Error("the model written is another one")
		}
		if f := got.Graph.Factors[1]; len(f.Weights) != 3*n || f.Shared {
			t.Errorf("%d weights", len(f.Weights))
		}
		again := big(n).Encode()
		if string(again.YAML) != string(e.YAML) || !reflect.DeepEqual(again.Files, e.Files) {
			t.Error("the same code gives different bytes")
		}
	}
}

// A slice that is changed after the call is not changed in the model.
func TestSlicesAreCopied(t *testing.T) {
	w, rows, shape := []float64{1, 2}, [][]int{{0, 1}, {1, 2}}, []int{2}
	m := models.New("copied")
	s := m.Spin("s", 3)
	m.Factor(s, s).Index(rows).Weights(models.Values(w...))
	m.Factor(s, s).Index(rows).Weights(models.Array(shape, w))
	before, _ := m.YAML()
	w[0], rows[0][0], shape[0] = 9, 9, 9
	if after, _ := m.YAML(); string(after) != string(before) {
		t.Errorf("%s", after)
	}
}

// TestProblemsAreErrors holds what a program that writes files itself is told.
func TestProblemsAreErrors(t *testing.T) {
	m := models.New("x")
	m.Factor(nil).Weights(models.Values([][]float64{{1}}, [][]float64{{1, 2}}))
	_, err := m.YAML()
	if err == nil {
		t.Fatal("no error")
	}
	_, file, _ := strings.Cut(err.Error(), "grammar_test.go:")
	if !strings.Contains(err.Error(), "the variable is nil") || !strings.Contains(err.Error(), "a list of 2 stands where the first of its depth has 1") || file == "" {
		t.Error(err)
	}
	if err := m.WriteDir(t.TempDir()); err == nil {
		t.Error("written")
	}
}
