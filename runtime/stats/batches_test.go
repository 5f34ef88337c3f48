package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// feedBits gives series[s][chain][draw] > 0 to bit batches.
func feedBits(t testing.TB, b *Batches, series [][][]float64) {
	t.Helper()
	chains := len(series[0])
	words := make([]uint64, (chains+63)/64)
	for i := range series[0][0] {
		for s, x := range series {
			clear(words)
			for c := range chains {
				if x[c][i] > 0 {
					words[c/64] |= 1 << (c % 64)
				}
			}
			if err := b.AddBits(s, words); err != nil {
				t.Fatal(err)
			}
		}
		b.EndDraw()
	}
}

// feedInt8 gives series[s][chain][draw], small integers, to batches, chain by chain.
func feedInt8(t testing.TB, b *Batches, series [][][]float64) {
	t.Helper()
	values := make([]int8, len(series))
	for i := range series[0][0] {
		for c := range series[0] {
			for s := range series {
				values[s] = int8(series[s][c][i])
			}
			if err := b.AddInt8(c, values); err != nil {
				t.Fatal(err)
			}
		}
		b.EndDraw()
	}
}

// feedSeries gives series[s][chain][draw] to batches of numbers.
func feedSeries(t testing.TB, b *Batches, series [][][]float64) {
	t.Helper()
	values := make([]float64, len(series[0]))
	for i := range series[0][0] {
		for s, x := range series {
			for c := range x {
				values[c] = x[c][i]
			}
			if err := b.AddSeries(s, values); err != nil {
				t.Fatal(err)
			}
		}
		b.EndDraw()
	}
}

// inBatches is the part of x that the complete batches hold.
func inBatches(x [][]float64, b *Batches) [][]float64 {
	batches, length := b.Layout()
	half := batches / 2 * length
	out := make([][]float64, len(x))
	for c := range x {
		end := batches * length
		out[c] = append(append(out[c], x[c][:half]...), x[c][end-half:end]...)
	}
	return out
}

// Mean, SD and R-hat from batches are those of the draws; with one draw a batch
// ESS is, too. Lengths with and without merging, chains on both sides of a word.
func TestBatchesAreExact(t *testing.T) {
	for _, c := range []struct{ chains, draws, expect, wantBatches, wantLength int }{
		{4, 40, 0, 40, 1},
		{70, 41, 50, 41, 1},
		{1, 63, 0, 63, 1},
		{4, 64, 0, 32, 2},
		{65, 500, 0, 62, 8},
		{4, 1000, 1000, 62, 16},
		{3, 1500, 700, 34, 44},
		{2, 20000, 20000, 63, 313}, // a batch longer than the counters hold
	} {
		at := fmt.Sprintf("%d chains, %d draws of %d", c.chains, c.draws, c.expect)
		signs := [][][]float64{spins(0.9, c.chains, c.draws, 1), spins(0.5, c.chains, c.draws, 2), ar1(0.9, c.chains, c.draws, 3)}
		signs[2] = mapDraws(signs[2], func(v float64) float64 { return math.Copysign(1, v-1) })
		bits, err := NewBitBatches(len(signs), c.chains, c.expect)
		if err != nil {
			t.Fatal(err)
		}
		feedBits(t, bits, signs)
		for s, x := range signs {
			compareBatches(t, at+" bits", bits, s, mapDraws(x, func(v float64) float64 { return (v + 1) / 2 }))
			got, _ := bits.Series(s)
			if want := RHatRank(inBatches(x, bits)); got.RHat.OK() && !near(got.RHat.V, want.V, 1e-9) {
				t.Errorf("%s, series %d: R-hat %v, ranked %v", at, s, got.RHat, want)
			}
		}
		numbers := [][][]float64{ar1(0.5, c.chains, c.draws, 4), mapDraws(ar1(0.9, c.chains, c.draws, 5), func(v float64) float64 { return 1000 + v })}
		floats, err := NewSeriesBatches(len(numbers), c.chains, c.expect)
		if err != nil {
			t.Fatal(err)
		}
		feedSeries(t, floats, numbers)
		for s, x := range numbers {
			compareBatches(t, at+" numbers", floats, s, x)
		}
		integers, err := NewBatches(len(signs), c.chains, c.expect)
		if err != nil {
			t.Fatal(err)
		}
		feedInt8(t, integers, signs)
		for s, x := range signs {
			compareBatches(t, at+" integers", integers, s, x)
		}
		for _, b := range []*Batches{bits, floats, integers} {
			if n, l := b.Layout(); n != c.wantBatches || l != c.wantLength || b.Chains() != c.chains {
				t.Errorf("%s: %d batches of %d, %d chains", at, n, l, b.Chains())
			}
		}
	}
}

