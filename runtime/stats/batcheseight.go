package stats

import (
	"fmt"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Eight is how many series are added at once most quickly.
const Eight = 8

// AddMany adds one draw of the n series from first on, as AddSeries does one by one:
// values has a row of numbers for each, stride apart. The kernel changes no bit.
func (b *Batches) AddMany(first, n int, values []float64, stride int, k vector.Kernel) error {
	if n == Eight && k == vector.AVX512 && b.bySeries && first >= 0 && first+n <= b.series &&
		stride >= b.watched && len(values) >= (n-1)*stride+b.watched {
		b.addEight(first, values, stride)
		return nil
	}
	for i := range n {
		if len(values) < i*stride {
			return fmt.Errorf("batches: %d rows of numbers, not %d", i, n)
		}
		if err := b.AddSeries(first+i, values[i*stride:]); err != nil {
			return err
		}
	}
	return nil
}

// addEight is AddMany by the kernel.
func (b *Batches) addEight(first int, values []float64, stride int) {
	if !b.started {
		for i := range Eight {
			b.offset[first+i] = values[i*stride]
		}
	}
	b.sums = openBatch(b.sums, b.complete, b.watched*b.series)
	b.squares = openBatch(b.squares, b.complete, b.series)
	sums, squares := b.sums[b.complete][first*b.seriesStep:], b.squares[b.complete][first:]
	a := vector.Draws{Values: &values[0], ValueStride: 8 * stride, Sums: &sums[0], SumStride: 8 * b.seriesStep, Chains: b.watched}
	copy(a.Offset[:], b.offset[first:])
	copy(a.Squares[:], squares)
	vector.AddDraws512(&a)
	copy(squares[:Eight], a.Squares[:])
}
