package graph

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// randomEdges draws edges with repetitions in either direction, no loops.
func randomEdges(r *rand.Rand, n, count int) [][2]int32 {
	edges := make([][2]int32, count)
	for i := range edges {
		a := r.IntN(n)
		b := (a + 1 + r.IntN(n-1)) % n
		edges[i] = [2]int32{int32(a), int32(b)}
	}
	return edges
}

func TestCSRAgainstMatrix(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := 2 + r.IntN(30)
		edges := randomEdges(r, n, r.IntN(3*n))
		c, err := NewCSR(n, edges)
		if err != nil {
			t.Fatal(err)
		}
		joined := make([][]bool, n)
		for i := range joined {
			joined[i] = make([]bool, n)
		}
		for _, e := range edges {
			joined[e[0]][e[1]] = true
			joined[e[1]][e[0]] = true
		}
		var list [][2]int32
		for a := range n {
			var want []int32
			for b := range n {
				if joined[a][b] {
					want = append(want, int32(b))
				}
				if joined[a][b] && a < b {
					list = append(list, [2]int32{int32(a), int32(b)})
				}
			}
			if got := c.Neighbours(a); !slices.Equal(got, want) || c.Degree(a) != len(want) {
				t.Fatalf("neighbours of %d are %v (degree %d), want %v", a, got, c.Degree(a), want)
			}
		}
		if got := c.EdgeList(); !slices.Equal(got, list) || c.Edges() != len(list) {
			t.Fatalf("%d edges %v, want %v", c.Edges(), got, list)
		}
	}
}

func TestCSRKeepsSortedTopology(t *testing.T) {
	top, err := Pegasus(3)
	if got := adjacency(t, mustTopology(t, top, err)).EdgeList(); !slices.Equal(got, top.Edges) {
		t.Error("the edges of a topology do not come back as they were")
	}
}

func TestCSRErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		nodes int
		edge  [2]int32
		limit bool
	}{
		{"loop", 3, [2]int32{1, 1}, false},
		{"high", 3, [2]int32{1, 3}, false},
		{"negative", 3, [2]int32{-1, 1}, false},
		{"no nodes", 0, [2]int32{0, 1}, false},
		{"negative count", -1, [2]int32{0, 1}, true},
		{"too many", MaxNodes + 1, [2]int32{0, 1}, true},
	} {
		if _, err := NewCSR(c.nodes, [][2]int32{c.edge}); err == nil || errors.Is(err, ErrLimit) != c.limit {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
}

func TestCSREmpty(t *testing.T) {
	for n := range 3 {
		c, err := NewCSR(n, nil)
		if err != nil || c.Nodes() != n || c.Edges() != 0 || c.MaxDegree() != 0 {
			t.Errorf("%d nodes: %v, %v", n, c, err)
		}
	}
	if n := (CSR{}).Nodes(); n != 0 {
		t.Errorf("the zero CSR has %d nodes", n)
	}
}
