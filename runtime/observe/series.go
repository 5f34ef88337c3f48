package observe

import (
	"fmt"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// A drawSeries is a number for each draw and chain, in the order of draws.
type drawSeries[T uint32 | float64] struct {
	chains int
	v      []T
}

// byChain is the series as x[chain][draw].
func (s *drawSeries[T]) byChain(value func(T) float64) [][]float64 {
	x := make([][]float64, s.chains)
	for c := range x {
		for at := c; at < len(s.v); at += s.chains {
			x[c] = append(x[c], value(s.v[at]))
		}
	}
	return x
}

// writeSeries adds an array (chain, draw, *inner) of float64 from one series for
// each element of the inner shape.
func writeSeries[T uint32 | float64](z *npy.NPZWriter, name string, series []drawSeries[T], value func(T) float64, inner []int) error {
	chains := series[0].chains
	if chains == 0 {
		return fmt.Errorf("%s: nothing was observed", name)
	}
	draws := len(series[0].v) / chains
	m, err := z.Stream(name, "<f8", append([]int{chains, draws}, inner...))
	if err != nil {
		return err
	}
	const piece = 1 << 13
	out := make([]float64, 0, piece+len(series))
	for c := range chains {
		for d := range draws {
			for i := range series {
				out = append(out, value(series[i].v[d*chains+c]))
			}
			if len(out) < piece {
				continue
			}
			if err := m.WriteValues(out); err != nil {
				return err
			}
			out = out[:0]
		}
	}
	if err := m.WriteValues(out); err != nil {
		return err
	}
	return m.Close()
}

// mostShares is the largest number of states whose shares are recorded one by one.
// A categorical with more is observed through the mean of its values.
const mostShares = 32

// byValue says whether a variable is observed through its values: a continuous one,
// and a categorical of many states.
func byValue(v *sampling.Var) bool {
	return v.Kind == sampling.Continuous || v.Kind == sampling.Categorical && v.States > mostShares
}

// A varSeries is what is recorded of one variable: of a spin how many nodes are
// +1, of a categorical how many are in each state, or with many states, and of a
// continuous one, the sum of the values.
type varSeries struct {
	v      *sampling.Var
	counts []drawSeries[uint32]
	sum    drawSeries[float64]
}

// Magnetisation records at every draw the mean over the nodes of each spin and each
// continuous variable, and of each categorical variable the shares of its states
// (above 32 states the mean value). Variables of which all nodes are clamped are
// left out.
type Magnetisation struct {
	vars []*varSeries
}

// NewMagnetisation watches the variables of a model.
func NewMagnetisation(m *sampling.Model, chains int) *Magnetisation {
	clamped := clampedNodes(m)
	g := &Magnetisation{}
	for i := range m.Vars {
		s := &varSeries{v: &m.Vars[i]}
		free := 0
		for n := s.v.First; n < s.v.First+s.v.Count; n++ {
			if !clamped[n] {
				free++
			}
		}
		if free == 0 {
			continue
		}
		switch {
		case byValue(s.v):
			s.sum.chains = chains
		case s.v.Kind == sampling.Categorical:
			s.counts = make([]drawSeries[uint32], s.v.States)
		default:
			s.counts = make([]drawSeries[uint32], 1)
		}
		for k := range s.counts {
			s.counts[k].chains = chains
		}
		g.vars = append(g.vars, s)
	}
	return g
}

// clampedNodes says of each node whether the model clamps it.
func clampedNodes(m *sampling.Model) []bool {
	clamped := make([]bool, m.Nodes)
	for _, c := range m.Clamps {
		for _, n := range c.Nodes {
			clamped[n] = true
		}
	}
	return clamped
}

// Observe records a draw.
func (g *Magnetisation) Observe(f *Frame) error {
	state := f.state()
	for _, s := range g.vars {
		switch {
		case s.v.Kind == sampling.Spin:
			s.addSpins(state)
		case byValue(s.v):
			s.addValues(state)
		default:
			s.addCategories(state)
		}
	}
	return nil
}

func (s *varSeries) addSpins(state snapshot) {
	out := &s.counts[0]
	from := int(state.row[s.v.First]) * state.words
	bits := state.bits[from : from+s.v.Count*state.words]
	for w := range state.words {
		var up chainCounts
		for at := w; at < len(bits); at += state.words {
			up.add(bits[at])
		}
		for c := range min(64, state.chains-64*w) {
			out.v = append(out.v, up.of(c))
		}
	}
}

func (s *varSeries) addCategories(state snapshot) {
	at := len(s.counts[0].v)
	for k := range s.counts {
		s.counts[k].v = append(s.counts[k].v, make([]uint32, state.chains)...)
	}
	for n := s.v.First; n < s.v.First+s.v.Count; n++ {
		for c, k := range state.category(n) {
			s.counts[k].v[at+c]++
		}
	}
}

func (s *varSeries) addValues(state snapshot) {
	at := len(s.sum.v)
	s.sum.v = append(s.sum.v, make([]float64, state.chains)...)
	sum, values := s.sum.v[at:], make([]float64, state.chains)
	for n := s.v.First; n < s.v.First+s.v.Count; n++ {
		for c, x := range state.values(n, values) {
			sum[c] += x
		}
	}
}

// mean turns counts of +1 into the mean spin.
func (s *varSeries) meanSpin(up uint32) float64 {
	return (2*float64(up) - float64(s.v.Count)) / float64(s.v.Count)
}

func (s *varSeries) share(count uint32) float64 { return float64(count) / float64(s.v.Count) }

func (s *varSeries) meanValue(sum float64) float64 { return sum / float64(s.v.Count) }

// Rows are magnetisation/NAME for spins, mean/NAME for continuous variables,
// share/NAME=k for each state of a categorical, or mean/NAME.
func (g *Magnetisation) Rows() []stats.Row {
	var rows []stats.Row
	for _, s := range g.vars {
		switch {
		case s.v.Kind == sampling.Spin:
			rows = append(rows, stats.Summary("magnetisation/"+s.v.Name, s.counts[0].byChain(s.meanSpin)))
		case byValue(s.v):
			rows = append(rows, stats.Summary("mean/"+s.v.Name, s.sum.byChain(s.meanValue)))
		default:
			for k := range s.counts {
				rows = append(rows, stats.Summary(fmt.Sprintf("share/%s=%d", s.v.Name, k), s.counts[k].byChain(s.share)))
			}
		}
	}
	return rows
}

// WriteArrays adds magnetisation/NAME (chain, draw), share/NAME (chain, draw,
// state) or mean/NAME (chain, draw), float64.
func (g *Magnetisation) WriteArrays(z *npy.NPZWriter) error {
	for _, s := range g.vars {
		var err error
		switch {
		case s.v.Kind == sampling.Spin:
			err = writeSeries(z, "magnetisation/"+s.v.Name, s.counts, s.meanSpin, nil)
		case byValue(s.v):
			err = writeSeries(z, "mean/"+s.v.Name, []drawSeries[float64]{s.sum}, s.meanValue, nil)
		default:
			err = writeSeries(z, "share/"+s.v.Name, s.counts, s.share, []int{s.v.States})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Scalar records a quantity of the user at every draw.
type Scalar struct {
	Name string
	// Value fills dst with the quantity in each chain.
	Value func(f *Frame, dst []float64) error

	trace drawSeries[float64]
}

// Observe records a draw.
func (s *Scalar) Observe(f *Frame) error {
	s.trace.chains = f.Chains()
	at := len(s.trace.v)
	s.trace.v = append(s.trace.v, make([]float64, f.Chains())...)
	if err := s.Value(f, s.trace.v[at:]); err != nil {
		return fmt.Errorf("observable %s: %w", s.Name, err)
	}
	return nil
}

// Rows is the row of the quantity.
func (s *Scalar) Rows() []stats.Row {
	return []stats.Row{stats.Summary(s.Name, s.trace.byChain(asIs))}
}

// WriteArrays adds NAME (chain, draw), float64.
func (s *Scalar) WriteArrays(z *npy.NPZWriter) error {
	return writeSeries(z, s.Name, []drawSeries[float64]{s.trace}, asIs, nil)
}
