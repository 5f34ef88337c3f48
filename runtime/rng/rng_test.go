package rng

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"
)

type wordsFile struct {
	Philox []struct {
		Rounds       int
		Counter, Out [4]uint32
		Key          [2]uint32
	} `json:"philox4x32"`
	Digits []struct {
		Seed, Sweep   string
		Chain         uint32
		Slot, Draw    uint32
		Purpose       Purpose
		Digit         uint16
		DigitNegative uint16 `json:"digit_negative_phase"`
		Digit7        uint16 `json:"digit_philox7"`
	}
	Words []struct {
		Seed, Sweep       string
		Chain, Slot, Draw uint32
		Purpose           Purpose
		Word              uint32
	}
}

func readWords(t *testing.T) wordsFile {
	t.Helper()
	raw, err := os.ReadFile("testdata/words.json")
	if err != nil {
		t.Fatal(err)
	}
	var f wordsFile
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Philox) < 6 || len(f.Digits) < 50 || len(f.Words) < 20 {
		t.Fatal("words.json is incomplete")
	}
	return f
}

func u64(t *testing.T, s string) uint64 {
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The published known answers of Random123 (10 rounds) and computed ones (7).
func TestPhiloxKnownAnswers(t *testing.T) {
	for _, k := range readWords(t).Philox {
		if got := Philox4x32(k.Rounds, k.Counter, k.Key); got != k.Out {
			t.Errorf("philox4x32-%d %x %x: got %x, want %x", k.Rounds, k.Counter, k.Key, got, k.Out)
		}
	}
}

func TestWordLaw(t *testing.T) {
	f := readWords(t)
	for _, d := range f.Digits {
		seed, sweep := u64(t, d.Seed), u64(t, d.Sweep)
		w := NewWords(seed, 10)
		if got := w.Digit(d.Purpose, d.Chain, sweep, d.Slot, d.Draw); got != d.Digit {
			t.Errorf("digit %+v: got %d", d, got)
		}
		if got := w.Digit(d.Purpose+PurposeNegative, d.Chain, sweep, d.Slot, d.Draw); got != d.DigitNegative {
			t.Errorf("negative phase %+v: got %d", d, got)
		}
		if got := NewWords(seed, 7).Digit(d.Purpose, d.Chain, sweep, d.Slot, d.Draw); got != d.Digit7 {
			t.Errorf("philox7 %+v: got %d", d, got)
		}
	}
	for _, k := range f.Words {
		w := NewWords(u64(t, k.Seed), 10)
		if got := w.Word32(k.Purpose, k.Chain, u64(t, k.Sweep), k.Slot, k.Draw); got != k.Word {
			t.Errorf("word %+v: got %d", k, got)
		}
	}
}

// Rows of blocks are the blocks one by one.
func TestFillPhilox(t *testing.T) {
	ctr, key := [4]uint32{5, 1<<32 - 3, 7, 9}, [2]uint32{11, 13}
	for _, n := range []int{1, 2, 7, 64} {
		var out [4][64]uint32
		FillPhilox4x32(10, ctr, key, &out, n)
		for i := range n {
			c := ctr
			c[1] += uint32(i)
			for q, want := range Philox4x32(10, c, key) {
				if out[q][i] != want {
					t.Fatalf("word %d of block %d is %x, want %x", q, i, out[q][i], want)
				}
			}
		}
	}
}
