package sampling_test

import (
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// FuzzReference: a reference names nodes that there are, or is refused; the name
// of a node leads back to it.
func FuzzReference(f *testing.F) {
	vars := codecModel().Vars
	m := codecModel()
	for _, ref := range []string{"s[0,0]", "s[1, 0]", "b", "x[1]", "s", "s[:,0]", "s[0:2:1,[0, 1]]", "x[[1,1,0]]", "s[", "s[]", "[", "x[1]]", "s[-1,0]", "s[9999999999999999999,0]", "x[::]", ""} {
		f.Add(ref)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		testtool.Bounded(t, func() {
			if n, err := sampling.NodeIndex(vars, ref); err == nil {
				if n < 0 || n >= m.Nodes {
					t.Fatalf("%q is node %d of %d", ref, n, m.Nodes)
				}
				if back, err := sampling.NodeIndex(vars, m.NodeName(n)); err != nil || back != n {
					t.Errorf("%q is node %d, whose name %s is node %d, %v", ref, n, m.NodeName(n), back, err)
				}
			}
			nodes, err := sampling.NodeIndices(vars, ref)
			for _, n := range nodes {
				if err == nil && (n < 0 || int(n) >= m.Nodes) {
					t.Fatalf("%q has node %d of %d", ref, n, m.Nodes)
				}
			}
		})
	})
}
