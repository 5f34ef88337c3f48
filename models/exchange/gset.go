package exchange

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// A G-set file (the rud format) has the numbers of nodes and edges on its first
// line and then one line `i j weight` for each edge, nodes from 1, weight 1 where
// it is left out. As found: blank lines anywhere, blanks at the ends of lines,
// either kind of line end, a byte order mark, comments behind # or %. Files that
// number from 0 exist, too; one is taken as such where that is certain, because
// node 0 occurs in it.

const gsetForm = "i j weight"

func (r *reader) gset(m *Model) {
	l := lines{text: r.text}
	nodes, edges := int64(-1), int64(0)
	var head int
	var entries []entry
	rows := int64(0)
	var zero, last place // an end that is node 0, and one that is node n
	for l.next() {
		if len(l.fields) == 0 || isComment(l.fields[0].text) {
			continue
		}
		if nodes < 0 {
			var ok bool
			if nodes, edges, ok = r.gsetHead(&l); !ok {
				return
			}
			head = l.line
			continue
		}
		rows++
		e, ok := r.entry2(&l, gsetForm)
		if !ok {
			continue
		}
		for k, v := range []int64{e.a, e.b} {
			at := place{l.line, l.fields[k]}
			switch {
			case v > nodes:
				r.fail(at.line, at.field, diag.BadNode, "node %d, and the first line says that there are %d", v, nodes)
			case v == 0:
				zero = at
			case v == nodes:
				last = at
			}
		}
		if e.a == e.b {
			r.selfPair(&l, e)
			continue
		}
		entries = append(entries, e)
		if len(entries) > MaxPairs {
			r.tooMany()
			return
		}
	}
	if nodes < 0 {
		r.list.Addf(diag.Pos{File: r.file, Line: 1, Col: 1}, diag.EmptyFile, "nothing but comments is written here")
		return
	}
	if zero.line > 0 && last.line > 0 {
		r.fail(zero.line, zero.field, diag.BadNode, "node 0 here and node %d on line %d: nodes are numbered either from 0 or from 1", nodes, last.line).
			Help = fmt.Sprintf("with %d nodes the numbers are 1 … %d, or 0 … %d", nodes, nodes, nodes-1)
	}
	if r.list.Len() > 0 {
		return
	}
	if rows != edges {
		r.list.Addf(diag.Pos{File: r.file, Line: head, Col: 1}, diag.BadCount,
			"the first line says %s, the file has %d", plural(int(edges), "edge"), rows).
			Help = "part of the file may be missing"
		return
	}
	first := int64(1)
	if zero.line > 0 {
		first = 0
		m.note("nodes are numbered from 0 in this file")
	}
	for i := range entries {
		entries[i].a -= first
		entries[i].b -= first
	}
	m.assemble(r.file, int(nodes), entries, 0, SPIN, r.options.Once, r.list)
	if m.Spins == nil {
		return
	}
	m.Spins.Graph = true
	m.Spins.First = int(first)
}

// place is a field with its line.
type place struct {
	line int
	field
}

func (r *reader) gsetHead(l *lines) (nodes, edges int64, ok bool) {
	const help = "the first line is `nodes edges`, each other one `i j weight` with nodes from 1"
	if len(l.fields) != 2 {
		r.fail(l.line, l.fields[0], diag.BadHeader, "the first line has %s, the numbers of nodes and edges are needed",
			plural(len(l.fields), "field")).Help = help
		return 0, 0, false
	}
	var n [2]int64
	for k, f := range l.fields {
		if n[k], ok = count(f.text); !ok {
			r.fail(l.line, f, diag.BadHeader, "%s is no number of %s", diag.Quote(string(f.text)), [...]string{"nodes", "edges"}[k]).Help = help
			return 0, 0, false
		}
		if most := int64([...]int{MaxNodes, MaxPairs}[k]); n[k] > most {
			p := r.fail(l.line, f, diag.TooLarge, "%s %s, at most %d", f.text, [...]string{"nodes", "edges"}[k], most)
			p.Class = diag.Limit
			return 0, 0, false
		}
	}
	if n[0] == 0 {
		r.fail(l.line, l.fields[0], diag.BadHeader, "a graph without nodes").Help = help
		return 0, 0, false
	}
	return n[0], n[1], true
}

// entry2 reads `i j` or `i j weight`.
func (r *reader) entry2(l *lines, form string) (entry, bool) {
	if len(l.fields) == 2 {
		return r.entry(l, 2, form)
	}
	return r.entry(l, 3, form)
}

// selfPair reports a node joined to itself; a weight of 0 says nothing and is
// let pass.
func (r *reader) selfPair(l *lines, e entry) {
	if e.weight == 0 {
		return
	}
	p := r.fail(l.line, l.fields[0], diag.SelfPair, "node %d is joined to itself", e.a)
	p.Width = l.fields[1].col + len(l.fields[1].text) - l.fields[0].col
	p.Help = "s·s is always 1: remove the line; for i i w as the bias of i, use --format coo"
}

func isComment(word []byte) bool { return len(word) > 0 && (word[0] == '#' || word[0] == '%') }

// WriteGSet writes the pairs as the weighted edges of a graph, nodes from 1.
func WriteGSet(w io.Writer, s *Spins) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%d %d\n", s.Nodes, len(s.Pairs))
	for _, p := range s.Pairs {
		fmt.Fprintf(b, "%d %d %s\n", p.I+1, p.J+1, number(p.Weight))
	}
	return b.Flush()
}

// number writes a float64 so that it reads back as it is.
func number(x float64) string { return strconv.FormatFloat(x+0, 'g', -1, 64) }
