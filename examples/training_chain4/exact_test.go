package main

import (
	"math"
	"testing"
)

// TestGradient holds the gradient against differences of the divergence.
func TestGradient(t *testing.T) {
	d := data{0.3, 0.2, 0.1, 0.4}
	g := start.gradient(d)
	for i := range start {
		const h = 1e-5
		up, down := start, start
		up[i] += h
		down[i] -= h
		want := (up.divergence(d) - down.divergence(d)) / (2 * h)
		if math.Abs(g[i]-want) > 1e-9 {
			t.Errorf("weight %d: %v, want %v", i, g[i], want)
		}
	}
}
