package exact

import (
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// Energy is βH of one state (one entry for each node): the terms -W·Πs are
// added in the order of factors and rows, and the sum is multiplied by β.
// The state must have passed CheckState.
func Energy(g *graph.Graph, state []int32) float64 {
	h := 0.0
	for f := range g.Factors {
		for r := range g.Factors[f].Rows {
			h -= rowTerm(&g.Factors[f], r, state)
		}
	}
	return g.Beta * h
}

// EnergyByFactor is the part of βH that each factor contributes.
func EnergyByFactor(g *graph.Graph, state []int32) []float64 {
	parts := make([]float64, len(g.Factors))
	for f := range g.Factors {
		h := 0.0
		for r := range g.Factors[f].Rows {
			h -= rowTerm(&g.Factors[f], r, state)
		}
		parts[f] = g.Beta * h
	}
	return parts
}

// CheckState says what keeps a state from being one of g.
func CheckState(g *graph.Graph, state []int32) error {
	if len(state) != g.Nodes {
		return problem(g, diag.Model, diag.Length, "", "a state has %d values, the model has %d nodes", len(state), g.Nodes)
	}
	for _, v := range g.Vars {
		for i := v.First; i < v.First+v.Count; i++ {
			switch x := state[i]; {
			case v.Kind == graph.Spin && x != -1 && x != 1:
				return problem(g, diag.Model, diag.OutOfRange, "", "%s is %d; a spin is -1 or 1", g.NodeName(i), x)
			case v.Kind == graph.Categorical && (x < 0 || int(x) >= v.States):
				return problem(g, diag.Model, diag.OutOfRange, "", "%s is %d; its values are 0 to %d", g.NodeName(i), x, v.States-1)
			}
		}
	}
	return nil
}

// rowTerm is W[c1, c2, …]·s1·s2·… of one row.
func rowTerm(f *graph.Factor, row int, state []int32) float64 {
	index, negative := 0, false
	for j, slot := range f.Slots {
		x := state[f.Index[row*len(f.Slots)+j]]
		if slot.Kind == graph.Spin {
			negative = negative != (x < 0)
		} else {
			index = index*slot.States + int(x)
		}
	}
	if !f.Shared {
		index += row * f.TableSize()
	}
	if negative {
		return -f.Weights[index]
	}
	return f.Weights[index]
}

// rowRef is one slot of one row, seen from the node in that slot.
type rowRef struct {
	factor, row, slot int32
}

// addField adds what one row contributes to θ of the node in its slot, β left
// out: θ[k] is the sum of the terms with the node in its k-th value (a spin's
// values are -1, +1).
func addField(theta []float64, g *graph.Graph, ref rowRef, state []int32) {
	f := &g.Factors[ref.factor]
	nodes := f.Index[int(ref.row)*len(f.Slots):][:len(f.Slots)]
	index, stride, negative := 0, 1, false
	for j, slot := range f.Slots {
		own := j == int(ref.slot)
		switch {
		case slot.Kind == graph.Spin:
			negative = negative != (!own && state[nodes[j]] < 0)
		case own:
			index *= slot.States
			stride = 1
		default:
			index = index*slot.States + int(state[nodes[j]])
			stride *= slot.States
		}
	}
	if !f.Shared {
		index += int(ref.row) * f.TableSize()
	}
	sign := 1.0
	if negative {
		sign = -1
	}
	if f.Slots[ref.slot].Kind == graph.Spin {
		theta[0] -= sign * f.Weights[index]
		theta[1] += sign * f.Weights[index]
		return
	}
	for k := range theta {
		theta[k] += sign * f.Weights[index+k*stride]
	}
}
