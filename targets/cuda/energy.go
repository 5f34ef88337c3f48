package cuda

import (
	"fmt"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// addObservers adds the kernels for observers.
func (k *Kernels) addObservers(p *ir.Program) error {
	numbers := rangesOf(p, ir.Continuous)
	k.Layout.BestBytes, k.Layout.Means = 2, len(numbers) > 0
	if k.Layout.Means {
		k.Layout.BestBytes = 4
	}
	text, err := fill("energy.cu", map[string]any{"Model": p.Model, "Namespace": namespace(p), "CountChains": countChains, "Codes": hasEnergies(p), "Networks": hasNetworks(p),
		"Numbers": numbers, "Lost": keptOf(p).Lost >= 0, "Best": valueTypes[k.Layout.BestBytes]})
	k.Source = append(k.Source, text...)
	return err
}

// hasEnergies says whether expressions have a part of the energy.
func hasEnergies(p *ir.Program) bool {
	for i := range p.Codes {
		if !p.Codes[i].Directed {
			return true
		}
	}
	return false
}

// rangesOf are the first node and the number of nodes of each variable of a kind.
func rangesOf(p *ir.Program, kind ir.Kind) (list [][2]int) {
	for _, v := range p.Vars {
		if v.Kind == kind {
			list = append(list, [2]int{v.First, v.Count})
		}
	}
	return list
}

// modelOf is what of a program kernels for observers, and what is kept, hang on.
func modelOf(p *ir.Program) *sampling.Model {
	m := &sampling.Model{Nodes: p.Nodes}
	for _, v := range p.Vars {
		m.Vars = append(m.Vars, sampling.Var{First: v.First, Count: v.Count, Range: v.Range})
	}
	for i := range p.Factors {
		f := &p.Factors[i]
		m.Factors = append(m.Factors, sampling.Factor{Slots: slotsOf(f.Slots), Rows: f.Rows, Index: f.Index, Table: f.Table, Shared: f.Shared, Weights: f.Weights})
	}
	for i := range p.Codes {
		c := &p.Codes[i]
		m.Codes = append(m.Codes, sampling.CodeFactor{Directed: c.Directed, Slots: slotsOf(c.Slots), Rows: c.Rows, Index: c.Index, Params: c.Params})
	}
	for _, sb := range p.Sweep {
		var super []sampling.Block
		for _, b := range sb {
			super = append(super, sampling.Block{Sampler: b.Sampler, Joint: b.Joint, Nodes: b.Nodes})
		}
		m.Sweep = append(m.Sweep, super)
	}
	return m
}

func slotsOf(slots []ir.Slot) (list []sampling.Slot) {
	for _, s := range slots {
		list = append(list, sampling.Slot{Kind: sampling.Kind(s.Kind), States: s.States, Power: s.Power})
	}
	return list
}

// weighs says whether sweeps need the energy of a state: a move is tested by it.
func (d *tablePlan) weighs() bool {
	m := moveOf(d.p)
	return m != nil && m.Tested()
}

// putEnergy places the parameters of energies, and writes the terms for a move that is tested by them.
func (d *tablePlan) putEnergy() {
	var terms []uint32
	if terms, d.doubleParams = device.EnergyTerms(modelOf(d.p)); d.weighs() {
		d.energyAt = d.words.section("energy in float64: terms as observers get them, see energy.cuh")
		d.words.line("", terms...)
	}
}

// rowEnergies are the energies of rows of expressions as functions in float64.
func (d *tablePlan) rowEnergies() (list []expression) {
	for i := range d.p.Codes {
		if c := &d.p.Codes[i]; !c.Directed {
			list = append(list, expression{i, fmt.Sprintf("%s: energy", c.Name), d.body(c, c.Energy, -1, d.doubleParams[i], doubles)})
		}
	}
	return list
}
