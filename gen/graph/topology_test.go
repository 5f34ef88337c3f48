package graph

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// mustTopology returns the topology of a constructor that has to succeed, after
// checking what every topology promises.
func mustTopology(t testing.TB, top Topology, err error) Topology {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range top.Edges {
		if e[0] < 0 || e[0] >= e[1] || int(e[1]) >= top.Nodes {
			t.Fatalf("%s: edge %d is %v", top.Name, i, e)
		}
		if i > 0 && slices.Compare(top.Edges[i-1][:], e[:]) >= 0 {
			t.Fatalf("%s: edges %v, %v are not in order", top.Name, top.Edges[i-1], e)
		}
	}
	if top.Colours != nil && !adjacency(t, top).Proper(top.Colours) {
		t.Fatalf("%s: the closed-form colouring is wrong", top.Name)
	}
	return top
}

func adjacency(t testing.TB, top Topology) CSR {
	t.Helper()
	c, err := NewCSR(top.Nodes, top.Edges)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// built lets a table hold the two results of a constructor.
type built struct {
	top Topology
	err error
}

func topo(top Topology, err error) built { return built{top, err} }

func TestCounts(t *testing.T) {
	for _, c := range []struct {
		name             string
		built            built
		nodes, edges     int
		maxDegree        int
		closed, coloured int // colours: of the closed form (0 none), without it
	}{
		{"chain 1", topo(Chain(1)), 1, 0, 0, 1, 1},
		{"chain 2", topo(Chain(2)), 2, 1, 1, 2, 2},
		{"chain 10", topo(Chain(10)), 10, 9, 2, 2, 2},
		{"ring 3", topo(Ring(3)), 3, 3, 2, 0, 3},
		{"ring 8", topo(Ring(8)), 8, 8, 2, 2, 2},
		{"ring 9", topo(Ring(9)), 9, 9, 2, 0, 3},
		{"grid 20x20", topo(Grid(20, 20)), 400, 760, 4, 2, 2},
		{"grid 3x4x5", topo(Grid(3, 4, 5)), 60, 2*20 + 3*15 + 4*12, 6, 2, 2},
		{"grid 1x1x1", topo(Grid(1, 1, 1)), 1, 0, 0, 1, 1},
		{"torus 64x64", topo(Torus(64, 64)), 4096, 8192, 4, 2, 2},
		{"torus 5x7", topo(Torus(5, 7)), 35, 70, 4, 0, 3},
		{"torus 2x2", topo(Torus(2, 2)), 4, 4, 2, 2, 2},
		{"torus 2x3", topo(Torus(2, 3)), 6, 9, 3, 0, 3},
		{"torus 1x4", topo(Torus(1, 4)), 4, 4, 2, 2, 2},
		{"torus 2x2x2x2", topo(Torus(2, 2, 2, 2)), 16, 32, 4, 2, 2},
		{"torus 4x4x4x4", topo(Torus(4, 4, 4, 4)), 256, 1024, 8, 2, 2},
		{"king 8x8", topo(King(8, 8)), 64, 210, 8, 4, 4},
		{"king 1x5", topo(King(1, 5)), 5, 4, 2, 2, 2},
		{"king 5x1", topo(King(5, 1)), 5, 4, 2, 2, 2},
		{"king 2x2", topo(King(2, 2)), 4, 6, 3, 4, 4},
		{"complete 1", topo(Complete(1)), 1, 0, 0, 1, 1},
		{"complete 100", topo(Complete(100)), 100, 4950, 99, 100, 100},
		{"bipartite 3,5", topo(Bipartite(3, 5)), 8, 15, 5, 2, 2},
		{"hypercube 0", topo(Hypercube(0)), 1, 0, 0, 1, 1},
		{"hypercube 7", topo(Hypercube(7)), 128, 448, 7, 2, 2},
		{"regular 100,3", topo(RandomRegular(100, 3, 1)), 100, 150, 3, 0, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			top := mustTopology(t, c.built.top, c.built.err)
			adj := adjacency(t, top)
			if top.Nodes != c.nodes || len(top.Edges) != c.edges || adj.MaxDegree() != c.maxDegree {
				t.Errorf("%d nodes, %d edges, degree ≤ %d; want %d, %d, %d",
					top.Nodes, len(top.Edges), adj.MaxDegree(), c.nodes, c.edges, c.maxDegree)
			}
			if (top.Colours != nil) != (c.closed > 0) {
				t.Errorf("closed-form colouring given: %t", top.Colours != nil)
			}
			if top.Colours != nil {
				if _, n := Colour(adj, top.Colours); n != c.closed {
					t.Errorf("closed form has %d colours, want %d", n, c.closed)
				}
			}
			if _, n := Colour(adj, nil); n != c.coloured {
				t.Errorf("%d colours, want %d", n, c.coloured)
			}
		})
	}
}

