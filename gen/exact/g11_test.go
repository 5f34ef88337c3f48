package exact

import (
	"bufio"
	"fmt"
	"os"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// g11 is a 100 × 8 torus of couplings ±1 from the G-set, E = Σ w s s.
func g11(t *testing.T, beta float64) *graph.Graph {
	t.Helper()
	file, err := os.Open("testdata/G11.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in := bufio.NewReader(file)
	var n, m int
	if _, err := fmt.Fscan(in, &n, &m); err != nil {
		t.Fatal(err)
	}
	edges, weights := make([][2]int32, m), make([]float64, m)
	for i := range edges {
		var a, b int32
		if _, err := fmt.Fscan(in, &a, &b, &weights[i]); err != nil {
			t.Fatal(err)
		}
		edges[i], weights[i] = [2]int32{a - 1, b - 1}, -weights[i]
	}
	return ising(beta, n, edges, weights)
}

// g11Figures come from an independent transfer-matrix program.
type g11Figures struct{ beta, logZ, energy, variance float64 }

// TestG11 solves the torus; the energy from the pairs checks the way back, and
// all means are 0 by symmetry.
func TestG11(t *testing.T) {
	want := g11Figures{0.5, 742.59413320, -705.82290, 1048.63}
	a, err := Solve(g11(t, want.beta), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "log Z", a.LogZ, want.logZ, 1e-8)
	near(t, "mean energy", a.EnergyMean/want.beta, want.energy, 1e-5)
	near(t, "variance", a.EnergyVariance/want.beta/want.beta, want.variance, 5.1e-3)
	weights := map[[2]int32]float64{}
	f := &a.Graph.Factors[0]
	for r := range f.Rows {
		u, v := f.Index[2*r], f.Index[2*r+1]
		weights[[2]int32{min(u, v), max(u, v)}] += f.Weights[r]
	}
	energy := 0.0
	for _, p := range a.Pairs {
		energy -= weights[[2]int32{p.A, p.B}] * p.Value
	}
	near(t, "energy from pairs", energy, a.EnergyMean/want.beta, 1e-8)
	for i, m := range a.Mean {
		near(t, fmt.Sprint("mean of spin ", i), m, 0, 1e-9)
	}
}

// TestG11Cold takes the way out alone at a lower temperature.
func TestG11Cold(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	want := g11Figures{1, 1187.10549240, -1006.03771, 266.43}
	s, err := NewSpace(g11(t, want.beta))
	if err != nil {
		t.Fatal(err)
	}
	p, fits := makePlan(s, DefaultLimits.Memory)
	if !fits {
		t.Fatal("does not fit")
	}
	e := &eliminator{Space: s, plan: p}
	e.place()
	e.forward()
	near(t, "log Z", e.log, want.logZ, 1e-8)
	near(t, "mean energy", -e.d1/want.beta, want.energy, 1e-5)
	near(t, "variance", e.d2/want.beta/want.beta, want.variance, 5.1e-3)
}
