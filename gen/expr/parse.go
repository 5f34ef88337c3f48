package expr

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Limits of one expression: nothing that a person writes comes near them.
const (
	maxText  = 1 << 14
	maxDepth = 100
)

// Error is a problem at a place of an expression's text.
type Error struct {
	Span
	Text, Help string
}

func (e *Error) Error() string { return e.Text }

// syntax is a node as written.
type syntax struct {
	kind kind
	text string // name, operator or function
	num  float64
	args []*syntax
	span Span
}

type kind uint8

const (
	number kind = iota
	name
	call     // text(args)
	element  // args[0] is the base, the others the indices
	colon    // the index `:`
	operator // text is the operator, args its operands
)

// parser reads a text by recursive descent. The first problem ends it, by panic
// with an *Error.
type parser struct {
	text  string
	at    int
	depth int
}

// parse gives the syntax tree of a text.
func parse(text string) (tree *syntax, err *Error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			tree, err = nil, e
		}
	}()
	p := &parser{text: text}
	if len(text) > maxText {
		p.fail(Span{0, 1}, fmt.Sprintf("the expression has %d characters, the limit is %d", len(text), maxText), "a table in a file can hold what differs from row to row")
	}
	p.space()
	if p.at == len(text) {
		p.fail(Span{0, 1}, "the expression is empty", "")
	}
	tree = p.comparison()
	if p.at < len(p.text) {
		p.unexpected("an operator")
	}
	return tree, nil
}

func (p *parser) fail(at Span, text, help string) { panic(&Error{at, text, help}) }

