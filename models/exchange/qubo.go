package exchange

import "github.com/thrmlgen/thrmlgen/gen/diag"

// A .qubo file of qbsolv has comments that begin with c, one line
//
//	p qubo topology maxNodes nNodes nCouplers
//
// and then nNodes lines `i i weight` and nCouplers lines `i j weight` over nodes
// 0 … maxNodes−1 of which not all need occur. Variables are 0 and 1.

const quboHelp = "the first line that is no comment is `p qubo 0 maxNodes nNodes nCouplers`"

func (r *reader) qubo(m *Model) {
	l := lines{text: r.text}
	var head [3]int64 // maxNodes, nNodes, nCouplers
	headLine := 0
	var entries []entry
	linear, couplers := int64(0), int64(0)
	for l.next() {
		if len(l.fields) == 0 || l.fields[0].text[0] == 'c' || l.fields[0].text[0] == '#' {
			continue
		}
		if string(l.fields[0].text) == "p" {
			if headLine > 0 {
				r.fail(l.line, l.fields[0], diag.Duplicate, "a second p line, the first is line %d", headLine)
				continue
			}
			if !r.quboHead(&l, &head) {
				return
			}
			headLine = l.line
			continue
		}
		if headLine == 0 {
			r.fail(l.line, l.fields[0], diag.BadHeader, "an entry before the p line").Help = quboHelp
			return
		}
		e, ok := r.entry(&l, 3, "i j weight")
		if !ok {
			continue
		}
		for k, v := range []int64{e.a, e.b} {
			if v >= head[0] && (k == 0 || e.a != e.b) {
				r.fail(l.line, l.fields[k], diag.BadNode, "node %d, and the p line allows 0 … %d", v, head[0]-1)
			}
		}
		if e.a == e.b {
			linear++
		} else {
			couplers++
		}
		entries = append(entries, e)
		if len(entries) > MaxPairs {
			r.tooMany()
			return
		}
	}
	if headLine == 0 {
		r.list.Addf(diag.Pos{File: r.file, Line: 1, Col: 1}, diag.BadHeader, "there is no p line").Help = quboHelp
		return
	}
	if r.list.Len() > 0 {
		return
	}
	for _, c := range []struct {
		what       string
		said, have int64
	}{{"node", head[1], linear}, {"coupler", head[2], couplers}} {
		if c.said != c.have {
			r.list.Addf(diag.Pos{File: r.file, Line: headLine, Col: 1}, diag.BadCount,
				"the p line says %s, the file has %d", plural(int(c.said), c.what+" entry"), c.have).
				Help = "part of the file may be missing"
		}
	}
	if r.list.Len() > 0 {
		return
	}
	m.Detail = BINARY
	r.labelled(m, entries, 0, BINARY)
	if m.Spins != nil && int64(m.Spins.Nodes) < head[0] {
		m.note("%s of the %d announced have no entry and are left out", plural(int(head[0])-m.Spins.Nodes, "node"), head[0])
	}
}

func (r *reader) quboHead(l *lines, head *[3]int64) bool {
	if len(l.fields) != 6 || string(l.fields[1].text) != "qubo" {
		r.fail(l.line, l.fields[0], diag.BadHeader, "this is no p line of a .qubo file").Help = quboHelp
		return false
	}
	names := [...]string{"maxNodes", "nNodes", "nCouplers"}
	for k, f := range l.fields[3:] {
		n, ok := count(f.text)
		switch most := int64([...]int{MaxNodes, MaxNodes, MaxPairs}[k]); {
		case !ok:
			r.fail(l.line, f, diag.BadHeader, "%s: %s is no number", names[k], diag.Quote(string(f.text))).Help = quboHelp
			return false
		case n > most:
			r.fail(l.line, f, diag.TooLarge, "%s is %s, at most %d", names[k], f.text, most).Class = diag.Limit
			return false
		case k == 0 && n == 0:
			r.fail(l.line, f, diag.BadHeader, "a problem without nodes")
			return false
		}
		head[k] = n
	}
	if head[1] > head[0] {
		r.fail(l.line, l.fields[4], diag.BadCount, "nNodes is %d, more than maxNodes, %d", head[1], head[0])
		return false
	}
	return true
}
