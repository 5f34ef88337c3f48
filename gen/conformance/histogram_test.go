package conformance

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/internal/goldentest"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// compareHistograms is the two-sample chi-square of numbers, one a chain, against
// a reference histogram of [number, chains], in bins of neighbours that hold at
// least 40 of both samples together. It fails a right sampler once in a million.
func compareHistograms(t *testing.T, what string, ours []int, r *goldentest.Record) {
	t.Helper()
	var listed [][2]int
	if err := json.Unmarshal(r.Thrml, &listed); err != nil {
		t.Fatal(err)
	}
	counts := map[int][2]float64{} // ours, theirs
	n := [2]float64{float64(len(ours)), 0}
	top := 0
	for _, x := range ours {
		counts[x] = [2]float64{counts[x][0] + 1, 0}
		top = max(top, x)
	}
	for _, x := range listed {
		counts[x[0]] = [2]float64{counts[x[0]][0], float64(x[1])}
		n[1] += float64(x[1])
		top = max(top, x[0])
	}
	if int(n[1]) != r.NChains {
		t.Fatalf("%s: the reference has %v of %d chains", what, n[1], r.NChains)
	}
	var bins [][2]float64
	var bin [2]float64
	for x := range top + 1 {
		bin[0] += counts[x][0]
		bin[1] += counts[x][1]
		if bin[0]+bin[1] >= 40 {
			bins = append(bins, bin)
			bin = [2]float64{}
		}
	}
	last := &bins[len(bins)-1]
	last[0], last[1] = last[0]+bin[0], last[1]+bin[1]
	x2 := 0.0
	for _, b := range bins {
		d := b[0]*math.Sqrt(n[1]/n[0]) - b[1]*math.Sqrt(n[0]/n[1])
		x2 += d * d / (b[0] + b[1])
	}
	p := stats.ChiSquareSF(x2, float64(len(bins)-1))
	t.Logf("%s: chi-square %.1f with %d degrees, p = %.3g", what, x2, len(bins)-1, p)
	if p < FalseFail {
		t.Errorf("%s: chi-square %.1f with %d degrees, p = %v", what, x2, len(bins)-1, p)
	}
}
