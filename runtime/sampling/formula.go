package sampling

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Formula gives the weights of some factors as functions of parameters: an energy
// expression whose parameters are data became these factors, or a scale that is data
// multiplies one. Those weights are never set by themselves. Or it holds the parameters
// of a code factor.
type Formula struct {
	Name   string      // of the factor in the model file
	Rows   int         // of that factor
	Params []CodeParam // values as they are at first
	Arrays []string    // names of the parameters that are data, "" for constants
	Parts  []FormulaPart
	Codes  []int // indices in the model's code factors
}

// FormulaPart is a factor whose weights are Weight, evaluated in float64 for each of
// its rows (one row if they are shared) and entries of its table. Slot j of the code is
// the state on axis j of the table. The weight of a factor without slots is the sum over
// all rows, in order from 0. Zeros are +0.
type FormulaPart struct {
	Factor int // index in the model's factors
	Weight []CodeOp
}

// evaluator runs code over the rows and entries of a part.
type evaluator struct {
	code   Code
	states []float64 // on each axis of the table
	stack  []float64
}

func (e *evaluator) at(ops []CodeOp, row int) (v float64) {
	e.code.Ops = ops
	v, e.stack = e.code.Eval(row, func(n int) float64 { return e.states[n] }, e.stack)
	return v
}

// entry takes the states of an entry of a table.
func (e *evaluator) entry(table []int, k int) {
	e.states = slices.Grow(e.states[:0], len(table))[:len(table)]
	for a := len(table) - 1; a >= 0; a-- {
		e.states[a] = float64(k % table[a])
		k /= table[a]
	}
}

// params are the parameters of a formula with these values.
func (x *Formula) params(values [][]float64) []CodeParam {
	list := slices.Clone(x.Params)
	for i := range list {
		list[i].Values = values[i]
	}
	return list
}

// Values are the parameters as they are at first.
func (x *Formula) Values() [][]float64 {
	values := make([][]float64, len(x.Params))
	for i, p := range x.Params {
		values[i] = p.Values
	}
	return values
}

