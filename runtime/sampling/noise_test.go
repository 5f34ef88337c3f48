package sampling

import (
	"fmt"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// The batched noise is the word law for every pair, slot, round count and
// sweep, the crossing of 2^32 included.
func TestNoiseFillIsTheWordLaw(t *testing.T) {
	for _, rounds := range []int{7, 10, rng.ARS5} {
		for _, kernel := range vector.Kernels() {
			testNoise(t, rounds, kernel)
		}
	}
}

func testNoise(t *testing.T, rounds int, kernel vector.Kernel) {
	{
		w := rng.NewWords(0x0123456789abcdef, rounds)
		z := noise{kernel: kernel}
		z.init(w)
		for _, sweep := range []uint64{0, 5, 1<<32 - 1, 1 << 32, 1<<40 + 3} {
			for _, g := range []uint32{0, 1, 1065, 1 << 20} {
				for i, first := range []uint32{0, 32, 1 << 16, 5, 9} {
					bytes := []int{8, 8, 1, 3, 7}[i]
					z.fill(sweep, first, bytes, g)
					for p := uint32(0); p < uint32(4*bytes); p++ {
						for b := uint32(0); b < 2; b++ {
							for q := uint32(0); q < 4; q++ {
								got := z.digit[q][placeOf(int(2*p+b), bytes)]
								want := w.Digit(rng.PurposeUpdate, 2*(first+p)+b, sweep, 4*g+q, 0)
								if got != want {
									t.Fatalf("%v: rounds %d sweep %d slot %d chain %d: %d, want %d", kernel, rounds, sweep, 4*g+q, 2*(first+p)+b, got, want)
								}
							}
						}
					}
				}
			}
		}
	}
}

// The words of continuous nodes and the first digits of 8 bits are the word law with every
// kernel and number of chains.
func TestNumbersAreTheWordLaw(t *testing.T) {
	for i := range 3 * len(vector.Kernels()) {
		kernel, rounds := vector.Kernels()[i/3], []int{7, 10, rng.ARS5}[i%3]
		w := rng.NewWords(0x0123456789abcdef, rounds)
		f := floatScratch{first: noise{kernel: kernel, phase: rng.PurposeContinuous}}
		f.first.init(w)
		z := noise{kernel: kernel, first: rng.PurposeBytes}
		z.init(w)
		for n := 1; n <= 64; n++ {
			sweep, slot, draw := uint64(n)<<28, uint32(n*n), uint32(n%3)
			f.numbers(sweep, 64*uint32(n), n, slot, draw)
			for c, got := range f.word[:n] {
				if want := w.Number(rng.PurposeContinuous, uint32(64*n+c), sweep, slot, draw); got != want {
					t.Fatalf("%v, %d rounds, chain %d of %d: %x, want %x", kernel, rounds, c, n, got, want)
				}
			}
			bytes := (n + 7) / 8
			z.fillBytes(sweep, 16*uint32(n), bytes, slot)
			for c := range 8 * bytes {
				for q := range uint32(4) {
					if got, want := z.digit[q][placeOf(c, bytes)], w.Byte(rng.PurposeBytes, uint32(64*n+c), sweep, 4*slot+q); got != uint16(want) {
						t.Fatalf("%v, %d rounds, slot %d of chain %d: %x, want %x", kernel, rounds, q, c, got, want)
					}
				}
			}
		}
	}
}

// First digits over 10^7 in a row, and over none.
func TestNoiseFillManyDigits(t *testing.T) {
	w := rng.NewWords(7, 10)
	var z, before noise
	z.init(w)
	before = z
	z.fill(0, 0, 0, 0)
	if z != before {
		t.Error("no chains, yet digits were drawn")
	}
	const groups = 10_000_000/256 + 1
	for g := uint32(0); g < groups; g++ {
		z.fill(3, 64, 8, g)
		for p := range 32 {
			b := rng.Philox4x32(10, [4]uint32{3, 64 + uint32(p), g, 0}, w.Key)
			for q := range 4 {
				lo, hi := z.digit[q][placeOf(2*p, 8)], z.digit[q][placeOf(2*p+1, 8)]
				if lo != uint16(b[q>>1]>>(16*(q&1))) || hi != uint16(b[2+q>>1]>>(16*(q&1))) {
					t.Fatalf("group %d pair %d slot %d", g, p, q)
				}
			}
		}
	}
}

func BenchmarkNoise(b *testing.B) {
	for i := range 2 * len(vector.Kernels()) {
		k, rounds := vector.Kernels()[i/2], []int{10, rng.ARS5}[i%2]
		b.Run(fmt.Sprintf("%v/%d", k, rounds), func(b *testing.B) {
			z := noise{kernel: k}
			z.init(rng.NewWords(1, rounds))
			for i := 0; i < b.N; i++ {
				z.fill(uint64(i), 0, 8, 7)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/256, "ns/digit")
		})
	}
}
