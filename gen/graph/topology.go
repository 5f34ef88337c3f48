package graph

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// MaxNodes and MaxEdges bound every graph, so that node numbers and positions
// in an adjacency list (two entries an edge) fit an int32.
const (
	MaxNodes = 1<<30 - 1
	MaxEdges = 1<<30 - 1
)

// ErrLimit is wrapped by the error of a graph beyond MaxNodes or MaxEdges.
var ErrLimit = errors.New("graph is too large")

// Topology is a named simple graph over nodes 0..Nodes-1.
type Topology struct {
	// Name is the key of the graph in a model file: "chain", "torus", "pegasus".
	Name  string
	Nodes int
	// Edges holds each edge once as (a, b) with a < b, sorted by a, then b.
	Edges [][2]int32
	// Shape is the shape whose row-major flat index is the node number; nil for
	// graphs that are no lattice.
	Shape []int
	// Colours is a closed-form proper colouring, nil where none is known. Its
	// numbers need not be contiguous; Colour renumbers them.
	Colours []int32
	// Published gives the linear label and the coordinates that the maker of a
	// hardware graph uses for node i; nil for every other graph.
	Published func(i int) (linear int, coordinates []int)
}

// Label names node i for a reader: the published coordinates as "(0,0,2,1)",
// the position in Shape as "3,4", else the node number.
func (t Topology) Label(i int) string {
	switch {
	case t.Published != nil:
		_, at := t.Published(i)
		return "(" + joinInts(at) + ")"
	case t.Shape != nil:
		at := make([]int, len(t.Shape))
		for d := len(t.Shape) - 1; d >= 0; d-- {
			at[d] = i % t.Shape[d]
			i /= t.Shape[d]
		}
		return joinInts(at)
	}
	return strconv.Itoa(i)
}

func joinInts(v []int) string {
	parts := make([]string, len(v))
	for i, x := range v {
		parts[i] = strconv.Itoa(x)
	}
	return strings.Join(parts, ",")
}

// Chain is n nodes in a row.
func Chain(n int) (Topology, error) { return lattice("chain", false, []int{n}) }

// Ring is n ≥ 3 nodes in a circle.
func Ring(n int) (Topology, error) {
	if n < 3 {
		return Topology{}, fmt.Errorf("ring: size %d, must be at least 3", n)
	}
	return lattice("ring", true, []int{n})
}

// Grid is the lattice of the given sides, any number of them, with free
// boundaries. Nodes are numbered row-major.
func Grid(shape ...int) (Topology, error) { return lattice("grid", false, shape) }

// Torus is the lattice of the given sides with periodic boundaries. A side of
// 2 has one edge between its two nodes, a side of 1 none.
func Torus(shape ...int) (Topology, error) { return lattice("torus", true, shape) }

// lattice visits nodes in row-major order and, for each, its higher neighbours
// from the last axis (stride 1) to the first. A step or a wrap along an axis is
// shorter than one step along the axis before it, so the edges come out sorted.
func lattice(name string, periodic bool, shape []int) (Topology, error) {
	nodes, err := sizeOf(name, shape...)
	if err != nil {
		return Topology{}, err
	}
	count := 0
	twoColours := true
	for _, side := range shape {
		steps := side - 1
		if periodic && side > 2 {
			steps = side
			twoColours = twoColours && side%2 == 0
		}
		count += nodes / side * steps
		if err := edgeLimit(name, count); err != nil {
			return Topology{}, err
		}
	}

	t := Topology{Name: name, Nodes: nodes, Shape: slices.Clone(shape), Edges: make([][2]int32, 0, count)}
	if twoColours {
		t.Colours = make([]int32, nodes)
	}
	at := make([]int, len(shape))
	sum := 0 // of the coordinates
	for a := range nodes {
		if twoColours {
			t.Colours[a] = int32(sum & 1)
		}
		stride := 1
		for d := len(shape) - 1; d >= 0; d-- {
			side := shape[d]
			if at[d]+1 < side {
				t.Edges = append(t.Edges, [2]int32{int32(a), int32(a + stride)})
			}
			if periodic && at[d] == 0 && side > 2 {
				t.Edges = append(t.Edges, [2]int32{int32(a), int32(a + (side-1)*stride)})
			}
			stride *= side
		}
		for d := len(shape) - 1; d >= 0; d-- {
			at[d]++
			sum++
			if at[d] < shape[d] {
				break
			}
			sum -= at[d]
			at[d] = 0
		}
	}
	return t, nil
}

