package exact

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
)

// Orders in which nodes may be summed out. None is good for every graph: as
// numbered suits lattices, breadth first long shapes, the greedy ones the rest.
var orders = []func(s *Space, neighbours [][]int32, limit float64) []int32{
	asNumbered, breadthFirst, fewestNeighbours, fewestEdges,
}

func asNumbered(s *Space, _ [][]int32, _ float64) []int32 {
	order := make([]int32, len(s.Free))
	for i := range order {
		order[i] = int32(i)
	}
	return order
}

// breadthFirst visits each component from a node far from its middle.
func breadthFirst(_ *Space, neighbours [][]int32, _ float64) []int32 {
	seen := make([]bool, len(neighbours))
	walk := func(from int32) []int32 {
		list := []int32{from}
		seen[from] = true
		for i := 0; i < len(list); i++ {
			for _, u := range neighbours[list[i]] {
				if !seen[u] {
					seen[u] = true
					list = append(list, u)
				}
			}
		}
		return list
	}
	var order []int32
	for v := range neighbours {
		if seen[v] {
			continue
		}
		component := walk(int32(v))
		for _, u := range component {
			seen[u] = false
		}
		order = append(order, walk(component[len(component)-1])...)
	}
	return order
}

// fewestNeighbours takes the node with the smallest clique.
func fewestNeighbours(s *Space, neighbours [][]int32, limit float64) []int32 {
	e := newElimination(s, neighbours)
	return e.greedy(limit, func(v int32) float64 { return e.bits[v] })
}

// fewestEdges takes the node whose removal joins the fewest pairs of nodes;
// nodes beyond the limit come last.
func fewestEdges(s *Space, neighbours [][]int32, limit float64) []int32 {
	e := newElimination(s, neighbours)
	return e.greedy(limit, func(v int32) float64 {
		if e.bits[v] > limit {
			return 1e9 + e.bits[v]
		}
		missing := 0
		for a := range e.near[v] {
			for b := range e.near[v] {
				if _, joined := e.near[a][b]; a < b && !joined {
					missing++
				}
			}
		}
		return float64(missing)
	})
}

// elimination is the graph that is left while nodes are taken away.
type elimination struct {
	own  []float64            // log2 of the states of each node
	bits []float64            // log2 of the joint states of each node and its neighbours
	near []map[int32]struct{} // nil once taken
	gone []bool
}

func newElimination(s *Space, neighbours [][]int32) *elimination {
	n := len(neighbours)
	e := &elimination{own: log2States(s), bits: make([]float64, n), near: make([]map[int32]struct{}, n), gone: make([]bool, n)}
	for v, list := range neighbours {
		e.near[v] = make(map[int32]struct{}, len(list))
		e.bits[v] = e.own[v]
		for _, u := range list {
			e.near[v][u] = struct{}{}
			e.bits[v] += e.own[u]
		}
	}
	return e
}

// log2States is rounded to 2^-20, so that sums are exact in any order.
func log2States(s *Space) []float64 {
	bits := make([]float64, len(s.Free))
	for i, node := range s.Free {
		bits[i] = math.Round(math.Log2(float64(s.states[node]))*(1<<20)) / (1 << 20)
	}
	return bits
}

// take removes v and joins its neighbours, which it returns.
func (e *elimination) take(v int32) []int32 {
	scope := make([]int32, 0, len(e.near[v]))
	for u := range e.near[v] {
		scope = append(scope, u)
	}
	slices.Sort(scope)
	for i, a := range scope {
		delete(e.near[a], v)
		e.bits[a] -= e.own[v]
		for _, b := range scope[:i] {
			if _, joined := e.near[a][b]; !joined {
				e.near[a][b] = struct{}{}
				e.near[b][a] = struct{}{}
				e.bits[a] += e.own[b]
				e.bits[b] += e.own[a]
			}
		}
	}
	e.near[v], e.gone[v] = nil, true
	return scope
}

// greedy takes the node of least score, the first of equals, until none is
// left; nil when only cliques beyond the limit are. Scores are renewed for the
// neighbours of the node taken, and for others when their turn comes.
func (e *elimination) greedy(limit float64, score func(v int32) float64) []int32 {
	scores := make([]float64, len(e.near))
	queue := make(scoreHeap, 0, len(e.near))
	for v := range e.near {
		scores[v] = score(int32(v))
		queue = append(queue, scored{scores[v], int32(v)})
	}
	heap.Init(&queue)
	renew := func(v int32) bool {
		now := score(v)
		if now == scores[v] {
			return false
		}
		scores[v] = now
		heap.Push(&queue, scored{now, v})
		return true
	}
	var order []int32
	for len(queue) > 0 {
		top := heap.Pop(&queue).(scored)
		if e.gone[top.node] || top.score != scores[top.node] || renew(top.node) {
			continue
		}
		if e.bits[top.node] > limit {
			return nil
		}
		order = append(order, top.node)
		for _, u := range e.take(top.node) {
			renew(u)
		}
	}
	return order
}

type scored struct {
	score float64
	node  int32
}

// scoreHeap is a heap of nodes, least score first.
type scoreHeap []scored

func (h scoreHeap) Len() int { return len(h) }
func (h scoreHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].score, h[j].score), cmp.Compare(h[i].node, h[j].node)) < 0
}
func (h scoreHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *scoreHeap) Push(x any)   { *h = append(*h, x.(scored)) }
func (h *scoreHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
