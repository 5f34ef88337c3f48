package exact

import (
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// Law is a model written out: the probability of every joint state of its free
// nodes.
type Law struct {
	*Space
	LogZ           float64
	P              []float64 // by Space.Index
	EnergyMean     float64   // of βH
	EnergyVariance float64
}

// Enumerate lists the law of a model of at most 2^22 joint states; a larger
// one is refused with a *diag.Problem of class Limit.
func Enumerate(g *graph.Graph) (*Law, error) {
	s, err := NewSpace(g)
	if err != nil {
		return nil, err
	}
	return enumerate(s)
}

func enumerate(s *Space) (*Law, error) {
	if !s.within(maxEnumerated) {
		return nil, limit(s.Graph, "use variable elimination", "more than 2^22 joint states cannot be enumerated")
	}
	logP := s.logWeights()
	law := &Law{Space: s, P: logP, LogZ: floats.LogSumExp(logP)}
	for _, l := range logP {
		law.EnergyMean -= math.Exp(l-law.LogZ) * l
	}
	for i, l := range logP {
		p := math.Exp(l - law.LogZ)
		law.EnergyVariance += p * (-l - law.EnergyMean) * (-l - law.EnergyMean)
		law.P[i] = p
	}
	return law, nil
}

// logWeights is -βH of every state. The states form a tree, a level for each
// free node; each row is added at the level of its last free node, so that a
// row over early nodes is read a few times only.
func (s *Space) logWeights() []float64 {
	g := s.Graph
	constant := 0.0
	last := make([][]rowRef, len(s.Free)) // rows that each level completes
	eachRow(g, func(f, row int, nodes []int32) {
		level, slot := int32(-1), 0
		for j, node := range nodes {
			if s.digit[node] > level {
				level, slot = s.digit[node], j
			}
		}
		if level < 0 {
			constant += rowTerm(&g.Factors[f], row, s.fixed)
			return
		}
		last[level] = append(last[level], rowRef{int32(f), int32(row), int32(slot)})
	})
	theta := make([][]float64, len(s.Free))
	for d, node := range s.Free {
		theta[d] = make([]float64, s.states[node])
	}
	state := append([]int32(nil), s.fixed...)
	out := make([]float64, s.Size())
	var descend func(level int, sum float64, out []float64)
	descend = func(level int, sum float64, out []float64) {
		if level == len(s.Free) {
			out[0] = sum
			return
		}
		node, theta := s.Free[level], theta[level]
		clear(theta)
		for _, ref := range last[level] {
			addField(theta, g, ref, state)
		}
		span := len(out) / len(theta)
		for k := range theta {
			if span == 1 {
				out[k] = sum + g.Beta*theta[k]
				continue
			}
			state[node] = s.value(node, k)
			descend(level+1, sum+g.Beta*theta[k], out[k*span:(k+1)*span])
		}
	}
	descend(0, g.Beta*constant, out)
	return out
}

// Answer gathers the means, pairs and marginals of the law.
func (law *Law) Answer() *Answer {
	m := newMarginals(law.Space)
	low := make([][]int, len(law.Free)) // for each digit, the pairs in which it is the later one
	for i, pair := range m.pairs {
		if law.digit[pair[0]] >= 0 && law.digit[pair[1]] >= 0 {
			d := law.digit[pair[1]]
			low[d] = append(low[d], i)
		}
	}
	// p is the law of the digits up to d: the last one is summed out in turn.
	p := append([]float64(nil), law.P...)
	for d := len(law.Free) - 1; d >= 0; d-- {
		node := law.Free[d]
		k := law.states[node]
		for _, i := range low[d] {
			stride := 1 // of the pair's earlier digit
			for e := d; e > int(law.digit[m.pairs[i][0]]); e-- {
				stride *= law.states[law.Free[e]]
			}
			m.joint[i] = jointOf(p, law.states[m.pairs[i][0]], stride, k)
		}
		m.node[node] = jointOf(p, 1, len(p), k)
		for i := range len(p) / k {
			p[i] = floats.Sum(p[i*k : (i+1)*k])
		}
		p = p[:len(p)/k]
	}
	a := m.answer("enumeration", law.LogZ)
	a.EnergyMean, a.EnergyVariance = law.EnergyMean, law.EnergyVariance
	return a
}

// jointOf is the joint table of two digits, na × nb, of a law whose fastest
// digit is the second and whose first has the given stride.
func jointOf(p []float64, na, stride, nb int) []float64 {
	joint := make([]float64, na*nb)
	part := make([]float64, nb)
	for a, at := 0, 0; at < len(p); a, at = (a+1)%na, at+stride {
		clear(part)
		for i := at; i < at+stride; i += nb {
			for b := range part {
				part[b] += p[i+b]
			}
		}
		floats.Add(joint[a*nb:(a+1)*nb], part)
	}
	return joint
}
