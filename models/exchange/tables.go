package exchange

import (
	"encoding/binary"
	"slices"
)

// Tables is p(x) ∝ exp(−E(x)), E = Offset − Σ log φ(x…), over variables of two
// and more states.
type Tables struct {
	States   []int // of each variable; 1 for one that is eliminated
	Factors  []Table
	Offset   float64
	Evidence []Fixed
}

// Table is the log of one factor: Log[x0, x1, …], the last variable fastest. No
// two tables have the same variables.
type Table struct {
	Scope []int32
	Log   []float64
}

// Fixed is a variable whose value is given.
type Fixed struct{ Variable, Value int }

// Energy is E of a state.
func (t *Tables) Energy(state []int) float64 {
	e := t.Offset
	for i := range t.Factors {
		f := &t.Factors[i]
		at := 0
		for _, v := range f.Scope {
			at = at*t.States[v] + state[v]
		}
		e -= f.Log[at]
	}
	return e
}

// simplify takes variables of one state out of the tables, constants into the
// offset, and adds up tables of the same variables.
func (m *Model) simplify(t *Tables) {
	single, constants, merged := 0, 0, 0
	for _, k := range t.States {
		if k == 1 {
			single++
		}
	}
	first := map[string]int{}
	kept := t.Factors[:0]
	for _, f := range t.Factors {
		f.Scope = slices.DeleteFunc(f.Scope, func(v int32) bool { return t.States[v] == 1 })
		if len(f.Scope) == 0 {
			t.Offset -= f.Log[0]
			constants++
			continue
		}
		key := setKey(f.Scope)
		if at, ok := first[key]; ok {
			addTable(t.States, &kept[at], &f)
			merged++
			continue
		}
		first[key] = len(kept)
		kept = append(kept, f)
	}
	t.Factors = kept
	if single > 0 {
		m.note("%s of one state left out", plural(single, "variable"))
	}
	if constants > 0 {
		m.note("%s became part of the offset", plural(constants, "constant factor"))
	}
	if merged > 0 {
		m.note("%s multiplied into the first table of the same variables", plural(merged, "table"))
	}
}

// setKey is the same for scopes of the same variables.
func setKey(scope []int32) string {
	sorted := slices.Sorted(slices.Values(scope))
	b := make([]byte, 0, 4*len(sorted))
	for _, v := range sorted {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return string(b)
}

// addTable adds the logs of f, whose axes may be in another order, to those of to.
func addTable(states []int, to, f *Table) {
	stride := make([]int, len(to.Scope)) // in f, of each axis of to
	for k, v := range to.Scope {
		step := 1
		for at := len(f.Scope) - 1; f.Scope[at] != v; at-- {
			step *= states[f.Scope[at]]
		}
		stride[k] = step
	}
	index := make([]int, len(to.Scope))
	for i := range to.Log {
		at := 0
		for k, x := range index {
			at += x * stride[k]
		}
		to.Log[i] += f.Log[at]
		for k := len(index) - 1; k >= 0; k-- {
			if index[k]++; index[k] < states[to.Scope[k]] {
				break
			}
			index[k] = 0
		}
	}
}
