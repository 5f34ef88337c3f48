package sampling_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/pass/passtest"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// mixedGraph is a model of spins and up to three kinds of categoricals with factors of one
// to five nodes, superblocks of several kinds, and clamps: few neighbours, or more than
// any kernel takes.
func mixedGraph(r *rand.Rand) *graph.Graph {
	b := passtest.New()
	g := &b.G
	nodes := b.Spins("s", 5+r.IntN(30))
	pool := [][]int32{nodes}
	for v := range r.IntN(4) {
		k := []int{2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33, 130, 300}[r.IntN(13)]
		pool = append(pool, b.Categoricals(string(rune('a'+v)), k, 1+r.IntN(12)))
	}
	kind, scale := r.IntN(3), math.Exp2(float64(r.IntN(6)-4))
	weight := func() float64 {
		switch kind {
		case 0:
			return scale * r.NormFloat64()
		case 1:
			return float64(2*r.IntN(2)-1) / 2
		}
		return scale * float64(r.IntN(5)-2)
	}
	for range 1 + r.IntN(6) {
		var kinds []int // of the nodes of a row
		size := 1
		for range 1 + r.IntN(5) {
			k := 0
			if r.IntN(5) < 2 {
				k = r.IntN(len(pool))
			}
			if k > 0 && size*statesOf(g, pool[k][0]) > 2000 {
				continue
			}
			kinds = append(kinds, k)
			if k > 0 {
				size *= statesOf(g, pool[k][0])
			}
		}
		var rows [][]int32
		for range 1 + r.IntN(20)*(1+r.IntN(3)) {
			var row []int32
			for _, k := range kinds {
				row = append(row, pool[k][r.IntN(len(pool[k]))])
			}
			if sorted := slices.Sorted(slices.Values(row)); len(slices.Compact(sorted)) == len(row) {
				rows = append(rows, row)
			}
		}
		if len(kinds) == 0 || len(rows) == 0 {
			continue
		}
		var weights []float64
		for range size * len(rows) {
			weights = append(weights, weight())
		}
		b.Factor(rows, weights...)
		if len(kinds) == 3 && r.IntN(2) == 0 { // the pairs of a clause too
			var pairs [][]int32
			for _, x := range rows {
				pairs = append(pairs, x[:2])
			}
			size := b.G.Factors[len(b.G.Factors)-1].Table
			n := len(pairs)
			for i, k := 0, 0; i < 2; i++ {
				if kinds[i] > 0 {
					n *= size[k]
					k++
				}
			}
			weights = nil
			for range n {
				weights = append(weights, weight())
			}
			b.Factor(pairs, weights...)
		}
	}
	superblocks(b, r)
	for n := range int32(g.Nodes) {
		if r.IntN(12) == 0 {
			v := int32(2*r.IntN(2) - 1)
			if k := statesOf(g, n); n >= int32(len(nodes)) {
				v = int32(r.IntN(k))
			}
			b.Clamp([]int32{n}, v)
		}
	}
	g.Beta = []float64{1, 0.3, 3, 0}[r.IntN(4)]
	g.Sample.Seed = r.Uint64()
	wide := 1.0
	g.Format.RNG = []string{"", "philox7", "ars5"}[r.IntN(3)]
	if r.IntN(2) == 0 {
		bits := 1 + r.IntN(16)
		g.Format.ThresholdBits, g.Format.Budget = &bits, &wide
	}
	if r.IntN(3) == 0 {
		fraction := r.IntN(12)
		g.Format.Fraction, g.Format.Budget = &fraction, &wide
	}
	if r.IntN(4) == 0 {
		group := 2 + r.IntN(7)
		g.Format.Group, g.Format.Budget = &group, &wide
	}
	return g
}

func statesOf(g *graph.Graph, n int32) int {
	for _, v := range g.Vars {
		if int(n) < v.First+v.Count {
			return v.States
		}
	}
	panic("no such node")
}

