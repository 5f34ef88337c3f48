package exact

import (
	"encoding/json"
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Answer is what is known exactly of a model. As JSON it is the object of the
// command exact.
type Answer struct {
	Graph          *graph.Graph
	Method         string // enumeration, elimination or Gaussian integrals
	LogZ           float64
	EnergyMean     float64     // of βH
	EnergyVariance float64     // of βH
	Mean           []float64   // of each node: a spin's in ±1, a categorical's of its value 0 … K-1
	Marginal       [][]float64 // of each discrete node: one probability for each value, a spin's -1 first
	SD             []float64   // of each node, 0 of discrete ones; nil without continuous nodes
	Pairs          []Pair
}

// Pair is the joint law of two nodes that share a factor row, A < B.
type Pair struct {
	A, B int32
	// Value is the mean of the product, Covariance that about the means; they are
	// set where neither is categorical (Covariance: and one is continuous).
	Value, Covariance float64
	// Joint is the joint table of two discrete nodes: a row for each value of A, a
	// column for each of B.
	Joint [][]float64
	// ByState is, of a discrete and a continuous node, the mean of x·[the discrete
	// node is in the state], for each of its states.
	ByState []float64
}

// MarshalJSON writes {log_z, energy, energy_variance, method, mean, sd, pair,
// marginal}. mean and marginal hold nested lists in the shape of each variable
// (marginal: of discrete ones, with a last axis over values; sd: of continuous
// ones). The value of a pair is the mean of the product for spins and continuous
// nodes, with the covariance beside it where one is continuous; the joint table for
// discrete pairs with a categorical; and for a categorical beside a continuous x
// the mean of x·[state k] for each of its states k.
func (a *Answer) MarshalJSON() ([]byte, error) {
	type pair struct {
		Nodes      [2]string `json:"nodes"`
		Value      any       `json:"value"`
		Covariance *float64  `json:"covariance,omitempty"`
	}
	out := struct {
		LogZ           float64        `json:"log_z"`
		Energy         float64        `json:"energy"`
		EnergyVariance float64        `json:"energy_variance"`
		Method         string         `json:"method"`
		Mean           map[string]any `json:"mean"`
		SD             map[string]any `json:"sd,omitempty"`
		Pair           []pair         `json:"pair"`
		Marginal       map[string]any `json:"marginal"`
	}{a.LogZ, a.EnergyMean, a.EnergyVariance, a.Method, map[string]any{}, map[string]any{}, []pair{}, map[string]any{}}
	kind := make([]graph.Kind, a.Graph.Nodes)
	for _, v := range a.Graph.Vars {
		out.Mean[v.Name] = Nested(v.Shape, a.Mean[v.First:v.First+v.Count])
		if v.Kind == graph.Continuous {
			out.SD[v.Name] = Nested(v.Shape, a.SD[v.First:v.First+v.Count])
		} else {
			out.Marginal[v.Name] = Nested(v.Shape, a.Marginal[v.First:v.First+v.Count])
		}
		for i := v.First; i < v.First+v.Count; i++ {
			kind[i] = v.Kind
		}
	}
	for i := range a.Pairs {
		p := &a.Pairs[i]
		next := pair{Nodes: [2]string{a.Graph.NodeName(int(p.A)), a.Graph.NodeName(int(p.B))}, Value: p.Value}
		switch x, y := kind[p.A], kind[p.B]; {
		case p.Joint != nil && (x != graph.Spin || y != graph.Spin):
			next.Value = p.Joint
		case x == graph.Categorical || y == graph.Categorical:
			next.Value = p.ByState
		case p.Joint == nil:
			next.Covariance = &p.Covariance
		}
		out.Pair = append(out.Pair, next)
	}
	return json.Marshal(out)
}

// Nested lays the values of a variable out as lists in its shape; a scalar is
// its one value.
func Nested[T any](shape []int, values []T) any {
	switch len(shape) {
	case 0:
		return values[0]
	case 1:
		return values
	}
	list := make([]any, shape[0])
	for i := range list {
		n := len(values) / shape[0]
		list[i] = Nested(shape[1:], values[i*n:(i+1)*n])
	}
	return list
}

// marginals collects what the methods find: a table for each free discrete node
// and for each pair of them that share a row, moments where continuous nodes are
// part of it.
type marginals struct {
	*Space
	node  [][]float64
	pairs [][2]int32 // ascending, clamped nodes included
	joint [][]float64

	mean, variance []float64   // of continuous nodes, a clamped one's filled in; nil without any
	covariance     []float64   // by pair
	byState        [][]float64 // by pair
}

func newMarginals(s *Space) *marginals {
	m := &marginals{Space: s, node: make([][]float64, s.Graph.Nodes)}
	eachRow(s.Graph, func(_, _ int, nodes []int32) {
		for j, a := range nodes {
			for _, b := range nodes[:j] {
				m.pairs = append(m.pairs, [2]int32{min(a, b), max(a, b)})
			}
		}
	})
	slices.SortFunc(m.pairs, func(p, q [2]int32) int { return slices.Compare(p[:], q[:]) })
	m.pairs = slices.Compact(m.pairs)
	m.joint = make([][]float64, len(m.pairs))
	if !slices.Contains(m.number, true) {
		return m
	}
	m.mean, m.variance = make([]float64, len(m.node)), make([]float64, len(m.node))
	for i, number := range m.number {
		if number {
			m.mean[i] = float64(sampling.BitsFloat(m.fixed[i]))
		}
	}
	m.covariance, m.byState = make([]float64, len(m.pairs)), make([][]float64, len(m.pairs))
	return m
}

// pair is the position of a pair a < b.
func (m *marginals) pair(a, b int32) (int, bool) {
	return slices.BinarySearchFunc(m.pairs, [2]int32{a, b}, func(p, q [2]int32) int { return slices.Compare(p[:], q[:]) })
}

// pairEntries counts the entries of all joint tables.
func (m *marginals) pairEntries() float64 {
	sum := 0.0
	for _, p := range m.pairs {
		sum += float64(m.states[p[0]]) * float64(m.states[p[1]])
	}
	return sum
}

// answer adds the clamped nodes and takes the means.
func (m *marginals) answer(method string, logZ float64) *Answer {
	a := &Answer{Graph: m.Graph, Method: method, LogZ: logZ, Mean: make([]float64, len(m.node)), Marginal: m.node}
	if m.mean != nil {
		a.SD = make([]float64, len(m.node))
	}
	for i := range m.node {
		switch {
		case m.number[i]:
			a.Mean[i], a.SD[i] = m.mean[i], math.Sqrt(max(0, m.variance[i]))
			continue
		case m.digit[i] < 0:
			m.node[i] = make([]float64, m.states[i])
			m.node[i][m.code(int32(i), m.fixed[i])] = 1
		}
		for k, p := range m.node[i] {
			a.Mean[i] += p * float64(m.value(int32(i), k))
		}
	}
	for i, pair := range m.pairs {
		p := Pair{A: pair[0], B: pair[1]}
		switch x, y := m.number[p.A], m.number[p.B]; {
		case x && y:
			p.Covariance = m.covariance[i]
			p.Value = p.Covariance + a.Mean[p.A]*a.Mean[p.B]
		case x:
			m.beside(&p, i, p.B, p.A)
		case y:
			m.beside(&p, i, p.A, p.B)
		default:
			m.table(&p, i)
		}
		a.Pairs = append(a.Pairs, p)
	}
	return a
}

// table is the joint law of two discrete nodes.
func (m *marginals) table(p *Pair, i int) {
	na, nb := m.node[p.A], m.node[p.B]
	p.Joint = make([][]float64, len(na))
	for k := range p.Joint {
		if m.joint[i] != nil {
			p.Joint[k] = m.joint[i][k*len(nb) : (k+1)*len(nb)]
			continue
		}
		p.Joint[k] = make([]float64, len(nb)) // one of the two is constant
		for l := range nb {
			p.Joint[k][l] = na[k] * nb[l]
		}
	}
	if m.spin[p.A] && m.spin[p.B] {
		p.Value = p.Joint[0][0] - p.Joint[0][1] - p.Joint[1][0] + p.Joint[1][1]
	}
}

// beside is a discrete node beside a number.
func (m *marginals) beside(p *Pair, i int, discrete, number int32) {
	if p.ByState = m.byState[i]; p.ByState == nil { // one of the two is constant
		for _, w := range m.node[discrete] {
			p.ByState = append(p.ByState, w*m.mean[number])
		}
	}
	if m.spin[discrete] {
		p.Value, p.Covariance = p.ByState[1]-p.ByState[0], m.covariance[i]
	}
}
