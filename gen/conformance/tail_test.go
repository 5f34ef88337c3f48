package conformance

import (
	"fmt"
	"math"
	"math/bits"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/exact"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// TestTail counts rare values. Spins in fields of their own are drawn anew in
// every sweep, so chains × sweeps are independent draws; the less likely value has
// probability σ(-x) from one half down to e^-15, beyond the first digit of 16 bits.
// Each share is held against the program's own probability: of 10 million draws
// errors of 0.0014 at one half and of half the value at e^-11 would be seen, and a
// tail that ends with the first digit. Categoricals with one state that is so rare
// are counted in the same way. |z| > 6 has probability 2e-9.
//
// The program's own probability of a spin is exact beyond the threshold table, but
// for the rounded weight (1 in 1000), and within the printed bound before.
func TestTail(t *testing.T) {
	var x, rare []string
	const spins = 32
	for i := range spins {
		field := 15.0 * float64(i) / (spins - 1)
		if i%2 == 1 {
			field = -field // so that both values are the rare one
		}
		x = append(x, fmt.Sprint(field/2))
	}
	for i := range 12 {
		rare = append(rare, fmt.Sprintf("[%d, 0.0, %v]", i, float64(i)/2))
	}
	g := build(t, "tail", []byte(`
model: tail
variables: {s: {kind: spin, shape: [32]}, x: {kind: categorical, states: 3, shape: [12]}}
factors:
  - {over: [s], index: all, weights: [`+strings.Join(x, ", ")+`]}
  - {over: [x], index: all, weights: [`+strings.Join(rare, ", ")+`]}
`))
	chains, sweeps := 1<<15, 320
	if testing.Short() {
		sweeps = 40
	}
	p := lower(t, g)
	s := sampler(t, p, sampling.Options{Chains: chains, Seed: Seed(t.Name()), Threads: 2})
	own, err := Conditional(p, p.Beta)
	if err != nil {
		t.Fatal(err)
	}
	given := exact.Conditional(g)
	state := lowest(g)

	counts := make([][3]int, g.Nodes)
	var words []uint64
	var categories []int32
	for sweep := range sweeps {
		s.Sweep()
		for node := range spins {
			words = s.Bits(node, words[:0])
			for _, w := range words {
				counts[node][1] += bits.OnesCount64(w)
			}
		}
		if sweep%8 > 0 {
			continue // categories take longer to count
		}
		for node := spins; node < g.Nodes; node++ {
			categories = s.Categories(node, categories[:0])
			for _, k := range categories {
				counts[node][k]++
			}
		}
	}
	largest := 0.0
	for node := range counts {
		n := float64(chains * sweeps)
		if node < spins {
			counts[node][0] = chains*sweeps - counts[node][1]
		} else {
			n = float64(counts[node][0] + counts[node][1] + counts[node][2])
		}
		float := append([]float64(nil), given(node, state)...)
		for k, q := range own(node, state) {
			allowed := p.Format.Bound
			if rare := math.Min(float[k], 1-float[k]); node < spins && rare < 1/(1+math.Exp(ir.TableEnd)) {
				allowed = rare*1e-3 + 1.0/(1<<31)
			}
			if math.Abs(q-float[k]) > allowed {
				t.Errorf("%s: P(%d) = %v, float64 %v", g.NodeName(node), k, q, float[k])
			}
			if n*q < 10 {
				continue
			}
			// Half a count for the lattice of a law that is nearly Poisson.
			z := max(0, math.Abs(float64(counts[node][k])-n*q)-0.5) / math.Sqrt(n*q*(1-q))
			largest = max(largest, z)
			if z > 6 {
				t.Errorf("%s: value %d came %d times of %v, P = %v: z = %.1f", g.NodeName(node), k, counts[node][k], n, q, z)
			}
		}
	}
	t.Logf("largest |z| %.2f", largest)
}
