// Package randmodel draws small random models for tests that compare samplers
// bit for bit.
package randmodel

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// Rand is the source of model number n; the same on every machine.
func Rand(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 0x7468726d6c67656e)) }

// Graph draws a model: up to a few dozen nodes of mixed kinds, factors of order
// one to four, degrees from 0 to 40, weights from none to frozen, clamps, user
// blocks, starts and formats.
func Graph(r *rand.Rand) *graph.Graph {
	g := &graph.Graph{
		Model: "random", Beta: []float64{1, 1, 0.3, 2.5, 0}[r.IntN(5)],
		Sample: graph.Sample{Chains: 4, Warmup: 3, Samples: 4, StepsPerSample: 2, Seed: r.Uint64()},
		Format: graph.Format{Profile: "default"},
	}
	for v := range 1 + r.IntN(3) {
		addVariable(g, r, v)
	}
	signs := r.IntN(6) == 0 // ±1 only, as in max-cut
	for f := range r.IntN(5) {
		addFactor(g, r, f, signs)
	}
	if !signs && r.IntN(3) == 0 {
		hub(g, r)
	}
	colour(g, r)
	if r.IntN(3) == 0 {
		clamp(g, r)
	}
	format(g, r)
	if r.IntN(5) == 0 {
		for range g.Sample.Warmup {
			g.Betas = append(g.Betas, r.Float64()*2)
		}
		g.Beta = g.Betas[len(g.Betas)-1]
	}
	return g
}

// Hardware draws a model as Graph does, with a number format of hardware: a generator,
// a rule of choice, few or many fractional bits, and sometimes an interleave.
func Hardware(r *rand.Rand) *graph.Graph {
	g := Graph(r)
	wide := 1.0
	g.Format = graph.Format{Budget: &wide}
	fraction := []int{0, 3, 6, 10, 14}[r.IntN(5)]
	g.Format.Fraction = &fraction
	g.Format.RNG = []string{"", "lfl128", "xoshiro128pp", "lfl128"}[r.IntN(4)]
	g.Format.Choice = []string{"noise", "", "threshold", "noise"}[r.IntN(4)]
	if g.Format.RNG == "" {
		g.Format.Choice = "noise"
	} else if r.IntN(2) == 0 {
		k := len(g.Blocks) + r.IntN(12) + 80*r.IntN(2)
		g.Format.Interleave = &k
	}
	if bits := 1 + r.IntN(16); g.Format.Choice == "threshold" {
		g.Format.ThresholdBits = &bits
	}
	if g.Format.Choice != "threshold" {
		for i := range g.Betas {
			g.Betas[i] += 0.05 // noise needs a β above 0
		}
		if g.Beta += 0.05; len(g.Betas) > 0 {
			g.Beta = g.Betas[len(g.Betas)-1]
		}
	}
	return g
}

func addVariable(g *graph.Graph, r *rand.Rand, v int) {
	x := graph.Variable{Name: fmt.Sprintf("v%d", v), Kind: graph.Spin, States: 2, First: g.Nodes, Count: 1 + r.IntN(20)}
	if r.IntN(3) == 0 {
		x.Kind, x.States = graph.Categorical, []int{2, 3, 5, 7, 33, 300}[r.IntN(6)]
		if x.States > 10 {
			x.Count = 1 + r.IntN(4)
		}
	}
	x.Shape = []int{x.Count}
	g.Nodes += x.Count
	g.Vars = append(g.Vars, x)
	g.Init = append(g.Init, graph.Init{Kind: graph.InitKind(r.IntN(3))})
}

// nodeKind is the slot that a node fills.
func nodeKind(g *graph.Graph, n int) graph.Slot {
	for v, x := range g.Vars {
		if n < x.First+x.Count {
			return graph.Slot{Var: v, Kind: x.Kind, States: x.States}
		}
	}
	panic("randmodel: no such node")
}

