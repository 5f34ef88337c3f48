package graph

import "fmt"

// pegasusOffset[u][k] is where the first qubit of line k (mod 12) of
// orientation u begins, in lines of the other orientation: the published
// offsets, vertical (u = 0) and horizontal (u = 1).
var pegasusOffset = [2][12]int{
	{2, 2, 2, 2, 10, 10, 10, 10, 6, 6, 6, 6},
	{6, 6, 6, 6, 2, 2, 2, 2, 10, 10, 10, 10},
}

// Pegasus is the main fabric of the D-Wave graph P_m, m ≥ 2: 8(3m−1)(m−1)
// nodes of degree at most 15.
//
// There are 12m vertical lines (u = 0) and 12m horizontal ones (u = 1). Qubit
// (u, w, k, z) is the z-th of the m−1 segments of line 12w+k and spans twelve
// lines of the other orientation from 12z + offset(u, k) on. Qubits are joined
// where they cross (internal), where one follows the other on its line
// (external), and to their twin on line k xor 1 (odd). The two outermost lines
// at each side cross nothing and are left out.
//
// The linear label is ((u·m + w)·12 + k)·(m−1) + z; nodes are numbered in its
// order. Colour 2u + ((k xor z) & 1).
func Pegasus(m int) (Topology, error) {
	if m < 2 {
		return Topology{}, fmt.Errorf("pegasus: size %d, must be at least 2", m)
	}
	if m > 1<<13 {
		return Topology{}, fmt.Errorf("pegasus: %w: size %d, at most %d nodes", ErrLimit, m, MaxNodes)
	}
	const outer = 2
	segments := m - 1
	lines := 12*m - 2*outer
	nodes := 2 * lines * segments
	if err := edgeLimit("pegasus", nodes/2*15); err != nil {
		return Topology{}, err
	}
	node := func(u, line, z int) int32 {
		return int32((u*lines+line-outer)*segments + z)
	}

	t := Topology{Name: "pegasus", Nodes: nodes, Colours: make([]int32, nodes),
		Edges: make([][2]int32, 0, nodes/2*15)}
	for u := range 2 {
		for line := outer; line < outer+lines; line++ {
			k := line % 12
			for z := range segments {
				a := node(u, line, z)
				t.Colours[a] = int32(2*u + (k^z)&1)
				if z+1 < segments {
					t.Edges = append(t.Edges, [2]int32{a, node(u, line, z+1)})
				}
				if k%2 == 0 {
					t.Edges = append(t.Edges, [2]int32{a, node(u, line+1, z)})
				}
				if u == 1 {
					continue
				}
				first := 12*z + pegasusOffset[0][k]
				for across := first; across < first+12; across++ {
					from := line - pegasusOffset[1][across%12]
					if from >= 0 && from/12 < segments {
						t.Edges = append(t.Edges, [2]int32{a, node(1, across, from/12)})
					}
				}
			}
		}
	}
	t.Published = func(i int) (int, []int) {
		u := i / (lines * segments)
		line := i/segments%lines + outer
		z := i % segments
		return (u*12*m+line)*segments + z, []int{u, line / 12, line % 12, z}
	}
	return t, nil
}

