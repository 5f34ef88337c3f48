package graph

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

// resolver turns references into dense nodes.
type resolver struct {
	vars   []Variable
	find   func(variable string) (index int, ok bool)
	fields func(variable string) []int // of a structured variable
	group  func(name spec.Name) (nodes []int32, ok bool, p *diag.Problem)
	names  func() []string
}

// resolve lists the nodes of r in the order written, each once. Its length may
// be zero.
//
// One index counts the nodes of a variable row-major, whatever its shape; as
// many indices as the variable has axes pick positions along them. A node that is a
// vector stands for all its components; one index more picks among these.
func (rs *resolver) resolve(r *spec.Ref) ([]int32, *diag.Problem) {
	switch r.Op {
	case "":
		return rs.name(r)
	case "|":
		var all []int32
		for _, a := range r.Args {
			nodes, p := rs.resolve(a)
			if p != nil {
				return nil, p
			}
			all = append(all, nodes...)
		}
		return rs.distinct(all), nil
	}
	a, p := rs.resolve(r.Args[0])
	if p != nil {
		return nil, p
	}
	c, p := rs.resolve(r.Args[1])
	if p != nil {
		return nil, p
	}
	in := rs.marks(c)
	return slices.DeleteFunc(slices.Clone(a), func(v int32) bool { return in.has(v) != (r.Op == "&") }), nil
}

func (rs *resolver) name(r *spec.Ref) ([]int32, *diag.Problem) {
	if i, ok := rs.find(r.Name.Text); ok {
		return rs.variable(r, &rs.vars[i])
	}
	if fields := rs.fields(r.Name.Text); len(fields) > 0 {
		var all []int32
		for _, i := range fields {
			nodes, p := rs.variable(r, &rs.vars[i])
			if p != nil {
				return nil, p
			}
			all = append(all, nodes...)
		}
		return all, nil
	}
	nodes, ok, p := rs.group(r.Name)
	switch {
	case p != nil:
		return nil, p
	case !ok:
		return nil, &diag.Problem{Pos: r.Name.Pos, Width: len(r.Name.Text), Code: diag.UnknownName,
			Text: "no variable or group " + diag.Quote(r.Name.Text), Help: diag.DidYouMean(r.Name.Text, rs.names())}
	case r.Index != nil:
		return nil, &diag.Problem{Pos: r.Pos, Code: diag.BadReference,
			Text: fmt.Sprintf("%s is a group and takes no index", r.Name.Text), Help: "index the variable, or take a part of the group with & and -"}
	}
	return nodes, nil
}

func (rs *resolver) variable(r *spec.Ref, v *Variable) ([]int32, *diag.Problem) {
	shape, width := v.Grid(), v.Width()
	switch n := len(r.Index); {
	case n == 0:
		return span(v.First, v.Count), nil
	case v.Dim > 0 && n == len(shape)+1:
		shape, width = v.Shape, 1
	case n == 1:
		shape = []int{v.Places()}
	case n != len(shape):
		help := "give one index for each axis, or one that counts all nodes row-major"
		if v.Dim > 0 {
			help = "give one index for each axis, and one more for components"
		}
		return nil, &diag.Problem{Pos: r.Pos, Code: diag.BadReference,
			Text: fmt.Sprintf("%s has %d indices, %s has shape %s", r.Text, n, v.Name, shapeText(v.Grid())), Help: help}
	}
	flat := []int32{int32(v.First)}
	stride := v.Count
	for d, axis := range r.Index {
		stride /= shape[d]
		at, p := axisPositions(&axis, shape[d], v.Name)
		if p != nil {
			return nil, p
		}
		next := make([]int32, 0, len(flat)*len(at))
		for _, base := range flat {
			for _, i := range at {
				next = append(next, base+int32(i*stride))
			}
		}
		flat = next
	}
	return rs.distinct(components(flat, width)), nil
}

// axisPositions lists what one index picks of 0 … n-1.
func axisPositions(a *spec.Axis, n int, name string) ([]int, *diag.Problem) {
	outside := func(i int) *diag.Problem {
		return &diag.Problem{Pos: a.Pos, Code: diag.OutOfRange,
			Text: fmt.Sprintf("index %d of %s is outside 0 … %d", i, name, n-1)}
	}
	if !a.Slice {
		for _, i := range a.List {
			if i < 0 || i >= n {
				return nil, outside(i)
			}
		}
		return a.List, nil
	}
	lo, hi, step := 0, n, max(a.Step, 1)
	if a.Lo != nil {
		lo = *a.Lo
	}
	if a.Hi != nil {
		hi = *a.Hi
	}
	if lo < 0 || lo > n {
		return nil, outside(lo)
	}
	if hi < 0 || hi > n {
		return nil, &diag.Problem{Pos: a.Pos, Code: diag.OutOfRange,
			Text: fmt.Sprintf("slice end %d of %s is outside 0 … %d", hi, name, n)}
	}
	var at []int
	for i := lo; i < hi; i += step {
		at = append(at, i)
	}
	return at, nil
}

