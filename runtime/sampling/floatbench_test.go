package sampling_test

import (
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

// BenchmarkFloat is the time of one update of a node in one chain: numbers of a
// Gaussian grid, the same inside a range, and spins beside numbers.
func BenchmarkFloat(b *testing.B) {
	const chains = 256
	for name, text := range map[string]string{
		"gaussian":  `{x: {kind: continuous, shape: [16, 16]}}, factors: [{over: {u: x}, index: all, energy: "1.2*u^2 + 0.1*u"}, {over: {u: x, v: x}, edges: {grid: x}, energy: "0.2*u*v"}]`,
		"truncated": `{x: {kind: continuous, range: [-1, 2], shape: [16, 16]}}, factors: [{over: {u: x}, index: all, energy: "1.2*u^2 + 0.1*u"}, {over: {u: x, v: x}, edges: {grid: x}, energy: "0.2*u*v"}]`,
		"spins":     `{x: {kind: continuous, shape: [2]}, s: {kind: spin, shape: [256]}}, factors: [{over: {u: x}, index: all, energy: "200*u^2"}, {over: {u: x, p: s}, index: pairs, energy: "0.2*u*p"}]`,
	} {
		p, _ := targettest.Parse("{model: m, variables: " + text + "}")
		s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: chains, Seed: 1})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for range b.N {
				s.Sweep()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(p.Nodes*chains), "ns/update")
		})
	}
}
