package observe

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// makeProduct makes room for the values of eight rows, in whole words of chains.
func (r *rowMoments) makeProduct(chains int) {
	r.stride = (chains + 63) / 64 * 64
	r.product = make([]float64, stats.Eight*r.stride)
}

// addRows adds a draw of all rows in so many chains, eight at a time; fill gives the values of one.
func (r *rowMoments) addRows(k vector.Kernel, chains int, fill func(row int, values []float64)) error {
	for row := 0; row < r.f.Rows; row += stats.Eight {
		n := min(stats.Eight, r.f.Rows-row)
		for i := range n {
			fill(row+i, r.product[i*r.stride:][:chains])
		}
		if n < stats.Eight || k != vector.AVX512 {
			for i := range n {
				if err := r.addSeries(row+i, r.product[i*r.stride:][:chains]); err != nil {
					return err
				}
			}
			continue
		}
		var totals [stats.Eight][4]float64
		vector.Totals512(&totals, &r.product[0], 8*r.stride, chains)
		for i, t := range totals {
			r.sums[row+i] += (t[0] + t[1]) + (t[2] + t[3])
		}
		if err := r.batches.AddMany(row, n, r.product, r.stride, k); err != nil {
			return err
		}
	}
	return nil
}

// hasKernel says whether the kernel makes products in x, which then has room for whole
// words of chains.
func (s snapshot) hasKernel(x []float64) bool {
	return s.kernel == vector.AVX512 && cap(x) >= s.stride && len(s.numbers) <= math.MaxInt32/4
}

// kernelProduct is product by the kernel, for rows of continuous slots alone; false if it
// is not for it.
func (s snapshot) kernelProduct(f *sampling.Factor, nodes []int32, x []float64) bool {
	if !s.hasKernel(x) ||
		slices.ContainsFunc(f.Slots, func(l sampling.Slot) bool { return l.Kind != sampling.Continuous }) {
		return false
	}
	var rows [mostPowers]int32
	at := rows[:0]
	for i, n := range nodes {
		for range f.Slots[i].Power {
			at = append(at, int32(4*s.stride)*s.row[n])
		}
	}
	s.multiplyRows(at, x)
	return true
}

// multiplyRows is the kernel for the rows of numbers at some bytes.
func (s snapshot) multiplyRows(at []int32, x []float64) {
	for w := 0; w < s.stride; w += 64 {
		vector.Product512((*[64]float64)(x[w:w+64]), &s.numbers[w], &at[0], len(at))
	}
}
