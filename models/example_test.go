package models_test

import (
	"fmt"

	"github.com/thrmlgen/thrmlgen/models"
)

func Example() {
	m := models.New("potts")
	x := m.Categorical("x", 5, 20, 20)
	m.Factor(x, x).Edges(models.Grid(x)).Weights(models.Identity(1))
	m.Sample(models.Schedule{Chains: 100})
	text, err := m.YAML()
	if err != nil {
		fmt.Println(err)
	}
	fmt.Print(string(text))
	// Output:
	// model: potts
	// variables:
	//   x: {kind: categorical, states: 5, shape: [20, 20]}
	// factors:
	//   - {over: [x, x], edges: {grid: x}, weights: {identity: 1}}
	// sample: {chains: 100}
}

func ExampleIsing() {
	m := models.Ising("glass", models.Pegasus(14), models.Normal(0, 1, 2), models.Normal(0, 1, 1))
	m.Clamp(m.Variable("s").At(0), models.Number(1))
	text, err := m.YAML()
	if err != nil {
		fmt.Println(err)
	}
	fmt.Print(string(text))
	// Output:
	// model: glass
	// ising: {graph: {pegasus: 14}, biases: {normal: [0, 1], seed: 1}, weights: {normal: [0, 1], seed: 2}}
	// clamp:
	//   "s[0]": 1
}

func ExampleModel_Energy() {
	m := models.New("wells")
	u := m.Continuous("u", 10)
	m.Energy("a*(x^2 - 1)^2").Slot("x", u).All().Param("a", models.Number(2))
	m.Energy("(x - y)^2").Slot("x", u).Slot("y", u).Edges(models.Chain(u))
	m.Update(u, "slice")
	text, err := m.YAML()
	if err != nil {
		fmt.Println(err)
	}
	fmt.Print(string(text))
	// Output:
	// model: wells
	// variables:
	//   u: {kind: continuous, shape: [10]}
	// factors:
	//   - {over: {x: u}, energy: "a*(x^2 - 1)^2", index: all, params: {a: 2}}
	//   - {over: {x: u, y: u}, energy: "(x - y)^2", edges: {chain: u}}
	// update: {u: slice}
}
