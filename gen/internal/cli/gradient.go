package cli

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// gradients are the derivatives of βH at some states, one after the other.
type gradients struct {
	g       *graph.Graph
	sampler *sampling.Sampler
	room    []float64
	values  [][]float64 // by variable; nil of discrete ones
}

// newGradients refuses a model without anything to differentiate by.
func newGradients(m *gen.Model, count int) (*gradients, error) {
	d := &gradients{g: m.Graph, values: make([][]float64, len(m.Graph.Vars))}
	any := false
	for i := range m.Graph.Vars {
		if v := &m.Graph.Vars[i]; v.Kind == graph.Continuous {
			d.values[i], any = make([]float64, 0, count*v.Count), true
		}
	}
	if !any {
		v := &m.Graph.Vars[0]
		return nil, wrong("--gradient: %s has no continuous variable; an energy has no derivative by a %s such as %s", m.Graph.Model, v.Kind, v.Name).
			help("leave --gradient away; the field of a node is in check --node, the gradient by the weights in grad")
	}
	var err error
	if d.sampler, err = sampling.NewSampler(golang.Model(m.Program), sampling.Options{Chains: 1, Hold: true}); err != nil {
		return nil, wrong("%v", err)
	}
	return d, nil
}

// add differentiates at a state, which is named at in messages.
func (d *gradients) add(at string, state []int32) error {
	var err error
	if d.room, err = d.sampler.Gradient(d.g.Beta, state, d.room[:0]); err != nil {
		return err
	}
	for n, x := range d.room {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return wrong("--gradient: state %s: the energy has no derivative by %s there", at, d.g.NodeName(n)).
				help("at a cusp, as sqrt(u^2) has at 0, there is none")
		}
	}
	for i := range d.values {
		if v := &d.g.Vars[i]; d.values[i] != nil {
			d.values[i] = append(d.values[i], d.room[v.First:v.First+v.Count]...)
		}
	}
	return nil
}

// each calls see with every continuous variable and its derivatives, state after state.
func (d *gradients) each(see func(v *graph.Variable, values []float64)) {
	if d == nil {
		return
	}
	for i := range d.values {
		if d.values[i] != nil {
			see(&d.g.Vars[i], d.values[i])
		}
	}
}

// heads are the columns of a table.
func (d *gradients) heads() (names []string) {
	d.each(func(v *graph.Variable, _ []float64) {
		for n := v.First; n < v.First+v.Count; n++ {
			names = append(names, "d/d"+d.g.NodeName(n))
		}
	})
	return names
}

// cells are those of state i.
func (d *gradients) cells(i int) (cells []string) {
	d.each(func(v *graph.Variable, values []float64) {
		for _, x := range values[i*v.Count : (i+1)*v.Count] {
			cells = append(cells, number(x))
		}
	})
	return cells
}
