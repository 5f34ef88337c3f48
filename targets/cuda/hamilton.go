package cuda

import (
	"fmt"

	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// numberSlot is added to the power of a continuous slot of a factor.
const numberSlot = 1 << 31

// weighs says whether kernels need the energy of a state: a move is tested by it.
func (d *tablePlan) weighs() bool {
	m := moveOf(d.p)
	return m != nil && m.Tested()
}

// putEnergy writes the energy that a move is tested by: how many factors there are, and for each
// its rows, slots, how many weights the table of a row is from the next (0: all share one), the
// place of its weights, its slots and the nodes of its rows; then how many rows of expressions there
// are, and each of them: function, how many words follow, row, nodes.
func (d *tablePlan) putEnergy() {
	if !d.weighs() {
		return
	}
	w := &d.words
	var weights []int
	for i := range d.p.Factors {
		f := &d.p.Factors[i]
		weights = append(weights, w.section("weights of %s in float64", f.Name))
		w.List = appendDoubles(w.List, f.Weights...)
	}
	for i := range d.p.Codes {
		var at []int
		for _, param := range d.p.Codes[i].Params {
			at = append(at, w.section("a parameter of %s in float64", d.p.Codes[i].Name)/2)
			w.List = appendDoubles(w.List, param.Values...)
		}
		d.doubleParams = append(d.doubleParams, at)
	}
	d.energyAt = w.section("energy: factors; of each rows, slots, weights of a row, place of the weights, slots (states, 0 of spins, %d + power of numbers), nodes of the rows; "+
		"then rows of expressions; of each function, how many words follow, row, nodes", uint32(numberSlot))
	w.line("factors", uint32(len(d.p.Factors)))
	for i := range d.p.Factors {
		f := &d.p.Factors[i]
		stride := f.TableSize()
		if f.Shared {
			stride = 0
		}
		w.line(f.Name, uint32(f.Rows), uint32(len(f.Slots)), uint32(stride), uint32(weights[i]))
		for _, s := range f.Slots {
			switch s.Kind {
			case ir.Categorical:
				w.List = append(w.List, uint32(s.States))
			case ir.Continuous:
				w.List = append(w.List, uint32(numberSlot+s.Power))
			default:
				w.List = append(w.List, 0)
			}
		}
		for _, n := range f.Index {
			w.List = append(w.List, uint32(n))
		}
	}
	count := len(w.List)
	w.line("rows of expressions", 0)
	for i := range d.p.Codes {
		c := &d.p.Codes[i]
		for r := 0; r < c.Rows && !c.Directed; r++ {
			w.List[count]++
			w.line(c.Name, uint32(i), uint32(1+len(c.Slots)), uint32(r))
			for _, n := range c.Index[r*len(c.Slots) : (r+1)*len(c.Slots)] {
				w.List = append(w.List, uint32(n))
			}
		}
	}
}

// rowEnergies are the energies of rows of expressions as functions in float64.
func (d *tablePlan) rowEnergies() (list []expression) {
	if !d.weighs() {
		return nil
	}
	for i := range d.p.Codes {
		if c := &d.p.Codes[i]; !c.Directed {
			list = append(list, expression{i, fmt.Sprintf("%s: energy", c.Name), d.body(c, c.Energy, -1, d.doubleParams[i], doubles)})
		}
	}
	return list
}
