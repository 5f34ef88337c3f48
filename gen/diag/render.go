package diag

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	maxPrinted   = 20  // problems printed by Render
	excerptWidth = 100 // columns of a source line shown
	tabWidth     = 4
)

// Render prints the problems of l for people, at most 20 of them, each as
//
//	model.yaml:12:3: unknown-key: unknown key "chians" in sample
//	   12 |   chians: 8
//	      |   ^^^^^^
//	help: did you mean chains?
//
// source returns the text of a file, nil if there is none; then the problem is
// printed without an excerpt. What the user wrote is printed with control and
// invisible characters escaped, so a file cannot steer the terminal.
func Render(w io.Writer, l *List, source func(file string) []byte) error {
	var b bytes.Buffer
	problems := l.Problems()
	for i, p := range problems {
		if i == maxPrinted {
			break
		}
		fmt.Fprintf(&b, "%s\n", visible(p.Error()))
		if p.Pos.Line > 0 && source != nil {
			if line, ok := sourceLine(source(p.Pos.File), p.Pos.Line); ok && len(bytes.TrimSpace(line)) > 0 {
				writeExcerpt(&b, p, line)
			}
		}
		if p.Help != "" {
			fmt.Fprintf(&b, "help: %s\n", visible(p.Help))
		}
	}
	if n := l.more(len(problems)); n > 0 {
		fmt.Fprintf(&b, "… and %d more\n", n)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// sourceLine returns line n of src without its end. A line ends with LF, CR LF
// or CR.
func sourceLine(src []byte, n int) ([]byte, bool) {
	for ; src != nil; n-- {
		end := bytes.IndexAny(src, "\r\n")
		if n == 1 {
			if end < 0 {
				end = len(src)
			}
			return src[:end], true
		}
		if end < 0 {
			return nil, false
		}
		if src[end] == '\r' && end+1 < len(src) && src[end+1] == '\n' {
			end++
		}
		src = src[end+1:]
	}
	return nil, false
}

// cell is one character of a source line as shown.
type cell struct {
	text  string
	width int
	mark  bool // underlined
}

func writeExcerpt(b *bytes.Buffer, p Problem, line []byte) {
	if p.Pos.Line == 1 {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	first := max(p.Pos.Col, 1) - 1
	line, first, cutBefore, cutAfter := near(line, first)
	last := first + max(p.Width, 1)
	var cells []cell
	caret := -1
	for at := 0; at < len(line) || at <= first; {
		c, size := cell{text: " ", width: 1}, 1
		if at < len(line) {
			var r rune
			r, size = utf8.DecodeRune(line[at:])
			c = show(r, size, line[at])
		}
		c.mark = at+size > first && at < last
		if c.mark && caret < 0 {
			caret = len(cells)
		}
		cells = append(cells, c)
		at += size
	}
	cells, cutLeft, cutRight := window(cells, caret)
	cutLeft, cutRight = cutLeft || cutBefore, cutRight || cutAfter

	number := fmt.Sprintf("%5d", p.Pos.Line)
	var shown, marks strings.Builder
	if cutLeft {
		shown.WriteString("…")
		marks.WriteByte(' ')
	}
	for _, c := range cells {
		shown.WriteString(c.text)
		if c.mark {
			marks.WriteString(strings.Repeat("^", c.width))
		} else {
			marks.WriteString(strings.Repeat(" ", c.width))
		}
	}
	if cutRight {
		shown.WriteString("…")
	}
	fmt.Fprintf(b, "%s | %s\n", number, strings.TrimRight(shown.String(), " "))
	fmt.Fprintf(b, "%s | %s\n", strings.Repeat(" ", len(number)), strings.TrimRight(marks.String(), " "))
}

// near drops what is far from byte at of a line: a line may have megabytes.
func near(line []byte, at int) (part []byte, in int, before, after bool) {
	const far = excerptWidth * utf8.UTFMax
	if end := at + far; end < len(line) {
		line, after = line[:end], true
	}
	start := max(0, min(at, len(line))-far)
	for start > 0 && !utf8.RuneStart(line[start]) {
		start--
	}
	return line[start:], at - start, start > 0, after
}

// window cuts a line to excerptWidth columns around the caret.
func window(cells []cell, caret int) (cut []cell, left, right bool) {
	from := 0
	if len(cells) > excerptWidth && caret > excerptWidth*2/3 {
		from = min(caret-excerptWidth/3, len(cells)-excerptWidth)
	}
	to := min(from+excerptWidth, len(cells))
	return cells[from:to], from > 0, to < len(cells)
}

// show makes a character printable.
func show(r rune, size int, first byte) cell {
	if r == '\t' {
		return cell{text: strings.Repeat(" ", tabWidth), width: tabWidth}
	}
	text := string(r)
	if r == utf8.RuneError && size <= 1 {
		text = fmt.Sprintf(`\x%02x`, first)
	} else if !printable(r) {
		text = escape(r)
	}
	return cell{text: text, width: utf8.RuneCountInString(text)}
}

// ProblemJSON is a problem as printed with --json.
type ProblemJSON struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Code   string `json:"code"`
	Text   string `json:"text"`
	Help   string `json:"help"`
}

// JSON is the problem in the form that --json prints.
func (p Problem) JSON() ProblemJSON {
	return ProblemJSON{p.Pos.File, p.Pos.Line, p.Pos.Col, p.Code, p.Text, p.Help}
}

// RenderJSON prints {"errors": [{file, line, column, code, text, help}]}, all
// problems of l, with a newline at the end.
func RenderJSON(w io.Writer, l *List) error {
	errors := []ProblemJSON{}
	for _, p := range l.Problems() {
		errors = append(errors, p.JSON())
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(map[string]any{"errors": errors})
}
