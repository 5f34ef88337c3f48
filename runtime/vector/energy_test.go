package vector_test

import (
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// Sums of signed weights and of tables of four rows are those of a loop.
func TestEnergies(t *testing.T) {
	needs512(t)
	sum, freeSum := guarded[[64]float64](t)
	half, freeHalf := guarded[[64]float64](t)
	minus, freeMinus := guarded[[19]uint64](t)
	weights, freeWeights := guarded[[19]float64](t)
	patterns, freePatterns := guarded[[8]uint64](t)
	tables, freeTables := guarded[[2][16]float64](t)
	r := rand.New(rand.NewPCG(7, 7))
	for range 2000 {
		var want [64]float64
		for c := range want {
			want[c] = float64(number32(r)) / 3
		}
		*sum, *half = want, want
		for i := range minus {
			minus[i], weights[i] = r.Uint64(), float64(number32(r))/7
		}
		n, stride := 1+r.IntN(len(minus)), 8*r.IntN(2)
		first := len(minus) - n
		vector.SubtractSigned512(sum, &minus[first], &weights[first], stride, n)
		vector.SubtractSigned256(half, &minus[first], &weights[first], stride, n)
		for c := range want {
			for i := range n {
				if w := weights[first+i*stride/8]; minus[first+i]>>c&1 != 0 {
					want[c] += w
				} else {
					want[c] -= w
				}
			}
			if !same(sum[c], want[c]) || !same(half[c], want[c]) {
				t.Fatalf("%d weights: %v in AVX-512, %v in AVX2, want %v", n, sum[c], half[c], want[c])
			}
		}
		for i := range patterns {
			patterns[i] = r.Uint64()
		}
		for i := range 16 {
			tables[0][i], tables[1][i] = float64(number32(r))/3, float64(number32(r))/7
		}
		vector.AddOctets512(sum, patterns, tables)
		for c := range want {
			x := patterns[c/8] >> (c % 8 * 8)
			if want[c] += tables[0][x&15] + tables[1][x>>4&15]; !same(sum[c], want[c]) {
				t.Fatalf("with two tables %v, want %v", sum[c], want[c])
			}
		}
	}
	freeSum()
	freeHalf()
	freeMinus()
	freeWeights()
	freePatterns()
	freeTables()
}
