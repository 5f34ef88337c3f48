package cuda_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/randmodel"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/models"
	"github.com/thrmlgen/thrmlgen/runtime/cuda"
	"github.com/thrmlgen/thrmlgen/runtime/npy"
	target "github.com/thrmlgen/thrmlgen/targets/cuda"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

// neural are networks with each activation, of numbers that share them with spins and a categorical.
const neural = `variables: {s: {kind: spin, shape: [4]}, k: {kind: categorical, states: 3}, x: {kind: continuous, shape: [6]}}
factors:
  - {over: {u: x}, index: all, energy: "u^2"}
  - {over: {u: x, v: x}, index: [[0, 1], [1, 2], [2, 3]], scale: 3, energy: {mlp: {input: [u, v], hidden: [5, 4], activation: silu, seed: 1}}}
  - {over: {u: x, v: x, p: s}, index: [[3, 4, 0], [5, 4, 1]], scale: 3, energy: {mlp: {input: [v, p, u], hidden: [6, 3], activation: tanh, seed: 2}}}
  - {over: {u: x, v: x}, index: [[0, 3], [4, 2]], scale: 3, energy: {mlp: {input: [u, v], hidden: [4, 4], activation: relu, seed: 3}}}
  - {over: {u: x, v: x, p: s}, index: [[0, 1, 2], [2, 5, 3]], scale: 3, energy: {mlp: {input: [u, v], times: p, hidden: [3, 7], activation: softplus, seed: 4}}}
  - {over: {u: x, v: x, c: k}, index: [[1, 5, 0]], scale: 3, energy: {mlp: {input: [u, c, v], hidden: [5, 5], activation: elu, seed: 5}}}
sample: {warmup: 4, betas: {from: 0.3, to: 2, shape: linear}}
`

