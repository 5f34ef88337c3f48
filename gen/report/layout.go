package report

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// A place is where a node is drawn; the unit is a usual distance of neighbours.
type place struct{ x, y float64 }

// layout gives every node a place: nodes of a lattice and of hardware graphs where
// they belong, those of a path in a row, others by forces.
func layout(g *graph.Graph, edges []link) (at []place, wraps bool) {
	if len(g.Vars) == 1 {
		v := &g.Vars[0]
		t := v.Topology
		switch {
		case t != nil && v.OnNodes == nil && t.Published != nil:
			if at := hardwareLayout(t, v.Places()); at != nil {
				return beside(at, v.Width()), false
			}
		case t != nil && v.OnNodes == nil && len(t.Shape) == 2:
			return beside(gridLayout(t.Shape), v.Width()), true
		case len(v.Grid()) == 2:
			return beside(gridLayout(v.Grid()), v.Width()), true
		}
	}
	if isPath(g.Nodes, edges) {
		return rowLayout(g.Nodes), false
	}
	return forceLayout(g.Nodes, edges), false
}

// beside puts the components of a vector next to each other.
func beside(at []place, width int) []place {
	if width == 1 {
		return at
	}
	var out []place
	for _, p := range at {
		for c := range width {
			out = append(out, place{p.x + 0.6*float64(c)/float64(width), p.y})
		}
	}
	return out
}

func gridLayout(shape []int) []place {
	at := make([]place, shape[0]*shape[1])
	for i := range at {
		at[i] = place{float64(i % shape[1]), float64(i / shape[1])}
	}
	return at
}

func isPath(n int, edges []link) bool {
	for _, e := range edges {
		if e.b != e.a+1 {
			return false
		}
	}
	return n > 1 && len(edges) > 0
}

// rowLayout turns round after 12 nodes.
func rowLayout(n int) []place {
	const most = 12
	at := make([]place, n)
	for i := range at {
		x := i % most
		if i/most%2 == 1 {
			x = most - 1 - x
		}
		at[i] = place{float64(x), float64(i / most)}
	}
	return at
}

// hardwareLayout draws a qubit at the middle of its line; nil for unknown graphs.
func hardwareLayout(t *graph.Topology, n int) []place {
	at := make([]place, n)
	for i := range at {
		_, q := t.Published(i)
		switch {
		case t.Name == "chimera" && len(q) == 4: // row, column, orientation, k: cells as crosses
			_, last := t.Published(n - 1)
			cell, half := float64(last[3])+3, float64(last[3])/2
			at[i] = place{cell*float64(q[1]) + half, cell*float64(q[0]) + half}
			along := float64(q[3]) - half
			if along >= 0 && last[3]%2 == 1 {
				along += 0.5
			} else if last[3]%2 == 1 {
				along -= 0.5
			}
			aside := 0.3 * (float64(q[3]) - half) // or the lines to the next cells would lie on each other
			if q[2] == 0 {
				at[i].y += along
				at[i].x += aside
			} else {
				at[i].x += along
				at[i].y += aside
			}
		case t.Name == "pegasus" && len(q) == 4: // orientation, w, k, z
			shift := [2][3]int{{2, 10, 6}, {6, 2, 10}}[q[0]][q[2]/4]
			across, along := float64(12*q[1]+q[2]), float64(12*q[3]+shift+6)
			at[i] = turned(q[0], across*0.6, along*0.6)
		case t.Name == "zephyr" && len(q) == 5: // orientation, w, k, j, z
			across, along := 4.5*float64(q[1])+float64(q[2]), 4.5*float64(2*q[4]+q[3])+3.75
			at[i] = turned(q[0], across*0.8, along*0.8)
		default:
			return nil
		}
	}
	return at
}

func turned(orientation int, across, along float64) place {
	if orientation == 0 {
		return place{across, along}
	}
	return place{along, across}
}

// forceLayout lets neighbours attract and all nodes repel each other (Fruchterman
// and Reingold 1991), from a spiral, so that the same graph gives the same picture.
func forceLayout(n int, edges []link) []place {
	at := make([]place, n)
	for i := range at {
		angle := 2.399963 * float64(i) // the golden angle
		r := 0.7 * math.Sqrt(float64(i)+0.5)
		at[i] = place{r * math.Cos(angle), r * math.Sin(angle)}
	}
	const rounds = 300
	move := make([]place, n)
	for round := range rounds {
		clear(move)
		for i := range at {
			for j := range i {
				dx, dy := at[i].x-at[j].x, at[i].y-at[j].y
				d2 := dx*dx + dy*dy + 1e-4
				move[i].x += dx / d2
				move[i].y += dy / d2
				move[j].x -= dx / d2
				move[j].y -= dy / d2
			}
			move[i].x -= 0.02 * at[i].x // keeps parts without an edge together
			move[i].y -= 0.02 * at[i].y
		}
		for _, e := range edges {
			dx, dy := at[e.a].x-at[e.b].x, at[e.a].y-at[e.b].y
			d := math.Sqrt(dx*dx + dy*dy)
			move[e.a].x -= dx * d
			move[e.a].y -= dy * d
			move[e.b].x += dx * d
			move[e.b].y += dy * d
		}
		most := 0.5 * (1 - float64(round)/rounds)
		for i := range at {
			d := math.Hypot(move[i].x, move[i].y)
			if d > 0 {
				step := math.Min(most, 0.1*d)
				at[i].x += move[i].x / d * step
				at[i].y += move[i].y / d * step
			}
		}
	}
	return at
}
