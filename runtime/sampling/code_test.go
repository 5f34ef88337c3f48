package sampling_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// lowered is the program of a model file.
func lowered(t *testing.T, text string) *ir.Program {
	t.Helper()
	s, l := spec.Parse("model.yaml", []byte(text))
	if l.Len() > 0 {
		t.Fatalf("%v\n%s", l.Err(), text)
	}
	g, l := graph.Build(s, nil)
	if l.Len() > 0 {
		t.Fatalf("%v\n%s", l.Err(), text)
	}
	p, l := pass.Lower(g)
	if l.Len() > 0 {
		t.Fatalf("%v\n%s", l.Err(), text)
	}
	return p
}

// boundedTree draws an expression over slots p (spin), c (categorical), u and v
// (continuous) that grows no faster than a few squares.
func boundedTree(r *rand.Rand, depth int) string {
	if depth == 0 {
		return []string{"p", "u", "v", "c", "a", "W[c]", "M[c, 1]", fmt.Sprintf("%.2f", r.NormFloat64())}[r.IntN(8)]
	}
	x := func() string { return boundedTree(r, depth-1) }
	switch r.IntN(13) {
	case 0:
		return "tanh(" + x() + ")"
	case 1:
		return "cos(" + x() + ")*" + []string{"a", "p", "0.5"}[r.IntN(3)]
	case 2:
		return "sin(" + x() + ")"
	case 3:
		return "exp(-(" + x() + ")^2)"
	case 4:
		return "log(1 + (" + x() + ")^2)"
	case 5:
		return "sqrt(1 + abs(" + x() + "))"
	case 6:
		return "min(" + x() + ", tanh(" + x() + "), 2)"
	case 7:
		return "max(tanh(" + x() + "), -0.5)"
	case 8:
		return "tanh(" + x() + ")/(2 + cos(" + x() + "))"
	case 9:
		return "(" + x() + " > " + x() + ")"
	case 10:
		return "tanh((" + x() + ")^3)"
	case 11:
		return "W[c]*tanh(" + x() + ")"
	}
	return "cos(" + x() + " - " + x() + ")"
}

