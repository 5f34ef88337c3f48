package vector_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// The kernels of bit slices touch nothing beyond their arguments, make the planes of the
// numbers that the table has for their bytes, and add up their columns.
func TestSliceKernelBounds(t *testing.T) {
	if best, _ := vector.ChooseKernel(vector.Automatic); best < vector.AVX512 {
		t.Skip("no kernel here")
	}
	const rows, adders, columns = 5, 2, 3
	const size = vector.SliceAtRows + 4*rows + 10*adders + 12 + 16*columns + 16
	r := rand.New(rand.NewPCG(3, 4))
	var noise [128]uint64
	kernels := []struct {
		words, planes int
		update        func(*vector.Slices, *vector.SliceBytes)
	}{
		{8, vector.SlicePlanes, vector.ReadSlices512}, {16, vector.SlicePlanes, vector.ReadSlices1024},
		{8, vector.SlicePlanes + vector.SliceTop, vector.ReadWideSlices512}, {16, vector.SlicePlanes + vector.SliceTop, vector.ReadWideSlices1024},
	}
	for _, kernel := range kernels {
		words := kernel.words
		for i := range noise {
			noise[i] = r.Uint64N(1 << kernel.planes)
		}
		state, freeState := guarded[[rows][8]uint64](t)
		wide, freeWide := guarded[[rows][16]uint64](t)
		out, freeOut := guarded[[16]uint64](t)
		code, freeCode := guarded[[2*size + vector.SliceAfter]byte](t)
		table, freeTable := guarded[vector.SliceTable](t)
		scratch, freeScratch := guarded[vector.SliceScratch](t)
		first := &state[0][0]
		if words == 16 {
			first = &wide[0][0]
		}
		for i := range rows * words {
			if words == 16 {
				wide[i/16][i%16] = r.Uint64()
			} else {
				state[i/8][i%8] = r.Uint64()
			}
		}
		table.Fill(&noise)
		scratch.Prepare(words)
		for i := range scratch.Bytes {
			for j := range scratch.Bytes[i] {
				scratch.Bytes[i][j] = uint8(r.Uint32())
			}
		}
		const own = vector.SliceInputs + 2*rows // slots of adders
		var lists [][]int
		for node := range 2 {
			to := code[node*size:]
			for i, x := range []int{node, 64 * node, rows, adders, columns, size} {
				binary.LittleEndian.PutUint32(to[4*i:], uint32(x))
			}
			if words == 16 { // both write the same row
				binary.LittleEndian.PutUint32(to[vector.SliceAtOut:], 0)
			}
			for i := range rows {
				binary.LittleEndian.PutUint32(to[vector.SliceAtRows+4*i:], uint32(i*8*words))
			}
			at := vector.SliceAtRows + 4*rows
			list := []int{}
			for i := range 5*adders + 6 + 8*columns + 8 {
				x := r.IntN(own)
				if i >= 5*adders {
					x = r.IntN(own + 2*adders)
				} else if i%5 > 2 {
					x = own + i/5*2 + i%5 - 3
				}
				list = append(list, x)
				binary.LittleEndian.PutUint16(to[at+2*i:], uint16(x*8*words))
			}
			lists = append(lists, list)
		}
		kernel.update(&vector.Slices{State: first, Out: &out[0], Code: &code[0], Scratch: scratch, Table: table, Count: 2}, &scratch.Bytes)
		bit := func(slot, chain int) int { return int(scratch.Slots[slot*words+chain/64] >> (chain % 64) & 1) }
		for chain := range 64 * words {
			half := chain % 512
			b := scratch.Bytes[(words/8)+chain/512][64*(half/8%8)+16*(half/128)+8*(half/64%2)+7-half%8]
			v := noise[b&63|b>>1&64]
			if b>>6&1 == 0 {
				v = ^v
			}
			for k := range kernel.planes {
				slot := vector.SliceNoise + k
				if k >= vector.SlicePlanes {
					slot = vector.SliceWide + k - vector.SlicePlanes
				}
				if bit(slot, chain) != int(v>>k&1) {
					t.Fatalf("%d words, chain %d: bit %d of the number of %#x", words, chain, k, b)
				}
			}
			list := lists[1]
			for i := range adders {
				sum := bit(list[5*i], chain) + bit(list[5*i+1], chain) + bit(list[5*i+2], chain)
				if bit(list[5*i+3], chain)+2*bit(list[5*i+4], chain) != sum {
					t.Fatalf("%d words, chain %d: adder %d", words, chain, i)
				}
			}
			list = list[5*adders:]
			sum := 0
			for i, x := range list {
				switch k := (i - 6) / 8; {
				case i < 6:
					sum += bit(x, chain)
				case k < columns && (i-6)%8 < vector.SliceColumn:
					sum += bit(x, chain) << k
				case k >= columns && i < 6+8*columns+vector.SliceFifth:
					sum += bit(x, chain) << columns
				case k >= columns && i < 6+8*columns+vector.SliceFifth+vector.SliceSecond:
					sum += bit(x, chain) << (columns + 1)
				case k >= columns:
					sum += bit(x, chain) << (columns + 2)
				}
			}
			word := chain/64 + 8*(16/words-1)
			if got := int(out[word] >> (chain % 64) & 1); got != sum>>(columns+2)&1 {
				t.Fatalf("%d words, chain %d: the sum %d gives %d", words, chain, sum, got)
			}
		}
		for _, free := range []func(){freeState, freeWide, freeOut, freeCode, freeTable, freeScratch} {
			free()
		}
	}
}