// corpus are models that meet what the ready ones do not.
var corpus = map[string]string{
	"ars": `
model: ars
variables: {s: {kind: spin, shape: [6, 6]}, x: {kind: categorical, states: 40, shape: [2]}}
factors:
  - {over: [s, s], edges: {torus: s}, weights: {normal: [0, 0.5], seed: 1}}
  - {over: [s, x, x], index: [[0, 0, 1], [3, 1, 0]], weights: {normal: [0, 0.5], seed: 2}}
format: {rng: ars5}`,
	"groups": `
model: groups
variables: {s: {kind: spin, shape: [7, 7]}}
factors:
  - {over: [s, s], edges: {king: s}, weights: {normal: [0, 0.5], seed: 1}}
  - {over: [s, s, s], index: [[0, 8, 16], [1, 9, 17], [2, 10, 18]], weights: {normal: [0, 0.5], seed: 2}}
  - {over: [s], index: all, weights: {normal: [0, 0.5], seed: 3}}
init: hinton
format: {group: 5}`,
	"synchronous": `
model: synchronous
variables: {s: {kind: spin, shape: [40]}, x: {kind: categorical, states: 300}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: {normal: [0, 0.8], seed: 1}}
  - {over: [s, x], index: [[0, 0], [2, 0]], weights: {normal: [0, 1], seed: 3}}
synchronous: true
blocks: [{together: [s, x]}]
runtime: true
sample: {warmup: 4, betas: {from: 0, to: 1, shape: linear}}`,
	"wide": `
model: wide
variables: {s: {kind: spin, shape: [60, 60]}}
factors: [{over: [s, s], edges: {torus: s}, weights: {normal: [0, 1], seed: 1}}]
clamp: {"s[0,:]": 1, "s[5,5]": -1}
init: zeros
format: {fraction: 40, rng: philox7}`, // sums of 64 bits, states in global memory
	"noise": `
model: noise
variables: {s: {kind: spin, shape: [6, 6]}, x: {kind: categorical, states: 5, shape: [6]}}
factors:
  - {over: [s, s], edges: {torus: s}, weights: {normal: [0, 0.5], seed: 1}}
  - {over: [s, x], index: [[0, 0], [7, 1], [14, 2]], weights: {normal: [0, 0.5], seed: 3}}
  - {over: [x, x], edges: {ring: x}, weights: {identity: 0.7}}
sample: {warmup: 4, betas: {from: 0.3, to: 2, shape: linear}}
format: {choice: noise}`,
	"planes": `
model: planes
variables: {s: {kind: spin, shape: [8, 8]}}
factors:
  - {over: [s, s], edges: {torus: s}, weights: {signs: 1.0, seed: 1}}
  - {over: [s, s, s], index: [[0, 10, 20], [1, 30, 50]], weights: 1.0}
clamp: {"s[0,3]": 1}
sample: {warmup: 4, betas: {from: 0.3, to: 1, shape: linear}}
format: {planes: 12, budget: 0.01}`,
	"deep": `
model: deep
variables: {s: {kind: spin, shape: [40]}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: {normal: [0, 1], seed: 1}}
  - {over: [s], index: all, weights: {normal: [0, 1], seed: 1}}
format: {planes: 32, rng: philox7}`, // fields beyond the table
	"numbers": `
model: numbers
variables:
  x: {kind: continuous, shape: [2, 3]}
  y: {kind: continuous, shape: [20], range: [-1, 2]}
  s: {kind: spin, shape: [3]}
  t: {kind: spin, shape: [3]}
  c: {kind: categorical, states: 3, shape: [2]}
factors:
  - {over: {u: x}, index: all, energy: "(u - 0.3)^2"}
  - {over: {u: y}, index: all, energy: "0.5*u^2 + 0.1*u"}
  - {over: {u: x, v: x}, edges: {grid: x}, energy: "0.2*u*v"}
  - {over: {u: x, v: y}, index: [[0, 0], [1, 1]], energy: "0.3*u*v"}
  - {over: {u: x, v: y}, index: [[2, 7]], energy: "0.02*u^2*v^2"}
  - {over: {p: s, u: x}, index: [[0, 0], [1, 2], [2, 4]], energy: "0.5*p*u + 0.25"}
  - {over: {k: c, u: y}, index: [[0, 2], [1, 3]], energy: "w[k]*u", params: {w: [0.1, -0.2, 0.4]}}
  - {over: [t, t], index: [[0, 1], [1, 2]], weights: 0.4}
  - {over: [s, t], index: [[0, 1]], weights: 0.4}
  - {over: [t, c], index: [[0, 1]], weights: {normal: [0, 1], seed: 1}}
clamp: {"x[1,2]": 0.7, "y[19]": 1.5}
sample: {warmup: 4, betas: {from: 0.3, to: 2, shape: linear}}
format: {rng: philox7}`,
	"numbers_together": `
model: numbers_together
variables: {x: {kind: continuous, shape: [8]}, s: {kind: spin, shape: [20]}, c: {kind: categorical, states: 4}}
factors:
  - {over: {u: x}, index: all, energy: "u^2"}
  - {over: {u: x, v: x}, edges: {ring: x}, energy: "0.3*u*v"}
  - {over: {p: s, u: x}, index: [[0, 0], [1, 1]], energy: "0.5*p*u"}
  - {over: [s, s], edges: {ring: s}, weights: 0.4}
  - {over: [s, c], index: [[9, 0]], weights: {normal: [0, 1], seed: 1}}
synchronous: true
blocks: [{together: [x, s]}, {together: [c]}]
format: {rng: ars5}`,
	"expressions": `
model: expressions
variables:
  s: {kind: spin, shape: [3]}
  k: {kind: categorical, states: 3, shape: [2]}
  x: {kind: continuous, shape: [3]}
  z: {kind: continuous, shape: [3], range: [-900, 1200]}
factors:
  - {over: {u: x}, index: all, energy: "u^2"}
  - {over: {u: z}, index: all, energy: "1e-6*u^2"}
  - {over: {p: s, c: k, u: x}, index: [[0, 0, 0], [2, 1, 1], [1, 0, 2]], energy: "u*tanh(p + W[c]) + u^2*exp(-W[c]^2) + log(2 + p)*(c > 1)*u", params: {W: [0.1, -0.7, 1.2]}}
interactions:
  - {head: s, tails: {old: s, u: x}, index: [[0, 0, 1], [1, 2, 2]], field: "0.7*old + tanh(u)"}
  - {name: drive, head: {q: k}, tails: ["s[2]"], params: {W: [0.5, -1, 0.2]}, scale: -0.5, field: "W[q]*s"}
  - {head: x, tails: {v: z}, field: "sin(v) + cos(100000*v)^2 + 0.3*max(min(v, 0.5), -0.2)*abs(v)^0.3 + 1/(1 + sqrt(abs(v)))"}
beta: 1.5`,
	"langevin": `
model: langevin
variables: {s: {kind: spin, shape: [4]}, x: {kind: continuous, shape: [4]}, z: {kind: continuous, shape: [30]}}
factors:
  - {over: {u: x}, index: all, energy: "2*(u^2 - 1)^2"}
  - {over: {u: z}, index: all, energy: "u^2 + 0.1*u"}
  - {over: {u: x, v: z}, index: [[0, 0], [1, 1], [2, 20]], energy: "0.3*u*v + tanh(u)*cos(v)"}
  - {over: {u: x, v: z}, index: [[3, 9]], energy: "0.1*u^2*v"}
  - {over: {p: s, u: x}, index: [[0, 0], [1, 1], [2, 2], [3, 3]], energy: "-0.5*p*u"}
  - {over: [s, s], edges: {ring: s}, weights: 0.4}
dynamics: {langevin: {over: [x, z], step_size: {cosine: [0.02, 0.01], sweeps: 4, rise: 2}, noise_scale: {exponential: 1.2, factor: 0.8, least: 0.4}}}
clamp: {"z[3]": 0.7}
sample: {warmup: 4, betas: {from: 0.3, to: 2, shape: linear}}`,
	"gradient": `
model: gradient
variables: {x: {kind: continuous, shape: [40]}}
factors:
  - {over: {u: x}, index: all, energy: "u^2"}
  - {over: {u: x, v: x}, edges: {ring: x}, energy: "0.3*u*v"}
dynamics: {gradient: {over: x, step_size: {multi_step: 0.1, factor: 0.5, at: [2, 2, 5]}}}`,
	"underdamped": `
model: underdamped
variables: {s: {kind: spin, shape: [4]}, x: {kind: continuous, shape: [4]}, z: {kind: continuous, shape: [30]}}
factors:
  - {over: {u: x}, index: all, energy: "2*(u^2 - 1)^2"}
  - {over: {u: z}, index: all, energy: "u^2 + 0.1*u"}
  - {over: {u: x, v: z}, index: [[0, 0], [1, 1], [2, 20]], energy: "0.3*u*v + tanh(u)*cos(v)"}
  - {over: {p: s, u: x}, index: [[0, 0], [1, 1], [2, 2], [3, 3]], energy: "-0.5*p*u"}
dynamics: {underdamped: {over: [x, z], step_size: {cosine: [0.2, 0.1], sweeps: 4, rise: 2}, friction: 0.7, mass: 2.5, noise_scale: {linear: [1.2, 0.4], sweeps: 5}}}
clamp: {"z[3]": 0.7}
sample: {warmup: 4, betas: {from: 0.3, to: 2, shape: linear}}`,
	"nesterov": `
model: nesterov
variables: {x: {kind: continuous, shape: [40]}}
factors:
  - {over: {u: x}, index: all, energy: "u^2 + cos(u)"}
  - {over: {u: x, v: x}, edges: {ring: x}, energy: "0.3*u*v"}
dynamics: {nesterov: {over: x, step_size: {multi_step: 0.1, factor: 0.5, at: [2, 2, 5]}, momentum: 0.8}}`,
	"steps": `
model: steps
variables:
  s: {kind: spin, shape: [6]}
  x: {kind: continuous, shape: [6], range: [-1.5, 2]}
  y: {kind: continuous, shape: [6]}
  z: {kind: continuous, shape: [6]}
  g: {kind: continuous, shape: [2]}
factors:
  - {over: {u: x}, index: all, energy: "2*(u^2 - 1)^2"}
  - {over: {u: y}, index: all, energy: "u^2 + 0.1*abs(u)"}
  - {over: {u: z}, index: all, energy: "u^2 + 0.3*u^4"}
  - {over: {u: g}, index: all, energy: "u^2"}
  - {over: {u: x, v: z}, index: [[0, 0], [1, 1], [2, 5]], energy: "0.3*u*v + tanh(u)*cos(v)"}
  - {over: {u: y, v: z}, index: [[0, 0], [1, 1], [2, 2], [3, 3]], energy: "0.3*u*v"}
  - {over: {p: s, u: x}, index: [[0, 0], [1, 1], [2, 2], [5, 5]], energy: "-0.5*p*u"}
  - {over: {u: g, v: y}, index: [[0, 0], [1, 3]], energy: "0.2*u*v"}
update: {x: slice, y: metropolis, z: mala}
clamp: {"y[3]": 0.7}
sample: {warmup: 4, betas: {from: 0.3, to: 2, shape: linear}}
format: {rng: philox7}`,
	"hmc": `
model: hmc
variables: {s: {kind: spin, shape: [4]}, k: {kind: categorical, states: 3}, x: {kind: continuous, shape: [4]}, z: {kind: continuous, shape: [30]}, y: {kind: continuous, shape: [2]}}
factors:
  - {over: {u: x}, index: all, energy: "2*(u^2 - 1)^2"}
  - {over: {u: z}, index: all, energy: "u^2 + 0.1*u"}
  - {over: {u: y}, index: all, energy: "u^2 + 0.1*u^4"}
  - {over: {u: x, v: z}, index: [[0, 0], [1, 1], [2, 20]], energy: "0.3*u*v + tanh(u)*cos(v)"}
  - {over: {p: s, c: k, u: x}, index: [[0, 0, 0], [3, 0, 3]], energy: "-0.5*p*u*W[c]", params: {W: [0.5, -1, 0.2]}}
  - {over: {u: y, v: z}, index: [[0, 7]], energy: "0.3*u*v"}
  - {over: [s, k], index: [[1, 0]], weights: {normal: [0, 1], seed: 1}}
  - {over: [s, s], edges: {ring: s}, weights: 0.4}
update: {y: slice}
dynamics: {hmc: {over: [x, z], step_size: 0.4, steps: 3, mass: 1.5, adapt: 0.8}}
clamp: {"z[3]": 0.7}
sample: {warmup: 6, betas: {from: 0.3, to: 2, shape: linear}}`,
	"mala": `
model: mala
variables: {x: {kind: continuous, shape: [20]}}
factors:
  - {over: {u: x}, index: all, energy: "u^2 + sin(u)"}
  - {over: {u: x, v: x}, edges: {ring: x}, energy: "0.3*u*v"}
dynamics: {mala: {over: x, step_size: {linear: [0.3, 0.1], sweeps: 5}}}`,
	"networks":        "model: networks\n" + neural + "dynamics: {langevin: {over: x, step_size: 0.1}}",
	"networks_hmc":    "model: networks_hmc\n" + neural + "dynamics: {hmc: {over: x, step_size: 0.3, steps: 3, adapt: 0.8}}",
	"networks_mala":   "model: networks_mala\n" + neural + "dynamics: {mala: {over: x, step_size: 0.1}}",
	"networks_single": "model: networks_single\n" + neural + "update: {x: mala}",
	"bits": `
model: bits
variables: {s: {kind: spin, shape: [12]}, x: {kind: categorical, states: 3, shape: [12]}}
factors:
  - {over: [s, x], index: [[0, 0], [1, 1], [2, 2], [3, 3], [4, 0]], weights: {normal: [0, 0.5], seed: 3}}
  - {over: [x, x], edges: {ring: x}, weights: {identity: 0.7}}
format: {threshold_bits: 9, budget: 0.2, fraction: 3}`,
}

