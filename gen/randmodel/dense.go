package randmodel

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Dense draws a model file with pairs of 14 to 25 numbers, about half of them or all of
// them, and perhaps with other rows, an expression, or squares that a spin scales.
func Dense(n uint64) string {
	r := rand.New(rand.NewPCG(n, 17))
	nodes := 14 + r.IntN(12)
	plain := n%16 < 3 // nothing but pairs: Langevin has a way of its own
	if plain {
		nodes += 2
	}
	var b strings.Builder
	spins := !plain && n%3 > 0
	fmt.Fprintf(&b, "model: dense\nvariables:\n")
	if spins {
		fmt.Fprintf(&b, "  s: {kind: spin, shape: [3]}\n")
	}
	fmt.Fprintf(&b, "  x: {kind: continuous, shape: [%d]}\nfactors:\n", nodes)
	fmt.Fprintf(&b, "  - {over: {u: x}, index: all, energy: \"0.5*a*u^2 + %.3f*u\", params: {a: {uniform: [1, 2], seed: %d}}}\n", r.NormFloat64(), n)
	if spins {
		fmt.Fprintf(&b, "  - {over: {p: s, q: s}, edges: {chain: s}, weights: 0.4}\n")
	}
	var pairs, again []string
	share := []float64{0.45, 0.5, 0.55, 1}[r.IntN(4)]
	if plain {
		share = 1
	}
	for i := range nodes {
		for j := range i {
			if r.Float64() >= share {
				continue
			}
			at := []int{i, j}
			r.Shuffle(2, func(i, j int) { at[i], at[j] = at[j], at[i] })
			pairs = append(pairs, fmt.Sprintf("[%d, %d]", at[0], at[1]))
			if r.IntN(40) == 0 {
				again = append(again, pairs[len(pairs)-1])
			}
		}
	}
	fmt.Fprintf(&b, "  - {over: {u: x, v: x}, index: [%s], energy: \"w*u*v\", params: {w: {normal: [0, 0.05], seed: %d}}}\n", strings.Join(pairs, ", "), n+1)
	if len(again) > 0 && r.IntN(2) == 0 {
		fmt.Fprintf(&b, "  - {over: {u: x, v: x}, index: [%s], energy: \"0.07*u*v\"}\n", strings.Join(again, ", "))
	}
	if spins && r.IntN(2) == 0 {
		fmt.Fprintf(&b, "  - {over: {p: s, u: x}, index: [[0, 3], [2, 5], [1, 3]], energy: \"0.3*p*u\"}\n")
	}
	if !plain && r.IntN(3) == 0 {
		fmt.Fprintf(&b, "  - {over: {u: x, v: x}, index: [[0, 1], [4, 9]], energy: \"0.2*u*sin(v)\"}\n")
	}
	if spins && r.IntN(6) == 0 {
		fmt.Fprintf(&b, "  - {over: {p: s, u: x}, index: [[0, 2]], energy: \"0.1*p*u^2\"}\n")
	}
	mass := []string{"", ", mass: 2.5"}[r.IntN(2)]
	fmt.Fprintf(&b, "dynamics: {%s}\n", []string{
		"langevin: {over: x, step_size: 0.05}",
		"langevin: {over: x, step_size: {linear: [0.1, 0.02], sweeps: 4}}",
		"langevin: {over: x, step_size: 4e4}", // leaves the numbers after some sweeps, and others
		"mala: {over: x, step_size: 0.02}",
		"hmc: {over: x, step_size: 0.2, steps: 3" + mass + "}",
		"underdamped: {over: x, step_size: 0.2, friction: 1" + mass + "}",
		"gradient: {over: x, step_size: 0.05}",
		"nesterov: {over: x, step_size: 0.05, momentum: 0.7}",
	}[n%8])
	if !plain && r.IntN(3) == 0 {
		fmt.Fprintf(&b, "clamp: {\"x[1]\": 0.5, \"x[7]\": -1}\n")
	}
	fmt.Fprintf(&b, "beta: %v\nsample: {warmup: 0, seed: %d}\n", []float64{1, 0.4, 2}[r.IntN(3)], n)
	return b.String()
}
