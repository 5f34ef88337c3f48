package vector_test

import (
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// The kernels of categoricals count limits below digits, mark those that equal one, and
// touch nothing beyond their arguments.
func TestCatKernel(t *testing.T) {
	best, _ := vector.ChooseKernel(vector.Automatic)
	if best < vector.AVX2 {
		t.Skip("no kernel here")
	}
	catKernel(t, vector.CatUpdate256)
	if best >= vector.AVX512 {
		catKernel(t, vector.CatUpdate512)
	}
}

func catKernel(t *testing.T, kernel func(*vector.Cats)) {
	const patterns, tables = 30, 3
	cats, freeCats := guarded[[2][64]uint8](t)
	spins, freeSpins := guarded[[1]uint64](t)
	out, freeOut := guarded[[64]uint8](t)
	digits, freeDigits := guarded[[64]uint32](t)
	limits, freeLimits := guarded[[tables][patterns]uint32](t)
	node, freeNode := guarded[[8]int32](t)
	*node = [8]int32{2, 1, 0, 1, 64, 3, 0, 15} // two of 3 and 5 states, then a spin
	r := rand.New(rand.NewPCG(9, 10))
	few := func() uint32 { return r.Uint32() & 0x00070007 } // so that there are ties
	for round := range 200 {
		for c := range 64 {
			cats[0][c], cats[1][c] = uint8(r.IntN(3)), uint8(r.IntN(5))
			digits[c] = few() | r.Uint32()&(uint32(round&1)*0xfff0fff0)
		}
		spins[0] = r.Uint64()
		for i := range limits {
			for j := range limits[i] {
				limits[i][j] = few() * uint32(1+0x1fff*(round&1))
			}
		}
		a := vector.Cats{Cats: &cats[0][0], Spins: &spins[0], Out: &out[0], Digits: digits, Limits: &limits[0][0],
			Node: &node[0], Size: 4 * patterns, Tables: tables, Half: uint64(round / 2 % 2)}
		kernel(&a)
		for c := range 64 {
			p := int(cats[0][c]) + 3*int(cats[1][c]) + 15*int(spins[0]>>c&1)
			u := digits[c] >> (16 * a.Half) & 0xffff
			n, tie := uint8(0), uint64(0)
			for _, x := range []uint32{limits[0:2][2*p/patterns][2*p%patterns], limits[0:2][(2*p+1)/patterns][(2*p+1)%patterns], limits[2][p]} {
				for _, x := range []uint32{x & 0xffff, x >> 16} {
					if x < u {
						n++
					} else if x == u {
						tie = 1
					}
				}
			}
			if out[c] != n || a.Ties>>c&1 != tie {
				t.Fatalf("round %d, chain %d: %d and %d, want %d and %d", round, c, out[c], a.Ties>>c&1, n, tie)
			}
		}
	}
	for _, free := range []func(){freeCats, freeSpins, freeOut, freeDigits, freeLimits, freeNode} {
		free()
	}
}
