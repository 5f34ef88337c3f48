package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
)

const mixedAnnealed = `model: tor
variables: {s: {kind: spin, shape: [4, 4]}, x: {kind: categorical, states: 3}}
factors:
  - {over: [s, s], edges: {torus: s}, weights: {normal: [0, 0.5], seed: 1}}
  - {over: [s, x], index: [[0, 0], [5, 0]], weights: [[0.5, -0.7, 0.1], [-0.3, 0.2, 0.9]]}
clamp: {"s[1,1]": 1}
sample: {chains: 41, warmup: 9, samples: 6, steps_per_sample: 2, seed: 3, betas: {from: 0.1, to: 1, shape: linear}}
observe: [state, energy, best]
`

// The target shim gives the samples of every other one: with annealing, with and without a
// look at every sweep, and in a run that goes on.
func TestShimTarget(t *testing.T) {
	testtool.Need(t, "g++")
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	model := filepath.Join(dir, "m.yaml")
	for name, text := range map[string]string{model: mixedAnnealed, filepath.Join(dir, "math.h"): "#error a header from elsewhere\n"} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("CPLUS_INCLUDE_PATH", dir) // it does not reach the compiler
	if out, _ := thrmlgen(t, exitDone, "verify", model, "--targets", "interp,table,shim", "--sweeps", "12"); !strings.Contains(out, "interp, table, shim agree in every bit: 12 sweeps, 41 chains, 17 nodes") {
		t.Error(out)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, observe := range []string{"[state,energy,best]", "[best,moments,magnetisation,{name: pairs,over: {a: s,b: s},index: [[0,1],[2,7]],mean: a*b}]"} {
		for _, target := range []string{"shim", "table"} {
			args := []string{"run", model, "--quiet", "--target", target, "--set", "observe=" + observe}
			thrmlgen(t, exitDone, append(args, "--out", in(target+".npz"), "--state", in(target+"-state.npz"))...)
			thrmlgen(t, exitDone, append(args, "--resume", in(target+"-state.npz"), "--out", in(target+"-more.npz"))...)
		}
		for _, name := range []string{".npz", "-more.npz"} {
			sameArrays(t, "observe "+observe, in("shim"+name), in("table"+name))
		}
	}
}

// Of models with many nodes the device brings only the first chains at a draw, and counts and adds up all of
// them: results, and what is said of nodes, are those of an engine that sees all.
func TestShimCountsDraws(t *testing.T) {
	testtool.Need(t, "g++")
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{"counted": `
variables: {s: {kind: spin, shape: [50, 50]}, x: {kind: categorical, states: 5, shape: [30, 30]}, y: {kind: categorical, states: 40, shape: [20]}}
factors:
  - {over: [s, s], edges: {torus: s}, weights: {normal: [0, 0.5], seed: 1}}
  - {over: [x, x], edges: {grid: x}, weights: {identity: 0.7}}
  - {over: [s, x], index: [[0, 0], [5, 0], [7, 3]], weights: {normal: [0, 0.5], seed: 2}}
clamp: {"s[1,1]": 1}
`, "added": `
variables: {x: {kind: continuous, shape: [50, 60]}, k: {kind: categorical, states: 3, shape: [6]}, s: {kind: spin, shape: [6]}}
factors:
  - {over: {u: x}, index: all, energy: "u^2"}
  - {over: {u: x, v: x}, edges: {grid: x}, energy: "0.2*u*v"}
  - {over: {c: k, p: s, u: x}, index: [[0, 1, 0], [2, 3, 5]], energy: "0.5*p*u*W[c]", params: {W: [0.5, -1, 0.2]}}
dynamics: {langevin: {over: x, step_size: 0.05}}
`} {
		text = "model: " + name + text + "sample: {chains: 130, warmup: 1, samples: 8, steps_per_sample: 1, seed: 3}\nobserve: [energy, best, moments, magnetisation]\n"
		if err := os.WriteFile(in("m.yaml"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		var summary [2]string
		for i, target := range []string{"shim", "table"} {
			summary[i], _ = thrmlgen(t, exitDone, "run", in("m.yaml"), "--target", target, "--out", in(target+".npz"))
			_, summary[i], _ = strings.Cut(summary[i], "\nnodes ")
			summary[i], _, _ = strings.Cut(summary[i], "\nspeed ")
		}
		sameArrays(t, name, in("shim.npz"), in("table.npz"))
		if summary[0] != summary[1] || !strings.Contains(summary[0], "64 chains watched") {
			t.Errorf("%s: nodes:%s\n%s", name, summary[0], summary[1])
		}
	}
}

const steppedModel = `model: stepped
variables: {s: {kind: spin, shape: [4]}, k: {kind: categorical, states: 3}, x: {kind: continuous, shape: [4]}, z: {kind: continuous, shape: [10]}, y: {kind: continuous, shape: [2]}, m: {kind: continuous}}
factors:
  - {over: {u: x}, index: all, energy: "2*(u^2 - 1)^2"}
  - {over: {u: z}, index: all, energy: "u^2 + 0.1*u"}
  - {over: {u: y}, index: all, energy: "u^2 + 0.1*u^4"}
  - {over: {u: m}, index: all, energy: "u^2 + 0.1*u^4"}
  - {over: {u: x, v: z}, index: [[0, 0], [1, 1], [2, 9]], energy: "0.3*u*v + tanh(u)*cos(v)"}
  - {over: {p: s, c: k, u: x}, index: [[0, 0, 0], [3, 0, 3]], energy: "-0.5*p*u*W[c]", params: {W: [0.5, -1, 0.2]}}
  - {over: [s, s], edges: {ring: s}, weights: 0.4}
update: {y: slice, m: metropolis}
dynamics: {hmc: {over: [x, z], step_size: 0.4, steps: 3, mass: 1.5, adapt: 0.8}}
clamp: {"z[3]": 0.7}
sample: {chains: 70, warmup: 6, samples: 100, seed: 2, betas: {from: 0.3, to: 2, shape: linear}}
`

// Steps that samplers fit, and how moves went, are those of the table: in what is printed, in states, and
// in runs that go on. (Of 70 chains, two of the places behind the last leave the numbers.)
func TestShimTargetKeeps(t *testing.T) {
	testtool.Need(t, "g++")
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	model := filepath.Join(dir, "m.yaml")
	if err := os.WriteFile(model, []byte(steppedModel), 0o666); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	said := make(map[string]string)
	for _, target := range []string{"shim", "table"} {
		out, _ := thrmlgen(t, exitDone, "run", model, "--target", target, "--out", in(target+".npz"), "--state", in(target+"-state.npz"))
		for line := range strings.Lines(out) {
			if strings.HasPrefix(line, "sampler ") {
				said[target] += line
			}
		}
		thrmlgen(t, exitDone, "run", model, "--quiet", "--target", target, "--resume", in(target+"-state.npz"), "--out", in(target+"-more.npz"), "--state", in(target+"-end.npz"))
	}
	if !strings.Contains(said["table"], "diverged") || said["shim"] != said["table"] {
		t.Errorf("the table says\n%sand the shim\n%s", said["table"], said["shim"])
	}
	for _, name := range []string{".npz", "-state.npz", "-more.npz", "-end.npz"} {
		sameArrays(t, name, in("shim"+name), in("table"+name))
	}
}

// Without a compiler, and for a model that no kernel runs, the reason is said.
func TestShimTargetRefuses(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if _, errs := thrmlgen(t, 4, "run", "models/mixed", "--target", "shim"); !strings.Contains(errs, "no compiler of C++ is found; looked for g++, clang++, c++") || !strings.Contains(errs, "--target table") {
		t.Error(errs)
	}
	for args, want := range map[string]string{
		"verify models/ising2d --targets interp,shim --set format=hardware":                                                           "a generator of hardware",
		"gen models/ising2d --target cuda --out o --kernel swar":                                                                      "write format: fast",
		"gen models/potts20 --target cuda --out o --kernel swar":                                                                      "x is no spin",
		"gen models/potts20 --target cuda --out o --kernel tensor":                                                                    "lattice, mma, swar, unrolled and table are known",
		"gen models/potts20 --target cuda --out o --kernel lattice":                                                                   "x is no spin",
		"gen models/pegasus14 --target cuda --out o --kernel mma":                                                                     "write format: fast",
		"gen models/pegasus14 --target cuda --out o --kernel mma --set format={\"fraction\":14,\"threshold_bits\":16,\"budget\":0.9}": "and it takes 32639",
		"gen models/potts20 --target cuda --out o --kernel unrolled":                                                                  "and it takes 100",
		"gen models/ising2d --target cuda --out o --kernel lattice":                                                                   "write planes: 12",
		`gen models/pegasus14 --target cuda --out o --kernel lattice --set format={"planes":12,"budget":0.01}`:                        "it compares sums below 24",
		"gen models/grid_gaussian --target cuda --out o --kernel swar":                                                                "x is no spin: take --kernel table",
	} {
		if _, errs := thrmlgen(t, 3, strings.Fields(args)...); !strings.Contains(errs, want) {
			t.Errorf("%s: %s", args, errs)
		}
	}
}
