package models

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// value is a node of the model file, with the place in the user's source that it
// comes from.
type value struct {
	kind   valueKind
	text   string // of a scalar, as it stands in the file
	items  []*value
	fields []field
	array  *array
	place  place
	help   string // bad: what to do
}

type valueKind uint8

const (
	scalarValue valueKind = iota
	listValue
	mappingValue
	arrayValue // numbers: inline, or in a file beside the model file
	badValue   // what cannot be written down; text says why
)

// field is an entry of a mapping. Keys may repeat: the generator reports that,
// as it does for a file.
type field struct {
	key   string
	value *value
}

// array holds numbers for the model file, row-major. The shape nil is one number.
type array struct {
	shape  []int
	floats []float64
	ints   []int64 // in place of floats

	byArgument bool // the first axis goes over the arguments of the call
}

func (a *array) len() int { return max(len(a.floats), len(a.ints)) }

func bad(p place, help, format string, args ...any) *value {
	return &value{kind: badValue, text: fmt.Sprintf(format, args...), help: help, place: p}
}

// text is a scalar that is read as text: plain where it is a name.
func text(p place, s string) *value {
	if !isPlain(s) {
		s = quote(s)
	}
	return &value{text: s, place: p}
}

// isPlain tells text that means itself without quotes to every YAML reader.
func isPlain(s string) bool {
	switch s {
	case "", "true", "false", "yes", "no", "on", "off", "null":
		return false
	}
	for i, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (i == 0 || (c < '0' || c > '9') && c != '_') {
			return false
		}
	}
	return true
}

// quote writes text in double quotes. YAML has Go's escapes; what is not UTF-8
// keeps its place as U+FFFD.
func quote(s string) string { return strconv.Quote(strings.ToValidUTF8(s, "\ufffd")) }

func integer[T int | int64 | uint64](p place, v T) *value {
	return &value{text: fmt.Sprint(v), place: p}
}

func number(p place, v float64) *value {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return bad(p, "a model holds finite numbers only", "the number is %v", v)
	}
	return &value{text: strconv.FormatFloat(v, 'g', -1, 64), place: p}
}

func list(p place, items ...*value) *value { return &value{kind: listValue, items: items, place: p} }

func mapping(p place, fields ...field) *value {
	return &value{kind: mappingValue, fields: fields, place: p}
}

// integers is a list whose entries are arguments from firstArg on.
func integers(p place, firstArg int, numbers []int) *value {
	v := list(p)
	for i, n := range numbers {
		v.items = append(v.items, integer(p.at(firstArg+i), n))
	}
	return v
}

// inlineNumbers is how many numbers of one array stand in the model file; more
// go into the file of arrays beside it.
const inlineNumbers = 100

// yamlWriter writes the model file and remembers where each of its parts is
// from.
type yamlWriter struct {
	b        strings.Builder
	line     int
	start    int // of the line
	places   []Place
	problems []Problem
	path     []string // keys down to the value that is written
	arrays   []namedArray
	archive  string // file name of the arrays
}

type namedArray struct {
	name string
	*array
}

func (w *yamlWriter) put(s string) { w.b.WriteString(s) }

func (w *yamlWriter) newline() {
	w.b.WriteByte('\n')
	w.line++
	w.start = w.b.Len()
}

// mark notes that what follows is from p.
func (w *yamlWriter) mark(p place) {
	w.places = append(w.places, Place{Line: w.line, Col: w.b.Len() - w.start + 1, Source: p.source()})
}

func (p place) source() Source {
	return Source{File: p.file, Line: p.line, Call: p.call, Arg: p.arg, Field: p.field, Site: p.site}
}

// document writes the top level: one key a line, and below the keys that hold
// many things one thing a line.
func (w *yamlWriter) document(fields []field) {
	w.unique(fields)
	for _, f := range fields {
		w.key(f)
		w.within(f.key, func() { w.section(f) })
		w.newline()
	}
}

// blockKeys have one entry a line.
var blockKeys = []string{"graphs", "variables", "groups", "factors", "interactions", "clamp"}

func (w *yamlWriter) section(f field) {
	v := f.value
	block := slices.Contains(blockKeys, f.key)
	switch {
	case block && len(v.fields) > 0:
		w.unique(v.fields)
		for _, g := range v.fields {
			w.newline()
			w.put("  ")
			w.key(g)
			w.put(" ")
			w.within(g.key, func() { w.flow(g.value) })
		}
	case block && len(v.items) > 0:
		for i := range v.items {
			w.newline()
			w.put("  - ")
			w.within(strconv.Itoa(i), func() { w.flow(v.items[i]) })
		}
	default:
		w.put(" ")
		w.flow(v)
	}
}

