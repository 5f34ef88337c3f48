package graph

import (
	"fmt"
	"slices"
)

// Skip is the lattice of the given shape with free boundaries in which two nodes
// are joined where they differ along one axis only, by one of the lengths: with
// length 1 it is the grid, [1, 3, 5] adds connections that skip over nodes.
// Nothing wraps round. Nodes are numbered row-major.
//
// Where all lengths are odd the colour is the parity of the coordinates' sum.
func Skip(shape, lengths []int) (Topology, error) {
	var offsets [][]int
	for i, length := range lengths {
		if length < 1 {
			return Topology{}, fmt.Errorf("skip: length %d, must be at least 1", length)
		}
		if slices.Contains(lengths[:i], length) {
			return Topology{}, fmt.Errorf("skip: length %d is given twice", length)
		}
		if len(shape) > 0 && length >= slices.Max(shape) {
			return Topology{}, fmt.Errorf("skip: no two nodes of shape %s are %d apart", shapeText(shape), length)
		}
		for d, side := range shape {
			if length < side {
				offset := make([]int, len(shape))
				offset[d] = length
				offsets = append(offsets, offset)
			}
		}
	}
	return stencil("skip", shape, offsets, false)
}

// Stencil is the lattice of the given shape in which node i is joined to
// i + offset for every offset, a vector with one number for each axis. Without
// wrap there is no edge where that lies outside; with it, coordinates count
// modulo the sides. As in a torus, steps that meet at the same two nodes are one
// edge (opposite offsets, or ±1 on a side of 2), and a step round the lattice to
// its own start is none. Nodes are numbered row-major.
//
// Where every offset changes the parity of the coordinates' sum, and no odd
// side is wrapped round, that parity is the colour.
func Stencil(shape []int, offsets [][]int, wrap bool) (Topology, error) {
	for i, offset := range offsets {
		switch {
		case len(offset) != len(shape):
			return Topology{}, fmt.Errorf("stencil: offset %s has not one number for each axis of shape %s", shapeText(offset), shapeText(shape))
		case !slices.ContainsFunc(offset, func(x int) bool { return x != 0 }):
			return Topology{}, fmt.Errorf("stencil: offset %s joins every node to itself", shapeText(offset))
		case slices.ContainsFunc(offsets[:i], func(o []int) bool { return slices.Equal(o, offset) }):
			return Topology{}, fmt.Errorf("stencil: offset %s is given twice", shapeText(offset))
		}
		for d, side := range shape {
			if !wrap && (offset[d] >= side || -offset[d] >= side) {
				return Topology{}, fmt.Errorf("stencil: offset %s leads out of shape %s from every node", shapeText(offset), shapeText(shape))
			}
		}
	}
	return stencil("stencil", shape, offsets, wrap)
}

// stencil visits nodes in row-major order and, for each, joins it to the higher
// ones that it reaches by an offset or its opposite.
func stencil(name string, shape []int, offsets [][]int, wrap bool) (Topology, error) {
	nodes, err := sizeOf(name, shape...)
	if err != nil {
		return Topology{}, err
	}
	if len(offsets) > MaxEdges/nodes {
		return Topology{}, fmt.Errorf("%s: %w: %d offsets of %d nodes, at most %d edges", name, ErrLimit, len(offsets), nodes, MaxEdges)
	}
	t := Topology{Name: name, Nodes: nodes, Shape: slices.Clone(shape), Edges: make([][2]int32, 0, nodes*len(offsets))}
	if parityColours(shape, offsets, wrap) {
		t.Colours = make([]int32, nodes)
	}
	at, sum := make([]int, len(shape)), 0
	var higher []int32
	for a := range nodes {
		if t.Colours != nil {
			t.Colours[a] = int32(sum & 1)
		}
		higher = higher[:0]
		for _, offset := range offsets {
			for _, sign := range [2]int{1, -1} {
				if b, ok := step(shape, at, offset, sign, wrap); ok && b > a {
					higher = append(higher, int32(b))
				}
			}
		}
		slices.Sort(higher)
		for _, b := range slices.Compact(higher) {
			t.Edges = append(t.Edges, [2]int32{int32(a), b})
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

// step is the node that lies sign × offset from the coordinates at.
func step(shape, at, offset []int, sign int, wrap bool) (node int, ok bool) {
	for d, side := range shape {
		x := at[d] + sign*(offset[d]%side)
		if !wrap {
			x = at[d] + sign*offset[d]
		}
		switch {
		case x >= 0 && x < side:
		case !wrap:
			return 0, false
		case x < 0:
			x += side
		default:
			x -= side
		}
		node = node*side + x
	}
	return node, true
}

// parityColours tells that every edge joins nodes whose coordinates' sums differ
// in parity.
func parityColours(shape []int, offsets [][]int, wrap bool) bool {
	for _, offset := range offsets {
		sum := 0
		for d, x := range offset {
			sum += x
			if wrap && x != 0 && shape[d]%2 == 1 {
				return false
			}
		}
		if sum%2 == 0 {
			return false
		}
	}
	return true
}
