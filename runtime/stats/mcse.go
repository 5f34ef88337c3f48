package stats

import "math"

// MCSEMean is the Monte Carlo standard error of the mean: SD/√ESSMean.
func MCSEMean(x [][]float64) Value {
	t, reason := newChainTable(x, 4, 1)
	if reason != "" {
		return noValue(reason)
	}
	return t.mcseMean(drawSD(t.all), newDrawSpectrum(t.half))
}

func (t *chainTable) mcseMean(sd Value, s *drawSpectrum) Value {
	if !sd.OK() {
		return sd
	}
	ess := s.ess(t.split)
	return Value{sd.V / math.Sqrt(ess.V), ess.NA}
}

// MCSESD is the Monte Carlo standard error of the standard deviation, by the
// delta method: the error of the mean of d = (x − mean)², divided by 2√(mean d).
func MCSESD(x [][]float64) Value {
	t, reason := newChainTable(x, 4, 1)
	if reason != "" {
		return noValue(reason)
	}
	if drawsEqual(t.all) {
		return noValue(NAConstant)
	}
	d := squaredDeviations(t.all)
	ess := newDrawSpectrum(t.half).ess(t.splitRows(d))
	return finiteValue(math.Sqrt(drawVariance(d, 0) / ess.V / drawMean(d) / 4))
}

// MCSEMedian is MCSEQuantile at one half.
func MCSEMedian(x [][]float64) Value { return MCSEQuantile(x, 0.5) }

// MCSEQuantile is the Monte Carlo standard error of quantile q: half the distance
// between the order statistics at the ∓1 sigma points of the Beta law that the
// quantile's rank follows.
func MCSEQuantile(x [][]float64, q float64) Value {
	t, reason := newChainTable(x, 4, 1)
	switch {
	case !(q >= 0 && q <= 1):
		return noValue(NAProb)
	case reason != "":
		return noValue(reason)
	case drawsEqual(t.all):
		return Value{0, NAConstant}
	}
	sorted := sortDraws(t.all)
	ess := newDrawSpectrum(t.half).ess(t.indicator(t.all, quantileSorted(sorted, q)))
	size := float64(len(sorted))
	a, b := ess.V*q+1, ess.V*(1-q)+1
	lo := math.Floor(max(betaQuantile(0.1586553, a, b)*size-1, 0))
	hi := math.Ceil(min(betaQuantile(0.8413447, a, b)*size-1, size-1))
	return finiteValue((sorted[int(hi)].number() - sorted[int(lo)].number()) / 2)
}
