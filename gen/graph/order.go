package graph

import (
	"math/bits"
	"slices"
)

// Groups of a block's nodes in slot order, which updates of many nodes at once read and
// write together.
const (
	quadNodes = 4
	tileNodes = 16
)

// The refinement of an order.
const (
	mostRefined   = 1 << 14 // nodes of a graph: quads are counted for each tile
	movesPerNode  = 200
	batchCost     = 23 // of 8 quads or fewer that a tile reads, against each of them
	quadsOfBatch  = 8
	hottest       = 1 // quarters of a cost that a move may add with a probability of one half, at first
	orderSequence = 0x9E3779B97F4A7C15
)

// localOrder orders the nodes of each block in place, so that those of a tile have few quads
// among their neighbours, blocks beginning at multiples of a tile. It is a function of the
// graph alone, in integers: quads and tiles grow by nodes that share most
// neighbours with them; then, in graphs of up to 16,384 nodes, nodes change places, at
// first also for the worse.
func localOrder(c CSR, blocks [][]int32) {
	for _, nodes := range blocks {
		growTiles(c, nodes)
	}
	if r := newRefinement(c, blocks); r != nil {
		r.run()
	}
}

// shared counts, for every node, neighbours that it has in common with a set of nodes.
type shared struct {
	c       CSR
	count   []int32
	reached []bool  // neighbours of the set
	touched []int32 // nodes with a count, and reached ones
}

func newShared(c CSR) *shared {
	return &shared{c: c, count: make([]int32, c.Nodes()), reached: make([]bool, c.Nodes())}
}

func (s *shared) add(n int32) {
	for _, u := range s.c.Neighbours(int(n)) {
		if s.reached[u] {
			continue
		}
		s.reached[u] = true
		s.touched = append(s.touched, u)
		for _, w := range s.c.Neighbours(int(u)) {
			if s.count[w]++; s.count[w] == 1 {
				s.touched = append(s.touched, w)
			}
		}
	}
}

// best is the free node with the largest count, of these the lowest; -1 if none has one.
func (s *shared) best(free []bool) int32 {
	best, most := int32(-1), int32(0)
	for _, n := range s.touched {
		if k := s.count[n]; free[n] && (k > most || k == most && k > 0 && n < best) {
			best, most = n, k
		}
	}
	return best
}

func (s *shared) clear() {
	for _, n := range s.touched {
		s.count[n], s.reached[n] = 0, false
	}
	s.touched = s.touched[:0]
}

// growTiles orders a block by growing tiles of quads.
func growTiles(c CSR, nodes []int32) {
	if len(nodes) <= quadNodes {
		return
	}
	free, ofTile, ofQuad := make([]bool, c.Nodes()), newShared(c), newShared(c)
	for _, n := range nodes {
		free[n] = true
	}
	order, first := make([]int32, 0, len(nodes)), 0
	for len(order) < len(nodes) {
		next := int32(-1)
		switch {
		case len(order)%quadNodes != 0:
			next = ofQuad.best(free)
		case len(order)%tileNodes != 0:
			ofQuad.clear()
			next = ofTile.best(free)
		default: // beside the last tile
			next = ofTile.best(free)
			ofQuad.clear()
			ofTile.clear()
		}
		if next < 0 {
			for !free[nodes[first]] {
				first++
			}
			next = nodes[first]
		}
		free[next] = false
		order = append(order, next)
		ofQuad.add(next)
		ofTile.add(next)
	}
	copy(nodes, order)
}

// refinement is an order of blocks under moves. Places are slots: those of a block begin at a
// multiple of a tile.
type refinement struct {
	c      CSR
	blocks [][]int32
	base   []int   // of blocks: the first slot
	nodes  []int32 // that have a block
	block  []int32 // by node; -1 for none
	slot   []int   // by node
	quads  int
	count  []uint16 // by tile and quad: edges from one to the other
	union  []int32  // by tile: quads with edges
	state  uint64

	marks   []int // by tile: the last move that touched it
	touched []int
}

