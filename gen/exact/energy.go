package exact

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Energy is βH of one state (one entry for each node, a continuous one the bits
// of a float32): the terms -W·Πs·Πx^p are added in the order of factors and rows,
// then those of expressions, and the sum is multiplied by β. The state must have
// passed CheckState.
func Energy(g *graph.Graph, state []int32) float64 {
	h := 0.0
	for f := range g.Factors {
		for r := range g.Factors[f].Rows {
			h -= rowTerm(&g.Factors[f], r, state)
		}
	}
	for c := range g.Codes {
		h = addCode(h, &g.Codes[c], state)
	}
	return g.Beta * h
}

// EnergyByFactor is the part of βH that each factor contributes, those with code
// behind the others.
func EnergyByFactor(g *graph.Graph, state []int32) []float64 {
	parts := make([]float64, 0, len(g.Factors)+len(g.Codes))
	for f := range g.Factors {
		h := 0.0
		for r := range g.Factors[f].Rows {
			h -= rowTerm(&g.Factors[f], r, state)
		}
		parts = append(parts, g.Beta*h)
	}
	for c := range g.Codes {
		parts = append(parts, g.Beta*addCode(0, &g.Codes[c], state))
	}
	return parts
}

// addCode adds the rows of an expression to h.
func addCode(h float64, c *graph.CodeFactor, state []int32) float64 {
	if c.Directed {
		return h
	}
	code := sampling.Code{Ops: c.Energy, Params: c.Params, Net: c.Net}
	var stack []float64
	k := len(c.Slots)
	for r := range c.Rows {
		var e float64
		e, stack = code.Eval(r, func(slot int) float64 {
			v := state[c.Index[r*k+slot]]
			if c.Slots[slot].Kind == graph.Continuous {
				return float64(sampling.BitsFloat(v))
			}
			return float64(v)
		}, stack)
		h += e
	}
	return h
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
			case v.Kind == graph.Continuous:
				if err := checkNumber(g, &v, i, float64(sampling.BitsFloat(x))); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkNumber says what keeps a number from being a value of a continuous node.
func checkNumber(g *graph.Graph, v *graph.Variable, node int, x float64) error {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return problem(g, diag.Model, diag.OutOfRange, "", "%s is %v; a finite number is needed", g.NodeName(node), x)
	case v.Range != nil && (x < v.Range[0] || x > v.Range[1]):
		return problem(g, diag.Model, diag.OutOfRange, "", "%s is %v; its range is %v to %v", g.NodeName(node), x, v.Range[0], v.Range[1])
	}
	return nil
}

// rowTerm is W[c1, c2, …]·s1·s2·…·x1^p1·x2^p2·… of one row, multiplied from left to
// right.
func rowTerm(f *graph.Factor, row int, state []int32) float64 {
	return rowCoefficient(f, row, state, nil)
}

// rowCoefficient is rowTerm without the continuous nodes that have a place.
func rowCoefficient(f *graph.Factor, row int, state, place []int32) float64 {
	index, negative, numbers := 0, false, false
	nodes := f.Index[row*len(f.Slots):][:len(f.Slots)]
	for j, slot := range f.Slots {
		switch slot.Kind {
		case graph.Spin:
			negative = negative != (state[nodes[j]] < 0)
		case graph.Categorical:
			index = index*slot.States + int(state[nodes[j]])
		default:
			numbers = true
		}
	}
	if !f.Shared {
		index += row * f.TableSize()
	}
	w := f.Weights[index]
	if negative {
		w = -w
	}
	if !numbers {
		return w
	}
	for j, slot := range f.Slots {
		if slot.Kind == graph.Continuous && (place == nil || place[nodes[j]] < 0) {
			w = timesPower(w, state[nodes[j]], slot.Power)
		}
	}
	return w
}

// timesPower multiplies by a continuous value as often as its power says.
func timesPower(w float64, bits int32, power int) float64 {
	for range power {
		w = float64(w * float64(sampling.BitsFloat(bits)))
	}
	return w
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
	index, stride, factor := 0, 1, 1.0
	for j, slot := range f.Slots {
		own := j == int(ref.slot)
		switch {
		case slot.Kind == graph.Continuous:
			factor = timesPower(factor, state[nodes[j]], slot.Power)
		case slot.Kind == graph.Spin:
			if !own && state[nodes[j]] < 0 {
				factor = -factor
			}
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
	if f.Slots[ref.slot].Kind == graph.Spin {
		theta[0] -= factor * f.Weights[index]
		theta[1] += factor * f.Weights[index]
		return
	}
	for k := range theta {
		theta[k] += factor * f.Weights[index+k*stride]
	}
}