// codeModel draws a model file with energies of which gibbs can draw only some.
func codeModel(n uint64) string {
	r := rand.New(rand.NewPCG(n, 99))
	var b strings.Builder
	range_ := func() string {
		return []string{"", "", ", range: [-1.5, 2]", ", range: [0.25, 40]"}[r.IntN(4)]
	}
	samplers := []string{"slice", "metropolis", "mala"}
	fmt.Fprintf(&b, "model: code\nvariables:\n  s: {kind: spin, shape: [3]}\n  k: {kind: categorical, states: 3, shape: [2]}\n")
	fmt.Fprintf(&b, "  x: {kind: continuous, shape: [3]%s}\n  y: {kind: continuous, dim: 2, shape: [2]%s}\n  z: {kind: continuous, shape: [2]}\n", range_(), range_())
	fmt.Fprintf(&b, "factors:\n")
	fmt.Fprintf(&b, "  - {over: {u: x}, index: all, energy: \"%.2f*u^2\"}\n", 1+r.Float64())
	fmt.Fprintf(&b, "  - {over: {u: y}, index: all, energy: \"sum(u^2) + 0.1*u[0]*u[1]\"}\n")
	fmt.Fprintf(&b, "  - {over: {u: z}, index: all, energy: \"u^2\"}\n")
	fmt.Fprintf(&b, "  - {over: {p: s, q: s}, edges: {chain: s}, weights: 0.4}\n")
	for range 1 + r.IntN(3) {
		tree := strings.ReplaceAll(boundedTree(r, 3), "v", "w[1]")
		indexed := tree + " + 0*a*W[c]*M[c, 0]"
		params := "{a: [0.5, -1.5, 2], W: [0.1, -0.7, 1.2], M: [[1, 2], [0.3, -4], [5, 0.1]]}"
		if n%2 == 1 { // without tables, which no kernel reads
			indexed = strings.NewReplacer("W[c]", "c", "M[c, 1]", "a").Replace(tree) + " + 0*a"
			params = "{a: [0.5, -1.5, 2]}"
			if n%4 == 1 { // and with an angle that none reduces
				indexed += " + 0.1*cos(700000*u)"
			}
		}
		fmt.Fprintf(&b, "  - over: {p: s, c: k, u: x, w: y}\n    index: [[0, 0, 0, 1], [2, 1, 1, 0], [1, 0, 2, 1]]\n    scale: 0.8\n    energy: %q\n", indexed)
		fmt.Fprintf(&b, "    params: %s\n", params)
	}
	// Quadratic in z, not in x.
	fmt.Fprintf(&b, "  - {over: {u: x, v: z}, index: [[0, 0], [1, 1], [2, 0]], energy: \"v*tanh(u) + v^2*exp(-u^2)\"}\n")
	fmt.Fprintf(&b, "  - {over: {p: s, v: z}, index: [[0, 0], [1, 1]], energy: \"p*v*abs(p + 0.5)\"}\n")
	if r.IntN(2) == 0 {
		fmt.Fprintf(&b, "interactions:\n")
		fmt.Fprintf(&b, "  - {head: s, tails: {old: s, u: x}, index: [[0, 0, 1], [1, 2, 2]], field: \"0.7*old + tanh(u)\"}\n")
		fmt.Fprintf(&b, "  - {name: drive, head: {q: k}, tails: [\"s[2]\"], params: {W: [0.5, -1, 0.2]}, scale: -0.5, field: \"W[q]*s\"}\n")
		fmt.Fprintf(&b, "  - {head: \"x[[2, 0]]\", tails: {p: \"s[0]\", w: y}, field: \"p*cos(w[0])\"}\n")
		fmt.Fprintf(&b, "  - {head: z, tails: {v: z}, edges: {chain: z}, field: \"sin(v)\"}\n")
	}
	fmt.Fprintf(&b, "update: {x: %s, y: %s}\n", samplers[r.IntN(3)], samplers[r.IntN(3)])
	rate := func(x float64) string {
		return []string{fmt.Sprint(x), fmt.Sprintf("{linear: [%v, 0.05], sweeps: 5}", x), fmt.Sprintf("{cosine: [0.02, %v], sweeps: 4, rise: 2}", x),
			fmt.Sprintf("{exponential: %v, factor: 0.8, least: %v}", x, x/3), fmt.Sprintf("{multi_step: %v, factor: 0.5, at: [2, 2, 5]}", x),
			fmt.Sprintf("{constant: %v, rise: 3}", x)}[r.IntN(6)]
	}
	mass := func() string { return []string{"", ", mass: 2.5", ", mass: [0.3, 4]"}[r.IntN(3)] }
	switch kind := []string{"", "langevin", "mala", "hmc", "underdamped", "gradient", "nesterov"}[r.IntN(7)]; kind {
	case "":
	case "langevin":
		fmt.Fprintf(&b, "dynamics: {langevin: {over: z, step_size: %s, noise_scale: %s}}\n", rate(0.1), rate(0.5+r.Float64()))
	case "mala":
		fmt.Fprintf(&b, "dynamics: {mala: {over: z, step_size: %s}}\n", []string{"0.3, adapt: 0.57", rate(0.3)}[r.IntN(2)])
	case "hmc":
		fmt.Fprintf(&b, "dynamics: {hmc: {over: z, step_size: %s, steps: %d%s}}\n", []string{"0.4, adapt: 0.8", rate(0.4)}[r.IntN(2)], 1+r.IntN(4), mass())
	case "underdamped":
		fmt.Fprintf(&b, "dynamics: {underdamped: {over: z, step_size: %s, friction: %v, noise_scale: %s%s}}\n", rate(0.3), 2*r.Float64(), rate(0.5+r.Float64()), mass())
	case "gradient":
		fmt.Fprintf(&b, "dynamics: {gradient: {over: z, step_size: %s}}\n", rate(0.1))
	case "nesterov":
		fmt.Fprintf(&b, "dynamics: {nesterov: {over: z, step_size: %s, momentum: %v}}\n", rate(0.1), r.Float64())
	}
	fmt.Fprintf(&b, "beta: %v\n", []float64{1, 0.4, 2}[r.IntN(3)])
	if r.IntN(2) == 0 {
		fmt.Fprintf(&b, "clamp: {\"x[1]\": 0.5, \"z[0]\": -1}\n")
	}
	fmt.Fprintf(&b, "sample: {chains: 2, warmup: %d, samples: 2, seed: %d}\n", r.IntN(7), r.IntN(1000))
	return b.String()
}

