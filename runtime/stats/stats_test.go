package stats

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// ar1 is chains of a Gaussian AR(1) process of unit variance.
func ar1(rho float64, chains, draws int, seed uint64) [][]float64 {
	rng := rand.New(rand.NewPCG(seed, 1))
	x := make([][]float64, chains)
	for c := range x {
		x[c] = make([]float64, draws)
		v := rng.NormFloat64()
		for i := range x[c] {
			x[c][i] = v
			v = rho*v + math.Sqrt(1-rho*rho)*rng.NormFloat64()
		}
	}
	return x
}

// spins is chains of ±1 that keep their value with probability stay.
func spins(stay float64, chains, draws int, seed uint64) [][]float64 {
	rng := rand.New(rand.NewPCG(seed, 2))
	x := make([][]float64, chains)
	for c := range x {
		x[c] = make([]float64, draws)
		v := float64(rng.IntN(2)*2 - 1)
		for i := range x[c] {
			x[c][i] = v
			if rng.Float64() >= stay {
				v = -v
			}
		}
	}
	return x
}

func mapDraws(x [][]float64, f func(float64) float64) [][]float64 {
	y := make([][]float64, len(x))
	for c := range x {
		y[c] = make([]float64, len(x[c]))
		for i, v := range x[c] {
			y[c][i] = f(v)
		}
	}
	return y
}

func near(got, want, tolerance float64) bool {
	return math.Abs(got-want) <= tolerance*math.Abs(want)
}

// R-hat and ESS do not depend on the unit or the zero of the data, MCSE on the
// unit only; ranks do not depend on any increasing function. The middle pair of an
// even number of draws is equally far from the median, and whether rounding sees
// the tie depends on the numbers: folded figures get a wider band.
func TestInvariance(t *testing.T) {
	x := ar1(0.7, 3, 301, 5)
	free := map[string]func([][]float64) Value{
		"RHatRank": RHatRank, "RHatSplit": RHatSplit, "RHatIdentity": RHatIdentity, "RHatFolded": RHatFolded,
		"ESSBulk": ESSBulk, "ESSTail": ESSTail, "ESSMean": ESSMean, "ESSSD": ESSSD, "ESSMedian": ESSMedian,
		"ESSMAD": ESSMAD, "ESSFolded": ESSFolded, "ESSIdentity": ESSIdentity,
	}
	scaled := map[string]func([][]float64) Value{
		"SD": SD, "MCSEMean": MCSEMean, "MCSESD": MCSESD, "MCSEMedian": MCSEMedian,
	}
	for _, m := range []struct{ scale, shift float64 }{{3, 0}, {1, 1e6}, {1e-30, 0}, {-1e30, 5}} {
		y := mapDraws(x, func(v float64) float64 { return m.scale*v + m.shift })
		for name, f := range free {
			// Minus turns x ≤ median around: of an odd number of draws the median
			// itself changes sides.
			if m.scale < 0 && (name == "ESSMedian" || name == "ESSTail") {
				continue
			}
			tolerance := 1e-6
			if strings.HasSuffix(name, "Folded") {
				tolerance = 2e-3
			}
			if a, b := f(x), f(y); !near(b.V, a.V, tolerance) || !b.OK() {
				t.Errorf("%s of %v x + %v: %+v, of x %+v", name, m.scale, m.shift, b, a)
			}
		}
		for name, f := range scaled {
			if m.scale < 0 && name == "MCSEMedian" {
				continue // its order statistics are rounded outwards from n·x − 1
			}
			if a, b := f(x), f(y); !near(b.V, a.V*math.Abs(m.scale), 1e-6) || !b.OK() {
				t.Errorf("%s of %v x + %v: %+v, of x %+v", name, m.scale, m.shift, b, a)
			}
		}
	}
	y := mapDraws(x, math.Exp)
	if a, b := ESSBulk(x), ESSBulk(y); a != b {
		t.Errorf("ESSBulk of exp(x) %v, of x %v", b, a)
	}
	if a, b := RHatZScale(x), RHatZScale(y); a != b {
		t.Errorf("RHatZScale of exp(x) %v, of x %v", b, a)
	}
}

