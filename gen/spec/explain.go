package spec

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// explanation is what is wrong in a text that yaml.v3 refused.
type explanation struct {
	at    int // byte offset
	other int // offset of the other end, e.g. the bracket left open; -1 for none
	text  string
	help  string
}

// maxKey is how long a key may be in YAML.
const maxKey = 1024

// explain looks for the mistakes that people make in YAML: tabs, brackets and
// quotes left open, references with [ ] inside a list, a colon without a space,
// indentation that fits nothing. It knows far less than a parser and is asked
// only about text that the parser has refused.
func explain(text []byte) (explanation, bool) {
	e := explainer{text: text, literal: -1}
	for e.at < len(text) && e.found == nil {
		e.line()
	}
	if e.found == nil && len(e.open) > 0 {
		e.unclosed()
	}
	if e.found == nil {
		return explanation{}, false
	}
	return *e.found, true
}

type explainer struct {
	text  []byte
	at    int
	found *explanation

	open    []int // offsets of open brackets
	indents []int // columns of the open block levels
	nests   bool  // the last line may have a deeper one below it
	literal int   // column above which lines belong to a | or > text, -1 outside
}

func (e *explainer) report(at int, help, format string, args ...any) {
	if e.found == nil {
		e.found = &explanation{at: at, other: -1, text: fmt.Sprintf(format, args...), help: help}
	}
}

// line reads one line of the text.
func (e *explainer) line() {
	start := e.at
	for e.at < len(e.text) && (e.text[e.at] == ' ' || e.text[e.at] == '\t') {
		e.at++
	}
	col := e.at - start
	if e.at == len(e.text) || e.text[e.at] == '#' || isBreak(e.text[e.at]) || e.literal >= 0 && col > e.literal {
		e.skipLine()
		return
	}
	e.literal = -1
	if tab := bytes.IndexByte(e.text[start:e.at], '\t'); tab >= 0 && len(e.open) == 0 {
		e.report(start+tab, "indent with spaces", "a tab in the indentation")
		return
	}
	rest := e.restOfLine()
	if len(e.open) > 0 {
		if e.startsEntry(rest) && col <= e.column(e.open[0]) {
			e.unclosed()
			return
		}
		e.tokens(true)
		return
	}
	if bytes.HasPrefix(rest, []byte("---")) || bytes.HasPrefix(rest, []byte("...")) || rest[0] == '%' && start == 0 {
		e.indents, e.nests = nil, false
		e.skipLine()
		return
	}
	mayBeText := len(e.indents) > 0 && col > e.indents[len(e.indents)-1]
	if !e.indent(col, rest) {
		return
	}
	if len(bytes.TrimRight(rest, " ")) == 1 && rest[0] == '-' {
		e.nests = true
		e.skipLine()
		return
	}
	for bytes.HasPrefix(e.restOfLine(), []byte("- ")) {
		mayBeText = true
		for e.at++; e.at < len(e.text) && e.text[e.at] == ' '; e.at++ {
		}
		col = e.at - start
		e.indents = append(e.indents, col)
	}
	e.tokens(mayBeText)
}

// startsEntry tells a line that begins a key or a list entry of a block.
func (e *explainer) startsEntry(line []byte) bool {
	if bytes.HasPrefix(line, []byte("- ")) {
		return true
	}
	i := 0
	for i < len(line) && (line[i] == '_' || line[i] >= 'a' && line[i] <= 'z' || line[i] >= '0' && line[i] <= '9') {
		i++
	}
	return i > 0 && i < len(line) && line[i] == ':' && (i+1 == len(line) || line[i+1] == ' ')
}

// indent fits a line into the levels open above it.
func (e *explainer) indent(col int, rest []byte) bool {
	if len(e.indents) == 0 {
		e.indents = []int{col}
		return true
	}
	top := e.indents[len(e.indents)-1]
	if col > top {
		if e.nests {
			e.indents = append(e.indents, col)
			return true
		}
		if e.startsEntry(rest) {
			e.report(e.at, "align it with the line above, or remove the value above if this belongs under it",
				"this line is indented deeper than the one above, which already has a value")
			return false
		}
		return true
	}
	for len(e.indents) > 0 && e.indents[len(e.indents)-1] > col {
		e.indents = e.indents[:len(e.indents)-1]
	}
	if len(e.indents) == 0 || e.indents[len(e.indents)-1] != col {
		e.report(e.at, "align it with the keys that it belongs to", "the indentation of this line fits no line above")
		return false
	}
	return true
}

