package sampling_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

// layers is a machine whose blocks are layers of 70 and 18 spins (a rest of 2), with
// weights so large that lines do not serve at the last β.
func layers(format string, scale float64) *ir.Program {
	p, _ := targettest.Parse(fmt.Sprintf(`
model: layers
variables: {v: {kind: spin, shape: [70]}, h: {kind: spin, shape: [18]}}
factors:
  - {name: a, over: [v], index: all, weights: {normal: [0, 1], seed: 1}}
  - {name: w, over: [v, h], index: pairs, weights: {normal: [0, %v], seed: 3}}
runtime: true
format: {range: 64%s}
blocks: [v, h]
`, scale, format))
	return p
}

// TestLayers holds that blocks of one layer, which have a kernel of their own, give
// the interpreter's states: for words that are full and not, several tiles and threads,
// numbers of digits, fields for which the tables of cells serve and do not, β that
// change, nodes that are clamped. Once with the tables of small layers, once with those
// of the kernel for large ones.
func TestLayers(t *testing.T) {
	testLayers(t)
	defer sampling.SetLayerCache(sampling.SetLayerCache(0))
	testLayers(t)
	testLayersClamped(t)
}

func testLayers(t *testing.T) {
	for i, format := range []string{"", ", threshold_bits: 16", ", threshold_bits: 9, budget: 0.9", ", fraction: 9, budget: 0.9", ", fraction: 20"} {
		for k, chains := range []int{1, 50, 64, 129} {
			p := layers(format, []float64{0.02, 0.3, 6}[(i+k)%3])
			compare(t, uint64(10*i+k), p, chains, 1+k%3, vector.Kernel(k%2))
			if t.Failed() {
				return
			}
		}
	}
	p := layers("", 0.5)
	const chains = 70
	oracle, err := interp.New(p, chains, 3)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: chains, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	oracle.Init()
	for _, beta := range []float64{1, 1e-7, 0, 40, 1e6, 0.5} {
		if err := oracle.SetBeta(beta); err != nil {
			t.Fatal(err)
		}
		if err := s.SetBeta(beta); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := oracle.Sweep(); err != nil {
				t.Fatal(err)
			}
			s.Sweep()
		}
		if same(t, 0, 0, p, oracle, s); t.Failed() {
			t.Fatalf("β %v", beta)
		}
	}
}

// TestLayersClamped: hidden spins that are clamped at what they would have become
// change no other one.
func TestLayersClamped(t *testing.T) { testLayersClamped(t) }

func testLayersClamped(t *testing.T) {
	const chains = 50
	m := golang.Model(layers("", 0.3))
	free, err := sampling.NewSampler(m, sampling.Options{Chains: chains, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	held, err := sampling.NewSampler(m, sampling.Options{Chains: chains, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	for _, nodes := range [][]int32{{70, 71, 72, 73}, {71}, {70, 87}, {86, 87}} {
		free.Sweep()
		c := sampling.Clamp{Nodes: nodes, Chains: chains}
		for chain := range chains {
			for _, n := range nodes {
				c.Values = append(c.Values, free.Value(int(n), chain))
			}
		}
		held.SampleBlock(0)
		if err := held.SetClamp(c); err != nil {
			t.Fatal(err)
		}
		held.SampleBlock(1)
		if !slices.Equal(held.AppendPacked(nil), free.AppendPacked(nil)) {
			t.Fatalf("with %v clamped the others differ", nodes)
		}
		held.Unclamp(nodes)
	}
}
