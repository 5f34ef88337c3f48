package interp

import (
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// First digits of 8 bits and the words that decide ties, made from Philox and the law
// written in another language.
func TestBytes(t *testing.T) {
	for _, k := range []struct {
		seed        uint64
		chain       int
		sweep       uint64
		slot        int
		first, word int64
	}{
		{1, 0, 0, 0, 156, 3907102597},
		{1, 1, 0, 0, 89, 645744091},
		{1, 2, 0, 1, 53, 1529202018},
		{1, 3, 0, 2, 120, 2036976894},
		{1, 4, 7, 3, 90, 3442378575},
		{0x123456789abcdef0, 517, 1<<40 + 5, 1234, 154, 58220112},
		{1<<64 - 1, 65535, 1<<48 - 1, 1<<20 + 3, 83, 2786996441},
	} {
		m := &Machine{p: &ir.Program{Rounds: 10}, seed: k.seed, SweepNumber: k.sweep}
		if got := m.first(k.chain, k.slot); got != k.first {
			t.Errorf("%+v: got %d", k, got)
		}
		if got := m.word(PurposeBytes, k.chain, k.sweep, k.slot, 1); int64(got) != k.word {
			t.Errorf("%+v: word %d", k, got)
		}
	}
}
