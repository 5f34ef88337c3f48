package spec

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

const refForms = "a reference such as x, x[3], x[0:10:2], a & b, or a list of them"

// ref reads a reference: one expression, or a list as the union of several.
func (p *parser) ref(n *node, what string) *Ref {
	if n.kind == list {
		if len(n.items) == 0 {
			p.add(n, diag.Empty, "%s is empty, it must be %s", what, refForms)
			return nil
		}
		union := &Ref{Op: "|", Pos: n.pos()}
		var texts []string
		for i := range n.items {
			if r := p.oneRef(&n.items[i], item(what, i)); r != nil {
				union.Args = append(union.Args, r)
				texts = append(texts, r.Text)
			}
		}
		union.Text = "[" + strings.Join(texts, ", ") + "]"
		return union
	}
	return p.oneRef(n, what)
}

func (p *parser) oneRef(n *node, what string) *Ref {
	if n.kind != scalar || n.isNull() {
		e := p.expected(n, what, refForms)
		if n.kind == mapping {
			e.Help = `a reference with a colon in it must be in quotes: "x[0:10]"`
		}
		return nil
	}
	r := refParser{p: p, n: n, s: n.text}
	out := r.expression()
	if r.failed {
		return nil
	}
	return out
}

// refParser reads
//
//	expression = term { ("&" | "-") term }
//	term       = name [ "." name ] [ "[" axis { "," axis } "]" ]
//	axis       = number | [number] ":" [number] [":" [number]] | "[" number { "," number } "]"
//
// from left to right; & and - bind alike.
type refParser struct {
	p      *parser
	n      *node
	s      string
	i      int
	failed bool
}

// fail reports a problem at byte at of the text, once.
func (r *refParser) fail(at, width int, help, format string, args ...any) {
	if r.failed {
		return
	}
	r.failed = true
	e := r.p.problems.Addf(r.n.at(at), diag.BadReference, format, args...)
	e.Width, e.Help = width, help
}

func (r *refParser) space() {
	for r.i < len(r.s) && (r.s[r.i] == ' ' || r.s[r.i] == '\t' || r.s[r.i] == '\n') {
		r.i++
	}
}

// peek is the next character after blanks, 0 at the end.
func (r *refParser) peek() byte {
	r.space()
	if r.i == len(r.s) {
		return 0
	}
	return r.s[r.i]
}

func (r *refParser) accept(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.i++
	return true
}

// found describes the next character in a message.
func (r *refParser) found() string {
	if r.peek() == 0 {
		return "the reference ends"
	}
	rest := []rune(r.s[r.i:])
	return "there is " + diag.Quote(string(rest[:1]))
}

func (r *refParser) expression() *Ref {
	left := r.term()
	for !r.failed && r.peek() != 0 {
		op := r.s[r.i]
		if op != '&' && op != '-' {
			help := "nodes are combined with & (both), - (without) or a list (union)"
			switch op {
			case '|', '+', ',':
				help = "write a union as a list: [a, b]"
			case '.':
				help = "the field comes before the index: x.field[3]"
			case '[':
				help = "write all indices in one pair of brackets: x[2, 5]"
			}
			r.fail(r.i, 1, help, "after a node set, & or - is expected, but %s", r.found())
			return nil
		}
		r.i++
		right := r.term()
		left = &Ref{Op: string(op), Args: []*Ref{left, right}, Text: r.s[:r.i], Pos: r.n.at(0)}
	}
	return left
}

