package sampling_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// TestNetworksEqualInterpreter compares engine and interpreter, to the bit, on networks
// of every activation over every kind of slot, under every sampler.
func TestNetworksEqualInterpreter(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	updates := []string{
		"dynamics: {langevin: {over: x, step_size: 0.1}}", "dynamics: {mala: {over: x, step_size: 0.2}}", "dynamics: {hmc: {over: x, step_size: 0.2, steps: 3}}",
		"update: {x: slice}", "update: {x: metropolis}", "update: {x: mala}",
	}
	n := uint64(0)
	for _, activation := range sampling.ActivationNames() {
		for _, update := range updates {
			p := lowered(t, fmt.Sprintf(`model: m
variables: {x: {kind: continuous, dim: %d, shape: [3]}, s: {kind: spin, shape: [3]}, c: {kind: categorical, states: %d}}
factors:
  - {over: {x: x, s: s, c: c}, index: [[0, 0, 0], [2, 1, 0]], scale: %v, energy: {mlp: {input: [s, x, c], hidden: %s, activation: %s, seed: %d}}}
  - {over: {u: x, v: x, s: s}, index: [[0, 1, 2], [1, 2, 0]], energy: {mlp: {input: [u, v], times: s, hidden: [%d], activation: %[5]s, seed: %[7]d}}}
  - {over: {x: x}, index: all, energy: "0.25*dot(x, x)"}
beta: 1.5
%[8]s
sample: {warmup: 3, seed: %[6]d}
`, 1+r.IntN(3), 2+r.IntN(4), 0.5+r.Float64()*3, []string{"[7]", "[5, 3]", "[4, 4, 9]"}[n%3], activation, n, 1+r.IntN(8), update))
			compare(t, n, p, 1+r.IntN(140), 1+r.IntN(3), vector.Kernel(n%2))
			n++
		}
	}
}

// networkOf is the engine's model of one network from the file of PyTorch's.
func networkOf(t *testing.T, activation string) *sampling.Model {
	t.Helper()
	s, l := spec.Parse("model.yaml", fmt.Appendf(nil, `model: m
variables: {x: {kind: continuous, dim: 3}}
factors: [{over: {x: x}, index: all, energy: {mlp: {input: x, hidden: [6, 5], activation: %s, weights: network.safetensors#%[1]s.net}}}]
dynamics: {langevin: {over: x, step_size: 1, noise_scale: 0}}
`, activation))
	if err := l.Err(); err != nil {
		t.Fatal(err)
	}
	g, l := graph.Build(s, graph.DirFiles("testdata"))
	if err := l.Err(); err != nil {
		t.Fatal(err)
	}
	p, l := pass.Lower(g)
	if err := l.Err(); err != nil {
		t.Fatal(err)
	}
	return golang.Model(p)
}

// TestNetworksEqualPyTorch: energies and gradients of networks that PyTorch saved
// (testdata/network.py), in float64 and, as a Langevin step without noise uses them, in
// float32.
func TestNetworksEqualPyTorch(t *testing.T) {
	var golden struct {
		Cases []struct {
			Activation  string
			X, Gradient [][]float64
			Energy      []float64
		}
	}
	b, err := os.ReadFile("testdata/network.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	for _, c := range golden.Cases {
		m := networkOf(t, c.Activation)
		s, err := sampling.NewSampler(m, sampling.Options{Chains: len(c.X)})
		if err != nil {
			t.Fatal(err)
		}
		state := func(x []float64) (bits []int32) {
			for _, v := range x {
				bits = append(bits, sampling.FloatBits(float32(v)))
			}
			return bits
		}
		for i, x := range c.X {
			if err := s.SetState(i, state(x)); err != nil {
				t.Fatal(err)
			}
		}
		energies := s.Energies(1, nil)
		s.Sweep()
		for i, x := range c.X {
			if !near(energies[i], c.Energy[i], 1e-12) {
				t.Errorf("%s: E(%v) = %v, PyTorch has %v", c.Activation, x, energies[i], c.Energy[i])
			}
			for k := range x {
				code := sampling.Code{Ops: m.Codes[0].Parts[k].Slope, Params: m.Codes[0].Params, Net: m.Codes[0].Net}
				d, _ := code.Eval(0, func(n int) float64 { return x[n] }, nil)
				if !near(d, c.Gradient[i][k], 1e-12) {
					t.Errorf("%s: dE/dx[%d] at %v = %v, PyTorch has %v", c.Activation, k, x, d, c.Gradient[i][k])
				}
				single := x[k] - float64(sampling.BitsFloat(s.Value(k, i)))
				if !near(single, c.Gradient[i][k], 4e-6) {
					t.Errorf("%s: dE/dx[%d] at %v = %v in float32, PyTorch has %v", c.Activation, k, x, single, c.Gradient[i][k])
				}
			}
		}
	}
}

// near compares numbers of the order of 1.
func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*max(1, math.Abs(b)) }

