package vector_test

import (
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// The kernel of layers adds up the entries of its tables, for numbers of groups that fill
// its pieces and do not, and touches nothing beyond its arguments.
func TestLayerKernel(t *testing.T) {
	if best, _ := vector.ChooseKernel(vector.Automatic); best < vector.AVX512 {
		t.Skip("no kernel here")
	}
	const most = 40
	start, freeStart := guarded[[16]int32](t)
	tables, freeTables := guarded[[most][16][16]int32](t)
	offsets, freeOffsets := guarded[[most][64]uint16](t)
	sums, freeSums := guarded[[64][16]int32](t)
	r := rand.New(rand.NewPCG(11, 12))
	for k := range start {
		start[k] = int32(r.Uint32())
	}
	for i := range tables {
		for p := range tables[i] {
			for k := range tables[i][p] {
				tables[i][p][k] = int32(r.Uint32())
			}
		}
		for c := range offsets[i] {
			offsets[i][c] = uint16(r.IntN(16)) << 6
		}
	}
	for _, groups := range []int{1, 15, 16, 17, 32, most} {
		first := most - groups // they end where the arrays end
		a := vector.Layer{Start: start, Tables: &tables[first], Offsets: &offsets[first], Groups: uint64(groups), Sums: sums}
		if groups > 16 { // in two calls
			a.Groups = 5
			vector.LayerSums512(&a)
			a.Start, a.Tables, a.Offsets, a.Groups = nil, &tables[first+5], &offsets[first+5], uint64(groups-5)
		}
		vector.LayerSums512(&a)
		for c := range sums {
			for k, got := range sums[c] {
				want := start[k]
				for i := first; i < most; i++ {
					want += tables[i][offsets[i][c]>>6][k]
				}
				if got != want {
					t.Fatalf("%d groups, chain %d, node %d: %d, want %d", groups, c, k, got, want)
				}
			}
		}
	}
	for _, free := range []func(){freeStart, freeTables, freeOffsets, freeSums} {
		free()
	}
}