func addFactor(g *graph.Graph, r *rand.Rand, id int, signs bool) {
	f := graph.Factor{Name: fmt.Sprintf("f%d", id), Shared: r.IntN(3) == 0, Runtime: r.IntN(4) == 0}
	order := 1 + r.IntN(4)
	size := 1
	for range order {
		s := nodeKind(g, r.IntN(g.Nodes))
		if s.Kind == graph.Categorical && size*s.States > 3000 {
			continue
		}
		f.Slots = append(f.Slots, s)
		if s.Kind == graph.Categorical {
			f.Table = append(f.Table, s.States)
			size *= s.States
		}
	}
	for range 1 + r.IntN(25) {
		var row []int32
		for _, s := range f.Slots {
			x := g.Vars[s.Var]
			row = append(row, int32(x.First+r.IntN(x.Count)))
		}
		if distinct(row) {
			f.Index = append(f.Index, row...)
			f.Rows++
		}
	}
	if f.Rows == 0 {
		return
	}
	n := size
	if !f.Shared {
		n *= f.Rows
	}
	scale := []float64{1, 0.3, 6, 0.01}[r.IntN(4)]
	for range n {
		w := r.NormFloat64() * scale
		switch r.IntN(8) {
		case 0:
			w = 0
		case 1:
			w = math.RoundToEven(w * 2)
		}
		if signs {
			w = math.Copysign(1, w)
		}
		f.Weights = append(f.Weights, w)
	}
	g.Factors = append(g.Factors, f)
}

func distinct(row []int32) bool {
	for i, a := range row {
		for _, b := range row[:i] {
			if a == b {
				return false
			}
		}
	}
	return true
}

// hub joins the first spin with 8 to 40 new ones, so that kernels of every
// number of groups are met.
func hub(g *graph.Graph, r *rand.Rand) {
	x := graph.Variable{Name: "hub", Kind: graph.Spin, States: 2, First: g.Nodes, Count: 9 + r.IntN(32)}
	x.Shape = []int{x.Count}
	g.Nodes += x.Count
	g.Vars = append(g.Vars, x)
	g.Init = append(g.Init, graph.Init{})
	s := graph.Slot{Var: len(g.Vars) - 1, Kind: graph.Spin, States: 2}
	f := graph.Factor{Name: "hub", Slots: []graph.Slot{s, s}}
	for i := 1; i < x.Count; i++ {
		f.Index = append(f.Index, int32(x.First), int32(x.First+i))
		f.Weights = append(f.Weights, r.NormFloat64()/3)
		f.Rows++
	}
	g.Factors = append(g.Factors, f)
}

// colour finds blocks, sometimes shuffled, sometimes one synchronous block.
func colour(g *graph.Graph, r *rand.Rand) {
	var edges [][2]int32
	for _, f := range g.Factors {
		k := len(f.Slots)
		for row := range f.Rows {
			nodes := f.Index[row*k : row*k+k]
			for i, a := range nodes {
				for _, b := range nodes[:i] {
					edges = append(edges, [2]int32{a, b})
				}
			}
		}
	}
	csr, err := graph.NewCSR(g.Nodes, edges)
	if err != nil {
		panic(err)
	}
	colours, n := graph.Colour(csr, nil)
	if r.IntN(8) == 0 {
		g.Synchronous = true
		clear(colours)
		n = 1
	}
	for c := range n {
		var b graph.Block
		for i, x := range colours {
			if int(x) == c {
				b.Nodes = append(b.Nodes, int32(i))
			}
		}
		r.Shuffle(len(b.Nodes), func(i, j int) { b.Nodes[i], b.Nodes[j] = b.Nodes[j], b.Nodes[i] })
		g.Blocks = append(g.Blocks, []graph.Block{b})
	}
}

func clamp(g *graph.Graph, r *rand.Rand) {
	var c graph.Clamp
	for n := range g.Nodes {
		if r.IntN(5) == 0 {
			c.Nodes = append(c.Nodes, int32(n))
			if s := nodeKind(g, n); s.Kind == graph.Spin {
				c.Values = append(c.Values, int32(2*r.IntN(2)-1))
			} else {
				c.Values = append(c.Values, int32(r.IntN(s.States)))
			}
		}
	}
	if len(c.Nodes) > 0 {
		g.Clamps = append(g.Clamps, c)
	}
}

// format is sometimes another than the default.
func format(g *graph.Graph, r *rand.Rand) {
	set := func(p **int, v int) { *p = &v }
	wide := 1.0 // any error will do
	switch r.IntN(6) {
	case 0:
		g.Format.Profile = "fast"
	case 1:
		g.Format.Profile, g.Format.Budget = "", &wide
		set(&g.Format.ThresholdBits, 1+r.IntN(16))
		set(&g.Format.Fraction, r.IntN(20))
	case 2:
		g.Format.Profile, g.Format.Budget = "", &wide
		set(&g.Format.Fraction, r.IntN(6)) // ties
	case 3:
		g.Format.Profile, g.Format.Budget = "", &wide
		set(&g.Format.Fraction, 30) // often 64 bits
	case 4:
		g.Format.RNG = []string{"philox7", "ars5"}[r.IntN(2)]
		if r.IntN(2) == 0 {
			set(&g.Format.Group, 1+r.IntN(8))
		}
	}
}