// A case is a program and the files that are emitted for it.
type program struct {
	name, kernel string
	p            *ir.Program
}

// ready are the embedded models that the target takes.
func ready(t *testing.T) []program {
	var list []program
	for _, name := range models.Names() {
		m, problems := gen.Load(gen.Embedded + name)
		if err := problems.Err(); err != nil {
			t.Fatal(err)
		}
		if target.Check(emit.Request{Program: m.Program}) == nil {
			list = append(list, program{m.Program.Model, "", m.Program})
		}
	}
	return list
}

func corpusPrograms() []program {
	var list []program
	for _, name := range slices.Sorted(maps.Keys(corpus)) {
		p, _ := targettest.Parse(corpus[name])
		list = append(list, program{name, "table", p})
	}
	return list
}

// swarModels are programs that the swar kernel takes, by what follows the factors.
var swarModels = []struct{ graph, rest string }{
	{"ring: 40", "format: fast"},
	{"torus: [9, 9]", "format: {fraction: 4, threshold_bits: 7, budget: 0.99}"},
	{"king: [7, 8]", "format: {fraction: 3, threshold_bits: 16, budget: 0.99, rng: philox7}\nclamp: {\"s[3]\": 1, \"s[9]\": -1}"},
	{"complete: 17", "format: {fraction: 5, threshold_bits: 12, budget: 0.99, rng: ars5}\ninit: hinton"},
	{"random_regular: {n: 300, degree: 7, seed: 3}", "format: fast\nsample: {warmup: 3, betas: {from: 0.4, to: 2, shape: geometric}}"},
	{"random_regular: {n: 70, degree: 5, seed: 4}", "format: fast\nbeta: 0\nruntime: true"},
	{"hypercube: 7", "format: {fraction: 6, threshold_bits: 16, budget: 0.99}\nbeta: 0.05\ninit: zeros"},
	{"chimera: [3, 3, 4]", "format: {fraction: 9, threshold_bits: 16, budget: 0.99}\nbeta: 5"},
}

