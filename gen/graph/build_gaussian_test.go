package graph_test

import (
	"math"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
)

func solve(t *testing.T, text string) *exact.Answer {
	t.Helper()
	a, err := exact.Solve(model(t, text), exact.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func close(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-11*(1+math.Abs(want))) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// TestGaussianFamily: the law of the family is normal with the mean and covariance
// that were given (divided by β), log Z that of a normal law: H is 0 at the mean.
func TestGaussianFamily(t *testing.T) {
	// The inverse of cov, by hand: AR(1) with correlation 0.4, variance 2.
	const covariance, precision = "[[2, 0.8, 0.32], [0.8, 2, 0.8], [0.32, 0.8, 2]]",
		"[[0.5952380952380952, -0.23809523809523808, 0], [-0.23809523809523808, 0.6904761904761905, -0.23809523809523808], [0, -0.23809523809523808, 0.5952380952380952]]"
	cov := [3][3]float64{{2, 0.8, 0.32}, {0.8, 2, 0.8}, {0.32, 0.8, 2}}
	det := 2*(4-0.64) - 0.8*(1.6-0.256) + 0.32*(0.64-0.64)
	for _, family := range []string{
		"{covariance: " + covariance + ", mean: [1, -2, 3]}",
		"{precision: " + precision + ", mean: [1, -2, 3], shape: [3]}",
		"{precision: {diagonal: [0.5952380952380952, 0.6904761904761905, 0.5952380952380952], edges: [[1, 0], [1, 2]], values: -0.23809523809523808}, mean: [1, -2, 3]}",
		"{precision: {diagonal: [0.5952380952380952, 0.6904761904761905, 0.5952380952380952], graph: {chain: 3}, values: -0.23809523809523808}, mean: [1, -2, 3]}",
	} {
		a := solve(t, "model: m\ngaussian: "+family+"\nbeta: 0.5\n")
		close(t, "log Z", a.LogZ, 1.5*math.Log(2*math.Pi/0.5)+math.Log(det)/2)
		for i, m := range []float64{1, -2, 3} {
			close(t, "mean", a.Mean[i], m)
			close(t, "sd", a.SD[i], 2)
		}
		if len(a.Pairs) != 2 { // the elements that are 0 are no interactions
			t.Errorf("%s: %d pairs", family, len(a.Pairs))
		}
		for _, p := range a.Pairs {
			close(t, "covariance", p.Covariance, 2*cov[p.A][p.B])
		}
	}
}

// TestGaussianDiagonal: without anything off the diagonal, by each way to say so.
func TestGaussianDiagonal(t *testing.T) {
	for _, family := range []string{
		"{precision: [4, 4], mean: 3}", "{precision: [[4, 0], [0, 4]], mean: [3, 3]}", "{covariance: [0.25, 0.25], mean: [3, 3]}",
		"{precision: 4, shape: 2, mean: 3}", "{precision: {identity: 4}, shape: [2], mean: 3}", "{covariance: [[0.25, 0], [0, 0.25]], mean: 3}",
	} {
		g := model(t, "model: m\ngaussian: "+family)
		a := solve(t, "model: m\ngaussian: "+family)
		if g.Nodes != 2 || len(g.Terms) != 1 || g.Edges != 0 {
			t.Errorf("%s: %d nodes, %d factors", family, g.Nodes, len(g.Terms))
		}
		close(t, "mean", a.Mean[1], 3)
		close(t, "sd", a.SD[1], 0.5)
		close(t, "log Z", a.LogZ, math.Log(2*math.Pi*0.25))
	}
}

// TestGaussianBernoulliFamily against the sum over the spins by hand: with diagonal
// precision p, log ∫ = Σ (½ log 2π/p + h·m + h²/2p), h = W·s.
func TestGaussianBernoulliFamily(t *testing.T) {
	a := solve(t, "model: m\ngaussian_bernoulli: {continuous: 2, spins: 2, precision: [1, 4], mean: [0.5, -1], biases: [0.2, -0.3], weights: [[0.5, -0.25], [1, 0.75]]}\n")
	p, m, b, w := []float64{1, 4}, []float64{0.5, -1}, []float64{0.2, -0.3}, [][]float64{{0.5, -0.25}, {1, 0.75}}
	z, mean := 0.0, make([]float64, 4)
	for k := range 4 {
		s := []float64{float64(k&1)*2 - 1, float64(k&2) - 1}
		e := b[0]*s[0] + b[1]*s[1]
		x := make([]float64, 2)
		for i := range 2 {
			h := w[i][0]*s[0] + w[i][1]*s[1]
			e += math.Log(2*math.Pi/p[i])/2 + h*m[i] + h*h/(2*p[i])
			x[i] = m[i] + h/p[i]
		}
		z += math.Exp(e)
		for i, v := range append(x, s...) {
			mean[i] += math.Exp(e) * v
		}
	}
	close(t, "log Z", a.LogZ, math.Log(z))
	for i := range mean {
		close(t, "mean", a.Mean[i], mean[i]/z)
	}
	// What is not given: precision 1, no mean and biases, small weights.
	g := model(t, "model: m\ngaussian_bernoulli: {continuous: [2, 3], spins: 4}\n")
	if g.Nodes != 10 || len(g.Terms) != 3 || g.Vars[0].Kind != graph.Continuous || g.Terms[2].Rows != 24 {
		t.Errorf("%+v", g.Terms)
	}
}

// TestInverseOfFile: a covariance as a program saves it, symmetric to rounding only.
func TestInverseOfFile(t *testing.T) {
	a := solve(t, "model: m\ngaussian: {covariance: [[1, 0.3000000001], [0.2999999999, 1]]}\n")
	close(t, "covariance", a.Pairs[0].Covariance, 0.3)
}