// Numbers of noise for emitted kernels are those of their bytes, and nothing beyond the rows of
// the nodes is written.
func TestSliceDrawBounds(t *testing.T) {
	if best, _ := vector.ChooseKernel(vector.Automatic); best < vector.AVX512 {
		t.Skip("no kernel here")
	}
	const nodes = 3
	r := rand.New(rand.NewPCG(5, 6))
	var noise [128]uint64
	for i := range noise {
		noise[i] = r.Uint64N(1 << vector.SlicePlanes)
	}
	table, freeTable := guarded[vector.SliceTable](t)
	rows, freeRows := guarded[[nodes][vector.SliceRows][8]uint64](t)
	bytes, freeBytes := guarded[[nodes][512]uint8](t)
	ars, freeArs := guarded[vector.SliceArs](t)
	table.Fill(&noise)
	for i := range bytes {
		for j := range bytes[i] {
			bytes[i][j] = uint8(r.Uint32())
		}
	}
	d := vector.SliceDraws{To: &rows[0], Count: nodes, Slot: 7, Table: table}
	vector.ReadSliceDraws512(&d, &bytes[0])
	for node := range nodes {
		for chain := range 512 {
			b := bytes[node][64*(chain/8%8)+16*(chain/128)+8*(chain/64%2)+7-chain%8]
			v := noise[b&63|b>>1&64]
			if b>>6&1 == 0 {
				v = ^v
			}
			for k := range vector.SliceRows {
				want := v >> k & 1
				if k == vector.SlicePlanes {
					want = uint64(b >> 6 & 1)
				}
				if got := rows[node][k][chain/64] >> (chain % 64) & 1; got != want {
					t.Fatalf("node %d, chain %d: bit %d of the number of %#x is %d", node, chain, k, b, got)
				}
			}
		}
	}
	vector.ArsSliceDraws512(&d, ars)
	one, freeOne := guarded[[512]uint8](t)
	two, freeTwo := guarded[[2][512]uint8](t)
	vector.ArsSliceBytes512(ars, 7, one)
	vector.ArsSliceBytes1024(ars, 7, two)
	if *one != two[0] {
		t.Error("the first 512 chains have other bytes beside 512 more")
	}
	freeOne()
	freeTwo()
	for _, free := range []func(){freeTable, freeRows, freeBytes, freeArs} {
		free()
	}
}
