// Command maxcut shows how good the cuts are that annealing found. It counts every
// cut again, from the state and the graph's file, and draws histograms of the best
// cut of each chain, and the best cuts of all on their torus.
//
//	go run . g11.txt 564 g11a.npz g11b.npz g50.txt 5880 g50.npz cuts.svg states.svg
//
// The number behind a graph is its largest cut, as known.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/chart"
)

func main() {
	log.SetFlags(0)
	graphs, pictures, err := arguments(os.Args[1:])
	if err != nil {
		log.Fatal(err)
	}
	if len(pictures) != 2 || len(graphs) == 0 {
		log.Fatal("usage: maxcut (graph.txt optimum result.npz …) … cuts.svg states.svg")
	}
	fmt.Printf("%-6s %8s %8s %8s %8s %8s %8s\n", "graph", "sweeps", "chains", "median", "best", "optimum", "reached")
	for _, g := range graphs {
		for _, r := range g.runs {
			cuts := slices.Sorted(slices.Values(r.cuts))
			reached := 0
			for _, c := range cuts {
				if c == g.optimum {
					reached++
				}
				if c > g.optimum {
					log.Fatalf("%s: a cut of %d is larger than %d, which was said to be the largest", g.name, c, g.optimum)
				}
			}
			fmt.Printf("%-6s %8d %8d %8d %8d %8d %8d\n", g.name, r.sweeps, len(cuts), cuts[len(cuts)/2], cuts[len(cuts)-1], g.optimum, reached)
		}
	}
	if err := drawCuts(pictures[0], graphs); err != nil {
		log.Fatal(err)
	}
	if err := drawStates(pictures[1], graphs); err != nil {
		log.Fatal(err)
	}
}

// arguments reads graphs, each with its optimum and the runs on it, and the names
// of pictures.
func arguments(args []string) (graphs []*graph, pictures []string, err error) {
	for _, a := range args {
		number, notNumber := strconv.Atoi(a)
		switch ext := filepath.Ext(a); {
		case ext == ".txt":
			g, err := readGraph(a)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", a, err)
			}
			graphs = append(graphs, g)
		case ext == ".svg" || ext == ".png":
			pictures = append(pictures, a)
		case len(graphs) == 0:
			return nil, nil, fmt.Errorf("%s stands before any graph", a)
		case notNumber == nil:
			graphs[len(graphs)-1].optimum = number
		default:
			g := graphs[len(graphs)-1]
			r, err := readRun(a, g)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", a, err)
			}
			g.runs = append(g.runs, r)
		}
	}
	for _, g := range graphs {
		if len(g.runs) == 0 || g.optimum == 0 {
			return nil, nil, fmt.Errorf("%s: an optimum and a result are needed behind it", g.name)
		}
	}
	return graphs, pictures, nil
}

// drawCuts makes a histogram for each graph.
func drawCuts(file string, graphs []*graph) error {
	colours := []chart.Colour{chart.Sky, chart.Blue, chart.Vermilion}
	var panels []chart.Panel
	for _, g := range graphs {
		least := g.optimum
		for _, r := range g.runs {
			least = min(least, slices.Min(r.cuts))
		}
		const bins = 16
		width := 2 * max(1, (g.optimum-least+2*bins-1)/(2*bins)) // cuts of these graphs are even
		c := &chart.Chart{
			Title: fmt.Sprintf("%s, largest cut %d", strings.ToUpper(g.name), g.optimum), Width: 340, Height: 300,
			Alt: fmt.Sprintf("Histogram of the best cut of each chain on %s, up to the optimum %d.", g.name, g.optimum),
			X:   chart.Axis{Label: "best cut of a chain", Min: float64(least - width), Max: float64(g.optimum + width)},
			Y:   chart.Axis{Label: fmt.Sprintf("of %d chains", len(g.runs[0].cuts))},
		}
		for at := g.optimum; at >= least; at -= 5 * width {
			c.X.Ticks = append(c.X.Ticks, chart.Tick{At: float64(at), Label: strconv.Itoa(at)})
		}
		for i, r := range g.runs {
			counts := make([]float64, bins+1)
			for _, cut := range r.cuts {
				counts[(g.optimum-cut)/width]++
			}
			// A bin ends at the cut that it stands over; bars of several runs stand side by side.
			bar := 0.9 * float64(width) / float64(len(g.runs))
			var x0, y0, x1, y1 []float64
			for k, n := range counts {
				left := float64(g.optimum-k*width) - 0.45*float64(width) + bar*float64(i)
				x0, y0, x1, y1 = append(x0, left), append(y0, 0), append(x1, left+bar), append(y1, n)
			}
			c.Boxes(fmt.Sprintf("%d sweeps", r.sweeps), x0, y0, x1, y1).Colour = colours[i%len(colours)]
		}
		panels = append(panels, c)
	}
	return chart.Save(file, 3, panels...)
}

