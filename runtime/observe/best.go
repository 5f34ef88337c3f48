package observe

import "github.com/thrmlgen/thrmlgen/runtime/npy"

// BestStates keeps the state of lowest energy that each chain has had: over all
// sweeps, the initial state included, or over draws where the engine shows only
// those. While β changes H is compared, and reported energies are βH at the
// model's β. The first of equal states stays; states whose energies differ by
// rounding only count as in either order. What a resumed run did before it was
// resumed is not known to it. The weights must stay as they are. An engine may do
// all that in its place, see Collector.LeaveBest.
type BestStates struct {
	weigher *weigher
	terms   energyTerms
	h, now  []float64 // lowest and present H, as the weigher sums it
	sweep   []uint64  // sweeps done when it was found
	state   snapshot
	energy  []float64 // βH of state, exactly; nil: to be computed
}

// ObserveSweep looks for improvements. States are copied only where there are some.
func (b *BestStates) ObserveSweep(f *Frame) error {
	first := b.weigher == nil
	if first {
		b.terms = termsOf(f.view)
		b.weigher = newWeigher(f.now.stateLayout, b.terms)
		b.h, b.now = make([]float64, f.Chains()), make([]float64, f.Chains())
		b.sweep = make([]uint64, f.Chains())
		b.state = newSnapshot(f.now.stateLayout)
	}
	b.weigher.weigh(f.state(), b.now)
	for w := range f.now.words {
		better := uint64(0)
		for c := 64 * w; c < min(64*w+64, len(b.h)); c++ {
			if first || b.now[c] < b.h[c] {
				better |= 1 << (c % 64)
				b.h[c], b.sweep[c] = b.now[c], f.Sweep()
			}
		}
		if better != 0 {
			b.state.copyChains(f.state(), w, better)
			b.energy = nil
		}
	}
	return nil
}

// Observe looks at a draw.
func (b *BestStates) Observe(f *Frame) error { return b.ObserveSweep(f) }

// take puts in states that another has kept, by chain and node, and the sweeps done at each.
func (b *BestStates) take(v ChainView, states [][]int32, sweeps []uint64) {
	b.terms, b.sweep, b.energy = termsOf(v), sweeps, nil
	b.state = newSnapshot(newStateLayout(v.Model(), len(states)))
	b.state.load(NewChainStates(v.Model(), v.Seed(), states), nil)
}

// Energies are the lowest βH of each chain, summed as ChainView.Energies does.
func (b *BestStates) Energies() []float64 {
	if b.energy == nil {
		for c := range b.sweep {
			m := b.state.model
			h := hamiltonianOf(m, b.terms, func(node int32) int32 { return b.state.value(int(node), c) })
			b.energy = append(b.energy, float64(m.Beta*h))
		}
	}
	return b.energy
}

// Lowest is the lowest energy βH of all chains, the first chain that had it, and
// the number of sweeps done then. The chain is -1 when nothing was observed.
func (b *BestStates) Lowest() (energy float64, chain int, sweep uint64) {
	chain = -1
	for c, e := range b.Energies() {
		if chain < 0 || e < energy {
			energy, chain, sweep = e, c, b.sweep[c]
		}
	}
	return energy, chain, sweep
}

// WriteArrays adds best/NAME (chain, *shape) for each variable, best/energy
// (chain), float64, and best/sweep (chain), uint64.
func (b *BestStates) WriteArrays(z *npy.NPZWriter) error {
	if err := b.state.write(z, "best/"); err != nil {
		return err
	}
	if err := z.Add("best/energy", []int{len(b.sweep)}, b.Energies()); err != nil {
		return err
	}
	return z.Add("best/sweep", []int{len(b.sweep)}, b.sweep)
}
