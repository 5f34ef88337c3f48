package models

import (
	"fmt"
	"strings"
)

// Variable is a named array of nodes of one kind.
type Variable struct {
	model *Model
	name  string // a field's is x.name
	value *value
	place place // of the name
}

// Spin declares a variable of spins, which are -1 or +1. Without a shape it is
// one spin, or one on each node that On names.
func (m *Model) Spin(name string, shape ...int) *Variable {
	p := here()
	return m.variable(name, kindOf(p, "spin"), p, 2, shape)
}

// Categorical declares a variable whose nodes take 0 … states-1.
func (m *Model) Categorical(name string, states int, shape ...int) *Variable {
	p := here()
	return m.variable(name, kindOf(p, "categorical", field{"states", integer(p.at(2), states)}), p, 3, shape)
}

// Continuous declares a variable of float32 numbers. Range bounds them, Dim makes
// vectors of them.
func (m *Model) Continuous(name string, shape ...int) *Variable {
	p := here()
	return m.variable(name, kindOf(p, "continuous"), p, 2, shape)
}

func kindOf(p place, kind string, more ...field) *value {
	return mapping(p.at(1), append([]field{{"kind", text(p, kind)}}, more...)...)
}

// variable declares a variable; its shape are the arguments from firstArg.
func (m *Model) variable(name string, v *value, p place, firstArg int, shape []int) *Variable {
	if len(shape) > 0 {
		v.fields = append(v.fields, field{"shape", integers(p, firstArg, shape)})
	}
	m.add("variables", name, v)
	return &Variable{m, name, v, p.at(1)}
}

// Range bounds a continuous variable to [lo, hi].
func (x *Variable) Range(lo, hi float64) *Variable {
	p := here()
	return x.set("range", list(p, number(p.at(1), lo), number(p.at(2), hi)))
}

// Dim makes each node of a continuous variable a vector of d numbers.
func (x *Variable) Dim(d int) *Variable { return x.set("dim", integer(here().at(1), d)) }

// On places one node on every node of a graph, or on those of a part of it that
// its methods Random, Mask and Rest name.
func (x *Variable) On(site Site) *Variable {
	p := here().at(1)
	if site == nil {
		return x.set("on", bad(p, "", "no graph is given"))
	}
	return x.set("on", site.site(p))
}

func (x *Variable) set(key string, v *value) *Variable {
	if x != nil {
		x.value.fields = append(x.value.fields, field{key, v})
	}
	return x
}

// Variable is the handle of a variable that a family declares, such as s of
// Ising.
func (m *Model) Variable(name string) *Variable {
	p := here()
	return &Variable{m, name, mapping(p), p.at(1)}
}

// Structure is a variable whose nodes have several fields.
type Structure struct{ all *Variable }

// Structured declares a variable of structured nodes. Its methods Spin,
// Categorical and Continuous declare the fields.
func (m *Model) Structured(name string, shape ...int) *Structure {
	p := here()
	v := mapping(p.at(1), field{"fields", mapping(p)})
	return &Structure{m.variable(name, v, p, 2, shape)}
}

// On places the nodes as Variable.On does.
func (s *Structure) On(site Site) *Structure {
	s.all.On(site)
	return s
}

// Nodes is the variable with all its fields.
func (s *Structure) Nodes() *Variable { return s.all }

// Spin declares a field of spins.
func (s *Structure) Spin(name string) *Variable { return s.field(name, kindOf(here(), "spin")) }

// Categorical declares a field whose values are 0 … states-1.
func (s *Structure) Categorical(name string, states int) *Variable {
	p := here()
	return s.field(name, kindOf(p, "categorical", field{"states", integer(p.at(2), states)}))
}

// Continuous declares a field of numbers.
func (s *Structure) Continuous(name string) *Variable {
	return s.field(name, kindOf(here(), "continuous"))
}

func (s *Structure) field(name string, v *value) *Variable {
	fields := s.all.value.fields[0].value
	fields.fields = append(fields.fields, field{name, v})
	return &Variable{s.all.model, s.all.name + "." + name, v, v.place}
}

// Nodes is a set of nodes: a *Variable, a *Group, or what At, Select, Union,
// Intersect, Except and Ref make of them.
type Nodes interface {
	Block
	nodes()
}

// Block is what one step of a sweep updates: Nodes, or several blocks together.
type Block interface{ reference(p place) ref }

// ref is a reference to nodes. Its value is for a place that takes a reference,
// bare the same without quotes, for a key; a union has none.
type ref struct {
	*value
	bare  string
	model *Model // nil where it is not known
}

func (r ref) bad() bool           { return r.kind == badValue }
func (r ref) reference(place) ref { return r }
func (r ref) nodes()              {}

func refTo(p place, m *Model, format string, args ...any) ref {
	bare := fmt.Sprintf(format, args...)
	return ref{text(p, bare), bare, m}
}

