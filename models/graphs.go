package models

import "fmt"

// Extent is how a graph gets its size: numbers, or a variable whose shape it
// takes, as in Grid(20, 20) and Grid(x).
type Extent interface{ int | *Variable }

// EdgeSet is the edges of a graph: a Topology, a *Graph that the model declares,
// or an EdgeList.
type EdgeSet interface {
	// edges is the key of a factor (edges or index) with its value.
	edges(p place) field
}

// Topology is a graph by name with its size.
type Topology struct{ value *value }

func (t Topology) edges(p place) field {
	if t.value == nil {
		return field{"edges", bad(p, "", "the graph is empty")}
	}
	return field{"edges", t.value}
}

// EdgeList is edges one by one. In a factor of two slots they are its rows.
type EdgeList [][2]int

func (l EdgeList) edges(p place) field {
	a := &array{shape: []int{len(l), 2}, ints: make([]int64, 0, 2*len(l))}
	for _, e := range l {
		a.ints = append(a.ints, int64(e[0]), int64(e[1]))
	}
	return field{"index", &value{kind: arrayValue, array: a, place: p}}
}

func edgesOf(e EdgeSet, p place) field {
	if e == nil {
		return field{"edges", bad(p, "", "no edges are given")}
	}
	return e.edges(p)
}

func topology(p place, kind string, v *value) Topology {
	return Topology{mapping(p, field{kind, v})}
}

// sized is a graph of a list of sizes, or over the shape of a variable.
func sized[T Extent](p place, kind string, shape []T) Topology {
	sizes := list(p)
	for i, s := range shape {
		switch s := any(s).(type) {
		case int:
			sizes.items = append(sizes.items, integer(p.at(i+1), s))
		case *Variable:
			if len(shape) > 1 {
				return topology(p, kind, bad(p.at(2), "", "a graph takes the shape of one variable, not of %d", len(shape)))
			}
			return topology(p, kind, s.reference(p.at(1)).value)
		}
	}
	return topology(p, kind, sizes)
}

// oneSize is sized with a single size.
func oneSize[T Extent](p place, kind string, size T) Topology {
	if n, ok := any(size).(int); ok {
		return topology(p, kind, integer(p.at(1), n))
	}
	return sized(p, kind, []T{size})
}

// Chain joins n nodes in a row.
func Chain[T Extent](n T) Topology { return oneSize(here(), "chain", n) }

// Ring joins n nodes in a circle.
func Ring[T Extent](n T) Topology { return oneSize(here(), "ring", n) }

// Complete joins all n nodes with each other.
func Complete[T Extent](n T) Topology { return oneSize(here(), "complete", n) }

// Grid joins next neighbours of a box of any number of axes.
func Grid[T Extent](shape ...T) Topology { return sized(here(), "grid", shape) }

// Torus is Grid with the ends of every axis joined.
func Torus[T Extent](shape ...T) Topology { return sized(here(), "torus", shape) }

// King joins each node of a rectangle to its eight neighbours.
func King[T Extent](shape ...T) Topology { return sized(here(), "king", shape) }

// Bipartite joins each of n nodes to each of m.
func Bipartite(n, m int) Topology { return sized(here(), "bipartite", []int{n, m}) }

// Hypercube is the cube of dimension d, of 2^d nodes.
func Hypercube(d int) Topology { return oneSize(here(), "hypercube", d) }

// RandomRegular draws a graph of n nodes with the same degree.
func RandomRegular(n, degree int, seed int64) Topology {
	p := here()
	return topology(p, "random_regular", mapping(p, field{"n", integer(p.at(1), n)},
		field{"degree", integer(p.at(2), degree)}, field{"seed", integer(p.at(3), seed)}))
}

// Chimera is the hardware graph of m × n cells of 2t nodes.
func Chimera(m, n, t int) Topology { return sized(here(), "chimera", []int{m, n, t}) }

// Pegasus is the hardware graph of size m.
func Pegasus(m int) Topology { return oneSize(here(), "pegasus", m) }

// Zephyr is the hardware graph of size m with 4t nodes in a cell.
func Zephyr(m, t int) Topology { return sized(here(), "zephyr", []int{m, t}) }

// Skip joins nodes of a box along its axes at each of the lengths.
func Skip(shape, lengths []int) Topology {
	p := here()
	return topology(p, "skip", mapping(p, field{"shape", integersAt(p.at(1), shape)}, field{"lengths", integersAt(p.at(2), lengths)}))
}

// Stencil joins each node of a box to those at the offsets, around the ends of
// the axes if wrap is set.
func Stencil(shape []int, offsets [][]int, wrap bool) Topology {
	p := here()
	rows := list(p.at(2))
	for _, o := range offsets {
		rows.items = append(rows.items, integersAt(p.at(2), o))
	}
	return topology(p, "stencil", mapping(p, field{"shape", integersAt(p.at(1), shape)}, field{"offsets", rows},
		field{"wrap", &value{text: fmt.Sprint(wrap), place: p.at(3)}}))
}

// FileGraph reads edges from an array of shape (edges, 2) in a file, as
// "g.npz#edges"; nodes is their number.
func FileGraph(file string, nodes int) Topology {
	p := here()
	return Topology{mapping(p, field{"file", text(p.at(1), file)}, field{"nodes", integer(p.at(2), nodes)})}
}

// integersAt is a list that is one argument.
func integersAt(p place, numbers []int) *value {
	v := list(p)
	for _, n := range numbers {
		v.items = append(v.items, integer(p, n))
	}
	return v
}

// Graph is a graph that the model declares. Variables can be on it.
type Graph struct{ name string }

// Graph declares a graph.
func (m *Model) Graph(name string, t Topology) *Graph {
	m.add("graphs", name, t.edges(here().at(2)).value)
	return &Graph{name}
}

func (g *Graph) edges(p place) field {
	if g == nil {
		return field{"edges", bad(p, "", "the graph is nil")}
	}
	return field{"edges", text(p, g.name)}
}

// Site is the nodes of a graph that a variable is on: a *Graph or what its
// methods return.
type Site interface{ site(p place) *value }

func (g *Graph) site(p place) *value { return g.edges(p).value }

type partOfGraph struct{ value *value }

func (s partOfGraph) site(place) *value { return s.value }

func (g *Graph) part(p place, v *value) Site {
	if g == nil {
		return partOfGraph{bad(p, "", "the graph is nil")}
	}
	return partOfGraph{mapping(p, field{g.name, v})}
}

// Random is a random share of the nodes, between 0 and 1.
func (g *Graph) Random(share float64, seed int64) Site {
	p := here()
	return g.part(p, mapping(p, field{"random", number(p.at(1), share)}, field{"seed", integer(p.at(2), seed)}))
}

// Mask is the nodes where the array of a file is not 0.
func (g *Graph) Mask(file string) Site {
	p := here()
	return g.part(p, mapping(p, field{"file", text(p.at(1), file)}))
}

// Rest is the nodes that no other variable is on.
func (g *Graph) Rest() Site {
	p := here()
	return g.part(p, text(p, "rest"))
}
