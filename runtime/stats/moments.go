package stats

import "math"

// Mean is the mean over all draws of all chains.
func Mean(x [][]float64) Value {
	t, reason := newChainTable(x, 1, 1)
	if reason != "" {
		return noValue(reason)
	}
	return finiteValue(drawMean(t.all))
}

// SD is the standard deviation over all draws of all chains, with divisor S − 1.
func SD(x [][]float64) Value {
	t, reason := newChainTable(x, 1, 1)
	if reason != "" {
		return noValue(reason)
	}
	return drawSD(t.all)
}

func drawSD(v []float64) Value {
	if len(v) < 2 {
		return noValue(NAOneDraw)
	}
	return finiteValue(math.Sqrt(drawVariance(v, 1)))
}

// Quantiles are those at each q in [0, 1] over all draws of all chains, linear
// between order statistics (numpy's default).
func Quantiles(x [][]float64, q ...float64) []Value {
	out := make([]Value, len(q))
	t, reason := newChainTable(x, 1, 1)
	var sorted []sortedDraw
	if reason == "" {
		sorted = sortDraws(t.all)
	}
	for i, p := range q {
		switch {
		case reason != "":
			out[i] = noValue(reason)
		case !(p >= 0 && p <= 1):
			out[i] = noValue(NAProb)
		default:
			out[i] = finiteValue(quantileSorted(sorted, p))
		}
	}
	return out
}
