package exact

import (
	"encoding/json"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// Answer is what is known exactly of a model. As JSON it is the object of the
// command exact.
type Answer struct {
	Graph          *graph.Graph
	Method         string // enumeration or elimination
	LogZ           float64
	EnergyMean     float64     // of βH
	EnergyVariance float64     // of βH
	Mean           []float64   // of each node: a spin's in ±1, a categorical's of its value 0 … K-1
	Marginal       [][]float64 // of each node: one probability for each value, a spin's -1 first
	Pairs          []Pair
}

// Pair is the joint law of two nodes that share a factor row, A < B.
type Pair struct {
	A, B int32
	// Value is the mean of the product of two spins; it is set where both are.
	Value float64
	// Joint is the joint table: a row for each value of A, a column for each of B.
	Joint [][]float64
}

// MarshalJSON writes {log_z, energy, energy_variance, method, mean, pair,
// marginal}. mean and marginal hold nested lists in the shape of each variable
// (marginal: with a last axis over values). The value of a pair is the mean of
// the product for two spins and the joint table for a pair with a categorical.
func (a *Answer) MarshalJSON() ([]byte, error) {
	type pair struct {
		Nodes [2]string `json:"nodes"`
		Value any       `json:"value"`
	}
	out := struct {
		LogZ           float64        `json:"log_z"`
		Energy         float64        `json:"energy"`
		EnergyVariance float64        `json:"energy_variance"`
		Method         string         `json:"method"`
		Mean           map[string]any `json:"mean"`
		Pair           []pair         `json:"pair"`
		Marginal       map[string]any `json:"marginal"`
	}{a.LogZ, a.EnergyMean, a.EnergyVariance, a.Method, map[string]any{}, []pair{}, map[string]any{}}
	spin := make([]bool, a.Graph.Nodes)
	for _, v := range a.Graph.Vars {
		out.Mean[v.Name] = Nested(v.Shape, a.Mean[v.First:v.First+v.Count])
		out.Marginal[v.Name] = Nested(v.Shape, a.Marginal[v.First:v.First+v.Count])
		for i := v.First; i < v.First+v.Count; i++ {
			spin[i] = v.Kind == graph.Spin
		}
	}
	for _, p := range a.Pairs {
		var value any = p.Joint
		if spin[p.A] && spin[p.B] {
			value = p.Value
		}
		out.Pair = append(out.Pair, pair{[2]string{a.Graph.NodeName(int(p.A)), a.Graph.NodeName(int(p.B))}, value})
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

// marginals collects what both methods find: a table for each free node and for
// each pair of free nodes that share a row.
type marginals struct {
	*Space
	node  [][]float64
	pairs [][2]int32 // ascending, clamped nodes included
	joint [][]float64
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
	for i := range m.node {
		if m.digit[i] < 0 {
			m.node[i] = make([]float64, m.states[i])
			m.node[i][m.code(int32(i), m.fixed[i])] = 1
		}
		for k, p := range m.node[i] {
			a.Mean[i] += p * float64(m.value(int32(i), k))
		}
	}
	for i, pair := range m.pairs {
		na, nb := m.node[pair[0]], m.node[pair[1]]
		p := Pair{A: pair[0], B: pair[1], Joint: make([][]float64, len(na))}
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
		a.Pairs = append(a.Pairs, p)
	}
	return a
}
