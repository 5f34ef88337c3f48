package sampling_test

import (
	"math"
	"testing"
	"time"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// BenchmarkDense is the time of a step of Langevin dynamics for one coordinate of one chain,
// of a normal law in 100 dimensions with a full precision matrix.
func BenchmarkDense(b *testing.B) {
	const chains, dimensions, steps = 256, 100, 8
	p := lowered(b, `model: m
variables: {x: {kind: continuous, shape: [100]}}
factors:
  - {over: {u: x}, index: all, energy: "0.5*a*u^2", params: {a: {uniform: [1, 2], seed: 1}}}
  - {over: {u: x, v: x}, edges: {complete: x}, energy: "w*u*v", params: {w: {normal: [0, 0.02], seed: 2}}}
dynamics: {langevin: {over: x, step_size: 0.01}}
sample: {chains: 256}
`)
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	least := time.Duration(math.MaxInt64) // of a step: the machine may have others to serve
	for range b.N {
		start := time.Now()
		s.Sweeps(steps)
		least = min(least, time.Since(start))
	}
	b.ReportMetric(float64(least.Nanoseconds())/(chains*dimensions*steps), "ns/coordinate")
}
