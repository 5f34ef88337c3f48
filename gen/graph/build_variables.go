package graph

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

// variables lays all variables out as dense nodes, in the order declared.
func (b *builder) variables() {
	chosen := make([][]int32, len(b.decls)) // graph nodes, for variables on part of a graph
	placed := make([]bool, len(b.decls))
	for i := range b.decls {
		if on := b.decls[i].On; on != nil && !on.Rest {
			chosen[i], placed[i] = b.place(on)
		}
	}
	for i := range b.decls {
		if on := b.decls[i].On; on != nil && on.Rest {
			chosen[i], placed[i] = b.placeRest(i, chosen, placed)
		}
	}
	total := 0
	var flat []spec.Variable
	var from []int // declaration of each
	for i := range b.decls {
		fields := fieldsOf(&b.decls[i])
		for _, f := range fields {
			flat, from = append(flat, f), append(from, i)
			if b.decls[i].Fields != nil {
				b.structs[b.decls[i].Name.Text] = append(b.structs[b.decls[i].Name.Text], f.Name.Text)
			}
		}
	}
	for k := range flat {
		d, i := &flat[k], from[k]
		name := d.Name.Text
		if _, twice := b.vars[name]; twice || b.brokenVars[name] {
			b.fail(d.Name.Pos, diag.Duplicate, "", "variable %s is declared twice", name)
			continue
		}
		v, ok := b.variable(d, chosen[i], d.On == nil || placed[i])
		ok = ok && b.vector(d, &v)
		if ok && total+v.Count > MaxModelNodes {
			b.limit(d.Pos, "more than %d nodes", MaxModelNodes)
			ok = false
		}
		if !ok {
			b.brokenVars[name] = true
			b.brokenVars[b.decls[i].Name.Text] = true
			continue
		}
		v.First = total
		total += v.Count
		b.vars[name] = len(b.g.Vars)
		b.g.Vars = append(b.g.Vars, v)
	}
	b.g.Nodes = total
	if len(b.decls)+len(b.brokenVars) == 0 {
		b.fail(b.s.Model.Pos, diag.BadVariable, "declare some under variables", "the model has no variables")
	}
}

func (b *builder) variable(d *spec.Variable, chosen []int32, placed bool) (Variable, bool) {
	v := Variable{Name: d.Name.Text, Pos: d.Name.Pos, States: 2}
	ok := placed
	switch {
	case d.Kind == "continuous":
		v.Kind, v.States = Continuous, 0
		if len(d.Range) == 2 {
			v.Range = []float64{d.Range[0].V, d.Range[1].V}
			if !(v.Range[0] < v.Range[1]) || math.Abs(v.Range[0]) > math.MaxFloat32 || math.Abs(v.Range[1]) > math.MaxFloat32 {
				b.fail(d.Range[0].Pos, diag.OutOfRange, "", "a range from %v to %v: the first must be below the second, both within ±3.4e38", v.Range[0], v.Range[1])
				ok = false
			}
		}
	case d.Kind == "categorical":
		v.Kind = Categorical
		v.States = int(max(min(d.States.V, 1<<30), 0))
		pos := d.States.Pos
		if !d.States.Ok {
			pos = d.Pos
		}
		switch {
		case d.States.V < 2:
			b.fail(pos, diag.OutOfRange, "", "a categorical variable has at least 2 states, got %d", d.States.V)
			ok = false
		case d.States.V > 65536:
			b.limit(pos, "%d states, at most 65536", d.States.V)
			ok = false
		}
	case d.Kind != "spin":
		b.fail(d.Pos, diag.BadVariable, "", "variable %s has no kind", v.Name)
		return v, false
	}
	if !placed {
		return v, false
	}
	if d.On != nil {
		v.Topology = b.graphs[d.On.Graph.Text]
		if onAll(d.On) {
			v.Count = v.Topology.Nodes
			v.Shape = slices.Clone(v.Topology.Shape)
			if v.Shape == nil {
				v.Shape = []int{v.Count}
			}
			return v, ok
		}
		v.OnNodes, v.Count, v.Shape = chosen, len(chosen), []int{len(chosen)}
		if v.Count == 0 {
			b.fail(d.On.Pos, diag.BadVariable, "", "variable %s has no nodes: none of the %d nodes of %s is left to it",
				v.Name, v.Topology.Nodes, d.On.Graph.Text)
			return v, false
		}
		return v, ok
	}
	v.Count = 1
	for _, side := range d.Shape {
		switch {
		case side.V < 1:
			b.fail(side.Pos, diag.BadVariable, "", "variable %s has a side of %d, must be at least 1", v.Name, side.V)
			return v, false
		case side.V > int64(MaxModelNodes/v.Count):
			b.limit(side.Pos, "variable %s has more than %d nodes", v.Name, MaxModelNodes)
			return v, false
		}
		v.Count *= int(side.V)
		v.Shape = append(v.Shape, int(side.V))
	}
	if at, ok := b.placed[v.Name]; ok {
		v.Topology, v.OnNodes = at.on, span(at.first, v.Count)
	}
	return v, ok
}