// refOf is the reference of nodes that may be nil.
func refOf(n Block, p place) ref {
	if n == nil {
		return ref{value: bad(p, "", "no nodes are given")}
	}
	return n.reference(p)
}

// own is refOf for nodes that have to be of this model.
func (m *Model) own(n Block, p place) ref {
	r := refOf(n, p)
	if !r.bad() && r.model != nil && r.model != m {
		r.value = foreign(p)
	}
	return r
}

func foreign(p place) *value {
	return bad(p, "use what the methods of this model returned", "the nodes belong to another model")
}

func (x *Variable) reference(p place) ref {
	if x == nil {
		return ref{value: bad(p, "", "the variable is nil")}
	}
	return refTo(p, x.model, "%s", x.name)
}

func (x *Variable) nodes() {}

// At is one node, by one index for each axis of the shape.
func (x *Variable) At(index ...int) Nodes {
	return x.indexed(here(), strings.Trim(strings.ReplaceAll(fmt.Sprint(index), " ", ","), "[]"))
}

// Select is a part of a variable, with one selection for each axis of its shape:
// an index "3", a slice "0:10:2" or ":", or a list "[3, 17]".
func (x *Variable) Select(axes ...string) Nodes {
	return x.indexed(here(), strings.Join(axes, ","))
}

func (x *Variable) indexed(p place, index string) Nodes {
	if r := x.reference(p); r.bad() {
		return r
	}
	return refTo(p, x.model, "%s[%s]", x.name, index)
}

// Ref is a reference as a model file has it, such as "x[0:10:2] & left".
func Ref(reference string) Nodes { return refTo(here().at(1), nil, "%s", reference) }

// Union is the nodes of all sets, in the order given.
func Union(sets ...Nodes) Nodes {
	p := here()
	out := ref{value: list(p)}
	for i, n := range sets {
		r := refOf(n, p.at(i+1))
		switch {
		case r.bad():
			return r
		case r.kind == listValue:
			out.items = append(out.items, r.items...)
		default:
			out.items = append(out.items, r.value)
		}
		if out.model == nil {
			out.model = r.model
		}
		if r.model != nil && r.model != out.model {
			return ref{value: foreign(p.at(i + 1))}
		}
	}
	return out
}

// Intersect is the nodes of a that are also in b.
func Intersect(a, b Nodes) Nodes { return combine(here(), "&", a, b) }

// Except is the nodes of a that are not in b.
func Except(a, b Nodes) Nodes { return combine(here(), "-", a, b) }

// combine writes a op b. References are read from left to right, so b has to be
// a simple one.
func combine(p place, op string, a, b Nodes) Nodes {
	left, right := refOf(a, p.at(1)), refOf(b, p.at(2))
	const name = "name the set first: m.Group(\"name\", set)"
	switch {
	case left.bad():
		return left
	case right.bad():
		return right
	case left.kind == listValue:
		return ref{value: bad(p.at(1), name, "a union is an operand")}
	case right.kind == listValue || strings.ContainsAny(right.bare, "&-"):
		return ref{value: bad(p.at(2), name, "the second operand is a union or combined itself")}
	case left.model != nil && right.model != nil && left.model != right.model:
		return ref{value: foreign(p.at(2))}
	}
	m := left.model
	if m == nil {
		m = right.model
	}
	return refTo(p, m, "%s %s %s", left.bare, op, right.bare)
}

// Group is a named set of nodes.
type Group struct {
	model *Model
	name  string
}

func (g *Group) reference(p place) ref {
	if g == nil {
		return ref{value: bad(p, "", "the group is nil")}
	}
	return refTo(p, g.model, "%s", g.name)
}

func (g *Group) nodes() {}

// Group names a set of nodes.
func (m *Model) Group(name string, nodes Nodes) *Group {
	p := here()
	return m.group(name, m.own(nodes, p.at(2)).value)
}

// RandomGroup names n nodes of a set, chosen at random.
func (m *Model) RandomGroup(name string, of Nodes, n int, seed int64) *Group {
	p := here()
	return m.group(name, mapping(p, field{"random", mapping(p, field{"of", m.own(of, p.at(2)).value},
		field{"n", integer(p.at(3), n)}, field{"seed", integer(p.at(4), seed)})}))
}

// ParityGroup names the nodes of a set the sum of whose indices is even (parity 0)
// or odd (1).
func (m *Model) ParityGroup(name string, parity int, of Nodes) *Group {
	p := here()
	return m.group(name, mapping(p, field{"parity", integer(p.at(2), parity)}, field{"of", m.own(of, p.at(3)).value}))
}

// FileGroup names the nodes whose flat indices are in a file.
func (m *Model) FileGroup(name string, file string) *Group {
	p := here()
	return m.group(name, mapping(p, field{"file", text(p.at(2), file)}))
}

func (m *Model) group(name string, v *value) *Group {
	m.add("groups", name, v)
	return &Group{m, name}
}
