package rng

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// A battery of statistical tests of random words in the orders in which samplers use
// them. Each gives a p-value; below 10^-10 a generator has failed, below 10^-4 it is
// tried again with other keys and fails if that repeats. TestBattery holds the
// battery itself to its task: it must find generators with rounds taken away, and
// pass a cipher.

// stream gives words one after the other.
type stream func() uint32

// orders are streams of the words of a block function, by which index runs fastest.
// The block has the counter of the word law: sweep, chains, slots, purpose and draw.
func orders(block func(ctr [4]uint32, key [2]uint32) [4]uint32, key uint64) map[string]stream {
	k := [2]uint32{uint32(key), uint32(key >> 32)}
	byBlock := func(at func(n uint32) ([4]uint32, [2]uint32)) stream {
		var b [4]uint32
		n := uint32(0)
		return func() uint32 {
			if n&3 == 0 {
				b = block(at(n >> 2))
			}
			n++
			return b[(n-1)&3]
		}
	}
	word := func(i int, at func(n uint32) [4]uint32) stream {
		n := uint32(0)
		return func() uint32 {
			n++
			return block(at(n-1), k)[i]
		}
	}
	xor := func(n uint32) uint32 { // of two neighbouring pairs of chains
		a, b := block([4]uint32{n / 4, 6, 5, 0}, k), block([4]uint32{n / 4, 7, 5, 0}, k)
		return a[n&3] ^ b[n&3]
	}
	n := uint32(0)
	low := word(0, func(n uint32) [4]uint32 { return [4]uint32{n, 1, 2, 0} })
	return map[string]stream{
		"chains first":  byBlock(func(n uint32) ([4]uint32, [2]uint32) { return [4]uint32{n >> 18, n & 255, n >> 8 & 1023, 0}, k }),
		"slots first":   byBlock(func(n uint32) ([4]uint32, [2]uint32) { return [4]uint32{n >> 18, n >> 10 & 255, n & 1023, 0}, k }),
		"one node":      word(0, func(n uint32) [4]uint32 { return [4]uint32{n, 3, 2, 0} }),
		"one odd chain": word(3, func(n uint32) [4]uint32 { return [4]uint32{n, 1, 0, 0} }),
		"seeds":         byBlock(func(n uint32) ([4]uint32, [2]uint32) { return [4]uint32{0, 0, 0, 0}, [2]uint32{n, 0} }),
		"bits reversed": byBlock(func(n uint32) ([4]uint32, [2]uint32) { return [4]uint32{bits.Reverse32(n), 0, 0, 0}, k }),
		"draws":         byBlock(func(n uint32) ([4]uint32, [2]uint32) { return [4]uint32{n >> 8, 0, 0, n & 255 << 16}, k }),
		"two chains":    func() uint32 { n++; return xor(n - 1) },
		"low bytes": func() uint32 {
			return low()&255 | low()&255<<8 | low()&255<<16 | low()<<24
		},
	}
}

