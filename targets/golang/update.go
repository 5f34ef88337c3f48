package golang

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// updateFiles writes the updates: for each superblock one function, or several
// of chunk updates that the engine calls in order.
func (e *emitter) updateFiles() []emit.File {
	row, spins := spinRows(e.p)
	categories := categoryRows(e.p)
	out := bulk{e: e, pattern: "update_%03d.go"}
	for i, s := range e.supers {
		parts := e.chunks(len(s.updates))
		for k, part := range parts {
			b := out.function(part[1] - part[0])
			name := blockFunc(i, k, len(parts))
			b.put("\n// ", name, " updates ", count(part[1]-part[0], "node"), " of superblock ", strconv.Itoa(i), ".\nfunc ", name, "(c *", e.rt("Column"), ") {\n")
			e.updateBody(b, s.updates[part[0]:part[1]], row, spins, categories)
			b.put("}\n")
		}
	}
	return out.close()
}

// bulk spreads functions over numbered files.
type bulk struct {
	e       *emitter
	pattern string
	files   []emit.File
	b       *lines
	updates int // in the file at hand
}

// function is where a function of so many updates is to be written.
func (k *bulk) function(updates int) *lines {
	if k.b != nil && k.updates+updates > fileUpdates {
		k.close()
	}
	if k.b == nil {
		k.b = &lines{}
		k.e.open(k.b)
	}
	k.updates += updates
	return k.b
}

// close ends the file at hand and returns all.
func (k *bulk) close() []emit.File {
	if k.b != nil {
		k.files = append(k.files, emit.File{Path: fmt.Sprintf(k.pattern, len(k.files)), Data: k.b.b})
		k.b, k.updates = nil, 0
	}
	return k.files
}

// blockFunc names the function of part k of superblock i.
func blockFunc(i, k, parts int) string {
	name := "updateBlock" + strconv.Itoa(i)
	if parts == 1 {
		return name
	}
	return partName(name, k)
}

func partName(what string, part int) string { return what + "Part" + strconv.Itoa(part) }

// chunks cuts n updates where functions end: at multiples of four, because four
// slots share their digits.
func (e *emitter) chunks(n int) [][2]int {
	size := (e.chunk + 3) / 4 * 4
	var parts [][2]int
	for at := 0; at < n; at += size {
		parts = append(parts, [2]int{at, min(n, at+size)})
	}
	return parts
}

// updateBody writes updates in the order of their slots.
func (e *emitter) updateBody(b *lines, updates []update, row []int, spins int, categories []int) {
	for _, u := range updates {
		if u.spin {
			b.put("\tst := (*[")
			b.num(spins)
			b.put("]uint64)(c.Spins)\n")
			break
		}
	}
	drawn := -1
	for _, u := range updates {
		if u.slot/4 != drawn {
			drawn = u.slot / 4
			b.put("\tc.Draw(")
			b.num(4 * drawn)
			b.put(")\n")
		}
		e.updateComment(b, u)
		if u.spin {
			e.updateSpin(b, u, row)
			continue
		}
		e.updateCategory(b, u, row, categories)
	}
}

// updateCategory is a categorical with its neighbours, or a node that is left to
// the model's tables: a spin that reads categoricals, more states than a byte holds.
func (e *emitter) updateCategory(b *lines, u update, spins, categories []int) {
	rows := e.neighbourRows(u, spins, categories)
	if categories[u.node] < 0 || rows == nil {
		b.put("\tc.Node(")
		b.num(u.slot)
		b.put(")\n")
		return
	}
	b.put("\tc.Category(")
	b.num(u.slot)
	for _, r := range rows {
		b.put(", ")
		if r < 0 {
			b.put("^")
			r = ^r
		}
		b.num(r)
	}
	b.put(")\n")
}

// neighbourRows are the rows of a node's neighbours in the order in which the
// engine numbers them: row by row, spins before categoricals, each once. It is nil
// if one has no row.
func (e *emitter) neighbourRows(u update, spins, categories []int) []int {
	rows := []int{}
	for _, in := range u.rows {
		for _, kind := range [][]int{spins, categories} {
			for _, n := range in.others {
				r := kind[n]
				switch {
				case spins[n] < 0 && categories[n] < 0:
					return nil
				case r < 0:
					continue
				case spins[n] >= 0:
					r = ^r
				}
				if !slices.Contains(rows, r) {
					rows = append(rows, r)
				}
			}
		}
	}
	return rows
}

// updateComment names the node and its neighbours in the order of its rows.
func (e *emitter) updateComment(b *lines, u update) {
	e.nodeComment(b, u)
	e.neighbours(b, u)
	b.put("\n")
}

// nodeComment begins a comment on a node.
func (e *emitter) nodeComment(b *lines, u update) {
	b.put("\t// ", e.names[u.node], " = node ")
	b.num(u.node)
	b.put(", slot ")
	b.num(u.slot)
	b.put(":")
}

// neighbours lists the inputs of an update; a row of several others is a
// product.
func (e *emitter) neighbours(b *lines, u update) {
	for _, in := range u.rows {
		if len(in.others) == 0 {
			continue
		}
		b.put(" ")
		for i, n := range in.others {
			if i > 0 {
				b.put("·")
			}
			b.put(e.names[n])
		}
	}
}

// updateSpin writes st[i] = c.Spin(slot, st[i], inputs…).
func (e *emitter) updateSpin(b *lines, u update, row []int) {
	var inputs []string
	for _, in := range u.rows {
		if len(in.others) > 0 {
			inputs = append(inputs, e.word(in.others, row))
		}
	}
	method, width := "SpinN", len(inputs)
	switch {
	case len(inputs) <= 4:
		method, width = "Spin", 4
	case len(inputs) <= 8:
		method, width = "Spin8", 8
	}
	for len(inputs) < width {
		inputs = append(inputs, "0")
	}
	at := row[u.node]
	b.put("\tst[")
	b.num(at)
	b.put("] = c.", method, "(")
	b.num(u.slot)
	b.put(", st[")
	b.num(at)
	b.put("], ", strings.Join(inputs, ", "), ")\n")
}

// word is the product of spins as an expression.
func (e *emitter) word(nodes []int32, row []int) string {
	w := fmt.Sprintf("st[%d]", row[nodes[0]])
	for _, n := range nodes[1:] {
		w = fmt.Sprintf("%s(%s, st[%d])", e.rt("Product"), w, row[n])
	}
	return w
}
