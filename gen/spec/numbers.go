package spec

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// numbers reads a number or a nested list of numbers. All lists of one depth
// must have the same length.
func (p *parser) numbers(n *node, what string) *List {
	r := numberReader{p: p, what: what, src: n.src, list: &List{}}
	for first := n; first.kind == list; first = &first.items[0] {
		r.list.Shape = append(r.list.Shape, len(first.items))
		if len(first.items) == 0 {
			break
		}
	}
	if !r.read(n, 0) {
		return nil
	}
	places, src := r.places, n.src
	r.list.At = func(i int) diag.Pos {
		at := node{line: places[i][0], col: places[i][1], src: src}
		return at.pos()
	}
	return r.list
}

type numberReader struct {
	p      *parser
	what   string
	src    *source
	list   *List
	places [][2]int32 // line and column of each value
}

func (r *numberReader) read(n *node, depth int) bool {
	shape := r.list.Shape
	switch {
	case n.kind == mapping:
		r.p.expected(n, r.what, "a number or a nested list of numbers")
		return false
	case depth == len(shape):
		if n.kind == list {
			r.p.add(n, diag.Ragged, "%s: a list stands here where the first entries have a number", r.what)
			return false
		}
		v, ok := r.p.floatValue(n, r.what, "a number")
		r.list.Values = append(r.list.Values, v)
		r.places = append(r.places, [2]int32{n.line, n.col})
		return ok
	case n.kind != list:
		if n.isNull() || !isFloat(n.text) {
			r.p.floatValue(n, r.what, "a number")
			return false
		}
		r.p.add(n, diag.Ragged, "%s: the number %s stands here where the first entries have a list of %d", r.what, n.short(), shape[depth])
		return false
	case len(n.items) != shape[depth]:
		r.p.add(n, diag.Ragged, "%s: this list has %s, the first of its depth has %d", r.what, count(len(n.items), "entry", "entries"), shape[depth])
		return false
	}
	if r.list.Values == nil {
		r.reserve()
	}
	ok := true
	for i := range n.items {
		ok = r.read(&n.items[i], depth+1) && ok
	}
	return ok
}

// reserve makes room for the values, but not on the word of a shape that the
// rest of the list may not keep.
func (r *numberReader) reserve() {
	size := 1
	for _, n := range r.list.Shape {
		if size *= max(n, 1); size > 1<<20 {
			size = 1 << 20
			break
		}
	}
	r.list.Values = slices.Grow(r.list.Values, size)
	r.places = slices.Grow(r.places, size)
}

// weights reads a number, a nested list, a generated table or a file.
func (p *parser) weights(n *node, what string) *Weights {
	w := &Weights{Kind: "list", Pos: n.pos()}
	if n.isNull() || n.kind == scalar && !isFloat(n.text) && (numberHelp(n) == "" || !n.plain) {
		e := p.expected(n, what, "a number, a nested list of numbers, or a mapping such as {normal: [0, 1], seed: 1} or {file: f.npz#key}")
		e.Help = numberHelp(n)
		return nil
	}
	if n.kind != mapping {
		if w.List = p.numbers(n, what); w.List == nil {
			return nil
		}
		return w
	}
	f, _ := p.fields(n, what, "identity", "normal", "uniform", "signs", "file", "seed")
	v := p.oneOf(f, "identity", "normal", "uniform", "signs", "file")
	if v.key == "" {
		return nil
	}
	w.Kind = v.key
	at := f.path(v.key)
	switch v.key {
	case "identity", "signs":
		w.A = p.float(v.value, at)
	case "normal":
		w.A, w.B = p.pair(v.value, at, "a list [mean, standard deviation]")
		p.notNegative(w.B, at+", the standard deviation,")
	case "uniform":
		w.A, w.B = p.pair(v.value, at, "a list [lowest, highest]")
		if w.A.Ok && w.B.Ok && w.A.V > w.B.V {
			p.problems.Addf(w.A.Pos, diag.OutOfRange, "%s: the lowest value %v is above the highest %v", at, w.A.V, w.B.V).
				Help = "swap the two"
		}
	case "file":
		if w.File = p.fileName(v.value, at); w.File == nil {
			return nil
		}
	}
	if v.key == "identity" || v.key == "file" {
		f.only("goes with normal, uniform and signs only", "seed")
	} else {
		w.Seed = f.seed("seed")
	}
	return w
}

