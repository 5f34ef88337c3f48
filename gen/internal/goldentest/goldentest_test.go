package goldentest

import "testing"

// TestLoad builds every case and checks what other tests rely on.
func TestLoad(t *testing.T) {
	for _, name := range Names() {
		c := Load(t, name)
		if c.Graph == nil || c.Graph.Nodes == 0 || len(c.Graph.Factors) == 0 {
			t.Fatalf("%s: an empty graph", name)
		}
		seen := make([]bool, c.Graph.Nodes)
		for _, blocks := range c.Graph.Blocks {
			for _, b := range blocks {
				for _, node := range b.Nodes {
					if seen[node] {
						t.Errorf("%s: node %d is in two blocks", name, node)
					}
					seen[node] = true
				}
			}
		}
		for _, clamp := range c.Graph.Clamps {
			for _, node := range clamp.Nodes {
				seen[node] = true
			}
		}
		for node, ok := range seen {
			if !ok {
				t.Errorf("%s: node %d is in no block and not clamped", name, node)
			}
		}
	}
	if c := Load(t, "schedule"); c.Graph != nil || Read(t, "schedule", "expected.json") == nil {
		t.Error("schedule has figures and no model")
	}
	if g := Load(t, "potts20x20_q5").Graph; g.Factors[0].Rows != 760 || g.Edges != 760 || g.MaxDegree != 4 {
		t.Errorf("potts20x20_q5: %d rows, %d edges", g.Factors[0].Rows, g.Edges)
	}
	if c := Load(t, "mixed_nonsquare_clamped"); len(c.Graph.Clamps) != 1 || c.State([]int{1, 0, 1, 2, 1, 3, 3})[1] != -1 {
		t.Error("mixed_nonsquare_clamped: clamp or state lost")
	}
}
