package conformance

import (
	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// Conditional gives the conditionals that a program truly has at one β: those of
// its rounded weights and tables, as interp states them. The result is the law of
// one node given the rest of a state, a spin's -1 first.
func Conditional(p *ir.Program, beta float64) (func(node int, state []int32) []float64, error) {
	m, err := interp.New(p, 1, 0)
	if err != nil {
		return nil, err
	}
	if err := m.SetBeta(beta); err != nil {
		return nil, err
	}
	one := make([][]int32, 1)
	return func(node int, state []int32) []float64 {
		one[0] = state
		if err := m.SetState(one); err != nil {
			panic(err) // the state is not one of the model: a bug of the caller
		}
		return m.Probability(0, node)
	}, nil
}

// Kernel is one sweep of the program that g was lowered to, at one β.
func Kernel(g *graph.Graph, p *ir.Program, beta float64) (*exact.Kernel, error) {
	conditional, err := Conditional(p, beta)
	if err != nil {
		return nil, err
	}
	return exact.SweepKernelOf(g, conditional)
}