func compareBatches(t *testing.T, at string, b *Batches, s int, x [][]float64) {
	t.Helper()
	got, err := b.Series(s)
	if err != nil {
		t.Fatal(err)
	}
	kept := inBatches(x, b)
	for i, pair := range [][2]Value{{got.Mean, Mean(kept)}, {got.SD, SD(kept)}, {got.RHat, RHatSplit(kept)}} {
		if pair[0].NA != pair[1].NA || pair[0].OK() && !near(pair[0].V, pair[1].V, 1e-9) {
			t.Errorf("%s, series %d: figure %d: %+v, want %+v", at, s, i, pair[0], pair[1])
		}
	}
	if _, length := b.Layout(); length == 1 {
		if want := ESSMean(kept); !near(got.ESS.V, want.V, 1e-6) || !near(got.MCSE.V, MCSEMean(kept).V, 1e-6) {
			t.Errorf("%s, series %d: ESS %+v, want %+v", at, s, got.ESS, want)
		}
	}
}

// The ESS of AR(1) chains is S(1 − ρ)/(1 + ρ). 64 chains of 4096 draws in 32
// batches give it to 6 % (one standard deviation over 60 seeds), 8 % at ρ = 0.99,
// where a correlation time is one and a half batches. The bands are four times
// that and more: a right estimator fails for about one seed in 10^4, an estimator
// off by a factor of 1.5 for nearly all.
func TestBatchesKnownESS(t *testing.T) {
	const chains, draws = 64, 4096
	rhos := []float64{0, 0.5, 0.9, 0.99, -0.5}
	var series [][][]float64
	for i, rho := range rhos {
		series = append(series, ar1(rho, chains, draws, uint64(20+i)))
	}
	b, err := NewSeriesBatches(len(series), chains, 0)
	if err != nil {
		t.Fatal(err)
	}
	feedSeries(t, b, series)
	for s, rho := range rhos {
		got, err := b.Series(s)
		if err != nil {
			t.Fatal(err)
		}
		band, want := 0.27, chains*draws*(1-rho)/(1+rho)
		if rho == 0.99 {
			band = 0.4
		}
		t.Logf("rho %v: ESS %v, from all draws %v, law %.0f", rho, got.ESS, ESSMean(series[s]), want)
		if !got.ESS.OK() || !near(got.ESS.V, want, band) {
			t.Errorf("rho %v: ESS %v, want %.0f", rho, got.ESS, want)
		}
	}
}

func TestWorst(t *testing.T) {
	const chains, draws = 8, 640
	good := spins(0.5, chains, draws, 1)
	slow := spins(0.98, chains, draws, 2)
	frozen := mapDraws(good, func(float64) float64 { return 1 })
	split := mapDraws(frozen, func(float64) float64 { return -1 })
	copy(split[0], frozen[0])
	for _, c := range []struct {
		name     string
		series   [][][]float64
		rhat     int
		rhatNA   string
		ess      int
		essNA    string
		constant int
	}{
		{"slow", [][][]float64{frozen, good, slow, good, frozen}, 2, "", 2, "", 2},
		{"stuck", [][][]float64{good, split, slow}, 1, NAStuck, 1, "", 0},
		{"constant", [][][]float64{frozen, frozen}, -1, NAConstant, -1, NAConstant, 2},
	} {
		bits, _ := NewBitBatches(len(c.series), chains, draws)
		feedBits(t, bits, c.series)
		integers, _ := NewBatches(len(c.series), chains, 0)
		feedInt8(t, integers, c.series)
		numbers, _ := NewSeriesBatches(len(c.series), chains, 0)
		feedSeries(t, numbers, c.series)
		for _, b := range []*Batches{bits, integers, numbers} {
			w := b.Worst()
			if w.RHatAt != c.rhat || w.RHat.NA != c.rhatNA || w.ESSAt != c.ess || w.ESS.NA != c.essNA || w.Constant != c.constant {
				t.Errorf("%s: %+v", c.name, w)
			}
		}
	}
	empty, _ := NewBatches(2, 2, 0)
	if w := empty.Worst(); w.RHat.NA != NABatches || w.ESS.NA != NABatches || w.RHatAt != -1 {
		t.Errorf("no draws: %+v", w)
	}
	one, _ := NewBitBatches(1, 1, 0)
	feedBits(t, one, [][][]float64{slow[:1]})
	if w := one.Worst(); w.RHat.NA != NAOneChain || w.RHatAt != -1 || !w.ESS.OK() {
		t.Errorf("one chain: %+v", w)
	}
}

// A chain that alternates has batch means that do not move at all.
func TestBatchesAlternating(t *testing.T) {
	x := make([][]float64, 4)
	for c := range x {
		for i := range 256 {
			x[c] = append(x[c], float64(1-2*(i%2)))
		}
	}
	b, _ := NewBitBatches(1, 4, 0)
	feedBits(t, b, [][][]float64{x})
	got, _ := b.Series(0)
	if most := 1024 * math.Log10(1024); !near(got.ESS.V, most, 1e-12) || !got.ESS.OK() {
		t.Errorf("ESS %+v, want %v", got.ESS, most)
	}
}

