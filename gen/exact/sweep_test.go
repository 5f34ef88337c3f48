package exact

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/thrmlgen/thrmlgen/gen/graph"
)

// TestStationary: πP = π on random models, whose sweeps visit one node a block.
func TestStationary(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 20 {
		g := randomModel(r)
		law, err := Enumerate(g)
		if err != nil {
			t.Fatal(err)
		}
		k, err := SweepKernel(g)
		if err != nil {
			t.Fatal(err)
		}
		if d := TotalVariation(law.P, k.Step(law.P)); d > 1e-12 {
			t.Fatalf("one sweep moves the law by %g", d)
		}
	}
}

// TestSnapshot: two coupled spins in one superblock (synchronous) read each
// other as they were; the kernel is the product of the two conditionals.
func TestSnapshot(t *testing.T) {
	g := ising(1, 2, [][2]int32{{0, 1}}, []float64{0.8})
	g.Synchronous = true
	g.Blocks = [][]graph.Block{{{Nodes: []int32{0}}, {Nodes: []int32{1}}}}
	k, err := SweepKernel(g)
	if err != nil {
		t.Fatal(err)
	}
	same := 1 / (1 + math.Exp(-1.6)) // P(spin = the other's old value)
	got := k.After([]int32{1, -1}, 1)
	for x, want := range []float64{same * (1 - same), same * same, (1 - same) * (1 - same), same * (1 - same)} {
		near(t, "P", got[x], want, 1e-15)
	}
	// One after the other is another kernel, whose second spin reads the first anew.
	g.Blocks = [][]graph.Block{g.Blocks[0][:1], g.Blocks[0][1:]}
	if k, err = SweepKernel(g); err != nil {
		t.Fatal(err)
	}
	got = k.After([]int32{1, -1}, 1)
	for x, want := range []float64{same * same, same * (1 - same), (1 - same) * (1 - same), (1 - same) * same} {
		near(t, "P in turn", got[x], want, 1e-15)
	}
}

// TestCallersConditionals: a kernel from conditionals that are off by a known
// amount has the stationary law that linear algebra finds, not the model's.
func TestCallersConditionals(t *testing.T) {
	g := ising(1, 3, [][2]int32{{0, 1}, {1, 2}}, []float64{0.5, -0.7})
	g.Blocks = [][]graph.Block{{{Nodes: []int32{0, 2}}}, {{Nodes: []int32{1}}}}
	exact := Conditional(g)
	k, err := SweepKernelOf(g, func(node int, state []int32) []float64 {
		p := math.Round(exact(node, state)[1]*16) / 16
		return []float64{1 - p, p}
	})
	if err != nil {
		t.Fatal(err)
	}
	n := k.Size()
	// Solve π(P - 1) = 0, Σπ = 1.
	system, right := mat.NewDense(n+1, n, nil), mat.NewVecDense(n+1, nil)
	for x := range n {
		start := make([]float64, n)
		start[x] = 1
		for y, p := range k.Step(start) {
			system.Set(y, x, p)
		}
		system.Set(x, x, system.At(x, x)-1)
		system.Set(n, x, 1)
	}
	right.SetVec(n, 1)
	var pi mat.VecDense
	if err := pi.SolveVec(system, right); err != nil {
		t.Fatal(err)
	}
	if d := TotalVariation(pi.RawVector().Data, k.After([]int32{-1, -1, -1}, 200)); d > 1e-12 {
		t.Errorf("200 sweeps are %g from the stationary law", d)
	}
	law, err := Enumerate(g)
	if err != nil {
		t.Fatal(err)
	}
	if d := TotalVariation(pi.RawVector().Data, law.P); d < 1e-3 {
		t.Errorf("conditionals rounded to 1/16 left the law within %g", d)
	}
}
