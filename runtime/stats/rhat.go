package stats

import "math"

// RHatRank is the R-hat to report: the larger of RHatZScale and RHatFolded. It
// needs two chains and four draws a chain. Around 1.00 the chains agree; above
// 1.01 they have not been run long enough. A constant has no R-hat; chains that
// do not move but differ have an infinite one (V = +Inf, NA = NAStuck).
func RHatRank(x [][]float64) Value {
	t, reason := newChainTable(x, 4, 2)
	if reason != "" {
		return noValue(reason)
	}
	return t.rhatRank(sortDraws(t.split))
}

// RHatZScale is the split R-hat of the rank-normalised draws: chains that differ
// in location.
func RHatZScale(x [][]float64) Value {
	t, reason := newChainTable(x, 4, 2)
	if reason != "" {
		return noValue(reason)
	}
	return rhatOf(normalScores(sortDraws(t.split)), t.half)
}

// RHatFolded is the split R-hat of the rank-normalised |x − median|: chains that
// differ in scale.
func RHatFolded(x [][]float64) Value {
	t, reason := newChainTable(x, 4, 2)
	if reason != "" {
		return noValue(reason)
	}
	return rhatOf(foldedScores(sortDraws(t.split)), t.half)
}

// RHatSplit is the split R-hat of the draws themselves.
func RHatSplit(x [][]float64) Value {
	t, reason := newChainTable(x, 4, 2)
	if reason != "" {
		return noValue(reason)
	}
	return rhatOf(t.split, t.half)
}

// RHatIdentity is the R-hat of whole chains, neither split nor ranked.
func RHatIdentity(x [][]float64) Value {
	t, reason := newChainTable(x, 4, 2)
	if reason != "" {
		return noValue(reason)
	}
	return rhatOf(t.all, t.draws)
}

// rhatRank is RHatRank given the sorted split draws. A fold that leaves a
// constant (±1 in equal shares) has nothing to add to the other part.
func (t *chainTable) rhatRank(sorted []sortedDraw) Value {
	bulk := rhatOf(normalScores(sorted), t.half)
	folded := rhatOf(foldedScores(sorted), t.half)
	if folded.V > bulk.V {
		return folded
	}
	return bulk
}

// rhatOf is the R-hat of rows of n draws: √((n − 1)/n + B/(nW)), where B/n is the
// variance of the row means and W the mean of the row variances.
func rhatOf(rows []float64, n int) Value {
	if drawsEqual(rows) {
		return noValue(NAConstant)
	}
	within := 0.0
	for i := 0; i < len(rows); i += n {
		within += drawVariance(rows[i:i+n], 1)
	}
	within /= float64(len(rows) / n)
	return rhatFrom(drawVariance(chainMeans(rows, n), 1), within, n)
}

// rhatFrom is R-hat from the variance of the means of rows of n draws and the
// mean variance within them.
func rhatFrom(between, within float64, n int) Value {
	switch {
	case within == 0 && between == 0:
		return noValue(NAConstant)
	case within == 0:
		return Value{math.Inf(1), NAStuck}
	}
	return finiteValue(math.Sqrt(float64(n-1)/float64(n) + between/within))
}
