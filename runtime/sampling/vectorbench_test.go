package sampling_test

import (
	"fmt"
	"math/rand"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// BenchmarkSpinKernel is for the spin kernel alone: 512 chains, and weights with a
// common divisor and without.
func BenchmarkSpinKernel(b *testing.B) {
	r := rand.New(rand.NewSource(1))
	t, _ := graph.Pegasus(14)
	for rounds, name := range map[int]string{10: "philox", 7: "philox7", 5: "ars5"} {
		m := pairModel(t, 2, false, r.NormFloat64, 15, 256)
		m.Rounds = rounds
		b.Run("pegasus14/"+name, func(b *testing.B) { benchmark(b, m, 512, 1) })
		x := *m
		x.Format.Fraction, x.Format.Group, x.Format.Segments = 8, 7, 128
		b.Run("pegasus14/group7/"+name, func(b *testing.B) { benchmark(b, &x, 512, 1) })
		y := x
		y.Format.Digit = 8
		b.Run("pegasus14/group7/digit8/"+name, func(b *testing.B) { benchmark(b, &y, 512, 1) })
	}
	t, _ = graph.Torus(64, 64)
	m := pairModel(t, 2, false, func() float64 { return float64(2*r.Intn(2) - 1) }, 15, 256)
	b.Run("torus64", func(b *testing.B) { benchmark(b, m, 512, 1) })
	for _, rounds := range []int{10, 5} {
		x := *m
		x.Rounds, x.Format.Planes, x.Format.ThresholdBits = rounds, 16, 16
		b.Run(map[int]string{10: "torus64/planes/philox", 5: "torus64/planes/ars5"}[rounds], func(b *testing.B) { benchmark(b, &x, 512, 1) })
	}
	for _, rounds := range []int{10, 5} {
		x := *m
		x.Rounds = rounds
		b.Run(fmt.Sprintf("avx2/torus64/%d", rounds), func(b *testing.B) { benchmarkKernel(b, &x, 512, 1, vector.AVX2) })
		t, _ := graph.Pegasus(14)
		y := pairModel(t, 2, false, r.NormFloat64, 15, 256)
		y.Rounds = rounds
		b.Run(fmt.Sprintf("avx2/pegasus14/%d", rounds), func(b *testing.B) { benchmarkKernel(b, y, 512, 1, vector.AVX2) })
	}
	b.Run("torus64/256", func(b *testing.B) { benchmark(b, m, 256, 1) })
}