func span(first, count int) []int32 {
	nodes := make([]int32, count)
	for i := range nodes {
		nodes[i] = int32(first + i)
	}
	return nodes
}

// distinct keeps the first of equal nodes.
func (rs *resolver) distinct(nodes []int32) []int32 {
	if len(nodes) < 2 {
		return nodes
	}
	var seen bitset
	return slices.DeleteFunc(nodes, func(v int32) bool { return !seen.add(v) })
}

func (rs *resolver) marks(nodes []int32) *bitset {
	s := &bitset{}
	for _, v := range nodes {
		s.add(v)
	}
	return s
}

// bitset is a set of nodes that grows as needed.
type bitset []uint64

func (s bitset) has(v int32) bool {
	return int(v)/64 < len(s) && s[v/64]>>(v%64)&1 == 1
}

// add reports whether v is new.
func (s *bitset) add(v int32) bool {
	if grow := int(v)/64 + 1 - len(*s); grow > 0 {
		*s = append(*s, make([]uint64, grow)...)
	}
	if s.has(v) {
		return false
	}
	(*s)[v/64] |= 1 << (v % 64)
	return true
}

// groupState is a group on its way to being resolved.
type groupState struct {
	decl  *spec.Group
	nodes []int32
	busy  bool // being resolved: meeting it again is a cycle
	done  bool
	bad   bool
}

// allGroups resolves every group; groups may be declared in any order.
func (b *builder) allGroups() {
	for i := range b.s.Groups {
		d := &b.s.Groups[i]
		_, twice := b.groups[d.Name.Text]
		switch {
		case twice:
			b.fail(d.Name.Pos, diag.Duplicate, "", "group %s is declared twice", d.Name.Text)
		case b.isVariable(d.Name.Text):
			b.fail(d.Name.Pos, diag.Duplicate, "rename one of the two", "group %s has the name of a variable", d.Name.Text)
		default:
			b.groups[d.Name.Text] = &groupState{decl: d}
		}
	}
	for i := range b.s.Groups {
		name := b.s.Groups[i].Name
		s := b.groups[name.Text]
		if s == nil || s.decl != &b.s.Groups[i] {
			continue
		}
		nodes, _, p := b.group(name)
		if p != nil && p != reported {
			b.add(*p)
		}
		if !s.bad {
			b.g.Groups = append(b.g.Groups, Group{Name: name.Text, Nodes: nodes})
		}
	}
}

func (b *builder) isVariable(name string) bool {
	_, ok := b.vars[name]
	return ok || b.brokenVars[name] || b.structs[name] != nil
}

func (b *builder) resolver() *resolver {
	return &resolver{
		vars:   b.g.Vars,
		find:   func(name string) (int, bool) { i, ok := b.vars[name]; return i, ok },
		fields: b.fieldIndices,
		group:  b.group,
		names: func() []string {
			names := b.declNames()
			names = append(names, slices.Sorted(maps.Keys(b.structs))...)
			for _, d := range b.s.Groups {
				names = append(names, d.Name.Text)
			}
			return names
		},
	}
}

func (b *builder) declNames() []string {
	var names []string
	for i := range b.decls {
		for _, f := range fieldsOf(&b.decls[i]) {
			names = append(names, f.Name.Text)
		}
	}
	return names
}

// reported is returned for names whose problem is reported where they are
// declared.
var reported = &diag.Problem{}

// group resolves a group by name.
func (b *builder) group(name spec.Name) ([]int32, bool, *diag.Problem) {
	if b.brokenVars[name.Text] {
		return nil, false, reported
	}
	s := b.groups[name.Text]
	switch {
	case s == nil:
		return nil, false, nil
	case s.busy:
		return nil, true, &diag.Problem{Pos: name.Pos, Code: diag.CyclicGroup,
			Text: fmt.Sprintf("group %s is defined by itself", name.Text), Help: "write what nodes it has, without the group itself"}
	case s.bad:
		return nil, true, reported
	case s.done:
		return s.nodes, true, nil
	}
	s.busy = true
	nodes, ok := b.groupNodes(s.decl)
	s.busy, s.done, s.bad, s.nodes = false, true, !ok, nodes
	if !ok {
		return nil, true, reported
	}
	return nodes, true, nil
}

