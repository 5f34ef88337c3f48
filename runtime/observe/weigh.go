package observe

import "github.com/thrmlgen/thrmlgen/runtime/sampling"

// weightSource is a view whose weights may differ from the model's.
type weightSource interface {
	Weights(factor string) []float64
}

// weightsOf are the weights of every factor as the view has them now.
func weightsOf(v ChainView) [][]float64 {
	m := v.Model()
	weights := make([][]float64, len(m.Factors))
	source, changing := v.(weightSource)
	for i, f := range m.Factors {
		weights[i] = f.Weights
		if changing && f.Runtime {
			weights[i] = source.Weights(f.Name)
		}
	}
	return weights
}

// A weigher sums the energies of all chains fast: eight rows of spins at a time,
// from tables of the sums of four. The order of summation is its own, so that the
// result differs from ChainView.Energies by rounding; it depends on the state
// alone.
type weigher struct {
	*stateLayout
	weights [][]float64
	tables  [][][2][16]float64 // of each factor of spins, eight rows each
	sum     []float64          // word by word; inside a word chain 8b+j is at 8j+b
	index   []int32
}

func newWeigher(l *stateLayout, weights [][]float64) *weigher {
	g := &weigher{stateLayout: l, weights: weights, tables: make([][][2][16]float64, len(l.model.Factors)),
		sum: make([]float64, 64*l.words), index: make([]int32, l.chains)}
	for i := range l.model.Factors {
		f := &l.model.Factors[i]
		if len(f.Table) > 0 {
			continue
		}
		g.tables[i] = make([][2][16]float64, (f.Rows+7)/8)
		for r := range f.Rows {
			w := weights[i][0]
			if !f.Shared {
				w = weights[i][r]
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

// weigh fills h with H of each chain at β = 1.
func (g *weigher) weigh(state snapshot, h []float64) {
	clear(g.sum)
	clear(h)
	for i := range g.model.Factors {
		f := &g.model.Factors[i]
		if len(f.Table) > 0 {
			g.addTables(state, f, g.weights[i], h)
		} else {
			g.addSpins(state, f, g.tables[i])
		}
	}
	for c := range h {
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
			transposeBytes(&product)
			sum := (*[64]float64)(g.sum[64*w:])
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
		clear(g.index)
		nodes := f.Index[r*k : r*k+k]
		for i, sl := range f.Slots {
			if sl.Kind == sampling.Categorical {
				for c, v := range state.category(int(nodes[i])) {
					g.index[c] = g.index[c]*int32(sl.States) + int32(v)
				}
			}
		}
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
