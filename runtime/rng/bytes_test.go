package rng

import "testing"

// Bytes and the words of ties, made from Philox and the law written in another language:
// byte chain mod 4 of word slot mod 4, and the word of draw 1.
func TestByteKnownAnswers(t *testing.T) {
	for _, k := range []struct {
		seed       uint64
		chain      uint32
		sweep      uint64
		slot       uint32
		ten, seven uint8
		word       uint32
	}{
		{seed: 1, ten: 156, seven: 29, word: 3907102597},
		{seed: 1, chain: 1, ten: 89, seven: 89, word: 645744091},
		{seed: 1, chain: 2, slot: 1, ten: 53, seven: 245, word: 1529202018},
		{seed: 1, chain: 3, slot: 2, ten: 120, seven: 236, word: 2036976894},
		{seed: 1, chain: 4, sweep: 7, slot: 3, ten: 90, seven: 77, word: 3442378575},
		{seed: 0x123456789abcdef0, chain: 517, sweep: 1<<40 + 5, slot: 1234, ten: 154, seven: 45, word: 58220112},
		{seed: 1<<64 - 1, chain: 65535, sweep: 1<<48 - 1, slot: 1<<20 + 3, ten: 83, seven: 96, word: 2786996441},
	} {
		w := NewWords(k.seed, 10)
		if got := w.Byte(PurposeBytes, k.chain, k.sweep, k.slot); got != k.ten {
			t.Errorf("%+v: got %d", k, got)
		}
		if got := w.Word32(PurposeBytes, k.chain, k.sweep, k.slot, 1); got != k.word {
			t.Errorf("%+v: word %d", k, got)
		}
		if got := NewWords(k.seed, 7).Byte(PurposeBytes, k.chain, k.sweep, k.slot); got != k.seven {
			t.Errorf("%+v: 7 rounds give %d", k, got)
		}
		// Sixteen bytes are the block of the generator, ARS too, the lowest first.
		for _, w := range []Words{w, NewWords(k.seed, ARS5)} {
			block := w.Block([4]uint32{uint32(k.sweep), k.chain / 4, k.slot / 4, 8<<24 | uint32(k.sweep>>32)})
			for q := range uint32(4) {
				var word uint32
				for c := range uint32(4) {
					word |= uint32(w.Byte(PurposeBytes, k.chain&^3+c, k.sweep, k.slot&^3+q)) << (8 * c)
				}
				if word != block[q] {
					t.Errorf("%+v: bytes of slot %d are %x, the word %x", k, q, word, block[q])
				}
			}
		}
	}
}