// unexpected says what stands where something else is needed.
func (p *parser) unexpected(needed string) {
	if p.at >= len(p.text) {
		p.fail(Span{len(p.text), len(p.text) + 1}, "the expression ends where "+needed+" is needed", "")
	}
	r := []rune(p.text[p.at:])[0]
	help := ""
	switch {
	case strings.HasPrefix(p.text[p.at:], "**"):
		help = "a power is written ^"
	case r == '=':
		help = "a comparison is written =="
	case r == ')' || r == ']':
		help = "nothing is open that it could close"
	case r == '(' || isLetter(byte(r)) || isDigit(byte(r)):
		help = "a product is written with *"
	case r == '²' || r == '³':
		help = "a power is written ^2"
	case r == '·' || r == '×':
		help = "a product is written *"
	case r == '−' || r == '–':
		help = "a minus sign is written -"
	case r == '&' || r == '|':
		help = "comparisons give 0 or 1: multiply them for and, take max for or"
	}
	p.fail(Span{p.at, p.at + len(string(r))}, strconv.QuoteToGraphic(string(r))+" where "+needed+" is needed", help)
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// take reads one of the given operators, longest first, or "".
func (p *parser) take(ops ...string) string {
	for _, op := range ops {
		if strings.HasPrefix(p.text[p.at:], op) {
			p.at += len(op)
			p.space()
			return op
		}
	}
	return ""
}

// deeper guards the stack against hostile nesting.
func (p *parser) deeper() {
	if p.depth++; p.depth > maxDepth {
		p.fail(Span{p.at, p.at + 1}, fmt.Sprintf("the expression is nested more than %d deep", maxDepth), "")
	}
}

func (p *parser) comparison() *syntax {
	p.deeper()
	defer func() { p.depth-- }()
	ops := []string{"==", "!=", "<=", ">=", "<", ">"}
	x := p.sum()
	if op := p.take(ops...); op != "" {
		x = join(op, x, p.sum())
		from := p.at
		if op := p.take(ops...); op != "" {
			p.fail(Span{from, from + len(op)}, "comparisons are not chained", "a < b < c is written (a < b)*(b < c)")
		}
	}
	return x
}

func (p *parser) sum() *syntax {
	x := p.product()
	for {
		op := p.take("+", "-")
		if op == "" {
			return x
		}
		x = join(op, x, p.product())
	}
}

func (p *parser) product() *syntax {
	x := p.sign()
	for {
		if strings.HasPrefix(p.text[p.at:], "**") {
			p.unexpected("an operator")
		}
		op := p.take("*", "/")
		if op == "" {
			return x
		}
		x = join(op, x, p.sign())
	}
}

func (p *parser) sign() *syntax {
	p.deeper()
	defer func() { p.depth-- }()
	from := p.at
	switch p.take("-", "+") {
	case "-":
		x := p.sign()
		return &syntax{kind: operator, text: "-", args: []*syntax{x}, span: Span{from, x.span.To}}
	case "+":
		return p.sign()
	}
	return p.power()
}

func (p *parser) power() *syntax {
	x := p.postfix()
	if p.take("^") != "" {
		return join("^", x, p.sign())
	}
	return x
}

func (p *parser) postfix() *syntax {
	x := p.atom()
	for p.at < len(p.text) && p.text[p.at] == '[' {
		from := p.at
		p.take("[")
		if x.kind != name {
			p.fail(Span{from, from + 1}, "only a name has elements", "")
		}
		x = &syntax{kind: element, args: append([]*syntax{x}, p.list("]")...), span: Span{x.span.From, p.end()}}
	}
	return x
}

// end is where the last token ended.
func (p *parser) end() int { return len(strings.TrimRight(p.text[:p.at], " \t\r\n")) }

// list reads one or more expressions up to a closing bracket.
func (p *parser) list(closing string) []*syntax {
	var all []*syntax
	for {
		if closing == "]" && p.at < len(p.text) && p.text[p.at] == ':' {
			all = append(all, &syntax{kind: colon, span: Span{p.at, p.at + 1}})
			p.take(":")
		} else {
			all = append(all, p.comparison())
		}
		switch {
		case p.take(closing) != "":
			return all
		case p.take(",") == "":
			p.unexpected(`"," or "` + closing + `"`)
		}
	}
}

func (p *parser) atom() *syntax {
	from := p.at
	switch c := p.peek(); {
	case c == '(':
		p.take("(")
		x := p.comparison()
		if p.take(")") == "" {
			p.unexpected(`")"`)
		}
		y := *x
		y.span = Span{from, p.end()}
		return &y
	case isDigit(c) || c == '.':
		return p.number()
	case isLetter(c):
		for p.at < len(p.text) && (isLetter(p.text[p.at]) || isDigit(p.text[p.at]) || p.text[p.at] == '_') {
			p.at++
		}
		x := &syntax{kind: name, text: p.text[from:p.at], span: Span{from, p.at}}
		p.space()
		if p.take("(") != "" {
			x.kind, x.args = call, p.list(")")
			x.span.To = p.end()
		}
		return x
	}
	p.unexpected("a number, a name or (")
	return nil
}

func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// number reads digits with an optional point and exponent.
func (p *parser) number() *syntax {
	from := p.at
	digits := func() (n int) {
		for p.at < len(p.text) && isDigit(p.text[p.at]) {
			p.at++
			n++
		}
		return n
	}
	n := digits()
	if p.peek() == '.' {
		p.at++
		n += digits()
	}
	if n == 0 {
		p.at = from
		p.unexpected("a number")
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		back := p.at
		p.at++
		if c := p.peek(); c == '+' || c == '-' {
			p.at++
		}
		if digits() == 0 {
			p.at = back
		}
	}
	span := Span{from, p.at}
	v, err := strconv.ParseFloat(p.text[from:p.at], 64)
	if err != nil || math.IsInf(v, 0) {
		p.fail(span, "the number is too large", "")
	}
	if c := p.peek(); isLetter(c) {
		p.unexpected("an operator")
	}
	p.space()
	return &syntax{kind: number, num: v, span: span}
}

func join(op string, x, y *syntax) *syntax {
	return &syntax{kind: operator, text: op, args: []*syntax{x, y}, span: Span{x.span.From, y.span.To}}
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