// pairs is a program of spins on a graph with weights and biases.
func pairs(name string, i int, graph, rest string) *ir.Program {
	p, _ := targettest.Parse(fmt.Sprintf("model: %s%d\ngraphs: {g: {%s}}\nvariables: {s: {kind: spin, on: g}}\nfactors:\n"+
		"  - {over: [s, s], edges: g, weights: {normal: [0, 0.5], seed: %d}}\n  - {over: [s], index: all, weights: {normal: [0, 0.3], seed: 2}}\n%s\n", name, i, graph, i, rest))
	return p
}

// pegasus is Pegasus-14 with settings, by a name.
func pegasus(t *testing.T, name string, settings ...string) *ir.Program {
	m, problems := gen.Load("models/pegasus14", settings...)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	m.Program.Model = name
	return m.Program
}

// swarPrograms are those of swarModels and Pegasus-14.
func swarPrograms(t *testing.T) []program {
	var list []program
	for i, m := range swarModels {
		p := pairs("swar", i, m.graph, m.rest)
		list = append(list, program{p.Model, "swar", p})
	}
	return append(list, program{"pegasus14_fast", "swar", pegasus(t, "pegasus14_fast", "format=fast")})
}

// mmaModels are programs that the mma kernel takes, by what follows the factors.
var mmaModels = []struct{ graph, rest string }{
	{"ring: 40", "format: fast"},
	{"king: [7, 8]", "format: {fraction: 3, threshold_bits: 16, budget: 0.99, rng: philox7}\nclamp: {\"s[3]\": 1, \"s[9]\": -1}\nblocks: {order: local}"},
	{"complete: 17", "format: {fraction: 5, threshold_bits: 12, budget: 0.99, rng: ars5}\ninit: hinton"},
	{"bipartite: [70, 90]", "format: fast\nsample: {warmup: 3, betas: {from: 0.4, to: 2, shape: geometric}}"},
	{"random_regular: {n: 70, degree: 5, seed: 4}", "format: fast\nbeta: 0\nruntime: true"},
	{"chimera: [3, 3, 4]", "format: {fraction: 4, threshold_bits: 16, budget: 0.99}\nbeta: 5\ninit: zeros\nblocks: {order: local}"},
	{"chimera: [3, 4, 4]", "format: {fraction: 12, threshold_bits: 16, budget: 0.99}\nblocks: {order: local}\nclamp: {\"s[7]\": -1}\nsample: {warmup: 3, betas: {from: 0.1, to: 9, shape: geometric}}"},
	{"king: [9, 9]", "format: {fraction: 12, threshold_bits: 10, budget: 0.99, rng: philox7}"},
	{"ring: 100", "format: {fraction: 13, threshold_bits: 16, budget: 0.99}\nbeta: 0.1\nruntime: true"},
	{"bipartite: [50, 40]", "format: {fraction: 5, threshold_bits: 15, budget: 0.99}\nbeta: 0.05"},
}

// mmaPrograms are those of mmaModels and Pegasus-14 in local order, for which the kernel is chosen.
func mmaPrograms(t *testing.T) []program {
	var list []program
	for i, m := range mmaModels {
		p := pairs("mma", i, m.graph, m.rest)
		list = append(list, program{p.Model, "mma", p})
	}
	return append(list, program{"pegasus14_local", "", pegasus(t, "pegasus14_local", "format=fast", "blocks={order: local}")},
		program{"pegasus14_fine", "", pegasus(t, "pegasus14_fine", "format={fraction: 12, threshold_bits: 16, budget: 0.01}", "blocks={order: local}")})
}

// Kernels are chosen where they pay.
func TestChosenKernels(t *testing.T) {
	choose := func(want string, p *ir.Program) {
		k, err := target.New(emit.Request{Program: p})
		if err != nil {
			t.Fatal(err)
		}
		if k.Layout.Kernel != want {
			t.Errorf("%s: kernel %s, want %s", p.Model, k.Layout.Kernel, want)
		}
	}
	choose("swar", pegasus(t, "pegasus14", "format=fast"))
	choose("mma", pegasus(t, "pegasus14", "format=fast", "blocks={order: local}"))
	choose("mma", pegasus(t, "pegasus14", "format={fraction: 12, threshold_bits: 16, budget: 0.01}", "blocks={order: local}"))
	choose("table", pegasus(t, "pegasus14"))
	choose("swar", pairs("sparse", 1, "random_regular: {n: 3000, degree: 5, seed: 3}", "format: fast"))
	choose("mma", pairs("dense", 1, "bipartite: [256, 128]", "format: fast"))
	choose("unrolled", pairs("small", 1, "ring: 40", ""))
	choose("table", pairs("small", 1, "ring: 40", "runtime: true"))
	choose("table", pairs("planes", 1, "ring: 40", "format: {planes: 20, fraction: 10, budget: 0.9}"))
}

