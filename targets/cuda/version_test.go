package cuda_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/device"
	target "github.com/thrmlgen/thrmlgen/targets/cuda"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

// Kernels of new weights are those that are made from scratch: words in place in the table
// kernel, others with rounding by groups, in two sizes of sums, and in kernels whose words
// hang on weights; with baked weights beside them.
func TestVersions(t *testing.T) {
	const model = `model: v
variables: {s: {kind: spin, shape: [5, 4]}, k: {kind: spin}}
factors:
  - {name: h, over: [s], index: all, weights: {normal: [0, 0.5], seed: 3}, runtime: true}
  - {name: baked, over: [s, k], index: [[1, 0], [3, 0]], weights: [0.5, -0.25]}
  - {name: j, over: [s, s], edges: {grid: s}, weights: 0.3, runtime: true}
`
	for name, format := range map[string]string{
		"table":  "",
		"wide":   "format: {fraction: 34, budget: 0.9}\n",
		"groups": "format: {group: 3, budget: 0.9}\n",
		"swar":   "format: {fraction: 6, range: 2, threshold_bits: 16, budget: 0.9}\n",
	} {
		p, _ := targettest.Parse(model + format)
		versions := target.Versions{Program: p}
		v := device.Version{Chains: 5, Seed: 3, LeastBeta: p.Beta, Clamped: []int32{2}, Weights: make([][]float64, len(p.Factors))}
		for i, change := range []func(){
			func() {},
			func() { v.Weights[0] = slices.Repeat([]float64{0.625}, 20) },
			func() { v.Weights[0], v.Weights[2] = slices.Repeat([]float64{-1.5}, 20), []float64{-0.7} },
			func() { v.Clamped = []int32{2, 7} },
			func() { v.Weights[2] = []float64{1.25} },
		} {
			change()
			now := v
			now.Weights = slices.Clone(v.Weights)
			_, k, err := versions.Kernels(&now)
			if err != nil {
				t.Fatal(err)
			}
			fresh := target.Versions{Program: p}
			_, want, err := fresh.Kernels(&now)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(k.Source, want.Source) || !slices.Equal(k.Words.List, want.Words.List) {
				t.Errorf("%s, kernel %s: version %d has other words than one from scratch", name, k.Layout.Kernel, i)
			}
			if i == 2 && (name == "swar") != (k.Layout.Kernel != "table") {
				t.Errorf("%s: kernel %s", name, k.Layout.Kernel)
			}
		}
	}
}
