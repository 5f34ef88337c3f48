package exchange

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// A .bqm file of dimod, versions 1 and 2: the mark DIMODBQM, two bytes of
// version, a length and a JSON header {shape, dtype, itype, ntype, vartype,
// variables}, padded to 64 bytes; then, little-endian, the offset, for each
// variable the start of its neighbourhood and its bias, and the neighbourhoods,
// each interaction in both, as (variable, bias); then in version 2 the labels.

const bqmMagic = "DIMODBQM"

type bqmHeader struct {
	Shape               []int
	Dtype, Itype, Ntype string
	Vartype             string
	Variables           json.RawMessage
}

// bqmReader takes a binary file apart.
type bqmReader struct {
	file string
	text []byte
	at   int
	list *diag.List
	head bqmHeader
}

func readBQM(m *Model, file string, text []byte, list *diag.List) {
	r := &bqmReader{file: file, text: text, list: list}
	if !r.header() {
		return
	}
	n, pairs := r.head.Shape[0], r.head.Shape[1]
	offset, entries, ok := r.numbers(n, pairs)
	if !ok {
		return
	}
	labels, ok := r.labels(n)
	if !ok {
		return
	}
	m.Detail = fmt.Sprintf("version %d.%d, %s", text[8], text[9], r.head.Vartype)
	m.assemble(file, n, entries, offset, r.head.Vartype, false, list)
	if m.Spins != nil {
		m.Spins.Labels = labels
	}
}

func (r *bqmReader) fail(code, format string, args ...any) bool {
	r.list.Addf(diag.Pos{File: r.file}, code, format, args...)
	return false
}

// take is the next n bytes.
func (r *bqmReader) take(n int, what string) ([]byte, bool) {
	if n > len(r.text)-r.at {
		return nil, r.fail(diag.Truncated, "the file ends at byte %d, inside the %s", len(r.text), what)
	}
	b := r.text[r.at : r.at+n]
	r.at += n
	return b, true
}

func (r *bqmReader) header() bool {
	if len(r.text) > MaxFile {
		r.list.Limitf(diag.Pos{File: r.file}, diag.TooLarge, "the file has more than %d bytes", MaxFile)
		return false
	}
	if !bytes.HasPrefix(r.text, []byte(bqmMagic)) {
		return r.fail(diag.BadHeader, "the file does not begin with %s", bqmMagic)
	}
	r.at = len(bqmMagic)
	b, ok := r.take(6, "header")
	if !ok {
		return false
	}
	if b[0] != 1 && b[0] != 2 {
		return r.fail(diag.BadHeader, "version %d.%d: 1 and 2 are read", b[0], b[1])
	}
	length := binary.LittleEndian.Uint32(b[2:])
	if b, ok = r.take(int(min(length, MaxFile)), "header"); !ok {
		return false
	}
	if err := json.Unmarshal(b, &r.head); err != nil {
		return r.fail(diag.BadHeader, "the header is not JSON as it should be: %v", err)
	}
	h := &r.head
	switch {
	case len(h.Shape) != 2 || h.Shape[0] < 0 || h.Shape[1] < 0:
		return r.fail(diag.BadHeader, "shape %v: the numbers of variables and interactions are needed", h.Shape)
	case h.Shape[0] > MaxNodes || h.Shape[1] > MaxPairs:
		r.list.Limitf(diag.Pos{File: r.file}, diag.TooLarge, "%d variables and %d interactions, at most %d and %d",
			h.Shape[0], h.Shape[1], MaxNodes, MaxPairs)
		return false
	case h.Vartype != SPIN && h.Vartype != BINARY:
		return r.fail(diag.BadChoice, "vartype %s: SPIN or BINARY is needed", diag.Quote(h.Vartype))
	case h.Dtype != "float64" && h.Dtype != "float32":
		return r.fail(diag.NotSupported, "biases are %s: float64 and float32 are read", diag.Quote(h.Dtype))
	}
	for _, t := range []string{h.Itype, h.Ntype} {
		if intSize(t) == 0 {
			return r.fail(diag.NotSupported, "indices are %s: int32 and int64, with or without sign, are read", diag.Quote(t))
		}
	}
	return true
}

func intSize(dtype string) int {
	return map[string]int{"int32": 4, "uint32": 4, "int64": 8, "uint64": 8}[dtype]
}

