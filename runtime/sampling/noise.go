package sampling

import (
	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// noise holds the first digits of four slots for up to 64 chains: digit[q][i] is
// that of slot 4g+q and the chain in place i, see placeOf.
type noise struct {
	digit [4][64]uint16
	key   [10][2]uint32 // round keys
	n     int           // rounds
	first rng.Purpose   // PurposeUpdate, or PurposeBytes for the spin kernel
	phase rng.Purpose   // 0, or PurposeNegative
	draw  uint32

	kernel vector.Kernel
	philox vector.Philox
	ars    vector.Ars
	slots  vector.SlotPhilox
	words  rng.Words
}

func (z *noise) init(w rng.Words) {
	z.n, z.words = w.Rounds, w
	if z.n == rng.ARS5 {
		z.ars.Keys = rng.ARSKeys(w.Key)
		columns := rng.ARSColumns(w.Key)
		z.ars.SetPairs(&columns)
		return
	}
	k := w.Key
	for i := range z.key {
		z.key[i] = k
		k[0] += 0x9E3779B9
		k[1] += 0xBB67AE85
	}
	z.philox.More = 0
	if z.n == 10 {
		z.philox.More = 1
	}
	for i, k := range z.key[3:] {
		z.philox.Keys[i] = [2]uint64{uint64(k[0]), uint64(k[1])}
	}
}

// fill draws the block of slots 4g … 4g+3 for 4·bytes pairs of chains, the first
// of them pair first.
func (z *noise) fill(sweep uint64, first uint32, bytes int, g uint32) {
	if z.n == rng.ARS5 || z.neonPairs(4*bytes) {
		var words [2][64]uint32
		z.fillWords(sweep, first, 4*bytes, g, &words)
		if z.kernel == vector.NEON && bytes == 8 {
			vector.Digits128(&words, &z.digit)
		} else {
			z.digitsOf(&words, bytes)
		}
		return
	}
	h, k := z.head(sweep, g), &z.key
	if z.kernel >= vector.AVX2 {
		z.fillDigits(&h, first, bytes)
		return
	}
	place := 0
	for i := range 4 * bytes {
		if i&3 == 0 {
			place = i >> 2
		}
		x0, x1, x2, x3 := z.third(&h, first+uint32(i))
		x0, x1, x2, x3 = philoxRound(x0, x1, x2, x3, k[3][0], k[3][1])
		x0, x1, x2, x3 = philoxRound(x0, x1, x2, x3, k[4][0], k[4][1])
		x0, x1, x2, x3 = philoxRound(x0, x1, x2, x3, k[5][0], k[5][1])
		x0, x1, x2, x3 = philoxRound(x0, x1, x2, x3, k[6][0], k[6][1])
		if z.n == 10 {
			x0, x1, x2, x3 = philoxRound(x0, x1, x2, x3, k[7][0], k[7][1])
			x0, x1, x2, x3 = philoxRound(x0, x1, x2, x3, k[8][0], k[8][1])
			x0, x1, x2, x3 = philoxRound(x0, x1, x2, x3, k[9][0], k[9][1])
		}
		j, l := place&63, (place+bytes)&63
		place += 2 * bytes
		z.digit[0][j], z.digit[1][j] = uint16(x0), uint16(x0>>16)
		z.digit[2][j], z.digit[3][j] = uint16(x1), uint16(x1>>16)
		z.digit[0][l], z.digit[1][l] = uint16(x2), uint16(x2>>16)
		z.digit[2][l], z.digit[3][l] = uint16(x3), uint16(x3>>16)
	}
}

// fillWords draws the same for so many pairs as words of two digits, chains in their
// own order: those of slots 4g and 4g+1, and of the other two.
func (z *noise) fillWords(sweep uint64, first uint32, pairs int, g uint32, words *[2][64]uint32) {
	if z.n == rng.ARS5 {
		z.arsWords(sweep, first, pairs, g, words)
		return
	}
	h, k := z.head(sweep, g), &z.key
	if z.kernel >= vector.AVX2 && pairs > 1 || z.neonPairs(pairs) {
		z.vectorWords(&h, first, words)
		return
	}
	for i := range pairs {
		x0, x1, x2, x3 := z.third(&h, first+uint32(i))
		x0, x1, x2, x3 = philoxRound(x0, x1, x2, x3, k[3][0], k[3][1])
		x0, x1, x2, x3 = philoxRound(x0, x1, x2, x3, k[4][0], k[4][1])
		x0, x1, x2, x3 = philoxRound(x0, x1, x2, x3, k[5][0], k[5][1])
		x0, x1, x2, x3 = philoxRound(x0, x1, x2, x3, k[6][0], k[6][1])
		if z.n == 10 {
			x0, x1, x2, x3 = philoxRound(x0, x1, x2, x3, k[7][0], k[7][1])
			x0, x1, x2, x3 = philoxRound(x0, x1, x2, x3, k[8][0], k[8][1])
			x0, x1, x2, x3 = philoxRound(x0, x1, x2, x3, k[9][0], k[9][1])
		}
		j := 2 * i & 63
		words[0][j], words[0][j|1], words[1][j], words[1][j|1] = x0, x2, x1, x3
	}
}

// fillBytes is fill for first digits of 8 bits: it draws for 2·bytes times four chains,
// the first of them chains 4·first ….
func (z *noise) fillBytes(sweep uint64, first uint32, bytes int, g uint32) {
	var words [64]uint32
	z.numbers([4]uint32{uint32(sweep), first, g, rng.CounterC3(rng.PurposeBytes+z.phase, 0, sweep)}, 8*bytes, &words)
	for i, o := range words[:8*bytes] {
		for c := range 4 {
			z.digit[i&3][placeOf(i&^3+c, bytes)&63] = uint16(uint8(o >> (8 * c)))
		}
	}
}

// numbers draws n words, those of the blocks at a counter and at the next ones, which have
// more in their second word.
func (z *noise) numbers(counter [4]uint32, n int, words *[64]uint32) {
	switch {
	case z.neonPairs(n / 2):
		h := z.headAt(counter[0], counter[2], counter[3])
		z.setHead(&h)
		vector.PhiloxNumbers128(&z.philox, counter[1], words)
	case z.n != rng.ARS5:
		var rows [4][64]uint32
		rng.FillPhilox4x32(z.n, counter, z.words.Key, &rows, (n+3)/4)
		for c := range n {
			words[c] = rows[c&3][c>>2]
		}
	case z.neonArs():
		z.ars.Counter = counter
		vector.ArsNumbers128(&z.ars, 0, words)
	default:
		for c := 0; c < n; c += 4 {
			o := z.words.Block(counter)
			copy(words[c:], o[:])
			counter[1]++
		}
	}
}

// neonPairs says whether NEON draws so many pairs sooner than Go: it draws 32 of them, in the
// time of 5 to 19 of Go's by models of processors.
func (z *noise) neonPairs(pairs int) bool {
	return z.kernel == vector.NEON && z.n != rng.ARS5 && pairs > 16
}

// neonArs says whether NEON has the kernels of ARS-5 here.
func (z *noise) neonArs() bool { return z.kernel == vector.NEON && vector.ArmAES }

// philoxHead is the part of the first three rounds that is the same for all pairs
// of chains, because only c1 differs.
type philoxHead struct{ a, d, f, h, l uint32 }

func (z *noise) head(sweep uint64, g uint32) philoxHead {
	return z.headAt(uint32(sweep), g, rng.CounterC3(z.first+z.phase, z.draw, sweep))
}

func (z *noise) headAt(c0, c2, c3 uint32) philoxHead {
	k := &z.key
	p0, p1 := digitM0*uint64(c0), digitM1*uint64(c2)
	a := uint32(p1>>32) ^ k[0][0] // c0 after round 1, less c1
	d := uint32(p0)
	b := uint32(p1)
	p1 = digitM1 * uint64(uint32(p0>>32)^c3^k[0][1])
	e := uint32(p1>>32) ^ b ^ k[1][0] // c0 after round 2
	p0 = digitM0 * uint64(e)
	return philoxHead{a, d ^ k[1][1], uint32(p1) ^ k[2][0], uint32(p0>>32) ^ k[2][1], uint32(p0)}
}

// vectorWords is fillWords in assembly. It draws for 32 pairs, whatever is needed.
func (z *noise) vectorWords(h *philoxHead, first uint32, words *[2][64]uint32) {
	z.setHead(h)
	switch z.kernel {
	case vector.AVX512:
		vector.PhiloxWords512(&z.philox, first, words)
	case vector.AVX2:
		vector.PhiloxWords256(&z.philox, first, words)
	default:
		vector.PhiloxWords128(&z.philox, first, words)
	}
}

// fillDigits is fill in assembly.
func (z *noise) fillDigits(h *philoxHead, first uint32, bytes int) {
	if bytes < 8 {
		var words [2][64]uint32
		z.vectorWords(h, first, &words)
		z.digitsOf(&words, bytes)
		return
	}
	z.setHead(h)
	if z.kernel == vector.AVX512 {
		vector.PhiloxDigits512(&z.philox, first, &z.digit)
	} else {
		vector.PhiloxDigits256(&z.philox, first, &z.digit)
	}
}

// digitsOf puts the digits of words in place.
func (z *noise) digitsOf(words *[2][64]uint32, bytes int) {
	for c := range 8 * bytes {
		i := placeOf(c, bytes) & 63
		x, y := words[0][c&63], words[1][c&63]
		z.digit[0][i], z.digit[1][i], z.digit[2][i], z.digit[3][i] = uint16(x), uint16(x>>16), uint16(y), uint16(y>>16)
	}
}

// arsWords is fillWords with ARS.
func (z *noise) arsWords(sweep uint64, first uint32, pairs int, g uint32, words *[2][64]uint32) {
	z.setCounter(sweep, g)
	switch {
	case pairs == 0:
	case z.kernel == vector.AVX512:
		vector.ArsWords512(&z.ars, first, words)
	case z.kernel == vector.AVX2:
		vector.ArsWords256(&z.ars, first, words)
	case z.neonArs():
		vector.ArsWords128(&z.ars, first, words)
	default:
		counter := z.ars.Counter
		for i := range pairs {
			counter[1] = first + uint32(i)
			o := z.words.Block(counter)
			j := 2 * i & 63
			words[0][j], words[0][j|1], words[1][j], words[1][j|1] = o[0], o[2], o[1], o[3]
		}
	}
}

func (z *noise) setCounter(sweep uint64, g uint32) {
	z.ars.Counter = [4]uint32{uint32(sweep), 0, g, rng.CounterC3(z.first+z.phase, z.draw, sweep)}
}

// fillSpins draws for the spin kernel, for 512 chains from the first one on.
func (z *noise) fillSpins(sweep uint64, first, g uint32, to *vector.SpinNoise) {
	ars, bytes := z.aim(sweep, g), z.first == rng.PurposeBytes
	switch {
	case ars && bytes:
		vector.ArsBytes512(&z.ars, first/4, to)
	case ars:
		vector.ArsSpins512(&z.ars, first/2, to)
	case bytes:
		vector.PhiloxBytes512(&z.philox, first/4, to)
	default:
		vector.PhiloxSpins512(&z.philox, first/2, to)
	}
}

// fillFours draws for the spin kernel in AVX2, for 128 pairs from the first one on.
func (z *noise) fillFours(sweep uint64, first, g uint32, to *vector.SpinDigits) {
	if z.aim(sweep, g) {
		vector.ArsSpins256(&z.ars, first, to)
	} else {
		vector.PhiloxSpins256(&z.philox, first, to)
	}
}

// aim makes a kernel's arguments those of slots 4g … 4g+3, and says whether it is ARS's.
func (z *noise) aim(sweep uint64, g uint32) (ars bool) {
	if z.n == rng.ARS5 {
		z.setCounter(sweep, g)
		return true
	}
	h := z.head(sweep, g)
	z.setHead(&h)
	return false
}

func (z *noise) setHead(h *philoxHead) {
	k := &z.philox
	k.A, k.D, k.F, k.H, k.L = uint64(h.a), uint64(h.d), uint64(h.f), uint64(h.h), uint64(h.l)
}

// third is the counter of a pair after three rounds.
func (z *noise) third(h *philoxHead, pair uint32) (x0, x1, x2, x3 uint32) {
	q0 := digitM0 * uint64(h.a^pair)
	q1 := digitM1 * uint64(uint32(q0>>32)^h.d)
	return uint32(q1>>32) ^ h.f, uint32(q1), h.h ^ uint32(q0), h.l
}

const digitM0, digitM1 = uint64(0xD2511F53), uint64(0xCD9E8D57)

func philoxRound(x0, x1, x2, x3, k0, k1 uint32) (y0, y1, y2, y3 uint32) {
	q0, q1 := digitM0*uint64(x0), digitM1*uint64(x2)
	return uint32(q1>>32) ^ x1 ^ k0, uint32(q1), uint32(q0>>32) ^ x3 ^ k1, uint32(q0)
}

// placeOf is where the kernels keep chain c of a word while they work on its
// first 8·bytes chains: the order in which transpose8 leaves them.
func placeOf(c, bytes int) int { return c&7*bytes + c>>3 }

// chainIn is the chain in place i.
func chainIn(i, bytes int) int { return i%bytes<<3 + i/bytes }
