package conformance

import (
	"os"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/internal/goldentest"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// lawModel is a model small enough for its whole law.
type lawModel struct {
	name  string
	graph *graph.Graph
	start []int32
	// golden is the law after some numbers of sweeps as another program computed
	// it.
	golden map[string][]float64
}

// small are models made for one difficulty each. None has more than 4096 states.
var small = []struct{ name, yaml string }{
	{"clamped", `
model: clamped
variables: {s: {kind: spin, shape: [6]}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: [0.7, -0.4, 0.9, 0.3, -0.8, 0.5]}
  - {over: [s], index: all, weights: [0.1, -0.3, 0.2, 0.0, 0.4, -0.2]}
blocks: ["s[0::2]", "s[1::2]"]
clamp: {"s[0]": 1, "s[3]": -1}
`},
	{"digit8", `
model: digit8
variables: {s: {kind: spin, shape: [9]}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: [0.7, -0.4, 0.9, 0.3, -0.8, 0.5, 0.1, -0.2, 0.6]}
  - {over: [s, s, s], index: [[0, 3, 6], [1, 4, 7]], weights: [0.4, -0.3]}
  - {over: [s], index: all, weights: [0.1, -0.3, 0.2, 0.0, 0.4, -0.2, 1.5, 0.0, 0.3]}
format: {digit: 8}
`},
	{"digit8_mixed", `
model: digit8_mixed
variables:
  s: {kind: spin, shape: [5]}
  x: {kind: categorical, states: 3, shape: [2]}
factors:
  - {over: [s, s], edges: {chain: s}, weights: [0.8, -0.6, 0.5, 0.3]}
  - {over: [s, x], index: [[1, 0], [3, 1]], weights: [[0.5, -0.7, 0.1], [-0.3, 0.2, 0.9]]}
format: {digit: 8, rng: ars5, budget: 0.00390625}
`},
	{"digit8_group", `
model: digit8_group
variables: {s: {kind: spin, shape: [10]}}
factors:
  - {over: [s, s], edges: {complete: s}, weights: {normal: [0, 0.3], seed: 1}}
format: {digit: 8, group: 7, budget: 0.00390625}
`},
	{"planes", `
model: planes
variables: {s: {kind: spin, shape: [3, 3]}}
factors:
  - {over: [s, s], edges: {grid: s}, weights: {signs: 0.6, seed: 1}}
  - {over: [s], index: all, weights: [0.3, 0.0, -0.3, 0.0, 0.3, 0.0, 0.0, 0.0, 0.6]}
format: {planes: 32}
`},
	{"planes_ars", `
model: planes_ars
variables: {s: {kind: spin, shape: [9]}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: {signs: 0.5, seed: 1}}
  - {over: [s, s, s], index: [[0, 1, 2], [3, 4, 5], [6, 7, 8]], weights: 0.5}
format: {planes: 6, rng: ars5, budget: 0.01}
`},
	{"superblock", `
model: superblock
variables:
  s: {kind: spin, shape: [3]}
  x: {kind: categorical, states: 3, shape: [2]}
factors:
  - {over: [s, s], index: [[0, 1], [1, 2]], weights: [0.8, -0.6]}
  - {over: [s, x], index: [[1, 0], [1, 1]], weights: [[0.5, -0.7, 0.1], [-0.3, 0.2, 0.9]]}
  - {over: [x], index: all, weights: [[0.2, 0.0, -0.4], [0.0, 0.3, 0.1]]}
blocks: [{together: ["s[0::2]", x]}, "s[1]"]
`},
	{"synchronous", `
model: synchronous
variables:
  s: {kind: spin, shape: [4]}
  x: {kind: categorical, states: 3}
factors:
  - {over: [s, s], edges: {ring: s}, weights: [0.7, -0.4, 0.5, 0.6]}
  - {over: [s, x], index: [[0, 0], [2, 0]], weights: [[0.5, -0.7, 0.1], [-0.3, 0.2, 0.9]]}
synchronous: true
blocks: [{together: [s, x]}]
`},
	{"hot", `
model: hot
variables: {s: {kind: spin, shape: [6]}}
factors:
  - {over: [s, s], index: [[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]], weights: [3.5, -0.1, 4.0, 0.05, -0.07]}
  - {over: [s], index: all, weights: [2.0, 0.0, 0.1, -3.0, 0.02, 0.0]}
beta: 4.0
blocks: ["s[1::2]", "s[0::2]"]
`},
	{"cold", `
model: cold
variables: {s: {kind: spin, shape: [6]}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: [1.0, 1.0, -1.0, 1.0, 1.0, 1.0]}
  - {over: [s], index: all, weights: [0.1, 0.0, -0.1, 0.05, 0.0, -0.2]}
beta: 2.5
`},
	{"nearly free", `
model: nearly_free
variables: {s: {kind: spin, shape: [5]}, x: {kind: categorical, states: 3}}
factors:
  - {over: [s, s], edges: {chain: s}, weights: 0.9}
  - {over: [s, x], index: [[0, 0]], weights: [[1.0, -1.0, 0.5]]}
beta: 0.05
`},
	{"ties", `
model: ties
variables: {s: {kind: spin, shape: [6]}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: [1.0, -1.0, 1.0, 1.0, 0.0, 1.0]}
  - {over: [s], index: [[4]], weights: 0.0}
beta: 0.6
`},
	{"potts, K = 3", `
model: potts3
variables: {x: {kind: categorical, states: 3, shape: [2, 3]}}
factors:
  - {over: [x, x], edges: {grid: x}, weights: {identity: 0.9}}
`},
	{"K = 2", `
model: two
variables: {x: {kind: categorical, states: 2, shape: [6]}}
factors:
  - {over: [x, x], edges: {ring: x}, weights: [[1.0, -0.5], [0.2, 0.9]]}
  - {over: [x], index: all, weights: [[0.3, 0.0], [0.0, 0.1], [-0.6, 0.0], [0.2, 0.2], [0.0, 0.0], [0.0, 1.1]]}
beta: 0.8
`},
	{"K = 40", `
model: forty
variables: {x: {kind: categorical, states: 40}, s: {kind: spin, shape: [3]}}
factors:
  - {over: [x], index: all, weights: {normal: [0, 1], seed: 4}}
  - {over: [s, x], index: [[0, 0], [1, 0], [2, 0]], weights: {normal: [0, 0.7], seed: 5}}
`},
	{"K = 300", `
model: many
variables: {x: {kind: categorical, states: 300}, s: {kind: spin, shape: [2]}}
factors:
  - {over: [s, x], index: [[0, 0], [1, 0]], weights: {normal: [0, 0.7], seed: 6}}
`},
	{"third order", `
model: third
variables: {s: {kind: spin, shape: [5]}, x: {kind: categorical, states: 3, shape: [2]}}
factors:
  - {over: [s, s, s], index: [[0, 1, 2], [2, 3, 4]], weights: [0.8, -0.6]}
  - {over: [s, s, x], index: [[0, 3, 0], [1, 4, 1]], weights: [[0.5, -0.4, 0.9], [-0.2, 0.6, 0.1]]}
  - {over: [x, x, s], index: [[0, 1, 2]], weights: [[[0.5, -0.4, 0.9], [-0.2, 0.6, 0.1], [0.0, 0.7, -0.8]]]}
`},
	{"user blocks", `
model: user
variables: {s: {kind: spin, shape: [7]}}
factors:
  - {over: [s, s], edges: {chain: s}, weights: [0.9, -0.8, 0.7, 0.6, -0.5, 1.1]}
  - {over: [s], index: all, weights: [0.2, 0.0, -0.3, 0.1, 0.0, 0.4, -0.1]}
blocks: ["s[5]", ["s[0]", "s[6]"], "s[3]", "s[4]", ["s[2]"], "s[1]"]
`},
	{"star of degree 11", `
model: star
variables: {s: {kind: spin, shape: [12]}}
factors:
  - {over: [s, s], index: [[0, 1], [0, 2], [0, 3], [0, 4], [0, 5], [0, 6], [0, 7], [0, 8], [0, 9], [0, 10], [0, 11]], weights: {normal: [0, 0.6], seed: 8}}
  - {over: [s], index: all, weights: {normal: [0, 0.5], seed: 9}}
`},
	{"philox7", `
model: philox7
variables: {s: {kind: spin, shape: [6]}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: [0.7, -0.4, 0.9, 0.3, -0.8, 0.5]}
format: {rng: philox7}
`},
	{"16 threshold bits", `
model: bits16
variables: {s: {kind: spin, shape: [5]}, x: {kind: categorical, states: 3}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: [0.7, -0.4, 0.9, 0.3, -0.8]}
  - {over: [s, x], index: [[0, 0], [2, 0]], weights: [[0.5, -0.7, 0.1], [-0.3, 0.2, 0.9]]}
format: {threshold_bits: 16}
`},
	{"6 threshold bits", `
model: bits6
variables: {s: {kind: spin, shape: [5]}, x: {kind: categorical, states: 3}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: [0.7, -0.4, 0.9, 0.3, -0.8]}
  - {over: [s, x], index: [[0, 0], [2, 0]], weights: [[0.5, -0.7, 0.1], [-0.3, 0.2, 0.9]]}
format: {threshold_bits: 6, budget: 0.05}
`},
	{"fast", `
model: quick
variables: {s: {kind: spin, shape: [6]}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: [0.7, -0.4, 0.9, 0.3, -0.8, 0.5]}
  - {over: [s], index: all, weights: [0.11, -0.32, 0.23, 0.04, 0.45, -0.26]}
format: fast
`},
	{"hardware, thresholds", `
model: hardware
variables: {s: {kind: spin, shape: [6]}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: [0.7, -0.4, 0.9, 0.3, -0.8, 0.5]}
  - {over: [s], index: all, weights: [0.11, -0.32, 0.23, 0.04, 0.45, -0.26]}
format: hardware
`},
	{"hardware, noise, degree 6", `
model: hardware7
variables: {s: {kind: spin, shape: [7]}}
factors:
  - {over: [s, s], edges: {complete: s}, weights: {normal: [0, 0.4], seed: 3}}
  - {over: [s], index: all, weights: {normal: [0, 0.4], seed: 4}}
format: hardware
`},
	{"noise, mixed", `
model: noisy
variables: {s: {kind: spin, shape: [4]}, x: {kind: categorical, states: 3, shape: [2]}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: [0.7, -0.4, 0.9, 0.3]}
  - {over: [s, x], index: [[0, 0], [2, 1]], weights: [[0.5, -0.7, 0.1], [-0.3, 0.2, 0.9]]}
  - {over: [x, x], index: [[0, 1]], weights: {identity: 0.8}}
format: {choice: noise, rng: lfl128, fraction: 8, budget: 0.02}
`},
	{"noise, philox", `
model: noisy_philox
variables: {s: {kind: spin, shape: [5]}}
factors:
  - {over: [s, s, s], index: [[0, 1, 2], [2, 3, 4]], weights: [0.8, -0.6]}
  - {over: [s], index: all, weights: [0.11, -0.32, 0.23, 0.04, 0.45]}
format: {choice: noise}
beta: 0.7
`},
	{"xoshiro128++, wide interleave", `
model: xoshiro
variables: {s: {kind: spin, shape: [5]}, x: {kind: categorical, states: 4}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: [0.7, -0.4, 0.9, 0.3, -0.8]}
  - {over: [s, x], index: [[0, 0], [2, 0]], weights: [[0.5, -0.7, 0.1, 0.0], [-0.3, 0.2, 0.9, 0.4]]}
format: {rng: xoshiro128pp, choice: threshold, interleave: 100}
`},
}

// lawModels are the reference cases with a k-sweep law and the small models; a
// small model starts with spin -1 and category 0.
func lawModels(t *testing.T) []lawModel {
	t.Helper()
	var all []lawModel
	for _, name := range goldentest.Names() {
		if c := goldentest.Load(t, name); c.KSweep != nil {
			all = append(all, lawModel{name, c.Graph, c.State(c.KSweep.Start), c.KSweep.Exact})
		}
	}
	if len(all) != 4 {
		t.Fatalf("%d reference cases with a k-sweep law", len(all))
	}
	for _, m := range small {
		g := build(t, m.name, []byte(m.yaml))
		all = append(all, lawModel{name: m.name, graph: g, start: lowest(g)})
	}
	for _, name := range []string{"chain5", "cubic", "mixed"} {
		g := ready(t, name)
		all = append(all, lawModel{name: name, graph: g, start: lowest(g)})
	}
	return all
}

// lowest is the state of spin -1 and category 0, clamps applied.
func lowest(g *graph.Graph) []int32 {
	state := make([]int32, g.Nodes)
	for _, v := range g.Vars {
		if v.Kind == graph.Spin {
			for i := v.First; i < v.First+v.Count; i++ {
				state[i] = -1
			}
		}
	}
	for _, c := range g.Clamps {
		for i, node := range c.Nodes {
			state[node] = c.Values[i]
		}
	}
	return state
}

// ready builds one of the repository's ready models, with values replaced.
func ready(t *testing.T, name string, sets ...string) *graph.Graph {
	t.Helper()
	text, err := os.ReadFile("../../models/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return build(t, name, text, sets...)
}

func build(t *testing.T, name string, yaml []byte, sets ...string) *graph.Graph {
	t.Helper()
	s, problems := spec.ParseWith(name, yaml, sets)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	g, problems := graph.Build(s, graph.DirFiles("../../models"))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return g
}

func lower(t *testing.T, g *graph.Graph) *ir.Program {
	t.Helper()
	p, problems := pass.Lower(g)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

func sampler(t *testing.T, p *ir.Program, o sampling.Options) *sampling.Sampler {
	t.Helper()
	s, err := sampling.NewSampler(golang.Model(p), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// place puts every chain into one state.
func place(t *testing.T, s *sampling.Sampler, state []int32) {
	t.Helper()
	for c := range s.Chains() {
		if err := s.SetState(c, state); err != nil {
			t.Fatal(err)
		}
	}
}
