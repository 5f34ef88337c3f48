package chart

import (
	"math"
	"slices"
)

// Thin reduces a long series for display: of every run of values its least and its
// largest are kept, in the order they came, so that no excursion is hidden. A
// series of at most 2·columns values stays as it is; otherwise about 2·columns
// points are left. x are the positions in y.
func Thin(y []float64, columns int) (x, thin []float64) {
	if len(y) <= 2*columns {
		return count(nil, len(y)), y
	}
	for c := range columns {
		from, to := c*len(y)/columns, (c+1)*len(y)/columns
		lo, hi := from, from
		for i := from; i < to; i++ {
			if y[i] < y[lo] {
				lo = i
			}
			if y[i] > y[hi] {
				hi = i
			}
		}
		first, second := min(lo, hi), max(lo, hi)
		x, thin = append(x, float64(first)), append(thin, y[first])
		if second != first {
			x, thin = append(x, float64(second)), append(thin, y[second])
		}
	}
	return x, thin
}

// mostBins bounds Bins.
const mostBins = 60

// Bins are edges of equal bins for a histogram of the finite values: of the width
// 2·IQR·n^(−1/3) (Freedman and Diaconis), at most 60 of them. Where the values lie
// on a lattice, as energies of ±J models do, a bin holds a whole number of its
// places, or it would show a pattern that is not there.
func Bins(values []float64) []float64 {
	v := slices.DeleteFunc(slices.Clone(values), func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
	if len(v) == 0 {
		return []float64{0, 1}
	}
	slices.Sort(v)
	lo, hi := v[0], v[len(v)-1]
	if lo == hi {
		half := max(0.5, math.Abs(lo)*1e-6)
		return []float64{lo - half, hi + half}
	}
	width := 2 * (v[len(v)*3/4] - v[len(v)/4]) / math.Cbrt(float64(len(v)))
	width = max(width, (hi-lo)/mostBins)
	if gap := lattice(v); gap > 0 {
		width = math.Ceil(width/gap-1e-6) * gap
		lo -= gap / 2
		hi += gap / 2
	}
	n := max(1, int(math.Ceil((hi-lo)/width-1e-6)))
	edges := make([]float64, n+1)
	for i := range edges {
		edges[i] = lo + float64(i)*width
	}
	if last := edges[n]; last < hi {
		edges[n] = hi
	}
	return edges
}

// lattice is the spacing of sorted values that are all multiples of it apart, 0 if
// there is none of at most a thousand places.
func lattice(v []float64) float64 {
	span := v[len(v)-1] - v[0]
	gap := math.Inf(1)
	for i := 1; i < len(v); i++ {
		if d := v[i] - v[i-1]; d > span*1e-9 {
			gap = min(gap, d)
		}
	}
	if math.IsInf(gap, 1) || span/gap > 1000 {
		return 0
	}
	for _, x := range v {
		k := (x - v[0]) / gap
		if math.Abs(k-math.Round(k)) > 1e-3 {
			return 0
		}
	}
	return gap
}

// Counts counts the values between neighbouring edges; the last bin has its upper
// edge.
func Counts(values, edges []float64) []float64 {
	n := len(edges) - 1
	out := make([]float64, n)
	for _, x := range values {
		if !(x >= edges[0] && x <= edges[n]) {
			continue
		}
		i, found := slices.BinarySearch(edges, x)
		if !found {
			i--
		}
		out[min(i, n-1)]++
	}
	return out
}
