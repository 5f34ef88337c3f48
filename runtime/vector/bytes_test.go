package vector_test

import (
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// First digits of 8 bits are bytes of the blocks of four chains, and nothing beyond their
// array is touched.
func TestBytes(t *testing.T) {
	if best, _ := vector.ChooseKernel(vector.Automatic); best < vector.AVX512 {
		t.Skip("no kernel here")
	}
	noise, free := guarded[vector.SpinNoise](t)
	defer free()
	k, freeKeys := guarded[vector.Ars](t)
	defer freeKeys()
	r := rand.New(rand.NewPCG(23, 24))
	check := func(name string, block func(four uint32) [4]uint32, first uint32) {
		for place := range uint16(512) {
			chain := uint32(vector.SpinChain(place))
			x := block(first + chain/4)
			for q := range 4 {
				if got := noise.High[q][place/64][place%64]; got != uint8(x[q]>>(8*(chain%4))) {
					t.Fatalf("%s: slot %d of chain %d: %x, want a byte of %x", name, q, chain, got, x[q])
				}
			}
		}
	}
	for n := range 30 {
		p := random(r, 7+n%2*3)
		first := r.Uint32()
		vector.PhiloxBytes512(&p.Philox, first, noise)
		check("philox", p.block, first)

		key := [2]uint32{r.Uint32(), r.Uint32()}
		k.Counter, k.Keys = [4]uint32{r.Uint32(), 0, r.Uint32(), r.Uint32()}, rng.ARSKeys(key)
		columns := rng.ARSColumns(key)
		k.SetPairs(&columns)
		first &^= 127
		vector.ArsBytes512(k, first, noise)
		check("ars", func(four uint32) [4]uint32 {
			counter := k.Counter
			counter[1] = four
			return rng.ARS(5, counter, key)
		}, first)
	}
}

// Ties are decided by the words of rng, whatever their number.
func TestTies(t *testing.T) {
	if best, _ := vector.ChooseKernel(vector.Automatic); best < vector.AVX512 {
		t.Skip("no kernel here")
	}
	x, free := guarded[vector.SpinTies](t)
	defer free()
	r := rand.New(rand.NewPCG(25, 26))
	for n := range 90 {
		rounds := []int{10, 7, rng.ARS5}[n%3]
		w := rng.NewWords(r.Uint64(), rounds)
		sweep := r.Uint64() >> 16
		first, quad := r.Uint32()&^511, r.Uint32()>>4
		if rounds == rng.ARS5 {
			x.Ars = rng.ARSKeys(w.Key)
		}
		x.More = uint64(rounds / 10)
		for i, k := 10-min(rounds, 10), w.Key; i < 10; i++ {
			x.Keys[i] = [2]uint64{uint64(k[0]), uint64(k[1])}
			k[0] += 0x9E3779B9
			k[1] += 0xBB67AE85
		}
		x.C0, x.C3 = uint64(uint32(sweep)), uint64(rng.CounterC3(rng.PurposeBytes, 1, sweep))
		x.Chain, x.Quad = uint64(first), uint64(quad)
		x.Count = uint64([]int{0, 1, 16, 17, 31, 33, vector.SpinTieRoom, r.IntN(500)}[n%8])
		var flip, same, words []uint32
		var fields []int32
		for i := range x.List[:x.Count] {
			e := r.Uint32()
			chain, slot := first+uint32(vector.SpinChain(uint16(e&511))), 4*(quad+(e>>11&31))+(e>>9&3)
			whole := w.Word32(rng.PurposeBytes, chain, sweep, slot, 1)
			word := uint8(whole >> 24)
			switch r.IntN(3) {
			case 0:
				e = e&^0xff0000 | uint32(word)<<16
			case 1:
				e = e&^0xff0000 | uint32(word+1)<<16
			}
			switch low := uint8(e >> 16); {
			case word < low:
				flip = append(flip, e)
			case word == low:
				same = append(same, e)
				words = append(words, whole)
				fields = append(fields, int32(i-7))
			}
			x.List[i], x.Field[i] = e, int32(i-7)
		}
		if rounds == rng.ARS5 {
			vector.ArsTies512(x)
		} else {
			vector.PhiloxTies512(x)
		}
		if int(x.Flips) != len(flip) || int(x.Sames) != len(same) {
			t.Fatalf("%d rounds, %d ties: %d flips and %d open, want %d and %d", rounds, x.Count, x.Flips, x.Sames, len(flip), len(same))
		}
		for i, e := range flip {
			if x.Flip[i] != e {
				t.Fatalf("%d rounds: flip %d of %d is %x, want %x", rounds, i, len(flip), x.Flip[i], e)
			}
		}
		for i, e := range same {
			if x.Same[i] != e || x.SameField[i] != fields[i] || x.SameWord[i] != words[i] {
				t.Fatalf("%d rounds: open tie %d is %x, field %d, word %x, want %x, %d, %x", rounds, i,
					x.Same[i], x.SameField[i], x.SameWord[i], e, fields[i], words[i])
			}
		}
	}
}