// superblocks colours a model, or updates all at once; a colour is a block for each kind.
func superblocks(b *passtest.Builder, r *rand.Rand) {
	g := &b.G
	b.Colour()
	colours := g.Blocks
	g.Blocks = nil
	if r.IntN(8) == 0 {
		g.Synchronous = true
		for _, c := range colours[1:] {
			colours[0][0].Nodes = append(colours[0][0].Nodes, c[0].Nodes...)
		}
		colours = colours[:1]
	}
	for _, c := range colours {
		var blocks [][]int32
		for _, v := range g.Vars {
			var nodes []int32
			for _, n := range c[0].Nodes {
				if int(n) >= v.First && int(n) < v.First+v.Count {
					nodes = append(nodes, n)
				}
			}
			if nodes != nil {
				blocks = append(blocks, nodes)
			}
		}
		b.Superblock(blocks...)
	}
}

// TestMixedKernelsStayWithTheirModel changes everything that may change at run time.
func TestMixedKernelsStayWithTheirModel(t *testing.T) {
	eachKernel(t, func(t *testing.T, k vector.Kernel) {
		staysWithItsModel(t, k, modelCount(t, 12, 6), func(r *rand.Rand, n int) (*ir.Program, int) {
			for {
				g := mixedGraph(r)
				fraction := r.IntN(14)
				wide := 1.0
				g.Format.Fraction, g.Format.Budget = &fraction, &wide
				if p, problems := pass.Lower(g); problems.Err() == nil && len(p.Factors) > 0 {
					return p, 65 + 20*n
				}
			}
		})
	})
}

// TestMixedLaw compares the distribution of two spins and a categorical of a model of
// products and tables with that of all its states: 8,192 chains with 12 draws 4 sweeps
// apart. Neither replays words nor knows tables. A probability is off by 0.0016 (one sigma
// at most); 12 of them stay below 6 sigma of independent draws times 1.5 for what
// correlation is left but for a chance of 10^-7, and a bias of 0.015 is found.
func TestMixedLaw(t *testing.T) {
	eachKernel(t, func(t *testing.T, k vector.Kernel) {
		const chains, draws = 8192, 12
		r := rand.New(rand.NewPCG(5, 8))
		b := passtest.New()
		s, x := b.Spins("s", 5), b.Categoricals("x", 3, 3)
		rows := [][][]int32{
			{{s[0], s[1], s[2]}, {s[1], s[2], s[3], s[4]}}, {{s[0], s[4]}, {s[0], s[3]}},
			{{s[0], x[0]}, {s[1], x[1]}, {s[4], x[2]}}, {{s[0], s[2], x[1]}, {s[3], s[1], x[0]}},
			{{x[0], x[1]}, {x[1], x[2]}, {x[0], x[2]}}, {{s[2], x[0], x[2]}},
		}
		for _, rows := range rows {
			for _, row := range rows { // of one order each
				size := 1
				for _, n := range row {
					if n >= x[0] {
						size *= 3
					}
				}
				var w []float64
				for range size {
					w = append(w, 0.5*r.NormFloat64())
				}
				b.Factor([][]int32{row}, w...)
			}
		}
		b.Colour()
		p, problems := pass.Lower(&b.G)
		if err := problems.Err(); err != nil {
			t.Fatal(err)
		}
		var exact, got [12]float64
		z := 0.0
		place := func(v []int32) int { return int(v[0]+1)/2 + int(v[1]+1) + 4*int(v[5]) }
		for n := range 32 * 27 {
			v := make([]int32, 8)
			for i := range 5 {
				v[i] = int32(n>>i&1*2 - 1)
			}
			v[5], v[6], v[7] = int32(n/32%3), int32(n/96%3), int32(n/288)
			e := 0.0
			for _, f := range p.Factors {
				at, sign := 0, 1.0
				for _, node := range f.Index {
					if node >= x[0] {
						at = 3*at + int(v[node])
					} else {
						sign *= float64(v[node])
					}
				}
				e += sign * f.Weights[at]
			}
			z += math.Exp(e)
			exact[place(v)] += math.Exp(e)
		}
		sampler, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: chains, Seed: 5, Kernel: k})
		if err != nil {
			t.Fatal(err)
		}
		sampler.Sweeps(100)
		for range draws {
			sampler.Sweeps(4)
			for c := range chains {
				got[place(sampler.State(c, nil))]++
			}
		}
		for i := range exact {
			want, have := exact[i]/z, got[i]/(chains*draws)
			if sigma := 1.5 * math.Sqrt(want*(1-want)/(chains*draws)); math.Abs(have-want) > 6*sigma {
				t.Errorf("probability %d is %.5f, exactly %.5f (sigma %.5f)", i, have, want, sigma)
			}
		}
	})
}
