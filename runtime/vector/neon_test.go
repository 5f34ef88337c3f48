package vector_test

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// needsNEON skips, loudly if asked to, where NEON or its AES is not.
func needsNEON(t *testing.T, here bool) {
	t.Helper()
	switch {
	case here:
	case strings.Contains(os.Getenv("THRML_REQUIRE"), "neon"):
		t.Fatal("this processor does not run NEON with AES")
	default:
		t.Skip("no kernels here")
	}
}

// The kernels of NEON draw the words of Philox and of rng's ARS-5, put digits in place as the others do,
// and touch nothing beyond their arguments.
func TestNEON(t *testing.T) {
	needsNEON(t, vector.NEON == vector.Kernels()[len(vector.Kernels())-1])
	t.Run("ars5", func(t *testing.T) {
		needsNEON(t, vector.ArmAES)
		k, freeKeys := guarded[vector.Ars](t)
		defer freeKeys()
		words, freeWords := guarded[[2][64]uint32](t)
		defer freeWords()
		numbers, freeNumbers := guarded[[64]uint32](t)
		defer freeNumbers()
		r := rand.New(rand.NewPCG(15, 16))
		for n := range 500 {
			key := [2]uint32{r.Uint32(), r.Uint32()}
			k.Counter, k.Keys = [4]uint32{r.Uint32(), 0, r.Uint32(), r.Uint32()}, rng.ARSKeys(key)
			first := r.Uint32()
			if n%10 == 0 {
				first = -uint32(n % 40)
			}
			vector.ArsWords128(k, first, words)
			vector.ArsNumbers128(k, first, numbers)
			counter := k.Counter
			for i := range uint32(32) {
				counter[1] = first + i
				x := rng.ARS(5, counter, key)
				if got := [4]uint32{words[0][2*i], words[1][2*i], words[0][2*i+1], words[1][2*i+1]}; got != x {
					t.Fatalf("words of pair %d are %x, of block %x", i, got, x)
				}
				if i < 16 && [4]uint32(numbers[4*i:]) != x {
					t.Fatalf("numbers of block %d are %x, want %x", i, numbers[4*i:4*i+4], x)
				}
			}
		}
	})
	t.Run("philox", func(t *testing.T) {
		words, freeWords := guarded[[2][64]uint32](t)
		defer freeWords()
		numbers, freeNumbers := guarded[[64]uint32](t)
		defer freeNumbers()
		k, freeKeys := guarded[vector.Philox](t)
		defer freeKeys()
		r := rand.New(rand.NewPCG(17, 18))
		for n := range 500 {
			p := random(r, 7+n%2*3)
			*k = p.Philox
			first := r.Uint32()
			if n%10 == 0 {
				first = -uint32(n % 40)
			}
			vector.PhiloxWords128(k, first, words)
			vector.PhiloxNumbers128(k, first, numbers)
			for i := range uint32(32) {
				x := p.block(first + i)
				if got := [4]uint32{words[0][2*i], words[1][2*i], words[0][2*i+1], words[1][2*i+1]}; got != x {
					t.Fatalf("words of pair %d are %x, of block %x", i, got, x)
				}
				if i < 16 && [4]uint32(numbers[4*i:]) != x {
					t.Fatalf("numbers of block %d are %x, want %x", i, numbers[4*i:4*i+4], x)
				}
			}
		}
	})
	t.Run("digits", func(t *testing.T) {
		words, freeWords := guarded[[2][64]uint32](t)
		defer freeWords()
		digits, freeDigits := guarded[[4][64]uint16](t)
		defer freeDigits()
		for i := range words {
			for c := range words[i] {
				words[i][c] = uint32(2*i<<8+c) | uint32((2*i+1)<<8+c)<<16
			}
		}
		vector.Digits128(words, digits)
		for q := range digits {
			for c := range 64 {
				if got := digits[q][c%8*8+c/8]; int(got) != q<<8+c {
					t.Fatalf("slot %d of chain %d: %x", q, c, got)
				}
			}
		}
	})
}