// latticeModels are programs that the lattice kernel takes, without the model's name.
var latticeModels = []string{
	"variables: {s: {kind: spin, shape: [8, 6]}}\nfactors: [{over: [s, s], edges: {torus: s}, weights: {signs: 0.7, seed: 1}}]\n" +
		"sample: {warmup: 4, betas: {from: 0, to: 2, shape: linear}}\nformat: {planes: 12, rng: philox7, budget: 0.01}",
	"variables: {s: {kind: spin, shape: [4, 4, 6]}}\nfactors: [{over: [s, s], edges: {torus: s}, weights: {signs: 1.0, seed: 2}}]\nformat: {planes: 16}",
	"variables: {s: {kind: spin, shape: [7, 9]}}\nfactors: [{over: [s, s], edges: {grid: s}, weights: 0.4}, {over: [s], index: all, weights: 0.1}]\n" +
		"clamp: {\"s[3,3]\": 1, \"s[0,:]\": -1}\ninit: zeros\nformat: {planes: 13, rng: philox7, budget: 0.01}",
	"variables: {s: {kind: spin, shape: [6, 6]}}\nfactors: [{over: [s, s], edges: {king: s}, weights: -0.25}, {over: [s, s], edges: {grid: s}, weights: 0.75}, {over: [s], index: [[3], [9]], weights: [0.5, -2]}]\n" +
		"init: hinton\nformat: {planes: 32, rng: ars5}",
	"variables: {s: {kind: spin, shape: [22, 22, 22]}}\nfactors: [{over: [s, s], edges: {grid: s}, weights: {signs: 0.4, seed: 3}}]\nclamp: {\"s[1,1,1]\": -1}\nformat: {planes: 9, rng: philox7, budget: 0.1}", // several blocks
	"graphs: {g: {random_regular: {n: 40, degree: 3, seed: 1}}}\nvariables: {s: {kind: spin, on: g}}\nfactors: [{over: [s, s], edges: g, weights: {signs: 0.5, seed: 1}}, {over: [s], index: all, weights: -1.5}]\nformat: {planes: 1, budget: 0.9}",
	"variables: {s: {kind: spin, shape: [5]}}\nfactors: [{over: [s, s], index: [[0, 1], [1, 2], [3, 4]], weights: [2, -6, 0]}]\nformat: {planes: 20}",
}

// latticePrograms are those of latticeModels.
func latticePrograms(t *testing.T) []program {
	var list []program
	for i, text := range latticeModels {
		p, _ := targettest.Parse(fmt.Sprintf("model: lattice%d\n%s\n", i, text))
		k, err := target.New(emit.Request{Program: p})
		if err != nil || k.Layout.Kernel != "lattice" {
			t.Errorf("%s: kernel %+v, %v", p.Model, k, target.Check(emit.Request{Program: p, Kernel: "lattice"}))
		}
		list = append(list, program{p.Model, "", p})
	}
	return list
}

// unrolledModels are programs of few nodes, without the model's name.
var unrolledModels = []string{
	"variables: {s: {kind: spin, shape: [8, 8]}}\nfactors: [{over: [s, s], edges: {torus: s}, weights: {normal: [0, 0.5], seed: 1}}, {over: [s], index: all, weights: {normal: [0, 0.5], seed: 2}}]\n" +
		"init: hinton\nclamp: {\"s[1,3]\": -1}\nsample: {warmup: 4, betas: {from: 0.1, to: 2, shape: linear}}",
	"variables: {s: {kind: spin, shape: [12]}, x: {kind: categorical, states: 3, shape: [12]}, y: {kind: categorical, states: 9, shape: [4]}}\nfactors:\n" +
		"  - {over: [s, x], index: [[0, 0], [1, 1], [2, 2], [3, 3], [4, 0]], weights: {normal: [0, 0.5], seed: 3}}\n  - {over: [x, x], edges: {ring: x}, weights: {identity: 0.7}}\n" +
		"  - {over: [y, s, x, y], index: [[0, 5, 1, 1], [2, 6, 2, 3]], weights: {normal: [0, 0.5], seed: 4}}\nclamp: {\"x[2]\": 1}\nformat: {rng: philox7, fraction: 34}",
	"variables: {s: {kind: spin, shape: [20]}, x: {kind: categorical, states: 5}}\nfactors: [{over: [s, s], edges: {ring: s}, weights: {normal: [0, 0.8], seed: 1}}, {over: [s, x], index: [[0, 0], [2, 0]], weights: {normal: [0, 1], seed: 3}}, {over: [s, s, s], index: [[0, 4, 9]], weights: 1}]\n" +
		"synchronous: true\nblocks: [{together: [s, x]}]\nruntime: true\nformat: {threshold_bits: 11, budget: 0.3, rng: ars5}",
}

// unrolledPrograms are those of unrolledModels.
func unrolledPrograms(t *testing.T) []program {
	var list []program
	for i, text := range unrolledModels {
		p, _ := targettest.Parse(fmt.Sprintf("model: unrolled%d\n%s\n", i, text))
		list = append(list, program{p.Model, "unrolled", p})
	}
	return list
}

// random are so many random models from a number on.
func random(from uint64, want int) []program {
	var list []program
	for n := from; len(list) < want; n++ {
		p := targettest.Random(n)
		if p == nil {
			continue
		}
		p.Model = fmt.Sprintf("random%d", n)
		if target.Check(emit.Request{Program: p}) == nil {
			list = append(list, program{p.Model, []string{"", "table"}[n%2], p})
		}
	}
	return list
}

// noisy are so many random models that choose by noise.
func noisy(want int) []program {
	var list []program
	for n := uint64(0); len(list) < want; n++ {
		p, _ := pass.Lower(randmodel.Hardware(randmodel.Rand(n)))
		if p == nil {
			continue
		}
		p.Model, p.Hash = fmt.Sprintf("noisy%d", n), "00"
		if p.Format.Noise && target.Check(emit.Request{Program: p}) == nil {
			list = append(list, program{p.Model, "", p})
		}
	}
	return list
}

// continuous are so many random models with continuous nodes.
func continuous(want int) []program {
	var list []program
	for n := uint64(0); len(list) < want; n++ {
		if p := randmodel.Float(n); ir.Verify(p) == nil {
			p.Model = fmt.Sprintf("float%d", n)
			list = append(list, program{p.Model, "", p})
		}
	}
	return list
}

var (
	anyRange   = regexp.MustCompile(`, range: \[[^]]*\]`)
	anySampler = regexp.MustCompile(`(?m)^(update|dynamics): .*\n`)
)

