package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// A graph is a file of the G-set: the numbers of nodes and edges, then both ends
// (counted from 1) and the weight of each edge.
type graph struct {
	name    string
	nodes   int
	edges   []edge
	optimum int
	runs    []*run
}

type edge struct{ i, j, weight int }

// A run is a result of `thrmlgen run`: the best state of each chain, and its cut.
type run struct {
	sweeps int
	states [][]int8
	cuts   []int
}

func readGraph(file string) (*graph, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	g := &graph{name: strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))}
	in := bufio.NewReader(bytes.NewReader(raw))
	var edges int
	if _, err := fmt.Fscan(in, &g.nodes, &edges); err != nil {
		return nil, err
	}
	for range edges {
		var e edge
		if _, err := fmt.Fscan(in, &e.i, &e.j, &e.weight); err != nil {
			return nil, err
		}
		e.i, e.j = e.i-1, e.j-1
		if min(e.i, e.j) < 0 || max(e.i, e.j) >= g.nodes {
			return nil, fmt.Errorf("edge %d–%d is outside of 1 to %d", e.i+1, e.j+1, g.nodes)
		}
		g.edges = append(g.edges, e)
	}
	return g, nil
}

func readRun(file string, g *graph) (*run, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	z, err := npy.OpenNPZ(raw)
	if err != nil {
		return nil, err
	}
	best, err := z.Get("best/s")
	if err != nil {
		return nil, err
	}
	spins, err := best.Int8s()
	if err != nil {
		return nil, err
	}
	if len(best.Shape) != 2 || best.Shape[1] != g.nodes {
		return nil, fmt.Errorf("best states of shape %v are not of %s", best.Shape, g.name)
	}
	meta, err := z.Get("meta")
	if err != nil {
		return nil, err
	}
	text, err := meta.Uint8s()
	if err != nil {
		return nil, err
	}
	var m struct{ Sweep int }
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, err
	}
	r := &run{sweeps: m.Sweep}
	for c := range best.Shape[0] {
		state := spins[c*g.nodes : (c+1)*g.nodes]
		r.states = append(r.states, state)
		r.cuts = append(r.cuts, g.cut(state))
	}
	return r, nil
}

// cut is the weight of the edges between both sides.
func (g *graph) cut(state []int8) int {
	sum := 0
	for _, e := range g.edges {
		if state[e.i] != state[e.j] {
			sum += e.weight
		}
	}
	return sum
}

// lost says that the edge would have been better the other way.
func (e edge) lost(state []int8) bool { return (e.weight > 0) == (state[e.i] == state[e.j]) }

// extremes are the best state of all runs and the worst of the last.
func (g *graph) extremes() (best, worst []int8) {
	for _, r := range g.runs {
		worst = nil
		for c, cut := range r.cuts {
			if best == nil || cut > g.cut(best) {
				best = r.states[c]
			}
			if worst == nil || cut < g.cut(worst) {
				worst = r.states[c]
			}
		}
	}
	return best, worst
}

// positive says that all weights are.
func (g *graph) positive() bool {
	for _, e := range g.edges {
		if e.weight <= 0 {
			return false
		}
	}
	return true
}

// A torus is where the nodes of a graph are, rows along the shorter side.
type torus struct {
	rows, columns int
	at            func(i int) (row, column int)
}

// torus finds the shape of a graph whose nodes are numbered along the rows of a
// torus; nil if it is none.
func (g *graph) torus() *torus {
	for width := 3; width*3 <= g.nodes; width++ {
		if g.nodes%width != 0 || !g.isTorus(width) {
			continue
		}
		along := func(i int) (int, int) { return i / width, i % width }
		height := g.nodes / width
		if width >= height {
			return &torus{height, width, along}
		}
		return &torus{width, height, func(i int) (int, int) { c, r := along(i); return r, c }}
	}
	return nil
}

// isTorus says that every edge joins neighbours on a torus with rows of width.
func (g *graph) isTorus(width int) bool {
	for _, e := range g.edges {
		dr := (e.i/width - e.j/width + g.nodes/width) % (g.nodes / width)
		dc := (e.i%width - e.j%width + width) % width
		row := dr == 0 && (dc == 1 || dc == width-1)
		column := dc == 0 && (dr == 1 || dr == g.nodes/width-1)
		if !row && !column {
			return false
		}
	}
	return len(g.edges) == 2*g.nodes
}
