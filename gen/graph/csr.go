package graph

import (
	"fmt"
	"slices"
)

// CSR is an undirected simple graph as compressed adjacency lists: the
// neighbours of node i, ascending, are Adj[Start[i]:Start[i+1]].
type CSR struct {
	Start []int32 // one more than nodes; empty for no nodes
	Adj   []int32 // two entries an edge
}

// NewCSR builds the adjacency lists of the nodes 0..nodes-1. Edges come in any
// order and direction; an edge given more than once counts once. A loop, or a
// node out of range, is an error. Edges sorted as in Topology need no sorting
// here.
func NewCSR(nodes int, edges [][2]int32) (CSR, error) {
	if nodes < 0 || nodes > MaxNodes {
		return CSR{}, fmt.Errorf("%w: %d nodes, at most %d", ErrLimit, nodes, MaxNodes)
	}
	if len(edges) > MaxEdges {
		return CSR{}, fmt.Errorf("%w: %d edges, at most %d", ErrLimit, len(edges), MaxEdges)
	}
	c := CSR{Start: make([]int32, nodes+1), Adj: make([]int32, 2*len(edges))}
	for i, e := range edges {
		if e[0] == e[1] {
			return CSR{}, fmt.Errorf("edge %d joins node %d to itself", i, e[0])
		}
		for _, v := range e {
			if v < 0 || int(v) >= nodes {
				return CSR{}, fmt.Errorf("edge %d: node %d is not one of the %d nodes", i, v, nodes)
			}
			c.Start[v]++
		}
	}
	// Start[v] becomes the end of v's list and moves down to its beginning as
	// the list is filled from its last entry.
	sum := int32(0)
	for v := range c.Start {
		sum += c.Start[v]
		c.Start[v] = sum
	}
	for i := len(edges) - 1; i >= 0; i-- {
		a, b := edges[i][0], edges[i][1]
		c.Start[a]--
		c.Adj[c.Start[a]] = b
		c.Start[b]--
		c.Adj[c.Start[b]] = a
	}
	c.sortAndMerge()
	return c, nil
}

// sortAndMerge sorts every list and drops repeated neighbours.
func (c *CSR) sortAndMerge() {
	begin, kept := int32(0), int32(0)
	for v := range c.Nodes() {
		list := c.Adj[begin:c.Start[v+1]]
		begin = c.Start[v+1]
		if !slices.IsSorted(list) {
			slices.Sort(list)
		}
		c.Start[v] = kept
		for i, b := range list {
			if i == 0 || b != list[i-1] {
				c.Adj[kept] = b // never ahead of the entry being read
				kept++
			}
		}
	}
	c.Start[c.Nodes()] = kept
	c.Adj = c.Adj[:kept]
}

// Nodes is the number of nodes.
func (c CSR) Nodes() int { return max(len(c.Start)-1, 0) }

// Edges is the number of edges.
func (c CSR) Edges() int { return len(c.Adj) / 2 }

// EdgeList lists each edge once as (a, b) with a < b, sorted by a, then b.
func (c CSR) EdgeList() [][2]int32 {
	edges := make([][2]int32, 0, c.Edges())
	for a := range c.Nodes() {
		for _, b := range c.Neighbours(a) {
			if int(b) > a {
				edges = append(edges, [2]int32{int32(a), b})
			}
		}
	}
	return edges
}

// Neighbours lists the neighbours of node i, ascending. It is a part of Adj.
func (c CSR) Neighbours(i int) []int32 { return c.Adj[c.Start[i]:c.Start[i+1]] }

// Degree is the number of neighbours of node i.
func (c CSR) Degree(i int) int { return int(c.Start[i+1] - c.Start[i]) }

// MaxDegree is the largest degree, 0 without nodes.
func (c CSR) MaxDegree() int {
	most := 0
	for i := range c.Nodes() {
		most = max(most, c.Degree(i))
	}
	return most
}