func (b *builder) groupNodes(d *spec.Group) ([]int32, bool) {
	switch {
	case d.Ref != nil:
		return b.ref(d.Ref)
	case d.Random != nil:
		of, ok := b.ref(d.Random.Of)
		if !ok {
			return nil, false
		}
		n, whole := d.Random.N, b.whole(of)
		if n.V < 1 || n.V > int64(len(whole)) {
			b.fail(n.Pos, diag.OutOfRange, "", "n is %d, but %s has %d nodes", n.V, refText(d.Random.Of), len(whole))
			return nil, false
		}
		return slices.Concat(randomNodes(whole, int(n.V), uint64(d.Random.Seed.V))...), true
	case d.Parity != nil:
		of, ok := b.ref(d.Parity.Of)
		if !ok {
			return nil, false
		}
		if p := d.Parity.Parity; p.V != 0 && p.V != 1 {
			b.fail(p.Pos, diag.OutOfRange, "", "parity %d, must be 0 or 1", p.V)
			return nil, false
		}
		return b.parityNodes(of, int(d.Parity.Parity.V)), true
	}
	return b.fileGroup(d)
}

// fileGroup reads a group from an array: whole numbers count the nodes of `of`
// from 0, in the order that `of` names them, and keep their own order; booleans
// are a mask over them. Without `of` it is the model's one variable.
func (b *builder) fileGroup(d *spec.Group) ([]int32, bool) {
	of := d.Of
	if of == nil {
		switch {
		case len(b.decls) == 0: // reported
			return nil, false
		case len(b.decls) > 1:
			b.fail(d.File.Pos, diag.MissingKey, "write {file: …, of: "+b.decls[0].Name.Text+"}",
				"group %s does not say of what: the model has %d variables", d.Name.Text, len(b.decls))
			return nil, false
		}
		of = &spec.Ref{Name: spec.Name{Text: b.decls[0].Name.Text, Pos: d.File.Pos}, Text: b.decls[0].Name.Text, Pos: d.File.Pos}
	}
	nodesOf, okOf := b.ref(of)
	a, ok := b.array(d.File)
	if !ok || !okOf {
		return nil, false
	}
	from := b.whole(nodesOf)
	if keep, mask := a.Data.([]bool); mask {
		return b.maskGroup(d, of, from, a.Shape, keep)
	}
	at, err := a.Ints()
	if err != nil {
		b.fail(d.File.Pos, diag.BadFile, "save node numbers as integers, or a mask as booleans", "%s: %s", fileText(d.File), arrayFault(err))
		return nil, false
	}
	if len(a.Shape) != 1 {
		b.fail(d.File.Pos, diag.BadFile, "", "%s has shape %s; node numbers are a list, with one axis", fileText(d.File), shapeText(a.Shape))
		return nil, false
	}
	if len(at) == 0 {
		b.fail(d.File.Pos, diag.EmptySet, "", "%s names no node", fileText(d.File))
		return nil, false
	}
	outside, twice := few{b: b, code: diag.OutOfRange}, few{b: b, code: diag.NodeTwice, help: "a group holds each node once"}
	nodes := make([]int32, 0, len(at))
	var seen bitset
	for i, k := range at {
		switch {
		case k < 0 || k >= int64(len(from)):
			outside.add(d.File.Pos, "%s: element [%d] is %d; %s has nodes 0 … %d", fileText(d.File), i, k, refText(of), len(from)-1)
		case !seen.add(int32(k)):
			twice.add(d.File.Pos, "%s: element [%d] is %d once more", fileText(d.File), i, k)
		default:
			nodes = append(nodes, from[k]...)
		}
	}
	outside.done("elements")
	twice.done("elements")
	return nodes, outside.count+twice.count == 0
}

// maskGroup keeps the nodes where the mask is true.
func (b *builder) maskGroup(d *spec.Group, of *spec.Ref, from [][]int32, shape []int, keep []bool) ([]int32, bool) {
	want, _ := b.refGrid(of, len(from))
	if !slices.Equal(shape, want) && !slices.Equal(shape, []int{len(from)}) {
		b.fail(d.File.Pos, diag.BadFile, "", "the mask %s has shape %s; %s has shape %s", fileText(d.File), shapeText(shape), refText(of), shapeText(want))
		return nil, false
	}
	var nodes []int32
	for i, on := range keep {
		if on {
			nodes = append(nodes, from[i]...)
		}
	}
	if nodes == nil {
		b.fail(d.File.Pos, diag.EmptySet, "", "the mask %s is false everywhere: the group has no node", fileText(d.File))
	}
	return nodes, nodes != nil
}

