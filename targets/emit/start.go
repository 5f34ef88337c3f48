package emit

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Hinton is how many of 2^32 words start each node, where it is a spin, at +1 under
// Hinton's start.
func Hinton(p *ir.Program) []uint64 {
	bias, below := make([]float64, p.Nodes), make([]uint64, p.Nodes)
	for i := range p.Factors {
		f := &p.Factors[i]
		if len(f.Slots) != 1 || f.Slots[0].Kind != ir.Spin {
			continue
		}
		for r, n := range f.Index {
			if f.Shared {
				r = 0
			}
			bias[n] += f.Weights[r]
		}
	}
	for n, b := range bias {
		x := float64(p.AllBetas()[0] * b)
		below[n] = uint64(math.Floor(float64(sampling.Sigma(x)*(1<<32)) + 0.5))
	}
	return below
}