// newRefinement is nil where there is nothing to refine, or too much.
func newRefinement(c CSR, blocks [][]int32) *refinement {
	r := &refinement{c: c, blocks: blocks, block: slices.Repeat([]int32{-1}, c.Nodes()), slot: make([]int, c.Nodes()), state: orderSequence}
	slots := 0
	for i, nodes := range blocks {
		r.base = append(r.base, slots)
		for j, n := range nodes {
			r.block[n], r.slot[n] = int32(i), slots+j
		}
		r.nodes = append(r.nodes, nodes...)
		slots += (len(nodes) + tileNodes - 1) / tileNodes * tileNodes
	}
	if len(r.nodes) == 0 || slots > mostRefined {
		return nil
	}
	tiles := slots / tileNodes
	r.quads = slots / quadNodes
	r.count, r.union, r.marks = make([]uint16, tiles*r.quads), make([]int32, tiles), make([]int, tiles)
	for _, n := range r.nodes {
		for _, u := range r.c.Neighbours(int(n)) {
			if r.block[u] >= 0 {
				r.join(r.slot[n], r.slot[u], 1)
			}
		}
	}
	return r
}

// join adds an edge from the tile of a slot to the quad of another, or removes it.
func (r *refinement) join(slot, other int, change int) {
	t := slot / tileNodes
	k := &r.count[t*r.quads+other/quadNodes]
	if *k == 0 {
		r.union[t]++
	}
	if *k += uint16(change); *k == 0 {
		r.union[t]--
	}
}

// cost is that of the tiles of a move.
func (r *refinement) cost() (sum int) {
	for _, t := range r.touched {
		u := int(r.union[t])
		sum += (u+quadsOfBatch-1)/quadsOfBatch*batchCost + u
	}
	return sum
}

// draw is a number below n, of the splitmix64 sequence.
func (r *refinement) draw(n int) int {
	high, _ := bits.Mul64(r.word(), uint64(n))
	return int(high)
}

func (r *refinement) word() uint64 {
	r.state += orderSequence
	z := r.state
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func (r *refinement) run() {
	moves := movesPerNode * len(r.nodes)
	for i := range moves {
		a := r.nodes[r.draw(len(r.nodes))]
		b := r.partner(a)
		if b < 0 || r.slot[a]/quadNodes == r.slot[b]/quadNodes {
			continue
		}
		r.touched = r.touched[:0]
		for _, n := range [2]int32{a, b} {
			r.touch(i+1, n)
			for _, u := range r.c.Neighbours(int(n)) {
				r.touch(i+1, u)
			}
		}
		before := r.cost()
		r.swap(a, b)
		worse := r.cost() - before
		// Each worse cost halves the chance at the heat of 1.
		heat := hottest * (moves - i)
		if worse > 0 && 4*worse*moves > heat*bits.LeadingZeros64(r.word()) {
			r.swap(a, b)
		}
	}
}

// partner is a node of a's block to change places with: mostly one beside a node that shares
// a neighbour with a.
func (r *refinement) partner(a int32) int32 {
	nodes, base := r.blocks[r.block[a]], r.base[r.block[a]]
	around := r.c.Neighbours(int(a))
	if len(around) == 0 || r.draw(10) < 3 {
		return nodes[r.draw(len(nodes))]
	}
	of := r.c.Neighbours(int(around[r.draw(len(around))]))
	y := of[r.draw(len(of))]
	if y == a || r.block[y] != r.block[a] {
		return -1
	}
	if at := r.slot[y]/tileNodes*tileNodes + r.draw(tileNodes) - base; at < len(nodes) && nodes[at] != a {
		return nodes[at]
	}
	return -1
}

// touch marks the tile of a node as one of move i.
func (r *refinement) touch(i int, n int32) {
	if r.block[n] < 0 {
		return
	}
	if t := r.slot[n] / tileNodes; r.marks[t] != i {
		r.marks[t] = i
		r.touched = append(r.touched, t)
	}
}

// swap lets two nodes of a block change places.
func (r *refinement) swap(a, b int32) {
	r.edges(a, -1)
	r.edges(b, -1)
	r.slot[a], r.slot[b] = r.slot[b], r.slot[a]
	i := r.block[a]
	r.blocks[i][r.slot[a]-r.base[i]], r.blocks[i][r.slot[b]-r.base[i]] = a, b
	r.edges(a, 1)
	r.edges(b, 1)
}

// edges adds those of a node in both directions, or removes them. Nodes of a block that change
// places have no edge to each other.
func (r *refinement) edges(n int32, change int) {
	for _, u := range r.c.Neighbours(int(n)) {
		if r.block[u] >= 0 {
			r.join(r.slot[n], r.slot[u], change)
			r.join(r.slot[u], r.slot[n], change)
		}
	}
}