// randomNodes chooses n nodes: those whose words of purpose 4, slot = position
// in of, draw 0 under the seed are the lowest, equal words by position. They
// keep the order of of.
func randomNodes[T any](of []T, n int, seed uint64) []T {
	words := rng.NewWords(seed, 10)
	keys := make([]uint64, len(of))
	for i := range keys {
		keys[i] = uint64(words.Word32(rng.PurposeWeights, 0, 0, uint32(i), 0))<<32 | uint64(i)
	}
	slices.Sort(keys)
	at := make([]int, n)
	for i := range at {
		at[i] = int(uint32(keys[i]))
	}
	slices.Sort(at)
	chosen := make([]T, n)
	for i, k := range at {
		chosen[i] = of[k]
	}
	return chosen
}

// parityNodes keeps the nodes whose coordinates inside their variable have an
// even (0) or odd (1) sum.
func (b *builder) parityNodes(of []int32, parity int) []int32 {
	return slices.DeleteFunc(slices.Clone(of), func(node int32) bool {
		v := &b.g.Vars[b.g.varOf(node)]
		i, sum, grid := (int(node)-v.First)/v.Width(), 0, v.Grid()
		for d := len(grid) - 1; d >= 0; d-- {
			sum += i % grid[d]
			i /= grid[d]
		}
		return sum%2 != parity
	})
}

// ref resolves a reference; a problem, or a set without nodes, is reported.
func (b *builder) ref(r *spec.Ref) ([]int32, bool) {
	nodes, p := b.resolver().resolve(r)
	if p == nil && len(nodes) == 0 {
		p = &diag.Problem{Pos: r.Pos, Code: diag.EmptySet, Text: fmt.Sprintf("%s names no node", refText(r))}
	}
	if p != nil {
		if p != reported {
			b.add(*p)
		}
		return nil, false
	}
	return nodes, true
}

func refText(r *spec.Ref) string {
	if r.Text != "" {
		return r.Text
	}
	return "the list"
}

// Ref resolves a reference as written in a model file. The nodes come in the
// order written; none is an error.
func (g *Graph) Ref(text string) ([]int32, error) {
	r, err := parseRef(text)
	if err != nil {
		return nil, err
	}
	rs := &resolver{
		vars: g.Vars,
		find: func(name string) (int, bool) {
			i := slices.IndexFunc(g.Vars, func(v Variable) bool { return v.Name == name })
			return i, i >= 0
		},
		fields: func(name string) (list []int) {
			for i, v := range g.Vars {
				if strings.HasPrefix(v.Name, name+".") {
					list = append(list, i)
				}
			}
			return list
		},
		group: func(name spec.Name) ([]int32, bool, *diag.Problem) {
			i := slices.IndexFunc(g.Groups, func(x Group) bool { return x.Name == name.Text })
			if i < 0 {
				return nil, false, nil
			}
			return g.Groups[i].Nodes, true, nil
		},
		names: func() []string {
			var names []string
			for _, v := range g.Vars {
				names = append(names, v.Name)
			}
			for _, x := range g.Groups {
				names = append(names, x.Name)
			}
			return names
		},
	}
	nodes, p := rs.resolve(r)
	if p != nil {
		text := p.Text
		if p.Help != "" {
			text += " (" + p.Help + ")"
		}
		return nil, fmt.Errorf("%s: %s", strconv.Quote(r.Text), text)
	}
	if len(nodes) == 0 {
		return nil, fmt.Errorf("%s names no node", strconv.Quote(text))
	}
	return nodes, nil
}

// parseRef reads a reference by way of a model that has nothing else.
func parseRef(text string) (*spec.Ref, error) {
	src := "model: m\nvariables: {x: {kind: spin}}\nfactors: []\ngroups: {g: " + strconv.Quote(text) + "}\n"
	s, l := spec.Parse("", []byte(src))
	for _, p := range l.Problems() {
		if p.Pos.Line == 4 {
			return nil, fmt.Errorf("%s: %s", diag.Quote(text), p.Text)
		}
	}
	if s == nil || len(s.Groups) != 1 || s.Groups[0].Ref == nil {
		return nil, fmt.Errorf("%s is no reference", diag.Quote(text))
	}
	return s.Groups[0].Ref, nil
}
