package sampling_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

// formulaModel has parameters of every shape, by themselves and beside constants, in
// factors of spins, categoricals, numbers and vectors; scales that are data; and a
// constant of the energy that moves with them.
const formulaModel = `
model: formulas
variables:
  x: {kind: continuous, shape: [3]}
  y: {kind: continuous, shape: [2], dim: 2}
  c: {kind: categorical, states: 3, shape: [2]}
  s: {kind: spin, shape: [3]}
factors:
  - {name: own, over: {u: x}, index: all, energy: "0.5*a*(u - m)^2 + 0.1*u", params: {a: A, m: M}, runtime: true}
  - {name: vec, over: {u: y}, index: all, energy: "0.5*k*dot(u, u) - dot(q[:], u)", params: {k: K, q: Q}, runtime: true}
  - {name: mix, over: {u: x, k: c}, index: [[0, 0], [1, 0], [2, 1]], energy: "-w[k]*u*exp(z) - w[0]*u", params: {w: W, z: Z}, runtime: true}
  - {name: pair, over: {u: s, v: s, k: c, l: c}, index: [[0, 1, 0, 1], [1, 2, 1, 0]], energy: "-(j[k, l] + j[k, 1]^2)*u*v + tanh(h)*u", params: {j: J, h: H}, runtime: true, scale: 0.5}
  - {name: held, over: {u: s}, index: all, energy: "-b*u", params: {b: [0.3, 0.2, -0.1]}, scale: LAM}
  - {name: tab, over: [s, c], index: [[0, 0], [2, 1]], weights: T, scale: LAM2, runtime: true}
beta: 0.9
`

// formulaValues draws values of every parameter, as they stand in a model file and as
// arrays.
func formulaValues(r *rand.Rand) (written map[string]string, arrays map[string][]float64) {
	written, arrays = map[string]string{}, map[string][]float64{}
	draw := func(key, array string, lo, hi float64, shape ...int) {
		n := 1
		for _, k := range shape {
			n *= k
		}
		values := make([]float64, n)
		for i := range values {
			values[i] = lo + (hi-lo)*r.Float64()
		}
		var nested func(v []float64, shape []int) string
		nested = func(v []float64, shape []int) string {
			if len(shape) == 0 {
				return fmt.Sprint(v[0])
			}
			var parts []string
			for i := range shape[0] {
				step := len(v) / shape[0]
				parts = append(parts, nested(v[i*step:(i+1)*step], shape[1:]))
			}
			return "[" + strings.Join(parts, ", ") + "]"
		}
		written[key], arrays[array] = nested(values, shape), values
	}
	draw("A", "own/a", 0.5, 2)
	draw("M", "own/m", -1, 1, 3)
	draw("K", "vec/k", 0.5, 2, 2)
	draw("Q", "vec/q", -1, 1, 2)
	draw("W", "mix/w", -0.5, 0.5, 3, 3)
	draw("Z", "mix/z", -0.5, 0.5)
	draw("J", "pair/j", -1, 1, 2, 3, 3)
	draw("H", "pair/h", -1, 1)
	draw("T", "tab", -1, 1, 3)
	return written, arrays
}

func formulaProgram(written map[string]string) string { return writeParams(formulaModel, written) }

func writeParams(text string, written map[string]string) string {
	for key, value := range written {
		text = strings.NewReplacer(": "+key+",", ": "+value+",", ": "+key+"}", ": "+value+"}").Replace(text)
	}
	return strings.NewReplacer("LAM2", "lam", "LAM", "lam").Replace(text)
}

