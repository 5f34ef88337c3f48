package train

import (
	"fmt"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// trained is an array of numbers that is fitted: the weights of a runtime factor, or a
// parameter of a formula.
type trained struct {
	name           string
	shape          []int
	factor         int // -1 for a parameter
	formula, param int
	values         []float64
}

// trainedArrays lists what a model lets be fitted: factors, then parameters.
func trainedArrays(m *sampling.Model) (list []trained) {
	for i := range m.Factors {
		if f := &m.Factors[i]; f.Runtime && m.FormulaOf(i) == nil {
			list = append(list, trained{name: f.Name, shape: weightShape(f), factor: i, values: slices.Clone(f.Weights)})
		}
	}
	for i := range m.Formulas {
		x := &m.Formulas[i]
		for k, name := range x.Arrays {
			if name != "" {
				list = append(list, trained{name: name, shape: x.Params[k].Shape(x.Rows), factor: -1, formula: i, param: k, values: slices.Clone(x.Params[k].Values)})
			}
		}
	}
	return list
}

// weightShape has an axis along the rows, unless they share a table, and those of
// the table.
func weightShape(f *sampling.Factor) []int {
	if f.Shared {
		return slices.Clone(f.Table)
	}
	return append([]int{f.Rows}, f.Table...)
}

// formulaValues are the parameters of a formula, those that are fitted as they are in
// values.
func formulaValues(m *sampling.Model, arrays []trained, formula int, values [][]float64) [][]float64 {
	out := m.Formulas[formula].Values()
	for i, a := range arrays {
		if a.factor < 0 && a.formula == formula {
			out[a.param] = values[i]
		}
	}
	return out
}

// termsOf are the weights of all factors, and the code factors, for some values of the
// arrays. It refuses what no sampler takes.
func (t *Trainer) termsOf(values [][]float64) ([][]float64, []sampling.CodeFactor, error) {
	m := t.task.Negative.Model
	weights, codes := m.AllWeights(), slices.Clone(m.Codes)
	for i, a := range t.arrays {
		if a.factor < 0 {
			continue
		}
		if err := m.CheckWeights(a.factor, values[i]); err != nil {
			return nil, nil, err
		}
		weights[a.factor] = values[i]
	}
	for i := range m.Formulas {
		if err := m.Apply(&m.Formulas[i], formulaValues(m, t.arrays, i, values), weights, codes); err != nil {
			return nil, nil, err
		}
	}
	return weights, codes, m.CheckPrecision(weights, codes, func(node int32) bool { return t.held[node] })
}

// values are the arrays as they are now.
func (t *Trainer) values() [][]float64 {
	out := make([][]float64, len(t.arrays))
	for i, a := range t.arrays {
		out[i] = a.values
	}
	return out
}

// set replaces all arrays.
func (t *Trainer) set(values [][]float64) error {
	weights, codes, err := t.termsOf(values)
	if err != nil {
		return err
	}
	t.arrays = slices.Clone(t.arrays)
	for i := range t.arrays {
		t.arrays[i].values = values[i]
	}
	t.weights, t.codes = weights, codes
	return nil
}

// array is the place of a name, -1 if there is none.
func (t *Trainer) array(name string) int {
	return slices.IndexFunc(t.arrays, func(a trained) bool { return a.name == name })
}

// Names lists what is fitted: runtime factors by name, and parameters of expressions as
// factor/parameter.
func (t *Trainer) Names() []string {
	var names []string
	for _, a := range t.arrays {
		names = append(names, a.name)
	}
	return names
}

// Weights are the values under a name as they are now, nil if there is none.
func (t *Trainer) Weights(name string) []float64 {
	if i := t.array(name); i >= 0 {
		return slices.Clone(t.arrays[i].values)
	}
	return nil
}

// Shape is that of the values under a name, nil for one number.
func (t *Trainer) Shape(name string) []int {
	if i := t.array(name); i >= 0 {
		return slices.Clone(t.arrays[i].shape)
	}
	return nil
}

// SetWeights replaces the values under a name.
func (t *Trainer) SetWeights(name string, w []float64) error {
	i := t.array(name)
	if i < 0 {
		return fmt.Errorf("no runtime factor or parameter %s", name)
	}
	values := t.values()
	if len(w) != len(values[i]) {
		return fmt.Errorf("%s takes %d weights, got %d", name, len(values[i]), len(w))
	}
	values[i] = slices.Clone(w)
	return t.set(values)
}

// Codes are the model's code factors with the parameters as they are now; they must not
// be changed.
func (t *Trainer) Codes() []sampling.CodeFactor { return t.codes }

// FactorWeights are the weights of all factors of the model, those that follow from
// parameters included.
func (t *Trainer) FactorWeights() [][]float64 {
	out := make([][]float64, len(t.weights))
	for i, w := range t.weights {
		out[i] = slices.Clone(w)
	}
	return out
}

// Give puts the arrays into a sampler of the model.
func (t *Trainer) Give(s *sampling.Sampler) error {
	params := map[string][]float64{}
	for _, a := range t.arrays {
		if a.factor < 0 {
			params[a.name] = a.values
		} else if err := s.SetWeights(a.name, a.values); err != nil {
			return err
		}
	}
	return s.SetParams(params)
}

// slope is a derivative of a weight of a part by an element of a parameter. For code
// the moment is already that of the energy's derivative, so that by is -1.
type slope struct {
	place           int // among what is measured
	weight, element int
	by              float64
}

// slopes are those of every array: none of factors.
func (t *Trainer) slopes() [][]slope {
	m := t.task.Negative.Model
	out := make([][]slope, len(t.arrays))
	at := map[[2]int]int{}
	for i, a := range t.arrays {
		if a.factor < 0 {
			at[[2]int{a.formula, a.param}] = i
		}
	}
	for i := range m.Formulas {
		x := &m.Formulas[i]
		m.EachSlope(x, formulaValues(m, t.arrays, i, t.values()), func(part, weight, param, element int, by float64) {
			k := at[[2]int{i, param}]
			place := slices.Index(t.factors, x.Parts[part].Factor)
			out[k] = append(out[k], slope{place, weight, element, by})
		})
	}
	for j, i := range t.coded {
		first := 0
		for param, p := range m.Formulas[i].Params {
			if k, ok := at[[2]int{i, param}]; ok {
				for element := range p.Values {
					out[k] = append(out[k], slope{len(t.factors) + j, first + element, element, -1})
				}
			}
			first += len(p.Values)
		}
	}
	return out
}