func (p *parser) notNegative(v Float, what string) {
	if v.Ok && v.V < 0 {
		p.problems.Addf(v.Pos, diag.OutOfRange, "%s must be at least 0, not %v", what, v.V)
	}
}

func (f fields) weights(key string) *Weights {
	if v := f.get(key); v != nil {
		return f.p.weights(v, f.path(key))
	}
	return nil
}

// form is the key by which a mapping says which form it has.
type form struct {
	key        string
	name       *node
	value      *node
	incomplete bool // the key is there, without value
}

// oneOf finds the one key of several that a mapping must have. None or more
// than one is reported, and the first found counts.
func (p *parser) oneOf(f fields, keys ...string) form {
	var found form
	for i := 0; i < len(f.n.items); i += 2 {
		k, v := &f.n.items[i], &f.n.items[i+1]
		if !contains(keys, k.text) {
			continue
		}
		switch {
		case found.key != "":
			p.add(k, diag.Conflict, "%s cannot have both %s and %s", orModel(f.what), found.key, k.text).Help = "keep one of the two"
		case v.isNull(): // reported with the keys
			found.incomplete = true
		default:
			found = form{key: k.text, name: k, value: v}
		}
	}
	if found.key == "" && !found.incomplete && !f.unclear(keys) {
		p.add(f.n, diag.MissingKey, "%s needs one of the keys %s", orModel(f.what), diag.Or(keys))
	}
	return found
}

// unclear tells a mapping with an unknown key that may have meant one of keys.
func (f fields) unclear(keys []string) bool {
	for i := 0; i < len(f.n.items); i += 2 {
		if word := f.n.items[i].text; !contains(f.keys, word) {
			if meant := diag.Suggest(word, f.keys); meant == "" || contains(keys, meant) {
				return true
			}
		}
	}
	return false
}

// rows reads rows of node indices, each of the given length (0: any).
func (p *parser) rows(n *node, what string, slots int, help string) *Index {
	out := &Index{Pos: n.pos(), Rows: make([][]int, 0, len(n.items)), RowPos: make([]diag.Pos, 0, len(n.items))}
	total := 0
	for i := range n.items {
		total += len(n.items[i].items)
	}
	flat := make([]int, 0, total)
	ok := true
	for i := range n.items {
		row := &n.items[i]
		if row.kind != list {
			e := p.expected(row, item(what, i), "a row of node indices")
			if row.kind == scalar && isInt(row.text) {
				e.Help = "write every row as a list, also with one slot: [[" + row.text + "], …]"
			}
			return nil
		}
		if slots > 0 && len(row.items) != slots {
			p.add(row, diag.Length, "%s has %s, it must have %d", item(what, i), count(len(row.items), "node", "nodes"), slots).Help = help
			ok = false
		}
		from := len(flat)
		for j := range row.items {
			v, good := p.indexValue(&row.items[j], what, i)
			flat = append(flat, v)
			ok = ok && good
		}
		out.Rows = append(out.Rows, flat[from:len(flat):len(flat)])
		out.RowPos = append(out.RowPos, row.pos())
	}
	if !ok {
		return nil
	}
	return out
}

// indexValue reads a node index of a row.
func (p *parser) indexValue(n *node, what string, row int) (int, bool) {
	if n.kind == scalar && n.plain && len(n.text) < 10 && isInt(n.text) && n.text[0] != '-' {
		v := 0
		for _, c := range []byte(n.text) {
			v = 10*v + int(c-'0')
		}
		return v, true
	}
	v := p.integer(n, item(what, row), 0, maxCount)
	return int(v.V), v.Ok
}
