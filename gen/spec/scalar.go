package spec

import (
	"fmt"
	"math"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// maxCount is the largest size or count, that of a dense index.
const maxCount = math.MaxInt32

// expected reports a value that is not of the kind a key asks for.
func (p *parser) expected(n *node, what, due string) *diag.Problem {
	switch {
	case n.isNull():
		return p.add(n, diag.Empty, "%s has no value, it must be %s", what, due)
	case n.kind == scalar:
		return p.add(n, diag.WrongType, "%s must be %s, not %s", what, due, n.shown())
	}
	return p.add(n, diag.WrongType, "%s must be %s, not a %s", what, due, n.kindName())
}

// shown is a scalar as a message repeats it: a plain one in quotes of the
// message, a quoted one in its own.
func (n *node) shown() string {
	if n.plain {
		return diag.Quote(n.text)
	}
	return "the text " + diag.Quote(n.text)
}

// isInt tells -?[1-9][0-9]* and 0.
func isInt(s string) bool {
	d := strings.TrimPrefix(s, "-")
	if d == "" || d[0] == '0' && s != "0" {
		return false
	}
	for i := 0; i < len(d); i++ {
		if d[i] < '0' || d[i] > '9' {
			return false
		}
	}
	return true
}

// isFloat tells an integer part without leading zeros, an optional fraction and
// an optional exponent.
func isFloat(s string) bool {
	i := 0
	digits := func() int {
		from := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i - from
	}
	if i < len(s) && s[i] == '-' {
		i++
	}
	lead := i
	if n := digits(); n == 0 || n > 1 && s[lead] == '0' {
		return false
	}
	if i < len(s) && s[i] == '.' {
		i++
		if digits() == 0 {
			return false
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if digits() == 0 {
			return false
		}
	}
	return i == len(s)
}

// numberHelp says how to write what looks like a number of some other notation.
func numberHelp(n *node) string {
	s := n.text
	low := strings.ToLower(strings.TrimLeft(s, "+-"))
	switch {
	case !n.plain && isFloat(s):
		return "remove the quotes"
	case low == ".inf" || low == ".nan" || low == "inf" || low == "nan" || low == "infinity":
		return "only finite numbers are allowed"
	case strings.HasPrefix(s, "+") && isFloat(s[1:]):
		return "write " + s[1:]
	case strings.Contains(s, "_") && isFloat(strings.ReplaceAll(s, "_", "")):
		return "write " + strings.ReplaceAll(s, "_", "")
	case strings.HasPrefix(low, "0x") || strings.HasPrefix(low, "0o") || strings.HasPrefix(low, "0b"):
		if v, err := strconv.ParseInt(s, 0, 64); err == nil {
			return fmt.Sprintf("only decimal numbers are read; write %d", v)
		}
		return "only decimal numbers are read"
	case len(low) > 1 && low[0] == '0' && isFloat(strings.TrimLeft(low, "0")):
		return "a number has no leading zeros (some readers take it as octal); write " + strings.TrimLeft(low, "0")
	case strings.HasPrefix(low, ".") && isFloat("0"+low):
		return "write " + strings.Replace(s, ".", "0.", 1)
	case strings.HasSuffix(s, ".") && isFloat(s+"0"):
		return "write " + s + "0"
	case strings.Contains(s, ",") && isFloat(strings.Replace(s, ",", ".", 1)):
		return "write the decimal point as a dot"
	}
	return ""
}

// integer reads a whole number in [lo, hi].
func (p *parser) integer(n *node, what string, lo, hi int64) Int {
	out := Int{Pos: n.pos()}
	due := "a whole number " + intRange(lo, hi)
	if n.kind != scalar || n.isNull() {
		p.expected(n, what, due)
		return out
	}
	if !n.plain || !isInt(n.text) {
		e := p.add(n, diag.BadNumber, "%s must be %s, not %s", what, due, n.shown())
		e.Help = numberHelp(n)
		if v, err := strconv.ParseFloat(n.text, 64); e.Help == "" && isFloat(n.text) && err == nil && v == math.Trunc(v) && math.Abs(v) < 1e15 {
			e.Help = fmt.Sprintf("write %d", int64(v))
		}
		return out
	}
	v, err := strconv.ParseInt(n.text, 10, 64)
	if n.text[0] != '-' && (err != nil || v > hi) && unbounded(hi) {
		p.add(n, diag.OutOfRange, "%s is %s, the limit is %d", what, n.short(), hi)
		return out
	}
	if err != nil || v < lo || v > hi {
		p.add(n, diag.OutOfRange, "%s must be %s, not %s", what, due, n.short())
		return out
	}
	out.V, out.Ok = v, true
	return out
}

// unbounded tells an upper end that is only the largest number held.
func unbounded(hi int64) bool { return hi == math.MaxInt64 || hi == maxCount }

// short is a number as a message repeats it.
func (n *node) short() string {
	if len(n.text) > 40 {
		return n.text[:40] + "…"
	}
	return n.text
}

func intRange(lo, hi int64) string {
	if unbounded(hi) {
		return fmt.Sprintf("of at least %d", lo)
	}
	return fmt.Sprintf("from %d to %d", lo, hi)
}

// seed reads a whole number from 0 to 2^64-1.
func (p *parser) seed(n *node, what string) Uint {
	out := Uint{Pos: n.pos()}
	const due = "a whole number from 0 to 18446744073709551615"
	if n.kind != scalar || n.isNull() {
		p.expected(n, what, due)
		return out
	}
	if !n.plain || !isInt(n.text) {
		p.add(n, diag.BadNumber, "%s must be %s, not %s", what, due, n.shown()).Help = numberHelp(n)
		return out
	}
	v, err := strconv.ParseUint(n.text, 10, 64)
	if err != nil {
		p.add(n, diag.OutOfRange, "%s must be %s, not %s", what, due, n.short())
		return out
	}
	out.V, out.Ok = v, true
	return out
}

// float reads a finite number. -0 is read as 0.
func (p *parser) float(n *node, what string) Float {
	out := Float{Pos: n.pos()}
	out.V, out.Ok = p.floatValue(n, what, "a number")
	return out
}

func (p *parser) floatValue(n *node, what, due string) (float64, bool) {
	if n.kind != scalar || n.isNull() {
		p.expected(n, what, due)
		return 0, false
	}
	if !n.plain || !isFloat(n.text) {
		p.add(n, diag.BadNumber, "%s must be %s, not %s", what, due, n.shown()).Help = numberHelp(n)
		return 0, false
	}
	v, err := strconv.ParseFloat(n.text, 64)
	if err != nil {
		p.add(n, diag.OutOfRange, "%s is %s, beyond the largest float64 (about 1.8e308)", what, n.short())
		return 0, false
	}
	if v == 0 {
		if mantissa, _, _ := strings.Cut(strings.ToLower(n.text), "e"); strings.ContainsAny(mantissa, "123456789") {
			p.add(n, diag.OutOfRange, "%s is %s, nearer to 0 than any float64 (about 4.9e-324)", what, n.short()).Help = "write 0"
			return 0, false
		}
		v = 0 // drops the sign of -0
	}
	return v, true
}

// floatIn reads a number in [lo, hi] or, with open, in (lo, hi).
func (p *parser) floatIn(n *node, what string, lo, hi float64, open bool) Float {
	f := p.float(n, what)
	if !f.Ok {
		return f
	}
	if f.V < lo || f.V > hi || open && (f.V == lo || f.V == hi) {
		due := fmt.Sprintf("from %v to %v", lo, hi)
		switch {
		case math.IsInf(hi, 1) && open:
			due = fmt.Sprintf("greater than %v", lo)
		case math.IsInf(hi, 1):
			due = fmt.Sprintf("at least %v", lo)
		case open:
			due = fmt.Sprintf("between %v and %v", lo, hi)
		}
		p.add(n, diag.OutOfRange, "%s must be %s, not %s", what, due, n.short())
		f.Ok = false
	}
	return f
}

// boolean reads true or false.
func (p *parser) boolean(n *node, what string) (v, ok bool) {
	if n.kind == scalar && n.plain && (n.text == "true" || n.text == "false") {
		return n.text == "true", true
	}
	e := p.expected(n, what, "true or false")
	if n.kind == scalar {
		switch strings.ToLower(n.text) {
		case "yes", "on", "y", "true", "1":
			e.Help = "write true"
		case "no", "off", "n", "false", "0":
			e.Help = "write false"
		}
	}
	return false, false
}

// choice reads one of a few words; "" if it is none of them.
func (p *parser) choice(n *node, what string, words ...string) Name {
	out := Name{Pos: n.pos()}
	if n.kind != scalar || n.isNull() {
		p.expected(n, what, diag.Or(words))
		return out
	}
	for _, w := range words {
		if n.text == w {
			out.Text = w
			return out
		}
	}
	p.add(n, diag.BadChoice, "%s must be %s, not %s", what, diag.Or(words), diag.Quote(n.text)).Help = diag.DidYouMean(n.text, words)
	return out
}

const (
	maxName  = 64
	nameRule = "a small letter, then small letters, digits and _"
)

// reserved are words that some YAML readers take for true, false or null.
var reserved = map[string]bool{
	"true": true, "false": true, "yes": true, "no": true, "on": true, "off": true, "null": true,
}

// isName tells [a-z][a-z0-9_]*.
func isName(s string) bool {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// name reads a name; "" if it is none.
func (p *parser) name(n *node, what string) Name {
	out := Name{Pos: n.pos()}
	if n.kind != scalar || n.isNull() {
		p.expected(n, what, "a name")
		return out
	}
	if p.checkName(n, n.text, what) {
		out.Text = n.text
	}
	return out
}

// dottedName reads the name of a variable, or of a field as variable.field.
func (p *parser) dottedName(n *node, what string) Name {
	if n.kind != scalar || n.isNull() {
		return p.name(n, what)
	}
	variable, field, dotted := strings.Cut(n.text, ".")
	if !dotted {
		return p.name(n, what)
	}
	out := Name{Pos: n.pos()}
	if p.checkName(n, variable, what) && p.checkName(n, field, what) {
		out.Text = n.text
	}
	return out
}

// isDotted tells the name of a variable, or of a field as variable.field.
func isDotted(s string) bool {
	variable, field, dotted := strings.Cut(s, ".")
	return isName(variable) && (!dotted || isName(field))
}

// paramName reads the name of a parameter, which may have capitals: W[c, d].
func (p *parser) paramName(n *node, what string) Name {
	out := Name{Pos: n.pos()}
	lower := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, n.text)
	if n.kind == scalar && !n.isNull() && isName(lower) && len(lower) <= maxName && !reserved[lower] {
		out.Text = n.text
		return out
	}
	if n.kind == scalar && !n.isNull() && !isName(lower) {
		p.add(n, diag.BadName, "%s: %s is not a name (a letter, then letters, digits and _)", what, diag.Quote(n.text))
		return out
	}
	return p.name(n, what)
}

func (p *parser) checkName(n *node, name, what string) bool {
	switch {
	case !isName(name):
		help := ""
		if s := nameFrom(name); s != "" && s != name {
			help = "write " + s
		}
		p.add(n, diag.BadName, "%s: %s is not a name (%s)", what, diag.Quote(name), nameRule).Help = help
	case len(name) > maxName:
		p.add(n, diag.BadName, "%s: this name has %d characters, the limit is %d", what, len(name), maxName)
	case reserved[name]:
		p.add(n, diag.BadName, "%s: %s cannot be a name, some YAML readers take it for a truth value or null", what, diag.Quote(name)).
			Help = "choose another name"
	default:
		return true
	}
	return false
}

// nameFrom makes a name of a word that is nearly one.
func nameFrom(s string) string {
	if len(s) > maxName {
		return ""
	}
	fix := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r == '-' || r == ' ' || r == '.':
			return '_'
		}
		return r
	}, s)
	if isName(fix) && !reserved[fix] {
		return fix
	}
	return ""
}

