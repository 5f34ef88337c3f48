package graph

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func hashColours(colours []int32) string {
	h := sha256.New()
	for _, c := range colours {
		fmt.Fprintln(h, c)
	}
	return fmt.Sprintf("%x", h.Sum(nil))[:16]
}

// checkColouring holds what Colour promises of any result.
func checkColouring(t *testing.T, c CSR, colours []int32, n int) {
	t.Helper()
	if !c.Proper(colours) {
		t.Fatal("neighbours share a colour")
	}
	next := int32(0)
	for i, colour := range colours {
		if colour > next || colour < 0 {
			t.Fatalf("node %d has colour %d before colour %d has appeared", i, colour, next)
		}
		if colour == next {
			next++
		}
	}
	if int(next) != n {
		t.Fatalf("%d colours reported, %d used", n, next)
	}
}

// plainDsatur is the rule of Colour in its plainest form, O(n²·degree).
func plainDsatur(c CSR) []int32 {
	colours := uncolouredNodes(c.Nodes())
	around := func(v int) map[int32]bool {
		set := map[int32]bool{}
		for _, b := range c.Neighbours(v) {
			if colours[b] != uncoloured {
				set[colours[b]] = true
			}
		}
		return set
	}
	for range colours {
		best, bestSat := -1, 0
		for v := range colours {
			if colours[v] != uncoloured {
				continue
			}
			sat := len(around(v))
			if best < 0 || sat > bestSat || sat == bestSat && c.Degree(v) > c.Degree(best) {
				best, bestSat = v, sat
			}
		}
		set := around(best)
		for colours[best] = 0; set[colours[best]]; {
			colours[best]++
		}
	}
	return colours
}

// Random graphs, sparse to dense, some with more than 64 colours, some with
// isolated nodes and several components.
func TestColourRandomGraphs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for trial := range 150 {
		n := 2 + r.IntN(60)
		count := r.IntN(1 + n*n/4)
		if trial%2 == 0 {
			count = r.IntN(2 * n)
		}
		if trial%50 == 0 {
			n, count = 150, 40000
		}
		c, err := NewCSR(n, randomEdges(r, n, count))
		if err != nil {
			t.Fatal(err)
		}
		colours, k := Colour(c, nil)
		checkColouring(t, c, colours, k)
		if k > c.MaxDegree()+1 {
			t.Fatalf("%d colours with degree %d", k, c.MaxDegree())
		}
		if trial%50 == 0 && k <= 64 {
			t.Fatalf("the dense graph has only %d colours, not the case meant here", k)
		}
		if again, _ := Colour(c, nil); !slices.Equal(again, colours) {
			t.Fatal("two runs differ")
		}
		if _, bipartite := twoColour(c); bipartite != (k <= 2) {
			t.Fatalf("two-colourable %t, but %d colours", bipartite, k)
		}
		if k > 2 {
			if want, _ := byAppearance(plainDsatur(c)); !slices.Equal(colours, want) {
				t.Fatalf("colours %v, want %v", colours, want)
			}
		}
	}
}

// Two components and an isolated node: each component begins with colour 0.
func TestTwoColouring(t *testing.T) {
	c, err := NewCSR(7, [][2]int32{{5, 1}, {1, 3}, {6, 4}, {4, 2}})
	if err != nil {
		t.Fatal(err)
	}
	got, n := Colour(c, nil)
	if want := []int32{0, 0, 0, 1, 1, 1, 0}; n != 2 || !slices.Equal(got, want) {
		t.Errorf("%d colours %v, want %v", n, got, want)
	}
}

func TestColourNothing(t *testing.T) {
	if colours, n := Colour(CSR{}, nil); n != 0 || len(colours) != 0 {
		t.Errorf("no nodes: %d colours %v", n, colours)
	}
	c, err := NewCSR(3, nil)
	if err != nil {
		t.Fatal(err)
	}
	if colours, n := Colour(c, nil); n != 1 || !slices.Equal(colours, []int32{0, 0, 0}) {
		t.Errorf("no edges: %d colours %v", n, colours)
	}
}

// A closed form counts only while it fits the graph as it is.
func TestClosedForm(t *testing.T) {
	square := [][2]int32{{0, 1}, {1, 2}, {2, 3}, {0, 3}}
	for _, c := range []struct {
		name   string
		edges  [][2]int32
		closed []int32
		want   []int32
	}{
		{"taken, renumbered", square, []int32{7, 3, 5, 3}, []int32{0, 1, 2, 1}},
		{"fewer edges", square[:1], []int32{1, 0, 1, 0}, []int32{0, 1, 0, 1}},
		{"an edge more", append(square[:4:4], [2]int32{0, 2}), []int32{0, 1, 0, 1}, []int32{0, 1, 2, 1}},
		{"wrong length", square, []int32{0, 1, 2}, []int32{0, 1, 0, 1}},
		{"not proper", square, []int32{0, 0, 1, 1}, []int32{0, 1, 0, 1}},
	} {
		adj, err := NewCSR(4, c.edges)
		if err != nil {
			t.Fatal(err)
		}
		before := slices.Clone(c.closed)
		got, n := Colour(adj, c.closed)
		checkColouring(t, adj, got, n)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: colours %v, want %v", c.name, got, c.want)
		}
		if !slices.Equal(before, c.closed) {
			t.Errorf("%s: the closed form was changed", c.name)
		}
	}
}

