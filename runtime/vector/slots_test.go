package vector_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

func needAVX512(t *testing.T) {
	t.Helper()
	if best, _ := vector.ChooseKernel(vector.Automatic); best < vector.AVX512 {
		t.Skip("no kernel here")
	}
}

// The digits of slots are those of the whole blocks.
func TestSlotDigits(t *testing.T) {
	needAVX512(t)
	digits, free := guarded[[2][vector.SlotRun]uint16](t)
	defer free()
	r := rand.New(rand.NewPCG(3, 5))
	for n := range 60 {
		key, quad, pair, c0, c3 := [2]uint32{r.Uint32(), r.Uint32()}, r.Uint32()>>8, r.Uint32(), r.Uint32(), r.Uint32()
		rounds := []int{5, 7, 10}[n%3]
		block := func(c2 uint32) [4]uint32 { return rng.Philox4x32(rounds, [4]uint32{c0, pair, c2, c3}, key) }
		if rounds == 5 {
			k := vector.Ars{Counter: [4]uint32{c0, 0, quad, c3}, Keys: rng.ARSKeys(key)}
			block = func(c2 uint32) [4]uint32 { return rng.ARS(5, [4]uint32{c0, pair, c2, c3}, key) }
			vector.ArsSlots512(&k, pair, digits)
		} else {
			var k vector.SlotPhilox
			q := 0xD2511F53 * uint64(c0)
			u := 0xCD9E8D57 * uint64(uint32(q>>32)^c3^key[1])
			k.Pair = uint64(pair ^ key[0])
			const step0, step1 = 0x9E3779B9, 0xBB67AE85
			k.B, k.C, k.L = u>>32^uint64(key[0]+step0), q&(1<<32-1)^uint64(key[1]+step1), u&(1<<32-1)
			for i := range uint32(8) {
				k.Keys[i] = [2]uint64{uint64(key[0] + (i+2)*step0), uint64(key[1] + (i+2)*step1)}
			}
			if rounds == 10 {
				k.More = 1
			}
			vector.PhiloxSlots512(&k, quad, digits)
		}
		for slot := range uint32(vector.SlotRun) {
			x := block(quad + slot/4)
			for c := range uint32(2) {
				want := uint16(x[2*c+slot>>1&1] >> (16 * (slot & 1)))
				if got := digits[c][slot]; got != want {
					t.Fatalf("%d rounds: slot %d of chain %d: %x, want %x", rounds, slot, c, got, want)
				}
			}
		}
	}
}

// The slot kernel touches nothing beyond its arguments, and writes the choice of every
// slot that is live.
func TestSlotKernelBounds(t *testing.T) {
	needAVX512(t)
	const rows, degree, cells = 80, 5, 64 // the slots in 0 to 31
	const size = 64*(1+1+degree) + 64*(1+degree)
	state, freeState := guarded[[rows]uint64](t)
	node, freeNode := guarded[[8 * size]byte](t)
	table, freeTable := guarded[[cells][2]uint32](t)
	digits, freeDigits := guarded[vector.SlotDigits](t)
	live, freeLive := guarded[[8]uint16](t)
	a, freeArgs := guarded[vector.Slots](t)
	r := rand.New(rand.NewPCG(5, 7))
	for range 100 {
		for i := range state {
			state[i] = r.Uint64()
		}
		for i := range table {
			table[i] = [2]uint32{uint32(r.IntN(1<<15)) | uint32(r.IntN(1<<12))<<16, 0}
		}
		for i := range digits {
			for j := range digits[i] {
				digits[i][j] = uint16(r.Uint32())
			}
		}
		var own, start [8][16]int32
		var from, add [8][degree][16]int32
		end := 0
		for g := range 8 {
			live[g] = uint16(r.Uint32() | -(r.Uint32() & 1))
			to := node[end:]
			put := func(at, k int, x int32) int32 {
				binary.LittleEndian.PutUint32(to[at+4*k:], uint32(x))
				return x
			}
			put(vector.SlotsAtDegree, 0, degree)
			at := 64
			place := func(descriptor int, first int32, far []int32) (row [16]int32) {
				put(descriptor, 0, first)
				for k := range row {
					if row[k] = first + int32(2*k); far != nil {
						row[k] = put(at, k, far[k])
					}
				}
				if far != nil {
					put(descriptor, 0, -1)
					at += 64
				}
				return row
			}
			far := make([]int32, 16)
			for k := range far {
				far[k] = int32(g%2 + 2*(15-k))
			}
			if r.IntN(2) == 0 {
				own[g] = place(vector.SlotsAtRow, 0, far)
			} else {
				own[g] = place(vector.SlotsAtRow, int32(g%2), nil)
			}
			for j := range degree {
				for k := range far {
					far[k] = 32 + int32(r.IntN(rows-32))
				}
				if r.IntN(2) == 0 {
					from[g][j] = place(vector.SlotsAtFirst+4*j, 0, far)
				} else {
					from[g][j] = place(vector.SlotsAtFirst+4*j, 32+int32(r.IntN(rows-33-31)), nil)
				}
			}
			put(vector.SlotsAtSums, 0, int32(at))
			for k := range 16 {
				start[g][k] = put(at, k, int32(r.IntN(1000)-500))
				for j := range degree {
					add[g][j][k] = put(at+64+64*j, k, int32(r.IntN(600)-300))
				}
			}
			end += at + 64 + 64*degree
		}
		before := *state
		half, chains := r.IntN(2), 1+r.IntN(32)
		groups := 1 + r.IntN(8)
		*a = vector.Slots{State: &state[0], Out: &state[0], Node: &node[0], Cells: &table[0][0], Digits: digits, Live: live,
			Half: uint64(4 * half), Groups: uint64(groups), Chains: uint64(chains), Centre: 2048, Shift: 6}
		vector.SpinSlots512(a)
		want := before
		for g := range groups {
			for k := range 16 {
				word := uint64(0)
				for c := range chains {
					x := start[g][k]
					for j := range degree {
						x += add[g][j][k] * int32(before[from[g][j][k]]>>(32*half+c)&1)
					}
					bound := table[(uint32(x)+2048)>>6][0]
					u := uint32(digits[c][16*g+k])
					if open := u-bound&0xffff < bound>>16; open != (a.Open[g][c]>>k&1 != 0) {
						t.Fatalf("slot %d of %d in chain %d open: %v", k, g, c, !open)
					}
					if (u < bound&0xffff) != (x >= 0) {
						word |= 1 << c
					}
				}
				if live[g]>>k&1 != 0 {
					i := own[g][k]
					want[i] = want[i]&^(0xffffffff<<(32*half)) | word<<(32*half)
				}
			}
		}
		if *state != want {
			t.Fatalf("state is %x, want %x", *state, want)
		}
	}
	for _, free := range []func(){freeState, freeNode, freeTable, freeDigits, freeLive, freeArgs} {
		free()
	}
}
