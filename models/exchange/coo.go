package exchange

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strconv"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// The COO list of dimod has lines `i j bias`, i = j for a linear term, and
// comments behind #. One of these may be `# vartype=SPIN`, and in files written
// here `# beta=0.5`. Where dimod passes over a line that it cannot read, this
// reader reports it.

// commentValue finds `key=value` or `key: value` in a comment of a COO list.
func commentValue(comment []byte, key string) (value []byte, at int, ok bool) {
	at = bytes.Index(comment, []byte(key))
	if at < 0 {
		return nil, 0, false
	}
	rest := comment[at+len(key):]
	if len(rest) == 0 || rest[0] != '=' && rest[0] != ':' {
		return nil, 0, false
	}
	word := bytes.TrimLeft(rest[1:], " \t")
	at = len(comment) - len(word)
	end := bytes.IndexFunc(word, func(c rune) bool { return c <= ' ' || c == ',' || c == ';' })
	if end >= 0 {
		word = word[:end]
	}
	return word, at, len(word) > 0
}

func (r *reader) coo(m *Model) {
	vartype, beta := r.options.Vartype, 1.0
	var said field
	var entries []entry
	l := lines{text: r.text}
	for l.next() {
		switch {
		case len(l.fields) == 0:
			continue
		case l.fields[0].text[0] == '#':
			if word, at, ok := commentValue(l.now, "vartype"); ok {
				said = field{word, at + 1}
				switch v := string(word); {
				case v != SPIN && v != BINARY:
					r.fail(l.line, said, diag.BadHeader, "vartype %s: SPIN or BINARY is needed", diag.Quote(v))
				case vartype != "" && vartype != v:
					r.fail(l.line, said, diag.Conflict, "vartype %s here, %s before", v, vartype).
						Help = "--vartype must agree with the file"
				default:
					vartype = v
				}
			}
			if word, at, ok := commentValue(l.now, "beta"); ok {
				if b, ok := r.weight(l.line, field{word, at + 1}); ok {
					beta = b
				}
			}
			continue
		}
		if e, ok := r.entry(&l, 3, "i j bias"); ok {
			entries = append(entries, e)
		}
		if len(entries) > MaxPairs {
			r.tooMany()
			return
		}
	}
	if vartype == "" && said.text == nil {
		r.list.Addf(diag.Pos{File: r.file, Line: 1, Col: 1}, diag.NoVartype, "nothing says whether variables are -1 and 1 or 0 and 1").
			Help = "--vartype SPIN or --vartype BINARY says it, or a first line # vartype=SPIN"
	}
	if r.list.Len() > 0 {
		return
	}
	r.labelled(m, entries, 0, vartype)
	if m.Spins != nil {
		m.Spins.Beta = beta
	}
	m.Detail = vartype
	if beta < 0 {
		r.list.Addf(diag.Pos{File: r.file}, diag.OutOfRange, "beta is %v, it must be at least 0", beta)
	}
}

// entry reads `i j weight` from a line.
func (r *reader) entry(l *lines, need int, form string) (entry, bool) {
	if !r.fields(l, need, need, form) {
		return entry{}, false
	}
	a, okA := r.node(l.line, l.fields[0])
	b, okB := r.node(l.line, l.fields[1])
	w, okW := 1.0, true
	if len(l.fields) > 2 {
		w, okW = r.weight(l.line, l.fields[2])
	}
	return entry{a, b, w, int32(l.line)}, okA && okB && okW
}

// fields checks how many words a line has.
func (r *reader) fields(l *lines, least, most int, form string) bool {
	switch n := len(l.fields); {
	case n < least:
		r.fail(l.line, l.end(), diag.BadLine, "%s on this line, %s is needed", plural(n, "field"), form)
		return false
	case n > most:
		r.fail(l.line, l.fields[most], diag.BadLine, "%s on this line, %s is needed", plural(n, "field"), form)
		return false
	}
	return true
}

func (r *reader) tooMany() {
	r.list.Limitf(diag.Pos{File: r.file}, diag.TooLarge, "the file has more than %d entries", MaxPairs)
}

// labelled makes a model of entries whose nodes are labels: those that occur are
// numbered in their order.
func (r *reader) labelled(m *Model, entries []entry, offset float64, vartype string) {
	n, labels := dense(entries)
	m.assemble(r.file, n, entries, offset, vartype, r.options.Once, r.list)
	if m.Spins != nil {
		m.Spins.Labels = numberLabels(labels)
	}
	if labels != nil {
		m.note("the labels that occur, %d … %d, are numbered from 0", labels[0], labels[n-1])
	}
}

// WriteCOO writes the list with a header, in numbers that read back as the same
// float64. dimod reads no exponents, so there are none. Labels must be nil or
// whole numbers from 0 up. dimod knows no offset and no beta; beta stands in a
// comment that it passes over.
func WriteCOO(w io.Writer, s *Spins) error {
	name := func(i int) string { return string(s.Label(i)) }
	joined := make([]bool, s.Nodes)
	for _, p := range s.Pairs {
		joined[p.I], joined[p.J] = true, true
	}
	b := bufio.NewWriter(w)
	b.WriteString("# vartype=SPIN\n")
	if s.Beta != 1 {
		b.WriteString("# beta=" + decimal(s.Beta) + "\n")
	}
	for i := range s.Nodes {
		h := 0.0
		if s.Bias != nil {
			h = s.Bias[i]
		}
		if h != 0 || !joined[i] { // a line is all that says that a node is there
			b.WriteString(name(i) + " " + name(i) + " " + decimal(h) + "\n")
		}
	}
	for _, p := range s.Pairs {
		b.WriteString(name(int(p.I)) + " " + name(int(p.J)) + " " + decimal(p.Weight) + "\n")
	}
	return b.Flush() // which has the first error
}

// decimal writes a float64 without exponent so that it reads back as it is.
func decimal(x float64) string { return strconv.FormatFloat(x+0, 'f', -1, 64) }

// IndexLabels says whether labels are whole numbers from 0 up, as COO needs.
func IndexLabels(s *Spins) bool {
	return !slices.ContainsFunc(s.Labels, func(l json.RawMessage) bool {
		_, ok := integer(l)
		return !ok || l[0] == '0' && len(l) > 1
	})
}
