package interp

import (
	"fmt"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Samplers and starts in Go.

// user is the code and what its samplers keep.
type user struct {
	code    sampling.UserCode
	name    []string      // of the sampler of each node; "": ours
	numbers [][][]float64 // by chain and node
	fault   error         // the first
}

// NewWithCode is New for a program that names code in Go.
func NewWithCode(p *ir.Program, chains int, seed uint64, code sampling.UserCode) (*Machine, error) {
	for _, c := range p.GoCode {
		switch {
		case c.Use == ir.GoSampler && code.Samplers[c.Name] == nil, c.Use == ir.GoStart && code.Starts[c.Name] == nil:
			return nil, fmt.Errorf("interp: %s is code in Go that is not linked in here", c.Name)
		}
	}
	return newMachine(p, chains, seed, code)
}

// placeUser notes which nodes are sampled by code.
func (m *Machine) placeUser(chains int) {
	m.user.name = make([]string, m.p.Nodes)
	m.user.numbers = make([][][]float64, chains)
	for c := range m.user.numbers {
		m.user.numbers[c] = make([][]float64, m.p.Nodes)
	}
	for _, sb := range m.p.Sweep {
		for _, b := range sb {
			if !ir.IsGoCode(b.Sampler) {
				continue
			}
			for _, n := range b.Nodes {
				m.user.name[n] = b.Sampler
				for c := range m.user.numbers {
					m.user.numbers[c][n] = make([]float64, b.Numbers)
				}
			}
		}
	}
}

// Fault is the first thing that code did wrong; nil: nothing.
func (m *Machine) Fault() error {
	if m.lost != nil {
		return m.lost
	}
	return m.user.fault
}

// Numbers are those that the sampler of a node keeps.
func (m *Machine) Numbers(chain, node int) []float64 { return m.user.numbers[chain][node] }

func (m *Machine) site(chain, n int) sampling.Site {
	s := sampling.Site{Node: n, Chain: chain, Kind: sampling.Kind(m.kind[n]), States: m.states[n], Range: m.ranges[n], Beta: m.beta}
	for _, v := range m.p.Vars {
		if v.First <= n && n < v.First+v.Count {
			s.Variable, s.Index = v.Name, n-v.First
		}
	}
	return s
}

// source shows a chain to code.
func (m *Machine) source(purpose uint32, chain, n int, sweep uint64, x []int32) sampling.SiteSource {
	return sampling.SiteSource{
		Word: func(draw uint32) uint32 { return uint32(m.word(purpose, chain, sweep, m.slot[n], int(draw))) },
		Terms: func(node int) []sampling.SiteTerm {
			var list []sampling.SiteTerm
			for _, r := range m.rows[node] {
				f := &m.p.Factors[r.factor]
				k, size := len(f.Slots), f.TableSize()
				from := 0
				if !f.Shared {
					from = r.row * size
				}
				list = append(list, sampling.SiteTerm{Factor: f.Name, Nodes: f.Index[r.row*k : (r.row+1)*k], Slot: r.position, Weights: m.weights[r.factor][from : from+size]})
			}
			return list
		},
		Value: func(node int, neighbour int32) (float64, bool) {
			near := false
			for _, r := range m.rows[node] {
				k := len(m.p.Factors[r.factor].Slots)
				for _, other := range m.p.Factors[r.factor].Index[r.row*k : (r.row+1)*k] {
					near = near || other == neighbour
				}
			}
			for _, r := range m.codes[node] {
				k := len(m.coded[r.factor].Slots)
				for _, other := range m.coded[r.factor].Index[r.row*k : (r.row+1)*k] {
					near = near || other == neighbour
				}
			}
			return m.plain(int(neighbour), x[neighbour]), near && int(neighbour) != node
		},
		Extra: func(node int, at float64) (energy, slope float64) {
			for _, r := range m.codes[node] {
				c := &m.coded[r.factor]
				energy += m.double(c, c.Parts[r.position].Energy, r, at, x)
				slope += m.double(c, c.Parts[r.position].Slope, r, at, x)
			}
			return energy, slope
		},
	}
}

// plain is a value as code sees it.
func (m *Machine) plain(n int, v int32) float64 {
	if m.kind[n] == ir.Continuous {
		return float64(floatOf(v))
	}
	return float64(v)
}

// coefficient is β times the sum, over the rows in which node n has a power, of the
// weight when it has the value v, with a minus for continuous nodes, and the product
// of the others.
func (m *Machine) coefficient(n int, v int32, power int, x []int32) float64 {
	sum := 0.0
	for _, r := range m.rows[n] {
		f := &m.p.Factors[r.factor]
		if f.Slots[r.position].Power != power {
			continue
		}
		at, _ := m.entry(r, n, v, x)
		w := m.weights[r.factor][at]
		if power > 0 {
			w = -w
		}
		for j, slot := range f.Slots {
			if node := f.Index[r.row*len(f.Slots)+j]; j != r.position && slot.Kind != ir.Categorical {
				for range max(slot.Power, 1) {
					w = float64(w * m.plain(int(node), x[node]))
				}
			}
		}
		sum += w
	}
	if power == 0 {
		for _, r := range m.codes[n] {
			c := &m.coded[r.factor]
			sum += m.double(c, c.Parts[r.position].Field, r, m.plain(n, v), x)
		}
	}
	return float64(m.beta * sum)
}

// double is code of a row in float64 with the value own in the row's position.
func (m *Machine) double(c *ir.CodeFactor, ops []sampling.CodeOp, r row, own float64, x []int32) float64 {
	code := sampling.Code{Ops: ops, Params: c.Params, Net: c.Net}
	v, _ := code.Eval(r.row, func(slot int) float64 {
		if slot == r.position {
			return own
		}
		return m.plain(int(c.Index[r.row*len(c.Slots)+slot]), x[c.Index[r.row*len(c.Slots)+slot]])
	}, nil)
	return v
}

// userValue is an update by code.
func (m *Machine) userValue(chain, n int, x []int32) int32 {
	u := &sampling.Update{Site: m.site(chain, n), Sweep: m.SweepNumber, Old: m.plain(n, x[n]), Numbers: m.user.numbers[chain][n]}
	switch m.kind[n] {
	case ir.Spin:
		u.Field = m.coefficient(n, x[n], 0, x)
	case ir.Categorical:
		for k := range m.states[n] {
			u.Fields = append(u.Fields, m.coefficient(n, int32(k), 0, x))
		}
	default:
		u.A, u.B = m.coefficient(n, x[n], 2, x), m.coefficient(n, x[n], 1, x)
	}
	v, err := m.source(PurposeUser, chain, n, m.SweepNumber, x).Sampled(m.user.code.Samplers[m.user.name[n]], u)
	if err != nil {
		m.keep(err)
		return x[n]
	}
	return v
}

func (m *Machine) keep(err error) {
	if m.user.fault == nil {
		m.user.fault = err
	}
}

// startUser is the start of a node by code.
func (m *Machine) startUser(chain, n int, in ir.Init) int32 {
	s := m.site(chain, n)
	v, err := m.source(PurposeInit, chain, n, 0, m.state[chain]).Started(m.user.code.Starts[in.Code], &s)
	if err != nil {
		m.keep(err)
	}
	return v
}

// beginUser begins the numbers of all nodes.
func (m *Machine) beginUser() {
	for chain, nodes := range m.user.numbers {
		for n, numbers := range nodes {
			clear(numbers)
			f, ok := m.user.code.Samplers[m.user.name[n]].(sampling.StatefulSampler)
			if !ok {
				continue
			}
			s := m.site(chain, n)
			if err := m.source(PurposeInit, chain, n, 0, m.state[chain]).Begun(f, &s, numbers); err != nil {
				m.keep(err)
			}
		}
	}
}
