package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// factors resolves every factor: slots, rows, weights, repeats.
func (b *builder) factors() {
	names := map[string]diag.Pos{}
	for i := range b.terms {
		t := &b.terms[i]
		if t.Name.Text == "" {
			continue
		}
		if _, twice := names[t.Name.Text]; twice {
			b.fail(t.Name.Pos, diag.Duplicate, "", "two factors are called %s", t.Name.Text)
		}
		names[t.Name.Text] = t.Name.Pos
	}
	for i := range b.terms {
		t := &b.terms[i]
		name := t.Name.Text
		if name == "" {
			name = fmt.Sprintf("f%d", i)
			if pos, taken := names[name]; taken {
				b.fail(pos, diag.Duplicate, "choose another name", "factor %d, which has no name, is called %s", i, name)
			}
		}
		parts, ok := b.factor(t, name)
		switch {
		case ok && t.coded != nil:
			t.coded.Name = name
			b.g.Terms = append(b.g.Terms, Term{Name: name, First: len(b.g.Codes), Coded: true, Rows: t.coded.Rows, Energy: t.shown, ScaleBy: t.ScaleBy.Text, Runtime: t.formula != nil})
			if t.formula != nil {
				b.addFormula(t.formula, len(b.g.Codes))
			}
			b.g.Codes = append(b.g.Codes, *t.coded)
		case ok && len(parts) == 0 && t.shown != nil:
			b.warn(t.Pos, diag.NoRows, "", "factor %s is left out: its energy is 0", name)
		case ok && len(parts) == 0:
			b.warn(t.Pos, diag.NoRows, "", "factor %s has no rows and is left out: no edge of the graph lies in its variables", name)
		case ok:
			b.g.Terms = append(b.g.Terms, Term{Name: name, First: len(b.g.Factors), Parts: len(parts), Rows: parts[0].Rows, Energy: t.shown, ScaleBy: t.ScaleBy.Text, Runtime: t.live})
			if t.formula != nil {
				b.addFormula(t.formula, len(b.g.Factors))
			}
			if t.shown != nil {
				b.g.Terms[len(b.g.Terms)-1].Rows = t.shown.Rows
			}
		}
		b.g.Factors = append(b.g.Factors, parts...)
	}
}

// factor gives the factors of a term: one, or several for an energy expression;
// none if it has no rows.
func (b *builder) factor(t *term, name string) ([]Factor, bool) {
	f := Factor{Name: name, Scale: 1, Pos: t.Pos, WeightsPos: t.Pos, Runtime: b.s.Runtime}
	if t.Runtime != nil {
		f.Runtime = *t.Runtime
	}
	if t.Scale.Ok {
		f.Scale = t.Scale.V
		if !finite(f.Scale) {
			b.fail(t.Scale.Pos, diag.NotFinite, "", "a scale of %v", f.Scale)
			return nil, false
		}
	}
	t.live = f.Runtime
	if t.Energy != "" {
		return b.energyFactor(t, &f)
	}
	if !b.slots(t, &f) || !b.noVectors(t, &f) || !b.rows(t, &f) {
		return nil, false
	}
	ok := b.sameNodes(t, &f)
	values, positions, okWeights := b.factorWeights(t, &f)
	if !okWeights {
		return nil, false
	}
	f.Weights = values
	ok = b.finish(&f, positions) && ok
	ok = b.repeats(t, &f) && ok
	if !ok || f.Rows == 0 {
		return nil, ok
	}
	if t.ScaleBy.Text != "" {
		t.formula = scaledWeights(t, &f)
	}
	return []Factor{f}, true
}

// slots looks up the variables under over.
func (b *builder) slots(t *term, f *Factor) bool {
	ok := true
	for _, s := range t.Over {
		i, found := b.vars[s.Var.Text]
		if fields := b.structs[s.Var.Text]; fields != nil {
			b.fail(s.Var.Pos, diag.BadSlots, "name one of its fields: "+strings.Join(fields, ", "), "%s is a structured variable", s.Var.Text)
			ok = false
			continue
		}
		if !found {
			if !b.brokenVars[s.Var.Text] {
				b.unknown(s.Var, "variable", b.declNames())
			}
			ok = false
			continue
		}
		v := &b.g.Vars[i]
		slot := Slot{Var: i, Kind: v.Kind, States: v.States}
		if v.Kind == Continuous {
			slot.Power = 1
		}
		f.Slots = append(f.Slots, slot)
		if v.Kind == Categorical {
			f.Table = append(f.Table, v.States)
		}
	}
	if len(t.Over) == 0 {
		b.fail(t.Pos, diag.BadSlots, "write over: [v1, v2, …]", "factor %s has no slots", f.Name)
		return false
	}
	return ok
}

