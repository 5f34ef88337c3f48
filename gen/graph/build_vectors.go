package graph

import (
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// A vector is so many scalar nodes that follow each other. References, indices and
// rows count vectors; results have the components as their last axis.

// Width is the number of nodes that the user sees as one: a vector's components,
// which follow each other.
func (v *Variable) Width() int { return max(v.Dim, 1) }

// Places is the number of nodes as the user sees them.
func (v *Variable) Places() int { return v.Count / v.Width() }

// Grid is Shape without the axis of a vector's components.
func (v *Variable) Grid() []int {
	if v.Dim > 0 {
		return v.Shape[:len(v.Shape)-1]
	}
	return v.Shape
}

// vector makes each node of a continuous variable a vector: so many nodes, which
// follow each other.
func (b *builder) vector(d *spec.Variable, v *Variable) bool {
	if !d.Dim.Ok {
		return true
	}
	if d.Dim.V < 1 || d.Dim.V > int64(MaxModelNodes/v.Count) {
		b.limit(d.Dim.Pos, "variable %s has more than %d nodes", v.Name, MaxModelNodes)
		return false
	}
	v.Dim = int(d.Dim.V)
	v.Count *= v.Dim
	v.Shape = append(slices.Clip(v.Shape), v.Dim)
	return true
}

// place is the node of place i, of a vector its first component.
func (v *Variable) place(i int) int32 { return int32(v.First + i*v.Width()) }

// places lists the nodes of all places.
func (v *Variable) places() []int32 {
	nodes := make([]int32, v.Places())
	for i := range nodes {
		nodes[i] = v.place(i)
	}
	return nodes
}

// components are all components of vectors given by their first ones.
func components(first []int32, width int) []int32 {
	if width == 1 {
		return first
	}
	nodes := make([]int32, 0, len(first)*width)
	for _, n := range first {
		nodes = append(nodes, span(int(n), width)...)
	}
	return nodes
}

// whole cuts a list of nodes into those that the user sees as one: the components of
// a vector where all stand together, else single nodes.
func (b *builder) whole(nodes []int32) [][]int32 {
	var out [][]int32
	for len(nodes) > 0 {
		v := &b.g.Vars[b.g.varOf(nodes[0])]
		n := v.Width()
		if (int(nodes[0])-v.First)%n != 0 || n > len(nodes) || !slices.Equal(nodes[:n], span(int(nodes[0]), n)) {
			n = 1
		}
		out = append(out, nodes[:n:n])
		nodes = nodes[n:]
	}
	return out
}

// splitVectors makes a superblock in which components of one vector share a row into
// consecutive ones: the first components of all such vectors, with all other nodes,
// then the second ones, and so on. So a block of vectors draws them component by
// component. Clamped nodes count like all others, so that clamping moves no slot.
func (b *builder) splitVectors() {
	g := b.g
	if !slices.ContainsFunc(g.Vars, func(v Variable) bool { return v.Dim > 1 }) {
		return
	}
	super := make([]int, g.Nodes) // 1 + number of the superblock
	for i, blocks := range g.Blocks {
		for _, block := range blocks {
			for _, n := range block.Nodes {
				if !block.Joint {
					super[n] = i + 1
				}
			}
		}
	}
	coupled := map[[2]int]bool{} // superblock, variable
	for _, f := range g.rowsOfAll() {
		s := f.slots
		for r := 0; r < f.rows && s > 1; r++ {
			row := f.index[r*s : r*s+s]
			for k, n := range row {
				at := g.varOf(n)
				v := &g.Vars[at]
				if v.Dim < 2 || super[n] == 0 {
					continue
				}
				first := n - int32((int(n)-v.First)%v.Dim)
				if slices.ContainsFunc(row[:min(k, f.heads)], func(u int32) bool {
					return u >= first && u < first+int32(v.Dim) && super[u] == super[n]
				}) {
					coupled[[2]int{super[n] - 1, at}] = true
				}
			}
		}
	}
	if len(coupled) == 0 {
		return
	}
	var out [][]Block
	for k, blocks := range g.Blocks {
		var byComponent [][]Block
		for _, block := range blocks {
			here := map[int]int{} // by component: place of this block's part
			for _, n := range block.Nodes {
				i := g.varOf(n)
				at := 0
				if coupled[[2]int{k, i}] {
					at = (int(n) - g.Vars[i].First) % g.Vars[i].Dim
				}
				for len(byComponent) <= at {
					byComponent = append(byComponent, nil)
				}
				part, ok := here[at]
				if !ok {
					part = len(byComponent[at])
					here[at] = part
					byComponent[at] = append(byComponent[at], Block{Pos: block.Pos})
				}
				byComponent[at][part].Nodes = append(byComponent[at][part].Nodes, n)
			}
		}
		for _, parts := range byComponent {
			if len(parts) > 0 {
				out = append(out, parts)
			}
		}
	}
	g.Blocks = out
}

// PlaceName is NodeName, but the whole vector where the node is a component.
func (g *Graph) PlaceName(node int) string {
	v := &g.Vars[g.varOf(int32(node))]
	if len(v.Grid()) == 0 {
		return v.Name
	}
	return v.Name + strings.ReplaceAll(elementText(v.Grid(), (node-v.First)/v.Width()), " ", "")
}
