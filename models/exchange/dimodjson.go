package exchange

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// A dimod JSON file is what BinaryQuadraticModel.to_serializable() gives. Schema
// 2 and 3 have parallel lists (linear_biases, quadratic_head, quadratic_tail,
// quadratic_biases) over positions in variable_labels; schema 1, of dimod before
// 0.8, has lists of {label, bias} and {label_head, label_tail, bias}.
//
// E = offset + Σ h v + Σ J v v over v of −1, 1 (SPIN) or 0, 1 (BINARY).

func (r *reader) dimodJSON(m *Model) {
	d, root, ok := r.parse()
	if !ok {
		return
	}
	if d.kind(root) != '{' {
		d.fail(root, diag.WrongType, "%s where an object is due", kindText(d.kind(root)))
		return
	}
	b := &bqm{document: d, keys: d.members(root), root: root}
	if !b.isModel() {
		return
	}
	version := b.schema()
	vartype := b.vartype()
	offset := 0.0
	if v, ok := b.keys["offset"]; ok {
		offset, _ = d.real(v, "offset")
	}
	switch {
	case version == "":
	case version[0] == '1':
		b.terms()
	default:
		b.vectors()
	}
	if r.list.Len() > 0 {
		return
	}
	m.Detail = fmt.Sprintf("schema %s, %s", version, vartype)
	m.assemble(r.file, b.n, b.entries, offset, vartype, r.options.Once, r.list)
	if m.Spins != nil {
		m.Spins.Labels = b.given()
		if beta, ok := b.beta(); ok {
			m.Spins.Beta = beta
		}
	}
}

// bqm is a binary quadratic model being read.
type bqm struct {
	*document
	root    span
	keys    map[string]span
	n       int
	labels  []json.RawMessage
	number  map[string]int // of a label, in compact JSON
	entries []entry
}

// isModel refuses the other things that dimod writes as JSON.
func (b *bqm) isModel() bool {
	for _, key := range []string{"basetype", "type"} {
		v, ok := b.keys[key]
		if !ok {
			continue
		}
		word, ok := b.word(v, key)
		if !ok {
			return false
		}
		if word != "BinaryQuadraticModel" && !strings.HasSuffix(word, "BQM") {
			b.fail(v, diag.BadHeader, "this is a %s, not a binary quadratic model", diag.Quote(word))
			return false
		}
		if key == "basetype" {
			break
		}
	}
	return true
}

// schema is the version of the form, "" if it was refused.
func (b *bqm) schema() string {
	version := ""
	if v, ok := b.keys["version"]; ok && b.kind(v) == '{' {
		if s, ok := b.members(v)["bqm_schema"]; ok {
			if version, ok = b.word(s, "bqm_schema"); !ok {
				return ""
			}
			if len(version) == 0 || !strings.ContainsRune("123", rune(version[0])) || len(version) > 1 && version[1] != '.' {
				b.fail(s, diag.BadHeader, "schema %s: 1, 2 and 3 are read", diag.Quote(version))
				return ""
			}
		}
	}
	if version == "" {
		version = "3.0.0"
		if _, old := b.keys["linear_terms"]; old {
			version = "1.0.0"
		}
	}
	if v, ok := b.keys["use_bytes"]; ok && b.kind(v) == 't' {
		b.fail(v, diag.NotSupported, "the numbers are bytes").Help = "write the file with use_bytes=False"
		return ""
	}
	return version
}

func (b *bqm) need(key string) (span, bool) {
	v, ok := b.keys[key]
	if !ok {
		at := span{b.root.from, b.root.from + 1}
		p := b.fail(at, diag.MissingKey, "key %s is missing", key)
		if key == "variable_type" || strings.HasPrefix(key, "linear") {
			p.Help = "a dimod file is what bqm.to_serializable() gives"
		}
	}
	return v, ok
}

func (b *bqm) vartype() string {
	v, ok := b.need("variable_type")
	if !ok {
		return ""
	}
	word, ok := b.word(v, "variable_type")
	if ok && word != SPIN && word != BINARY {
		b.fail(v, diag.BadChoice, "variable_type %s: SPIN or BINARY is needed", diag.Quote(word))
	}
	return word
}

// beta is what WriteDimodJSON notes of an inverse temperature.
func (b *bqm) beta() (float64, bool) {
	info, ok := b.keys["info"]
	if !ok || b.kind(info) != '{' {
		return 0, false
	}
	v, ok := b.members(info)["beta"]
	if !ok || b.kind(v) != '0' {
		return 0, false
	}
	x, err := real(b.at(v))
	return x, err == nil && x >= 0
}