// noVectors refuses weights over vectors, whose product is no number.
func (b *builder) noVectors(t *term, f *Factor) bool {
	for i, s := range f.Slots {
		if v := &b.g.Vars[s.Var]; v.Dim > 0 {
			b.fail(t.Over[i].Var.Pos, diag.BadSlots, "write an energy, such as \"0.5*dot(u, u)\" with over: {u: "+v.Name+"}",
				"factor %s has weights and is over %s, whose nodes are vectors", f.Name, v.Name)
			return false
		}
	}
	return true
}

// rowPlace is where row i is written: its own place if it has one, and how to
// name it.
func (t *term) rowPlace(i int) (diag.Pos, string) {
	switch {
	case t.rowText != nil:
		return t.Pos, t.rowText(i)
	case t.Index == nil:
		return t.Pos, fmt.Sprintf("row %d", i)
	case i < len(t.Index.RowPos):
		return t.Index.RowPos[i], fmt.Sprintf("row %d", i)
	}
	return t.Index.Pos, fmt.Sprintf("row %d", i)
}

// rows fills f.Index with dense nodes.
func (b *builder) rows(t *term, f *Factor) bool {
	ok := true
	switch x := t.Index; {
	case t.rows != nil || t.rowText != nil:
		f.Index = t.rows
		ok = b.toDense(t, f)
	case x == nil:
		b.fail(t.Pos, diag.BadSlots, "write index or edges", "factor %s does not say which nodes it joins", f.Name)
		return false
	case x.All:
		if len(f.Slots) > 1 && b.oneStruct(f) {
			return b.structRows(f)
		}
		if len(f.Slots) != 1 {
			b.fail(x.Pos, diag.BadSlots, "use index: pairs, edges or a list of rows", "index: all is for one slot, factor %s has %d", f.Name, len(f.Slots))
			return false
		}
		v := &b.g.Vars[f.Slots[0].Var]
		if !b.takeCells(f.Pos, float64(v.Places())) {
			return false
		}
		f.Index = v.places()
	case x.Pairs:
		ok = b.pairs(t, f)
	case x.Edges != nil:
		ok = b.edges(t, f)
	case x.File != nil:
		ok = b.fileRows(t, f)
	default:
		ok = b.writtenRows(t, f)
	}
	f.Rows = len(f.Index) / len(f.Slots)
	return ok
}

// takeCells counts cells against MaxCells.
func (b *builder) takeCells(pos diag.Pos, n float64) bool {
	if float64(b.cells)+n > MaxCells {
		b.limit(pos, "the factors have more than %d rows × slots", MaxCells)
		return false
	}
	b.cells += int(n)
	return true
}

// toDense turns positions inside the slots' variables into dense nodes.
func (b *builder) toDense(t *term, f *Factor) bool {
	if !b.takeCells(t.Pos, float64(len(f.Index))) {
		return false
	}
	outside := few{b: b, code: diag.OutOfRange}
	s := len(f.Slots)
	for k, slot := range f.Slots {
		v := &b.g.Vars[slot.Var]
		for at := k; at < len(f.Index); at += s {
			i := f.Index[at]
			if i < 0 || int(i) >= v.Places() {
				pos, text := t.rowPlace(at / s)
				outside.add(pos, "%s: %d is no node of %s, which has 0 … %d", text, i, v.Name, v.Places()-1)
				continue
			}
			f.Index[at] = v.place(int(i))
		}
	}
	outside.done("rows")
	return outside.count == 0
}

func (b *builder) writtenRows(t *term, f *Factor) bool {
	s := len(f.Slots)
	wrong := few{b: b, code: diag.BadSlots}
	f.Index = make([]int32, 0, s*len(t.Index.Rows))
	for i, row := range t.Index.Rows {
		if len(row) != s {
			pos, text := t.rowPlace(i)
			wrong.add(pos, "%s has %d nodes, factor %s has %d slots", text, len(row), f.Name, s)
			continue
		}
		for _, n := range row {
			f.Index = append(f.Index, int32(max(min(n, MaxModelNodes), -1)))
		}
	}
	wrong.done("rows")
	if len(t.Index.Rows) == 0 {
		b.fail(t.Index.Pos, diag.NoRows, "", "factor %s has no rows", f.Name)
		return false
	}
	return wrong.count == 0 && b.toDense(t, f)
}

