package sampling

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Dense forces of joint moves: where most nodes of a block stand in rows of two with most
// others, what their slopes have of these rows is a matrix times the state.

// leastDense is the least number of nodes of a dense block.
const leastDense = 16

// densePlan is the matrix of a block.
type densePlan struct {
	place  []int32 // of nodes in the block, -1: not there
	pairs  [][]densePair
	alone  bool      // there are neither other terms nor code
	start  []float32 // the constants of the nodes, padded
	matrix []float32 // four rows after four, padded with zeros; of these the four numbers of each column
}

// densePair is a row of two seen from one of its nodes.
type densePair struct {
	factor, at int32 // its weight
	column     int32
}

// denseOf is the matrix of a block, without numbers; nil: the block is not dense.
func (s *Sampler) denseOf(b *Block, nt *nodeTerms) *densePlan {
	n := len(b.Nodes)
	if b.Joint == nil || n < leastDense {
		return nil
	}
	d := &densePlan{place: make([]int32, s.model.Nodes), pairs: make([][]densePair, n)}
	for i := range d.place {
		d.place[i] = -1
	}
	for i, node := range b.Nodes {
		d.place[node] = int32(i)
	}
	pairs := 0
	for _, node := range b.Nodes {
		for t := nt.start[node]; t < nt.start[node+1]; t++ {
			f := &s.model.Factors[nt.factor[t]]
			if f.Slots[nt.slot[t]].Power == 2 && len(f.Slots) > 1 {
				return nil
			}
			if d.column(s.model, int(nt.factor[t]), int(nt.row[t]), int(nt.slot[t])) >= 0 {
				pairs++
			}
		}
	}
	if 2*pairs < n*(n-1) {
		return nil
	}
	return d
}

// column is the place of the other node of a row of two of the block's nodes, -1 if the row
// is none.
func (d *densePlan) column(m *Model, fi, r, self int) int32 {
	f := &m.Factors[fi]
	if len(f.Slots) != 2 {
		return -1
	}
	for _, slot := range f.Slots {
		if slot.Kind != Continuous || slot.Power != 1 {
			return -1
		}
	}
	return d.place[f.Index[2*r+1-self]]
}

// take keeps a row of node i if it is one of two nodes of the block.
func (d *densePlan) take(m *Model, i, fi, r, self int) bool {
	if d == nil {
		return false
	}
	column := d.column(m, fi, r, self)
	if column < 0 {
		return false
	}
	p := densePair{factor: int32(fi), column: column}
	if !m.Factors[fi].Shared {
		p.at = int32(r)
	}
	d.pairs[i] = append(d.pairs[i], p)
	return true
}

// fillDense makes the matrices of dense blocks, after prepareFloats.
func (s *Sampler) fillDense() {
	for _, super := range s.blocks {
		if b := super[0]; b.dense != nil {
			b.dense.fill(s, b.float.nodes)
		}
	}
}

// fill makes the matrix from the weights at hand.
func (d *densePlan) fill(s *Sampler, nodes []floatNode) {
	n := len(nodes)
	d.alone = !slices.ContainsFunc(nodes, func(x floatNode) bool { return len(x.linear)+len(x.codes) > 0 })
	d.matrix = append(d.matrix[:0], make([]float32, (n+3)/4*4*n)...)
	d.start = make([]float32, (n+3)/4*4)
	row := make([]float64, n)
	for i := range nodes {
		d.start[i] = nodes[i].constant[0]
		clear(row)
		for _, p := range d.pairs[i] {
			row[p.column] += -s.weights[p.factor][p.at]
		}
		for j, v := range row {
			*d.at(i, j, n) = float32(v)
		}
		*d.at(i, i, n) = float32(2 * float32(nodes[i].a))
	}
}

// at is an entry of the matrix.
func (d *densePlan) at(i, j, n int) *float32 { return &d.matrix[(i/4*n+j)*4+i%4] }

