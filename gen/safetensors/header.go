package safetensors

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxAxes is the most axes of a tensor, NumPy's own limit.
const maxAxes = 64

// parser reads the header:
//
//	header = "{" [ entry { "," entry } ] "}" blanks
//	entry  = name ":" tensor | "__metadata__" ":" "{" [ name ":" text { "," … } ] "}"
//	tensor = "{" "dtype": text, "shape": counts, "data_offsets": counts "}"   keys in any order, each once
//	counts = "[" [ count { "," count } ] "]"
//
// with blanks between tokens as in JSON. A count is a whole number without sign,
// leading zeros, fraction or exponent.
type parser struct {
	text []byte // the file up to the end of the header
	at   int
	file *File
}

func (p *parser) errorf(at int, format string, args ...any) error {
	return &Error{at, fmt.Sprintf(format, args...)}
}

func (p *parser) header() error {
	if p.at == len(p.text) || p.text[p.at] != '{' {
		return p.errorf(p.at, "the header does not begin with {")
	}
	metadata := false
	err := p.object("the header", func(name string, at int) error {
		if name == "__metadata__" {
			if metadata {
				return p.errorf(at, "__metadata__ is there twice")
			}
			metadata = true
			return p.metadata()
		}
		if _, twice := p.file.tensors[name]; twice {
			return p.errorf(at, "tensor %s is there twice", shown(name))
		}
		t, err := p.tensor(name, at)
		if err != nil {
			return err
		}
		p.file.names = append(p.file.names, name)
		p.file.tensors[name] = t
		return nil
	})
	if err != nil {
		return err
	}
	if p.blanks(); p.at < len(p.text) {
		return p.errorf(p.at, "the header goes on behind its last }")
	}
	return nil
}

// metadata maps names to text; nothing of it is used.
func (p *parser) metadata() error {
	seen := map[string]bool{}
	return p.object("__metadata__", func(name string, at int) error {
		if seen[name] {
			return p.errorf(at, "__metadata__ has %s twice", shown(name))
		}
		seen[name] = true
		_, err := p.str("__metadata__ holds text only")
		return err
	})
}

func (p *parser) tensor(name string, at int) (tensor, error) {
	var t tensor
	who := "tensor " + shown(name)
	seen := map[string]bool{}
	var offsets []int
	err := p.object(who, func(key string, at int) error {
		if seen[key] {
			return p.errorf(at, "%s has %s twice", who, key)
		}
		seen[key] = true
		var err error
		switch key {
		case "dtype":
			t.dtype, err = p.str("dtype is a word such as F32")
		case "shape":
			t.shape, err = p.counts("shape")
		case "data_offsets":
			offsets, err = p.counts("data_offsets")
		default:
			err = p.errorf(at, "%s has the unknown key %s", who, shown(key))
		}
		return err
	})
	if err != nil {
		return t, err
	}
	for _, key := range []string{"dtype", "shape", "data_offsets"} {
		if !seen[key] {
			return t, p.errorf(at, "%s has no %s", who, key)
		}
	}
	size, known := sizes[t.dtype]
	if !known {
		return t, p.errorf(at, "%s has the element type %s; known are %s", who, shown(t.dtype), dtypes)
	}
	if len(offsets) != 2 {
		return t, p.errorf(at, "%s has %d data_offsets, need its begin and its end", who, len(offsets))
	}
	if t.begin, t.end = offsets[0], offsets[1]; t.begin > t.end {
		return t, p.errorf(at, "%s ends at %d, before its begin at %d", who, t.end, t.begin)
	}
	if t.end > len(p.file.data) {
		return t, p.errorf(at, "%s ends at byte %d of the data, which have %d", who, t.end, len(p.file.data))
	}
	bytes, ok := product(size, t.shape)
	if !ok || bytes != t.end-t.begin {
		return t, p.errorf(at, "%s has %d bytes, which are not shape %v of %s", who, t.end-t.begin, t.shape, t.dtype)
	}
	return t, nil
}

// shown quotes a name, cut short if it is very long.
func shown(name string) string {
	if len(name) > 80 {
		name = name[:80] + "…"
	}
	return strconv.Quote(name)
}

// product is size × all sides; not ok if the sides other than 0 overflow.
func product(size int, shape []int) (int, bool) {
	n := size
	for _, side := range shape {
		if side == 0 {
			continue
		}
		if n > math.MaxInt/side {
			return 0, false
		}
		n *= side
	}
	if slices.Contains(shape, 0) {
		return 0, true
	}
	return n, true
}

// object reads { name: value, … } and calls value, standing at it, for each.
func (p *parser) object(what string, value func(name string, at int) error) error {
	if !p.take('{') {
		return p.errorf(p.at, "%s is no { … }", what)
	}
	if p.take('}') {
		return nil
	}
	for {
		p.blanks()
		at := p.at
		name, err := p.str("a name in quotes is due")
		if err != nil {
			return err
		}
		if !p.take(':') {
			return p.errorf(p.at, "no colon behind the name %s", shown(name))
		}
		if err := value(name, at); err != nil {
			return err
		}
		if p.take('}') {
			return nil
		}
		if !p.take(',') {
			return p.errorf(p.at, "%s is not closed: a comma or } is due", what)
		}
	}
}

// counts reads a list of whole numbers.
func (p *parser) counts(what string) ([]int, error) {
	if !p.take('[') {
		return nil, p.errorf(p.at, "%s is no list", what)
	}
	list := []int{}
	if p.take(']') {
		return list, nil
	}
	for {
		p.blanks()
		from := p.at
		for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
			p.at++
		}
		word := string(p.text[from:p.at])
		n, err := strconv.Atoi(word)
		switch {
		case word == "" || len(word) > 1 && word[0] == '0':
			return nil, p.errorf(from, "%s holds something that is no whole number", what)
		case err != nil:
			return nil, p.errorf(from, "%s holds a number beyond 2^63", what)
		}
		if list = append(list, n); len(list) > maxAxes {
			return nil, p.errorf(from, "%s has more than %d entries", what, maxAxes)
		}
		if p.take(']') {
			return list, nil
		}
		if !p.take(',') {
			return nil, p.errorf(p.at, "%s is not closed: a comma or ] is due", what)
		}
	}
}

// str reads a string of JSON; due says what should stand there.
func (p *parser) str(due string) (string, error) {
	p.blanks()
	from := p.at
	if p.at == len(p.text) || p.text[p.at] != '"' {
		return "", p.errorf(from, "%s", due)
	}
	for p.at++; p.at < len(p.text) && p.text[p.at] != '"'; p.at++ {
		if p.text[p.at] == '\\' {
			p.at++
		}
	}
	if p.at >= len(p.text) {
		p.at = len(p.text)
		return "", p.errorf(from, "a quote that is never closed")
	}
	p.at++
	raw := p.text[from:p.at]
	var s string
	if !utf8.Valid(raw) || json.Unmarshal(raw, &s) != nil {
		return "", p.errorf(from, "text that JSON does not allow")
	}
	return s, nil
}

func (p *parser) blanks() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

func (p *parser) take(c byte) bool {
	if p.blanks(); p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}