// The engine gives the interpreter's states and energies, bit for bit, for models
// with expressions and every sampler, any number of chains and threads.
func TestCodeEqualsInterpreter(t *testing.T) {
	kinds := map[string]int{}
	for n := range uint64(90) {
		text := codeModel(n)
		p := lowered(t, text)
		var buf strings.Builder
		if err := ir.Fprint(&buf, p); err != nil {
			t.Fatal(err)
		}
		again, err := ir.Parse(strings.NewReader(buf.String()))
		if err != nil {
			t.Fatalf("%v\n%s", err, buf.String())
		}
		var twice strings.Builder
		if err := ir.Fprint(&twice, again); err != nil || twice.String() != buf.String() {
			t.Fatalf("the program's text does not parse back: %v", err)
		}
		for _, sb := range p.Sweep {
			for _, b := range sb {
				kinds[fmt.Sprint(b.Kind, b.Float, b.Sampler, b.Joint != nil)]++
			}
		}
		r := rand.New(rand.NewPCG(n, 6))
		chains := []int{1, 3, 64, 70}[r.IntN(4)]
		m, err := interp.New(p, chains, p.Sample.Seed)
		if err != nil {
			t.Fatal(err)
		}
		model, err := sampling.DecodeModel(golang.Model(p).AppendBinary(nil))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		s, err := sampling.NewSampler(model, sampling.Options{Chains: chains, Seed: p.Sample.Seed, Threads: 1 + r.IntN(2), Kernel: anyKernel(n / 4)})
		if err != nil {
			t.Fatal(err)
		}
		for sweep := range 8 {
			want := m.State()
			energies := s.Energies(s.Beta(), nil)
			for c := range chains {
				if got := s.State(c, nil); !slices.Equal(got, want[c]) {
					t.Fatalf("model %d, %d chains, chain %d parts after sweep %d:\n%v\n%v\n%s", n, chains, c, sweep, got, want[c], text)
				}
				if h := m.Energy(c); energies[c] != h {
					t.Fatalf("model %d, chain %d: energy %v, want %v", n, c, energies[c], h)
				}
				if one, err := s.Energy(s.Beta(), want[c]); err != nil || one != energies[c] {
					t.Fatalf("model %d, chain %d: energy of a state %v, %v", n, c, one, err)
				}
			}
			if sweep == 3 { // steps are part of the state
				packed := s.AppendPacked(nil)
				s2, err := sampling.NewSampler(model, sampling.Options{Chains: chains, Seed: p.Sample.Seed})
				if err != nil {
					t.Fatal(err)
				}
				if err := s2.SetPacked(packed); err != nil {
					t.Fatal(err)
				}
				s2.SetSweepNumber(s.SweepNumber())
				s = s2
			}
			if err := m.Sweep(); err != nil {
				t.Fatal(err)
			}
			s.Sweep()
		}
	}
	if len(kinds) != 14 {
		t.Errorf("blocks %v", kinds)
	}
	t.Logf("blocks by kind, float and sampler: %v", kinds)
}
