package exchange

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// A UAI file is a sequence of words: MARKOV or BAYES; the number of variables and
// the number of states of each; the number of factors and for each the number of
// its variables and these; then for each factor the number of entries of its
// table and these, the last variable fastest. p ∝ the product of the tables, so
// that each is a factor with weights log φ; the conditional tables of a BAYES
// file multiply in the same way.

// uaiReader reads words one after another, across lines.
type uaiReader struct {
	*reader
	l    lines
	next int // of the fields of the line
}

// text names a number that is due, in messages.
type text func() string

func plainText(s string) text { return func() string { return s } }

// word is the next word; false at the end of the file, which is reported.
func (r *uaiReader) word(what text) (place, bool) {
	if at, ok := r.peek(); ok {
		r.next++
		return at, true
	}
	last := max(r.l.line, 1)
	r.fail(last, r.l.end(), diag.Truncated, "the file ends where %s is due", what())
	return place{}, false
}

// peek is the next word, which stays.
func (r *uaiReader) peek() (place, bool) {
	for r.next >= len(r.l.fields) {
		if !r.l.next() {
			return place{}, false
		}
		r.next = 0
	}
	return place{r.l.line, r.l.fields[r.next]}, true
}

// whole reads a whole number of a range.
func (r *uaiReader) whole(what text, least, most int, code string) (int, place, bool) {
	at, ok := r.word(what)
	if !ok {
		return 0, at, false
	}
	n, ok := count(at.text)
	switch {
	case !ok:
		r.fail(at.line, at.field, diag.BadNumber, "%s where %s is due", diag.Quote(string(at.text)), what())
		return 0, at, false
	case n < int64(least) || n > int64(most):
		if n < int64(least) && code == diag.TooLarge {
			code = diag.OutOfRange
		}
		p := r.fail(at.line, at.field, code, "%s is %s, it must be %d … %d", what(), at.text, least, most)
		if code == diag.TooLarge {
			p.Class = diag.Limit
		}
		return 0, at, false
	}
	return int(n), at, true
}

func (r *reader) uai(m *Model) {
	u := &uaiReader{reader: r, l: lines{text: r.text}}
	head, _ := u.word(plainText("MARKOV or BAYES"))
	switch kind := strings.ToUpper(string(head.text)); kind {
	case "MARKOV", "BAYES":
		m.Detail = kind
	default:
		r.fail(head.line, head.field, diag.BadHeader, "%s: a UAI file begins with MARKOV or BAYES", diag.Quote(string(head.text)))
		return
	}
	t := &Tables{}
	if !u.states(t) || !u.scopes(t) || !u.tables(m, t) {
		return
	}
	if at, more := u.peek(); more {
		r.fail(at.line, at.field, diag.BadCount, "text behind the last table").Help = "the numbers of variables, factors or entries do not agree with the file"
		return
	}
	if !slices.ContainsFunc(t.States, func(k int) bool { return k > 1 }) {
		r.list.Addf(diag.Pos{File: r.file}, diag.EmptyFile, "no variable of two or more states is in this file")
		return
	}
	u.evidence(t)
	m.Tables = t
	m.simplify(t)
	if n := len(t.Evidence); n > 0 {
		m.note("%s clamped by %s", plural(n, "variable"), r.options.EvidenceName)
	}
}

func (u *uaiReader) states(t *Tables) bool {
	n, _, ok := u.whole(plainText("the number of variables"), 1, MaxNodes, diag.TooLarge)
	if !ok {
		return false
	}
	for i := range n {
		k, _, ok := u.whole(func() string { return fmt.Sprintf("the number of states of variable %d", i) }, 1, MaxStates, diag.TooLarge)
		if !ok {
			return false
		}
		t.States = append(t.States, k)
	}
	return true
}