// Setting parameters gives the weights that a model with these parameters written in it
// has, to the last bit, and then the samples of the interpreter.
func TestSetParams(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	first, _ := formulaValues(r)
	p, _ := targettest.Parse(formulaProgram(first))
	m := golang.Model(p)
	read, err := sampling.DecodeModel(m.AppendBinary(nil))
	if err != nil {
		t.Fatal(err)
	}
	s, err := sampling.NewSampler(read, sampling.Options{Chains: 5, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	oracle, err := interp.New(p, 5, 4)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 20 {
		written, arrays := formulaValues(r)
		if err := s.SetParams(arrays); err != nil {
			t.Fatal(err)
		}
		anew, _ := targettest.Parse(formulaProgram(written))
		for i, f := range anew.Factors {
			if f.Name != p.Factors[i].Name || !slices.EqualFunc(s.Weights(f.Name), f.Weights, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }) {
				t.Fatalf("round %d: factor %s has the weights %v, built anew %v", round, f.Name, s.Weights(f.Name), f.Weights)
			}
		}
		for i, x := range p.Formulas {
			values := x.Values()
			for k, array := range x.Arrays {
				if v := arrays[array]; v != nil {
					values[k] = v
					if !slices.Equal(s.Params(array), v) {
						t.Errorf("%s is %v, set to %v", array, s.Params(array), v)
					}
				}
			}
			if err := oracle.SetParams(i, values); err != nil {
				t.Fatal(err)
			}
		}
		s.Sweeps(2)
		for range 2 {
			if err := oracle.Sweep(); err != nil {
				t.Fatal(err)
			}
		}
		for c, want := range oracle.State() {
			if !slices.Equal(s.State(c, nil), want) {
				t.Fatalf("round %d: chain %d parts from the interpreter", round, c)
			}
		}
	}
}

// codedModel has energies that are no polynomials, with parameters of every shape: of
// spins and categoricals, in squares and products of Gaussians, for each sampler.
const codedModel = `
model: codes
variables:
  x: {kind: continuous, shape: [3]}
  y: {kind: continuous, dim: 2}
  z: {kind: continuous, range: [-2, 2], shape: [2]}
  c: {kind: categorical, states: 3}
  s: {kind: spin, shape: [2]}
factors:
  - {name: well, over: {u: x}, index: all, energy: "a*u^4 - b*cos(k*u)", params: {a: A, b: B, k: 1.5}, runtime: true}
  - {name: vec, over: {u: y, p: s, v: x}, index: [[0, 0, 0], [0, 1, 1]], energy: "(k + exp(q*p*tanh(v)))*dot(u, u) + m[0]*u[0]*p", params: {k: K, q: Q, m: [M0, 0.2]}, runtime: true}
  - {name: tied, over: {u: x, v: y, l: c}, index: [[0, 0, 0], [2, 0, 0]], energy: "tanh(w[l]*u)*v[1]", params: {w: W}, runtime: true}
  - {name: root, over: {u: z}, index: all, energy: "sqrt(u + r)/(2 - t*u)", params: {r: R, t: T}, runtime: true}
  - {name: scaled, over: {u: z, v: x}, index: [[0, 1], [1, 2]], energy: "0.3*sin(u*v)", scale: LAM}
update: {x: slice, z: metropolis}
beta: 0.9
sample: {warmup: 4}
`

// codeValues draws values of the parameters of codedModel, as formulaValues does.
func codeValues(r *rand.Rand) (written map[string]string, arrays map[string][]float64) {
	written, arrays = map[string]string{}, map[string][]float64{}
	draw := func(key, array string, lo, hi float64, n int) {
		values := make([]float64, n)
		for i := range values {
			values[i] = lo + (hi-lo)*r.Float64()
		}
		if arrays[array] = values; n == 1 {
			written[key] = fmt.Sprint(values[0])
		} else {
			written[key] = strings.ReplaceAll(fmt.Sprint(values), " ", ", ")
		}
	}
	draw("A", "well/a", 0.1, 1, 3)
	draw("B", "well/b", -1, 1, 1)
	draw("K", "vec/k", 0.1, 1, 2)
	draw("Q", "vec/q", -1, 1, 1)
	draw("W", "tied/w", -1, 1, 3)
	draw("R", "root/r", 2.1, 3, 1)
	draw("T", "root/t", -0.9, 0.9, 1)
	return written, arrays
}

func codeProgram(written map[string]string) string {
	return strings.NewReplacer("M0", "0.4", "LAM", "lam").Replace(writeParams(codedModel, written))
}

// Setting the parameters of code gives the code factors of a model with these parameters
// written in it, their energies, and then the samples of the interpreter.
func TestSetCodeParams(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 4))
	first, _ := codeValues(r)
	p, _ := targettest.Parse(codeProgram(first))
	m := golang.Model(p)
	read, err := sampling.DecodeModel(m.AppendBinary(nil))
	if err != nil {
		t.Fatal(err)
	}
	s, err := sampling.NewSampler(read, sampling.Options{Chains: 5, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	oracle, err := interp.New(p, 5, 4)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 20 {
		written, arrays := codeValues(r)
		if err := s.SetParams(arrays); err != nil {
			t.Fatal(err)
		}
		anew, _ := targettest.Parse(codeProgram(written))
		m := golang.Model(anew)
		if !reflect.DeepEqual(s.Codes()[:4], m.Codes[:4]) {
			t.Fatalf("round %d: code factors\n%v, built anew\n%v", round, s.Codes(), m.Codes)
		}
		for i, x := range p.Formulas {
			values := x.Values()
			for k, array := range x.Arrays {
				if v := arrays[array]; v != nil {
					values[k] = v
				}
			}
			if err := oracle.SetParams(i, values); err != nil {
				t.Fatal(err)
			}
		}
		s.Sweeps(2)
		for range 2 {
			if err := oracle.Sweep(); err != nil {
				t.Fatal(err)
			}
		}
		other, err := sampling.NewSampler(m, sampling.Options{Chains: 5})
		if err != nil {
			t.Fatal(err)
		}
		for c, want := range oracle.State() {
			if !slices.Equal(s.State(c, nil), want) {
				t.Fatalf("round %d: chain %d parts from the interpreter", round, c)
			}
			e, err := other.Energy(0.9, want)
			if got := s.Energies(0.9, nil)[c]; err != nil || got != e {
				t.Errorf("round %d: energy %v of chain %d, built anew %v, %v", round, got, c, e, err)
			}
		}
	}
	for _, c := range []struct {
		says   string
		values map[string][]float64
	}{
		{"a root of a negative number in row 0", map[string][]float64{"root/r": {1.5}}},
		{"a division by zero in row 0", map[string][]float64{"root/t": {1}}},
		{"the coefficient of its square", map[string][]float64{"vec/k": {0.5, -2}}},
	} {
		kept := s.Params("root/r")
		if err := s.SetParams(c.values); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v", c.says, err)
		}
		if !slices.Equal(s.Params("root/r"), kept) {
			t.Errorf("%q: what was refused is kept", c.says)
		}
	}
}

