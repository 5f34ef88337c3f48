package graph

import (
	"math/bits"
	"slices"
)

// Colour gives neighbours different colours 0..n-1, so that all nodes of one
// colour can be updated at once. It is a pure function of the graph:
//
//   - closed, if it has one entry a node and is proper for c (which may have
//     more edges than the topology that closed belongs to, or fewer);
//   - else two colours by breadth-first search, each component from its lowest
//     node, which gets colour 0;
//   - else DSATUR (Brélaz 1979): next is the node whose neighbours have the most
//     different colours, of these the one of highest degree in c, of these the
//     lowest; it gets the lowest colour that none of its neighbours has.
//
// Colours are then numbered by first appearance in node order. Time is
// O((nodes + edges) log nodes).
func Colour(c CSR, closed []int32) (colours []int32, n int) {
	if c.Proper(closed) {
		return byAppearance(closed)
	}
	if two, ok := twoColour(c); ok {
		return byAppearance(two)
	}
	return byAppearance(dsatur(c))
}

// Proper reports whether colours has one entry a node and no edge joins two
// nodes of one colour.
func (c CSR) Proper(colours []int32) bool {
	if len(colours) != c.Nodes() {
		return false
	}
	for a, colour := range colours {
		for _, b := range c.Neighbours(a) {
			if colours[b] == colour {
				return false
			}
		}
	}
	return true
}

// byAppearance renumbers colours in the order in which they first occur.
func byAppearance(old []int32) (colours []int32, n int) {
	number := map[int32]int32{}
	colours = make([]int32, len(old))
	for i, colour := range old {
		next, ok := number[colour]
		if !ok {
			next = int32(len(number))
			number[colour] = next
		}
		colours[i] = next
	}
	return colours, len(number)
}

const uncoloured = -1

func uncolouredNodes(n int) []int32 {
	return slices.Repeat([]int32{uncoloured}, n)
}

// twoColour colours by breadth-first search, or finds an odd cycle.
func twoColour(c CSR) ([]int32, bool) {
	colours := uncolouredNodes(c.Nodes())
	var queue []int32
	for root := range colours {
		if colours[root] != uncoloured {
			continue
		}
		colours[root] = 0
		queue = append(queue[:0], int32(root))
		for head := 0; head < len(queue); head++ {
			a := queue[head]
			for _, b := range c.Neighbours(int(a)) {
				switch colours[b] {
				case uncoloured:
					colours[b] = 1 - colours[a]
					queue = append(queue, b)
				case colours[a]:
					return nil, false
				}
			}
		}
	}
	return colours, true
}

// dsatur colours greedily, most constrained node first.
func dsatur(c CSR) []int32 {
	n := c.Nodes()
	colours := uncolouredNodes(n)
	// seen[v] is the bit set of the colours of v's neighbours. One word is
	// enough for nearly every graph; sets grow when they meet higher colours.
	seen := make([][]uint64, n)
	first := make([]uint64, n)
	for v := range seen {
		seen[v] = first[v : v+1 : v+1]
	}
	heap := newSaturationHeap(c)
	for range n {
		v := heap.pop()
		colour := lowestClear(seen[v])
		colours[v] = int32(colour)
		word, bit := colour/64, uint64(1)<<(colour%64)
		for _, b := range c.Neighbours(int(v)) {
			if colours[b] != uncoloured {
				continue
			}
			for len(seen[b]) <= word {
				seen[b] = append(seen[b], 0)
			}
			if seen[b][word]&bit == 0 {
				seen[b][word] |= bit
				heap.raise(b)
			}
		}
	}
	return colours
}

func lowestClear(set []uint64) int {
	for i, word := range set {
		if word != ^uint64(0) {
			return 64*i + bits.TrailingZeros64(^word)
		}
	}
	return 64 * len(set)
}

// saturationHeap is a binary heap of the nodes that have no colour yet; the
// first has the highest saturation, then degree, then the lowest number.
type saturationHeap struct {
	// entries hold saturation<<32 | standing. A standing is a node's place among
	// all nodes by ascending (degree, -number), so larger entries come first.
	entries []uint64
	at      []int32 // by standing: position in entries
	node    []int32 // by standing
	rank    []int32 // by node: standing
}

func newSaturationHeap(c CSR) *saturationHeap {
	n := c.Nodes()
	h := &saturationHeap{
		entries: make([]uint64, n), at: make([]int32, n),
		node: make([]int32, n), rank: make([]int32, n),
	}
	// Counting sort by degree, nodes of equal degree in descending order.
	place := make([]int32, c.MaxDegree()+2)
	for v := range n {
		place[c.Degree(v)+1]++
	}
	for d := 1; d < len(place); d++ {
		place[d] += place[d-1]
	}
	for v := n - 1; v >= 0; v-- {
		standing := place[c.Degree(v)]
		place[c.Degree(v)]++
		h.node[standing] = int32(v)
		h.rank[v] = standing
	}
	for i := range h.entries { // descending, hence a heap
		h.put(i, uint64(n-1-i))
	}
	return h
}

func (h *saturationHeap) put(i int, entry uint64) {
	h.entries[i] = entry
	h.at[uint32(entry)] = int32(i)
}

// raise adds one to the saturation of v.
func (h *saturationHeap) raise(v int32) {
	i := int(h.at[h.rank[v]])
	entry := h.entries[i] + 1<<32
	for i > 0 {
		parent := (i - 1) / 2
		if h.entries[parent] > entry {
			break
		}
		h.put(i, h.entries[parent])
		i = parent
	}
	h.put(i, entry)
}

// pop removes the first node.
func (h *saturationHeap) pop() int32 {
	top := h.node[uint32(h.entries[0])]
	last := len(h.entries) - 1
	entry := h.entries[last]
	h.entries = h.entries[:last]
	i := 0
	for child := 1; child < last; child = 2*i + 1 {
		if child+1 < last && h.entries[child+1] > h.entries[child] {
			child++
		}
		if h.entries[child] < entry {
			break
		}
		h.put(i, h.entries[child])
		i = child
	}
	if last > 0 {
		h.put(i, entry)
	}
	return top
}