func (u *uaiReader) scopes(t *Tables) bool {
	m, _, ok := u.whole(plainText("the number of factors"), 0, MaxPairs, diag.TooLarge)
	if !ok {
		return false
	}
	in := make([]int32, len(t.States)) // the last factor with a variable, from 1
	for f := range m {
		k, _, ok := u.whole(func() string { return fmt.Sprintf("the number of variables of factor %d", f) }, 0, len(t.States), diag.BadNode)
		if !ok {
			return false
		}
		var scope []int32
		for range k {
			v, at, ok := u.whole(func() string { return fmt.Sprintf("a variable of factor %d", f) }, 0, len(t.States)-1, diag.BadNode)
			if !ok {
				return false
			}
			if in[v] == int32(f+1) {
				u.fail(at.line, at.field, diag.SameNode, "variable %d twice in factor %d", v, f)
				return false
			}
			in[v] = int32(f + 1)
			scope = append(scope, int32(v))
		}
		t.Factors = append(t.Factors, Table{Scope: scope})
	}
	return true
}

func (u *uaiReader) tables(m *Model, t *Tables) bool {
	zeros := 0
	for i := range t.Factors {
		f := &t.Factors[i]
		size := 1
		for _, v := range f.Scope {
			if size *= t.States[v]; size > MaxPairs {
				u.list.Limitf(diag.Pos{File: u.file}, diag.TooLarge, "the table of factor %d has more than %d entries", i, MaxPairs)
				return false
			}
		}
		what := func() string { return fmt.Sprintf("the number of entries of factor %d", i) }
		n, at, ok := u.whole(what, 0, MaxPairs, diag.TooLarge)
		if !ok {
			return false
		}
		if n != size {
			u.fail(at.line, at.field, diag.BadCount, "%s is %d, its variables have %d states together", what(), n, size)
			return false
		}
		if zeros, ok = u.entries(f, i, size, zeros); !ok {
			return false
		}
	}
	if zeros > 0 && u.options.Floor > 0 {
		m.note("%s of 0 became %s", plural(zeros, "table entry"), number(u.options.Floor))
	}
	return true
}

// entries reads the entries of one table and takes their logarithms.
func (u *uaiReader) entries(f *Table, i, size, zeros int) (int, bool) {
	positive, reported := false, false
	var start place
	for k := range size {
		at, ok := u.word(func() string { return fmt.Sprintf("entry %d of factor %d", k, i) })
		if !ok {
			return zeros, false
		}
		if k == 0 {
			start = at
		}
		x, ok := u.weight(at.line, at.field)
		switch {
		case !ok:
		case x < 0:
			u.fail(at.line, at.field, diag.OutOfRange, "entry %d of factor %d is %s, a factor is not negative", k, i, at.text)
		case x == 0:
			zeros++
			if x = u.options.Floor; x == 0 {
				if !reported {
					u.fail(at.line, at.field, diag.ZeroWeight, "entry %d of factor %d is 0: its energy is infinite, and states of probability 0 can part the states that a Gibbs sampler moves between", k, i).
						Help = "--floor 1e-6 takes such entries as 1e-6 and says how many there are"
				}
				reported, x = true, 1
			}
		default:
			positive = true
		}
		if x > 0 {
			x = logOf(x)
		}
		f.Log = append(f.Log, x)
	}
	if !positive && size > 0 && u.list.Len() == 0 {
		u.fail(start.line, start.field, diag.ZeroWeight, "all entries of factor %d are 0: no state has a probability", i)
		return zeros, false
	}
	return zeros, true
}