func TestBatchesRefuse(t *testing.T) {
	for _, n := range [][3]int{{0, 1, 0}, {1, 0, 0}, {1, 1, -1}} {
		_, err := NewBatches(n[0], n[1], n[2])
		_, errBits := NewBitBatches(n[0], n[1], n[2])
		_, errSeries := NewSeriesBatches(n[0], n[1], n[2])
		if err == nil || errBits == nil || errSeries == nil {
			t.Errorf("%v: accepted", n)
		}
	}
	bits, _ := NewBitBatches(2, 65, 0)
	numbers, _ := NewBatches(2, 3, 0)
	single, _ := NewBatches(1, 3, 0)
	series, _ := NewSeriesBatches(2, 3, 0)
	_, errSeries := bits.Series(2)
	for i, err := range []error{
		bits.AddBits(2, make([]uint64, 2)), bits.AddBits(-1, make([]uint64, 2)), bits.AddBits(0, make([]uint64, 1)),
		bits.AddInt8(0, make([]int8, 2)), numbers.AddBits(0, make([]uint64, 1)),
		numbers.AddInt8(3, make([]int8, 2)), numbers.AddInt8(-1, make([]int8, 2)), numbers.AddInt8(0, make([]int8, 3)),
		errSeries,
		single.AddSeries(0, make([]float64, 3)), bits.AddSeries(0, make([]float64, 65)), series.AddInt8(0, make([]int8, 2)),
		series.AddBits(0, make([]uint64, 1)), series.AddSeries(2, make([]float64, 3)), series.AddSeries(0, make([]float64, 2)),
	} {
		if err == nil {
			t.Errorf("misuse %d accepted", i)
		}
	}
	nan, _ := NewSeriesBatches(1, 2, 0)
	for range 8 {
		_ = nan.AddSeries(0, []float64{1, math.NaN()})
		nan.EndDraw()
	}
	if got, _ := nan.Series(0); got.ESS.NA != NANaN || got.Mean.NA != NANaN {
		t.Errorf("NaN: %+v", got)
	}
}

// Half a GiB bounds the batches: first their number, then the chains watched.
func TestBatchesMemory(t *testing.T) {
	for _, c := range []struct{ series, chains, wantLimit, wantChains int }{
		{1000, 256, 64, 256},
		{10000, 400, 32, 400},
		{100000, 256, 32, 32},
		{10000000, 256, 32, 4},
	} {
		b, err := newBatches(c.series, c.chains, 0, 4)
		if err != nil || b.limit != c.wantLimit || b.Chains() != c.wantChains {
			t.Errorf("%+v: limit %d, chains %d, %v", c, b.limit, b.Chains(), err)
		}
	}
	// Chains that are not watched are taken and dropped.
	b, _ := NewSeriesBatches(2, 8, 0)
	b.watched, b.seriesStep = 4, 4
	x := [][][]float64{ar1(0, 8, 100, 1), ar1(0, 8, 100, 2)}
	feedSeries(t, b, x)
	compareBatches(t, "watched", b, 0, x[0][:4])
	compareBatches(t, "watched", b, 1, x[1][:4])
	b, _ = NewBatches(2, 8, 0)
	b.watched = 4
	x = [][][]float64{spins(0.5, 8, 100, 1), spins(0.5, 8, 100, 2)}
	feedInt8(t, b, x)
	compareBatches(t, "watched", b, 1, x[1][:4])
}

func TestSpreadBits(t *testing.T) {
	for v := range 256 {
		for i := range 8 {
			if got := spreadBits(byte(v)) >> (8 * i) & 255; got != uint64(v>>i&1) {
				t.Fatalf("bit %d of %d: %d", i, v, got)
			}
		}
	}
}

func BenchmarkBatches(b *testing.B) {
	const series, chains = 1000, 256
	rng := rand.New(rand.NewPCG(1, 1))
	words := make([]uint64, series*chains/64)
	for i := range words {
		words[i] = rng.Uint64()
	}
	for _, expect := range []int{0, 1000} {
		b.Run(fmt.Sprintf("1000DrawsOf1000x256bits/expect%d", expect), func(b *testing.B) {
			for b.Loop() {
				batches, _ := NewBitBatches(series, chains, expect)
				for range 1000 {
					for s := range series {
						_ = batches.AddBits(s, words[s*chains/64:(s+1)*chains/64])
					}
					batches.EndDraw()
				}
			}
		})
	}
	bits, _ := NewBitBatches(series, chains, 0)
	for range 63 {
		for s := range series {
			_ = bits.AddBits(s, words[s*chains/64:(s+1)*chains/64])
			words[s] = rng.Uint64()
		}
		bits.EndDraw()
	}
	b.Run("WorstOf1000x256", func(b *testing.B) {
		for b.Loop() {
			bits.Worst()
		}
	})
}
