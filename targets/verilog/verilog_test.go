package verilog_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/randmodel"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
	"github.com/thrmlgen/thrmlgen/targets/targettest/hdl"
	"github.com/thrmlgen/thrmlgen/targets/verilog"
)

// corpus are models that meet every kind of cell.
var corpus = map[string]string{
	"torus": `
model: torus
variables: {s: {kind: spin, shape: [8, 8]}}
factors:
  - {over: [s, s], edges: {torus: s}, weights: {normal: [0, 0.5], seed: 1}}
  - {over: [s], index: all, weights: {normal: [0, 0.2], seed: 2}}
format: hardware`,
	"chain": `
model: chain
variables: {s: {kind: spin, shape: [5]}}
factors: [{over: [s, s], edges: {chain: s}, weights: 0.7}]
init: hinton
format: {rng: xoshiro128pp, threshold_bits: 7, budget: 0.1, interleave: 2}`, // one register a cell
	"tiles": `
model: tiles
variables: {s: {kind: spin, shape: [12, 12]}}
factors: [{over: [s, s], edges: {king: s}, weights: {signs: 0.4, seed: 3}}]
clamp: {"s[0,:]": 1, "s[5,5]": -1}
format: {rng: lfl128, fraction: 6, budget: 0.1}`,
	"mixed": `
model: mixed
variables: {s: {kind: spin, shape: [12]}, x: {kind: categorical, states: 3, shape: [4]}, y: {kind: categorical, states: 5}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: {normal: [0, 0.5], seed: 1}}
  - {over: [s, s, s], index: [[0, 4, 8], [1, 5, 9], [2, 6, 10], [0, 5, 10], [3, 7, 11]], weights: {normal: [0, 0.5], seed: 2}}
  - {over: [s, x], index: [[0, 0], [1, 1], [2, 2], [3, 3], [4, 0]], weights: {normal: [0, 0.5], seed: 3}}
  - {over: [x, y], index: [[0, 0], [1, 0], [2, 0]], weights: {normal: [0, 0.5], seed: 3}}
clamp: {"s[3]": 1, "x[1]": 2}
format: hardware`,
	"synchronous": `
model: synchronous
variables: {s: {kind: spin, shape: [6]}, x: {kind: categorical, states: 3}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: {normal: [0, 0.8], seed: 1}}
  - {over: [s, x], index: [[0, 0], [2, 0]], weights: [[0.5, -0.7, 0.1], [-0.3, 0.2, 0.9]]}
synchronous: true
blocks: [{together: [s, x]}]
format: {rng: lfl128, choice: noise, fraction: 9, budget: 0.1, interleave: 7}`,
	"annealed": `
model: annealed
variables: {s: {kind: spin, shape: [4, 4]}}
factors:
  - {over: [s, s], edges: {torus: s}, weights: {normal: [0, 0.5], seed: 1}}
  - {over: [s], index: all, weights: {normal: [0, 0.2], seed: 2}}
format: hardware
sample: {warmup: 6, betas: [0.2, 0.5, 0.5, 0.2, 1, 1.5]}`,
	"cooled": `
model: cooled
variables: {s: {kind: spin, shape: [9]}, x: {kind: categorical, states: 3, shape: [3]}}
factors:
  - {over: [s, s], edges: {ring: s}, weights: {normal: [0, 0.5], seed: 1}}
  - {over: [s, s, s], index: [[0, 4, 8], [1, 5, 7], [2, 6, 3]], weights: {normal: [0, 0.5], seed: 2}}
  - {over: [s, x], index: [[0, 0], [1, 1], [2, 2], [3, 0], [4, 0]], weights: {normal: [0, 0.5], seed: 3}}
clamp: {"s[3]": 1}
format: hardware
sample: {warmup: 4, betas: [0.3, 0.3, 1, 0.3]}`,
	"ramped": `
model: ramped
variables: {s: {kind: spin, shape: [6]}}
factors: [{over: [s, s], edges: {complete: s}, weights: {normal: [0, 0.5], seed: 1}}]
format: {rng: lfl128, choice: noise, fraction: 6, budget: 0.1}
sample: {warmup: 9, betas: [0.3, 0.3, 0.8, 0.3, 3, 1.1, 1.1, 2, 1.5]}`, // tables of noise are reloaded
	"free": `
model: free
variables: {s: {kind: spin}, x: {kind: categorical, states: 2}}
factors: [{over: [x], index: all, weights: [[0.3, 0.0]]}]
format: hardware`,
}

// quenched is a model for proofs: spins with noise at two βs.
const quenched = `
model: quenched
variables: {s: {kind: spin, shape: [6]}}
factors: [{over: [s, s], edges: {complete: s}, weights: {normal: [0, 0.5], seed: 1}}]
format: {rng: lfl128, choice: noise, fraction: 6, budget: 0.1}
sample: {warmup: 4, betas: [0.3, 0.3, 1, 0.3]}`