func (b *builder) fileRows(t *term, f *Factor) bool {
	file, s := t.Index.File, len(f.Slots)
	shape, values, ok := b.ints(file)
	if !ok {
		return false
	}
	if !(len(shape) == 2 && shape[1] == s || len(shape) == 1 && s == 1) {
		b.fail(file.Pos, diag.BadFile, "one row for each factor row, one column for each slot",
			"%s has shape %s, factor %s needs [n, %d]", fileText(file), shapeText(shape), f.Name, s)
		return false
	}
	if len(values) == 0 {
		b.fail(file.Pos, diag.NoRows, "", "%s has no rows", fileText(file))
		return false
	}
	f.Index = make([]int32, len(values))
	for i, v := range values {
		f.Index[i] = int32(max(min(v, MaxModelNodes), -1))
	}
	return b.toDense(t, f)
}

// pairs joins every two nodes of one variable, or every node of one to every
// node of the other.
func (b *builder) pairs(t *term, f *Factor) bool {
	if len(f.Slots) != 2 {
		b.fail(t.Index.Pos, diag.BadSlots, "", "index: pairs is for two slots, factor %s has %d", f.Name, len(f.Slots))
		return false
	}
	u, v := &b.g.Vars[f.Slots[0].Var], &b.g.Vars[f.Slots[1].Var]
	same := u == v
	count := float64(u.Places()) * float64(v.Places())
	if same {
		count = float64(u.Places()) * float64(u.Places()-1) / 2
	}
	if !b.takeCells(t.Index.Pos, 2*count) {
		return false
	}
	f.Index = make([]int32, 0, int(2*count))
	for i := range u.Places() {
		from := 0
		if same {
			from = i + 1
		}
		for j := from; j < v.Places(); j++ {
			f.Index = append(f.Index, u.place(i), v.place(j))
		}
	}
	return true
}

// edges joins the ends of the edges of a graph, in the order of its edges. With
// two different variables an edge is tried both ways.
func (b *builder) edges(t *term, f *Factor) bool {
	x := t.Index.Edges
	if len(f.Slots) != 2 {
		b.fail(x.Pos, diag.BadSlots, "use index: [[i1, i2, …], …]", "edges are for two slots, factor %s has %d", f.Name, len(f.Slots))
		return false
	}
	top, inline, ok := b.edgeGraph(x, f)
	if !ok {
		return false
	}
	if !b.takeCells(x.Pos, 2*float64(len(top.Edges))) {
		return false
	}
	u, v := f.Slots[0].Var, f.Slots[1].Var
	atU, ok := b.nodesOn(u, top, x, inline)
	if !ok {
		return false
	}
	atV := atU
	if u != v {
		if atV, ok = b.nodesOn(v, top, x, inline); !ok {
			return false
		}
	}
	f.Index = make([]int32, 0, 2*len(top.Edges))
	for _, e := range top.Edges {
		if p, q := atU(e[0]), atV(e[1]); p >= 0 && q >= 0 {
			f.Index = append(f.Index, p, q)
		}
		if u == v && !t.directed {
			continue
		}
		if p, q := atU(e[1]), atV(e[0]); p >= 0 && q >= 0 {
			f.Index = append(f.Index, p, q)
		}
	}
	return true
}

