package graph

import (
	"fmt"
	"math/big"
	"slices"
	"testing"
)

func TestRandomRegular(t *testing.T) {
	for _, c := range [][2]int{{1, 0}, {2, 1}, {4, 2}, {4, 3}, {5, 2}, {5, 4}, {10, 4}, {25, 10}, {50, 25}, {51, 50}, {1000, 3}} {
		n, degree := c[0], c[1]
		for seed := range uint64(5) {
			top, err := RandomRegular(n, degree, seed)
			adj := adjacency(t, mustTopology(t, top, err))
			for i := range n {
				if adj.Degree(i) != degree {
					t.Fatalf("n %d, degree %d, seed %d: node %d has degree %d", n, degree, seed, i, adj.Degree(i))
				}
			}
		}
	}
}

// The published words of splitmix64 from state 0.
func TestSplitmix64(t *testing.T) {
	s := splitmix64(0)
	for i, want := range []uint64{0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f} {
		if got := s.next(); got != want {
			t.Errorf("word %d is %#x, want %#x", i, got, want)
		}
	}
}

// Eight nodes of degree 2, followed through the documented
// steps with arithmetic of math/big: the words decide the graph, nothing else.
func TestRandomRegularSteps(t *testing.T) {
	const n, degree, seed = 8, 2, 11
	words := splitmix64(seed)
	var stubs []int32
	var edges [][2]int32
	start := func() {
		stubs, edges = nil, nil
		for i := range n * degree {
			stubs = append(stubs, int32(i/degree))
		}
	}
	start()
	for idle := 0; len(stubs) > 0; {
		for i := len(stubs) - 1; i >= 1; i-- {
			x := new(big.Int).SetUint64(words.next())
			x.Mul(x, big.NewInt(int64(i+1))).Rsh(x, 64)
			j := int(x.Int64())
			stubs[i], stubs[j] = stubs[j], stubs[i]
		}
		var left []int32
		added := false
		for len(stubs) > 0 {
			a, b := min(stubs[0], stubs[1]), max(stubs[0], stubs[1])
			if a == b || slices.Contains(edges, [2]int32{a, b}) {
				left = append(left, stubs[:2]...)
			} else {
				edges = append(edges, [2]int32{a, b})
				added = true
			}
			stubs = stubs[2:]
		}
		stubs = left
		if idle++; added {
			idle = 0
		}
		if idle == 16 {
			start()
			idle = 0
		}
	}
	slices.SortFunc(edges, func(x, y [2]int32) int { return slices.Compare(x[:], y[:]) })
	top, err := RandomRegular(n, degree, seed)
	if got := mustTopology(t, top, err).Edges; !slices.Equal(got, edges) {
		t.Errorf("edges %v, want %v", got, edges)
	}
}

// The three perfect matchings of four nodes are equally likely. Over 3000
// seeds chi-square has 2 degrees of freedom; above 27.6 has probability 1e-6.
// It finds a matching that is 15 % too frequent or rare.
func TestRandomRegularUniform(t *testing.T) {
	count := map[string]int{}
	const runs = 3000
	for seed := range uint64(runs) {
		top, err := RandomRegular(4, 1, seed)
		count[fmt.Sprint(mustTopology(t, top, err).Edges)]++
	}
	chi2 := 0.0
	for _, n := range count {
		d := float64(n) - runs/3.0
		chi2 += d * d / (runs / 3.0)
	}
	if len(count) != 3 || chi2 > 27.6 {
		t.Errorf("counts %v, chi-square %.1f", count, chi2)
	}
}

// The drawn graphs are part of the model format. The hashes were computed apart
// from this code, from the description at RandomRegular.
func TestRandomRegularPinned(t *testing.T) {
	for _, c := range []struct {
		built built
		hash  string
	}{
		{topo(RandomRegular(1000, 8, 7)), "8845e8d9c4efef80"},
		{topo(RandomRegular(300, 220, 7)), "28384e698e2f3d0e"},
		{topo(RandomRegular(25, 10, 1<<63)), "c9f479c09aa8e01d"},
	} {
		if got := hashEdges(mustTopology(t, c.built.top, c.built.err).Edges)[:16]; got != c.hash {
			t.Errorf("edges have hash %s, want %s", got, c.hash)
		}
	}
}
