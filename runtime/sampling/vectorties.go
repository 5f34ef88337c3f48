package sampling

import (
	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// First digits of 8 bits tie with the high bytes of thresholds in one of 256 updates. The
// spin kernel gives such lanes their likely values and lists them; for many quads of a
// block together they are then decided, before anything reads them.

// keysOf gives ties the keys of a worker's words.
func (z *noise) keysOf(t *vector.SpinTies) {
	t.Ars, t.More = z.ars.Keys, z.philox.More
	if z.n == rng.ARS5 {
		return
	}
	for i, k := range z.key[:z.n] {
		t.Keys[len(t.Keys)-z.n+i] = [2]uint64{uint64(k[0]), uint64(k[1])}
	}
}

// decideTies decides the ties of quads from quad first of a block on, in a tile whose
// first chain is given.
func (s *Sampler) decideTies(w *worker, b *blockPlan, first int, chain uint32) {
	t := w.vector.ties
	w.noise.keysOf(t) // the seed may be another one than before
	t.C0, t.C3 = uint64(uint32(w.sweep)), uint64(rng.CounterC3(rng.PurposeBytes+s.phase, 1, w.sweep))
	t.Chain, t.Quad = uint64(chain), uint64(b.first/4+first)
	if s.rng.Rounds == rng.ARS5 {
		vector.ArsTies512(t)
	} else {
		vector.PhiloxTies512(t)
	}
	for _, e := range t.Flip[:t.Flips] {
		c := vector.SpinChain(uint16(e & 511))
		w.outBits[int(b.row[4*first+int(e>>9&127)])*s.tile+c/64] ^= 1 << (c % 64)
	}
	for k, e := range t.Same[:t.Sames] {
		i, c := 4*first+int(e>>9&127), vector.SpinChain(uint16(e&511))
		if int(chain)+c < s.chains {
			g := int64(t.SameField[k])
			m, value := magnitude(g), uint64(likely(g))
			if w.spins.rare(m, w.spins.first(m), uint16(t.SameWord[k]>>8)) {
				value ^= 1
			}
			s.setBit(w, b, i, c, value)
		}
	}
	t.Count = 0
}
