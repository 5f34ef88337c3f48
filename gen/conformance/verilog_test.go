package conformance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/internal/goldentest"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/targettest/hdl"
	"github.com/thrmlgen/thrmlgen/targets/verilog"
)

// notArrays are the discrete models that the target verilog refuses, with what it says.
var notArrays = map[string]string{
	"law_K = 40":                        "no fraction keeps the budget",
	"law_K = 300":                       "no fraction keeps the budget",
	"law_xoshiro128++, wide interleave": "x is categorical and the rule is threshold",
	"ready_g11":                         "8000 different values",
}

// arrays are the discrete models that there are as arrays: the reference cases, those of
// this package, and those of the folder models. One whose format has no generator for
// hardware takes format: hardware.
func arrays(t *testing.T) (all []*ir.Program) {
	t.Helper()
	models := map[string]*graph.Graph{}
	for _, name := range goldentest.Names() {
		models["golden_"+name] = goldentest.Load(t, name).Graph
	}
	for _, m := range small {
		models["law_"+m.name] = build(t, m.name, []byte(m.yaml))
	}
	files, err := filepath.Glob("../../models/*.yaml")
	if err != nil || len(files) < 16 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".yaml")
		g := ready(t, name)
		if !slices.ContainsFunc(g.Vars, func(v graph.Variable) bool { return v.Kind == graph.Continuous }) {
			models["ready_"+name] = g
		}
	}
	for name, g := range models {
		p, err := array(g)
		if want := notArrays[name]; err == nil && want == "" {
			p.Model = strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune("_ ,=+", r) }), "_")
			all = append(all, p)
		} else if err == nil || want == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s as an array: %v, not %q", name, err, want)
		}
	}
	slices.SortFunc(all, func(a, b *ir.Program) int { return strings.Compare(a.Model, b.Model) })
	return all
}

// array is the program of a model that the target verilog takes.
func array(g *graph.Graph) (*ir.Program, error) {
	p, problems := pass.Lower(g)
	if problems.Err() == nil && p.Stream.Generator == "" {
		g.Format = graph.Format{Profile: "hardware"}
		p, problems = pass.Lower(g)
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	p.Hash = "00"
	return p, verilog.Check(emit.Request{Program: p})
}

// large says whether a model takes Icarus long.
func large(p *ir.Program) bool { return p.Nodes > 100 }

// In Icarus, the RTL of the models equals the interpreter in the states of all chains after
// every sweep.
func TestArrays(t *testing.T) {
	for _, p := range arrays(t) {
		if !large(p) {
			t.Run(p.Model, func(t *testing.T) { hdl.Icarus(t, hdl.Project(t, p), p.Model) })
		}
	}
}

// It does in Verilator, which has no warning about it: small models in one program, each large
// one in its own.
func TestArraysVerilator(t *testing.T) {
	if os.Getenv("THRML_VERILOG_MODELS") == "" {
		t.Skip("make verilog-models does this, in a minute of CPU for the small models and more for the others")
	}
	var small []*ir.Program
	for _, p := range arrays(t) {
		if !large(p) {
			small = append(small, p)
			continue
		}
		t.Run(p.Model, func(t *testing.T) { hdl.Verilator(t, []*ir.Program{p}) })
	}
	t.Run("small", func(t *testing.T) { hdl.Verilator(t, small) })
}
