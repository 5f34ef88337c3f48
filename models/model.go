package models

import "slices"

// Model is a model that is built in code. Its methods add what the keys of a
// model file say, in any order; what is wrong is not reported there but by
// thrmlgen, or by Encode, at the caller's file and line. A Model is not safe for
// concurrent use.
type Model struct {
	name   *value
	top    []field             // keys given once
	many   map[string][]field  // by key: graphs, variables, …
	listed map[string][]*value // by key: factors and interactions
	files  map[string][]byte   // that a family is read from
}

// New begins a model. The name has the form [a-z][a-z0-9_]*; the emitted package
// is called after it.
func New(name string) *Model { return newModel(name, here()) }

func newModel(name string, p place) *Model {
	return &Model{name: text(p.at(1), name), many: map[string][]field{}, listed: map[string][]*value{}, files: map[string][]byte{}}
}

func truth(p place) *value { return &value{text: "true", place: p} }

// set gives a key of the top level.
func (m *Model) set(key string, v *value) { m.top = append(m.top, field{key, v}) }

// add puts a named entry under a key.
func (m *Model) add(key, name string, v *value) { m.many[key] = append(m.many[key], field{name, v}) }

// keyOrder is the order of the keys in the file.
var keyOrder = []string{
	"model", "ising", "maxcut", "potts", "rbm", "boltzmann", "gaussian", "gaussian_bernoulli",
	"graphs", "variables", "groups", "factors", "interactions", "beta", "runtime", "init", "blocks",
	"synchronous", "clamp", "update", "dynamics", "format", "sample", "observe", "train",
}

// document is the whole model file.
func (m *Model) document() []field {
	fields := append([]field{{"model", m.name}}, m.top...)
	for key, entries := range m.many {
		if len(entries) > 0 {
			fields = append(fields, field{key, mapping(entries[0].value.place, entries...)})
		}
	}
	for key, entries := range m.listed {
		if len(entries) > 0 {
			fields = append(fields, field{key, list(entries[0].place, entries...)})
		}
	}
	slices.SortStableFunc(fields, func(a, b field) int {
		return slices.Index(keyOrder, a.key) - slices.Index(keyOrder, b.key)
	})
	return fields
}

// Beta sets β, the number at least 0 that multiplies the whole energy; it is 1
// unless set.
func (m *Model) Beta(beta float64) { m.set("beta", number(here().at(1), beta)) }

// BetaParameter makes β data: a runtime parameter of this name.
func (m *Model) BetaParameter(name string) { m.set("beta", text(here().at(1), name)) }

// Runtime makes the weights of every factor and β data that the sampler takes
// when it is made, in place of constants of its code.
func (m *Model) Runtime() { m.set("runtime", truth(here())) }

// Synchronous allows neighbours inside one block: parallel dynamics, whose law is
// not that of the model.
func (m *Model) Synchronous() { m.set("synchronous", truth(here())) }

// Clamp fixes nodes: one number for all of them, or values in the shape of the
// nodes, with an optional leading axis over chains.
func (m *Model) Clamp(nodes Nodes, values Data) {
	p := here()
	r := m.own(nodes, p.at(1))
	v := dataOf(values, p.at(2))
	switch {
	case r.bad():
		v = r.value
	case r.kind == listValue:
		v = bad(p.at(1), "clamp its parts one by one, or name it with Group", "a union is clamped")
	}
	m.add("clamp", r.bare, v)
}

// Update names the sampler of a variable: gibbs, which is used otherwise, slice,
// metropolis, mala, or code in Go named as in StartCode.
func (m *Model) Update(x *Variable, sampler string) {
	p := here()
	r := m.own(x, p.at(1))
	v := text(p.at(2), sampler)
	if r.bad() {
		v = r.value
	}
	m.add("update", r.bare, v)
}
