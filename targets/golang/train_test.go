package golang_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/train"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

// trainable are models that an emitted package fits: a Boltzmann machine, numbers whose
// energy has parameters, and such with a network.
var trainable = map[string]struct{ yaml, data string }{
	"machine": {`
model: machine
variables: {s: {kind: spin, shape: [4]}}
factors:
  - {name: b, over: [s], index: all, weights: [0, 0, 0, 0]}
  - {name: w, over: [s, s], index: pairs, weights: [0, 0, 0, 0, 0, 0]}
runtime: true
`, "[]int32{1, 1, -1, -1, -1, -1, 1, 1, 1}"},
	"springs": {`
model: springs
variables: {x: {kind: continuous, shape: [4]}}
factors:
  - {name: own, over: {u: x}, index: all, energy: "0.5*a*(u - m)^2", params: {a: [1, 1, 1, 1], m: 0}}
  - {name: pair, over: {u: x, v: x}, edges: {chain: x}, energy: "-p*u*v", params: {p: 0.1}}
runtime: true
`, "bits(0.5, 0.25, -1, 1.5, 0.25, -0.5, -0.5, 1, 0.75)"},
	"network": {`
model: network
variables: {x: {kind: continuous, shape: [4]}}
factors:
  - {name: net, over: {a: x, b: x, c: x, d: x}, index: [[0, 1, 2, 3]], energy: {mlp: {input: [a, b, c, d], hidden: [5, 3], seed: 8}}}
  - {name: own, over: {u: x}, index: all, energy: "0.5*u^2", runtime: false}
dynamics: {langevin: {over: x, step_size: 0.1}}
runtime: true
`, "bits(0.5, 0.25, -1, 1.5, 0.25, -0.5, -0.5, 1, 0.75)"},
}

// trainSource trains with a package and data that are filled in, and prints every array.
const trainSource = `package main

import (
	"context"
	"fmt"

	m "only/%[1]s"
)

func bits(x ...float32) (out []int32) {
	for _, v := range x {
		out = append(out, m.FloatBits(v))
	}
	return out
}

func main() {
	s, err := m.New(m.Options{Chains: 1})
	if err != nil {
		panic(err)
	}
	schedule := m.Schedule{Warmup: 5, Samples: 10, StepsPerSample: 1}
	t, err := m.NewTrainer(m.Task{
		Positive: m.Phase{Model: s.Model(), Chains: 4, Schedule: schedule}, Negative: m.Phase{Model: s.Model(), Chains: 30, Schedule: schedule},
		Visible: []int32{0, 1, 2}, Data: m.Examples{Rows: 3, Values: %[2]s},
		Epochs: 20, Start: m.StartPersistent, Optimizer: m.Optimizer{Rule: m.Adam, Rate: 0.02, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Seed: 3,
	})
	if err != nil {
		panic(err)
	}
	for _, all := t.Done(); !all; _, all = t.Done() {
		if _, err := t.Step(context.Background()); err != nil {
			panic(err)
		}
	}
	for _, name := range t.Names() {
		fmt.Println(name, t.Weights(name))
	}
}
`

// TestEmittedTrains: an emitted package, in a module that requires nothing, trains its
// model to the weights that package train finds, to the last digit.
func TestEmittedTrains(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "go.mod", "module only\n\ngo 1.24\n")
	for name, c := range trainable {
		p, _ := targettest.Parse(c.yaml)
		writePackage(t, filepath.Join(dir, name), emit.Request{Program: p})
		write(t, filepath.Join(dir, "cmd", name), "main.go", fmt.Sprintf(trainSource, name, c.data))
		goTool(t, dir, nil, "build", "-o", name+".exe", "./cmd/"+name)
		out, err := exec.Command(filepath.Join(dir, name+".exe")).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		if want := trainedHere(t, golang.Model(p), name != "machine"); string(out) != want {
			t.Errorf("%s: the emitted package finds\n%s\npackage train\n%s", name, out, want)
		}
	}
}

// trainedHere does what trainSource does.
func trainedHere(t *testing.T, m *sampling.Model, numbers bool) string {
	t.Helper()
	data := []int32{1, 1, -1, -1, -1, -1, 1, 1, 1}
	if numbers {
		data = nil
		for _, x := range []float32{0.5, 0.25, -1, 1.5, 0.25, -0.5, -0.5, 1, 0.75} {
			data = append(data, sampling.FloatBits(x))
		}
	}
	schedule := sampling.Schedule{Warmup: 5, Samples: 10, StepsPerSample: 1}
	tr, err := train.NewTrainer(train.Task{
		Positive: train.Phase{Model: m, Chains: 4, Schedule: schedule}, Negative: train.Phase{Model: m, Chains: 30, Schedule: schedule},
		Visible: []int32{0, 1, 2}, Data: train.Examples{Rows: 3, Values: data},
		Epochs: 20, Start: train.StartPersistent, Optimizer: train.Optimizer{Rule: train.Adam, Rate: 0.02, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Seed: 3,
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := tr.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	for _, name := range tr.Names() {
		w := tr.Weights(name)
		if !slices.ContainsFunc(w, func(x float64) bool { return x != 0 && x != 1 && x != 0.1 }) {
			t.Errorf("%s did not move: %v", name, w)
		}
		fmt.Fprintln(&b, name, w)
	}
	return b.String()
}
