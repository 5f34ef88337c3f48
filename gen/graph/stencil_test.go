package graph

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The graph of THRML's Gaussian-Bernoulli example, 30 × 30 with edges of length
// 1, 3 and 5: for each length k there are 2·30·(30-k) edges, and parity is a
// proper colouring.
func TestSkipCounts(t *testing.T) {
	top, err := Skip([]int{30, 30}, []int{1, 3, 5})
	top = mustTopology(t, top, err)
	adj := adjacency(t, top)
	equal(t, "edges", len(top.Edges), 2*30*(29+27+25))
	equal(t, "degree", adj.MaxDegree(), 12)
	_, colours := Colour(adj, top.Colours)
	equal(t, "colours", colours, 2)
	equal(t, "shape", top.Shape, []int{30, 30})
	equal(t, "label", top.Label(31), "1,1")

	grid, err := Grid(4, 5, 3)
	grid = mustTopology(t, grid, err)
	top, err = Skip([]int{4, 5, 3}, []int{1})
	equal(t, "length 1", mustTopology(t, top, err).Edges, grid.Edges)
	equal(t, "colours of length 1", top.Colours, grid.Colours)
	top, err = Skip([]int{6, 6}, []int{1, 2})
	if mustTopology(t, top, err).Colours != nil {
		t.Error("even lengths have no parity colouring")
	}
}

// TestStencilDefinition: nodes are joined where their difference, modulo the
// sides if wrapped, is an offset or its opposite, over random shapes and offsets.
func TestStencilDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	closed := 0
	for range 400 {
		shape := make([]int, 1+r.IntN(3))
		for d := range shape {
			shape[d] = 1 + r.IntN(5)
		}
		wrap := r.IntN(2) == 0
		var offsets [][]int
		for range 1 + r.IntN(3) {
			offset := make([]int, len(shape))
			for d, side := range shape {
				offset[d] = r.IntN(2*side-1) - side + 1
				if wrap {
					offset[d] = r.IntN(5*side) - 2*side
				}
			}
			if !slices.ContainsFunc(offset, func(x int) bool { return x != 0 }) ||
				slices.ContainsFunc(offsets, func(o []int) bool { return slices.Equal(o, offset) }) {
				continue
			}
			offsets = append(offsets, offset)
		}
		top, err := Stencil(shape, offsets, wrap)
		top = mustTopology(t, top, err)
		if top.Colours != nil {
			closed++
		}
		at := func(i int) []int {
			var x []int
			for _, word := range strings.Split(top.Label(i), ",") {
				var v int
				fmt.Sscan(word, &v)
				x = append(x, v)
			}
			return x
		}
		var want [][2]int32
		for a := range top.Nodes {
			for b := a + 1; b < top.Nodes; b++ {
				x, y := at(a), at(b)
				if slices.ContainsFunc(offsets, func(o []int) bool { return differ(shape, x, y, o, wrap) || differ(shape, y, x, o, wrap) }) {
					want = append(want, [2]int32{int32(a), int32(b)})
				}
			}
		}
		if !slices.Equal(top.Edges, want) {
			t.Fatalf("shape %v offsets %v wrap %v: %v, want %v", shape, offsets, wrap, top.Edges, want)
		}
	}
	if closed < 20 || closed > 380 {
		t.Errorf("%d of 400 have a closed form", closed)
	}
}

func differ(shape, x, y, offset []int, wrap bool) bool {
	for d, side := range shape {
		diff := y[d] - x[d] - offset[d]
		if diff != 0 && !(wrap && diff%side == 0) {
			return false
		}
	}
	return true
}

// The lattices that have names, written as stencils.
func TestStencilNamed(t *testing.T) {
	for _, shape := range [][]int{{6, 7}, {2, 3}, {1, 4}, {4, 4}} {
		torus, err := Torus(shape...)
		torus = mustTopology(t, torus, err)
		top, err := Stencil(shape, [][]int{{0, 1}, {1, 0}, {-1, 0}}, true)
		equal(t, fmt.Sprint("torus ", shape), mustTopology(t, top, err).Edges, torus.Edges)
	}
	king, err := King(5, 4)
	king = mustTopology(t, king, err)
	top, err := Stencil([]int{5, 4}, [][]int{{0, 1}, {1, -1}, {1, 0}, {1, 1}}, false)
	equal(t, "king", mustTopology(t, top, err).Edges, king.Edges)
}

func TestBadStencils(t *testing.T) {
	const huge = int(^uint(0) >> 1)
	for _, c := range []struct {
		built built
		text  string
		limit bool
	}{
		{topo(Skip([]int{4, 5}, []int{1, 5})), "no two nodes of shape [4, 5] are 5 apart", false},
		{topo(Skip([]int{4, 5}, []int{0})), "length 0", false},
		{topo(Skip([]int{4, 5}, []int{3, 3})), "given twice", false},
		{topo(Skip(nil, []int{3})), "no size", false},
		{topo(Skip([]int{4, 0}, []int{1})), "size 0", false},
		{topo(Skip([]int{huge, huge}, []int{1})), "too large", true},
		{topo(Skip([]int{1 << 14, 1 << 15}, []int{1, 2, 3, 4})), "too large", true},
		{topo(Stencil([]int{4, 5}, [][]int{{0, 0}}, true)), "to itself", false},
		{topo(Stencil([]int{4, 5}, [][]int{{0, 5}}, false)), "leads out", false},
		{topo(Stencil([]int{4, 5}, [][]int{{-4, 0}}, false)), "leads out", false},
		{topo(Stencil([]int{4, 5}, [][]int{{1}}, false)), "one number for each axis", false},
		{topo(Stencil([]int{4, 5}, [][]int{{1, 0}, {1, 0}}, false)), "given twice", false},
		{topo(Stencil([]int{0}, [][]int{{1}}, true)), "size 0", false},
	} {
		if c.built.err == nil || !strings.Contains(c.built.err.Error(), c.text) || errors.Is(c.built.err, ErrLimit) != c.limit {
			t.Errorf("%v, want %q", c.built.err, c.text)
		}
	}
}
