package graph

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
)

// hashEdges is the SHA-256 of the lines "a b".
func hashEdges(edges [][2]int32) string {
	h := sha256.New()
	for _, e := range edges {
		fmt.Fprintf(h, "%d %d\n", e[0], e[1])
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// Counts and hashes are those of the graphs that dwave_networkx 0.8.19 builds,
// its nodes numbered in the order of their linear labels. labels is the first
// half of the SHA-256 of these labels, one a line.
func TestHardwareGraphs(t *testing.T) {
	for _, c := range []struct {
		name                    string
		built                   built
		nodes, edges, maxDegree int
		colours                 int
		hash, labels            string
	}{
		{"pegasus 2", topo(Pegasus(2)), 40, 164, 13, 4, "2284171da294a69321898cacdd9b8434b685a82aefeec2c2986fe3f8c5320ae0", "ba89ebe50bc562a1"},
		{"pegasus 3", topo(Pegasus(3)), 128, 704, 14, 4, "285aac9f4057bdb8b6558d7f1ce8523642d6a08ef13d7518a5e023f776f358ed", "8ede66afe8e92db7"},
		{"pegasus 4", topo(Pegasus(4)), 264, 1604, 15, 4, "b566f2589ce8adb99847c9305785db34436e0422b4ddc8859378df40ed7810c6", "8f7994969e3a8f86"},
		{"pegasus 6", topo(Pegasus(6)), 680, 4484, 15, 4, "393cb9a4131704148ba1760a1e43ed3a54b696bb97e35d061cdb82ebbe5074eb", "3eb3cd9eb6aac335"},
		{"pegasus 14", topo(Pegasus(14)), 4264, 30404, 15, 4, "6b4497e846f96fdf466cc1597c3c13e906e859a7c6f6ba373b49056669defc3c", "5bb910ce9c67fb9a"},
		{"pegasus 16", topo(Pegasus(16)), 5640, 40484, 15, 4, "5981f9cf25a03c47c499edc92080f5edf0ad9a4f2e64372960c0e83abc7ccd90", "453ecaed2efe7fdb"},
		{"chimera 1,1,4", topo(Chimera(1, 1, 4)), 8, 16, 4, 2, "54d98cb3e31d082fe61f41984dc50c1ac6ba112202da16f75d2e7ddfb93a8e09", "d59784813bbf8e9a"},
		{"chimera 4,4,4", topo(Chimera(4, 4, 4)), 128, 352, 6, 2, "e8e93a7119dbada8b1d50bc4cd1cb868ae220c30719a6ba7324e8e6d68aa0d03", "1abb39224f606036"},
		{"chimera 2,3,2", topo(Chimera(2, 3, 2)), 24, 38, 4, 2, "b2d5c7985725ef9c014583eab1253cc9ba6570a4a8b8cbc2c27b3e8599a9338b", "06170b1d767d2bad"},
		{"chimera 3,2,1", topo(Chimera(3, 2, 1)), 12, 13, 3, 2, "041e92248e6c824627ad40aea4387d3a832abb4f195675f4eaaaf5d7ac37e588", "727d1b30a951d734"},
		{"chimera 16,16,4", topo(Chimera(16, 16, 4)), 2048, 6016, 6, 2, "2edf8b6b853d8456e99efabc473554dba9c3604cb2a4f2bafb2b1a89cf05891c", "3f79374c0bc8fc27"},
		{"zephyr 1,4", topo(Zephyr(1, 4)), 48, 280, 17, 4, "609b8e18843c661be8d94c2cfd9a6da9ecef79bf9c29f80ffce2d12a2e5e4bcf", "f72b25a5ad84877f"},
		{"zephyr 2,4", topo(Zephyr(2, 4)), 160, 1224, 19, 4, "5f6b01c13bd5e6c2655a467fb66b4a1d499d92043e5f8b618f539960f7caf1da", "09d1958b6e83b4d5"},
		{"zephyr 12,4", topo(Zephyr(12, 4)), 4800, 45864, 20, 4, "ef22ee5f626012490211d16216a7dc50af4c7f5a09470bc2f370429121f3a0b5", "375ec9b29f762242"},
		{"zephyr 3,2", topo(Zephyr(3, 2)), 168, 828, 12, 4, "7b5bcc343ea2ca98e67c7fa1138bd78d47b6e70cbe5ac665665d639303cb708a", "eea59fc0c749840f"},
	} {
		t.Run(c.name, func(t *testing.T) {
			top := mustTopology(t, c.built.top, c.built.err)
			adj := adjacency(t, top)
			if top.Nodes != c.nodes || len(top.Edges) != c.edges || adj.MaxDegree() != c.maxDegree {
				t.Errorf("%d nodes, %d edges, degree ≤ %d; want %d, %d, %d",
					top.Nodes, len(top.Edges), adj.MaxDegree(), c.nodes, c.edges, c.maxDegree)
			}
			if got := hashEdges(top.Edges); got != c.hash {
				t.Errorf("edges have hash %s, want %s", got, c.hash)
			}
			labels := sha256.New()
			for i := range top.Nodes {
				linear, _ := top.Published(i)
				fmt.Fprintln(labels, linear)
			}
			if got := fmt.Sprintf("%x", labels.Sum(nil))[:16]; got != c.labels {
				t.Errorf("linear labels have hash %s, want %s", got, c.labels)
			}
			if _, n := Colour(adj, top.Colours); n != c.colours {
				t.Errorf("%d colours, want %d", n, c.colours)
			}
		})
	}
}

// Coordinates and linear labels belong together by the published formulas, and
// the closed-form colours are those of the coordinates.
func TestHardwareCoordinates(t *testing.T) {
	p, err := Pegasus(4)
	mustTopology(t, p, err)
	z, err := Zephyr(3, 2)
	mustTopology(t, z, err)
	c, err := Chimera(2, 3, 4)
	mustTopology(t, c, err)
	for i := range p.Nodes {
		linear, at := p.Published(i)
		if want := ((at[0]*4+at[1])*12+at[2])*3 + at[3]; linear != want {
			t.Fatalf("pegasus %v has label %d, want %d", at, linear, want)
		}
		if want := int32(2*at[0] + (at[2]^at[3])&1); p.Colours[i] != want {
			t.Fatalf("pegasus %v has colour %d, want %d", at, p.Colours[i], want)
		}
	}
	for i := range z.Nodes {
		linear, at := z.Published(i)
		if want := (((at[0]*7+at[1])*2+at[2])*2+at[3])*3 + at[4]; linear != want {
			t.Fatalf("zephyr %v has label %d, want %d", at, linear, want)
		}
		if want := int32((2*at[0] + at[1] + 2*at[4] + at[3]) & 3); z.Colours[i] != want {
			t.Fatalf("zephyr %v has colour %d, want %d", at, z.Colours[i], want)
		}
	}
	for i := range c.Nodes {
		linear, at := c.Published(i)
		if want := ((at[0]*3+at[1])*2+at[2])*4 + at[3]; linear != want {
			t.Fatalf("chimera %v has label %d, want %d", at, linear, want)
		}
	}
}

// On Pegasus-14 the four closed-form colours are equally frequent.
func TestPegasus14Balance(t *testing.T) {
	top, err := Pegasus(14)
	mustTopology(t, top, err)
	count := make([]int, 4)
	for _, c := range top.Colours {
		count[c]++
	}
	if !slices.Equal(count, []int{1066, 1066, 1066, 1066}) {
		t.Errorf("colours occur %v times", count)
	}
}
