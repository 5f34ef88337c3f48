package interp

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// The known answers of the word law: Philox4x32-10 as published with Random123,
// the rest computed apart from this project.
func TestKnownWords(t *testing.T) {
	raw, err := os.ReadFile("testdata/words.json")
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Philox []struct {
			Rounds       int
			Counter, Out [4]uint32
			Key          [2]uint32
		} `json:"philox4x32"`
		Digits []struct {
			Seed, Sweep                string
			Chain, Slot, Draw, Purpose int
			Digit                      uint64
			Digit7                     uint64 `json:"digit_philox7"`
		}
		Words []struct {
			Seed, Sweep                string
			Chain, Slot, Draw, Purpose int
			Word                       uint64
		}
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	number := func(s string) uint64 {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, k := range f.Philox {
		if got := philox(k.Rounds, k.Counter, k.Key); got != k.Out {
			t.Errorf("philox-%d %v %v: got %v", k.Rounds, k.Counter, k.Key, got)
		}
	}
	digits, words := 0, 0
	for _, k := range f.Digits {
		if k.Purpose != PurposeUpdate {
			continue
		}
		digits++
		for rounds, want := range map[int]uint64{10: k.Digit, 7: k.Digit7} {
			m := &Machine{p: &ir.Program{Rounds: rounds}, seed: number(k.Seed), SweepNumber: number(k.Sweep)}
			if got := m.digit(k.Chain, k.Slot, k.Draw); got != want {
				t.Errorf("digit %+v, %d rounds: got %d", k, rounds, got)
			}
		}
	}
	for _, k := range f.Words {
		words++
		m := &Machine{p: &ir.Program{Rounds: 10}, seed: number(k.Seed)}
		if got := m.word(uint32(k.Purpose), k.Chain, number(k.Sweep), k.Slot, k.Draw); got != k.Word {
			t.Errorf("word %+v: got %d", k, got)
		}
	}
	if len(f.Philox) < 6 || digits < 50 || words < 1 {
		t.Errorf("%d blocks, %d digits, %d words: too few to trust", len(f.Philox), digits, words)
	}
}
