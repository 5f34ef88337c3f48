package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// span is one JSON value, text[from:to] of a document that is known to be valid,
// so that walking needs no checks and every part has its place.
type span struct{ from, to int }

type document struct {
	r      *reader
	text   []byte
	shown  int // problems reported
	starts []int
}

// maxShown ends the reading of a document of which everything is wrong.
const maxShown = 100

// parse checks that the text is JSON and returns its value.
func (r *reader) parse() (*document, span, bool) {
	d := &document{r: r, text: r.text}
	if !r.utf8() {
		return nil, span{}, false
	}
	if !json.Valid(r.text) {
		var v json.RawMessage
		err := json.Unmarshal(r.text, &v)
		var at *json.SyntaxError
		offset := 0
		if errors.As(err, &at) {
			offset = max(int(at.Offset)-1, 0)
		}
		p := r.list.Addf(placeOf(r.file, r.text, min(offset, len(r.text))), diag.Syntax, "this is not JSON: %v", err)
		for _, word := range []string{"NaN", "Infinity"} {
			if offset < len(r.text) && bytes.HasPrefix(r.text[offset:], []byte(word)) {
				p.Help = "JSON has no " + word + ", and neither has a model"
			}
		}
		return nil, span{}, false
	}
	from := d.skip(0)
	return d, span{from, d.end(from)}, true
}

// skip passes over white space.
func (d *document) skip(at int) int {
	for at < len(d.text) && (d.text[at] == ' ' || d.text[at] == '\n' || d.text[at] == '\r' || d.text[at] == '\t') {
		at++
	}
	return at
}

// end is the place behind the value that begins at a byte.
func (d *document) end(at int) int {
	switch d.text[at] {
	case '"':
		for at++; d.text[at] != '"'; at++ {
			if d.text[at] == '\\' {
				at++
			}
		}
		return at + 1
	case '{', '[':
		depth := 0
		for {
			switch d.text[at] {
			case '"':
				at = d.end(at)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return at + 1
				}
			}
			at++
		}
	}
	for at < len(d.text) && strings.IndexByte(" \n\r\t,]}", d.text[at]) < 0 {
		at++
	}
	return at
}

func (d *document) at(v span) []byte { return d.text[v.from:v.to] }

// kind is the first byte of a value: { [ " t f n or that of a number, as 0.
func (d *document) kind(v span) byte {
	c := d.text[v.from]
	if c == '-' || c >= '0' && c <= '9' {
		return '0'
	}
	return c
}

func kindText(kind byte) string {
	return map[byte]string{'{': "an object", '[': "a list", '"': "a string", '0': "a number", 't': "true", 'f': "false", 'n': "null"}[kind]
}

// elements calls f for each element of a list until it returns false.
func (d *document) elements(v span, f func(v span) bool) {
	for at := d.skip(v.from + 1); d.text[at] != ']'; {
		e := span{at, d.end(at)}
		if !f(e) {
			return
		}
		if at = d.skip(e.to); d.text[at] == ',' {
			at = d.skip(at + 1)
		}
	}
}

// members returns the values of an object by their keys. A key given twice is
// reported.
func (d *document) members(v span) map[string]span {
	out := map[string]span{}
	for at := d.skip(v.from + 1); d.text[at] != '}'; {
		name := span{at, d.end(at)}
		var key string
		_ = json.Unmarshal(d.at(name), &key) // valid
		at = d.skip(d.skip(name.to) + 1)
		value := span{at, d.end(at)}
		if _, twice := out[key]; twice {
			d.fail(name, diag.DuplicateKey, "key %s is given twice", diag.Quote(key))
		}
		out[key] = value
		if at = d.skip(value.to); d.text[at] == ',' {
			at = d.skip(at + 1)
		}
	}
	return out
}

// fail reports a problem at a value.
func (d *document) fail(v span, code, format string, args ...any) *diag.Problem {
	d.shown++
	if d.starts == nil {
		d.starts = []int{0}
		for i, c := range d.text {
			if c == '\n' || c == '\r' && (i+1 == len(d.text) || d.text[i+1] != '\n') {
				d.starts = append(d.starts, i+1)
			}
		}
	}
	line, found := slices.BinarySearch(d.starts, v.from)
	if !found {
		line--
	}
	p := d.r.list.Add(diag.Problem{Pos: diag.Pos{File: d.r.file, Line: line + 1, Col: v.from - d.starts[line] + 1},
		Code: code, Text: fmt.Sprintf(format, args...)})
	if !bytes.ContainsAny(d.at(v), "\r\n") {
		p.Width = v.to - v.from
	}
	return p
}

// real reads a finite number.
func (d *document) real(v span, what string) (float64, bool) {
	if d.kind(v) != '0' {
		d.fail(v, diag.WrongType, "%s: %s where a number is due", what, kindText(d.kind(v)))
		return 0, false
	}
	x, err := real(d.at(v))
	if err != nil {
		d.fail(v, diag.NotFinite, "%s: %s %v", what, diag.Quote(string(d.at(v))), errFinite)
	}
	return x, err == nil
}

// list reports anything that is no list.
func (d *document) list(v span, what string) bool {
	if d.kind(v) != '[' {
		d.fail(v, diag.WrongType, "%s: %s where a list is due", what, kindText(d.kind(v)))
		return false
	}
	return true
}

// word reads a string.
func (d *document) word(v span, what string) (string, bool) {
	if d.kind(v) != '"' {
		d.fail(v, diag.WrongType, "%s: %s where a string is due", what, kindText(d.kind(v)))
		return "", false
	}
	var s string
	_ = json.Unmarshal(d.at(v), &s) // valid
	return s, true
}

// quoteJSON is a string as JSON.
func quoteJSON(s string) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // strings always have a text
	return bytes.TrimRight(b.Bytes(), "\n")
}
