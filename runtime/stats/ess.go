package stats

import "math"

// ESSBulk is the effective sample size of the rank-normalised draws: the one to
// report for the centre of the law. Like all ESS here it needs four draws a
// chain, works on split chains, may exceed the number S of draws (antithetic
// chains), never exceeds S·log10(S), and is S by convention, with NA set, for a
// constant.
func ESSBulk(x [][]float64) Value {
	return essBy(x, func(t *chainTable) []float64 { return normalScores(sortDraws(t.split)) })
}

// ESSTail is the smaller of the effective sample sizes of the 5 % and the 95 %
// quantile. One of two constant indicators (a spin's larger value is its 95 %
// quantile) counts as S draws; two leave nothing to say.
func ESSTail(x [][]float64) Value {
	t, reason := newChainTable(x, 4, 1)
	if reason != "" {
		return noValue(reason)
	}
	return t.essTail(sortDraws(t.all), newDrawSpectrum(t.half))
}

// ESSMean is the effective sample size of the draws themselves, that of the mean.
func ESSMean(x [][]float64) Value {
	return essBy(x, func(t *chainTable) []float64 { return t.split })
}

// ESSSD is the effective sample size of (x − mean)², that of the standard
// deviation.
func ESSSD(x [][]float64) Value {
	return essBy(x, func(t *chainTable) []float64 { return t.splitRows(squaredDeviations(t.all)) })
}

// ESSQuantile is the effective sample size of the indicator x ≤ quantile q.
func ESSQuantile(x [][]float64, q float64) Value {
	if !(q >= 0 && q <= 1) {
		return noValue(NAProb)
	}
	return essBy(x, func(t *chainTable) []float64 {
		return t.indicator(t.all, quantileSorted(sortDraws(t.all), q))
	})
}

// ESSMedian is ESSQuantile at one half.
func ESSMedian(x [][]float64) Value { return ESSQuantile(x, 0.5) }

// ESSMAD is the effective sample size of the median absolute deviation: of the
// indicator |x − median| ≤ its median.
func ESSMAD(x [][]float64) Value {
	return essBy(x, func(t *chainTable) []float64 {
		d := drawDistances(t.all, quantileSorted(sortDraws(t.all), 0.5))
		return t.indicator(d, quantileSorted(sortDraws(d), 0.5))
	})
}

// ESSFolded is the effective sample size of the rank-normalised |x − median|.
func ESSFolded(x [][]float64) Value {
	return essBy(x, func(t *chainTable) []float64 { return foldedScores(sortDraws(t.split)) })
}

// ESSIdentity is the effective sample size of whole chains, neither split nor
// ranked.
func ESSIdentity(x [][]float64) Value {
	t, reason := newChainTable(x, 4, 1)
	if reason != "" {
		return noValue(reason)
	}
	return newDrawSpectrum(t.draws).ess(t.all)
}

// essBy is the effective sample size of a split series made from the draws.
func essBy(x [][]float64, series func(*chainTable) []float64) Value {
	t, reason := newChainTable(x, 4, 1)
	if reason != "" {
		return noValue(reason)
	}
	return newDrawSpectrum(t.half).ess(series(&t))
}

// essTail is ESSTail given the sorted draws.
func (t *chainTable) essTail(sorted []sortedDraw, s *drawSpectrum) Value {
	low := s.ess(t.indicator(t.all, quantileSorted(sorted, 0.05)))
	high := s.ess(t.indicator(t.all, quantileSorted(sorted, 0.95)))
	switch {
	case !low.OK() && !high.OK():
		return Value{min(low.V, high.V), NATail}
	case high.V < low.V:
		return Value{V: high.V}
	}
	return Value{V: low.V}
}

func squaredDeviations(v []float64) []float64 {
	mean := drawMean(v)
	d := make([]float64, len(v))
	for i, x := range v {
		d[i] = (x - mean) * (x - mean)
	}
	return d
}

// ess is the effective sample size of rows of n draws: S/τ, where τ = 1 + 2Σρ_t
// is summed as Geyer's initial monotone sequence (Geyer 1992) over the combined
// autocorrelation ρ_t = 1 − (W − mean autocovariance at t)/var⁺, with W the mean
// variance within rows and var⁺ = W(n − 1)/n + the variance of the row means.
func (s *drawSpectrum) ess(rows []float64) Value {
	total := float64(len(rows))
	if drawsEqual(rows) {
		return Value{total, NAConstant}
	}
	s.centre(rows)
	zero, one := s.pair(0)
	n := float64(s.n)
	within, plus := zero*n/(n-1), zero
	if len(s.means) > 1 {
		plus += drawVariance(s.means, 1)
	}
	rho := func(acov float64) float64 { return 1 - (within-acov)/plus }

	// Pairs of neighbouring lags have a positive, decreasing sum in any reversible
	// chain; the first pair that does not ends the sequence. Of the last pair
	// looked at only the even lag is used.
	even, odd := 1.0, rho(one)
	last, sum := math.Inf(1), 0.0
	for t := 2; even+odd > 0 && t < s.n-2; t += 2 {
		last = min(last, even+odd)
		sum += last
		a, b := s.pair(t)
		even, odd = rho(a), rho(b)
	}
	tau := 2*sum - 1
	if even > 0 || even+odd >= 0 {
		tau += even
	}
	return finiteValue(total / max(tau, 1/logTen(total)))
}

// logTen is the decimal logarithm of a number of draws, the same on every
// machine: x = 2^e·f with f near 1, and log f = 2·artanh((f − 1)/(f + 1)).
func logTen(x float64) float64 {
	f, e := math.Frexp(x)
	if f < math.Sqrt2/2 {
		f, e = 2*f, e-1
	}
	t := (f - 1) / (f + 1)
	sum, power := 0.0, t
	for k := 1; k < 40; k += 2 {
		sum += power / float64(k)
		power *= t * t
	}
	return (float64(float64(e)*math.Ln2) + 2*sum) / math.Ln10
}