// moved are so many random models with expressions of all operations, whose continuous nodes move
// together by langevin or gradient, without ranges.
func moved(want int) []program {
	var list []program
	for n := range uint64(want) {
		text := anySampler.ReplaceAllString(anyRange.ReplaceAllString(randmodel.Code(n), ""), "")
		text += []string{"dynamics: {langevin: {over: [x, y, z], step_size: 0.01, noise_scale: {linear: [1, 0.5], sweeps: 5}}}\n",
			"dynamics: {gradient: {over: [x, y, z], step_size: {exponential: 0.02, factor: 0.8, least: 0.01}}}\n"}[n%2]
		p, _ := targettest.Parse(text)
		p.Model = fmt.Sprintf("moved%d", n)
		list = append(list, program{p.Model, "", p})
	}
	return list
}

// coded are so many random models with expressions of all operations and any samplers.
func coded(want int) []program {
	var list []program
	for n := uint64(0); len(list) < want; n++ {
		p, _ := targettest.Parse(randmodel.Code(n))
		p.Model = fmt.Sprintf("coded%d", n)
		list = append(list, program{p.Model, "", p})
	}
	return list
}

// dense are so many random models with dense forces.
func dense(want int) []program {
	var list []program
	for n := uint64(0); len(list) < want; n++ {
		if n%8 == 2 { // those are meant to leave the numbers
			continue
		}
		p, _ := targettest.Parse(randmodel.Dense(n))
		if p.DenseBlock() == nil {
			continue
		}
		p.Model = fmt.Sprintf("dense%d", n)
		list = append(list, program{p.Model, "", p})
	}
	return list
}

// compiledHosts compiles the hosts of several programs into one over the shim: it checks them all, and
// with the name of one it serves.
func compiledHosts(t *testing.T, list []program) (path, dir string) {
	t.Helper()
	gxx := testtool.Need(t, "g++")
	dir = t.TempDir()
	var main strings.Builder
	for _, include := range []string{"<chrono>", "<cinttypes>", "<cstdarg>", "<cstdio>", "<cstdlib>", "<cstring>", "<string>", "<vector>", "<unistd.h>", `"ars.cuh"`, `"noise.cuh"`, `"count.cuh"`, `"network.cuh"`, `"sampler.cuh"`, `"npz.h"`} {
		fmt.Fprintf(&main, "#include %s\n", include)
	}
	for _, name := range cuda.Headers {
		write(t, filepath.Join(dir, name), cuda.Header(name))
	}
	main.WriteString("#define main model_main\n")
	for _, x := range list {
		files, err := target.Emit(emit.Request{Program: x.p, Kernel: x.kernel})
		if err != nil {
			t.Fatalf("%s: %v", x.name, err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f.Path, "h") {
				write(t, filepath.Join(dir, x.name, f.Path), f.Data)
			}
		}
		fmt.Fprintf(&main, "namespace host_%s {\n#include \"%s/host.cu\"\n}\n", x.name, x.name)
	}
	main.WriteString("#undef main\nint main(int argc, char **argv) {\n  char host[] = \"host\", check[] = \"check\", serve[] = \"serve\", *args[] = {host, argc > 1 ? serve : check, nullptr};\n  int failed = 0;\n")
	for _, x := range list {
		fmt.Fprintf(&main, "  if ((argc < 2 || !strcmp(argv[1], %q)) && (chdir(%q) || host_%s::model_main(2, args))) failed = 1;\n", x.name, filepath.Join(dir, x.name), x.name)
	}
	main.WriteString("  return failed;\n}\n")
	write(t, filepath.Join(dir, "main.cpp"), []byte(main.String()))
	path = filepath.Join(dir, "main")
	cmd := exec.Command(gxx, "-Og", "-std=c++17", "-ffp-contract=off", "-DTHRML_SHIM", "-Wall", "-Werror", "-Wno-unused-function", "-I"+dir, "main.cpp", "-o", path)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out[:min(len(out), 4000)])
	}
	return path, dir
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// passes runs the checks of a binary, forwards and backwards.
func passes(t *testing.T, path string, list []program) {
	t.Helper()
	for _, reverse := range []string{"0", "1"} {
		cmd := exec.Command(path)
		cmd.Env = append(os.Environ(), "THRML_SHIM_REVERSE="+reverse)
		out, err := cmd.CombinedOutput()
		if n := strings.Count(string(out), "PASS: "); err != nil || n != len(list) {
			t.Errorf("reverse %s: %d of %d pass, %v\n%s", reverse, n, len(list), err, out)
		}
	}
}

// The emitted kernels, compiled as C++ over the shim, reach the interpreter's states in
// every chain after every sweep: the ready models, the corpus and random models, threads run
// forwards and backwards. THRML_CUDA_MODELS is how many random models there are.
func TestShim(t *testing.T) {
	want := 40
	if n, err := strconv.Atoi(os.Getenv("THRML_CUDA_MODELS")); err == nil {
		want = n
	}
	const batch = 20
	for _, group := range []struct {
		name string
		list func() []program
	}{
		{"models", func() []program { return append(ready(t), corpusPrograms()...) }},
		{"swar", func() []program { return swarPrograms(t) }},
		{"mma", func() []program { return mmaPrograms(t) }},
		{"lattice", func() []program { return latticePrograms(t) }},
		{"unrolled", func() []program { return unrolledPrograms(t) }},
		{"random", func() []program { return random(0, want) }},
		{"noise", func() []program { return noisy((want + 3) / 4) }},
		{"continuous", func() []program {
			return slices.Concat(continuous((want+3)/4), moved((want+7)/8), coded((want+3)/4), dense((want+7)/8))
		}},
	} {
		t.Run(group.name, func(t *testing.T) {
			list := group.list()
			for i := 0; i < len(list); i += batch {
				part := list[i:min(i+batch, len(list))]
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					t.Parallel()
					path, _ := compiledHosts(t, part)
					passes(t, path, part)
					weighs(t, path, part)
				})
			}
		})
	}
}