// fails runs a command that is to fail, and returns what it prints.
func fails(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("%s %s does not fail:\n%s", filepath.Base(name), strings.Join(args, " "), out)
	}
	return string(out)
}

// The RTL in Icarus equals the interpreter in the states of all chains after every
// sweep: the corpus, and random models.
func TestIcarus(t *testing.T) {
	for name, text := range corpus {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := targettest.Parse(text)
			hdl.Icarus(t, hdl.Project(t, p), name)
		})
	}
	for _, p := range randoms(t, 12_000) {
		t.Run(p.Model, func(t *testing.T) {
			t.Parallel()
			if hdl.Icarus(t, hdl.Project(t, p), p.Model); t.Failed() {
				t.Errorf("%+v %+v", p.Format, p.Stream)
			}
		})
	}
	noisy, all := 0, firstModels(t, 12_000, defaultModels)
	if os.Getenv("THRML_VERILOG_MODELS") != "" { // whichever piece of the large set this is
		all = firstModels(t, anySize, 10*defaultModels)
	}
	for _, p := range all {
		if p.Format.Noise {
			noisy++
		}
	}
	if noisy < len(all)/4 || noisy > len(all)*9/10 {
		t.Errorf("%d of %d random models draw noise", noisy, len(all))
	}
}

// defaultModels is how many random models make test compares, anySize a limit on look-up
// tables that none exceeds.
const defaultModels, anySize = 30, 1 << 30

// randoms are 30 random models that take no more than so many look-up tables, or those
// that THRML_VERILOG_MODELS says, of any size: so many, or from:to of them.
func randoms(t *testing.T, most int) []*ir.Program {
	t.Helper()
	from, want := 0, defaultModels
	if testing.Short() {
		want = 5
	}
	if v := os.Getenv("THRML_VERILOG_MODELS"); v != "" {
		first, last, found := strings.Cut(v, ":")
		if !found {
			first, last = "0", v
		}
		if _, err := fmt.Sscan(first+" "+last, &from, &want); err != nil || from < 0 || want <= from {
			t.Fatalf("THRML_VERILOG_MODELS %q: a number from 1 up is needed, or from:to", v)
		}
		most = anySize
	}
	return firstModels(t, most, want)[from:]
}

// firstModels are the first so many random models that take no more than so many look-up tables.
func firstModels(t *testing.T, most, want int) []*ir.Program {
	t.Helper()
	var models []*ir.Program
	for n := uint64(0); len(models) < want; n++ {
		if p, ok := random(n); ok && sizeOf(t, p) <= most {
			p.Model = fmt.Sprint("random", n)
			models = append(models, p)
		}
	}
	return models
}

// sizeOf is how many look-up tables the array of a model takes, about.
func sizeOf(t *testing.T, p *ir.Program) int {
	t.Helper()
	e, err := verilog.NewEstimate(p, verilog.FindFamily("hx8k"))
	if err != nil {
		t.Fatal(err)
	}
	return e.Array.LUT
}

// random is a model that the target takes, without categoricals of many states, which
// take Icarus long.
func random(n uint64) (*ir.Program, bool) {
	g := randmodel.Hardware(randmodel.Rand(n))
	for i := range g.Factors {
		g.Factors[i].Runtime = false
	}
	for _, v := range g.Vars {
		if v.States > 40 {
			return nil, false
		}
	}
	p, _ := pass.Lower(g)
	if p == nil {
		return nil, false
	}
	p.Hash = "00"
	return p, verilog.Check(emit.Request{Program: p}) == nil
}

// Verilator has no warning about the design.
func TestVerilator(t *testing.T) {
	verilator := testtool.Need(t, "verilator")
	for name, text := range corpus {
		p, _ := targettest.Parse(text)
		if out := hdl.Tool(t, hdl.Project(t, p), verilator, "--lint-only", "-Wall", "--top-module", name+"_pins", "-f", "rtl/files.f"); out != "" {
			t.Errorf("%s: verilator warns:\n%s", name, out)
		}
	}
}

// The RTL in Verilator equals the interpreter, too: of a torus, of mixed variables and of
// random models, all of them in one program, which runs the driver of each in its folder.
// Large tables take the compiler long, so that make test leaves them to make verilog-models.
func TestVerilatorModels(t *testing.T) {
	var models []*ir.Program
	for _, name := range []string{"torus", "mixed"} {
		p, _ := targettest.Parse(corpus[name])
		models = append(models, p)
	}
	for batch := range slices.Chunk(append(models, randoms(t, 3000)...), 32) {
		hdl.Verilator(t, batch)
	}
}

