package models

import "slices"

// Factor is a term of the energy, one of the same form for each of its rows. Its
// methods say which nodes a row takes and what it contributes; they return the
// factor, so that calls can be chained.
type Factor struct {
	model *Model
	value *value
	over  *value
}

// Factor adds a factor over variables, one for each slot: a row picks one node
// of each. It contributes -W[c1, c2, …]·s1·s2·… with the weights of Weights, one
// axis for each categorical slot.
func (m *Model) Factor(over ...*Variable) *Factor {
	p := here()
	slots := list(p)
	for i, x := range over {
		slots.items = append(slots.items, m.slot(p.at(i+1), x))
	}
	return m.factor(mapping(p, field{"over", slots}))
}

// Energy adds a factor that contributes an expression, such as "w*u*v", in the
// slots that Slot names and the parameters that Param gives.
func (m *Model) Energy(expression string) *Factor {
	p := here()
	return m.factor(mapping(p, field{"over", mapping(p)}, field{"energy", quoted(p.at(1), expression)}))
}

// quoted is text that is never taken for anything else.
func quoted(p place, s string) *value { return &value{text: quote(s), place: p} }

func (m *Model) factor(v *value) *Factor {
	m.listed["factors"] = append(m.listed["factors"], v)
	return &Factor{m, v, v.fields[0].value}
}

// slot is the variable of a slot.
func (m *Model) slot(p place, x *Variable) *value { return m.own(x, p).value }

func (f *Factor) set(key string, v *value) *Factor {
	f.value.fields = append(f.value.fields, field{key, v})
	return f
}

// Slot names a slot of an energy expression and its variable.
func (f *Factor) Slot(name string, x *Variable) *Factor {
	p := here()
	f.over.fields = append(f.over.fields, field{name, f.model.slot(p.at(2), x)})
	return f
}

// Name names the factor, for results and for weights that are data.
func (f *Factor) Name(name string) *Factor { return f.set("name", text(here().at(1), name)) }

// Index gives the rows: for each one node of every slot, as flat indices into the
// variables.
func (f *Factor) Index(rows [][]int) *Factor { return f.set("index", rowsOf(here().at(1), rows)) }

// rowsOf is rows of node indices.
func rowsOf(p place, rows [][]int) *value {
	a := &array{shape: []int{len(rows), 0}}
	for i, r := range rows {
		if i == 0 {
			a.shape[1] = len(r)
		}
		if len(r) != a.shape[1] {
			return bad(p, "a row picks one node for each slot", "row %d has length %d, row 0 has %d", i, len(r), a.shape[1])
		}
		for _, n := range r {
			a.ints = append(a.ints, int64(n))
		}
	}
	return &value{kind: arrayValue, array: a, place: p}
}

// IndexFile reads the rows from an integer array of shape (rows, slots), as
// "f.npz#rows".
func (f *Factor) IndexFile(file string) *Factor {
	p := here()
	return f.set("index", mapping(p, field{"file", text(p.at(1), file)}))
}

// All gives one row for every node of the single slot.
func (f *Factor) All() *Factor { return f.set("index", text(here(), "all")) }

// Pairs gives one row for every pair of nodes of the two slots.
func (f *Factor) Pairs() *Factor { return f.set("index", text(here(), "pairs")) }

// Edges gives one row for every edge whose ends lie in the variables of the two
// slots.
func (f *Factor) Edges(e EdgeSet) *Factor {
	g := edgesOf(e, here().at(1))
	return f.set(g.key, g.value)
}

// Weights gives the weights: one table for all rows, or one for each.
func (f *Factor) Weights(w Weights) *Factor { return f.set("weights", weightsOf(w, here().at(1))) }

// Param gives a parameter of an energy expression: a table with as many axes as
// the expression gives it indices, and one more in front if each row has its own.
func (f *Factor) Param(name string, w Weights) *Factor {
	p := here()
	f.value.param(name, weightsOf(w, p.at(2)), p)
	return f
}

// param puts a parameter under the key params.
func (v *value) param(name string, w *value, p place) {
	at := slices.IndexFunc(v.fields, func(f field) bool { return f.key == "params" })
	if at < 0 {
		at = len(v.fields)
		v.fields = append(v.fields, field{"params", mapping(p)})
	}
	params := v.fields[at].value
	params.fields = append(params.fields, field{name, w})
}

// Scale multiplies the factor by a number.
func (f *Factor) Scale(by float64) *Factor { return f.set("scale", number(here().at(1), by)) }

// ScaleBy multiplies the factor by a runtime parameter.
func (f *Factor) ScaleBy(parameter string) *Factor {
	return f.set("scale", text(here().at(1), parameter))
}

// Runtime makes the weights of this factor data that the sampler takes when it is
// made.
func (f *Factor) Runtime() *Factor { return f.set("runtime", truth(here())) }

// SumDuplicates counts rows of the same nodes both, in place of refusing them.
func (f *Factor) SumDuplicates() *Factor { return f.set("duplicates", text(here(), "sum")) }

// Interaction is a directed term of the field of its head's nodes: row i adds the
// field to the conditional of node i of the head, given node i of each tail. A model
// with one has no Boltzmann law.
type Interaction struct {
	Head     Nodes
	HeadName string // the name that a categorical head's state has in the field
	Tails    []Nodes
	Names    []string // of the tails in the field; nil: those of their variables
	Params   map[string]Weights
	Field    string // expression
}

// Interaction adds a directed term.
func (m *Model) Interaction(t Interaction) {
	p := here().at(1)
	tails := list(p.in("Tails"))
	if t.Names != nil {
		tails = mapping(p.in("Tails"))
	}
	for i, n := range t.Tails {
		x := m.own(n, p.in("Tails")).value
		switch {
		case t.Names == nil:
			tails.items = append(tails.items, x)
		case i < len(t.Names):
			tails.fields = append(tails.fields, field{t.Names[i], x})
		}
	}
	if t.Names != nil && len(t.Names) != len(t.Tails) {
		tails = bad(p.in("Names"), "give each tail a name, in order", "%d names for %d tails", len(t.Names), len(t.Tails))
	}
	head := m.own(t.Head, p.in("Head")).value
	if t.HeadName != "" {
		head = mapping(p.in("HeadName"), field{t.HeadName, head})
	}
	v := mapping(p, field{"head", head}, field{"tails", tails})
	for _, name := range sortedKeys(t.Params) {
		v.param(name, weightsOf(t.Params[name], p.in("Params")), p.in("Params"))
	}
	v.fields = append(v.fields, field{"field", quoted(p.in("Field"), t.Field)})
	m.listed["interactions"] = append(m.listed["interactions"], v)
}