// int reads an index; what is beyond the range of a sensible one is −1.
func readInt(b []byte) int {
	if len(b) == 4 {
		return int(int32(binary.LittleEndian.Uint32(b)))
	}
	if v := int64(binary.LittleEndian.Uint64(b)); v >= 0 && v <= MaxFile {
		return int(v)
	}
	return -1
}

func readFloat(b []byte) float64 {
	if len(b) == 4 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

// numbers reads offset, biases and neighbourhoods.
func (r *bqmReader) numbers(n, pairs int) (offset float64, entries []entry, ok bool) {
	bias, index, start := 8, intSize(r.head.Itype), intSize(r.head.Ntype)
	if r.head.Dtype == "float32" {
		bias = 4
	}
	b, ok := r.take(bias, "offset")
	if !ok {
		return 0, nil, false
	}
	if offset = readFloat(b); !finite(offset) {
		return 0, nil, r.fail(diag.NotFinite, "the offset is %v", offset)
	}
	if n == 0 {
		return offset, nil, true
	}
	linear, ok := r.take(n*(start+bias), "biases")
	if !ok {
		return 0, nil, false
	}
	quadratic, ok := r.take(2*pairs*(index+bias), "interactions")
	if !ok {
		return 0, nil, false
	}
	entries = make([]entry, 0, n+pairs)
	begin := func(v int) int {
		if v == n {
			return 2 * pairs
		}
		return readInt(linear[v*(start+bias):][:start])
	}
	if begin(0) != 0 {
		return 0, nil, r.fail(diag.BadFile, "the neighbourhood of variable 0 begins at %d", begin(0))
	}
	for v := range n {
		h := readFloat(linear[v*(start+bias)+start:][:bias])
		if !finite(h) {
			return 0, nil, r.fail(diag.NotFinite, "the bias of variable %d is %v", v, h)
		}
		entries = append(entries, entry{a: int64(v), b: int64(v), weight: h})
		from, to := begin(v), begin(v+1)
		if to < from || to > 2*pairs {
			return 0, nil, r.fail(diag.BadFile, "the neighbourhood of variable %d is %d … %d of %d", v, from, to, 2*pairs)
		}
		for k := from; k < to; k++ {
			at := quadratic[k*(index+bias):]
			u, w := readInt(at[:index]), readFloat(at[index:][:bias])
			switch {
			case u < 0 || u >= n || u == v:
				return 0, nil, r.fail(diag.BadNode, "variable %d has a neighbour %d, and there are 0 … %d", v, u, n-1)
			case !finite(w):
				return 0, nil, r.fail(diag.NotFinite, "the interaction of variables %d and %d is %v", u, v, w)
			case u < v:
				entries = append(entries, entry{a: int64(u), b: int64(v), weight: w, line: int32(k)})
			}
		}
	}
	if len(entries) != n+pairs {
		return 0, nil, r.fail(diag.BadCount, "the header says %s, the neighbourhoods have %d", plural(pairs, "interaction"), len(entries)-n)
	}
	return offset, entries, true
}

// labels reads the labels of version 1, from the header, or of version 2, behind
// the numbers; nil where they are 0, 1, ….
func (r *bqmReader) labels(n int) ([]json.RawMessage, bool) {
	text := []byte(r.head.Variables)
	switch string(text) {
	case "", "false", "null":
		return nil, true
	case "true":
		b, ok := r.take(8, "labels")
		if !ok {
			return nil, false
		}
		if string(b[:4]) != "VARS" {
			return nil, r.fail(diag.BadFile, "labels are announced, and at byte %d stands %s", r.at-8, diag.Quote(string(b[:4])))
		}
		if text, ok = r.take(int(min(binary.LittleEndian.Uint32(b[4:]), MaxFile)), "labels"); !ok {
			return nil, false
		}
	}
	inner := &reader{file: r.file, text: text, list: &diag.List{}}
	d, root, ok := inner.parse()
	if ok {
		b := &bqm{document: d}
		b.readLabels(root)
		if inner.list.Len() == 0 && len(b.labels) != n {
			return nil, r.fail(diag.BadCount, "%s for %s", plural(len(b.labels), "label"), plural(n, "variable"))
		}
		if inner.list.Len() == 0 {
			return b.given(), true
		}
	}
	for _, p := range inner.list.Problems() {
		r.fail(p.Code, "labels: %s", p.Text)
	}
	return nil, false
}
