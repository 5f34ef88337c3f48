// Package stats says what a run of several chains is worth.
//
// A quantity observed in C chains of N draws each arrives as [][]float64, one
// slice a chain. From it come the mean, the spread and the quantiles, and the
// three questions that every user of a sampler has to ask: do the chains agree
// (R-hat), how many independent draws are these worth (effective sample size,
// ESS), and how far off may a reported figure be (Monte Carlo standard error,
// MCSE). Summary answers all of them in one row.
//
// The definitions are those of Vehtari, Gelman, Simpson, Carpenter and Bürkner,
// "Rank-normalization, folding, and localization: an improved R-hat" (Bayesian
// Analysis 16, 2021), in the form that ArviZ gives them:
//
//   - Split: every chain is cut in halves that count as chains of their own; of
//     an odd number of draws the middle one is left out.
//   - Rank-normalise: draws are replaced by z = Φ⁻¹((r − 3/8)/(S + 1/4)), r the
//     rank over all S draws, ties sharing their mean rank.
//   - Fold: x becomes |x − median|, so that chains which differ in scale differ.
//
// A figure that has no meaning is not a number with a strange value but a Value
// with a reason: see Value.
//
// Where a run has too many variables to keep their draws, Batches keeps running
// sums over a few dozen batches a chain, enough for R-hat and ESS of each.
//
// tails.go holds the upper tails of a few laws, for tests of samplers.
package stats

import (
	"math"
	"strconv"
)

// A Value is a figure or the reason why there is none. NA is empty for a figure
// that means what its name says. Otherwise NA is the reason in a few words, and
// V holds what the formula gives by convention (the ESS of a constant is the
// number of draws, R-hat of chains that do not move but differ is +Inf) or NaN.
type Value struct {
	V  float64
	NA string
}

// Reasons of a Value that is not available.
const (
	NAEmpty    = "no draws"
	NARagged   = "chains differ in length"
	NANaN      = "NaN in the draws"
	NAInf      = "infinite value in the draws"
	NAOneDraw  = "one draw only"
	NAFewDraws = "fewer than 4 draws a chain"
	NAOneChain = "one chain only"
	NAConstant = "constant"
	NAStuck    = "infinite: the chains do not move, and differ"
	NATail     = "both tail indicators are constant"
	NAOverflow = "out of the range of float64"
	NABatches  = "too few complete batches"
	NAProb     = "not a probability"
)

// OK says whether v is a figure to be shown.
func (v Value) OK() bool { return v.NA == "" }

// String is the figure to six significant digits, or "NA".
func (v Value) String() string {
	if !v.OK() {
		return "NA"
	}
	return strconv.FormatFloat(v.V, 'g', 6, 64)
}

// MarshalJSON writes the figure, or null where there is none.
func (v Value) MarshalJSON() ([]byte, error) {
	if !v.OK() || math.IsNaN(v.V) || math.IsInf(v.V, 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, v.V, 'g', -1, 64), nil
}

// noValue is a Value without even a convention.
func noValue(reason string) Value { return Value{math.NaN(), reason} }

// finiteValue is v, or the remark that it left the range of float64.
func finiteValue(v float64) Value {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return Value{v, NAOverflow}
	}
	return Value{V: v}
}