var dateLike = regexp.MustCompile(`^[0-9]+([-:][0-9]+)+$`)

// word reads text where text is due. Plain words that YAML may read as
// something else must be quoted.
func (p *parser) word(n *node, what, due string) (string, bool) {
	if n.kind != scalar || n.isNull() {
		p.expected(n, what, due)
		return "", false
	}
	if n.text == "" {
		p.add(n, diag.Empty, "%s is empty, it must be %s", what, due)
		return "", false
	}
	if n.plain && (reserved[strings.ToLower(n.text)] || isFloat(n.text) || dateLike.MatchString(n.text)) {
		p.expected(n, what, due).Help = "if it is meant as text, put it in quotes"
		return "", false
	}
	return n.text, true
}

var drive = regexp.MustCompile(`^[A-Za-z]:`)

// fileName reads path or path#key. The path is relative to the model file and
// stays inside its folder.
func (p *parser) fileName(n *node, what string) *File {
	text, ok := p.word(n, what, "a file name")
	if !ok {
		return nil
	}
	name, key, hasKey := strings.Cut(text, "#")
	bad, help := "", ""
	switch clean := path.Clean(name); {
	case name == "":
		bad, help = "has no name before the #", ""
	case len(name) > 1024:
		bad = "is longer than 1024 bytes"
	case strings.Contains(name, "://"):
		bad, help = "is a URL", "download the file into the folder of the model"
	case strings.Contains(name, `\`) || drive.MatchString(name):
		bad, help = "is not a relative path with /", "name it relative to the model file, with / between folders"
	case name[0] == '/' || name[0] == '~':
		bad, help = "is not relative to the model file", "put it into the folder of the model and name it from there"
	case clean == ".." || strings.HasPrefix(clean, "../"):
		bad, help = "is outside the folder of the model", "put it into the folder of the model"
	case clean == "." || strings.HasSuffix(name, "/"):
		bad = "is a folder"
	case strings.ContainsAny(name, "\n\r\x00"):
		bad = "has a line end in it"
	case hasKey && key == "":
		bad, help = "names no array after the #", "write the name of the array, or remove the #"
	default:
		return &File{Path: name, Key: key, Pos: n.pos()}
	}
	p.add(n, diag.BadPath, "%s: the file %s %s", what, diag.Quote(name), bad).Help = help
	return nil
}
