package interp

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// ulps is |got - want| in units of the last place of want.
func ulps(got float64, want *big.Float) float64 {
	w, _ := want.Float64()
	ulp := math.Nextafter(math.Abs(w), math.Inf(1)) - math.Abs(w)
	return math.Abs(gap(bigFloat(got), want)) / ulp
}

// σ and exp against 160-bit arithmetic: within one unit in the last place for
// exp, three for σ.
func TestExpAndSigma(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	xs := []float64{0, 1, -1, 0.5, math.Ln2, math.Ln2 / 2, -math.Ln2 / 2, 11.09375, -20, 700, -700, 1e-300, -1e-17}
	for range 1500 {
		xs = append(xs, (r.Float64()-0.5)*64, (r.Float64()-0.5)*1400)
	}
	worst, worstSigma := 0.0, 0.0
	for _, x := range xs {
		worst = max(worst, ulps(sampling.Exp(x), bigExp(bigFloat(x))))
		worstSigma = max(worstSigma, ulps(sampling.Sigma(x), bigSigma(bigFloat(x))))
	}
	if worst > 1 {
		t.Errorf("exp is off by %v units in the last place", worst)
	}
	if worstSigma > 3 {
		t.Errorf("σ is off by %v units in the last place", worstSigma)
	}
	if sampling.Exp(-800) != 0 || !math.IsInf(sampling.Exp(800), 1) || !math.IsNaN(sampling.Exp(math.NaN())) {
		t.Error("exp at its ends")
	}
}

// spinFormats are β, F pairs that reach every shape of table: single values
// (S = 0), short and long segments, cut fractions (S > 16), β = 0 and S at its
// end.
var spinFormats = []struct {
	beta     float64
	fraction int
}{
	{1, 15}, {1, 13}, {0.1, 10}, {0.37, 20}, {2.5, 8}, {1, 2}, {7, 0}, {1e-3, 4}, {1, 24}, {1, 26}, {0.9, 40}, {3, -3},
	{0, 12}, {1e-9, 40}, {1e-15, 40}, {1.0 / 3, 22}, {100, 16},
}

// fields are magnitudes worth a look: around segment ends and middles, past the
// table, and random ones.
func fields(r *rand.Rand, s *SpinTable) []int64 {
	end := int64(len(s.A)) << min(s.Shift, 52)
	ms := []int64{0, 1, 2, 3, end - 1, end, end + 1, 2 * end, 1<<62 - 1}
	for i := 0; i < len(s.A); i += 7 {
		from := int64(i) << min(s.Shift, 52)
		length := int64(1) << min(s.Shift, 52)
		ms = append(ms, from, from+length/2, from+length-1, from+r.Int64N(length), from+length*47/65536, from+length*46/65536)
	}
	for range 60 {
		ms = append(ms, r.Int64N(end+end/8))
	}
	return ms
}

// Every threshold against the exact law: the program's probability is within
// TableError; with two digits T stays at or below the exact first digit (it may
// pass it by 0.05 of a unit, where R is 0, for cut fractions), and R makes up
// the tail exactly.
func TestSpinTables(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	largest := map[int]float64{} // share of TableError used, by threshold bits
	for _, f := range spinFormats {
		for _, segments := range []int{128, 256} {
			for _, bits := range []int{32, 16, 12, 8, 1} {
				s := NewSpinTable(f.beta, f.fraction, segments, bits)
				allowed := ir.TableError(f.beta, f.fraction, segments, bits)
				for i := range s.A {
					if s.A[i] < 0 || s.A[i] > 1<<31+32768 || s.D[i] < 0 || s.D[i] > 65535 || s.D[i]*65535/16 > s.A[i] {
						t.Fatalf("%+v, %d segments, %d bits: line %d is %d - %d·f", f, segments, bits, i, s.A[i], s.D[i])
					}
				}
				for _, m := range fields(r, s) {
					x := bigMul(bigFloat(2*f.beta), new(big.Float).SetMantExp(bigFloat(1), -f.fraction))
					x = bigMul(x, new(big.Float).SetPrec(160).SetInt64(m))
					if v, _ := x.Float64(); v > 500 {
						x = bigFloat(500)
					}
					p := bigSigma(new(big.Float).Neg(x))
					exact := in(p, 16) // in units of the first digit
					first, second := s.First(m), s.Second(m)
					if e := math.Abs(s.Probability(m) - in(p, 0)); e > allowed {
						t.Fatalf("%+v, %d segments, %d bits, m = %d: off by %v, allowed %v", f, segments, bits, m, e, allowed)
					} else {
						largest[bits] = max(largest[bits], e/allowed)
					}
					if s.Probability(m) > 0.5 {
						t.Fatalf("%+v, m = %d: the less likely value has %v", f, m, s.Probability(m))
					}
					if bits < 32 {
						continue
					}
					if e := math.Abs(float64(s.Exact(m)) - in(p, 32)); e > 0.5001 {
						t.Fatalf("%+v, m = %d: E is off by %v", f, m, e)
					}
					over := float64(first) - exact
					if s.Shift <= 16 && first > s.Exact(m)>>16 || over > 0.05 {
						t.Fatalf("%+v, %d segments, m = %d: T = %d, first digit of σ %v", f, segments, m, first, exact)
					}
					if second < 0 || second > 65536 {
						t.Fatalf("R(%d) = %d", m, second)
					}
					// The tail: from where the table ends, exact to half a unit of 2^-32.
					if first == 0 && exact < 1 {
						if e := math.Abs(float64(second) - in(p, 32)); e > 0.5001 {
							t.Fatalf("%+v, m = %d: tail %d, exact %v", f, m, second, in(p, 32))
						}
					}
				}
			}
		}
	}
	for bits, share := range largest {
		if share < 0.4 {
			t.Errorf("%d threshold bits: only %v of the error bound is ever used", bits, share)
		}
	}
}

