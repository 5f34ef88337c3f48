package observe

import (
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// weightSource is a view whose weights and parameters may differ from the model's.
type weightSource interface {
	Weights(factor string) []float64
	Codes() []sampling.CodeFactor
}

// energyTerms are what the energy is made of: weights by factor, and code factors.
type energyTerms struct {
	weights [][]float64
	codes   []sampling.CodeFactor
}

// termsOf are those that the view has now.
func termsOf(v ChainView) energyTerms {
	m := v.Model()
	t := energyTerms{make([][]float64, len(m.Factors)), m.Codes}
	source, changing := v.(weightSource)
	for i, f := range m.Factors {
		t.weights[i] = f.Weights
		if changing && f.Runtime {
			t.weights[i] = source.Weights(f.Name)
		}
	}
	if changing {
		t.codes = source.Codes()
	}
	return t
}

// A weigher sums the energies of all chains fast: eight rows of spins at a time,
// from tables of the sums of four. The order of summation is its own, and constants
// are left out, so that but for them the result differs from ChainView.Energies by
// rounding; it depends on the state alone.
type weigher struct {
	*stateLayout
	energyTerms
	tables [][][2][16]float64 // of each factor of spins, eight rows each
	sum    []float64          // word by word; inside a word chain 8b+j is at 8j+b
	index  []int32
	term   []float64 // one row, by chain
}

func newWeigher(l *stateLayout, terms energyTerms) *weigher {
	g := &weigher{stateLayout: l, energyTerms: terms, tables: make([][][2][16]float64, len(l.model.Factors)),
		sum: make([]float64, 64*l.words), index: make([]int32, l.chains), term: make([]float64, l.chains)}
	for i := range l.model.Factors {
		f := &l.model.Factors[i]
		if !onlySpins(f) {
			continue
		}
		g.tables[i] = make([][2][16]float64, (f.Rows+7)/8)
		for r := range f.Rows {
			w := terms.weights[i][0]
			if !f.Shared {
				w = terms.weights[i][r]
			}
			t := &g.tables[i][r/8][r%8/4]
			for pattern := range t {
				if pattern>>(r%4)&1 != 0 {
					t[pattern] -= w
				} else {
					t[pattern] += w
				}
			}
		}
	}
	return g
}

// onlySpins says whether a factor's rows are products of spins.
func onlySpins(f *sampling.Factor) bool {
	for _, s := range f.Slots {
		if s.Kind != sampling.Spin {
			return false
		}
	}
	return len(f.Slots) > 0
}

// hasContinuous says whether a factor has continuous slots.
func hasContinuous(f *sampling.Factor) bool {
	for _, s := range f.Slots {
		if s.Kind == sampling.Continuous {
			return true
		}
	}
	return false
}

// weigh fills h with H of each chain at β = 1.
func (g *weigher) weigh(state snapshot, h []float64) {
	clear(g.sum)
	clear(h)
	for i := range g.model.Factors {
		f := &g.model.Factors[i]
		switch {
		case onlySpins(f):
			g.addSpins(state, f, g.tables[i])
		case hasContinuous(f):
			g.addFloats(state, f, g.weights[i], h)
		case len(f.Slots) > 0:
			g.addTables(state, f, g.weights[i], h)
		}
	}
	for c := range h {
		if len(g.codes) > 0 {
			h[c] = sampling.AddCodes(g.codes, h[c], func(node int32) int32 { return state.value(int(node), c) })
		}
		h[c] += g.sum[c&^63+c%8*8+c%64/8]
	}
}

// addSpins adds the rows of a factor of spins.
func (g *weigher) addSpins(state snapshot, f *sampling.Factor, tables [][2][16]float64) {
	k := len(f.Slots)
	for at := range tables {
		low, high := &tables[at][0], &tables[at][1]
		index := f.Index[8*at*k : min(8*at+8, f.Rows)*k]
		for w := range g.words {
			var product [8]uint64
			for i := 0; i < len(index); i += k {
				x := state.bits[int(g.row[index[i]])*g.words+w]
				for _, n := range index[i+1 : i+k] {
					x = ^(x ^ state.bits[int(g.row[n])*g.words+w])
				}
				product[i/k&7] = x
			}
			transposeOctets(&product)
			sum := (*[64]float64)(g.sum[64*w:])
			if g.kernel == vector.AVX512 {
				vector.AddOctets512(sum, &product, &tables[at])
				continue
			}
			for j, x := range product {
				for b := range 8 {
					sum[(8*j+b)&63] += low[x&15] + high[x>>4&15]
					x >>= 8
				}
			}
		}
	}
}

// addTables adds the rows of a factor with categoricals.
func (g *weigher) addTables(state snapshot, f *sampling.Factor, weights, h []float64) {
	k, size := len(f.Slots), f.TableSize()
	for r := range f.Rows {
		table := weights
		if !f.Shared {
			table = weights[r*size : (r+1)*size]
		}
		nodes := f.Index[r*k : r*k+k]
		state.entries(f, nodes, g.index)
		for w := range g.words {
			plus := ^uint64(0)
			for i, sl := range f.Slots {
				if sl.Kind == sampling.Spin {
					plus = ^(plus ^ state.spin(int(nodes[i]))[w])
				}
			}
			for c := 64 * w; c < min(64*w+64, len(h)); c++ {
				x := table[g.index[c]]
				if plus&1 != 0 {
					x = -x
				}
				h[c] += x
				plus >>= 1
			}
		}
	}
}

// addFloats adds the rows of a factor with continuous slots.
func (g *weigher) addFloats(state snapshot, f *sampling.Factor, weights, h []float64) {
	k, size := len(f.Slots), f.TableSize()
	for r := range f.Rows {
		table := weights
		if !f.Shared {
			table = weights[r*size : (r+1)*size]
		}
		nodes := f.Index[r*k : r*k+k]
		if size > 1 {
			state.entries(f, nodes, g.index)
			for c, at := range g.index {
				g.term[c] = table[at]
			}
		} else {
			for c := range g.term {
				g.term[c] = table[0]
			}
		}
		state.multiply(f, nodes, g.term)
		for c, x := range g.term {
			h[c] -= x
		}
	}
}

// entries fills at with the table entry that a row of these nodes picks in each
// chain.
func (s snapshot) entries(f *sampling.Factor, nodes []int32, at []int32) {
	clear(at)
	for i, sl := range f.Slots {
		if sl.Kind == sampling.Categorical {
			for c, v := range s.category(int(nodes[i])) {
				at[c] = at[c]*int32(sl.States) + int32(v)
			}
		}
	}
}

// product sets x of each chain to the product of the spins and the continuous
// values, one at least, of a row of these nodes.
func (s snapshot) product(f *sampling.Factor, nodes []int32, x []float64) {
	if s.kernelProduct(f, nodes, x) {
		return
	}
	first := true
	for i, sl := range f.Slots {
		if sl.Kind != sampling.Continuous {
			continue
		}
		values := s.float(int(nodes[i]))[:len(x)]
		for range sl.Power {
			if first {
				first = false
				for c, v := range values {
					x[c] = float64(v)
				}
				continue
			}
			for c, v := range values {
				x[c] *= float64(v)
			}
		}
	}
	s.multiplySpins(f, nodes, x)
}

// multiply multiplies x of each chain by the spins and the continuous values of a
// row of these nodes.
func (s snapshot) multiply(f *sampling.Factor, nodes []int32, x []float64) {
	s.multiplySpins(f, nodes, x)
	for i, sl := range f.Slots {
		if sl.Kind != sampling.Continuous {
			continue
		}
		values := s.float(int(nodes[i]))
		for range sl.Power {
			for c, v := range values[:len(x)] {
				x[c] *= float64(v)
			}
		}
	}
}

func (s snapshot) multiplySpins(f *sampling.Factor, nodes []int32, x []float64) {
	for i, sl := range f.Slots {
		if sl.Kind != sampling.Spin {
			continue
		}
		for w, plus := range s.spin(int(nodes[i])) {
			for c := 64 * w; c < min(64*w+64, len(x)); c++ {
				x[c] = math.Float64frombits(math.Float64bits(x[c]) ^ ^plus<<63)
				plus >>= 1
			}
		}
	}
}