// The slopes of code are central differences of its energy, chain by chain.
func TestCodeSlopes(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 5))
	written, arrays := codeValues(r)
	p, _ := targettest.Parse(codeProgram(written))
	const chains = 7
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: chains, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.Sweeps(3)
	seen := 0
	for i := range s.Model().Formulas {
		x := &s.Model().Formulas[i]
		if len(x.Codes) != 1 {
			t.Errorf("%s is no code", x.Name)
		}
		size := x.Elements() + 1
		total, by := make([]float64, size), make([]float64, chains*size)
		s.AddCodeSlopes(i, chains, total)
		s.AddCodeSlopesByChain(i, chains, by)
		at := 0
		for k, array := range x.Arrays {
			for element := range x.Params[k].Values {
				if array == "" {
					at++
					continue
				}
				energies := func(h float64) []float64 {
					moved := slices.Clone(s.Params(array))
					moved[element] += h
					if err := s.SetParams(map[string][]float64{array: moved}); err != nil {
						t.Fatal(err)
					}
					e := s.Energies(1, nil)
					moved[element] -= h
					if err := s.SetParams(map[string][]float64{array: moved}); err != nil {
						t.Fatal(err)
					}
					return e
				}
				const h = 1e-4
				up, down, sum := energies(h), energies(-h), 0.0
				for c := range chains {
					if d := by[c*size+at] - (up[c]-down[c])/(2*h); math.Abs(d) > 1e-6 {
						t.Errorf("%s[%d]: the slope in chain %d is off by %v from %v", array, element, c, d, by[c*size+at])
					}
					sum += by[c*size+at]
				}
				if math.Abs(sum-total[at]) > 1e-9 {
					t.Errorf("%s[%d]: %v over all chains, %v one by one", array, element, total[at], sum)
				}
				at++
				seen++
			}
		}
	}
	if seen != 16 {
		t.Errorf("%d slopes of %d arrays", seen, len(arrays))
	}
}

