package sampling

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// The elementary functions are within two units in the last place of exact
// values. math's own functions, good to one, are compared on many points, and
// math/big gives the hard ones.
func TestElementaryFunctions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	spread := func(lo, hi float64) func() float64 { return func() float64 { return lo + (hi-lo)*r.Float64() } }
	wide := func() float64 { return math.Copysign(math.Exp(1400*r.Float64()-700), r.Float64()-0.5) }
	for _, c := range []struct {
		name      string
		got, want func(float64) float64
		at        []func() float64
	}{
		{"log", Log, math.Log, []func() float64{spread(0, 3), spread(0.99, 1.01), func() float64 { return math.Abs(wide()) }}},
		{"tanh", Tanh, math.Tanh, []func() float64{spread(-1, 1), spread(-25, 25), wide}},
		{"sin", Sin, math.Sin, []func() float64{spread(-10, 10), spread(-1e5, 1e5)}},
		{"cos", Cos, math.Cos, []func() float64{spread(-10, 10), spread(-1e5, 1e5)}},
	} {
		for _, at := range c.at {
			for range 20000 {
				x := at()
				got, want := c.got(x), c.want(x)
				if d := math.Abs(got - want); !(d <= 3*ulp(want)) {
					t.Fatalf("%s(%v) = %v, want %v, %.1f units off", c.name, x, got, want, d/ulp(want))
				}
			}
		}
	}
}

func ulp(x float64) float64 {
	x = math.Abs(x)
	return math.Nextafter(x, math.Inf(1)) - x
}

// The double nearest to a multiple of π/2 (6381956970095103·2^797, Muller 2006),
// others that lose most of their digits, and large ones at random, where math's
// own are off by more.
func TestSineOfHardNumbers(t *testing.T) {
	pi, _ := new(big.Float).SetPrec(2400).SetString(piDigits)
	hard := []float64{math.Ldexp(6381956970095103, 797), math.MaxFloat64, 1 << 55, 1<<52 + 1, 355, 1e22, 0x1p19, 0x1.fffffp18, 3.14159265358979311600, 1.57079632679489661923}
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		hard = append(hard, math.Ldexp(r.Float64()-0.5, 20+r.IntN(1000)), math.Ldexp(r.Float64(), 20+r.IntN(40)))
	}
	for _, x := range hard {
		// x mod π/2 by big numbers, then the Taylor series on a small angle.
		half := new(big.Float).SetPrec(2400).Quo(pi, big.NewFloat(2))
		q := new(big.Float).SetPrec(2400).Quo(new(big.Float).SetPrec(2400).SetFloat64(x), half)
		k, _ := new(big.Float).SetPrec(2400).Add(q, big.NewFloat(0.5)).Int(nil)
		rest := new(big.Float).SetPrec(2400).Sub(new(big.Float).SetPrec(2400).SetFloat64(x), new(big.Float).SetPrec(2400).Mul(new(big.Float).SetPrec(2400).SetInt(k), half))
		s, c := bigSin(rest), bigCos(rest)
		quarter := int(new(big.Int).And(k, big.NewInt(3)).Int64())
		want := [4][2]*big.Float{{s, c}, {c, neg(s)}, {neg(s), neg(c)}, {neg(c), s}}[quarter]
		for i, got := range []float64{Sin(x), Cos(x)} {
			exact, _ := want[i].Float64()
			if d := math.Abs(got - exact); d > 2*ulp(exact) {
				t.Errorf("%s(%g) = %v, want %v", []string{"sin", "cos"}[i], x, got, exact)
			}
		}
	}
}

func neg(x *big.Float) *big.Float { return new(big.Float).Neg(x) }

func bigSeries(x *big.Float, first int64, term *big.Float) *big.Float {
	sum, square := new(big.Float).SetPrec(300).Set(term), new(big.Float).SetPrec(300).Mul(x, x)
	term = new(big.Float).SetPrec(300).Set(term)
	for k := first; k < 60; k += 2 {
		term.Mul(term, square).Quo(term, big.NewFloat(float64(-(k+1)*(k+2))))
		sum.Add(sum, term)
	}
	return sum
}

func bigSin(x *big.Float) *big.Float { return bigSeries(x, 1, x) }
func bigCos(x *big.Float) *big.Float { return bigSeries(x, 0, big.NewFloat(1)) }

func TestElementaryEdges(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct{ got, want float64 }{
		{Log(0), -inf}, {Log(-1), nan}, {Log(inf), inf}, {Log(nan), nan}, {Log(1), 0}, {Log(5e-324), -744.4400719213812},
		{Tanh(0), 0}, {Tanh(inf), 1}, {Tanh(-inf), -1}, {Tanh(nan), nan}, {Tanh(1e-300), 1e-300},
		{Sin(0), 0}, {Sin(inf), nan}, {Sin(nan), nan}, {Cos(0), 1}, {Cos(-inf), nan}, {Sin(1e-300), 1e-300},
	} {
		if c.got != c.want && !(c.got != c.got && c.want != c.want) {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
}

const piDigits = "3." +
	"141592653589793238462643383279502884197169399375105820974944592307816406286208998628034825" +
	"342117067982148086513282306647093844609550582231725359408128481117450284102701938521105559" +
	"644622948954930381964428810975665933446128475648233786783165271201909145648566923460348610" +
	"454326648213393607260249141273724587006606315588174881520920962829254091715364367892590360" +
	"011330530548820466521384146951941511609433057270365759591953092186117381932611793105118548" +
	"074462379962749567351885752724891227938183011949129833673362440656643086021394946395224737" +
	"190702179860943702770539217176293176752384674818467669405132000568127145263560827785771342" +
	"757789609173637178721468440901224953430146549585371050792279689258923542019956112129021960"
