package vector_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// The kernels of fields draw what probabilities in float64 say, leave open no chain whose
// digit is far from all limits, and touch nothing beyond their arguments.
func TestThetaKernel(t *testing.T) {
	best, _ := vector.ChooseKernel(vector.Automatic)
	if best < vector.AVX2 {
		t.Skip("no kernel here")
	}
	kernels := []func(*vector.Thetas){vector.ThetaUpdate256}
	if best == vector.AVX512 {
		kernels = append(kernels, vector.ThetaUpdate512)
	}
	cats, freeCats := guarded[[3][64]uint8](t)
	spins, freeSpins := guarded[[3]uint64](t)
	out, freeOut := guarded[[64]uint8](t)
	digits, freeDigits := guarded[[64]uint32](t)
	node, freeNode := guarded[[28]int32](t)
	tables, freeTables := guarded[[vector.ThetaStates * (16 + 32 + 64)]int32](t)
	a, freeArgs := guarded[vector.Thetas](t)
	r := rand.New(rand.NewPCG(21, 22))
	drawn, open := 0, 0
	for round := range 300 {
		states := 2 + r.IntN(vector.ThetaStates-1)
		at := len(tables) - states*(16+32+64) // so that they end where the page ends
		five, many := at+16*states, at+48*states
		// Four bits: a categorical and a spin; five: one and the product of two spins; six: two
		// categoricals.
		*node = [28]int32{3, 4, int32(4 * at), 1, 1, 0, 1, 1, 1, 8,
			5, int32(4 * five), 1, 1, 64, 0, 2, 16, 0, 16,
			6, int32(4 * many), 2, 0, 64, 0, 128, 3}
		scale := math.Exp2(float64(r.IntN(12)))
		for i := range tables {
			tables[i] = int32(scale * 100 * r.NormFloat64())
		}
		for c := range 64 {
			cats[0][c], cats[1][c], cats[2][c] = uint8(r.IntN(8)), uint8(r.IntN(8)), uint8(r.IntN(8))
			digits[c] = r.Uint32()
		}
		for i := range spins {
			spins[i] = r.Uint64()
		}
		*a = vector.Thetas{Cats: &cats[0][0], Spins: &spins[0], Out: &out[0], Digits: digits, Node: &node[0], Tables: &tables[0],
			States: uint64(states), Half: uint64(round % 2), Scale: -1.0 / 256, Low: vector.ThetaMargin, High: 1.0/65536 + vector.ThetaMargin, Keep: 0xffff}
		if round%3 == 0 {
			a.High, a.Keep = vector.ThetaMargin, 0xff00
		}
		kernels[round/2%len(kernels)](a)
		for c := range 64 {
			spin := func(i int) int { return int(spins[i] >> c & 1) }
			theta, top := make([]float64, states), math.Inf(-1)
			for k := range theta {
				theta[k] = float64(tables[at+16*k+2*int(cats[0][c])+spin(1)]) +
					float64(tables[five+32*k+int(cats[1][c])+16*(1^spin(0)^spin(2))]) +
					float64(tables[many+64*k+int(cats[1][c])+8*int(cats[2][c])])
				top = max(top, theta[k])
			}
			sum, cum := 0.0, make([]float64, states)
			for k, x := range theta {
				sum += math.Exp2((x - top) / 256)
				cum[k] = sum
			}
			u := float64(digits[c]>>(16*a.Half)&a.Keep) / 65536
			want, near := 0, 1.0
			for k := range states - 1 {
				if cum[k]/sum < u {
					want++
				}
				near = min(near, math.Abs(cum[k]/sum-u))
			}
			if a.Open>>c&1 == 1 {
				open++
				if near > 2.5/65536 {
					t.Fatalf("round %d, chain %d: open, but %g from all limits", round, c, near)
				}
				continue
			}
			drawn++
			if int(out[c]) != want {
				t.Fatalf("round %d, chain %d of %d states: %d, want %d (%g from a limit)", round, c, states, out[c], want, near)
			}
		}
	}
	t.Logf("%d drawn, %d open", drawn, open)
	if open == 0 {
		t.Error("no chain was open")
	}
	for _, free := range []func(){freeCats, freeSpins, freeOut, freeDigits, freeNode, freeTables, freeArgs} {
		free()
	}
}
