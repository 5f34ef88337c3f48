package sampling

import "math"

// maxGroup is the largest Format.Group: a table has 2^maxGroup sums.
const maxGroup = 8

// appendRounded appends the tables of a node whose weights are rounded by groups, one
// for each group: sums in float64 from left to right, each rounded once.
func appendRounded[T int32 | int64](s *Sampler, pool []T, b *blockPlan, i, least int) []T {
	inputs := b.wref[b.start[i]:b.end[i]]
	first := 0.0
	for _, at := range b.wref[b.end[i]:b.start[i+1]] {
		first += s.flat[at]
	}
	unit := math.Ldexp(1, s.model.Format.Fraction)
	var sums [1 << maxGroup]float64
	for g, groups := 0, s.groupCount(len(inputs)); g < groups; g++ {
		lo, hi := s.span(len(inputs), groups, g)
		sums[0] = first
		first = 0
		n := 1
		for _, at := range inputs[lo:hi] {
			w := s.flat[at]
			for k, x := range sums[:n] {
				sums[k], sums[n+k] = x-w, x+w
			}
			n *= 2
		}
		for _, x := range sums[:n] {
			pool = append(pool, T(math.RoundToEven(x*unit)))
		}
		for ; n < 1<<least; n++ {
			pool = append(pool, 0)
		}
	}
	return pool
}