// On AR(1) chains ESS of the mean is S(1 − ρ)/(1 + ρ). 64 chains of 2000 draws
// give it to about 2 % (8 % at ρ = 0.99); the bands are five times that, so that
// a right estimator fails for fewer than one seed in 10^5.
func TestKnownESS(t *testing.T) {
	for _, c := range []struct{ rho, band float64 }{{0, 0.1}, {0.5, 0.1}, {0.9, 0.15}, {0.99, 0.4}, {-0.5, 0.1}} {
		x := ar1(c.rho, 64, 2000, 11)
		want := 64 * 2000 * (1 - c.rho) / (1 + c.rho)
		for name, got := range map[string]Value{"mean": ESSMean(x), "bulk": ESSBulk(x)} {
			if !got.OK() || !near(got.V, want, c.band) {
				t.Errorf("rho %v: ESS %s %v, want %.0f", c.rho, name, got, want)
			}
		}
	}
}

// The transform agrees with the definition of the autocovariance.
func TestAutocov(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 64, 100} {
		x := ar1(0.8, 1, n, uint64(n))[0]
		mean := 0.0
		for _, v := range x {
			mean += v / float64(n)
		}
		got := Autocov(x)
		if len(got) != n {
			t.Fatalf("%d draws: %d lags", n, len(got))
		}
		for lag := range n {
			want := 0.0
			for i := range n - lag {
				want += (x[i] - mean) * (x[i+lag] - mean) / float64(n)
			}
			if math.Abs(got[lag]-want) > 1e-12 {
				t.Errorf("%d draws, lag %d: %v, want %v", n, lag, got[lag], want)
			}
		}
	}
	if Autocov(nil) != nil {
		t.Error("no draws have no autocovariance")
	}
}

func TestSortDraws(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	x := []float64{0, math.Copysign(0, -1), 1, -1, math.MaxFloat64, -math.MaxFloat64, 5e-324, -5e-324}
	for range 1000 {
		x = append(x, math.Ldexp(rng.Float64()-0.5, rng.IntN(60)-30))
	}
	sorted := sortDraws(x)
	want := slices.Sorted(slices.Values(x))
	seen := make([]bool, len(x))
	for i, s := range sorted {
		if s.number() != want[i] || x[s.at] != want[i] || seen[s.at] {
			t.Fatalf("place %d: %v from %d, want %v", i, s.number(), s.at, want[i])
		}
		seen[s.at] = true
	}
	if a, b := sortDraws([]float64{0, math.Copysign(0, -1)})[0], sortDraws([]float64{0})[0]; a.key != b.key {
		t.Error("−0 and +0 are not ties")
	}
}

// Figures without a meaning come with their reason.
func TestNotAvailable(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	ramp := []float64{1, 2, 3, 4, 6}
	for _, c := range []struct {
		name            string
		x               [][]float64
		mean, sd, q     string
		mcse, ess, rhat string
	}{
		{"nothing", nil, NAEmpty, NAEmpty, NAEmpty, NAEmpty, NAEmpty, NAEmpty},
		{"empty chain", [][]float64{{}}, NAEmpty, NAEmpty, NAEmpty, NAEmpty, NAEmpty, NAEmpty},
		{"ragged", [][]float64{ramp, ramp[1:]}, NARagged, NARagged, NARagged, NARagged, NARagged, NARagged},
		{"NaN", [][]float64{ramp, {1, 2, nan, 4, 5}}, NANaN, NANaN, NANaN, NANaN, NANaN, NANaN},
		{"NaN after Inf", [][]float64{ramp, {1, 2, inf, 4, nan}}, NANaN, NANaN, NANaN, NANaN, NANaN, NANaN},
		{"Inf", [][]float64{ramp, {1, 2, inf, 4, 5}}, NAInf, NAInf, NAInf, NAInf, NAInf, NAInf},
		{"one draw", [][]float64{{7}}, "", NAOneDraw, "", NAFewDraws, NAFewDraws, NAFewDraws},
		{"three draws", [][]float64{{7, 8, 9}, {7, 8, 9}}, "", "", "", NAFewDraws, NAFewDraws, NAFewDraws},
		{"one chain", [][]float64{ramp}, "", "", "", "", "", NAOneChain},
		{"constant", [][]float64{{2, 2, 2, 2}, {2, 2, 2, 2}}, "", "", "", NAConstant, NAConstant, NAConstant},
		{"stuck", [][]float64{{2, 2, 2, 2}, {3, 3, 3, 3}}, "", "", "", "", "", NAStuck},
		{"overflow", [][]float64{{-1e200, 1e200, 3, 1e200}, {1e200, -1e200, 4, 5}}, "", NAOverflow, "", NAOverflow, "", ""},
		{"fine", [][]float64{ramp, ramp}, "", "", "", "", "", ""},
	} {
		row := Summary("", c.x)
		for i, pair := range [][2]string{
			{row.Mean.NA, c.mean}, {row.SD.NA, c.sd}, {row.Q5.NA, c.q}, {row.Q50.NA, c.q}, {row.Q95.NA, c.q},
			{row.MCSE.NA, c.mcse}, {row.ESSBulk.NA, c.ess}, {row.RHat.NA, c.rhat},
			{Mean(c.x).NA, c.mean}, {SD(c.x).NA, c.sd}, {Quantiles(c.x, 0.5)[0].NA, c.q},
			{MCSEMean(c.x).NA, c.mcse}, {ESSBulk(c.x).NA, c.ess}, {RHatRank(c.x).NA, c.rhat},
		} {
			// A function of its own checks draws and chains before values.
			if pair[0] != pair[1] && !(i >= 11 && c.name == "one draw") {
				t.Errorf("%s: figure %d: reason %q, want %q", c.name, i, pair[0], pair[1])
			}
		}
	}
	x := ar1(0, 2, 10, 1)
	for _, v := range []Value{Quantiles(x, 1.1)[0], Quantiles(x, nan)[0], ESSQuantile(x, -1), MCSEQuantile(x, 2)} {
		if v.NA != NAProb {
			t.Errorf("not a probability: %+v", v)
		}
	}
	for _, q := range []float64{0, 1} {
		if v := MCSEQuantile(x, q); !v.OK() {
			t.Errorf("MCSE of quantile %v: %+v", q, v)
		}
	}
}

