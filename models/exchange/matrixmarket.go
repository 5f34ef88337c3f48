package exchange

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// A Matrix Market file is taken as the weights of an edge list: a square matrix
// in coordinate form, symmetric (one triangle) or general (one triangle, or both
// with equal entries, each pair then once).

const matrixHelp = "the first line is %%MatrixMarket matrix coordinate real symmetric (or integer, pattern; or general)"

func (r *reader) matrixMarket(m *Model) {
	l := lines{text: r.text}
	general, pattern, ok := r.matrixHead(&l)
	if !ok {
		return
	}
	size := int64(-1)
	var said int64
	var sizeLine int
	var entries []entry
	stored := int64(0)
	for l.next() {
		if len(l.fields) == 0 || l.fields[0].text[0] == '%' {
			continue
		}
		if size < 0 {
			if size, said, ok = r.matrixSize(&l); !ok {
				return
			}
			sizeLine = l.line
			continue
		}
		need := 3
		if pattern {
			need = 2
		}
		e, ok := r.entry(&l, need, "row column value"[:len("row column")+6*(need-2)])
		if !ok {
			continue
		}
		stored++
		for k, v := range []int64{e.a, e.b} {
			if v < 1 || v > size {
				r.fail(l.line, l.fields[k], diag.BadNode, "index %d, and the matrix has 1 … %d", v, size)
				ok = false
			}
		}
		if !ok {
			continue
		}
		if e.a == e.b {
			r.selfPair(&l, e)
			continue
		}
		e.a--
		e.b--
		entries = append(entries, e)
		if len(entries) > MaxPairs {
			r.tooMany()
			return
		}
	}
	switch {
	case size < 0:
		r.list.Addf(diag.Pos{File: r.file, Line: l.line, Col: 1}, diag.BadHeader, "the line with the size of the matrix is missing")
	case r.list.Len() == 0 && stored != said:
		r.list.Addf(diag.Pos{File: r.file, Line: sizeLine, Col: 1}, diag.BadCount, "the size line says %s, the file has %d",
			plural(int(said), "entry"), stored).Help = "part of the file may be missing"
	}
	if r.list.Len() > 0 {
		return
	}
	if general {
		entries = r.halve(m, entries)
	}
	r.sign(m, entries)
	m.assemble(r.file, int(size), entries, 0, SPIN, r.options.Once, r.list)
	if m.Spins != nil {
		m.Spins.First = 1
	}
}

func (r *reader) matrixHead(l *lines) (general, pattern, ok bool) {
	l.next()
	var words []string
	for _, f := range l.fields {
		words = append(words, strings.ToLower(string(f.text)))
	}
	if len(words) != 5 || words[0] != "%%matrixmarket" || words[1] != "matrix" {
		r.list.Addf(diag.Pos{File: r.file, Line: 1, Col: 1}, diag.BadHeader, "this is no header of a Matrix Market file").Help = matrixHelp
		return false, false, false
	}
	for k, allowed := range map[int][]string{2: {"coordinate"}, 3: {"real", "integer", "pattern", "double"}, 4: {"symmetric", "general"}} {
		if !slices.Contains(allowed, words[k]) {
			r.fail(1, l.fields[k], diag.BadHeader, "%s: %s is needed", diag.Quote(words[k]), diag.Or(allowed)).Help = matrixHelp
			ok = true
		}
	}
	return words[4] == "general", words[3] == "pattern", !ok
}

func (r *reader) matrixSize(l *lines) (size, entries int64, ok bool) {
	if !r.fields(l, 3, 3, "rows columns entries") {
		return 0, 0, false
	}
	var n [3]int64
	for k, f := range l.fields {
		if n[k], ok = count(f.text); !ok {
			r.fail(l.line, f, diag.BadHeader, "%s is no number of %s", diag.Quote(string(f.text)), [...]string{"rows", "columns", "entries"}[k])
			return 0, 0, false
		}
		if most := int64([...]int{MaxNodes, MaxNodes, MaxPairs}[k]); n[k] > most {
			r.fail(l.line, f, diag.TooLarge, "%s %s, at most %d", f.text, [...]string{"rows", "columns", "entries"}[k], most).Class = diag.Limit
			return 0, 0, false
		}
	}
	if n[0] != n[1] {
		r.fail(l.line, l.fields[0], diag.BadHeader, "a matrix of %d × %d is not square", n[0], n[1])
		return 0, 0, false
	}
	if n[0] == 0 {
		r.fail(l.line, l.fields[0], diag.BadHeader, "a matrix without rows")
		return 0, 0, false
	}
	return n[0], n[2], true
}

// halve keeps one of the two entries (i, j) and (j, i) of a general matrix that
// has both, and refuses one that is neither a triangle nor symmetric.
func (r *reader) halve(m *Model, entries []entry) []entry {
	upper := map[[2]int64]entry{}
	var kept []entry
	above, below := 0, 0
	for _, e := range entries {
		if e.a < e.b {
			above++
			upper[[2]int64{e.a, e.b}] = e
			kept = append(kept, e)
		} else {
			below++
		}
	}
	if above == 0 || below == 0 {
		return entries
	}
	asymmetric := func(e entry, why string) {
		r.list.Addf(diag.Pos{File: r.file, Line: int(e.line), Col: 1}, diag.Asymmetric,
			"entry (%d, %d) is %v, %s", e.a+1, e.b+1, e.weight, why).
			Help = "a general matrix must hold one triangle, or be symmetric"
	}
	for _, e := range entries {
		if e.a < e.b {
			continue
		}
		key := [2]int64{e.b, e.a}
		other, ok := upper[key]
		switch {
		case !ok:
			asymmetric(e, "its mirror image is not there")
		case other.weight != e.weight:
			asymmetric(e, fmt.Sprintf("its mirror image on line %d is %v", other.line, other.weight))
		}
		delete(upper, key)
	}
	for _, e := range kept {
		if _, alone := upper[[2]int64{e.a, e.b}]; alone {
			asymmetric(e, "its mirror image is not there")
		}
	}
	m.note("the matrix is symmetric, each pair counts once")
	return kept
}

// isMatrixMarket tells the first line of such a file.
func isMatrixMarket(text []byte) bool {
	const mark = "%%MatrixMarket"
	return len(text) > len(mark) && bytes.EqualFold(text[:len(mark)], []byte(mark))
}
