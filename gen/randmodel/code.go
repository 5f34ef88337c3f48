package randmodel

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

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

// Code draws model file number n, with energies of which gibbs can draw only some.
func Code(n uint64) string {
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
