package exchange

import (
	"bytes"
	"errors"
	"math"
	"strconv"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// lines walks through a text line by line. A line ends with LF, CR LF or CR.
type lines struct {
	text   []byte
	at     int // where the next line begins
	feed   int // the next LF from at on, len(text) if there is none; valid where it is ≥ at
	line   int // number of the current line, from 1
	now    []byte
	fields []field // words between blanks
	comma  bool    // a line with commas or semicolons is separated by these
}

// field is one word of a line; col counts bytes from 1.
type field struct {
	text []byte
	col  int
}

// next goes on to the next line.
func (l *lines) next() bool {
	if l.at >= len(l.text) {
		return false
	}
	if l.feed < l.at || l.line == 0 {
		if l.feed = bytes.IndexByte(l.text[l.at:], '\n'); l.feed < 0 {
			l.feed = len(l.text)
		} else {
			l.feed += l.at
		}
	}
	end, after := l.feed, l.feed+1
	if i := bytes.IndexByte(l.text[l.at:end], '\r'); i >= 0 {
		if l.at+i+1 < end || end == len(l.text) {
			after = l.at + i + 1
		}
		end = l.at + i
	}
	l.now = l.text[l.at:end]
	l.at = after
	l.line++
	l.split()
	return true
}

func (l *lines) split() {
	l.fields = l.fields[:0]
	if l.comma && l.splitAt() {
		return
	}
	for i := 0; i < len(l.now); {
		if isBlank(l.now[i]) {
			i++
			continue
		}
		from := i
		for i < len(l.now) && !isBlank(l.now[i]) {
			i++
		}
		l.fields = append(l.fields, field{l.now[from:i], from + 1})
	}
}

// splitAt splits a line at its commas, or at its semicolons; two without
// anything between them have an empty field.
func (l *lines) splitAt() bool {
	word := bytes.TrimLeft(l.now, " \t\v\f")
	if len(word) > 0 && isComment(word) {
		return false
	}
	for _, sep := range []byte(",;") {
		if bytes.IndexByte(l.now, sep) < 0 {
			continue
		}
		for from := 0; from <= len(l.now); {
			end := bytes.IndexByte(l.now[from:], sep)
			if end < 0 {
				end = len(l.now) - from
			}
			text := l.now[from : from+end]
			trimmed := bytes.TrimLeft(text, " \t\v\f")
			col := from + len(text) - len(trimmed) + 1
			l.fields = append(l.fields, field{bytes.TrimRight(trimmed, " \t\v\f"), col})
			from += end + 1
		}
		return true
	}
	return false
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\v' || c == '\f' }

// end is the place behind the last word of the line.
func (l *lines) end() field {
	if n := len(l.fields); n > 0 {
		return field{nil, l.fields[n-1].col + len(l.fields[n-1].text)}
	}
	return field{nil, 1}
}

// placeOf is the line and column of a byte of a text.
func placeOf(file string, text []byte, at int) diag.Pos {
	p := diag.Pos{File: file, Line: 1, Col: 1}
	start := 0
	for i, c := range text[:at] {
		if c == '\n' || c == '\r' && (i+1 == len(text) || text[i+1] != '\n') {
			p.Line++
			start = i + 1
		}
	}
	p.Col = at - start + 1
	return p
}

// integer reads a whole number from 0 up.
func integer(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	n := int64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}

// count reads a whole number of something: one of many digits is a limit passed,
// not a mistake.
func count(b []byte) (n int64, ok bool) {
	if n, ok := integer(b); ok {
		return n, true
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	return math.MaxInt64, len(b) > 0
}

var (
	errNumber = errors.New("is no number")
	errFinite = errors.New("is no finite number")
)

// real reads a decimal number: nothing of what Go reads beyond that (hexadecimal,
// underscores, names of infinities) is one.
func real(b []byte) (float64, error) {
	digits := b
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		digits = b[1:]
	}
	if n, ok := integer(digits); ok && n < 1<<53 {
		if b[0] == '-' {
			return -float64(n), nil
		}
		return float64(n), nil
	}
	for _, c := range digits {
		switch {
		case c >= '0' && c <= '9', c == '.', c == 'e', c == 'E', c == '-', c == '+':
		case isWordOfInfinity(digits):
			return 0, errFinite
		default:
			return 0, errNumber
		}
	}
	x, err := strconv.ParseFloat(string(b), 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, errFinite
	case err != nil:
		return 0, errNumber
	}
	return x, nil
}

func isWordOfInfinity(b []byte) bool {
	for _, w := range []string{"inf", "infinity", "nan"} {
		if bytes.EqualFold(b, []byte(w)) {
			return true
		}
	}
	return false
}

// node reads the number of a node.
func (r *reader) node(line int, f field) (int64, bool) {
	n, ok := integer(f.text)
	if !ok {
		r.fail(line, f, diag.BadNode, "%s is no number of a node", diag.Quote(string(f.text))).
			Help = "nodes are whole numbers from 0 up"
	}
	return n, ok
}

// weight reads a finite number.
func (r *reader) weight(line int, f field) (float64, bool) {
	x, err := real(f.text)
	if err != nil {
		code := diag.BadNumber
		if err == errFinite {
			code = diag.NotFinite
		}
		r.fail(line, f, code, "%s %v", diag.Quote(string(f.text)), err)
		return 0, false
	}
	return x, true
}