// evidence reads an evidence file: the number of variables given and for each
// itself and its value; a number of samples, 1, may stand before that.
func (u *uaiReader) evidence(t *Tables) {
	if u.options.Evidence == nil {
		return
	}
	text, ok := plain(u.options.EvidenceName, u.options.Evidence, u.list)
	if !ok {
		return
	}
	e := &uaiReader{reader: &reader{file: u.options.EvidenceName, text: text, list: u.list}, l: lines{text: text}}
	words, first := 0, 0
	for l := (lines{text: text}); l.next(); {
		if words == 0 {
			first = len(l.fields)
		}
		words += len(l.fields)
	}
	n, at, ok := e.whole(plainText("the number of variables given"), 0, MaxNodes, diag.BadCount)
	if !ok {
		return
	}
	pairs := words == 1+2*n
	if !pairs && (first == 1 && words > 1 || n == 1 && words%2 == 0) { // a number of samples, then the first
		if n != 1 {
			e.fail(at.line, at.field, diag.BadCount, "%s of evidence, one is taken", plural(n, "sample"))
			return
		}
		if n, at, ok = e.whole(plainText("the number of variables given"), 0, MaxNodes, diag.BadCount); !ok {
			return
		}
	}
	if n > len(t.States) {
		e.fail(at.line, at.field, diag.BadCount, "%s given, the network has %d", plural(n, "variable"), len(t.States))
		return
	}
	seen := map[int]bool{}
	for range n {
		v, at, ok := e.whole(plainText("a variable"), 0, len(t.States)-1, diag.BadNode)
		if !ok {
			return
		}
		x, _, ok := e.whole(func() string { return fmt.Sprintf("the value of variable %d", v) }, 0, t.States[v]-1, diag.OutOfRange)
		if !ok {
			return
		}
		if seen[v] {
			e.fail(at.line, at.field, diag.Duplicate, "variable %d is given twice", v)
			return
		}
		seen[v] = true
		if t.States[v] > 1 {
			t.Evidence = append(t.Evidence, Fixed{v, x})
		}
	}
	if at, more := e.peek(); more {
		e.fail(at.line, at.field, diag.BadCount, "text behind the last of %s", plural(n, "variable"))
	}
}

// UAIFile is a network to write: the number of states of each variable, and so
// many tables. Table returns one: its variables and the logs of its entries, the
// last variable fastest; the slices are read before the next call.
type UAIFile struct {
	States []int
	Count  int
	Table  func(i int) (scope []int32, log []float64)
}

// MaxLogSpan is how far the logs of one table may lie apart: e^−700 is about the
// smallest ordinary float64 number, beside 1.
const MaxLogSpan = 700.0

// WriteUAI writes a MARKOV file. A table whose entries would pass the range of
// float64 is divided by its largest one; shift is the sum of the logs divided
// by, so that log Z = log Z(file) + shift. An entry that is too small for that
// is an error: it would become 0.
func WriteUAI(w io.Writer, u UAIFile) (shift float64, err error) {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "MARKOV\n%d\n", len(u.States))
	for i, k := range u.States {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(k))
	}
	fmt.Fprintf(b, "\n%d\n", u.Count)
	for i := range u.Count {
		scope, _ := u.Table(i)
		b.WriteString(strconv.Itoa(len(scope)))
		for _, v := range scope {
			b.WriteByte(' ')
			b.WriteString(strconv.Itoa(int(v)))
		}
		b.WriteByte('\n')
	}
	for i := range u.Count {
		scope, log := u.Table(i)
		by, most, least := 0.0, slices.Max(log), slices.Min(log)
		if !(most-least <= MaxLogSpan) {
			return 0, fmt.Errorf("the entries of table %d span e^%.0f, more than float64 holds", i, most-least)
		}
		if most > MaxLogSpan || least < -MaxLogSpan {
			by = most
			shift += by
		}
		fmt.Fprintf(b, "\n%d\n", len(log))
		for k, x := range log {
			b.WriteByte(' ')
			b.WriteString(number(expOf(x - by)))
			if last := u.States[scope[len(scope)-1]]; (k+1)%last == 0 {
				b.WriteByte('\n')
			}
		}
	}
	return shift, b.Flush()
}

// WriteEvidence writes the values of variables for a UAI file.
func WriteEvidence(w io.Writer, given []Fixed) error {
	b := bufio.NewWriter(w)
	b.WriteString(strconv.Itoa(len(given)))
	for _, g := range given {
		fmt.Fprintf(b, " %d %d", g.Variable, g.Value)
	}
	b.WriteByte('\n')
	return b.Flush()
}
