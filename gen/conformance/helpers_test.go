package conformance

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// kolmogorov is the distance of numbers from the uniform law on [0, 1] and its
// tail probability.
func kolmogorov(x []float64) (distance, p float64) {
	x = slices.Clone(x)
	slices.Sort(x)
	n := float64(len(x))
	for i, v := range x {
		distance = max(distance, float64(i+1)/n-v, v-float64(i)/n)
	}
	return distance, stats.KolmogorovSF(distance, len(x))
}