// multiply adds to rows of sum, which are padded, rows first to last of the matrix times
// those of x; first is a multiple of 4.
func (d *densePlan) multiply(kernel vector.Kernel, sum, x [][64]float32, first, last int) {
	n := len(x)
	most := max(1, vector.MostDense/n) // panels of four rows
	for from := first; from < last; from += 4 * most {
		panels := min(most, (last-from+3)/4)
		switch kernel {
		case vector.AVX512:
			vector.Dense512(&sum[from-first], nil, &x[0], d.at(from, 0, n), panels, n)
		case vector.AVX2:
			vector.Dense256(&sum[from-first], nil, &x[0], d.at(from, 0, n), panels, n)
		default:
			for i := from; i < min(from+4*panels, last); i++ {
				for j := range x {
					d.addRow(&sum[i-first], *d.at(i, j, n), &x[j])
				}
			}
		}
	}
}

func (d *densePlan) addRow(sum *[64]float32, w float32, x *[64]float32) {
	for c, v := range x {
		sum[c] = fused(w, v, sum[c])
	}
}

// denseSlopes is jointSlopes of a dense block.
func (s *Sampler) denseSlopes(w *worker, b *blockPlan, lane, n int) {
	x := w.joint.state[:len(b.nodes)]
	for i := range b.nodes {
		node := &b.float.nodes[i]
		x[i] = *w.jointRow(s, b, i, lane)
		w.sumNumbers(s, node.constant[0], node.linear, node.linearRun, &w.joint.slope[i], lane, n)
	}
	b.dense.multiply(s.kernelInUse, w.joint.slope, x, 0, len(x))
	for i := range b.nodes {
		w.addCode(s, b.float.nodes[i].codes, slopeCode, &x[i], &w.joint.slope[i], lane, n)
	}
}

// denseRows are how many rows a quick move does at a time: what is worked out for them stays
// in the first cache beside the state.
const denseRows = 20

// quickJoint says that a step of Langevin is that of quickLangevin: forces are dense and
// nothing else, all nodes move, and they are the state, row by row.
func (s *Sampler) quickJoint(b *blockPlan) bool {
	if b.dense == nil || !b.dense.alone || b.joint.at == nil || s.tile > 1 || s.floatRows > len(b.nodes) {
		return false
	}
	for i := range b.nodes {
		if int(b.row[i]) != i {
			return false
		}
	}
	return len(b.nodes) <= vector.MostDense/denseRows
}

// quickLangevin is langevin by kernels. The new state goes to another place, which takes
// turns with the old one; settle puts it right.
func (s *Sampler) quickLangevin(w *worker, b *blockPlan, n, word int) {
	j, d, rows := &w.joint, b.dense, len(b.nodes)
	if len(j.spare) < 64*rows {
		j.spare = make([]float32, 64*rows)
	}
	from, to := w.floats[:64*rows], j.spare[:64*rows]
	heads := w.headsFor(uint32(b.first), rows, 1)
	var lost uint64
	for first := 0; first < rows; first += denseRows {
		last := min(first+denseRows, rows)
		vector.Dense512(&j.slope[0], &d.start[first], (*[64]float32)(from), d.at(first, 0, rows), (last-first+3)/4, rows)
		w.normalsUnder(s, heads[min(first, len(heads)):], j.noise[:last-first], n, uint32(b.first+first), uint32(64*word))
		lost |= vector.Follow512((*[64]float32)(to[64*first:]), (*[64]float32)(from[64*first:]), &j.slope[0], &j.noise[0], last-first, j.step[0], j.half[0])
	}
	w.floats, j.spare = to, from
	if lost &= 1<<n - 1; lost == 0 {
		return
	}
	s.lose(w, b, lost, 0, word)
	for i, x := range from {
		if lost>>(i%64)&1 != 0 {
			to[i] = x
		}
	}
}

// settle puts the state of a tile back to its place after quick moves.
func (s *Sampler) settle(w *worker, tile int) {
	if state := tileOf(s.floats, tile, s.tiles); &state[0] != &w.floats[0] {
		copy(state, w.floats)
		w.floats, w.joint.spare = state, w.floats
	}
}