// King is the grid of rows × cols nodes, row-major, where a king of chess moves
// along the edges: up to eight neighbours. Colour 2(row&1) + (col&1).
func King(rows, cols int) (Topology, error) {
	nodes, err := sizeOf("king", rows, cols)
	if err != nil {
		return Topology{}, err
	}
	count := rows*(cols-1) + (rows-1)*cols + 2*(rows-1)*(cols-1)
	if err := edgeLimit("king", count); err != nil {
		return Topology{}, err
	}
	t := Topology{Name: "king", Nodes: nodes, Shape: []int{rows, cols},
		Edges: make([][2]int32, 0, count), Colours: make([]int32, nodes)}
	for r := range rows {
		for c := range cols {
			a := r*cols + c
			t.Colours[a] = int32(2*(r&1) + c&1)
			if c+1 < cols {
				t.Edges = append(t.Edges, [2]int32{int32(a), int32(a + 1)})
			}
			if r+1 == rows {
				continue
			}
			for below := max(c-1, 0); below <= min(c+1, cols-1); below++ {
				t.Edges = append(t.Edges, [2]int32{int32(a), int32((r+1)*cols + below)})
			}
		}
	}
	return t, nil
}

// Complete joins every two of n nodes. Every node has its own colour.
func Complete(n int) (Topology, error) {
	if _, err := sizeOf("complete", n); err != nil {
		return Topology{}, err
	}
	count := n * (n - 1) / 2
	if err := edgeLimit("complete", count); err != nil {
		return Topology{}, err
	}
	t := Topology{Name: "complete", Nodes: n, Edges: make([][2]int32, 0, count), Colours: make([]int32, n)}
	for a := range n {
		t.Colours[a] = int32(a)
		for b := a + 1; b < n; b++ {
			t.Edges = append(t.Edges, [2]int32{int32(a), int32(b)})
		}
	}
	return t, nil
}

// Bipartite joins each of the nodes 0..n-1 to each of n..n+m-1.
func Bipartite(n, m int) (Topology, error) {
	count, err := sizeOf("bipartite", n, m)
	if err != nil {
		return Topology{}, err
	}
	t := Topology{Name: "bipartite", Nodes: n + m, Edges: make([][2]int32, 0, count), Colours: make([]int32, n+m)}
	for a := range n {
		for b := n; b < n+m; b++ {
			t.Edges = append(t.Edges, [2]int32{int32(a), int32(b)})
		}
	}
	for b := n; b < n+m; b++ {
		t.Colours[b] = 1
	}
	return t, nil
}

// Hypercube has 2^dim nodes, joined where their numbers differ in one bit.
// The colour is the parity of the number's bits.
func Hypercube(dim int) (Topology, error) {
	if dim < 0 {
		return Topology{}, fmt.Errorf("hypercube: dimension %d, must be at least 0", dim)
	}
	if dim >= 30 {
		return Topology{}, fmt.Errorf("hypercube: %w: dimension %d gives 2^%d nodes, at most %d", ErrLimit, dim, dim, MaxNodes)
	}
	nodes := 1 << dim
	count := dim * nodes / 2
	if err := edgeLimit("hypercube", count); err != nil {
		return Topology{}, err
	}
	t := Topology{Name: "hypercube", Nodes: nodes, Edges: make([][2]int32, 0, count), Colours: make([]int32, nodes)}
	for a := range nodes {
		t.Colours[a] = int32(bits.OnesCount(uint(a)) & 1)
		for bit := 1; bit < nodes; bit <<= 1 {
			if a&bit == 0 {
				t.Edges = append(t.Edges, [2]int32{int32(a), int32(a | bit)})
			}
		}
	}
	return t, nil
}

// sizeOf is the product of sides that are all at least 1 and at most MaxNodes
// together.
func sizeOf(name string, sides ...int) (int, error) {
	if len(sides) == 0 {
		return 0, fmt.Errorf("%s: no size given", name)
	}
	for _, side := range sides {
		if side < 1 {
			return 0, fmt.Errorf("%s: size %d, must be at least 1", name, side)
		}
	}
	product := 1
	for _, side := range sides {
		if side > MaxNodes/product {
			return 0, fmt.Errorf("%s: %w: %v, at most %d", name, ErrLimit, sides, MaxNodes)
		}
		product *= side
	}
	return product, nil
}

func edgeLimit(name string, edges int) error {
	if edges > MaxEdges {
		return fmt.Errorf("%s: %w: %d edges, at most %d", name, ErrLimit, edges, MaxEdges)
	}
	return nil
}
