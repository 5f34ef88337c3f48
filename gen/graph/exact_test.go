package graph_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// TestRBMLaw: log Z, means and pair means of a small restricted Boltzmann
// machine against its textbook form, the hidden spins summed out by hand:
//
//	Z = Σ_v e^{β a·v} Π_j 2 cosh(β(b_j + Σ_i W_ij v_i)),  ⟨h_j | v⟩ = tanh(β(b_j + Σ_i W_ij v_i))
func TestRBMLaw(t *testing.T) {
	const beta = 0.8
	a := []float64{0.3, -0.2, 0.7, 0}
	b := []float64{-0.5, 0.25, 0.1}
	w := [][]float64{{0.5, -1.5, 0.75}, {1, 0.25, -0.5}, {-0.25, 2, 0}, {0.125, -0.75, 1.25}}
	text := fmt.Sprintf("model: m\nrbm: {visible: 4, hidden: 3, visible_biases: %s, hidden_biases: %s, weights: %s}\nbeta: %v\n", list(a), list(b), list(w), beta)
	s, l := spec.Parse("m.yaml", []byte(text))
	if l.Len() > 0 {
		t.Fatal(l.Err())
	}
	g, l := graph.Build(s, nil)
	if l.Len() > 0 {
		t.Fatal(l.Err())
	}
	law, err := exact.Enumerate(g)
	if err != nil {
		t.Fatal(err)
	}
	answer := law.Answer()

	z := 0.0
	mean := make([]float64, 7)
	pair := [4][3]float64{}
	for state := range 16 {
		v := [4]float64{}
		p := 1.0
		for i := range v {
			v[i] = float64(state>>i&1)*2 - 1
			p *= math.Exp(beta * a[i] * v[i])
		}
		h := [3]float64{}
		for j := range h {
			field := b[j]
			for i := range v {
				field += w[i][j] * v[i]
			}
			p *= 2 * math.Cosh(beta*field)
			h[j] = math.Tanh(beta * field)
		}
		z += p
		for i := range v {
			mean[i] += p * v[i]
			for j := range h {
				pair[i][j] += p * v[i] * h[j]
			}
		}
		for j := range h {
			mean[4+j] += p * h[j]
		}
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	near("log Z", answer.LogZ, math.Log(z))
	for n, m := range mean {
		near("mean of "+g.NodeName(n), answer.Mean[n], m/z)
	}
	if len(answer.Pairs) != 12 {
		t.Errorf("%d pairs", len(answer.Pairs))
	}
	for _, p := range answer.Pairs {
		near(fmt.Sprint("pair ", p.A, p.B), p.Value, pair[p.A][p.B-4]/z)
	}
}

func list(x any) string { return strings.ReplaceAll(fmt.Sprint(x), " ", ", ") }
