package cuda

import (
	"fmt"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// A check sees so many chains and sweeps, fewer where the interpreter would take long.
const (
	checkedChains  = 35  // more than a group of 32
	checkedOnPlane = 131 // more than those that share a bit plane
	checkedSweeps  = 12
	checkedUpdates = 200_000
)

// checkFile holds digests of the states that the interpreter reaches: seed, chains and
// sweeps, then a line for the start and for each sweep: its β and a digest for each chain.
func checkFile(p *ir.Program) ([]byte, error) {
	chains := checkedChains
	if p.Format.Planes > 0 {
		chains = checkedOnPlane
	}
	for _, c := range p.Clamps {
		if c.Chains > 0 {
			chains = min(chains, c.Chains)
		}
	}
	for _, in := range p.Init {
		if in.Chains > 0 {
			chains = min(chains, in.Chains)
		}
	}
	sweeps := max(1, min(checkedSweeps, checkedUpdates/(chains*p.Nodes*(1+networkWeights(p)/1000))))
	m, err := interp.New(p, chains, p.Sample.Seed)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n# Seed, chains, sweeps; then for the start and each sweep its beta and digests of all chains.\n%d %d %d\n",
		emit.Header(p), p.Sample.Seed, chains, sweeps)
	for s := range sweeps + 1 {
		beta := p.Beta
		if s > 0 && s-1 < len(p.Betas) {
			beta = p.Betas[s-1]
		}
		if s > 0 {
			if err := m.SetBeta(beta); err != nil {
				return nil, err
			}
			if err := m.Sweep(); err != nil {
				return nil, err
			}
		}
		b.WriteString(float(beta))
		for _, x := range m.State() {
			fmt.Fprintf(&b, " %d", digest(x))
		}
		b.WriteByte('\n')
	}
	return []byte(b.String()), nil
}

// digest is the 64-bit FNV-1a hash of values, a byte at a time, the lowest first.
func digest(state []int32) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, x := range state {
		for i := range 4 {
			h = (h ^ uint64(byte(x>>(8*i)))) * 0x100000001b3
		}
	}
	return h
}