// key writes a key; on is one of the grammar, though not a name.
func (w *yamlWriter) key(f field) {
	w.mark(f.value.place)
	key := text(place{}, f.key).text
	if f.key == "on" {
		key = f.key
	}
	w.put(key + ":")
}

// unique reports keys that are given twice.
func (w *yamlWriter) unique(fields []field) {
	for i, f := range fields {
		first := slices.IndexFunc(fields, func(g field) bool { return g.key == f.key })
		if first == i || f.value.kind == badValue {
			continue
		}
		p, before := f.value.place, fields[first].value.place
		where := fmt.Sprintf("on line %d", before.line)
		if before.file != p.file {
			where = fmt.Sprintf("at %s:%d", before.file, before.line)
		}
		w.problems = append(w.problems, Problem{Source: p.source(), Text: fmt.Sprintf("%s was already given %s", quote(f.key), where),
			Help: "remove one of the two"})
	}
}

func (w *yamlWriter) within(step string, write func()) {
	w.path = append(w.path, step)
	write()
	w.path = w.path[:len(w.path)-1]
}

// flow writes a value on one line.
func (w *yamlWriter) flow(v *value) {
	w.mark(v.place)
	switch v.kind {
	case scalarValue:
		w.put(v.text)
	case badValue:
		w.problems = append(w.problems, Problem{Source: v.place.source(), Text: v.text, Help: v.help})
		w.put("null")
	case listValue:
		w.put("[")
		for i := range v.items {
			if i > 0 {
				w.mark(v.place)
				w.put(", ")
			}
			w.within(strconv.Itoa(i), func() { w.flow(v.items[i]) })
		}
		w.mark(v.place)
		w.put("]")
	case mappingValue:
		w.unique(v.fields)
		w.put("{")
		for i, f := range v.fields {
			if i > 0 {
				w.mark(v.place)
				w.put(", ")
			}
			w.key(f)
			w.put(" ")
			w.within(f.key, func() { w.flow(f.value) })
		}
		w.mark(v.place)
		w.put("}")
	case arrayValue:
		w.array(v)
	}
}

// array writes numbers inline or names the file that they go to.
func (w *yamlWriter) array(v *value) {
	a := v.array
	for i, x := range a.floats {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			p := v.place
			if a.byArgument {
				p = p.at(i/(a.len()/a.shape[0]) + 1)
			}
			w.problems = append(w.problems, Problem{Source: p.source(), Help: "a model holds finite numbers only",
				Text: fmt.Sprintf("element %s is %v", elementName(a.shape, i), x)})
			w.put("null")
			return
		}
	}
	if a.len() > inlineNumbers || slices.Contains(a.shape, 0) {
		name := w.arrayName()
		w.arrays = append(w.arrays, namedArray{name, a})
		w.put("{file: " + quote(w.archive+"#"+name) + "}")
		return
	}
	at := 0
	w.nested(v, 0, &at)
}

func (w *yamlWriter) nested(v *value, depth int, at *int) {
	a := v.array
	if depth == len(a.shape) {
		if a.ints != nil {
			w.put(strconv.FormatInt(a.ints[*at], 10))
		} else {
			w.put(strconv.FormatFloat(a.floats[*at], 'g', -1, 64))
		}
		*at++
		return
	}
	w.put("[")
	for i := range a.shape[depth] {
		if i > 0 {
			w.put(", ")
		}
		if depth == 0 && a.byArgument {
			w.mark(v.place.at(i + 1))
		}
		w.nested(v, depth+1, at)
	}
	if depth == 0 {
		w.mark(v.place)
	}
	w.put("]")
}

// elementName is [3, 4] for element i of an array of a shape.
func elementName(shape []int, i int) string {
	at := make([]string, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		at[d] = strconv.Itoa(i % shape[d])
		i /= shape[d]
	}
	return "[" + strings.Join(at, ", ") + "]"
}

// arrayName names an array by the keys that lead to it.
func (w *yamlWriter) arrayName() string {
	plain := func(r rune) rune {
		if r < 0x80 && isPlain("a"+string(r)) {
			return r
		}
		return '_'
	}
	name := strings.Map(plain, strings.Join(w.path, "_"))
	taken := func(s string) bool {
		return slices.ContainsFunc(w.arrays, func(a namedArray) bool { return a.name == s })
	}
	if !taken(name) {
		return name
	}
	for i := 2; ; i++ {
		if s := fmt.Sprintf("%s_%d", name, i); !taken(s) {
			return s
		}
	}
}
