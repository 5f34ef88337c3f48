package conformance_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
	"gonum.org/v1/gonum/mat"
)

// A reference case with continuous nodes: the definition, and exact figures by
// what they are called.
type continuousCase struct {
	A, B, C, Weights []float64
	Edges            [][2]int
	Superblocks      [][][]int
	Spins, Reals     []int
	CCEdges          [][2]int  `json:"cc_edges"`
	CCWeights        []float64 `json:"cc_weights"`
	SCEdges          [][2]int  `json:"sc_edges"`
	SCWeights        []float64 `json:"sc_weights"`
	SSEdges          [][2]int  `json:"ss_edges"`
	SSWeights        []float64 `json:"ss_weights"`

	exact  map[string][]float64
	states [][]float64
}

func readContinuous(t *testing.T, name string) *continuousCase {
	t.Helper()
	c := &continuousCase{exact: map[string][]float64{}}
	for file, to := range map[string]any{"model.json": c, "expected.json": nil} {
		b, err := os.ReadFile(filepath.Join("testdata", name, file))
		if err != nil {
			t.Fatal(err)
		}
		var records []struct {
			Quantity string
			Exact    json.RawMessage
			States   [][]float64
		}
		if to == nil {
			to = &records
		}
		if err := json.Unmarshal(b, to); err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			var flat []float64
			if err := json.Unmarshal(r.Exact, &flat); err != nil {
				t.Fatalf("%s: %v", r.Quantity, err)
			}
			c.exact[r.Quantity] = flat
			if r.States != nil {
				c.states = r.States
			}
		}
	}
	return c
}

func list[T any](x []T) string {
	b, _ := json.Marshal(x)
	return string(b)
}

