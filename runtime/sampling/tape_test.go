package sampling_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// tapeEnergies are energies of vectors u and v with parameters, in all operations.
var tapeEnergies = []string{
	`energy: "a*exp(0.3*u[0])*sin(u[1] + b) - c[1]*log(2 + u[0]^2)/(1.5 + cos(u[1]))", params: {a: 0.7, b: -0.4, c: [1, 2]}`,
	`energy: "sqrt(1 + a*u[0]^2)*tanh(b*u[1]) + abs(u[0] - 0.1)^3 + (2 + u[1]^2)^(0.5*b)", params: {a: 0.7, b: 1.4}`,
	`energy: "max(a*u[0], u[1]^2) + min(u[0], b*u[1])*u[0] + (u[0] > u[1])*a*u[1] - u[0]^3/b", params: {a: 0.7, b: 1.4}`,
	`energy: {mlp: {input: u, hidden: [5], activation: silu, seed: 1}}`,
	`energy: {mlp: {input: u, hidden: [5, 4], activation: tanh, seed: 2}}, scale: 3`,
	`energy: {mlp: {input: u, hidden: [4, 4, 3], activation: softplus, seed: 3}}, scale: k`,
	`energy: {mlp: {input: u, hidden: [6, 4], activation: elu, seed: 4}}, scale: 2`,
	`energy: {mlp: {input: u, hidden: [6, 4], activation: relu, seed: 5}}, scale: 2`,
}

// TestTape: derivatives by slots and parameters of energies along lines, and of their
// first and second derivatives along the lines, against differences in float64.
func TestTape(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for _, energy := range tapeEnergies {
		m := golang.Model(lowered(t, fmt.Sprintf(`model: m
variables: {x: {kind: continuous, dim: 2, range: [-9, 9]}}
factors: [{over: {u: x}, index: all, runtime: true, %s}]
update: {x: slice}
`, energy)))
		c := &m.Codes[0]
		for range 10 {
			x, v := normals(r, 2), normals(r, 2)
			jet := func(order int) (*sampling.Tape, sampling.Jet) {
				tape := sampling.NewTape(order)
				return tape, tape.Energy(c, 0, func(n int) sampling.Jet { return sampling.Jet{x[n], v[n]} })
			}
			tape, e := jet(2)
			code := sampling.Code{Ops: c.Energy, Params: c.Params, Net: c.Net}
			if want, _ := code.Eval(0, func(n int) float64 { return x[n] }, nil); !near(e[0], want, 1e-14) {
				t.Errorf("%s: the energy is %v, evaluated %v", energy, e[0], want)
			}
			grads := make([][]float64, len(c.Params))
			for k := range grads {
				grads[k] = make([]float64, 3*len(c.Params[k].Values))
			}
			var slots [2]sampling.Jet
			for by := range 3 {
				parts := make([][]float64, len(c.Params))
				for k := range parts {
					n := len(c.Params[k].Values)
					parts[k] = grads[k][by*n : by*n+n]
				}
				slots = [2]sampling.Jet{}
				var pick sampling.Jet
				pick[by] = 1
				tape.Back(pick, parts, func(n int, d sampling.Jet) {
					for i := range d {
						slots[n][i] += d[i]
					}
				})
			}
			// Differences of a number by something.
			const h = 1e-5
			difference := func(at *float64, by int) float64 {
				was := *at
				*at = was + h
				_, up := jet(2)
				*at = was - h
				_, down := jet(2)
				*at = was
				return (up[by] - down[by]) / (2 * h)
			}
			along := func(by int) (d float64) {
				for i := range x {
					d += v[i] * difference(&x[i], by)
				}
				return d
			}
			if d := along(0); !near(e[1], d, 1e-6) {
				t.Errorf("%s: v·∇E is %v, by differences %v", energy, e[1], d)
			}
			if d := along(1) / 2; !near(e[2], d, 1e-6) {
				t.Errorf("%s: vᵀ∇²E·v/2 is %v, by differences %v", energy, e[2], d)
			}
			for i := range x {
				for by := range 2 {
					if d := difference(&x[i], by); !near(slots[i][by], d, 1e-6) {
						t.Errorf("%s: number %d of dE/dx[%d] is %v, by differences %v", energy, by, i, slots[i][by], d)
					}
				}
			}
			for k := range c.Params {
				for i := range c.Params[k].Values {
					for by := range 3 {
						got, d := grads[k][by*len(c.Params[k].Values)+i], difference(&c.Params[k].Values[i], by)
						if !near(got, d, 1e-6) {
							t.Errorf("%s: number %d of dE/d%d[%d] is %v, by differences %v", energy, by, k, i, got, d)
						}
					}
				}
			}
		}
	}
}