// The slopes of weights are central differences of them.
func TestSlopes(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 2))
	for range 5 {
		written, _ := formulaValues(r)
		p, _ := targettest.Parse(formulaProgram(written))
		m := golang.Model(p)
		for i := range m.Formulas {
			x := &m.Formulas[i]
			values := x.Values()
			type key struct{ part, weight, param, element int }
			got := map[key]float64{}
			m.EachSlope(x, values, func(part, weight, param, element int, by float64) {
				if x.Arrays[param] == "" {
					t.Errorf("%s: a slope by constant %d", x.Name, param)
				}
				got[key{part, weight, param, element}] += by
			})
			for param, array := range x.Arrays {
				for element := range values[param] {
					weights := func(h float64) [][]float64 {
						moved := slices.Clone(values)
						moved[param] = slices.Clone(moved[param])
						moved[param][element] += h
						w, err := m.Weights(x, moved)
						if err != nil {
							t.Fatal(err)
						}
						return w
					}
					const h = 1e-4
					up, down := weights(h), weights(-h)
					for part := range up {
						for k := range up[part] {
							want := (up[part][k] - down[part][k]) / (2 * h)
							if array == "" || len(m.Factors[x.Parts[part].Factor].Slots) == 0 {
								want = 0
							}
							if d := got[key{part, k, param, element}] - want; math.Abs(d) > 1e-7 {
								t.Errorf("%s: weight %d of part %d by %s[%d] is off by %v from %v", x.Name, k, part, array, element, d, want)
							}
						}
					}
				}
			}
		}
	}
}

// What cannot be set is refused, and nothing has changed then.
func TestParamsRefused(t *testing.T) {
	first, arrays := formulaValues(rand.New(rand.NewPCG(8, 3)))
	p, _ := targettest.Parse(formulaProgram(first))
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		says   string
		values map[string][]float64
	}{
		{"no parameter own/b", map[string][]float64{"own/b": {1}}},
		{"takes 3 values", map[string][]float64{"own/m": {1}}},
		{"its energy is NaN", map[string][]float64{"own/a": {math.NaN()}}},
		{"beyond the declared range", map[string][]float64{"mix/z": {5}}},
		{"the coefficient of its square", map[string][]float64{"own/a": {-1}}},
		{"no parameter held/b", map[string][]float64{"held/b": {1, 2, 3}}},
	} {
		c.values["own/m"] = append(c.values["own/m"][:0:0], c.values["own/m"]...)
		if len(c.values["own/m"]) == 0 {
			c.values["own/m"] = []float64{0.5, 0.5, 0.5}
		}
		if err := s.SetParams(c.values); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v", c.says, err)
		}
	}
	if err := s.SetWeights("own.m0", []float64{1, 1, 1}); err == nil || !strings.Contains(err.Error(), "own/a, own/m") {
		t.Errorf("weights of a part are set: %v", err)
	}
	for name, want := range arrays {
		if got := s.Params(name); !slices.Equal(got, want) {
			t.Errorf("%s is %v after what was refused, was %v", name, got, want)
		}
	}
}
