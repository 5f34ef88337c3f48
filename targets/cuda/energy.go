package cuda

import (
	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// Discrete says whether a program has neither updates in float32 nor expressions. Then kernels give
// the energies of states and keep the lowest ones.
func Discrete(p *ir.Program) bool {
	return !hasFloats(p) && len(p.Codes) == 0 && moveOf(p) == nil
}

// addEnergies adds the kernels for observers.
func (k *Kernels) addEnergies(p *ir.Program) error {
	if !Discrete(p) {
		return nil
	}
	text, err := fill("energy.cu", map[string]any{"Model": p.Model, "Namespace": namespace(p), "CountChains": countChains})
	k.Source = append(k.Source, text...)
	return err
}

// EnergyTerms are the words of energy.cuh: all factors with their weights as given.
func EnergyTerms(p *ir.Program) []uint32 {
	list := []uint32{uint32(len(p.Factors))}
	for i := range p.Factors {
		f := &p.Factors[i]
		stride, spins := f.TableSize(), uint32(1)
		if f.Shared {
			stride = 0
		}
		if len(f.Slots) == 0 || len(f.Table) > 0 {
			spins = 0
		}
		nodes := len(list) + 6 + len(f.Slots) + 2*len(f.Weights)
		list = append(list, uint32(f.Rows), uint32(len(f.Slots)), uint32(stride), spins, uint32(nodes), uint32(nodes+len(f.Index)))
		for _, s := range f.Slots {
			list = append(list, slotStates(s.Kind == ir.Categorical, s.States))
		}
		list = appendDoubles(list, f.Weights...)
		for _, n := range f.Index {
			list = append(list, uint32(n))
		}
	}
	return list
}

// slotStates is a slot's number of states in words, 0 of a spin.
func slotStates(categorical bool, states int) uint32 {
	if categorical {
		return uint32(states)
	}
	return 0
}
