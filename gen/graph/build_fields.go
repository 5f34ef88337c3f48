package graph

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// A structured variable is one variable for each of its fields, x.name, all of one
// shape.

// fieldsOf are the variables that a declaration stands for: itself, or one for each
// field, which sit where it says.
func fieldsOf(d *spec.Variable) []spec.Variable {
	if d.Fields == nil {
		return []spec.Variable{*d}
	}
	var out []spec.Variable
	for _, f := range d.Fields {
		f.Name.Text = d.Name.Text + "." + f.Name.Text
		f.Shape, f.On = d.Shape, d.On
		out = append(out, f)
	}
	return out
}

// fieldIndices are the fields of a structured variable, none if one has a problem.
func (b *builder) fieldIndices(name string) []int {
	var out []int
	for _, f := range b.structs[name] {
		i, ok := b.vars[f]
		if !ok {
			return nil
		}
		out = append(out, i)
	}
	return out
}

// oneStruct reports whether all slots are fields of one structured variable.
func (b *builder) oneStruct(f *Factor) bool {
	for _, fields := range b.structs {
		if !slices.ContainsFunc(f.Slots, func(s Slot) bool { return !slices.Contains(fields, b.g.Vars[s.Var].Name) }) {
			return true
		}
	}
	return false
}

// structRows joins the fields of every structured node.
func (b *builder) structRows(f *Factor) bool {
	places := b.g.Vars[f.Slots[0].Var].Places()
	if !b.takeCells(f.Pos, float64(places)*float64(len(f.Slots))) {
		return false
	}
	f.Index = make([]int32, 0, places*len(f.Slots))
	for i := range places {
		for _, s := range f.Slots {
			f.Index = append(f.Index, b.g.Vars[s.Var].place(i))
		}
	}
	f.Rows = places
	return true
}