// Kernels that take much shared memory have twins that take less, with whole blocks at the same
// chains and the same states.
func TestSmaller(t *testing.T) {
	p := pegasus(t, "pegasus14_small", "format=fast", "blocks={order: local}")
	k, err := target.New(emit.Request{Program: p})
	if err != nil {
		t.Fatal(err)
	}
	for share := range 2 {
		first, count := k.Layout.Share(1000, share, 2)
		s, block, err := target.Smaller(p, first*k.Layout.Chains)
		if err != nil || count == 0 || k.Layout.SharedBytes <= 163<<10 || s.Layout.SharedBytes > 99<<10 || s.Layout.Kernel != "mma" ||
			block*s.Layout.Chains != first*k.Layout.Chains {
			t.Fatalf("%d bytes from block %d on; smaller: %+v from %d, %v", k.Layout.SharedBytes, first, s, block, err)
		}
	}
	big, err := target.Emit(emit.Request{Program: p})
	if err != nil {
		t.Fatal(err)
	}
	small, err := target.Emit(emit.Request{Program: p, SharedBytes: 99 << 10})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(big[0].Data, small[0].Data) || !bytes.Equal(big[2].Data, small[2].Data) {
		t.Error("the same kernels, or another check")
	}
	host, _ := hostOf(t, small)
	if err := host("check"); err != nil {
		t.Error(err)
	}
}

// A state that differs is said.
func TestCheckSeesDifference(t *testing.T) {
	p, _ := targettest.Parse(corpus["bits"])
	list := []program{{"bits", "table", p}}
	path, dir := compiledHosts(t, list)
	tables := filepath.Join(dir, "bits", "tables.txt")
	text, err := os.ReadFile(tables)
	if err != nil {
		t.Fatal(err)
	}
	old := []byte(", x[0]\n12 3") // the node of an update
	if !bytes.Contains(text, old) {
		t.Fatalf("no %q in\n%.600s", old, text)
	}
	write(t, tables, bytes.Replace(text, old, []byte(", x[0]\n14 3"), 1))
	if out, err := exec.Command(path).CombinedOutput(); err == nil || !strings.Contains(string(out), "FAIL: bits: chain ") {
		t.Errorf("a wrong node passes: %v %s", err, out)
	}
}

// Variables that add flags to nvcc's, or headers, do not reach it.
func TestMakefileClearsFlags(t *testing.T) {
	p, _ := targettest.Parse(corpus["bits"])
	files, err := target.Files(p)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range files {
		write(t, filepath.Join(dir, f.Path), f.Data)
	}
	write(t, filepath.Join(dir, "nvcc"), []byte("#!/bin/sh\necho \"$@\"\nenv\n"))
	if err := os.Chmod(filepath.Join(dir, "nvcc"), 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("make", "-C", dir, "NVCC=./nvcc", "ARCH=sm_90", "bits")
	cmd.Env = append(os.Environ(), "NVCC_APPEND_FLAGS=-use_fast_math", "NVCC_PREPEND_FLAGS=-use_fast_math", "CPATH=/fast_math", "CPLUS_INCLUDE_PATH=/fast_math", "CCC_OVERRIDE_OPTIONS=+-ffast_math")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "-fmad=false -arch=sm_90") || strings.Contains(string(out), "fast_math") {
		t.Errorf("%v\n%s", err, out)
	}
}

// The same request gives the same bytes, and every file says that it is generated.
func TestEmitIsDeterministic(t *testing.T) {
	p, _ := targettest.Parse(corpus["ars"])
	a, err := target.Emit(emit.Request{Program: p})
	if err != nil {
		t.Fatal(err)
	}
	b, _ := target.Emit(emit.Request{Program: p})
	for i := range a {
		if a[i].Path != b[i].Path || !bytes.Equal(a[i].Data, b[i].Data) {
			t.Errorf("%s and %s differ", a[i].Path, b[i].Path)
		}
		if head, _, _ := bytes.Cut(a[i].Data, []byte("\n")); !bytes.Contains(head, []byte("Code generated by thrmlgen")) {
			t.Errorf("%s begins with %s", a[i].Path, head)
		}
	}
}

// What no kernel runs is refused with the reason and a way on.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"format: hardware", "a generator of hardware"},
		{"format: {digit: 8}", "first digits have 8 bits"},
	} {
		p, _ := targettest.Parse("model: m\nvariables: {s: {kind: spin, shape: [12]}}\nfactors: [{over: [s, s], edges: {ring: s}, weights: 0.1}]\n" + c.yaml)
		if err := target.Check(emit.Request{Program: p}); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "--target go") {
			t.Errorf("%s: %v", c.yaml, err)
		}
	}
	for _, c := range []struct{ yaml, want string }{
		{"factors: [{over: [s, s], edges: {ring: s}, weights: 0.1}]", "draws one digit: write format: fast"},
		{"factors: [{over: [s, s, s], index: [[0, 1, 2]], weights: 0.1}]\nformat: fast", "3 slots"},
		{"factors: [{over: [s, s], edges: {ring: s}, weights: 0.1}]\nformat: {threshold_bits: 16, fraction: 16}", "a field reaches"},
	} {
		p, _ := targettest.Parse("model: m\nvariables: {s: {kind: spin, shape: [12]}}\n" + c.yaml)
		if err := target.Check(emit.Request{Program: p, Kernel: "swar"}); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "--kernel table") {
			t.Errorf("%s: %v", c.yaml, err)
		}
	}
}

// The headers that are embedded are all that there are.
func TestHeaders(t *testing.T) {
	found, err := fs.Glob(os.DirFS(filepath.Join(testtool.Root(t), "runtime", "cuda")), "*.*h")
	if err != nil || strings.Join(found, " ") != strings.Join(cuda.Headers, " ") {
		t.Errorf("%v, %v", found, err)
	}
}