// edgeGraph finds or makes the graph of an edges key. inline says that it was
// made from the shape of the variable itself.
func (b *builder) edgeGraph(x *spec.Topology, f *Factor) (top *Topology, inline, ok bool) {
	if x.Over.Text == "" {
		top, ok = b.topology(x, nil)
		return top, false, ok
	}
	i, found := b.vars[x.Over.Text]
	if fields := b.structs[x.Over.Text]; fields != nil {
		if !b.oneStruct(f) || !slices.Contains(fields, b.g.Vars[f.Slots[0].Var].Name) {
			b.fail(x.Over.Pos, diag.BadSlots, "declare the graph under graphs and place the variables on it with on",
				"edges: {%s: %s} joins the fields of %s, factor %s has other slots", x.Kind, x.Over.Text, x.Over.Text, f.Name)
			return nil, false, false
		}
		i, found = f.Slots[0].Var, true // all fields have its shape
	}
	if !found {
		if !b.brokenVars[x.Over.Text] {
			b.unknown(x.Over, "variable", b.declNames())
		}
		return nil, false, false
	}
	v := &b.g.Vars[i]
	for _, s := range f.Slots {
		if s.Var != i && b.structs[x.Over.Text] == nil {
			b.fail(x.Over.Pos, diag.BadSlots, "declare the graph under graphs and place both variables on it with on",
				"edges: {%s: %s} joins nodes of %s, but factor %s is also over %s", x.Kind, v.Name, v.Name, f.Name, b.g.Vars[s.Var].Name)
			return nil, false, false
		}
	}
	shape := v.Grid()
	switch x.Kind {
	case "chain", "ring", "complete":
		shape = []int{v.Places()}
	case "grid", "torus", "king":
		if v.OnNodes != nil || len(shape) == 0 || x.Kind == "king" && len(shape) != 2 {
			b.fail(x.Over.Pos, diag.BadGraph, "", "the shape %s of variable %s makes no %s", shapeText(shape), v.Name, x.Kind)
			return nil, false, false
		}
	default:
		b.fail(x.Over.Pos, diag.BadGraph, "declare the graph under graphs and write on: g for the variable",
			"a %s cannot be made from the shape of a variable", x.Kind)
		return nil, false, false
	}
	top, ok = b.topology(x, shape)
	if ok && v.Topology == nil && b.layout[i] == nil {
		b.layout[i] = top
	}
	return top, true, ok
}

// nodesOn maps nodes of a graph to dense nodes of a variable, -1 where it has
// none. A variable that is on no graph but has as many nodes is taken to sit on
// it, node i on node i.
func (b *builder) nodesOn(variable int, top *Topology, x *spec.Topology, inline bool) (func(int32) int32, bool) {
	v := &b.g.Vars[variable]
	whole := func(n int32) int32 { return v.place(int(n)) }
	switch {
	case inline || v.Topology == top && v.OnNodes == nil:
		return whole, true
	case v.Topology == top:
		at := make([]int32, top.Nodes)
		for i := range at {
			at[i] = -1
		}
		for i, n := range v.OnNodes {
			at[n] = v.place(i)
		}
		return func(n int32) int32 { return at[n] }, true
	case v.Topology == nil && v.Places() == top.Nodes:
		if b.layout[variable] == nil {
			b.layout[variable] = top
		}
		return whole, true
	}
	name := x.Ref.Text
	if name == "" {
		name = x.Kind
	}
	if v.Topology != nil {
		b.fail(x.Pos, diag.BadSlots, "", "variable %s is on another graph than %s", v.Name, name)
		return nil, false
	}
	b.fail(x.Pos, diag.BadSlots, fmt.Sprintf("write %s: {…, on: %s}", v.Name, name),
		"variable %s is not on graph %s and has %d nodes, the graph has %d", v.Name, name, v.Places(), top.Nodes)
	return nil, false
}

// sameNodes refuses rows that name a node twice.
func (b *builder) sameNodes(t *term, f *Factor) bool {
	twice := few{b: b, code: diag.SameNode, help: "a row joins different nodes; what a node has by itself is a factor over one slot"}
	s := len(f.Slots)
	if s == 1 {
		return true
	}
	for r := range f.Rows {
		row := f.Index[r*s : r*s+s]
		for i := 1; i < s; i++ {
			if slices.Contains(row[:i], row[i]) {
				pos, text := t.rowPlace(r)
				twice.add(pos, "%s of factor %s has %s twice", text, f.Name, b.g.PlaceName(int(row[i])))
				break
			}
		}
	}
	twice.done("rows")
	return twice.count == 0
}