// ±1 chains whose median is 0 fold into a constant; R-hat is then that of the
// ranks alone. One constant tail indicator does not make the tail ESS vanish.
func TestSpinSummary(t *testing.T) {
	x := [][]float64{{1, -1, 1, 1, -1, -1, 1, -1}, {-1, -1, 1, 1, 1, -1, 1, -1}}
	if RHatFolded(x).NA != NAConstant || RHatRank(x) != RHatZScale(x) || !RHatRank(x).OK() {
		t.Errorf("folded %+v, rank %+v", RHatFolded(x), RHatRank(x))
	}
	if v := ESSTail(x); !v.OK() {
		t.Errorf("tail ESS %+v", v)
	}
	if v := ESSTail(loadChains(t)["spin_biased_p0.98"]); v.NA != NATail || v.V != 4000 {
		t.Errorf("both tails constant: %+v", v)
	}
}

func TestWarnings(t *testing.T) {
	all := loadChains(t)
	for name, want := range map[string]string{
		"spin_iid": "", "ar1_rho0.99": "", "constant": "",
		"spin_one_flip":          "3 of 4 chains never move",
		"spin_one_chain_frozen":  "1 of 4 chains never move",
		"constant_but_different": "4 of 4 chains never move",
	} {
		if got := Summary(name, all[name]).Warn; got != want {
			t.Errorf("%s: warning %q, want %q", name, got, want)
		}
	}
	rare := [][]float64{make([]float64, 200), make([]float64, 200)}
	rare[0][50], rare[1][7] = 1, 1
	if got := Summary("", rare).Warn; got != "changes only 4 times in 400 draws" {
		t.Errorf("rare event: warning %q", got)
	}
}

func TestValueText(t *testing.T) {
	got, err := json.Marshal([]Value{{V: 1.5}, {V: 4000, NA: NAConstant}, noValue(NANaN), {V: math.Inf(1)}, {V: 1e-7}})
	if err != nil || string(got) != "[1.5,null,null,null,1e-07]" {
		t.Errorf("%s, %v", got, err)
	}
	if s := (Value{V: 1.0 / 3}).String() + " " + (Value{1, NAConstant}).String(); s != "0.333333 NA" {
		t.Error(s)
	}
}

