package golang

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// superPlan is the updates of one superblock in the order of their slots.
type superPlan struct {
	updates []update
	spins   int // updates that read spins only
}

// update is one node's.
type update struct {
	node, slot int
	rows       []input // with their order: factors, then rows
	spin       bool    // reads spins only: written with its inputs
}

// input is one factor row that touches a node.
type input struct {
	others []int32 // the other nodes of the row
	weight int64   // integer weight, of spin rows
}

// plan lists the updates of a program, or gives nil where tables serve better:
// for synchronous programs, which read a snapshot, for updates in float32, by code
// of the user's or from a hardware generator, for weights rounded by groups, and
// beyond the budget.
func plan(p *ir.Program, unroll int) []superPlan {
	if p.Format.Noise || p.Stream != (ir.Stream{}) {
		return nil
	}
	updates, inputs := 0, 0
	for _, super := range p.Sweep {
		for _, b := range super {
			if b.Float || ir.IsGoCode(b.Sampler) {
				return nil
			}
			updates += len(b.Nodes)
		}
	}
	for i := range p.Factors {
		if k := len(p.Factors[i].Slots); k > 1 {
			inputs += len(p.Factors[i].Index) * (k - 1)
		}
	}
	if p.Synchronous || p.Format.Group > 1 || p.Format.Planes > 0 || p.Format.Digit > 0 || updates > unroll || inputs > inputsPerUpdate*unroll {
		return nil
	}
	rows := rowsOfNodes(p)
	supers := make([]superPlan, len(p.Sweep))
	for i, super := range p.Sweep {
		s := &supers[i]
		for _, b := range super {
			for j, n := range b.Nodes {
				u := updateOf(p, rows[n], n, b.First+j)
				u.spin = u.spin && b.Kind == ir.Spin
				if u.spin {
					s.spins++
				}
				s.updates = append(s.updates, u)
			}
		}
	}
	return supers
}

// updateOf is the update of a node that is in these rows, if it is a spin.
func updateOf(p *ir.Program, rows []place, node int32, slot int) update {
	u := update{node: int(node), slot: slot, spin: true}
	for _, at := range rows {
		f := &p.Factors[at.factor]
		u.spin = u.spin && len(f.Table) == 0
		u.rows = append(u.rows, at.input(f))
	}
	return u
}

// hasRuntime says whether weights are data.
func hasRuntime(p *ir.Program) bool {
	return slices.ContainsFunc(p.Factors, func(f ir.Factor) bool { return f.Runtime })
}

// place is a node's slot in a factor row.
type place struct{ factor, row, slot int }

// rowsOfNodes lists, for every node, the rows it is in: in the order of factors
// and rows, which is the order in which the engine numbers a node's inputs.
func rowsOfNodes(p *ir.Program) [][]place {
	rows := make([][]place, p.Nodes)
	for fi := range p.Factors {
		f := &p.Factors[fi]
		k := len(f.Slots)
		for i, n := range f.Index {
			rows[n] = append(rows[n], place{fi, i / k, i % k})
		}
	}
	return rows
}

func (at place) input(f *ir.Factor) input {
	k := len(f.Slots)
	var in input
	for i, n := range f.Index[at.row*k : at.row*k+k] {
		if i != at.slot {
			in.others = append(in.others, n)
		}
	}
	if len(f.Table) == 0 {
		in.weight = f.Ints[0]
		if !f.Shared {
			in.weight = f.Ints[at.row]
		}
	}
	return in
}

// statesFields says whether the weights of spins are written out: only if all of
// them are fixed.
func statesFields(p *ir.Program, supers []superPlan) bool {
	for i := range p.Factors {
		if f := &p.Factors[i]; f.Runtime && len(f.Table) == 0 {
			return false
		}
	}
	for _, s := range supers {
		if s.spins > 0 {
			return true
		}
	}
	return false
}

// spinRows numbers the spin nodes in dense order, as Column.Spins holds them.
func spinRows(p *ir.Program) (rows []int, count int) {
	rows = make([]int, p.Nodes)
	for _, v := range p.Vars {
		for n := v.First; n < v.First+v.Count; n++ {
			rows[n] = -1
			if v.Kind == ir.Spin {
				rows[n] = count
				count++
			}
		}
	}
	return rows, count
}

// categoryRows numbers the categoricals of at most 256 states in dense order, -1
// for other nodes.
func categoryRows(p *ir.Program) []int {
	rows := make([]int, p.Nodes)
	count := 0
	for _, v := range p.Vars {
		for n := v.First; n < v.First+v.Count; n++ {
			rows[n] = -1
			if v.Kind == ir.Categorical && v.States <= 256 {
				rows[n] = count
				count++
			}
		}
	}
	return rows
}