// Between where a first digit can hold a probability well and where the table
// ends, what the lines lack is a small part of it: h²/8 of the curve and 1/32 of
// a digit of the slope.
func TestSpinTail(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	for _, f := range spinFormats {
		for _, segments := range []int{128, 256} {
			s := NewSpinTable(f.beta, f.fraction, segments, 32)
			h := math.Ldexp(s.C, s.Shift)
			if s.Shift == 0 || s.Shift > 40 {
				continue
			}
			for range 400 {
				m := int64((7 + 5*r.Float64()) / s.C)
				exact := float64(s.Exact(m)) / 65536
				lack := exact - math.Ldexp(s.Probability(m), 16)
				if lack > h*h/8*exact+1.0/32+1e-4 || lack < -0.05 {
					t.Fatalf("%+v, %d segments, x = %v: %v digits, the table lacks %v", f, segments, s.C*float64(m), exact, lack)
				}
			}
		}
	}
}

// Lines as the specification words them, in 160-bit arithmetic. Entries agree
// but where a number to be rounded down lies within 2e-5 of an integer.
func TestSpinLines(t *testing.T) {
	for _, f := range spinFormats {
		for _, bits := range []int{32, 16} {
			s := NewSpinTable(f.beta, f.fraction, 128, bits)
			if s.Shift == 0 {
				continue
			}
			h := bigMul(bigFloat(2*f.beta), new(big.Float).SetMantExp(bigFloat(1), s.Shift-f.fraction))
			q := func(twice int) float64 { // at twice/2 segments
				return in(bigSigma(new(big.Float).Neg(bigMul(h, bigFloat(float64(twice)/2)))), 16)
			}
			width := in(h, 0)
			near := func(what string, i int, got int64, want float64) {
				if math.Abs(float64(got)-math.Floor(want)) > 0 && math.Abs(want-math.Round(want)) > 2e-5 {
					t.Errorf("%+v, %d bits: %s[%d] = %d, want floor(%v)", f, bits, what, i, got, want)
				}
			}
			for i := 1; i < 128; i++ {
				v0, v1, y := q(2*i), q(2*i+2), q(2*i+1)
				if bits == 32 {
					drop := y * (65536 - y) / 65536 * width
					near("D", i, s.D[i], 16*drop+0.5)
					near("A", i, s.A[i], max(0, (y+drop/2+min(0, math.Floor(16*drop+0.5)/16-drop))*65536-1))
				} else {
					near("D", i, s.D[i], 16*(v0-v1)+0.5)
					near("A", i, s.A[i], (v0-((v0+v1)/2-y)/2+0.5)*65536)
				}
			}
			if bits == 32 {
				if s.A[0] != 1<<31 || float64(s.D[0]) != math.Ceil(262144*width) {
					t.Errorf("%+v: first line %d - %d·f", f, s.A[0], s.D[0])
				}
			} else if s.A[0] != 1<<31+32768 {
				t.Errorf("%+v: first line %d", f, s.A[0])
			}
		}
	}
}

func TestSpinHalfAtZero(t *testing.T) {
	for _, f := range spinFormats {
		for _, bits := range []int{32, 16, 15, 8, 3, 1} {
			s := NewSpinTable(f.beta, f.fraction, 256, bits)
			if p := s.Probability(0); p != 0.5 {
				t.Errorf("%+v, %d bits: %v at g = 0", f, bits, p)
			}
		}
	}
}