// The testbench says so where a bit differs.
func TestTestbenchFails(t *testing.T) {
	iverilog := testtool.Need(t, "iverilog")
	p, _ := targettest.Parse(corpus["chain"])
	dir := hdl.Project(t, p)
	name := filepath.Join(dir, "rtl", "chain_tile0.v")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte(" ^ p2[7]"), []byte(" ^ ~p2[7]"), 1)
	if err := os.WriteFile(name, text, 0o666); err != nil {
		t.Fatal(err)
	}
	hdl.Tool(t, dir, iverilog, "-g2005", "-s", "chain_tb", "-o", "tb.vvp", "-f", "rtl/files.f", "sim/chain_tb.v")
	if out := hdl.Tool(t, dir, "vvp", "tb.vvp"); !strings.Contains(out, "FAIL: ") {
		t.Errorf("a wrong cell passes: %s", out)
	}
}

// The same request gives the same bytes, and every source file says that it is
// generated.
func TestEmitIsDeterministic(t *testing.T) {
	p, _ := targettest.Parse(corpus["mixed"])
	a, err := verilog.Emit(emit.Request{Program: p})
	if err != nil {
		t.Fatal(err)
	}
	b, _ := verilog.Emit(emit.Request{Program: p})
	if len(a) != len(b) {
		t.Fatal("another number of files")
	}
	for i := range a {
		if a[i].Path != b[i].Path || !bytes.Equal(a[i].Data, b[i].Data) {
			t.Errorf("%s and %s differ", a[i].Path, b[i].Path)
		}
		head, _, _ := bytes.Cut(a[i].Data, []byte("\n"))
		if !bytes.Contains(head, []byte("Code generated by thrmlgen")) && !bytes.Contains(a[i].Data[:120], []byte("Code generated by thrmlgen")) {
			t.Errorf("%s begins with %s", a[i].Path, head)
		}
	}
}

// What cannot be mapped is refused with the reason.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"format: default", "write format: hardware"},
		{"format: {rng: lfl128, choice: threshold, budget: 0.1}", "truth table"},
		{"format: hardware\nruntime: true", "runtime weights"},
		{"format: hardware\nsample: {warmup: 1025, betas: {from: 0.5, to: 1, shape: linear}}", "at most 1024 different values"},
		{"format: hardware\nclamp: {s: 1}", "nothing to sample"},
	} {
		p, _ := targettest.Parse("model: m\nvariables: {s: {kind: spin, shape: [12]}}\nfactors: [{over: [s, s], edges: {complete: s}, weights: 0.1}]\n" + c.yaml)
		if err := verilog.Check(emit.Request{Program: p}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.yaml, err)
		}
	}
	p, _ := targettest.Parse("model: m\nvariables: {s: {kind: spin, shape: [3]}}\nfactors: [{over: [s, s], edges: {ring: s}, weights: 0.1}]\nformat: hardware\nsample: {warmup: 65, betas: {from: 0.5, to: 1, shape: linear}}")
	if err := verilog.Check(emit.Request{Program: p}); err == nil || !strings.Contains(err.Error(), "65 different values") || !strings.Contains(err.Error(), "write choice: noise") {
		t.Errorf("too many βs for truth tables: %v", err)
	}
	p, _ = targettest.Parse("model: m\nvariables: {s: {kind: spin, shape: [32769]}}\nfactors: [{over: [s, s], edges: {chain: s}, weights: 0.1}]\nformat: hardware")
	if err := verilog.Check(emit.Request{Program: p}); err == nil || !strings.Contains(err.Error(), "32769 nodes with 32769 bits are more than") {
		t.Errorf("too many nodes for the registers: %v", err)
	}
	p, _ = targettest.Parse("model: m\nvariables: {x: {kind: categorical, states: 3}}\nfactors: [{over: [x], index: all, weights: [0.3, 0, 1]}]\nformat: {rng: lfl128, choice: threshold}")
	if err := verilog.Check(emit.Request{Program: p}); err == nil || !strings.Contains(err.Error(), "choice: noise") {
		t.Errorf("a categorical with thresholds: %v", err)
	}
}