// The lattices against their definition: nodes whose coordinates differ by one
// (modulo the side, if periodic) along one axis (king: along one or both).
func TestLatticeDefinition(t *testing.T) {
	far := func(x, y, side int, periodic bool) int {
		d := max(x-y, y-x)
		if periodic {
			d = min(d, side-d)
		}
		return d
	}
	check := func(top Topology, neighbours func(x, y []int) bool) {
		t.Helper()
		at := make([][]int, top.Nodes)
		for i := range at {
			rest := i
			at[i] = make([]int, len(top.Shape))
			for d := len(top.Shape) - 1; d >= 0; d-- {
				at[i][d] = rest % top.Shape[d]
				rest /= top.Shape[d]
			}
		}
		var want [][2]int32
		for x := range at {
			for y := x + 1; y < len(at); y++ {
				if neighbours(at[x], at[y]) {
					want = append(want, [2]int32{int32(x), int32(y)})
				}
			}
		}
		if !slices.Equal(want, top.Edges) {
			t.Errorf("%s %v: edges %v\nwant %v", top.Name, top.Shape, top.Edges, want)
		}
	}
	for _, shape := range [][]int{{1}, {2}, {3}, {7}, {1, 1}, {2, 5}, {4, 3}, {6, 1}, {1, 6}, {3, 2, 4}, {2, 1, 3, 2}, {3, 3, 3}} {
		for _, periodic := range []bool{false, true} {
			build := Grid
			if periodic {
				build = Torus
			}
			top, err := build(shape...)
			check(mustTopology(t, top, err), func(x, y []int) bool {
				sum := 0
				for d, side := range shape {
					sum += far(x[d], y[d], side, periodic)
				}
				return sum == 1
			})
		}
		if len(shape) == 2 {
			top, err := King(shape[0], shape[1])
			check(mustTopology(t, top, err), func(x, y []int) bool {
				return max(far(x[0], y[0], 0, false), far(x[1], y[1], 0, false)) == 1
			})
		}
	}
}

func TestHypercubeDefinition(t *testing.T) {
	top, err := Hypercube(5)
	var want [][2]int32
	for x := range int32(32) {
		for y := x + 1; y < 32; y++ {
			if d := x ^ y; d&(d-1) == 0 {
				want = append(want, [2]int32{x, y})
			}
		}
	}
	if got := mustTopology(t, top, err).Edges; !slices.Equal(got, want) {
		t.Errorf("edges %v", got)
	}
}

func TestLabels(t *testing.T) {
	for _, c := range []struct {
		built built
		node  int
		want  string
	}{
		{topo(Grid(3, 4, 5)), 33, "1,2,3"},
		{topo(Ring(8)), 7, "7"},
		{topo(Complete(8)), 7, "7"},
		{topo(Pegasus(2)), 0, "(0,0,2,0)"},
		{topo(Chimera(2, 3, 2)), 23, "(1,2,1,1)"},
	} {
		if got := mustTopology(t, c.built.top, c.built.err).Label(c.node); got != c.want {
			t.Errorf("%s: node %d is %q, want %q", c.built.top.Name, c.node, got, c.want)
		}
	}
}

func TestBadSizes(t *testing.T) {
	const huge = int(^uint(0) >> 1)
	for _, c := range []struct {
		name  string
		built built
		limit bool
	}{
		{"chain 0", topo(Chain(0)), false},
		{"chain -1", topo(Chain(-1)), false},
		{"chain huge", topo(Chain(huge)), true},
		{"ring 2", topo(Ring(2)), false},
		{"ring -7", topo(Ring(-7)), false},
		{"grid without sides", topo(Grid()), false},
		{"grid 3x0", topo(Grid(3, 0)), false},
		{"grid huge with a bad side", topo(Grid(huge, huge, -1)), false},
		{"grid overflow", topo(Grid(1<<32, 1<<32)), true},
		{"torus overflow", topo(Torus(huge, 2)), true},
		{"torus edges", topo(Torus(1<<15-1, 1<<15-1)), true},
		{"king 0x3", topo(King(0, 3)), false},
		{"king huge", topo(King(huge, huge)), true},
		{"king edges", topo(King(1<<15-1, 1<<15-1)), true},
		{"complete 0", topo(Complete(0)), false},
		{"complete edges", topo(Complete(50000)), true},
		{"complete huge", topo(Complete(huge)), true},
		{"bipartite 0,1", topo(Bipartite(0, 1)), false},
		{"bipartite 1,0", topo(Bipartite(1, 0)), false},
		{"bipartite huge", topo(Bipartite(huge, huge)), true},
		{"hypercube -1", topo(Hypercube(-1)), false},
		{"hypercube 29", topo(Hypercube(29)), true},
		{"hypercube 64", topo(Hypercube(64)), true},
		{"regular 0", topo(RandomRegular(0, 0, 1)), false},
		{"regular degree n", topo(RandomRegular(4, 4, 1)), false},
		{"regular degree -1", topo(RandomRegular(4, -1, 1)), false},
		{"regular odd", topo(RandomRegular(5, 3, 1)), false},
		{"regular huge", topo(RandomRegular(huge, 2, 1)), true},
		{"regular edges", topo(RandomRegular(1<<29, 1<<10, 1)), true},
		{"pegasus 1", topo(Pegasus(1)), false},
		{"pegasus 0", topo(Pegasus(0)), false},
		{"pegasus 8000", topo(Pegasus(8000)), true},
		{"pegasus huge", topo(Pegasus(huge)), true},
		{"chimera 0", topo(Chimera(0, 1, 4)), false},
		{"chimera huge", topo(Chimera(huge, huge, huge)), true},
		{"chimera tile", topo(Chimera(1, 1, 1<<20)), true},
		{"zephyr 0", topo(Zephyr(0, 4)), false},
		{"zephyr 1,0", topo(Zephyr(1, 0)), false},
		{"zephyr huge", topo(Zephyr(huge, huge)), true},
		{"zephyr edges", topo(Zephyr(1, 1<<14)), true},
	} {
		err := c.built.err
		if err == nil || errors.Is(err, ErrLimit) != c.limit {
			t.Errorf("%s: error %v", c.name, err)
			continue
		}
		if kind, _, _ := strings.Cut(c.name, " "); !strings.Contains(err.Error(), kind) {
			t.Errorf("%s: error %q does not name the graph", c.name, err)
		}
	}
}

func BenchmarkTorus1000(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Torus(1000, 1000); err != nil {
			b.Fatal(err)
		}
	}
}