// Weights are those of each part of formula x for some values of its parameters. It
// refuses values with which a weight is no number, or beyond the declared range.
func (m *Model) Weights(x *Formula, values [][]float64) ([][]float64, error) {
	e := evaluator{code: Code{Params: x.params(values)}}
	out := make([][]float64, len(x.Parts))
	for i, part := range x.Parts {
		f := &m.Factors[part.Factor]
		for r := range f.weightRows() {
			for k := range f.TableSize() {
				e.entry(f.Table, k)
				w := 0.0
				if len(f.Slots) > 0 {
					w = e.at(part.Weight, r)
				} else {
					for row := range x.Rows {
						w += e.at(part.Weight, row)
					}
				}
				if math.IsNaN(w) || math.IsInf(w, 0) {
					return nil, fmt.Errorf("factor %s: with these parameters a coefficient of its energy is %v", x.Name, w)
				}
				out[i] = append(out[i], w+0) // -0 becomes 0
			}
		}
		if len(f.Slots) == 0 {
			continue // constants are in no field
		}
		if err := m.checkRange(f, out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Apply puts values of the parameters of formula x into lists of all factors' weights
// and of the model's code factors. It refuses what Weights refuses, and parameters with
// which an operation of a code factor's energy can leave its domain; the lists may have
// changed then.
func (m *Model) Apply(x *Formula, values [][]float64, weights [][]float64, codes []CodeFactor) error {
	parts, err := m.Weights(x, values)
	if err != nil {
		return err
	}
	for k, part := range x.Parts {
		weights[part.Factor] = parts[k]
	}
	for _, c := range x.Codes {
		f := &codes[c]
		f.Params = x.params(values)
		if err := m.checkDomain(f); err != nil {
			return err
		}
	}
	return nil
}

// weightRows is the number of tables that the weights hold.
func (f *Factor) weightRows() int {
	if f.Shared {
		return 1
	}
	return f.Rows
}

// EachSlope calls each with the derivatives of the weights of formula x by parameters
// that are data: weight is the index in the weights of the part's factor, element that
// in the parameter's values. A pair of these may come several times; its derivative is
// the sum. Constants of the energy, which move no moment, are left out.
func (m *Model) EachSlope(x *Formula, values [][]float64, each func(part, weight, param, element int, slope float64)) {
	e, tape := evaluator{}, NewTape(0)
	for i, part := range x.Parts {
		f := &m.Factors[part.Factor]
		if len(f.Slots) == 0 {
			continue
		}
		code := &CodeFactor{Energy: part.Weight, Params: x.params(values)}
		size := f.TableSize()
		for r := range f.weightRows() {
			for k := range size {
				e.entry(f.Table, k)
				tape.Energy(code, r, func(n int) Jet { return Jet{e.states[n]} })
				tape.back(Jet{}, nil, func(s *tapeStep) {
					if s.op.Op == CodeParamAt && x.Arrays[s.op.N] != "" {
						each(i, r*size+k, int(s.op.N), s.element, s.adjoint[0])
					}
				})
			}
		}
	}
}

// Equal says whether two parameters have the same shape and values.
func (p CodeParam) Equal(q CodeParam) bool {
	return p.Shared == q.Shared && slices.Equal(p.Axes, q.Axes) && slices.Equal(p.Values, q.Values)
}

// size is the number of elements of one row's table.
func (p *CodeParam) size() int {
	n := 1
	for _, k := range p.Axes {
		n *= k
	}
	return n
}

// Shape is that of a parameter's values: an axis along so many rows, unless they share
// one table, and those of the table.
func (p *CodeParam) Shape(rows int) []int {
	if p.Shared {
		return append([]int(nil), p.Axes...)
	}
	return append([]int{rows}, p.Axes...)
}

// FormulaOf is the formula that the weights of a factor follow from, nil if they are
// data or baked.
func (m *Model) FormulaOf(factor int) *Formula {
	for i := range m.Formulas {
		for _, p := range m.Formulas[i].Parts {
			if p.Factor == factor {
				return &m.Formulas[i]
			}
		}
	}
	return nil
}

// checkFormula refuses a formula whose code, parameters and factors do not fit, or whose
// values give other weights than the factors have.
func (m *Model) checkFormula(x *Formula, owned map[int]bool) error {
	if len(x.Arrays) != len(x.Params) || x.Rows < 1 {
		return fmt.Errorf("%d parameters under %d names, %d rows", len(x.Params), len(x.Arrays), x.Rows)
	}
	rows := false
	for _, part := range x.Parts {
		if part.Factor < 0 || part.Factor >= len(m.Factors) || owned[part.Factor] || !m.Factors[part.Factor].Runtime {
			return fmt.Errorf("factor %d is no part of it", part.Factor)
		}
		owned[part.Factor] = true
		f := &m.Factors[part.Factor]
		rows = rows || len(f.Slots) > 0
		if want := x.Rows; len(f.Slots) > 0 && f.Rows != want || len(f.Slots) == 0 && f.Rows != 1 {
			return fmt.Errorf("%d rows, its part %s has %d", want, f.Name, f.Rows)
		}
		if err := x.checkOps(part.Weight, f.Table); err != nil {
			return fmt.Errorf("part %s: %w", f.Name, err)
		}
	}
	for _, c := range x.Codes {
		if c < 0 || c >= len(m.Codes) || owned[-1-c] {
			return fmt.Errorf("code factor %d is no part of it", c)
		}
		owned[-1-c], rows = true, true
		f := &m.Codes[c]
		if f.Directed || f.Rows != x.Rows || !slices.EqualFunc(f.Params, x.Params, CodeParam.Equal) {
			return fmt.Errorf("code factor %s has other rows or parameters", f.Name)
		}
	}
	if !rows {
		return fmt.Errorf("no part has rows")
	}
	weights, err := m.Weights(x, x.Values())
	if err != nil {
		return err
	}
	for i, part := range x.Parts {
		if f := &m.Factors[part.Factor]; !slices.Equal(weights[i], f.Weights) {
			return fmt.Errorf("part %s has other weights than its parameters give", f.Name)
		}
	}
	return nil
}

func (x *Formula) checkOps(ops []CodeOp, states []int) error {
	c := Code{Ops: ops, Params: x.Params}
	if err := c.Check(len(states), x.Rows); err != nil {
		return err
	}
	return c.CheckIndices(states)
}

// CheckIndices refuses an element of a parameter whose indices are anything but whole
// numbers and states that its axes have; slot n has so many states.
func (c *Code) CheckIndices(states []int) error {
	for i, o := range c.Ops {
		if o.Op != CodeParamAt {
			continue
		}
		axes := c.Params[o.N].Axes
		if i < len(axes) {
			return fmt.Errorf("parameter %d without its indices", o.N)
		}
		for a, size := range axes {
			x := c.Ops[i-len(axes)+a]
			switch {
			case x.Op == CodeSlot && states[x.N] <= size:
			case x.Op == CodeConst && x.V >= 0 && x.V < float64(size) && x.V == math.Floor(x.V):
			default:
				return fmt.Errorf("an index outside axis %d of parameter %d", a, o.N)
			}
		}
	}
	return nil
}

// ownsError says that the weights of a factor are not set by themselves.
func (x *Formula) ownsError(factor string) error {
	arrays := slices.DeleteFunc(slices.Clone(x.Arrays), func(name string) bool { return name == "" })
	return fmt.Errorf("the weights of factor %s follow from parameters; set %s", factor, strings.Join(arrays, ", "))
}

// Param is where a parameter that is data stands: the formula and its place in it, -1
// and -1 if the model has none of this name.
func (m *Model) Param(array string) (formula, param int) {
	for i := range m.Formulas {
		if k := slices.Index(m.Formulas[i].Arrays, array); k >= 0 && array != "" {
			return i, k
		}
	}
	return -1, -1
}

// SetParams replaces parameters, by the names of their arrays (factor/parameter) and in
// the shapes they have in the model, and the weights that follow from them. It refuses
// what SetWeights refuses; then nothing has changed.
func (s *Sampler) SetParams(values map[string][]float64) error {
	params := slices.Clone(s.params)
	for i := range params {
		params[i] = slices.Clone(params[i])
	}
	for array, v := range values {
		i, k := s.model.Param(array)
		if i < 0 {
			return fmt.Errorf("no parameter %s", array)
		}
		if len(v) != len(params[i][k]) {
			return fmt.Errorf("parameter %s takes %d values, got %d", array, len(params[i][k]), len(v))
		}
		params[i][k] = slices.Clone(v)
	}
	weights, codes := slices.Clone(s.weights), slices.Clone(s.codes)
	for i := range s.model.Formulas {
		if err := s.model.Apply(&s.model.Formulas[i], params[i], weights, codes); err != nil {
			return err
		}
	}
	if err := s.model.CheckPrecision(weights, codes, func(n int32) bool { return s.clamped[n] }); err != nil {
		return err
	}
	s.params = params
	s.takeCodes(codes)
	s.takeWeights(weights, s.beta)
	return nil
}

// takeCodes replaces the parameters of code factors.
func (s *Sampler) takeCodes(codes []CodeFactor) {
	s.codes = codes
	for i, c := range s.codes32 {
		for k, p := range codes[i].Params {
			c.params[k].values = singles(p.Values)
		}
		c.net = newNet32(codes[i].Net, c.params)
	}
	s.planPrograms()
}

// Params returns a parameter as it is now, nil if there is none of this name.
func (s *Sampler) Params(array string) []float64 {
	i, k := s.model.Param(array)
	if i < 0 {
		return nil
	}
	return slices.Clone(s.params[i][k])
}

// Codes are the model's code factors with their parameters as they are now; they must
// not be changed.
func (s *Sampler) Codes() []CodeFactor { return s.codes }

// takeParams begins with the parameters of the model.
func (s *Sampler) takeParams() {
	s.params = nil
	for i := range s.model.Formulas {
		s.params = append(s.params, s.model.Formulas[i].Values())
	}
}
