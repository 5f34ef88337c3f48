package observe

import (
	"fmt"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// A UserObserver is an observer in Go that a model file names.
type UserObserver struct {
	Name    string `json:"name"` // of the result
	Code    string `json:"code"` // of the Observer
	Values  int    `json:"values"`
	Numbers int    `json:"numbers"`

	// Fill, if it is set, fills in values and numbers of all chains, by chain, in
	// place of Observer: they come from elsewhere.
	Fill     func(numbers, values []float64) error `json:"-"`
	Observer sampling.ChainObserver                `json:"-"`
	Carried  []float64                             `json:"-"` // numbers to begin with, nil: zeros
}

// userWatch records what one observer sees.
type userWatch struct {
	UserObserver
	chain   *sampling.ChainState
	numbers []float64 // chains × Numbers
	values  []float64 // chains × Values of the draw at hand
	series  []drawSeries[float64]
}

func newUserWatch(o UserObserver, chains int) (*userWatch, error) {
	w := &userWatch{UserObserver: o, numbers: make([]float64, chains*o.Numbers), values: make([]float64, chains*o.Values), series: make([]drawSeries[float64], o.Values)}
	switch {
	case o.Fill == nil && o.Observer == nil:
		return nil, fmt.Errorf("observable %s: %s is code in Go that is not linked in here", o.Name, o.Code)
	case o.Values < 1 || o.Observer != nil && (o.Observer.Values() != o.Values || o.Observer.Numbers() != o.Numbers):
		return nil, fmt.Errorf("observable %s: %s has changed since the model was made: emit it again", o.Name, o.Code)
	case o.Carried != nil && len(o.Carried) != len(w.numbers):
		return nil, fmt.Errorf("observable %s: %d numbers to begin with, %d are needed", o.Name, len(o.Carried), len(w.numbers))
	}
	copy(w.numbers, o.Carried)
	for i := range w.series {
		w.series[i].chains = chains
	}
	return w, nil
}

// Observe records a draw.
func (w *userWatch) Observe(f *Frame) error {
	if err := w.fill(f); err != nil {
		return fmt.Errorf("observable %s: %w", w.Name, err)
	}
	for i, x := range w.values {
		s := &w.series[i%w.Values]
		s.v = append(s.v, x)
	}
	return nil
}

// fill computes the values of a draw.
func (w *userWatch) fill(f *Frame) error {
	if w.Fill != nil {
		return w.Fill(w.numbers, w.values)
	}
	if w.chain == nil {
		w.chain = sampling.NewChainState(f.Model(), f.number, func(chain int) float64 { return f.H()[chain] })
	}
	w.chain.Draw, w.chain.Sweep = f.Draw(), f.Sweep()
	for c := range f.Chains() {
		w.chain.Chain = c
		values, numbers := w.values[c*w.Values:(c+1)*w.Values], w.numbers[c*w.Numbers:(c+1)*w.Numbers]
		clear(values)
		if err := w.chain.Observed(w.Observer, numbers, values); err != nil {
			return &sampling.UserFault{Code: w.Code, Chain: c, Sweep: f.Sweep(), Reason: err.Error()}
		}
	}
	return nil
}

// Rows are the rows of the values.
func (w *userWatch) Rows() []stats.Row {
	var rows []stats.Row
	for i := range w.series {
		name := w.Name
		if w.Values > 1 {
			name = fmt.Sprintf("%s[%d]", w.Name, i)
		}
		rows = append(rows, stats.Summary(name, w.series[i].byChain(asIs)))
	}
	return rows
}

// WriteArrays adds NAME (chain, draw), or (chain, draw, value) of several values.
func (w *userWatch) WriteArrays(z *npy.NPZWriter) error {
	var inner []int
	if w.Values > 1 {
		inner = []int{w.Values}
	}
	return writeSeries(z, w.Name, w.series, asIs, inner)
}

// Carried are the numbers that the observers in Go keep, in the order of the plan.
func (c *Collector) Carried() [][]float64 {
	var list [][]float64
	for _, w := range c.users {
		list = append(list, w.numbers)
	}
	return list
}

// FrameValues are what the observers in Go saw in the last draw, in the order of
// the plan, each observer's values of all chains by chain.
func (c *Collector) FrameValues() [][]float64 {
	var list [][]float64
	for _, w := range c.users {
		list = append(list, w.values)
	}
	return list
}

// Numbers of samplers and observers in a state file: arrays sampler/NAME (chain,
// *shape, numbers) of variables and observer/NAME (chain, numbers).
const (
	samplerPrefix  = "sampler/"
	observerPrefix = "observer/"
)

// A savedNumbers is one of these arrays.
type savedNumbers struct {
	member string
	shape  []int
	values []float64
}

// numbersKept is implemented by engines whose samplers keep numbers.
type numbersKept interface {
	Numbers(node, chain int) []float64
}

// samplerNumbers are the numbers that the samplers of a view keep.
func samplerNumbers(v ChainView) []savedNumbers {
	kept, ok := v.(numbersKept)
	if !ok {
		return nil
	}
	var list []savedNumbers
	m := v.Model()
	for i := range m.Vars {
		x := &m.Vars[i]
		k := m.Numbers(x)
		if k == 0 {
			continue
		}
		a := savedNumbers{member: samplerPrefix + x.Name, shape: numbersShape(x, v.Chains(), k)}
		for c := range v.Chains() {
			for n := range x.Count {
				numbers := kept.Numbers(x.First+n, c)
				if numbers == nil { // clamped, and in no block
					numbers = make([]float64, k)
				}
				a.values = append(a.values, numbers...)
			}
		}
		list = append(list, a)
	}
	return list
}

func numbersShape(v *sampling.Var, chains, k int) []int {
	return append(append([]int{chains}, v.Shape...), k)
}

// observerNumbers are the numbers that observers keep.
func (c *Collector) observerNumbers() []savedNumbers {
	var list []savedNumbers
	for _, w := range c.users {
		if w.Numbers > 0 {
			list = append(list, savedNumbers{observerPrefix + w.Name, []int{c.view.Chains(), w.Numbers}, w.numbers})
		}
	}
	return list
}

// readNumbers takes an array of a state file.
func (s *SavedState) readNumbers(member string, a *npy.NPYArray) error {
	values, ok := a.Data.([]float64)
	if !ok || len(a.Shape) < 2 || a.Shape[0] != s.Meta.Chains {
		return stateErrorf("damaged: %s has shape %v and type %s", member, a.Shape, a.DType)
	}
	s.numbers = append(s.numbers, savedNumbers{member, a.Shape, values})
	return nil
}

// find is an array of a state file, nil if there is none.
func (s *SavedState) find(member string) *savedNumbers {
	for i := range s.numbers {
		if s.numbers[i].member == member {
			return &s.numbers[i]
		}
	}
	return nil
}

// checkNumbers compares the numbers of samplers with the model's.
func (s *SavedState) checkNumbers(m *sampling.Model) error {
	for i := range m.Vars {
		v := &m.Vars[i]
		k, a := m.Numbers(v), s.find(samplerPrefix+v.Name)
		switch {
		case k == 0 && a == nil:
		case a == nil:
			return stateErrorf("saved without the numbers that the sampler of %s keeps", v.Name)
		case fmt.Sprint(a.shape) != fmt.Sprint(numbersShape(v, s.Meta.Chains, k)):
			return stateErrorf("saved numbers of the sampler of %s have shape %v, those of this model %v", v.Name, a.shape, numbersShape(v, s.Meta.Chains, k))
		}
	}
	return nil
}

// restoreNumbers gives the samplers their numbers back.
func (s *SavedState) restoreNumbers(to *sampling.Sampler) {
	m := to.Model()
	for i := range m.Vars {
		v := &m.Vars[i]
		a, k := s.find(samplerPrefix+v.Name), m.Numbers(v)
		if a == nil {
			continue
		}
		for c := range s.Meta.Chains {
			for n := range v.Count {
				copy(to.Numbers(v.First+n, c), a.values[(c*v.Count+n)*k:])
			}
		}
	}
}

// Carry gives observers the numbers that they had when the state was saved; an
// observer that was not there then begins with zeros.
func (s *SavedState) Carry(observers []UserObserver) error {
	for i := range observers {
		o := &observers[i]
		a := s.find(observerPrefix + o.Name)
		if a == nil {
			continue
		}
		if len(a.shape) != 2 || a.shape[1] != o.Numbers {
			return stateErrorf("saved numbers of the observer %s have shape %v, now it keeps %d of each chain", o.Name, a.shape, o.Numbers)
		}
		o.Carried = a.values
	}
	return nil
}