// label is the JSON text of a label. Strings, numbers, true, false, null and
// lists of these (tuples) are labels.
func (b *bqm) label(v span) (json.RawMessage, bool) {
	if b.kind(v) == '{' {
		b.fail(v, diag.BadLabel, "an object is no label of a variable")
		return nil, false
	}
	if v.to-v.from > maxLabel {
		b.fail(v, diag.BadLabel, "a label of %d bytes, at most %d", v.to-v.from, maxLabel)
		return nil, false
	}
	if k := b.kind(v); k == '0' {
		return json.RawMessage(b.at(v)), true
	}
	var compact bytes.Buffer
	_ = json.Compact(&compact, b.at(v)) // valid
	return compact.Bytes(), true
}

// name gives a label the next number.
func (b *bqm) name(v span) {
	label, ok := b.label(v)
	if !ok {
		return
	}
	if _, twice := b.number[string(label)]; twice {
		b.fail(v, diag.BadLabel, "the label %s is given twice", label)
		return
	}
	b.number[string(label)] = len(b.labels)
	b.labels = append(b.labels, label)
}

// given are the labels, nil where they are 0, 1, ….
func (b *bqm) given() []json.RawMessage {
	for i, l := range b.labels {
		if n, ok := integer(l); !ok || n != int64(i) {
			return b.labels
		}
	}
	return nil
}

// readLabels reads variable_labels.
func (b *bqm) readLabels(v span) {
	b.number = map[string]int{}
	if b.list(v, "variable_labels") {
		b.elements(v, func(v span) bool {
			b.name(v)
			return b.shown < maxShown
		})
	}
}

// vectors reads the lists of schemas 2 and 3.
func (b *bqm) vectors() {
	v, ok := b.need("variable_labels")
	if ok {
		b.readLabels(v)
	}
	linear, okL := b.numbers("linear_biases", -1)
	if !ok || !okL || b.shown > 0 {
		return
	}
	if len(linear) != len(b.labels) {
		b.fail(b.keys["linear_biases"], diag.BadCount, "linear_biases has %d numbers for %s", len(linear), plural(len(b.labels), "variable")).Width = 1
		return
	}
	b.n = len(linear)
	weights, okW := b.numbers("quadratic_biases", -1)
	heads, okH := b.numbers("quadratic_head", b.n)
	tails, okT := b.numbers("quadratic_tail", b.n)
	if !okW || !okH || !okT || b.shown > 0 {
		return
	}
	if len(heads) != len(weights) || len(tails) != len(weights) {
		b.fail(b.keys["quadratic_biases"], diag.BadCount, "quadratic_biases has %d numbers, quadratic_head %d and quadratic_tail %d",
			len(weights), len(heads), len(tails)).Width = 1
		return
	}
	for _, c := range []struct {
		key  string
		have int
	}{{"num_variables", b.n}, {"num_interactions", len(weights)}} {
		if v, ok := b.keys[c.key]; ok {
			if n, ok := integer(b.at(v)); !ok || n != int64(c.have) {
				b.fail(v, diag.BadCount, "%s is %s, the lists have %d", c.key, diag.Quote(string(b.at(v))), c.have)
			}
		}
	}
	b.entries = make([]entry, 0, len(linear)+len(weights))
	for i, h := range linear {
		b.entries = append(b.entries, entry{a: int64(i), b: int64(i), weight: h})
	}
	for i, w := range weights {
		if heads[i] == tails[i] {
			b.fail(b.keys["quadratic_head"], diag.SelfPair, "interaction %d joins variable %v to itself", i, heads[i]).Width = 1
			return
		}
		b.entries = append(b.entries, entry{a: int64(heads[i]), b: int64(tails[i]), weight: w, line: int32(i)})
	}
}

// numbers reads a list of numbers; with below ≥ 0 they are whole, from 0 and less
// than that. Schema 2 may have the list in {"type": "array", "data": …}.
func (b *bqm) numbers(key string, below int) ([]float64, bool) {
	v, ok := b.need(key)
	if !ok {
		return nil, false
	}
	if b.kind(v) == '{' {
		if data, ok := b.members(v)["data"]; ok {
			v = data
		}
	}
	if !b.list(v, key) {
		return nil, false
	}
	var out []float64
	b.elements(v, func(v span) bool {
		x, ok := b.real(v, key)
		if ok && below >= 0 {
			if n, whole := integer(b.at(v)); !whole || n >= int64(below) {
				b.fail(v, diag.BadNode, "%s: %s is no variable of 0 … %d", key, diag.Quote(string(b.at(v))), below-1)
			}
		}
		out = append(out, x)
		return b.shown < maxShown
	})
	return out, b.shown == 0
}