// repeats refuses rows that have the same nodes, in any order; with
// `duplicates: sum` they become one, their weights added. Runtime factors keep
// both rows then, each with its own weights.
func (b *builder) repeats(t *term, f *Factor) bool {
	first, any := repeatedRows(f)
	if !any || t.Sum && f.Runtime {
		return true
	}
	if t.Sum {
		f.mergeRows(first)
		return true
	}
	again := few{b: b, code: diag.RepeatedRow, help: "remove one of the two, or write `duplicates: sum` to count both"}
	if b.s.Family != nil {
		again.help = "remove one of the two; to count both, add their weights"
	}
	for r, o := range first {
		if int(o) != r {
			pos, text := t.rowPlace(r)
			_, other := t.rowPlace(int(o))
			again.add(pos, "%s of factor %s joins %s, as %s does", text, f.Name, b.rowNodes(f, r), other)
		}
	}
	again.done("rows")
	return false
}

func (b *builder) rowNodes(f *Factor, r int) string {
	s := len(f.Slots)
	names := make([]string, s)
	for i := range names {
		names[i] = b.g.NodeName(int(f.Index[r*s+i]))
	}
	return strings.Join(names, " and ")
}

// repeatedRows finds for each row the first row with the same nodes. It hashes
// sorted rows into an open table of row numbers.
func repeatedRows(f *Factor) (first []int32, any bool) {
	s := len(f.Slots)
	sorted := f.Index
	if s > 1 {
		sorted = slices.Clone(f.Index)
		for r := range f.Rows {
			row := sorted[r*s : r*s+s]
			if s == 2 {
				row[0], row[1] = min(row[0], row[1]), max(row[0], row[1])
			} else {
				slices.Sort(row)
			}
		}
	}
	size := 16
	for size < 2*f.Rows {
		size *= 2
	}
	table := make([]int32, size) // row + 1, 0 for empty
	first = make([]int32, f.Rows)
	for r := range f.Rows {
		row := sorted[r*s : r*s+s]
		h := uint64(0)
		for _, v := range row {
			h = (h ^ uint64(uint32(v))) * 0x9E3779B97F4A7C15
			h ^= h >> 29
		}
		at := int(h>>32) & (size - 1)
		for table[at] != 0 {
			o := int(table[at] - 1)
			if slices.Equal(row, sorted[o*s:o*s+s]) {
				break
			}
			at = (at + 1) & (size - 1)
		}
		if table[at] == 0 {
			table[at] = int32(r + 1)
		}
		first[r] = table[at] - 1
		any = any || int(first[r]) != r
	}
	return first, any
}

// mergeRows adds the weights of each row to those of the first row with the
// same nodes, and drops it.
func (f *Factor) mergeRows(first []int32) {
	s, size := len(f.Slots), f.TableSize()
	if f.Shared {
		f.Weights = slices.Repeat(f.Weights, f.Rows)
		f.Shared = false
	}
	kept := 0
	to := make([]int, f.Rows) // new place of each first row
	for r := range f.Rows {
		o := int(first[r])
		if o != r {
			f.addTable(to[o], r)
			continue
		}
		to[r] = kept
		if kept != r {
			copy(f.Weights[kept*size:], f.Weights[r*size:r*size+size])
			copy(f.Index[kept*s:], f.Index[r*s:r*s+s])
		}
		kept++
	}
	f.Rows = kept
	f.Index = f.Index[:kept*s]
	f.Weights = f.Weights[:kept*size]
}

// addTable adds the table of row r to that of the kept row, which has the same
// nodes in another order of slots.
func (f *Factor) addTable(kept, r int) {
	s, size := len(f.Slots), f.TableSize()
	from, into := f.Index[r*s:r*s+s], f.Index[kept*s:kept*s+s]
	// stride[a] is the step in row r's table of the node on axis a of the kept one.
	var stride []int
	for i, slot := range f.Slots {
		if slot.Kind == Categorical {
			stride = append(stride, f.axisStride(slices.Index(from, into[i])))
		}
	}
	at := make([]int, len(f.Table))
	for k := range size {
		source := r * size
		for a := range at {
			source += at[a] * stride[a]
		}
		f.Weights[kept*size+k] += f.Weights[source]
		for a := len(at) - 1; a >= 0; a-- {
			if at[a]++; at[a] < f.Table[a] {
				break
			}
			at[a] = 0
		}
	}
}

// axisStride is the step in a table from one value to the next of the
// categorical in a slot.
func (f *Factor) axisStride(slot int) int {
	stride := 1
	for i := slot + 1; i < len(f.Slots); i++ {
		if f.Slots[i].Kind == Categorical {
			stride *= f.Slots[i].States
		}
	}
	return stride
}