func (r *refParser) word() (string, int) {
	r.space()
	from := r.i
	for r.i < len(r.s) {
		c := r.s[r.i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c < 0x80 {
			break
		}
		r.i++
	}
	return r.s[from:r.i], from
}

func (r *refParser) name() (string, int) {
	w, from := r.word()
	switch {
	case w == "":
		r.fail(r.i, 1, "", "the name of a variable or group is expected here, but %s", r.found())
	case !isName(w) || len(w) > maxName:
		help := ""
		if s := nameFrom(w); s != "" && s != w {
			help = "write " + s
		}
		r.fail(from, len(w), help, "%s is no name", diag.Quote(w))
	case reserved[w]:
		r.fail(from, len(w), "", "%s cannot be the name of a variable or group", diag.Quote(w))
	}
	return w, from
}

func (r *refParser) term() *Ref {
	name, from := r.name()
	if r.failed {
		return nil
	}
	if r.i < len(r.s) && r.s[r.i] == '.' {
		r.i++
		field, _ := r.name()
		name += "." + field
	}
	out := &Ref{Name: Name{Text: name, Pos: r.n.at(from)}, Pos: r.n.at(from)}
	if !r.failed && r.accept('[') {
		out.Index = r.axes()
	}
	if r.failed {
		return nil
	}
	out.Text = r.s[from:r.i]
	return out
}

// axes reads the indices up to the closing bracket.
func (r *refParser) axes() []Axis {
	open := r.i - 1
	var axes []Axis
	for !r.failed {
		axes = append(axes, r.axis())
		if r.failed || r.accept(']') {
			return axes
		}
		if !r.accept(',') {
			if r.peek() == 0 {
				r.fail(open, 1, "close it with ]", "the bracket is never closed")
			} else {
				r.fail(r.i, 1, "", "a comma or ] is expected here, but %s", r.found())
			}
		}
	}
	return axes
}

func (r *refParser) axis() Axis {
	r.space()
	from := r.i
	a := Axis{Step: 1, Pos: r.n.at(r.i)}
	if r.accept('[') {
		for !r.failed {
			a.List = append(a.List, r.number())
			if r.failed || r.accept(']') {
				return a
			}
			if !r.accept(',') {
				r.fail(r.i, 1, "", "a comma or ] is expected in a list of indices, but %s", r.found())
			}
		}
		return a
	}
	if r.peek() != ':' {
		v := r.number()
		if r.failed {
			return a
		}
		if r.peek() != ':' {
			a.List, a.IsIndex = []int{v}, true
			return a
		}
		a.Lo = &v
	}
	r.accept(':')
	a.Slice = true
	if c := r.peek(); c != ':' && c != ',' && c != ']' && c != 0 {
		v := r.number()
		a.Hi = &v
	}
	if !r.failed && r.accept(':') {
		if c := r.peek(); c != ',' && c != ']' && c != 0 {
			at := r.i
			a.Step = r.number()
			if a.Step == 0 {
				r.fail(at, 1, "the step of a slice is 1 or more", "a step of 0 never ends")
			}
		}
	}
	lo := 0
	if a.Lo != nil {
		lo = *a.Lo
	}
	if a.Hi != nil && *a.Hi <= lo {
		r.fail(from, r.i-from, "the end of a slice is not part of it: x[0:3] is x[0], x[1], x[2]", "the slice %s selects nothing", diag.Quote(r.s[from:r.i]))
	}
	return a
}

// number reads an index: a whole number without sign.
func (r *refParser) number() int {
	if r.peek() == '-' {
		r.fail(r.i, 1, "indices count from 0; give the index from the start", "a negative index")
		return 0
	}
	w, from := r.word()
	switch {
	case w == "":
		r.fail(r.i, 1, "", "an index is expected here, but %s", r.found())
		return 0
	case !isInt(w):
		help := ""
		if isName(w) {
			help = "an index is a number; nodes common to two sets are a & b"
		} else if t := strings.TrimLeft(w, "0"); isInt(t) {
			help = "write " + t
		}
		r.fail(from, len(w), help, "%s is no index", diag.Quote(w))
		return 0
	}
	v, err := strconv.ParseInt(w, 10, 64)
	if err != nil || v > maxCount {
		r.fail(from, len(w), fmt.Sprintf("the largest index is %d", maxCount), "the index %s is too large", diag.Quote(w))
		return 0
	}
	return int(v)
}
