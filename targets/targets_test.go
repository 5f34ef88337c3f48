package targets_test

import (
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/targets"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

// Every target is found by its name and emits a model.
func TestTargets(t *testing.T) {
	p := targettest.Random(0)
	for _, x := range targets.All() {
		found, err := targets.Find(x.Name)
		if err != nil || found.Name != x.Name {
			t.Fatalf("%s: %v", x.Name, err)
		}
		r := emit.Request{Program: p}
		if x.Name == "verilog" {
			r.Program, _ = targettest.Parse("model: m\nvariables: {s: {kind: spin, shape: [4]}}\nfactors: [{over: [s, s], edges: {ring: s}, weights: 1}]\nformat: hardware")
		}
		if err := x.Check(r); err != nil {
			t.Errorf("%s: %v", x.Name, err)
		}
		if files, err := x.Emit(r); err != nil || len(files) == 0 {
			t.Errorf("%s: %d files, %v", x.Name, len(files), err)
		}
	}
	if _, err := targets.Find("abacus"); err == nil || !strings.Contains(err.Error(), "go") {
		t.Errorf("an unknown target: %v", err)
	}
}
