package conformance

import (
	"math"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/internal/goldentest"
)

// TestStationary: π P = π for the exact law π and the sweep of the program's own
// conditionals, up to the printed bound of a probability. No randomness.
func TestStationary(t *testing.T) {
	used := 0.0
	for _, m := range lawModels(t) {
		if m.graph.Synchronous {
			continue // its stationary law is not the Boltzmann law
		}
		p := lower(t, m.graph)
		k, err := Kernel(m.graph, p, p.Beta)
		if err != nil {
			t.Fatal(err)
		}
		law, err := exact.Enumerate(m.graph)
		if err != nil {
			t.Fatal(err)
		}
		tv, allowed := exact.TotalVariation(k.Step(law.P), law.P), errorOfSweep(p)
		used = max(used, tv/allowed)
		if tv > allowed {
			t.Errorf("%s: a sweep moves the exact law by %v, its bound allows %v", m.name, tv, allowed)
		}
		// Without the number format it is an identity.
		plain, err := exact.SweepKernel(m.graph)
		if err != nil {
			t.Fatal(err)
		}
		if tv := exact.TotalVariation(plain.Step(law.P), law.P); tv > 1e-13 {
			t.Errorf("%s: a float64 sweep moves the exact law by %v", m.name, tv)
		}
	}
	t.Logf("at most %.2f of the allowance is used", used)
	if used < 0.01 {
		t.Errorf("at most %v of the allowance is used: it says nothing", used)
	}
}

// TestConditionals compares each conditional of every model with the float64 one,
// in every configuration of the node's neighbours: none is off by more than the
// printed bound.
func TestConditionals(t *testing.T) {
	graphs := map[string]*graph.Graph{}
	for _, name := range goldentest.Names() {
		graphs[name] = goldentest.Load(t, name).Graph
	}
	for _, m := range lawModels(t) {
		graphs[m.name] = m.graph
	}
	compared, used := 0, 0.0
	for name, g := range graphs {
		p := lower(t, g)
		quantised, err := Conditional(p, p.Beta)
		if err != nil {
			t.Fatal(err)
		}
		given := exact.Conditional(g)
		state := lowest(g)
		near := neighbours(g)
		for node := range g.Nodes {
			if testing.Short() && node >= 40 {
				break
			}
			each(g, near[node], state, func() {
				want := given(node, state)
				for k, got := range quantised(node, state) {
					compared++
					off := math.Abs(got - want[k])
					used = max(used, off/p.Format.Bound)
					if off > p.Format.Bound {
						t.Fatalf("%s, node %d: P(%d) = %v, want %v within %v", name, node, k, got, want[k], p.Format.Bound)
					}
				}
			})
		}
	}
	t.Logf("%d probabilities, at most %.2f of the bound is used", compared, used)
	if used < 0.3 {
		t.Errorf("at most %v of the bound is used: it says nothing", used)
	}
}

// neighbours lists the nodes that share a row with each node.
func neighbours(g *graph.Graph) [][]int32 {
	near := make([][]int32, g.Nodes)
	seen := map[[2]int32]bool{}
	for i := range g.Factors {
		f := &g.Factors[i]
		n := len(f.Slots)
		for r := range f.Rows {
			row := f.Index[r*n : (r+1)*n]
			for _, a := range row {
				for _, b := range row {
					if a != b && !seen[[2]int32{a, b}] {
						seen[[2]int32{a, b}] = true
						near[a] = append(near[a], b)
					}
				}
			}
		}
	}
	return near
}

// each calls f with every configuration of some nodes, clamped ones held, and
// leaves the state as it was.
func each(g *graph.Graph, nodes []int32, state []int32, f func()) {
	if len(nodes) == 0 {
		f()
		return
	}
	node := nodes[0]
	kept := state[node]
	values := []int32{-1, 1}
	if kind, states := variable(g, node); kind == graph.Categorical {
		values = values[:0]
		for v := range states {
			values = append(values, int32(v))
		}
	}
	for _, c := range g.Clamps {
		for _, held := range c.Nodes {
			if held == node {
				values = []int32{kept}
			}
		}
	}
	for _, v := range values {
		state[node] = v
		each(g, nodes[1:], state, f)
	}
	state[node] = kept
}