// terms reads the lists of schema 1. variable_labels, where it is there, gives
// the order; variables that only occur in interactions have no linear term.
func (b *bqm) terms() {
	b.number = map[string]int{}
	if v, ok := b.keys["variable_labels"]; ok {
		b.readLabels(v)
	}
	of := func(term map[string]span, at span, key string) (int64, bool) {
		v, ok := term[key]
		if !ok {
			b.fail(span{at.from, at.from + 1}, diag.MissingKey, "key %s is missing", key)
			return 0, false
		}
		label, ok := b.label(v)
		if !ok {
			return 0, false
		}
		if i, ok := b.number[string(label)]; ok {
			return int64(i), true
		}
		b.number[string(label)] = len(b.labels)
		b.labels = append(b.labels, label)
		return int64(len(b.labels) - 1), true
	}
	for _, kind := range []struct {
		key  string
		ends [2]string
	}{{"linear_terms", [2]string{"label", "label"}}, {"quadratic_terms", [2]string{"label_head", "label_tail"}}} {
		v, ok := b.need(kind.key)
		if !ok || !b.list(v, kind.key) {
			return
		}
		b.elements(v, func(v span) bool {
			if b.kind(v) != '{' {
				b.fail(v, diag.WrongType, "%s: %s where an object is due", kind.key, kindText(b.kind(v)))
				return b.shown < maxShown
			}
			term := b.members(v)
			i, okI := of(term, v, kind.ends[0])
			j, okJ := of(term, v, kind.ends[1])
			bias, ok := term["bias"]
			if !ok {
				b.fail(span{v.from, v.from + 1}, diag.MissingKey, "key bias is missing")
				return b.shown < maxShown
			}
			w, ok := b.real(bias, "bias")
			if ok && okI && okJ {
				if i == j && kind.ends[0] != kind.ends[1] {
					b.fail(v, diag.SelfPair, "a variable is joined to itself")
				}
				b.entries = append(b.entries, entry{a: i, b: j, weight: w, line: int32(len(b.entries))})
			}
			return b.shown < maxShown
		})
	}
	b.n = len(b.labels)
}

// WriteDimodJSON writes schema 3.0.0, SPIN, as dimod's to_serializable gives it.
// A beta that is not 1 stands in info, which dimod passes over.
func WriteDimodJSON(w io.Writer, s *Spins) error {
	b := bufio.NewWriter(w)
	info := "{}"
	if s.Beta != 1 {
		info = `{"beta": ` + number(s.Beta) + "}"
	}
	fmt.Fprintf(b, `{"type": "BinaryQuadraticModel", "version": {"bqm_schema": "3.0.0"}, "use_bytes": false, `+
		`"index_type": "int32", "bias_type": "float64", "num_variables": %d, "num_interactions": %d, `+
		`"variable_type": "SPIN", "offset": %s, "info": %s,`, s.Nodes, len(s.Pairs), number(s.Offset), info)
	list := func(key string, n int, element func(i int) string) {
		fmt.Fprintf(b, "\n%q: [", key)
		for i := range n {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(element(i))
		}
		b.WriteString("]")
	}
	list("variable_labels", s.Nodes, func(i int) string { return string(s.Label(i)) })
	b.WriteByte(',')
	bias := s.Bias
	if bias == nil {
		bias = slices.Repeat([]float64{0}, s.Nodes)
	}
	list("linear_biases", s.Nodes, func(i int) string { return number(bias[i]) })
	b.WriteByte(',')
	list("quadratic_biases", len(s.Pairs), func(i int) string { return number(s.Pairs[i].Weight) })
	b.WriteByte(',')
	list("quadratic_head", len(s.Pairs), func(i int) string { return fmt.Sprint(s.Pairs[i].I) })
	b.WriteByte(',')
	list("quadratic_tail", len(s.Pairs), func(i int) string { return fmt.Sprint(s.Pairs[i].J) })
	b.WriteString("}\n")
	return b.Flush()
}
