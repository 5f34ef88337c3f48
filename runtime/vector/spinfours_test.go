package vector_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

func needAVX2(t *testing.T) {
	t.Helper()
	if best, _ := vector.ChooseKernel(vector.Automatic); best < vector.AVX2 {
		t.Skip("no kernel here")
	}
}

// The digits of the AVX2 spin kernel are those of the blocks, and nothing beyond their
// array is touched.
func TestSpinDigits(t *testing.T) {
	needAVX2(t)
	digits, free := guarded[vector.SpinDigits](t)
	defer free()
	r := rand.New(rand.NewPCG(3, 4))
	for n := range 60 {
		first := r.Uint32()
		if n%10 == 0 {
			first = -uint32(n)
		}
		p := random(r, 7+n%2*3)
		block := p.block
		if n%3 == 0 {
			key := [2]uint32{r.Uint32(), r.Uint32()}
			k := vector.Ars{Counter: [4]uint32{r.Uint32(), 0, r.Uint32(), r.Uint32()}, Keys: rng.ARSKeys(key)}
			block = func(pair uint32) [4]uint32 {
				return rng.ARS(5, [4]uint32{k.Counter[0], pair, k.Counter[2], k.Counter[3]}, key)
			}
			vector.ArsSpins256(&k, first, digits)
		} else {
			vector.PhiloxSpins256(&p.Philox, first, digits)
		}
		for chain := range 256 {
			x := block(first + uint32(chain)/2)
			for q := range 4 {
				want := uint16(x[2*(chain&1)+q/2] >> (16 * (q % 2)))
				if got := digits.At(q, chain); got != want {
					t.Fatalf("%d: slot %d of chain %d: %x, want %x", n, q, chain, got, want)
				}
			}
		}
	}
}

// The AVX2 spin kernel touches nothing beyond its arguments, adds up what its tables
// say, and leaves open exactly the lanes that its curve does not tell.
func TestSpinFoursBounds(t *testing.T) {
	needAVX2(t)
	const rows, groups = 9, vector.SpinFours
	state, freeState := guarded[[rows][4]uint64](t)
	out, freeOut := guarded[[4][4]uint64](t)
	node, freeNode := guarded[[vector.FoursAtFirst + vector.FoursStride*groups]byte](t)
	curves, freeCurves := guarded[[2]vector.SpinCurve](t)
	digits, freeDigits := guarded[vector.SpinDigits](t)
	fields, freeFields := guarded[vector.SpinFields](t)
	args, freeArgs := guarded[vector.Spins256](t)
	put := binary.LittleEndian.PutUint32
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		for i := range state {
			for j := range state[i] {
				state[i][j] = r.Uint64()
			}
		}
		for i := range digits {
			for j := range digits[i] {
				for k := range digits[i][j] {
					for l := range digits[i][j][k] {
						digits[i][j][k][l] = int16(r.Uint32())
					}
				}
			}
		}
		n := 1 + r.IntN(groups)
		put(node[vector.FoursAtGroups:], uint32(n))
		put(node[vector.FoursAtOut:], 64)
		put(node[vector.FoursAtCurve:], 320)
		var row [4 * groups]int
		var sums [groups][16]int16
		for g := range n {
			to := node[vector.FoursAtFirst+vector.FoursStride*g:]
			for j := range 4 {
				row[4*g+j] = r.IntN(rows)
				put(to[4*j:], uint32(32*row[4*g+j]))
			}
			for k := range 16 {
				sums[g][k] = int16(r.IntN(32000/n) - 16000/n)
				to[16+k], to[32+k] = byte(sums[g][k]), byte(uint16(sums[g][k])>>8)
			}
		}
		c := &curves[1]
		var number [4][16]int
		for i := range 16 {
			number[0][i], number[1][i], number[2][i], number[3][i] = -r.IntN(1<<15), 8000+r.IntN(8000), r.IntN(8000), r.IntN(1<<r.IntN(15))
			for k := range number {
				c.Low[k][i], c.High[k][i] = byte(number[k][i]), byte(number[k][i]>>8)
			}
		}
		power := 1 << r.IntN(4)
		most, factor, zero, round, keep := r.IntN(1<<15/power), r.IntN(1<<16), r.IntN(300)-1, r.IntN(3)*100, 0xffff<<r.IntN(8)&0xffff
		if keep == 0xffff {
			round = 0
		}
		for i := range 16 {
			c.Most[i], c.Power[i], c.Factor[i] = uint16(most), uint16(power), uint16(factor)
			c.Zero[i], c.Round[i], c.Keep[i] = int16(zero), int16(round), uint16(keep)
		}
		q := r.IntN(4)
		*out = [4][4]uint64{}
		*args = vector.Spins256{State: &state[0][0], Out: &out[0][0], Curves: &curves[0], Digits: digits, Scratch: fields}
		args.Nodes[q] = &node[0]
		vector.SpinUpdate256(args)
		saturated := func(x int) int { return max(-1<<15, min(1<<15-1, x)) }
		for chain := range 256 {
			field := 0
			for g := range n {
				at := 0
				for j := range 4 {
					at |= int(state[row[4*g+j]][chain/64]>>(chain%64)&1) << j
				}
				field += int(sums[g][at])
			}
			x := min(max(field, -field), most) * power * factor >> 16
			i, f := x>>11, 32*x&0xffff
			i &= 15
			threshold := saturated(number[0][i] - f*(number[1][i]-f*number[2][i]>>16)>>16)
			low := saturated(saturated(threshold-number[3][i])+round) & (keep | ^0xffff)
			high := saturated(saturated(threshold+number[3][i])+round) & (keep | ^0xffff)
			u := int(int16(digits.At(q, chain) ^ 1<<15))
			open := max(field, -field) <= zero || u >= low && u <= high
			if got := args.Open[q][chain%8]>>(chain/8)&1 != 0; got != open {
				t.Fatalf("chain %d open: %v, want %v: field %d, digit %d, thresholds %d to %d", chain, got, open, field, u, low, high)
			}
			bit := out[2][chain/64]>>(chain%64)&1 != 0
			if want := (u < low) != (field >= 0); !open && bit != want {
				t.Fatalf("chain %d: %v, want %v: field %d, digit %d, thresholds %d to %d", chain, bit, want, field, u, low, high)
			}
		}
		if out[0] != [4]uint64{} || out[1] != [4]uint64{} || out[3] != [4]uint64{} {
			t.Fatal("other rows were written")
		}
	}
	for _, free := range []func(){freeState, freeOut, freeNode, freeCurves, freeDigits, freeFields, freeArgs} {
		free()
	}
}
