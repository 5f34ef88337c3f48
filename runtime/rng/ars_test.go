package rng

import (
	"math/rand/v2"
	"testing"
)

// The published known answers of Random123 (tests/kat_vectors, 10 rounds) whose keys
// have 64 bits, and computed ones (5 and 7, by the AES instructions of a processor).
func TestARSKnownAnswers(t *testing.T) {
	const f = 0xffffffff
	for _, k := range []struct {
		rounds int
		ctr    [4]uint32
		key    [2]uint32
		want   [4]uint32
	}{
		{10, [4]uint32{}, [2]uint32{}, [4]uint32{0x8d73ee19, 0x506401ef, 0x13c2dbe4, 0x0cbe9c0d}},
		{10, [4]uint32{f, f, f, f}, [2]uint32{f, f}, [4]uint32{0xbb3743b1, 0x9f635551, 0xecbc87fc, 0xa19478a9}},
		{7, [4]uint32{}, [2]uint32{}, [4]uint32{0xdacf61ff, 0xc45798f3, 0x113c7eeb, 0x101e27f3}},
		{5, [4]uint32{}, [2]uint32{}, [4]uint32{0x7ecce06f, 0x7cdc3bca, 0x15513c87, 0x29d24c9b}},
	} {
		if got := ARS(k.rounds, k.ctr, k.key); got != k.want {
			t.Errorf("ars4x32-%d %x %x: got %x, want %x", k.rounds, k.ctr, k.key, got, k.want)
		}
	}
}

// Words of ars5 come from the same places of the block as those of Philox.
func TestARSWords(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		seed, sweep, chain, slot, draw := r.Uint64(), r.Uint64()>>16, r.Uint32(), r.Uint32(), r.Uint32N(256)
		w := NewWords(seed, ARS5)
		key, c3 := [2]uint32{uint32(seed), uint32(seed >> 32)}, draw<<16|uint32(sweep>>32)
		b := ARS(5, [4]uint32{uint32(sweep), chain / 2, slot / 4, c3}, key)
		if got, want := w.Digit(PurposeUpdate, chain, sweep, slot, draw), uint16(b[2*(chain&1)+slot>>1&1]>>(16*(slot&1))); got != want {
			t.Fatalf("digit %x, want %x", got, want)
		}
		b = ARS(5, [4]uint32{uint32(sweep), chain, slot / 4, c3 | 2<<24}, key)
		if got := w.Word32(PurposeInit, chain, sweep, slot, draw); got != b[slot&3] {
			t.Fatalf("word %x, want %x", got, b[slot&3])
		}
	}
}
