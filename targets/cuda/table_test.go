package cuda_test

import (
	"strings"
	"testing"

	target "github.com/thrmlgen/thrmlgen/targets/cuda"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

// Sweeps hold the updates in float32 that nodes of the model have, and no others.
func TestUpdatesOfModel(t *testing.T) {
	parts := []string{"float_spin_value(", "float_category(", "Gaussian g(", "truncated(g.mean", "stepped_update(", ": slope", ": energy\n    const float"}
	for _, x := range []struct{ name, has string }{ // a letter for each part, or -
		{"mala", "-----s-"},
		{"langevin", "s----s-"},
		{"networks_hmc", "sc---s-"},
		{"networks_single", "sc--tse"},
		{"hmc", "sc--tse"},
		{"steps", "s-g-tse"},
		{"numbers", "scgr---"},
		{"numbers_together", "s-g----"},
		{"ars", "-------"},
	} {
		p, _ := targettest.Parse(corpus[x.name])
		k, err := target.New(emit.Request{Program: p, Kernel: "table"})
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range parts {
			if want := x.has[i] != '-'; strings.Contains(string(k.Source), part) != want {
				t.Errorf("%s: %q is there: %v, want %v", x.name, part, !want, want)
			}
		}
	}
}