func onAll(on *spec.OnExpr) bool { return !on.Rest && !on.Random.Ok && on.Mask == nil }

// place chooses the graph nodes of on: g, {g: {random: …}} or {g: {file: …}}.
// Node i of the graph is chosen at random when the word of purpose 4, slot i,
// draw 0 under the seed is below share·2^32.
func (b *builder) place(on *spec.OnExpr) ([]int32, bool) {
	t, ok := b.namedGraph(on.Graph)
	if !ok {
		return nil, false
	}
	var chosen []int32
	switch {
	case on.Mask != nil:
		mask, ok := b.array(on.Mask)
		if !ok {
			return nil, false
		}
		keep, err := mask.Bools()
		if err != nil {
			b.fail(on.Mask.Pos, diag.BadFile, "a mask is true (1) for the nodes to take and false (0) for the others",
				"%s: %s", fileText(on.Mask), arrayFault(err))
			return nil, false
		}
		if flat := []int{t.Nodes}; !slices.Equal(mask.Shape, flat) && !slices.Equal(mask.Shape, t.Shape) {
			want := shapeText(flat)
			if len(t.Shape) > 1 {
				want = shapeText(t.Shape) + " or " + want
			}
			b.fail(on.Mask.Pos, diag.BadFile, "", "%s has shape %s; a mask of graph %s, which has %d nodes, has shape %s",
				fileText(on.Mask), shapeText(mask.Shape), on.Graph.Text, t.Nodes, want)
			return nil, false
		}
		for i, k := range keep {
			if k {
				chosen = append(chosen, int32(i))
			}
		}
	case on.Random.Ok:
		if !(on.Random.V >= 0 && on.Random.V <= 1) {
			b.fail(on.Random.Pos, diag.OutOfRange, "", "a share of %v, must be from 0 to 1", on.Random.V)
			return nil, false
		}
		words := rng.NewWords(uint64(on.Seed.V), 10)
		for i := range t.Nodes {
			w := words.Word32(rng.PurposeWeights, 0, 0, uint32(i), 0)
			if float64(w) < on.Random.V*(1<<32) {
				chosen = append(chosen, int32(i))
			}
		}
	}
	return chosen, true
}

// placeRest chooses what the other variables on the graph leave.
func (b *builder) placeRest(self int, chosen [][]int32, placed []bool) ([]int32, bool) {
	on := b.decls[self].On
	t, ok := b.namedGraph(on.Graph)
	if !ok {
		return nil, false
	}
	taken := make([]bool, t.Nodes)
	for i := range b.decls {
		other := b.decls[i].On
		switch {
		case i == self || other == nil || other.Graph.Text != on.Graph.Text:
		case other.Rest:
			if i < self {
				b.fail(on.Pos, diag.BadVariable, "", "variable %s already takes the rest of %s", b.decls[i].Name.Text, on.Graph.Text)
				return nil, false
			}
		case !placed[i]:
			return nil, false // what is left is not known
		case onAll(other):
			for v := range taken {
				taken[v] = true
			}
		default:
			for _, v := range chosen[i] {
				taken[v] = true
			}
		}
	}
	var rest []int32
	for v, t := range taken {
		if !t {
			rest = append(rest, int32(v))
		}
	}
	return rest, true
}

// varOf is the variable that holds a node.
func (g *Graph) varOf(node int32) int {
	i, found := slices.BinarySearchFunc(g.Vars, int(node), func(v Variable, n int) int { return v.First - n })
	if !found {
		i--
	}
	return i
}

// NodeName names node i as a reference: "x[3,4]", "x" for a scalar.
func (g *Graph) NodeName(i int) string {
	v := &g.Vars[g.varOf(int32(i))]
	if len(v.Shape) == 0 {
		return v.Name
	}
	at := elementText(v.Shape, i-v.First)
	return v.Name + strings.ReplaceAll(at, " ", "")
}

func shapeText(shape []int) string {
	if shape == nil {
		shape = []int{}
	}
	return strings.ReplaceAll(fmt.Sprint(shape), " ", ", ")
}