// A digit table falls: a stronger field never makes the unlikely value likelier
// by more than the step between two lines.
func TestSpinTableFalls(t *testing.T) {
	for _, bits := range []int{32, 16} {
		s := NewSpinTable(1, 13, 256, bits)
		before := s.Probability(0)
		for m := int64(1); m < 1<<17; m++ {
			p := s.Probability(m)
			if p > before+3.0/65536 {
				t.Fatalf("%d bits: %v at %d after %v", bits, p, m, before)
			}
			before = p
		}
	}
}

// A cold spin flips at e^-20: 2β|γ| past the table, down to one part in 2^32.
func TestColdTail(t *testing.T) {
	s := NewSpinTable(1, 15, 256, 32)
	for _, x := range []float64{11.2, 15, 20, 21.4} {
		m := int64(x / s.C)
		want := 1 / (1 + math.Exp(s.C*float64(m)))
		got := s.Probability(m)
		if got == 0 || math.Abs(got-want) > 0.51/(1<<32) {
			t.Errorf("P at 2βγ = %v: %v, want %v", x, got, want)
		}
	}
	if p := NewSpinTable(1, 15, 256, 16).Probability(int64(12 / s.C)); p != 0 {
		t.Errorf("16 bits give %v past the table", p)
	}
}

// Categorical tables against 160-bit exponentials: every entry within half a
// unit, e(d) within 1.5, probabilities within CategoricalError.
func TestExpTables(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for _, f := range []struct {
		beta     float64
		fraction int
	}{{1, 15}, {0.3, 10}, {5, 3}, {1, 24}, {1, 35}, {2, 0}, {40, 2}, {0, 12}} {
		for _, states := range []int{2, 3, 5, 32, 33, 300} {
			e := NewExpTable(f.beta, f.fraction, states)
			exact := func(d int64, bits int) float64 {
				x := bigMul(bigFloat(math.Ldexp(f.beta, -f.fraction)), new(big.Float).SetPrec(160).SetInt64(d))
				if v, _ := x.Float64(); v > 200 {
					x = bigFloat(200)
				}
				return in(bigExp(new(big.Float).Neg(x)), bits)
			}
			if e.At(0) != 1<<e.B {
				t.Errorf("%+v, K = %d: e(0) = %d", f, states, e.At(0))
			}
			if states <= 32 && int64(states)<<e.B > 1<<31 {
				t.Errorf("K = %d: the sum of %d bits passes 31", states, e.B)
			}
			for range 60 {
				j := r.Int64N(1 << e.R)
				i := r.Int64N(1 << (e.N - e.R))
				d := r.Int64N(1 << min(e.N+1, 41))
				if x := math.Abs(float64(e.L(j)) - exact(j, 31)); x > 0.5001 {
					t.Errorf("%+v: L[%d] off by %v", f, j, x)
				}
				if x := math.Abs(float64(e.H(i)) - exact(i<<e.R, e.B)); x > 0.5001 {
					t.Errorf("%+v: H[%d] off by %v", f, i, x)
				}
				if x := math.Abs(float64(e.At(d)) - exact(d, e.B)); x > 1.5001 && !(f.beta == 0 && d >= 1<<40) {
					t.Errorf("%+v, K = %d: e(%d) off by %v", f, states, d, x)
				}
			}
			for _, bits := range []int{32, 16, 9} {
				theta := make([]int64, states)
				for k := range theta {
					theta[k] = r.Int64N(1<<min(e.N, 30)) - 1<<(min(e.N, 30)-1)
				}
				p := e.Probabilities(theta, bits)
				largest := slices.Max(theta)
				var w []float64
				z, sum := 0.0, 0.0
				for _, x := range theta {
					w = append(w, exact(largest-x, 0))
					z += w[len(w)-1]
				}
				for k := range theta {
					sum += p[k]
					if err := math.Abs(p[k] - w[k]/z); err > ir.CategoricalError(states, bits) {
						t.Fatalf("%+v, K = %d, %d bits: P(%d) off by %v", f, states, bits, k, err)
					}
				}
				if sum != 1 {
					t.Errorf("probabilities sum to %v", sum)
				}
			}
		}
	}
}

// The product of a word and Z takes up to 79 bits.
func TestScale(t *testing.T) {
	for _, c := range []struct {
		word  uint64
		z     int64
		width int
	}{{1<<32 - 1, 1 << 47, 32}, {65535, 1 << 47, 16}, {1 << 31, 3, 32}, {5, 1000003, 3}} {
		want := new(big.Int).Mul(new(big.Int).SetUint64(c.word), big.NewInt(c.z))
		want.Rsh(want, uint(c.width))
		if got := scale(c.word, c.z, c.width); got != want.Int64() {
			t.Errorf("%+v: %d, want %v", c, got, want)
		}
	}
}