// The Beta quantile is checked by laws in closed form: I_x(a, 1) = x^a, I_x(1, b)
// = 1 − (1 − x)^b, I_x(2, 3) = x²(6 − 8x + 3x²), symmetry, and by the normal limit
// with its first correction, of relative order 1/(a + b).
func TestBetaQuantile(t *testing.T) {
	for _, p := range []float64{0.001, 0.1586553, 0.5, 0.8413447, 0.9999} {
		for _, a := range []float64{1, 1.5, 7, 300, 2e5} {
			if x, want := betaQuantile(p, a, 1), math.Pow(p, 1/a); !near(x, want, 1e-12) {
				t.Errorf("p %v, Beta(%v, 1): %v, want %v", p, a, x, want)
			}
			if x, want := betaQuantile(p, 1, a), -math.Expm1(math.Log1p(-p)/a); !near(x, want, 1e-9) {
				t.Errorf("p %v, Beta(1, %v): %v, want %v", p, a, x, want)
			}
		}
		x := betaQuantile(p, 2, 3)
		if got := x * x * (6 - 8*x + 3*x*x); !near(got, p, 1e-12) {
			t.Errorf("p %v, Beta(2, 3): %v", p, x)
		}
		for _, ab := range [][2]float64{{201, 3801}, {5, 9.5}, {5e4, 9e5}} {
			if s := betaQuantile(p, ab[0], ab[1]) + betaQuantile(1-p, ab[1], ab[0]); !near(s, 1, 1e-9) {
				t.Errorf("p %v, Beta%v and its mirror add up to %v", p, ab, s)
			}
		}
		a, b := 5e5, 5e5
		z := math.Sqrt2 * math.Erfinv(2*p-1)
		sd := math.Sqrt(a*b/(a+b+1)) / (a + b)
		if x, want := betaQuantile(p, a, b), 0.5+z*sd; math.Abs(x-want) > 1e-4*sd {
			t.Errorf("p %v, Beta(%v, %v): %v, want %v", p, a, b, x, want)
		}
	}
}

func TestTails(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"chi-square, 2 degrees", ChiSquareSF(3, 2), math.Exp(-1.5)},
		{"chi-square, 2 degrees, far", ChiSquareSF(300, 2), math.Exp(-150)},
		{"chi-square, 4 degrees", ChiSquareSF(1, 4), math.Exp(-0.5) * 1.5},
		{"chi-square, 6 degrees", ChiSquareSF(20, 6), math.Exp(-10) * (1 + 10 + 50)},
		{"chi-square, 1 degree", ChiSquareSF(4, 1), math.Erfc(math.Sqrt2)},
		{"chi-square, 1 degree, small", ChiSquareSF(0.01, 1), math.Erfc(0.1 / math.Sqrt2)},
		{"chi-square 95 % point of 10", ChiSquareSF(18.307038053275146, 10), 0.05},
		{"chi-square 5 % point of 100", ChiSquareSF(77.92946516501726, 100), 0.95},
		{"chi-square at 0", ChiSquareSF(0, 3), 1},
		{"chi-square below 0", ChiSquareSF(-1, 3), 1},
		{"chi-square at infinity", ChiSquareSF(math.Inf(1), 3), 0},
		{"normal", NormalSF(1.959963984540054), 0.025},
		{"normal, left", NormalSF(-1.959963984540054), 0.975},
		{"normal, far", NormalSF(10), 7.619853024160525e-24},
		// λ = 1.3580986 is the 5 % point of the limit law.
		{"Kolmogorov", KolmogorovSF(1.35809864/(1000+0.12+0.00011), 1e6), 0.05},
		{"Kolmogorov at 0", KolmogorovSF(0, 10), 1},
	} {
		if !near(c.got, c.want, 1e-7) {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	nan := math.NaN()
	for i, v := range []float64{ChiSquareSF(nan, 1), ChiSquareSF(1, 0), ChiSquareSF(1, nan), NormalSF(nan), KolmogorovSF(nan, 3), KolmogorovSF(0.1, 0)} {
		if !math.IsNaN(v) {
			t.Errorf("bad input %d: %v", i, v)
		}
	}
	// The tail of a large chi-square is near normal; both branches meet at a + 1.
	if a, b := ChiSquareSF(2002-1e-9, 2000), ChiSquareSF(2002+1e-9, 2000); !near(a, b, 1e-9) {
		t.Errorf("branches: %v, %v", a, b)
	}
}

func BenchmarkSummary(b *testing.B) {
	for _, c := range []struct {
		name string
		x    [][]float64
	}{
		{"4x1000", ar1(0.9, 4, 1000, 1)},
		{"256x1000", ar1(0.9, 256, 1000, 1)},
		{"256x1000spin", spins(0.9, 256, 1000, 1)},
		{"4x100000", ar1(0.999, 4, 100000, 1)},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if row := Summary("", c.x); strings.Contains(row.RHat.NA, "NaN") {
					b.Fatal(row)
				}
			}
		})
	}
}