// compiledHost compiles the host of a program over the shim and returns how it is run.
func compiledHost(t *testing.T, p *ir.Program) (host func(args ...string) error, dir string) {
	t.Helper()
	files, err := target.Emit(emit.Request{Program: p})
	if err != nil {
		t.Fatal(err)
	}
	return hostOf(t, files)
}

// hostOf is as much for files that are emitted.
func hostOf(t *testing.T, files []emit.File) (host func(args ...string) error, dir string) {
	t.Helper()
	gxx := testtool.Need(t, "g++")
	dir = t.TempDir()
	for _, f := range files {
		write(t, filepath.Join(dir, f.Path), f.Data)
	}
	cmd := exec.Command(gxx, "-Og", "-std=c++17", "-ffp-contract=off", "-DTHRML_SHIM", "-x", "c++", "host.cu", "-o", "host")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return func(args ...string) error {
		cmd := exec.Command(filepath.Join(dir, "host"), args...)
		cmd.Dir = dir
		return cmd.Run()
	}, dir
}

// Draws of continuous nodes, which the host writes as float32, have the moments of their law: a
// Gaussian chain with the precision matrix 2 and 0.8, and a normal number inside [0, 1]. Of 40,000
// draws an error of 0.02 would be seen in any of these numbers.
func TestHostRunNumbers(t *testing.T) {
	p, _ := targettest.Parse("model: chain\nvariables: {x: {kind: continuous, shape: [3]}, y: {kind: continuous, range: [0, 1]}}\nfactors:\n" +
		"  - {over: {u: x}, index: all, energy: \"u^2 + 0.3*u\"}\n  - {over: {u: x, v: x}, index: [[0, 1], [1, 2]], energy: \"0.8*u*v\"}\n" +
		"  - {over: {u: y}, index: all, energy: \"0.5*u^2\"}")
	host, dir := compiledHost(t, p)
	if err := host("run", "--out", "r.npz", "--chains", "4000", "--warmup", "20", "--samples", "10", "--steps", "8"); err != nil {
		t.Fatal(err)
	}
	x := hostArray(t, dir, "x", 4000, 10, 3).([]float32)
	y := hostArray(t, dir, "y", 4000, 10).([]float32)
	var mean [4]float64
	var second [4][4]float64
	for i := range y {
		v := append(x[3*i:3*i+3:3*i+3], y[i])
		for a := range 4 {
			mean[a] += float64(v[a]) / 40_000
			for b := range 4 {
				second[a][b] += float64(v[a]) * float64(v[b]) / 40_000
			}
		}
	}
	covariance := func(a, b int) float64 { return second[a][b] - mean[a]*mean[b] }
	const det = 8 - 4*0.64
	for _, c := range []struct{ got, want float64 }{
		{mean[0], -0.3 * (3.36 - 1.6 + 0.64) / det}, {mean[1], -0.3 * (4 - 3.2) / det},
		{covariance(0, 0), 3.36 / det}, {covariance(1, 1), 4 / det}, {covariance(0, 1), -1.6 / det}, {covariance(0, 2), 0.64 / det},
		{mean[3], 0.459862}, {covariance(0, 3), 0},
	} {
		if math.Abs(c.got-c.want) > 0.02 {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}
}

// hostArray is an array of r.npz.
func hostArray(t *testing.T, dir, name string, shape ...int) any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "r.npz"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := npy.OpenNPZ(data)
	if err != nil {
		t.Fatal(err)
	}
	array, err := z.Get(name)
	if err != nil || !slices.Equal(array.Shape, shape) {
		t.Fatalf("%s: %v %v", name, array, err)
	}
	return array.Data
}

// The host's run writes the draws that the interpreter makes, with a beta for each sweep of
// warm-up; wrong arguments end with 2.
func TestHostRun(t *testing.T) {
	p, _ := targettest.Parse(corpus["synchronous"])
	host, dir := compiledHost(t, p)
	if err := host("run", "--out", "r.npz", "--chains", "33", "--samples", "3", "--steps", "2", "--seed", "5"); err != nil {
		t.Fatal(err)
	}
	p.Sample.Samples, p.Sample.StepsPerSample = 3, 2
	m, err := interp.New(p, 33, 5)
	if err != nil {
		t.Fatal(err)
	}
	draws, err := m.Run()
	if err != nil {
		t.Fatal(err)
	}
	spins, categories := hostArray(t, dir, "s", 33, 3, 40).([]int8), hostArray(t, dir, "x", 33, 3).([]uint16)
	for d := range draws {
		for c, want := range draws[d] {
			for n, x := range spins[40*(3*c+d) : 40*(3*c+d+1)] {
				if int32(x) != want[n] {
					t.Fatalf("draw %d, chain %d, node %d: %d, want %d", d, c, n, x, want[n])
				}
			}
			if x := categories[3*c+d]; int32(x) != want[40] {
				t.Fatalf("draw %d, chain %d: category %d, want %d", d, c, x, want[40])
			}
		}
	}
	if host("run", "--out", "r.npz", "--beta", "-1") == nil || len(hostArray(t, dir, "x", 33, 3).([]uint16)) == 0 {
		t.Error("a run that fails does not leave the file as it was")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.part")); left != nil {
		t.Error("left behind:", left)
	}
	for _, args := range [][]string{{}, {"run"}, {"run", "--out"}, {"bench", "--chains", "0"}, {"run", "--colour", "red"}, {"run", "--out", "x", "--warmup", "3"}} {
		if e, ok := host(args...).(*exec.ExitError); !ok || e.ExitCode() != 2 {
			t.Errorf("%v ends with %v", args, e)
		}
	}
	if e, ok := host("check", "--tables", "none").(*exec.ExitError); !ok || e.ExitCode() != 4 {
		t.Errorf("without tables it ends with %v", e)
	}
}
