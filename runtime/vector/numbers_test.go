package vector_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// The words of chains are those of blocks, four to each, in order.
func TestNumbers(t *testing.T) {
	kernels := kernelCount(t)
	words, free := guarded[[64]uint32](t)
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 2000 {
		p := random(r, 7+n%2*3)
		first := r.Uint32()
		if n%10 == 0 {
			first = -uint32(n % 20)
		}
		[]func(*vector.Philox, uint32, *[64]uint32){vector.PhiloxNumbers256, vector.PhiloxNumbers512}[n%kernels](&p.Philox, first, words)
		for c, got := range words {
			if want := p.block(first + uint32(c/4))[c%4]; got != want {
				t.Fatalf("word of chain %d: %x, want %x", c, got, want)
			}
		}
		key := [2]uint32{r.Uint32(), r.Uint32()}
		a := vector.Ars{Counter: [4]uint32{r.Uint32(), 0, r.Uint32(), r.Uint32()}, Keys: rng.ARSKeys(key)}
		[]func(*vector.Ars, uint32, *[64]uint32){vector.ArsNumbers256, vector.ArsNumbers512}[n%kernels](&a, first, words)
		for c, got := range words {
			counter := a.Counter
			counter[1] = first + uint32(c/4)
			if want := rng.ARS(5, counter, key)[c%4]; got != want {
				t.Fatalf("ARS: word of chain %d: %x, want %x", c, got, want)
			}
		}
	}
	free()
}

// normalOf is the polynomial of the specification of package ir, piece and place found by
// division; false if the word needs a second one.
func normalOf(table *vector.NormalTable, w uint32) (float32, bool) {
	n := w & (1<<31 - 1)
	if n < vector.NormalRare {
		return 0, false
	}
	o := 0
	for n>>o > 1 {
		o++
	}
	s := math.Floor(float64(n)/math.Ldexp(1, max(0, o-23))) * math.Ldexp(1, max(0, o-23)-o)
	e, k := 1.5, 0
	if s >= 1.5 {
		e, k = 2, 1
	}
	x := float32(s - e)
	c := table.Rows[(2*(o+127)+k)%vector.NormalPieces]
	z := c[5]
	for l := 4; l >= 0; l-- {
		z = float32(z*x) + c[l]
	}
	if w>>31 == 0 {
		z = -z
	}
	return z, true
}

func randomTable(r *rand.Rand, table *vector.NormalTable) {
	for i := range table.Rows {
		for l := range table.Columns {
			v := float32(r.NormFloat64())
			table.Rows[i][l], table.Columns[l][i] = v, v
		}
	}
}

func TestNormals(t *testing.T) {
	kernels := kernelCount(t)
	table, freeTable := guarded[vector.NormalTable](t)
	words, freeWords := guarded[[64]uint32](t)
	z, freeZ := guarded[[64]float32](t)
	r := rand.New(rand.NewPCG(3, 4))
	randomTable(r, table)
	for round := range 2000 {
		for c := range words {
			words[c] = r.Uint32() >> r.IntN(18) << r.IntN(3)
			if round/2 < 32 { // around every power of two
				words[c] = uint32(c&1)<<31 | (1<<(round/2) + uint32(c/2) - 16)
			}
		}
		rare := []func(*vector.NormalTable, *[64]uint32, *[64]float32) uint64{vector.Normals256, vector.Normals512}[round%kernels](table, words, z)
		for c, w := range words {
			want, ok := normalOf(table, w)
			if rare>>c&1 == 1 == ok {
				t.Fatalf("word %x: rare is %v", w, !ok)
			}
			if ok && !same(z[c], want) {
				t.Fatalf("word %x: %v, want %v", w, z[c], want)
			}
		}
	}
	freeTable()
	freeWords()
	freeZ()
}

// Words and numbers in one kernel are those of two.
func TestPhiloxNormals(t *testing.T) {
	needs512(t)
	type rows = [7][64]float32
	type heads = [7]vector.PhiloxHead
	z, freeZ := guarded[rows](t)
	head, freeHead := guarded[heads](t)
	table, freeTable := guarded[vector.NormalTable](t)
	r := rand.New(rand.NewPCG(5, 6))
	randomTable(r, table)
	seen := false
	for round := range 3000 {
		p := random(r, 7+round%2*3)
		n := 1 + r.IntN(len(head))
		at := len(head) - n // up to the guard
		for i := range head {
			q := random(r, 10)
			head[i] = vector.PhiloxHead{A: q.A, D: q.D, F: q.F, H: q.H, L: q.L}
		}
		*z = rows{}
		first := r.Uint32()
		rare := vector.PhiloxNormals512(&p.Philox, &head[at], n, first, table, &z[at])
		var all uint64
		for i := range head {
			if i < at {
				if z[i] != [64]float32{} {
					t.Fatal("a row before the first was written")
				}
				continue
			}
			h, words, want := head[i], new([64]uint32), new([64]float32)
			k := p.Philox
			k.A, k.D, k.F, k.H, k.L = h.A, h.D, h.F, h.H, h.L
			vector.PhiloxNumbers512(&k, first, words)
			all |= vector.Normals512(table, words, want)
			if *want != z[i] {
				t.Fatalf("round %d, slot %d of %d", round, i-at, n)
			}
		}
		if rare != (all != 0) {
			t.Fatalf("rare is %v with chains %x", rare, all)
		}
		seen = seen || rare
	}
	if !seen {
		t.Error("no rare word in all rounds")
	}
	freeZ()
	freeHead()
	freeTable()
}