// statistics are the tests; n scales the words they take, 2^14 each at 1 or so.
var statistics = []struct {
	name string
	p    func(s stream, n int) float64
}{
	{"bytes", func(s stream, n int) float64 {
		count := make([]float64, 256)
		for range n << 14 {
			w := s()
			for range 4 {
				count[w&255]++
				w >>= 8
			}
		}
		return uniform(count)
	}},
	{"pairs of high bytes", func(s stream, n int) float64 {
		count := make([]float64, 65536)
		for range n << 14 {
			a := s()
			count[a>>24<<8|s()>>24]++
		}
		return uniform(count)
	}},
	{"quads of top bits", func(s stream, n int) float64 {
		count := make([]float64, 65536)
		for range n << 14 {
			at := uint32(0)
			for range 4 {
				at = at<<4 | s()>>28
			}
			count[at]++
		}
		return uniform(count)
	}},
	{"weights of neighbours", func(s stream, n int) float64 { // Hamming independence
		class := func(w uint32) int { return min(max(bits.OnesCount32(w)-12, 0), 8) }
		var one [9]float64
		for k := range 33 {
			one[min(max(k-12, 0), 8)] += math.Exp(lchoose(32, k) - 32*math.Ln2)
		}
		count, want := make([]float64, 81), make([]float64, 81)
		total := n << 14
		was := class(s())
		for range total {
			is := class(s())
			count[9*was+is]++
			was = is
		}
		for i := range want {
			want[i] = one[i/9] * one[i%9] * float64(total)
		}
		return chiSquare(count, want, 80)
	}},
	{"rank of 32 by 32 bits", func(s stream, n int) float64 {
		count := make([]float64, 3)
		total := n << 7
		for range total {
			var m [32]uint32
			for i := range m {
				m[i] = s()
			}
			count[min(2, 32-rank(m))]++
		}
		want := []float64{0.2887880952, 0.5775761902, 0.1336357146}
		for i := range want {
			want[i] *= float64(total)
		}
		return chiSquare(count, want, 2)
	}},
	{"rank of 288 by 288 bits", func(s stream, n int) float64 {
		// Finds what is linear in up to 287 bits: a row is 3, 9 or 24 outputs of 96, 32 or 12 bits.
		count := make([]float64, 3)
		total := n << 3
		for range total {
			var m [288][9]uint32
			for i := range m {
				for j := range m[i] {
					m[i][j] = s()
				}
			}
			count[min(2, 288-wideRank(&m))]++
		}
		want := []float64{0.2887880951, 0.5775761902, 0.1336357147}
		for i := range want {
			want[i] *= float64(total)
		}
		return chiSquare(count, want, 2)
	}},
	{"birthday spacings", func(s stream, n int) float64 {
		// 4,096 days of 2^32: equal spacings are Poisson with mean 4096^3/(4·2^32) = 4.
		total := 0
		const times = 4
		for range times * n {
			day := make([]uint32, 4096)
			for i := range day {
				day[i] = s()
			}
			total += equalSpacings(day)
		}
		mean := 4 * float64(times*n)
		return normal((float64(total) - mean) / math.Sqrt(mean))
	}},
	{"gaps of a small byte", func(s stream, n int) float64 {
		const longest = 64
		count, want := make([]float64, longest+1), make([]float64, longest+1)
		gap := 0
		for range n << 14 {
			if s()>>24 < 16 {
				count[min(gap, longest)]++
				gap = 0
			} else {
				gap++
			}
		}
		total := 0.0
		for _, c := range count {
			total += c
		}
		for i := range want {
			want[i] = total * math.Pow(15.0/16, float64(i))
			if i < longest {
				want[i] /= 16
			}
		}
		return chiSquare(count, want, longest)
	}},
	{"every bit by every bit", func(s stream, n int) float64 {
		// The largest of 32 · 32 correlations of bits with those of the next word.
		var equal [32][32]int
		total := n << 12
		was := s()
		for range total {
			is := s()
			for i := range 32 {
				x := is ^ -(was >> i & 1)
				for j := range 32 {
					equal[i][j] += int(x >> j & 1)
				}
			}
			was = is
		}
		worst := 0.0
		for i := range 32 {
			for j := range 32 {
				worst = max(worst, math.Abs(2*float64(equal[i][j])-float64(total))/math.Sqrt(float64(total)))
			}
		}
		return -math.Expm1(1024 * math.Log1p(-2*tail(worst)))
	}},
}

func lchoose(n, k int) float64 {
	l := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	return l(n) - l(k) - l(n-k)
}

func tail(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }

// normal is the p-value of a standard normal number, on both sides.
func normal(z float64) float64 { return 2 * tail(math.Abs(z)) }

func uniform(count []float64) float64 {
	total := 0.0
	for _, c := range count {
		total += c
	}
	want := make([]float64, len(count))
	for i := range want {
		want[i] = total / float64(len(count))
	}
	return chiSquare(count, want, len(count)-1)
}

// chiSquare is the p-value of Pearson's statistic, by the cube root of Wilson and
// Hilferty; too small values count as much as too large ones.
func chiSquare(count, want []float64, df int) float64 {
	x := 0.0
	for i, c := range count {
		x += (c - want[i]) * (c - want[i]) / want[i]
	}
	k := float64(df)
	return normal((math.Cbrt(x/k) - (1 - 2/(9*k))) / math.Sqrt(2/(9*k)))
}

func rank(m [32]uint32) int {
	r := 0
	for bit := range 32 {
		for i := r; i < 32; i++ {
			if m[i]>>bit&1 == 0 {
				continue
			}
			m[r], m[i] = m[i], m[r]
			for j := r + 1; j < 32; j++ {
				m[j] ^= m[r] & -(m[j] >> bit & 1)
			}
			r++
			break
		}
	}
	return r
}