// tokens reads the rest of a line. mayBeText tells whether it may be text that
// is no key.
func (e *explainer) tokens(mayBeText bool) {
	begin := e.at
	blockKey := false // a "key:" outside of brackets was on this line
	fresh := true     // a value may begin here
	e.nests = false
	for e.at < len(e.text) && !isBreak(e.text[e.at]) && e.found == nil {
		c := e.text[e.at]
		flow := len(e.open) > 0
		switch {
		case c == ' ' || c == '\t':
			e.at++
		case c == '#' && (e.at == begin || isBlank(e.text[e.at-1])):
			e.skipRest()
		case c == ':' && e.colonEnds():
			if !flow {
				if blockKey {
					e.report(e.at, "put text with a colon in quotes, or begin a new line for a new key", "a second key on the same line")
					return
				}
				blockKey = true
				e.nests = true
			}
			e.at++
			fresh = true
		case flow && c == ',':
			if prev := e.previous(); prev == ',' || prev == '[' || prev == '{' {
				e.report(e.at, "remove the comma or write the value before it", "nothing before this comma")
				return
			}
			e.at++
			fresh = true
		case fresh && (c == '"' || c == '\''):
			e.nests = false
			e.quoted(c)
			fresh = false
		case (fresh || flow) && (c == '[' || c == '{'):
			e.nests = false
			e.open = append(e.open, e.at)
			e.at++
			fresh = true
		case (fresh || flow) && (c == ']' || c == '}'):
			e.closing(c)
			fresh = false
		case fresh && bytes.IndexByte([]byte("@`%"), c) >= 0:
			e.report(e.at, "put the text in quotes", "a value cannot begin with %c", c)
			return
		case fresh && !flow && (c == '|' || c == '>'):
			e.literal = e.indents[len(e.indents)-1]
			e.skipRest()
		default:
			if !fresh {
				e.report(e.at, "put a comma between values, or quotes around the whole text", "unexpected text after the end of a value")
				return
			}
			from := e.at
			e.plain()
			fresh = false
			if e.atKeyColon() && e.at-from > maxKey {
				e.report(from, "a name has at most "+strconv.Itoa(maxName)+" characters", "a key of %d characters, YAML allows %d", e.at-from, maxKey)
				return
			}
			if !flow && !e.atKeyColon() {
				e.nests = false
				if !blockKey && !mayBeText {
					e.lonelyText(begin)
					return
				}
			}
		}
	}
	e.skipLine()
}

func (e *explainer) lonelyText(begin int) {
	word := string(e.text[begin:e.at])
	if i := strings.IndexByte(word, ':'); i > 0 {
		e.report(begin+i, "write a space after the colon", "a colon without a space does not end a key")
		return
	}
	e.report(begin, "write key: value", "a line without a key")
}

// plain reads text without quotes. In brackets it may not hold brackets: that
// is how references such as x[3] go wrong.
func (e *explainer) plain() {
	begin, flow := e.at, len(e.open) > 0
	for e.at < len(e.text) && !isBreak(e.text[e.at]) {
		c := e.text[e.at]
		if c == ':' && e.colonEnds() || c == '#' && isBlank(e.text[e.at-1]) || flow && (c == ',' || c == ']' || c == '}') {
			return
		}
		if flow && (c == '[' || c == '{') {
			end := e.at
			for end < len(e.text) && !isBreak(e.text[end]) && e.text[end] != ']' && e.text[end] != '}' {
				end++
			}
			word := string(e.text[begin:min(end+1, len(e.text))])
			if strings.ContainsAny(word, " \t\r\n") && !strings.Contains(word, " & ") && !strings.Contains(word, " - ") {
				e.report(e.at, "put a comma before it", "a bracket in the middle of a value")
				return
			}
			e.report(begin, fmt.Sprintf("write %q", word), "a reference with [ ] must be in quotes when it stands in a list or in braces")
			return
		}
		e.at++
	}
}

func (e *explainer) quoted(quote byte) {
	begin := e.at
	for e.at++; e.at < len(e.text); e.at++ {
		switch c := e.text[e.at]; {
		case c == '\\' && quote == '"':
			e.at++
			if e.at < len(e.text) && bytes.IndexByte([]byte("0abtnvfre \"/\\N_LPxuU\t\r\n"), e.text[e.at]) < 0 {
				e.report(e.at-1, `write \\ for a backslash, or use single quotes`, `\%c means nothing in double quotes`, e.text[e.at])
				return
			}
		case c == quote && quote == '\'' && e.at+1 < len(e.text) && e.text[e.at+1] == quote:
			e.at++
		case c == quote:
			e.at++
			return
		}
	}
	e.report(begin, "close it", "a quote that is never closed")
}

func (e *explainer) closing(c byte) {
	if len(e.open) == 0 {
		e.report(e.at, "remove it, or put the value in quotes", "%c without an opening bracket", c)
		return
	}
	last := e.open[len(e.open)-1]
	if e.text[last] == '[' && c != ']' || e.text[last] == '{' && c != '}' {
		e.report(e.at, "close the inner bracket first", "%c cannot close %c", c, e.text[last])
		e.found.other = last
		return
	}
	e.open = e.open[:len(e.open)-1]
	e.at++
}

func (e *explainer) unclosed() {
	last := e.open[len(e.open)-1]
	e.report(last, "close it", "%c is never closed", e.text[last])
}

// colonEnds tells a colon that ends a key.
func (e *explainer) colonEnds() bool {
	if e.at+1 >= len(e.text) {
		return true
	}
	c := e.text[e.at+1]
	return isBlank(c) || len(e.open) > 0 && (c == ',' || c == ']' || c == '}' || c == '[' || c == '{' || e.text[e.at-1] == '"')
}

func (e *explainer) atKeyColon() bool {
	return e.at < len(e.text) && e.text[e.at] == ':'
}

// previous is the last character before this one that is not blank.
func (e *explainer) previous() byte {
	i := e.at - 1
	for i >= 0 && isBlank(e.text[i]) {
		i--
	}
	return e.text[max(i, 0)]
}

// column is the indentation of the line that holds offset at.
func (e *explainer) column(at int) int {
	start := at
	for start > 0 && !isBreak(e.text[start-1]) {
		start--
	}
	col := 0
	for e.text[start+col] == ' ' {
		col++
	}
	return col
}

func (e *explainer) restOfLine() []byte {
	end := e.at
	for end < len(e.text) && !isBreak(e.text[end]) {
		end++
	}
	return e.text[e.at:end]
}

func (e *explainer) skipRest() { e.at += len(e.restOfLine()) }

func (e *explainer) skipLine() {
	e.skipRest()
	if e.at < len(e.text) {
		e.at++
	}
}

func isBreak(c byte) bool { return c == '\n' || c == '\r' }

func isBlank(c byte) bool { return c == ' ' || c == '\t' || isBreak(c) }