// drawStates draws cuts of graphs on a torus: the best, and a bad one where they
// can be told apart by eye.
func drawStates(file string, graphs []*graph) error {
	var panels []chart.Panel
	for _, g := range graphs {
		t := g.torus()
		if t == nil {
			continue
		}
		best, worst := g.extremes()
		if g.cut(best) < len(g.edges) { // else there is nothing to be seen
			panels = append(panels, drawState(t, g, best, "best chain"))
		}
		if g.positive() {
			panels = append(panels, drawState(t, g, worst, fmt.Sprintf("worst chain of %d sweeps", g.runs[len(g.runs)-1].sweeps)))
		}
	}
	return chart.Save(file, 1, panels...)
}

// boxes are rectangles, or lines from (x0, y0) to (x1, y1).
type boxes struct{ x0, y0, x1, y1 []float64 }

func (b *boxes) add(x0, y0, x1, y1 float64) {
	b.x0, b.y0, b.x1, b.y1 = append(b.x0, x0), append(b.y0, y0), append(b.x1, x1), append(b.y1, y1)
}

// drawState draws one cut on the torus laid open, and a wall between both ends of
// every edge that is lost: of weight above 0 and not cut, or below 0 and cut.
// Where all weights are above 0, every other spin is turned round, so that an area
// of one colour is a cut without loss.
func drawState(t *torus, g *graph, state []int8, which string) *chart.Chart {
	colour := make([]int8, len(state))
	for i := range state {
		r, c := t.at(i)
		colour[r*t.columns+c] = state[i]
		if g.positive() && (r+c)%2 == 1 {
			colour[r*t.columns+c] *= -1
		}
	}
	var sides [2]boxes
	for r := range t.rows {
		for c := 0; c < t.columns; {
			from, side := c, colour[r*t.columns+c]
			for c < t.columns && colour[r*t.columns+c] == side {
				c++
			}
			sides[(side+1)/2].add(float64(from), float64(r), float64(c), float64(r+1))
		}
	}
	var walls boxes
	for _, e := range g.edges {
		if !e.lost(state) {
			continue
		}
		r, c := t.at(e.i)
		rr, cc := t.at(e.j)
		// Where the torus closes, the wall is the border, below or on the right.
		if r == rr {
			x := float64(max(c, cc))
			if max(c, cc)-min(c, cc) > 1 {
				x = float64(t.columns)
			}
			walls.add(x, float64(r), x, float64(r+1))
		} else {
			y := float64(max(r, rr))
			if max(r, rr)-min(r, rr) > 1 {
				y = float64(t.rows)
			}
			walls.add(float64(c), y, float64(c+1), y)
		}
	}
	const cell = 7.0
	title := fmt.Sprintf("%s, %s: cut %d, %d of %d edges lost", strings.ToUpper(g.name), which, g.cut(state), len(walls.x0), len(g.edges))
	c := &chart.Chart{
		Title: title, Alt: title, Width: cell*float64(t.columns) + 60, Height: cell*float64(t.rows) + 90,
		X: chart.Axis{Hidden: true, Min: -0.3, Max: float64(t.columns) + 0.3},
		Y: chart.Axis{Hidden: true, Min: -0.3, Max: float64(t.rows) + 0.3, Down: true},
	}
	for i, name := range []string{"−1", "+1"} {
		b := c.Boxes(name, sides[i].x0, sides[i].y0, sides[i].x1, sides[i].y1)
		b.Colour = []chart.Colour{chart.Sky, chart.Orange}[i]
	}
	w := c.Segments("lost edge", walls.x0, walls.y0, walls.x1, walls.y1)
	w.Colour, w.Width = chart.Ink, 1.8
	return c
}