// TestNetworkSlopes holds the slopes of networks with smooth activations against
// differences of their values.
func TestNetworkSlopes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, a := range []sampling.Activation{sampling.SiLU, sampling.TanH, sampling.Softplus, sampling.ELU} {
		net := &sampling.Net{Sizes: []int{4, 6, 5, 1}, Activation: a}
		code := sampling.Code{Net: net}
		for l := range 3 {
			in, out := net.Sizes[l], net.Sizes[l+1]
			code.Params = append(code.Params, sampling.CodeParam{Axes: []int{out, in}, Shared: true, Values: normals(r, in*out)},
				sampling.CodeParam{Axes: []int{out}, Shared: true, Values: normals(r, out)})
		}
		for range 20 {
			x := normals(r, 4)
			at := func(op sampling.CodeOp) float64 {
				code.Ops = []sampling.CodeOp{{Op: sampling.CodeSlot, N: 0}, {Op: sampling.CodeSlot, N: 1}, {Op: sampling.CodeSlot, N: 2}, {Op: sampling.CodeSlot, N: 3}, op}
				if err := code.Check(4, 1); err != nil {
					t.Fatal(err)
				}
				v, _ := code.Eval(0, func(n int) float64 { return x[n] }, nil)
				return v
			}
			for i := range x {
				slope := at(sampling.CodeOp{Op: sampling.CodeNetSlope, N: int32(i)})
				const h = 1e-5
				x[i] += h
				up := at(sampling.CodeOp{Op: sampling.CodeNet})
				x[i] -= 2 * h
				down := at(sampling.CodeOp{Op: sampling.CodeNet})
				x[i] += h
				if difference := (up - down) / (2 * h); !near(slope, difference, 1e-6) {
					t.Errorf("%v: slope %v, difference %v", a, slope, difference)
				}
			}
		}
	}
}

func normals(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

// TestNetworkLaw: a network between a number and a spin, against integrals of the
// density. The standard errors come from 200,000 independent pairs thinned out of 2,000
// chains.
func TestNetworkLaw(t *testing.T) {
	p := lowered(t, `model: m
variables: {x: {kind: continuous, range: [-3, 3]}, s: {kind: spin}}
factors:
  - {over: {x: x, s: s}, index: [[0, 0]], scale: 6, energy: {mlp: {input: [x, s], hidden: [8, 6], activation: tanh, seed: 2}}}
update: {x: slice}
sample: {chains: 2000, warmup: 30, seed: 5}
`)
	m := golang.Model(p)
	s, err := sampling.NewSampler(m, sampling.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	energy := func(x, spin float64) float64 {
		code := sampling.Code{Ops: m.Codes[0].Energy, Params: m.Codes[0].Params, Net: m.Codes[0].Net}
		e, _ := code.Eval(0, func(n int) float64 { return []float64{x, spin}[n] }, nil)
		return e
	}
	names := []string{"x", "x^2", "s", "xs"}
	moments := func(x, s float64) [4]float64 { return [4]float64{x, x * x, s, x * s} }
	var want [4]float64
	z := 0.0
	const steps = 6000
	for i := range steps {
		x := -3 + 6*(float64(i)+0.5)/steps
		for _, spin := range []float64{-1, 1} {
			w := math.Exp(-energy(x, spin))
			z += w
			for k, v := range moments(x, spin) {
				want[k] += w * v
			}
		}
	}
	var sum, squares [4]float64
	for range m.Schedule.Warmup {
		s.Sweep()
	}
	const draws, thin = 100, 6
	for range draws {
		for range thin {
			s.Sweep()
		}
		for c := range m.Chains {
			for k, v := range moments(float64(sampling.BitsFloat(s.Value(0, c))), float64(s.Value(1, c))) {
				sum[k] += v
				squares[k] += v * v
			}
		}
	}
	count := float64(draws * m.Chains)
	for k, name := range names {
		mean := sum[k] / count
		se := math.Sqrt((squares[k]/count - mean*mean) / count)
		if want[k] /= z; math.Abs(mean-want[k]) > 5*se {
			t.Errorf("mean of %s is %v, exactly %v: %.1f standard errors", name, mean, want[k], (mean-want[k])/se)
		}
		t.Logf("%s: %v, exactly %v ± %.2g", name, mean, want[k], se)
	}
}

// TestNetworkForms: models with networks survive the binary form and the text of
// programs.
func TestNetworkForms(t *testing.T) {
	m := networkOf(t, "elu")
	again, err := sampling.DecodeModel(m.AppendBinary(nil))
	if err != nil {
		t.Fatal(err)
	}
	if n := again.Codes[0].Net; n == nil || n.Activation != sampling.ELU || !slices.Equal(n.Sizes, []int{3, 6, 5, 1}) {
		t.Errorf("the binary form gave %+v", n)
	}
	p := lowered(t, "model: m\nvariables: {x: {kind: continuous, dim: 2}}\nfactors: [{over: {x: x}, index: all, energy: {mlp: {input: x, hidden: [2]}}}]\nupdate: {x: slice}\n")
	print := func(p *ir.Program) string {
		var b strings.Builder
		if err := ir.Fprint(&b, p); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	text := print(p)
	q, err := ir.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if once := print(q); once != text || q.Codes[0].Net == nil {
		t.Errorf("printed again: %s", once)
	}
}
