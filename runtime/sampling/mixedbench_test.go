package sampling_test

import (
	"math/rand"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// factorModel is a model of nodes and rows of any kinds, coloured. It is for speed: what
// it samples is tested elsewhere.
type factorModel struct {
	m     sampling.Model
	edges [][2]int32
}

func newFactorModel() *factorModel {
	return &factorModel{m: sampling.Model{Rounds: 10, Beta: 1, Chains: 512,
		Format: sampling.Format{Fraction: 14, Segments: 256, ThresholdBits: 32, Accum: 32}}}
}

// add adds n nodes, spins for 2 states, and returns the first.
func (f *factorModel) add(name string, states, n int) int32 {
	kind := sampling.Spin
	if states > 2 {
		kind = sampling.Categorical
	}
	first := f.m.Nodes
	f.m.Vars = append(f.m.Vars, sampling.Var{Name: name, Kind: kind, States: states, Shape: []int{n}, First: first, Count: n})
	f.m.Nodes += n
	return int32(first)
}

func (f *factorModel) states(node int32) int {
	for _, v := range f.m.Vars {
		if int(node) < v.First+v.Count {
			return v.States
		}
	}
	panic("no such node")
}

// join adds a factor of rows, whose weights w draws.
func (f *factorModel) join(name string, rows [][]int32, w func() float64) {
	x := sampling.Factor{Name: name, Rows: len(rows)}
	size := 1
	for _, n := range rows[0] {
		k := f.states(n)
		x.Slots = append(x.Slots, sampling.Slot{States: k})
		if k > 2 {
			x.Slots[len(x.Slots)-1].Kind = sampling.Categorical
			x.Table = append(x.Table, k)
			size *= k
		}
	}
	for _, row := range rows {
		x.Index = append(x.Index, row...)
		for range size {
			x.Weights = append(x.Weights, w())
		}
		for i, a := range row {
			for _, b := range row[:i] {
				f.edges = append(f.edges, [2]int32{b, a})
			}
		}
	}
	f.m.Factors = append(f.m.Factors, x)
}

// done colours the model: blocks of one kind each.
func (f *factorModel) done() *sampling.Model {
	csr, err := graph.NewCSR(f.m.Nodes, f.edges)
	if err != nil {
		panic(err)
	}
	colours, n := graph.Colour(csr, nil)
	first := 0
	for c := range n {
		var super []sampling.Block
		for _, v := range f.m.Vars {
			b := sampling.Block{Kind: v.Kind, States: v.States, First: first}
			for i := v.First; i < v.First+v.Count; i++ {
				if int(colours[i]) == c {
					b.Nodes = append(b.Nodes, int32(i))
				}
			}
			if len(b.Nodes) > 0 {
				super = append(super, b)
				first += (len(b.Nodes) + 15) / 16 * 16
			}
		}
		f.m.Sweep = append(f.m.Sweep, super)
	}
	return &f.m
}

// lattice are the nodes of an n × n torus by row and column, from a first one on.
func lattice(first int32, n int) func(i, j int) int32 {
	return func(i, j int) int32 { return first + int32((i%n)*n+j%n) }
}

func latticePairs(at func(i, j int) int32, n int) (rows [][]int32) {
	for i := range n {
		for j := range n {
			rows = append(rows, []int32{at(i, j), at(i, j+1)}, []int32{at(i, j), at(i+1, j)})
		}
	}
	return rows
}

// BenchmarkMixed is for models with products of spins and with spins among categoricals,
// each after its nearest kin of pairs of spins.
func BenchmarkMixed(b *testing.B) {
	r := rand.New(rand.NewSource(1))
	sign := func() float64 { return float64(2*r.Intn(2) - 1) }
	const n = 20
	var plaquettes [][]int32
	at := lattice(0, n)
	for i := range n {
		for j := range n {
			plaquettes = append(plaquettes, []int32{at(i, j), at(i, j+1), at(i+1, j), at(i+1, j+1)})
		}
	}
	triples := func(spins, rows int) (x [][]int32) {
		for range rows {
			p := r.Perm(spins)
			x = append(x, []int32{int32(p[0]), int32(p[1]), int32(p[2])})
		}
		return x
	}
	models := []struct {
		name  string
		build func(f *factorModel)
	}{
		{"pairs20", func(f *factorModel) {
			f.add("s", 2, n*n)
			f.join("j", latticePairs(at, n), r.NormFloat64)
		}},
		{"plaquettes20", func(f *factorModel) {
			f.add("s", 2, n*n)
			f.join("j", latticePairs(at, n), r.NormFloat64)
			f.join("p", plaquettes, r.NormFloat64)
		}},
		{"pairs2000", func(f *factorModel) {
			f.add("s", 2, 2000)
			var rows [][]int32
			for _, x := range triples(2000, 3000) {
				rows = append(rows, x[:2])
			}
			f.join("j", rows, sign)
		}},
		{"xor2000", func(f *factorModel) { // 3-XORSAT, three clauses a spin
			f.add("s", 2, 2000)
			f.join("c", triples(2000, 2000), sign)
		}},
		{"sat2000", func(f *factorModel) { // 3-SAT, 4.2 clauses a spin, as its polynomial
			f.add("s", 2, 2000)
			rows := triples(2000, 8400)
			var pairs, ones [][]int32
			for _, x := range rows {
				pairs = append(pairs, x[:2], x[1:], []int32{x[0], x[2]})
				ones = append(ones, x[:1], x[1:2], x[2:])
			}
			weight := func() float64 { return sign() / 8 }
			f.join("c", rows, weight)
			f.join("d", pairs, weight)
			f.join("e", ones, weight)
		}},
		{"ising-potts20", func(f *factorModel) {
			s, x := lattice(f.add("s", 2, n*n), n), lattice(f.add("x", 5, n*n), n)
			f.join("ss", latticePairs(s, n), r.NormFloat64)
			f.join("xx", latticePairs(x, n), r.NormFloat64)
			var rows, more [][]int32
			for i := range n {
				for j := range n {
					rows = append(rows, []int32{s(i, j), x(i, j)})
					more = append(more, []int32{s(i, j), s(i, j+1), x(i, j)})
				}
			}
			f.join("sx", rows, r.NormFloat64)
			f.join("ssx", more, r.NormFloat64)
		}},
		{"potts20", func(f *factorModel) {
			f.add("x", 5, n*n)
			f.join("xx", latticePairs(at, n), r.NormFloat64)
		}},
		{"potts10x10x10", func(f *factorModel) {
			f.add("x", 5, 1000)
			var rows [][]int32
			for i := range 1000 {
				x, y, z := i/100, i/10%10, i%10
				for _, to := range []int{(x+1)%10*100 + 10*y + z, 100*x + (y+1)%10*10 + z, 100*x + 10*y + (z+1)%10} {
					rows = append(rows, []int32{int32(i), int32(to)})
				}
			}
			f.join("xx", rows, r.NormFloat64)
		}},
	}
	for _, x := range models {
		f := newFactorModel()
		x.build(f)
		m := f.done()
		for _, k := range []vector.Kernel{vector.AVX512, vector.AVX2, vector.Portable} {
			b.Run(x.name+"/"+k.String(), func(b *testing.B) { benchmarkKernel(b, m, 512, 1, k) })
		}
	}
}
