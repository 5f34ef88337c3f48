package golang_test

import (
	"bytes"
	"go/format"
	"regexp"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

func checkFormat(t *testing.T, name string, src []byte) {
	t.Helper()
	want, err := format.Source(src)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if !bytes.Equal(src, want) {
		t.Errorf("%s is not as gofmt writes it", name)
	}
}

func emitted(t *testing.T, r emit.Request) map[string]string {
	t.Helper()
	files, err := golang.Emit(r)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files {
		if _, ok := out[f.Path]; ok {
			t.Errorf("%s is emitted twice", f.Path)
		}
		out[f.Path] = string(f.Data)
	}
	return out
}

// The same request gives the same bytes, and every Go file carries the mark that
// tools look for.
func TestEmitIsPure(t *testing.T) {
	mark := regexp.MustCompile(`^// Code generated .* DO NOT EDIT\.\n`)
	for n := uint64(0); n < 30; n++ {
		p := targettest.Random(n)
		if p == nil {
			continue
		}
		r := emit.Request{Program: p, Groups: []emit.Group{{Name: "all", Nodes: []int32{0}}}}
		a, b := emitted(t, r), emitted(t, r)
		for name, text := range a {
			if b[name] != text {
				t.Errorf("model %d: %s differs from one emission to the next", n, name)
			}
			if strings.HasSuffix(name, ".go") && !mark.MatchString(text) {
				t.Errorf("model %d: %s has no mark", n, name)
			}
		}
	}
}

// A reader can check an update and its weights against the model by name.
func TestUpdatesNameNeighbours(t *testing.T) {
	p, _ := targettest.Parse(`
model: chain
variables: {k: {kind: categorical, states: 2}, s: {kind: spin, shape: [4]}}
factors:
  - {over: [s], index: [[1]], weights: -0.5}
  - {over: [s, s], index: [[2, 1], [0, 1], [2, 3]], weights: [0.25, 1.0, -1.0]}
  - {over: [s, s, s], index: [[0, 3, 1]], weights: 2.0}
blocks: ["s[0]", "s[1:3:2]", "s[2]", "s[3]", k]
format: {fraction: 4, budget: 0.5}
`)
	f := emitted(t, emit.Request{Program: p})
	for _, want := range []string{
		"\t// s[1] = node 2, slot 16: s[2] s[0] s[0]·s[3]\n\tst[1] = c.Spin(16, st[1], st[2], st[0], Product(st[0], st[3]), 0)\n",
		"\tc.Category(64)\n",
	} {
		if !strings.Contains(f["update_000.go"], want) {
			t.Errorf("updates lack\n%s\nin\n%s", want, f["update_000.go"])
		}
	}
	if want := "\t// s[1]: s[2] s[0] s[0]·s[3]\n\tf.Spin(16, -8, 4, 16, 32)\n"; !strings.Contains(f["fields_000.go"], want) {
		t.Errorf("fields lack\n%s\nin\n%s", want, f["fields_000.go"])
	}
}

// What is written out is bounded: beyond the budget, for parallel dynamics and
// for dense graphs there is no straight-line code, and runtime weights are not
// stated.
func TestBudget(t *testing.T) {
	ring := `
model: ring
variables: {s: {kind: spin, shape: [40]}}
factors: [{over: [s, s], edges: {ring: s}, weights: 1.0 EXTRA}]
`
	for _, c := range []struct {
		extra, after    string
		r               emit.Request
		updates, fields bool
	}{
		{"", "", emit.Request{}, true, true},
		{"", "", emit.Request{Unroll: 40}, true, true},
		{"", "", emit.Request{Unroll: 39}, false, false},
		{"", "", emit.Request{Unroll: -1}, false, false},
		{", runtime: true", "", emit.Request{}, true, false},
		{"", "synchronous: true\nblocks: [s]\n", emit.Request{}, false, false},
	} {
		c.r.Program, _ = targettest.Parse(strings.Replace(ring, " EXTRA", c.extra, 1) + c.after)
		f := emitted(t, c.r)
		if f["update_000.go"] != "" != c.updates || f["fields_000.go"] != "" != c.fields {
			t.Errorf("%+v: updates %v, fields %v", c, f["update_000.go"] != "", f["fields_000.go"] != "")
		}
	}
	dense, _ := targettest.Parse("model: dense\nvariables: {s: {kind: spin, shape: [400]}}\nfactors: [{over: [s, s], index: pairs, weights: 0.01}]\n")
	if f := emitted(t, emit.Request{Program: dense, Unroll: 400}); f["update_000.go"] != "" {
		t.Error("a complete graph of 400 spins is written out")
	}
}

// Names that could carry anything but a name into code are refused.
func TestRefused(t *testing.T) {
	good := func() *ir.Program {
		p, _ := targettest.Parse("model: m\nvariables: {s: {kind: spin, shape: [2]}}\nfactors: [{over: [s], index: all, weights: 1.0}]\n")
		return p
	}
	for name, change := range map[string]func(r *emit.Request){
		"model":         func(r *emit.Request) { r.Program.Model = "m\npackage x" },
		"hash":          func(r *emit.Request) { r.Program.Hash = "*/" },
		"variable":      func(r *emit.Request) { r.Program.Vars[0].Name = "S" },
		"factor":        func(r *emit.Request) { r.Program.Factors[0].Name = "a b" },
		"group":         func(r *emit.Request) { r.Groups = []emit.Group{{Name: "g-h"}} },
		"group node":    func(r *emit.Request) { r.Groups = []emit.Group{{Name: "g", Nodes: []int32{2}}} },
		"package":       func(r *emit.Request) { r.Package = "type" },
		"package path":  func(r *emit.Request) { r.Package = "a/b" },
		"runtime":       func(r *emit.Request) { r.Runtime = "vendor" },
		"wrong program": func(r *emit.Request) { r.Program.Sweep[0][0].Nodes[0] = 7 },
	} {
		r := emit.Request{Program: good()}
		change(&r)
		if _, err := golang.Emit(r); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
