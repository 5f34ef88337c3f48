package exchange

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// An edge list has lines `i j` or `i j weight`, separated by blanks, or by
// commas, semicolons or tabs as in .csv and .tsv files, and comments behind # or
// %. Nodes are labels: numbers or names. A first line of titles is passed over.
// H = Σ w s s, as in dimod and the G-set, so that positive weights repel; with
// Options.Couplings it is −Σ w s s.

// titles are words that a first line of titles may begin with.
var titles = []string{"i", "u", "source", "from", "node1", "src", "start", "node_1", "head", "target", "to"}

func (r *reader) edges(m *Model) {
	if !r.utf8() {
		return
	}
	l := lines{text: r.text, comma: true}
	var entries []entry
	names := namer{number: map[string]int64{}}
	first := true
	for l.next() {
		if len(l.fields) == 0 || isComment(l.fields[0].text) {
			continue
		}
		was := first
		first = false
		if was && isTitles(l.fields) {
			continue
		}
		if !r.fields(&l, 2, 3, "i j or i j weight") {
			continue
		}
		e := entry{weight: 1, line: int32(l.line)}
		ok := true
		if len(l.fields) == 3 {
			e.weight, ok = r.weight(l.line, l.fields[2])
		}
		a, okA := r.label(&l, 0)
		b, okB := r.label(&l, 1)
		if !ok || !okA || !okB {
			continue
		}
		if bytes.Equal(a, b) {
			if e.weight != 0 {
				p := r.fail(l.line, l.fields[0], diag.SelfPair, "node %s is joined to itself", diag.Quote(string(a)))
				p.Help = "s·s is always 1: remove the line; for i i w as the bias of i, use --format coo"
			}
			continue
		}
		e.a, e.b = names.of(a), names.of(b)
		entries = append(entries, e)
		if len(entries) > MaxPairs {
			r.tooMany()
			return
		}
	}
	if r.list.Len() > 0 {
		return
	}
	labels := names.sort(entries)
	r.sign(m, entries)
	r.mirrored(m, entries)
	m.assemble(r.file, len(names.names), entries, 0, SPIN, r.options.Once, r.list)
	if m.Spins != nil {
		m.Spins.Labels = labels
	}
}

// sign turns couplings into energies and says which of the two weights are.
func (r *reader) sign(m *Model, entries []entry) {
	if !r.options.Couplings {
		m.note("weights are energies, H = Σ w s s: positive ones repel (--sign coupling takes them the other way)")
		return
	}
	m.note("weights are couplings, H = −Σ w s s: positive ones attract")
	for i := range entries {
		entries[i].weight = -entries[i].weight
	}
}

// mirrored warns of a list that has every edge in both directions.
func (r *reader) mirrored(m *Model, entries []entry) {
	if r.options.Once || len(entries) == 0 || len(entries)%2 != 0 {
		return
	}
	forward := 0
	seen := map[[2]int64]int{}
	for _, e := range entries {
		if e.a < e.b {
			forward++
			seen[[2]int64{e.a, e.b}]++
		} else {
			seen[[2]int64{e.b, e.a}]--
		}
	}
	if forward*2 != len(entries) {
		return
	}
	for _, n := range seen {
		if n != 0 {
			return
		}
	}
	m.note("every edge is listed in both directions, and the two weights are added (--duplicates once counts one)")
}

// isTitles tells a first line of column titles.
func isTitles(f []field) bool {
	if len(f) == 3 {
		_, err := real(f[2].text)
		return err == errNumber
	}
	return len(f) == 2 && slices.Contains(titles, string(bytes.ToLower(f[0].text)))
}

// maxLabel bounds the bytes of a label.
const maxLabel = 256

// label is the label in a field, without quotes.
func (r *reader) label(l *lines, k int) ([]byte, bool) {
	f := l.fields[k]
	text := f.text
	if n := len(text); n >= 2 && text[0] == '"' && text[n-1] == '"' {
		text = text[1 : n-1]
	}
	if len(text) == 0 || len(text) > maxLabel || bytes.ContainsRune(text, '"') {
		r.fail(l.line, f, diag.BadLabel, "%s is no label of a node", diag.Quote(string(f.text))).
			Help = "a label has 1 to 256 bytes and no quotes inside"
		return nil, false
	}
	return text, true
}

// namer numbers labels in the order in which they occur.
type namer struct {
	number map[string]int64
	names  []string
}

func (n *namer) of(label []byte) int64 {
	if i, ok := n.number[string(label)]; ok {
		return i
	}
	i := int64(len(n.names))
	n.names = append(n.names, string(label))
	n.number[n.names[i]] = i
	return i
}

// sort numbers the nodes of entries by their labels if all of these are whole
// numbers, and returns the labels: nil where they are 0, 1, ….
func (n *namer) sort(entries []entry) []json.RawMessage {
	values := make([]int64, len(n.names))
	for i, name := range n.names {
		v, ok := integer([]byte(name))
		if !ok || name[0] == '0' && len(name) > 1 {
			out := make([]json.RawMessage, len(n.names))
			for i, name := range n.names {
				out[i] = quoteJSON(name)
			}
			return out
		}
		values[i] = v
	}
	order := slices.Clone(values)
	slices.Sort(order)
	to := make([]int64, len(values))
	for i, v := range values {
		at, _ := slices.BinarySearch(order, v)
		to[i] = int64(at)
	}
	for i := range entries {
		entries[i].a, entries[i].b = to[entries[i].a], to[entries[i].b]
	}
	if k := len(order); k == 0 || order[0] == 0 && order[k-1] == int64(k-1) {
		return nil
	}
	out := make([]json.RawMessage, len(order))
	for i, v := range order {
		out[i] = strconv.AppendInt(nil, v, 10)
	}
	return out
}