// Chimera is the D-Wave graph of m × n cells, each a complete bipartite graph
// of t vertical (u = 0) and t horizontal (u = 1) qubits. Qubit (i, j, u, k) is
// also joined to its like in the cell below (u = 0) or to the right (u = 1).
//
// The linear label, and the node number, is ((i·n + j)·2 + u)·t + k.
// Colour (i + j + u) & 1.
func Chimera(m, n, t int) (Topology, error) {
	if _, err := sizeOf("chimera", m, n, 2, t); err != nil {
		return Topology{}, err
	}
	cells := m * n
	if cells > MaxEdges/t/t {
		return Topology{}, fmt.Errorf("chimera: %w: more than %d edges", ErrLimit, MaxEdges)
	}
	count := cells*t*t + (m-1)*n*t + m*(n-1)*t
	if err := edgeLimit("chimera", count); err != nil {
		return Topology{}, err
	}
	top := Topology{Name: "chimera", Nodes: cells * 2 * t, Colours: make([]int32, cells*2*t),
		Edges: make([][2]int32, 0, count)}
	for cell := range cells {
		i, j := cell/n, cell%n
		for u := range 2 {
			for k := range t {
				a := (cell*2+u)*t + k
				top.Colours[a] = int32((i + j + u) & 1)
				if u == 0 {
					for b := (cell*2 + 1) * t; b < (cell*2+2)*t; b++ {
						top.Edges = append(top.Edges, [2]int32{int32(a), int32(b)})
					}
				}
				if u == 0 && i+1 < m {
					top.Edges = append(top.Edges, [2]int32{int32(a), int32(a + n*2*t)})
				}
				if u == 1 && j+1 < n {
					top.Edges = append(top.Edges, [2]int32{int32(a), int32(a + 2*t)})
				}
			}
		}
	}
	top.Published = func(i int) (int, []int) {
		return i, []int{i / (2 * t) / n, i / (2 * t) % n, i / t % 2, i % t}
	}
	return top, nil
}

// Zephyr is the D-Wave graph Z_m with tiles of t (4 on the machines): 4mt(2m+1)
// nodes of degree at most 4t+4.
//
// There are 2m+1 vertical (u = 0) and as many horizontal (u = 1) bundles of 2t
// lines. Qubit (u, w, k, j, z) lies in bundle w and crosses bundles 2z+j and
// 2z+j+1 of the other orientation. Qubits are joined where they cross
// (internal), to the next one of the same j (external, z+1), and to those of
// the other j that overlap them (odd).
//
// The linear label, and the node number, is
// (((u·(2m+1) + w)·t + k)·2 + j)·m + z. Colour (2u + w + 2z + j) & 3.
func Zephyr(m, t int) (Topology, error) {
	if m < 1 || t < 1 {
		return Topology{}, fmt.Errorf("zephyr: size %d, %d, must be at least 1", m, t)
	}
	if m > 1<<14 || t > 1<<14 {
		return Topology{}, fmt.Errorf("zephyr: %w: size %d, %d, at most %d nodes", ErrLimit, m, t, MaxNodes)
	}
	bundles := 2*m + 1
	nodes, err := sizeOf("zephyr", 4, m, t, bundles)
	if err != nil {
		return Topology{}, err
	}
	if err := edgeLimit("zephyr", nodes/2*(4*t+4)); err != nil {
		return Topology{}, err
	}
	node := func(u, w, k, j, z int) int32 {
		return int32((((u*bundles+w)*t+k)*2+j)*m + z)
	}
	coordinates := func(a int) (u, w, k, j, z int) {
		return a / (bundles * t * 2 * m), a / (t * 2 * m) % bundles, a / (2 * m) % t, a / m % 2, a % m
	}

	top := Topology{Name: "zephyr", Nodes: nodes, Colours: make([]int32, nodes),
		Edges: make([][2]int32, 0, nodes/2*(4*t+4))}
	for a := range nodes {
		u, w, k, j, z := coordinates(a)
		join := func(b int32) { top.Edges = append(top.Edges, [2]int32{int32(a), b}) }
		top.Colours[a] = int32((2*u + w + 2*z + j) & 3)
		if z+1 < m {
			join(node(u, w, k, j, z+1))
		}
		if j == 0 && z > 0 {
			join(node(u, w, k, 1, z-1))
		}
		if j == 0 {
			join(node(u, w, k, 1, z))
		}
		if u == 1 {
			continue
		}
		for across := 2*z + j; across <= 2*z+j+1; across++ {
			for k2 := range t {
				// The crossing qubits begin at bundle w or w-1; the even one has j = 0.
				even := w - w%2
				odd := w - 1 + w%2
				if even < 2*m {
					join(node(1, across, k2, 0, even/2))
				}
				if odd >= 0 && odd < 2*m {
					join(node(1, across, k2, 1, odd/2))
				}
			}
		}
	}
	top.Published = func(i int) (int, []int) {
		u, w, k, j, z := coordinates(i)
		return i, []int{u, w, k, j, z}
	}
	return top, nil
}
