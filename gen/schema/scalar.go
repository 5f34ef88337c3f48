package schema

import (
	"strconv"
	"strings"
)

// textProbes are texts that tell the kinds of text apart.
var textProbes = []string{"zq", "Zq", "zq.zr", `"zq[0]"`, `"zq & zr"`, "zq/zr.npz", `"../zq"`, "zq.Zr"}

// A textKind is a kind of text by the probes that it takes.
type textKind struct {
	takes    string // one digit for each probe
	name     string // in $defs; "" where nothing is to be said of the text
	schema   object
	examples []string
}

// reserved are words that some YAML readers take for true, false or null.
var reserved = []any{"true", "false", "yes", "no", "on", "off", "null"}

const (
	namePattern = `[a-z][a-z0-9_]{0,63}`
	codePattern = `[A-Za-z0-9_.~+/-]*[A-Za-z0-9_.~+-]\.[A-Z][A-Za-z0-9_]*`
	termPattern = namePattern + `(\.` + namePattern + `)?\s*(\[[0-9:,\[\]\s]+\])?`
)

var textKinds = []textKind{
	{"10000000", "name", object{"type": "string", "pattern": "^" + namePattern + "$", "not": object{"enum": reserved}}, []string{"zq"}},
	{"11000000", "parameter", object{"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]{0,63}$", "not": object{"pattern": "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|[Oo][Ff][Ff]|[Nn][Uu][Ll][Ll])$"}}, []string{"zq"}},
	{"00000001", "code", object{"type": "string", "pattern": "^" + codePattern + "$"}, []string{"zq.Zr"}},
	{"10000001", "sampler", object{"type": "string", "pattern": "^(" + namePattern + "|" + codePattern + ")$"}, []string{"zq", "zq.Zr"}},
	{"10100000", "variable", object{"type": "string", "pattern": "^" + namePattern + `(\.` + namePattern + ")?$"}, []string{"zq"}},
	{"10111000", "nodes", object{"type": "string", "pattern": `^\s*` + termPattern + `(\s*[&-]\s*` + termPattern + `)*\s*$`}, []string{"zq"}},
	{"11111101", "file", object{"type": "string", "pattern": `^[^/~#\\][^\\]*$`, "not": object{"pattern": `^([A-Za-z]:|(\./)*\.\./|[^#]*://)`}}, []string{"zq.npz"}},
	{"11111111", "", object{"type": []any{"string", "number", "boolean"}}, []string{"zq"}},
}

// textKindBy finds the kind of text that takes these probes, none if it takes
// none.
func (a *asker) textKindBy(path string, takes func(text string) bool) (textKind, bool) {
	bits := ""
	for _, t := range textProbes {
		bit := "0"
		if takes(t) {
			bit = "1"
		}
		bits += bit
	}
	for _, k := range textKinds {
		if k.takes == bits {
			return k, true
		}
	}
	if strings.Contains(bits, "1") {
		a.fail(path, "a text of no known kind (%s)", bits)
	}
	return textKind{}, false
}

// use is a reference to the kind's definition, or what it is.
func (k textKind) use() object {
	if k.name == "" {
		return k.schema
	}
	return ref(k.name)
}

func ref(name string) object { return object{"$ref": "#/$defs/" + name} }

// scalar learns which single values are taken.
func (a *asker) scalar(s site, path string) (value, bool) {
	var out value
	var forms []any
	kind, isText := a.textKindBy(path, func(t string) bool { return a.takes(s, t) })
	if isText && kind.name == "" { // anything goes
		return value{schema: kind.schema, examples: kind.examples}, true
	}
	if number, examples := a.number(s); len(examples) > 0 {
		forms = append(forms, number)
		out.examples = append(out.examples, examples...)
	}
	if isText {
		forms = append(forms, kind.use())
		out.examples = append(out.examples, kind.examples...)
	}
	if !isText || kind.name == "code" {
		if out.words = a.fixedWords(s); len(out.words) > 0 {
			forms = append(forms, object{"enum": out.words})
			out.examples = append(out.examples, out.words...)
		}
	}
	if a.takes(s, "true") && a.takes(s, "false") {
		forms = append(forms, object{"type": "boolean"})
		out.examples = append(out.examples, "true")
	}
	if len(forms) == 0 {
		return out, false
	}
	out.schema = anyOf(forms)
	return out, true
}

// fixedWords are the words that are taken where text as such is not.
func (a *asker) fixedWords(s site) []string {
	var out []string
	for _, w := range a.words(s) {
		if w != "true" && w != "false" && a.takes(s, w) {
			out = append(out, w)
		}
	}
	return out
}

// Numbers are tried at both sides of every bound that a grammar of sizes,
// shares and widths may have. What lies beyond any 32-bit count is no bound that
// an editor should show.
var (
	fractions = []string{"-1e300", "-1.0000000000000002", "-1", "-0.9999999999999999", "-1e-300", "0", "1e-300", "0.5",
		"0.9999999999999999", "1", "1.0000000000000002", "2", "1e300"}
	openEnds = map[string]bool{"-0.9999999999999999": true, "1e-300": true, "0.9999999999999999": true, "-1e-300": true, "1.0000000000000002": true}
	wholes   = []int64{-1<<31 + 2, -1000, -1, 0, 1, 2, 3, 4, 10, 16, 32, 64, 100, 1000, 1 << 16, 1 << 20, 1<<31 - 2}
)

// number learns the range of a number. There are no examples if none is taken.
func (a *asker) number(s site) (schema object, examples []string) {
	for _, x := range []string{"1", "2", "0.5", "0"} {
		if a.takes(s, x) {
			examples = append(examples, x)
		}
	}
	if len(examples) == 0 {
		return nil, nil
	}
	if !a.takes(s, "0.5") && !a.takes(s, "1.5") && !a.takes(s, "-0.5") {
		return a.wholeNumber(s), examples[:min(len(examples), 2)]
	}
	schema = object{"type": "number"}
	first, last := -1, -1
	for i, x := range fractions {
		if a.takes(s, x) {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first > 0 {
		bound(schema, "inimum", fractions[first], fractions[first-1])
	}
	if last < len(fractions)-1 {
		bound(schema, "aximum", fractions[last], fractions[last+1])
	}
	return schema, examples[:1]
}

// bound writes an end of a range: closed at the last number taken or, if that
// is a number only for being next to another, open at the first not taken.
func bound(schema object, end, taken, refused string) {
	if openEnds[taken] {
		schema["exclusiveM"+end] = literal(refused)
		return
	}
	schema["m"+end] = literal(taken)
}

func literal(s string) any {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic(err) // it is one of the fractions above
	}
	return x
}

func (a *asker) wholeNumber(s site) object {
	schema := object{"type": "integer"}
	taken := func(n int64) bool { return a.takes(s, strconv.FormatInt(n, 10)) }
	first, last := -1, -1
	for i, n := range wholes {
		if taken(n) {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first > 0 {
		schema["minimum"] = between(wholes[first], wholes[first-1], taken)
	}
	if last < len(wholes)-1 {
		schema["maximum"] = between(wholes[last], wholes[last+1], taken)
	}
	return schema
}

// between is the last number that is taken on the way from one that is to one
// that is not.
func between(yes, no int64, taken func(int64) bool) int64 {
	for {
		middle := yes + (no-yes)/2
		switch {
		case middle == yes:
			return yes
		case taken(middle):
			yes = middle
		default:
			no = middle
		}
	}
}
