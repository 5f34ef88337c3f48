package vector_test

import (
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Sums over chains are those of loops, and nothing is touched behind the last chain.
func TestDraws(t *testing.T) {
	needs512(t)
	r := rand.New(rand.NewPCG(7, 8))
	const most = 37
	type table = [8 * most]float64
	values, freeValues := guarded[table](t)
	sums, freeSums := guarded[table](t)
	for chains := range most {
		for i := range values {
			values[i], sums[i] = r.NormFloat64(), r.NormFloat64()
			if i%9 == 0 {
				values[i] = float64(number32(r))
			}
		}
		a := vector.Draws{Values: &values[most-chains], ValueStride: 8 * most, Sums: &sums[most-chains], SumStride: 8 * most, Chains: chains}
		for i := range a.Offset {
			a.Offset[i], a.Squares[i] = r.NormFloat64(), r.NormFloat64()
		}
		want, squares := *sums, a.Squares
		var totals, totalsWant [8][4]float64
		for i := range 8 {
			for c := range chains {
				at := i*most + most - chains + c
				d := values[at] - a.Offset[i]
				want[at] += d
				squares[i] += float64(d * d)
				totalsWant[i][c%4] += values[at]
			}
		}
		vector.AddDraws512(&a)
		vector.Totals512(&totals, &values[most-chains], 8*most, chains)
		for i := range 8 {
			if !same(a.Squares[i], squares[i]) {
				t.Fatalf("%d chains: squares of series %d are %v, want %v", chains, i, a.Squares[i], squares[i])
			}
			for c, got := range sums[i*most : i*most+most] {
				if !same(got, want[i*most+c]) {
					t.Fatalf("%d chains: sum of series %d in chain %d is %v, want %v", chains, i, c, got, want[i*most+c])
				}
			}
			for k, got := range totals[i] {
				if !same(got, totalsWant[i][k]) {
					t.Fatalf("%d chains: total %d of series %d is %v, want %v", chains, k, i, got, totalsWant[i][k])
				}
			}
		}
	}
	freeValues()
	freeSums()
}