// refs writes nodes of two variables as references; at gives a node's variable and
// place.
func refs(superblocks [][][]int, at func(int) (string, int)) string {
	var out []string
	for _, sb := range superblocks {
		var blocks []string
		for _, block := range sb {
			var nodes []string
			for _, n := range block {
				v, i := at(n)
				nodes = append(nodes, fmt.Sprintf("%q", fmt.Sprintf("%s[%d]", v, i)))
			}
			blocks = append(blocks, "["+strings.Join(nodes, ", ")+"]")
		}
		out = append(out, "{together: ["+strings.Join(blocks, ", ")+"]}")
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// gaussianModel is gaussian_grid5x5 as a model file; all chains start at 2.
func gaussianModel(c *continuousCase) string {
	return fmt.Sprintf(`model: gaussian
variables: {x: {kind: continuous, shape: [25]}}
factors:
  - {over: {u: x}, index: all, energy: "0.5*a*u^2 + b*u", params: {a: %s, b: %s}}
  - {over: {u: x, v: x}, index: %s, energy: "w*u*v", params: {w: %s}}
init: {x: {normal: [2, 0]}}
blocks: %s
`, list(c.A), list(c.B), list(c.Edges), list(c.Weights), refs(c.Superblocks, func(n int) (string, int) { return "x", n }))
}

// The law of a Gaussian model after exactly 1, 2 and 5 sweeps from a fixed state is
// the normal one with the reference mean and covariance: every mean and covariance
// within 5.5 standard errors (of 350; by chance 1 in 70,000), every coordinate and
// the Mahalanobis distance by Kolmogorov and Smirnov's test at p > 1e-6. With
// 50,000 chains a mean 3 % or a variance 4 % of a standard deviation off would be
// seen in nine of ten seeds.
func TestGaussianSweeps(t *testing.T) {
	const chains = 50000
	c := readContinuous(t, "gaussian_grid5x5")
	p, _ := targettest.Parse(gaussianModel(c))
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: chains, Seed: 20, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	for _, k := range []int{1, 2, 5} {
		s.Sweeps(k - done)
		done = k
		mean := c.exact[fmt.Sprintf("mean after exactly %d sweeps", k)]
		upper := c.exact[fmt.Sprintf("covariance after exactly %d sweeps, upper triangle", k)]
		checkNormal(t, fmt.Sprintf("%d sweeps", k), columns(s, 25), mean, symmetric(25, upper))
	}
}

// columns are the values of nodes 0 … n-1 in all chains.
func columns(s *sampling.Sampler, n int) [][]float64 {
	out := make([][]float64, n)
	var room []float32
	for i := range out {
		room = s.Floats(i, room[:0])
		out[i] = make([]float64, len(room))
		for c, v := range room {
			out[i][c] = float64(v)
		}
	}
	return out
}

func symmetric(n int, upper []float64) *mat.SymDense {
	m := mat.NewSymDense(n, nil)
	at := 0
	for i := range n {
		for j := i; j < n; j++ {
			m.SetSym(i, j, upper[at])
			at++
		}
	}
	return m
}

// checkNormal holds independent columns to a normal law.
func checkNormal(t *testing.T, what string, x [][]float64, mean []float64, cov *mat.SymDense) {
	t.Helper()
	n, chains := len(x), float64(len(x[0]))
	worst := 0.0
	for i := range n {
		sum := 0.0
		for _, v := range x[i] {
			sum += v - mean[i]
		}
		worst = max(worst, math.Abs(sum/chains)/math.Sqrt(cov.At(i, i)/chains))
		for j := i; j < n; j++ {
			sum := 0.0
			for c := range x[i] {
				sum += (x[i][c] - mean[i]) * (x[j][c] - mean[j])
			}
			se := math.Sqrt((cov.At(i, j)*cov.At(i, j) + cov.At(i, i)*cov.At(j, j)) / chains)
			worst = max(worst, math.Abs(sum/chains-cov.At(i, j))/se)
		}
		u := make([]float64, len(x[i]))
		for c, v := range x[i] {
			u[c] = math.Erfc((mean[i]-v)/math.Sqrt(2*cov.At(i, i))) / 2
		}
		if p := uniformP(u); p < 1e-6 {
			t.Errorf("%s: coordinate %d is not normal, p = %.2g", what, i, p)
		}
	}
	if worst > 5.5 {
		t.Errorf("%s: a mean or covariance is %.2f standard errors off", what, worst)
	}
	var chol mat.Cholesky
	if !chol.Factorize(cov) {
		t.Fatal("the reference covariance is not positive definite")
	}
	u := make([]float64, len(x[0]))
	d, y := mat.NewVecDense(n, nil), mat.NewVecDense(n, nil)
	for c := range u {
		for i := range n {
			d.SetVec(i, x[i][c]-mean[i])
		}
		if err := chol.SolveVecTo(y, d); err != nil {
			t.Fatal(err)
		}
		u[c] = stats.ChiSquareSF(mat.Dot(d, y), float64(n))
	}
	if p := uniformP(u); p < 1e-6 {
		t.Errorf("%s: the Mahalanobis distances have not the law of χ², p = %.2g", what, p)
	}
	t.Logf("%s: largest deviation of %d figures %.2f standard errors", what, n*(n+3)/2, worst)
}

// uniformP is the p-value of Kolmogorov and Smirnov's test for numbers uniform in
// [0, 1].
func uniformP(u []float64) float64 {
	slices.Sort(u)
	d, n := 0.0, float64(len(u))
	for i, v := range u {
		d = max(d, v-float64(i)/n, float64(i+1)/n-v)
	}
	return stats.KolmogorovSF(d, len(u))
}

// bernoulliModel is gaussian_bernoulli_4x4 as a model file.
func bernoulliModel(c *continuousCase) string {
	at := func(n int) (string, int) {
		if i := slices.Index(c.Spins, n); i >= 0 {
			return "s", i
		}
		return "x", slices.Index(c.Reals, n)
	}
	local := func(edges [][2]int) string {
		out := make([][2]int, len(edges))
		for i, e := range edges {
			_, out[i][0] = at(e[0])
			_, out[i][1] = at(e[1])
		}
		return list(out)
	}
	return fmt.Sprintf(`model: bernoulli
variables: {s: {kind: spin, shape: [8]}, x: {kind: continuous, shape: [8]}}
factors:
  - {over: {u: x}, index: all, energy: "0.5*a*u^2 + c*u", params: {a: %s, c: %s}}
  - {over: {u: x, v: x}, index: %s, energy: "w*u*v", params: {w: %s}}
  - {over: {p: s, u: x}, index: %s, energy: "w*p*u", params: {w: %s}}
  - {over: [s], index: all, weights: %s}
  - {over: [s, s], index: %s, weights: %s}
blocks: %s
`, list(c.A), list(c.C), local(c.CCEdges), list(c.CCWeights), local(c.SCEdges), list(c.SCWeights), list(c.B), local(c.SSEdges), list(c.SSWeights), refs(c.Superblocks, at))
}

// Moments of spins and numbers coupled to each other are the exact ones: 144
// figures within 5 standard errors between 5,000 chains.
func TestGaussianBernoulliMoments(t *testing.T) {
	const chains, draws, gap, warmup = 5000, 10, 5, 300
	c := readContinuous(t, "gaussian_bernoulli_4x4")
	p, _ := targettest.Parse(bernoulliModel(c))
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: chains, Seed: 21, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	var want []float64
	type pair struct{ i, j int } // -1: one node only; spins are nodes 0 to 7
	var pairs []pair
	add := func(quantity string, list []pair) {
		want = append(want, c.exact[quantity]...)
		pairs = append(pairs, list...)
	}
	var single, ss, xs, xx, sx []pair
	for i := range 8 {
		single, xs = append(single, pair{i, -1}), append(xs, pair{8 + i, -1})
		for j := range 8 {
			if i < j {
				ss = append(ss, pair{i, j})
			}
			if i <= j {
				xx = append(xx, pair{8 + i, 8 + j})
			}
			sx = append(sx, pair{i, 8 + j})
		}
	}
	add("<s_i>", single)
	add("<s_i s_j>", ss)
	add("<x_i>", xs)
	add("<x_i x_j>", xx)
	add("<s_i x_j>", sx)
	if len(want) != 144 || len(pairs) != 144 {
		t.Fatalf("%d figures for %d moments", len(want), len(pairs))
	}
	sums := make([][]float64, len(pairs))
	for k := range sums {
		sums[k] = make([]float64, chains)
	}
	s.Sweeps(warmup)
	for range draws {
		for c := range chains {
			value := func(n int) float64 {
				switch {
				case n < 0:
					return 1
				case n < 8:
					return float64(s.Value(n, c))
				}
				return float64(sampling.BitsFloat(s.Value(n, c)))
			}
			for k, m := range pairs {
				sums[k][c] += value(m.i) * value(m.j) / draws
			}
		}
		s.Sweeps(gap)
	}
	square := 0.0
	for k, per := range sums {
		mean, spread := 0.0, 0.0
		for _, v := range per {
			mean += v / chains
		}
		for _, v := range per {
			spread += (v - mean) * (v - mean)
		}
		z := (mean - want[k]) / math.Sqrt(spread/(chains-1)/chains)
		square += z * z / float64(len(sums))
		if math.Abs(z) > 5 {
			t.Errorf("moment %v is %.5f, want %.5f: z = %.2f", pairs[k], mean, want[k], z)
		}
	}
	t.Logf("root mean square of z: %.2f", math.Sqrt(square))
}

// Energies of given states are the reference ones. States are float32, and so
// agree to 1e-6.
func TestContinuousEnergies(t *testing.T) {
	for name, text := range map[string]func(*continuousCase) string{"gaussian_grid5x5": gaussianModel, "gaussian_bernoulli_4x4": bernoulliModel} {
		c := readContinuous(t, name)
		p, _ := targettest.Parse(text(c))
		m := golang.Model(p)
		s, err := sampling.NewSampler(m, sampling.Options{Chains: 1})
		if err != nil {
			t.Fatal(err)
		}
		for k, state := range c.states {
			var x []int32
			for _, n := range append(append([]int(nil), c.Spins...), c.Reals...) {
				if slices.Contains(c.Spins, n) {
					x = append(x, int32(state[n]))
				} else {
					x = append(x, sampling.FloatBits(float32(state[n])))
				}
			}
			if c.Spins == nil {
				for _, v := range state {
					x = append(x, sampling.FloatBits(float32(v)))
				}
			}
			got, err := s.Energy(1, x)
			if err != nil {
				t.Fatal(err)
			}
			if want := c.exact["energy of 20 states"][k]; math.Abs(got-want) > 1e-6*(1+math.Abs(want)) {
				t.Errorf("%s: energy of state %d is %v, want %v", name, k, got, want)
			}
		}
	}
}