// Colours decide the slots of the random words, so they may never change. The
// hashes (of one colour a line) were computed apart from this code.
func TestColourPinned(t *testing.T) {
	for _, c := range []struct {
		name   string
		built  built
		closed bool
		n      int
		hash   string
	}{
		{"pegasus 14", topo(Pegasus(14)), true, 4, "574c7889ed64ec8b"},
		{"pegasus 14, anonymous", topo(Pegasus(14)), false, 4, "6337e3d06f87b959"},
		{"zephyr 12, anonymous", topo(Zephyr(12, 4)), false, 5, "eda67f3dc9994361"},
		{"torus 8x8", topo(Torus(8, 8)), true, 2, "3fb76a2314f6b655"},
		{"torus 15x17", topo(Torus(15, 17)), false, 3, "6ba6f380d67360eb"},
		{"king 30x30", topo(King(30, 30)), true, 4, "765ee296b1979ade"},
		{"complete 200, anonymous", topo(Complete(200)), false, 200, "ea01ba3592e27c87"},
		{"regular 1000,8", topo(RandomRegular(1000, 8, 7)), false, 5, "07c27a7bfd298757"},
		{"regular 300,220", topo(RandomRegular(300, 220, 7)), false, 71, "ce9a9dd706688847"},
	} {
		top := mustTopology(t, c.built.top, c.built.err)
		adj := adjacency(t, top)
		var closed []int32
		if c.closed {
			closed = top.Colours
		}
		colours, n := Colour(adj, closed)
		checkColouring(t, adj, colours, n)
		if got := hashColours(colours); n != c.n || got != c.hash {
			t.Errorf("%s: %d colours with hash %s, want %d, %s", c.name, n, got, c.n, c.hash)
		}
	}
}

// A closed form and the search agree on connected two-colourable graphs.
func TestClosedFormMatchesSearch(t *testing.T) {
	for _, c := range []built{
		topo(Chain(9)), topo(Ring(10)), topo(Grid(4, 5, 3)), topo(Torus(6, 8)), topo(Bipartite(3, 4)), topo(Hypercube(6)), topo(Chimera(3, 4, 2)),
	} {
		top := mustTopology(t, c.top, c.err)
		adj := adjacency(t, top)
		closed, _ := Colour(adj, top.Colours)
		if searched, _ := Colour(adj, nil); !slices.Equal(closed, searched) {
			t.Errorf("%s: closed form %v, search %v", top.Name, closed, searched)
		}
	}
}

func TestColourLarge(t *testing.T) {
	for _, c := range []built{
		topo(Complete(2000)),
		{Topology{Nodes: 100_000, Edges: randomEdges(rand.New(rand.NewPCG(5, 6)), 100_000, 400_000)}, nil},
		topo(Torus(301, 301)),
	} {
		adj := adjacency(t, c.top)
		colours, n := Colour(adj, nil)
		checkColouring(t, adj, colours, n)
	}
}

func benchmarkColour(bench *testing.B, top Topology, err error, closed bool) {
	if err != nil {
		bench.Fatal(err)
	}
	adj := adjacency(bench, top)
	var form []int32
	if closed {
		form = top.Colours
	}
	bench.ReportAllocs()
	for bench.Loop() {
		Colour(adj, form)
	}
}

func BenchmarkColourPegasus14(bench *testing.B) {
	top, err := Pegasus(14)
	benchmarkColour(bench, top, err, true)
}

func BenchmarkColourPegasus14Anonymous(bench *testing.B) {
	top, err := Pegasus(14)
	benchmarkColour(bench, top, err, false)
}

func BenchmarkColourTorus1000(bench *testing.B) {
	top, err := Torus(1000, 1000)
	benchmarkColour(bench, top, err, true)
}

func BenchmarkColourTorus1000Anonymous(bench *testing.B) {
	top, err := Torus(1000, 1000)
	benchmarkColour(bench, top, err, false)
}

func BenchmarkColourTorus1001(bench *testing.B) {
	top, err := Torus(1001, 1001)
	benchmarkColour(bench, top, err, false)
}