// Yosys proves every cell equal to its specification, netlists of cells and of a tile too, and
// the noise units equal to the alias method. A wrong weight, threshold, delay, column or
// look-up table is found.
func TestFormal(t *testing.T) {
	yosys := testtool.Need(t, "yosys")
	texts := maps.Clone(corpus)
	texts["quenched"] = quenched
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := targettest.Parse(text)
			dir := hdl.Project(t, p)
			if name == "chain" || name == "synchronous" {
				hdl.Tool(t, dir, "make", "formal") // with netlists
				return
			}
			hdl.Tool(t, dir, yosys, "-q", "-s", "formal/cells.ys")
			if p.Format.Noise && name != "cooled" { // Gumbel noise of several βs takes the solver long
				hdl.Tool(t, dir, yosys, "-q", "-s", "formal/noise.ys")
			}
		})
	}
	for _, c := range []struct{ model, script, file, from, to string }{
		{"chain", "cells", "formal/cells.v", "2'h1: p1 = 8'h", "2'h1: p1 = 8'h1 ^ 8'h"},
		{"chain", "cells", "formal/cells.v", "^ p1[7]", "^ ~p1[7]"},
		{"mixed", "cells", "formal/cells.v", " + z", " - z"},
		{"free", "cells", "formal/cells.v", "s_o <= set_i", "s_o <= ~set_i"},
		{"free", "noise", "rtl/free_gumbel.v", "rom[77] = 16'h", "rom[77] = 16'h1 ^ 16'h"},
		{"mixed", "noise", "rtl/mixed_logistic.v", "w2[15:8] < d2", "w2[15:8] <= d2"},
		{"quenched", "noise", "rtl/quenched_logistic.v", "rom[{b_i, w_i[7:0]}]", "rom[{1'b0, w_i[7:0]}]"}, // another β's table
		{"quenched", "noise", "rtl/quenched_logistic.v", "s3 <= s2;", "s3 <= s1;"},                        // low bits of the β of the next clock
		{"annealed", "cells", "formal/cells.v", "{b0[1], b0[0]", "{b0[0], b0[1]"},
		{"chain", "tile", "formal/tile.ys", "design -stash net", "setparam -set LUT_INIT 16'h6996 t:SB_LUT4\ndesign -stash net"},
	} {
		p, _ := targettest.Parse(texts[c.model])
		dir := hdl.Project(t, p)
		name := filepath.Join(dir, c.file)
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		wrong := bytes.Replace(text, []byte(c.from), []byte(c.to), 1)
		if bytes.Equal(wrong, text) {
			t.Errorf("%s has no %q", c.file, c.from)
		}
		if err := os.WriteFile(name, wrong, 0o666); err != nil {
			t.Fatal(err)
		}
		if c.script == "tile" {
			hdl.Tool(t, dir, "make", "build/cells_sim.v")
		}
		if out := fails(t, dir, yosys, "-q", "-s", "formal/"+c.script+".ys"); !strings.Contains(out, "proof did fail") && !strings.Contains(out, "unproven $equiv cells") {
			t.Errorf("%s with %q for %q:\n%s", c.model, c.to, c.from, out)
		}
	}
}

// The smallest part with room is found among all families.
func TestSmallestPart(t *testing.T) {
	for shape, want := range map[string]string{"[4, 4]": "iCE40 HX1K", "[8, 8]": "iCE40 HX4K", "[20, 20]": "XC7A35T", "[30, 40]": "XC7A100T"} {
		p, _ := targettest.Parse("model: m\nvariables: {s: {kind: spin, shape: " + shape + "}}\nfactors: [{over: [s, s], edges: {torus: s}, weights: {normal: [0, 0.5], seed: 1}}]\nformat: hardware")
		var estimates []*verilog.Estimate
		for _, f := range verilog.Families {
			e, err := verilog.NewEstimate(p, f)
			if err != nil {
				t.Fatal(err)
			}
			estimates = append(estimates, e)
		}
		name := ""
		if part := verilog.SmallestPart(estimates); part != nil {
			name = part.Name
		}
		if name != want {
			t.Errorf("%s: %q, not %q", shape, name, want)
		}
	}
}

// An array follows from its modules, tiles that are not mapped from those that are.
func TestExtrapolate(t *testing.T) {
	p, _ := targettest.Parse(corpus["tiles"])
	e, err := verilog.NewEstimate(p, verilog.FindFamily("xcup"))
	if err != nil {
		t.Fatal(err)
	}
	mapped := map[string]verilog.Resources{}
	for _, u := range e.Modules {
		mapped[u.Name] = u.Each
	}
	if got, tiles := e.Extrapolate(mapped); got != e.Array || tiles != 3 || e.Tiles() != 3 {
		t.Errorf("of its estimates: %+v of %d tiles, not %+v", got, tiles, e.Array)
	}
	one := mapped["tiles_tile1"]
	some := map[string]verilog.Resources{"tiles_tile1": {LUT: 2 * one.LUT, FF: one.FF}, "tiles_logistic": {LUT: 1, RAM: 2}}
	want := e.Array
	for _, u := range e.Modules {
		switch {
		case u.Tile:
			want.LUT += u.Each.LUT
		case u.Name == "tiles_logistic":
			want = want.Plus(u.Each, -u.Count).Plus(some[u.Name], u.Count)
		}
	}
	if got, tiles := e.Extrapolate(some); got != want || tiles != 1 {
		t.Errorf("of one tile of twice its estimate: %+v of %d tiles, not %+v", got, tiles, want)
	}
}
