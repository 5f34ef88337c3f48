package compile

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

// A build that takes long is told of, one that does not is not.
func TestTellSlow(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "verilator"), []byte("#!/bin/sh\nexit 1\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	for shape, want := range map[string]bool{"[4, 4]": false, "[16, 16]": true} {
		p, _ := targettest.Parse("model: m\nvariables: {s: {kind: spin, shape: " + shape + "}}\nfactors: [{over: [s, s], edges: {torus: s}, weights: {normal: [0, 1], seed: 1}}]\nformat: hardware")
		var told []time.Duration
		ctx := TellSlow(context.Background(), func(about time.Duration) { told = append(told, about) })
		if _, err := NewArray(ctx, p, 4, 1, Options{CacheDir: t.TempDir()}); err == nil {
			t.Error("a simulation without a simulator")
		}
		if want && (len(told) != 1 || told[0] < 30*time.Second || told[0] > time.Minute) || !want && told != nil {
			t.Errorf("%s: told %v", shape, told)
		}
	}
}

// A simulation in pieces of two sweeps begins in the middle of the schedule of β and behind
// its end, and gives the interpreter's states. One that goes on from states in the middle has
// the β of draws, as runs that go on have. Noise units of five βs are reloaded; the second
// of their simulations comes out of the cache.
func TestArrayInPieces(t *testing.T) {
	bin := t.TempDir()
	for _, name := range []string{"iverilog", "vvp"} { // which builds sooner than Verilator
		path, err := exec.LookPath(name)
		if err != nil {
			testtool.Need(t, "iverilog")
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	cache := t.TempDir()
	for _, format := range []string{"hardware", "{rng: lfl128, choice: noise, fraction: 6, budget: 0.1}", "{rng: lfl128, choice: noise, fraction: 6, budget: 0.1}"} {
		arrayInPieces(t, cache, format)
	}
}

func arrayInPieces(t *testing.T, cache, format string) {
	p, _ := targettest.Parse(`model: pieces
variables: {s: {kind: spin, shape: [3, 3]}}
factors: [{over: [s, s], edges: {grid: s}, weights: {normal: [0, 1], seed: 1}}]
format: ` + format + `
sample: {warmup: 5, betas: [0.2, 3, 0.7, 0.1, 0.5]}`)
	const chains = 6 // one group and a half
	a, err := NewArray(context.Background(), p, chains, 1<<20, Options{CacheDir: cache})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	a.room = 2
	var third [][]int32
	m := machine(t, p, chains)
	for sweep, beta := range append(p.AllBetas(), p.Beta, p.Beta) {
		step(t, m, beta)
		same(t, a, m)
		if sweep == 2 {
			third = a.State()
		}
	}
	m = machine(t, p, chains)
	for _, beta := range p.Betas[:3] {
		step(t, m, beta)
	}
	a.Restore(third, 3)
	for range 3 {
		step(t, m, p.Beta)
		same(t, a, m)
	}
}

func machine(t *testing.T, p *ir.Program, chains int) *interp.Machine {
	t.Helper()
	m, err := interp.New(p, chains, p.Sample.Seed)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func step(t *testing.T, m *interp.Machine, beta float64) {
	t.Helper()
	if err := m.SetBeta(beta); err != nil {
		t.Fatal(err)
	}
	if err := m.Sweep(); err != nil {
		t.Fatal(err)
	}
}

// same makes a sweep of the array, which is to have the interpreter's states.
func same(t *testing.T, a *Array, m *interp.Machine) {
	t.Helper()
	if err := a.Sweep(); err != nil {
		t.Fatal(err)
	}
	for c, want := range m.State() {
		if !slices.Equal(a.State()[c], want) {
			t.Fatalf("chain %d parts in sweep %d", c, a.Number()-1)
		}
	}
}
