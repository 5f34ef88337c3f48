package graph

import (
	"fmt"
	"math/bits"
)

// RandomRegular is a random simple graph in which every node has the given
// degree. The same arguments give the same graph, always: the algorithm below
// is part of the model format and never changes.
//
// It is the pairing algorithm of Steger and Wormald (1999), asymptotically
// uniform for moderate degrees. Degrees above (n−1)/2 take the complement of
// the graph of degree n−1−degree with the same seed. Below,
//
//  1. the list of stubs holds each node degree times: 0, 0, …, 1, 1, …;
//  2. the list is shuffled: for i from its last position down to 1, swap entry i
//     with entry j = ⌊x·(i+1) / 2^64⌋, x the next word of splitmix64(seed);
//  3. entries 2p and 2p+1 become an edge, for p = 0, 1, …, unless that is a loop
//     or is there already; then both go, in order, to the next list of stubs;
//  4. from step 2 with that list, until it is empty. After 16 rounds in
//     succession without a new edge, all edges are dropped and step 1 begins
//     anew, the random words going on; after 1000 such starts it is an error.
func RandomRegular(n, degree int, seed uint64) (Topology, error) {
	const name = "random_regular"
	if _, err := sizeOf(name, n); err != nil {
		return Topology{}, err
	}
	if degree < 0 || degree >= n {
		return Topology{}, fmt.Errorf("%s: degree %d, must be from 0 to %d", name, degree, n-1)
	}
	if n%2 == 1 && degree%2 == 1 {
		return Topology{}, fmt.Errorf("%s: %d nodes of degree %d: one of the two must be even", name, n, degree)
	}
	if err := edgeLimit(name, n*degree/2); err != nil {
		return Topology{}, err
	}
	sparse := min(degree, n-1-degree)
	words := splitmix64(seed)
	for range 1000 {
		edges, ok := pairStubs(n, sparse, &words)
		if !ok {
			continue
		}
		adjacency, err := NewCSR(n, edges)
		if err != nil {
			return Topology{}, err
		}
		if sparse == degree {
			edges = adjacency.EdgeList()
		} else {
			edges = complement(adjacency)
		}
		return Topology{Name: name, Nodes: n, Edges: edges}, nil
	}
	return Topology{}, fmt.Errorf("%s: no graph of %d nodes of degree %d found with seed %d", name, n, degree, seed)
}

// pairStubs is one start of the algorithm of RandomRegular.
func pairStubs(n, degree int, words *splitmix64) ([][2]int32, bool) {
	stubs := make([]int32, 0, n*degree)
	for a := range n {
		for range degree {
			stubs = append(stubs, int32(a))
		}
	}
	known := make(map[uint64]struct{}, n*degree/2)
	edges := make([][2]int32, 0, n*degree/2)
	for idle := 0; len(stubs) > 0; {
		for i := len(stubs) - 1; i > 0; i-- {
			j, _ := bits.Mul64(words.next(), uint64(i+1))
			stubs[i], stubs[j] = stubs[j], stubs[i]
		}
		before := len(edges)
		rest := stubs[:0] // what is written was read before
		for p := 0; p < len(stubs); p += 2 {
			e := [2]int32{min(stubs[p], stubs[p+1]), max(stubs[p], stubs[p+1])}
			key := uint64(e[0])<<32 | uint64(e[1])
			if _, seen := known[key]; seen || e[0] == e[1] {
				rest = append(rest, stubs[p], stubs[p+1])
				continue
			}
			known[key] = struct{}{}
			edges = append(edges, e)
		}
		stubs = rest
		idle++
		if len(edges) > before {
			idle = 0
		}
		if idle == 16 {
			return nil, false
		}
	}
	return edges, true
}

// complement lists, sorted, the pairs of nodes that are no edge of c.
func complement(c CSR) [][2]int32 {
	n := c.Nodes()
	out := make([][2]int32, 0, n*(n-1)/2-c.Edges())
	for a := range n {
		known := c.Neighbours(a)
		for b := range n {
			if len(known) > 0 && int(known[0]) == b {
				known = known[1:]
			} else if b > a {
				out = append(out, [2]int32{int32(a), int32(b)})
			}
		}
	}
	return out
}

// splitmix64 is the generator of Steele, Lea and Flood (2014); its value is the
// state.
type splitmix64 uint64

func (s *splitmix64) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	x := uint64(*s)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
