package stats

import "math"

// A chainTable is a checked copy of C chains of N draws: rows of equal length,
// one after the other.
type chainTable struct {
	all    []float64 // C rows of draws
	draws  int       // N
	chains int       // C
	split  []float64 // 2C rows of half; shares all where N is even
	half   int       // N/2
}

// newChainTable copies x. The reason is empty if x is a rectangle of numbers
// with at least minDraws draws in each of at least minChains chains.
func newChainTable(x [][]float64, minDraws, minChains int) (t chainTable, reason string) {
	if len(x) == 0 || len(x[0]) == 0 {
		return t, NAEmpty
	}
	t.chains, t.draws = len(x), len(x[0])
	t.all = make([]float64, 0, t.chains*t.draws)
	for _, chain := range x {
		if len(chain) != t.draws {
			return t, NARagged
		}
		t.all = append(t.all, chain...)
	}
	infinite := false
	for _, v := range t.all {
		if math.IsNaN(v) {
			return t, NANaN
		}
		infinite = infinite || math.IsInf(v, 0)
	}
	switch {
	case infinite:
		return t, NAInf
	case t.draws < minDraws:
		return t, NAFewDraws
	case t.chains < minChains:
		return t, NAOneChain
	}
	t.half = t.draws / 2
	t.split = t.splitRows(t.all)
	return t, ""
}

// splitRows cuts the C rows of v, a function of the draws, in halves; the middle
// of an odd number of draws is left out.
func (t *chainTable) splitRows(v []float64) []float64 {
	if t.draws%2 == 0 {
		return v
	}
	out := make([]float64, 0, 2*t.chains*t.half)
	for c := range t.chains {
		row := v[c*t.draws : (c+1)*t.draws]
		out = append(out, row[:t.half]...)
		out = append(out, row[t.half+1:]...)
	}
	return out
}

// indicator is the split 0/1 series x ≤ q.
func (t *chainTable) indicator(v []float64, q float64) []float64 {
	below := make([]float64, len(v))
	for i, x := range v {
		if x <= q {
			below[i] = 1
		}
	}
	return t.splitRows(below)
}

// chainMeans is the mean of each row of n values.
func chainMeans(rows []float64, n int) []float64 {
	means := make([]float64, len(rows)/n)
	for i := range means {
		means[i] = drawMean(rows[i*n : (i+1)*n])
	}
	return means
}

// drawMean adds the distances from the first value, so that equal values have
// exactly that value as their mean.
func drawMean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x - v[0]
	}
	return v[0] + sum/float64(len(v))
}

// drawVariance has the divisor len(v) − ddof.
func drawVariance(v []float64, ddof int) float64 {
	mean, sum, rest := drawMean(v), 0.0, 0.0
	for _, x := range v {
		d := x - mean
		sum += float64(d * d)
		rest += d
	}
	n := float64(len(v))
	return (sum - rest*rest/n) / (n - float64(ddof))
}

// drawsEqual says whether v holds one value only.
func drawsEqual(v []float64) bool {
	for _, x := range v {
		if x != v[0] {
			return false
		}
	}
	return true
}
