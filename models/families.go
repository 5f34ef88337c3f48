package models

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
)

// family begins a model of a family, which declares variables and factors of its
// own. Model.Variable gives a handle to these.
func family(name, kind string, p place, fields ...field) *Model {
	m := newModel(name, p)
	m.set(kind, mapping(p, fields...))
	return m
}

// Ising begins a model of spins s with couplings along edges and, unless biases
// is nil, a field at each spin: H = -Σ w·s·s' - Σ b·s. The spins are the nodes of
// the graph, or 0 … the largest end of an EdgeList.
func Ising(name string, edges EdgeSet, weights, biases Weights) *Model {
	p := here()
	e := edgesOf(edges, p.at(2))
	if e.key == "edges" {
		e.key = "graph"
	} else {
		e.key = "edges"
	}
	fields := []field{e}
	if biases != nil {
		fields = append(fields, field{"biases", biases.numbers()})
	}
	return family(name, "ising", p, append(fields, field{"weights", weightsOf(weights, p.at(3))})...)
}

// Potts begins a model of categoricals x on the nodes of a graph:
// H = -Σ coupling·[x = x'] over its edges, the coupling one number or one for
// each edge.
func Potts(name string, graph Topology, states int, coupling Weights) *Model {
	p := here()
	return family(name, "potts", p, field{"graph", graph.edges(p.at(2)).value},
		field{"states", integer(p.at(3), states)}, field{"coupling", weightsOf(coupling, p.at(4))})
}

// MaxCut begins a model of spins s whose states of lowest energy are the largest
// cuts of a weighted graph: H = Σ w·s·s'. weights has one number for each edge,
// or is nil for 1 everywhere.
func MaxCut(name string, nodes int, edges EdgeList, weights []float64) *Model {
	p := here()
	if weights != nil && len(weights) != len(edges) {
		return family(name, "maxcut", p, field{"file", bad(p.at(4), "", "%d weights are given for %d edges", len(weights), len(edges))})
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d %d\n", nodes, len(edges))
	for i, e := range edges {
		w := 1.0
		if weights != nil {
			w = weights[i]
		}
		if math.IsNaN(w) || math.IsInf(w, 0) {
			return family(name, "maxcut", p, field{"file", bad(p.at(4), "a model holds finite numbers only", "element [%d] is %v", i, w)})
		}
		fmt.Fprintf(&b, "%d %d %s\n", e[0]+1, e[1]+1, strconv.FormatFloat(w, 'g', -1, 64))
	}
	m := family(name, "maxcut", p)
	file := m.fileStem() + ".txt"
	m.files[file] = b.Bytes()
	m.top[0].value.fields = []field{{"file", text(p.at(3), file)}}
	return m
}

// MaxCutFile is MaxCut of a graph in a G-set file: a line `nodes edges`, then
// lines `i j weight` with nodes from 1.
func MaxCutFile(name, file string) *Model {
	p := here()
	return family(name, "maxcut", p, field{"file", text(p.at(2), file)})
}

// Size is a number of nodes, or a shape.
type Size interface{ int | []int }

func sizeOf[T Size](p place, size T) *value {
	if shape, ok := any(size).([]int); ok {
		return integersAt(p, shape)
	}
	n, _ := any(size).(int)
	return integer(p, n)
}

// RBMTerms are the terms of a restricted Boltzmann machine; one that is nil has
// the default of a model file.
type RBMTerms struct {
	VisibleBiases Weights // one for each visible node
	HiddenBiases  Weights // one for each hidden node
	Weights       Weights // one for each pair of a visible and a hidden node
}

// RBM begins a restricted Boltzmann machine: visible spins v, hidden spins h, and
// couplings between each two of both.
func RBM[V, H Size](name string, visible V, hidden H, terms RBMTerms) *Model {
	p := here()
	f := fieldsOf{p: p.at(4)}
	f.value("visible", sizeOf(p.at(2), visible))
	f.value("hidden", sizeOf(p.at(3), hidden))
	f.weights("visible_biases", terms.VisibleBiases)
	f.weights("hidden_biases", terms.HiddenBiases)
	f.weights("weights", terms.Weights)
	return family(name, "rbm", p, f.list...)
}

// Boltzmann begins a Boltzmann machine: visible spins v, hidden spins h, and
// couplings along the edges of a graph over the visible nodes and, behind them,
// the hidden ones. biases and weights may be nil.
func Boltzmann[V, H Size](name string, visible V, hidden H, graph Topology, biases, weights Weights) *Model {
	p := here()
	f := fieldsOf{p: p}
	f.value("visible", sizeOf(p.at(2), visible))
	f.value("hidden", sizeOf(p.at(3), hidden))
	f.value("graph", graph.edges(p.at(4)).value)
	f.weights("biases", biases)
	f.weights("weights", weights)
	return family(name, "boltzmann", p, f.list...)
}

// GaussianTerms are those of a Gaussian: either the precision matrix or the
// covariance, and the mean, nil for 0.
type GaussianTerms struct{ Precision, Covariance, Mean Weights }

// Gaussian begins a model of continuous variables x with a Gaussian law.
func Gaussian(name string, terms GaussianTerms) *Model {
	p := here()
	f := fieldsOf{p: p.at(2)}
	f.weights("precision", terms.Precision)
	f.weights("covariance", terms.Covariance)
	f.weights("mean", terms.Mean)
	return family(name, "gaussian", p, f.list...)
}