func wideRank(m *[288][9]uint32) int {
	r := 0
	for bit := range 288 {
		w, b := bit>>5, bit&31
		for i := r; i < 288; i++ {
			if m[i][w]>>b&1 == 0 {
				continue
			}
			m[r], m[i] = m[i], m[r]
			for k := i + 1; k < 288; k++ {
				if m[k][w]>>b&1 == 1 {
					for j := w; j < 9; j++ {
						m[k][j] ^= m[r][j]
					}
				}
			}
			r++
			break
		}
	}
	return r
}

func equalSpacings(day []uint32) int {
	slices.Sort(day)
	for i := len(day) - 1; i > 0; i-- {
		day[i] -= day[i-1]
	}
	slices.Sort(day)
	n := 0
	for i := 1; i < len(day); i++ {
		if day[i] == day[i-1] {
			n++
		}
	}
	return n
}

// battery gives the tests that a generator fails in some orders, which are for a key,
// and how many p-values there were.
func battery(orders func(key uint64) map[string]stream, n int, key uint64) (failed []string, tests int) {
	for order := range orders(key) {
		for _, st := range statistics {
			tests++
			p := st.p(orders(key)[order], n)
			for retry := uint64(1); retry <= 3 && p < 1e-4 && p > 1e-10; retry++ {
				p = max(st.p(orders(key + retry*0x9E3779B97F4A7C15)[order], n), p)
			}
			if p < 1e-4 || math.IsNaN(p) {
				failed = append(failed, fmt.Sprintf("%s, %s: p = %.1e", order, st.name, p))
			}
		}
	}
	return failed, tests
}

// piDigits is the key of the batteries: the first bits of pi's fraction.
const piDigits = 0x243F6A8885A308D3

// batterySize is how many words the tests take, and whether all generators have them.
func batterySize(t *testing.T) (n int, all bool) {
	n = 32
	v := os.Getenv("THRML_BATTERY")
	if v == "" {
		return n, false
	}
	if _, err := fmt.Sscan(v, &n); err != nil || n < 32 {
		t.Fatalf("THRML_BATTERY %q: a number from 32 up is needed", v)
	}
	return n, true
}

// TestBattery runs 81 tests on the generators that a model may name, and on ones that
// must be found: too few rounds, and a counter of 16 bits. By default a test takes 2^19
// words, and one generator of each kind has its turn; make rng-battery takes 2^24 words
// and all of them.
func TestBattery(t *testing.T) {
	n, all := batterySize(t)
	ars := func(rounds int) func(c [4]uint32, k [2]uint32) [4]uint32 {
		return func(c [4]uint32, k [2]uint32) [4]uint32 { return ARS(rounds, c, k) }
	}
	philox := func(rounds int) func(c [4]uint32, k [2]uint32) [4]uint32 {
		return func(c [4]uint32, k [2]uint32) [4]uint32 { return Philox4x32(rounds, c, k) }
	}
	cipher := func(c [4]uint32, k [2]uint32) (out [4]uint32) {
		var seed [32]byte
		copy(seed[:], fmt.Sprintf("%08x%08x%08x", c[0], c[1], c[2]^c[3]<<3^k[0]^k[1]<<16))
		r := rand.NewChaCha8(seed)
		a, b := r.Uint64(), r.Uint64()
		return [4]uint32{uint32(a), uint32(a >> 32), uint32(b), uint32(b >> 32)}
	}
	for _, g := range []struct {
		name  string
		block func([4]uint32, [2]uint32) [4]uint32
		good  bool
	}{
		{"ars5", ars(5), true}, {"philox", philox(10), true}, {"philox7", philox(7), true}, {"ChaCha8", cipher, true},
		{"ars with 2 rounds", ars(2), false}, {"ars with 3 rounds", ars(3), false}, {"philox with 4 rounds", philox(4), false},
		{"ars5 on 16 bits of each number", func(c [4]uint32, k [2]uint32) [4]uint32 {
			for i := range c {
				c[i] &= 0xffff
			}
			return ARS(5, c, k)
		}, false},
	} {
		if !all && g.name != "ars5" && g.name != "ars with 3 rounds" {
			continue
		}
		t.Run(g.name, func(t *testing.T) {
			size := n
			if !g.good || g.name == "ChaCha8" { // slow here
				size = 32
			}
			failed, tests := battery(func(key uint64) map[string]stream { return orders(g.block, key) }, size, piDigits)
			if g.good && len(failed) > 0 {
				t.Errorf("%d of %d tests fail:\n%s", len(failed), tests, strings.Join(failed, "\n"))
			}
			if !g.good && len(failed) == 0 {
				t.Errorf("not found by %d tests", tests)
			}
			t.Logf("%d of %d tests fail", len(failed), tests)
		})
	}
}
