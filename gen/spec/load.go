package spec

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"gopkg.in/yaml.v3"
)

// maxDepth is how deeply lists and mappings may be nested.
const maxDepth = 64

type kind uint8

const (
	scalar kind = iota
	list
	mapping
)

// node is one value of the file as written. Nothing of YAML's typing is left:
// a plain scalar is its text, and what it means is decided by the key that it
// stands under.
type node struct {
	kind    kind
	plain   bool // scalar without quotes
	refused bool // an alias or too deep: reported, so nothing else is said about it
	line    int32
	col     int32 // in characters, from 1
	text    string
	src     *source
	items   []node // of a mapping: key, value, key, value, …
}

func (n *node) pos() diag.Pos {
	return diag.Pos{File: n.src.file, Line: int(n.line), Col: n.src.byteCol(int(n.line), int(n.col))}
}

// isNull tells an absent value: nothing, ~ or null.
func (n *node) isNull() bool {
	return n.kind == scalar && n.plain && (n.text == "" || n.text == "~" || strings.EqualFold(n.text, "null"))
}

// width is how much of the line a scalar takes, for underlining.
func (n *node) width() int {
	if n.kind != scalar {
		return 1
	}
	if n.plain {
		return len(n.text)
	}
	return len(n.text) + 2
}

// at is the place of byte i of a scalar's text: exact where the text stands in
// the file as it is, else the start of the scalar (escapes, folded lines).
func (n *node) at(i int) diag.Pos {
	p := n.pos()
	start := n.src.starts[p.Line-1] + p.Col - 1
	if !n.plain {
		start++
	}
	if start <= len(n.src.text) && bytes.HasPrefix(n.src.text[start:], []byte(n.text)) {
		return n.src.pos(start + i)
	}
	return p
}

// load reads YAML into nodes. It returns nil if there is no document to go on
// with; every other problem leaves a tree without the part that is wrong.
// emptyHelp says what to do about a document with nothing in it.
func load(src *source, problems *diag.List, emptyHelp string) *node {
	l := loader{src: src, problems: problems, emptyHelp: emptyHelp}
	dec := yaml.NewDecoder(bytes.NewReader(src.text))
	var doc, next yaml.Node
	switch err := decode(dec, &doc); {
	case err == io.EOF:
		l.empty()
		return nil
	case err != nil:
		l.syntax(err)
		return nil
	}
	switch err := decode(dec, &next); {
	case err == nil:
		problems.Addf(src.pos(src.starts[src.line(next.Line)-1]), diag.SecondDocument, "a second YAML document begins here").
			Help = "keep one model a file; remove what follows the line ---"
	case err != io.EOF:
		l.syntax(err)
	}
	root := l.convert(doc.Content[0], 1)
	if root.refused {
		return nil
	}
	if root.isNull() {
		l.empty()
		return nil
	}
	return &root
}

// decode guards against panics of yaml.v3 on odd input.
func decode(dec *yaml.Decoder, to *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	return dec.Decode(to)
}

type loader struct {
	src       *source
	problems  *diag.List
	emptyHelp string
}

// line is a line of the source: yaml.v3 puts what is missing at the end, such as
// the value of a lone "?", behind the last one.
func (s *source) line(n int) int { return min(max(n, 1), len(s.starts)) }

func (l *loader) empty() {
	l.problems.Addf(diag.Pos{File: l.src.file, Line: 1, Col: 1}, diag.EmptyFile, "nothing is written here").
		Help = l.emptyHelp
}

func (l *loader) convert(y *yaml.Node, depth int) node {
	n := node{line: int32(l.src.line(y.Line)), col: int32(y.Column), src: l.src}
	l.refuseExtras(&n, y)
	switch y.Kind {
	case yaml.AliasNode:
		n.refused = true
		return n
	case yaml.ScalarNode:
		n.text = y.Value
		n.plain = y.Style&^yaml.TaggedStyle == 0
		return n
	case yaml.SequenceNode:
		n.kind = list
	case yaml.MappingNode:
		n.kind = mapping
	}
	if depth > maxDepth {
		l.problems.Addf(n.pos(), diag.Depth, "nested more than %d levels deep", maxDepth)
		n.refused = true
		return n
	}
	if n.kind == list {
		n.items = make([]node, len(y.Content))
		for i, c := range y.Content {
			n.items[i] = l.convert(c, depth+1)
		}
		return n
	}
	first := map[string]int32{}
	n.items = make([]node, 0, len(y.Content))
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := l.convert(y.Content[i], depth+1)
		value := l.convert(y.Content[i+1], depth+1)
		switch line, seen := first[key.text]; {
		case y.Content[i].Kind == yaml.AliasNode: // already refused
		case key.kind != scalar:
			l.problems.Addf(key.pos(), diag.BadKey, "a key must be text, this is a %s", key.kindName())
		case key.plain && key.text == "<<":
			l.add(&key, diag.Alias, "merge keys are not part of the model file").Help = "write the keys out"
		case seen:
			l.add(&key, diag.DuplicateKey, "key %s on line %d was already given on line %d", diag.Quote(key.text), key.line, line).
				Help = "remove one of the two"
		default:
			first[key.text] = key.line
			n.items = append(n.items, key, value)
		}
	}
	return n
}

// refuseExtras reports anchors, aliases and tags: a model file says what it
// means where it means it.
func (l *loader) refuseExtras(n *node, y *yaml.Node) {
	if y.Kind == yaml.AliasNode {
		l.problems.Addf(n.pos(), diag.Alias, "aliases are not part of the model file").Help = "write the value out"
		return
	}
	if y.Anchor != "" {
		l.problems.Addf(n.pos(), diag.Alias, "anchors are not part of the model file").
			Help = "remove &" + y.Anchor + " and write the value out where it is used"
	}
	p := n.pos()
	start := l.src.starts[p.Line-1] + p.Col - 1
	if y.Style&yaml.TaggedStyle != 0 || start < len(l.src.text) && l.src.text[start] == '!' {
		l.problems.Addf(p, diag.Tag, "tags are not part of the model file").
			Help = "remove the word that begins with !"
	}
}

func (l *loader) add(n *node, code, format string, args ...any) *diag.Problem {
	p := l.problems.Addf(n.pos(), code, format, args...)
	p.Width = n.width()
	return p
}

func (n *node) kindName() string {
	return [...]string{"single value", "list", "mapping"}[n.kind]
}

var (
	yamlLine      = regexp.MustCompile(`^line (\d+): `)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced`)
)

// syntax reports an error of yaml.v3. Its line numbers are missing on the first
// line, and elsewhere those of the enclosing construct, so the place is looked
// for in the text first.
func (l *loader) syntax(err error) {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		msg = msg[len(m[0]):]
		line, _ = strconv.Atoi(m[1])
		if strings.HasPrefix(msg, "did not find expected") { // yaml.v3 counts these lines from 0
			line++
		}
		line = min(line, len(l.src.starts))
	}
	pos := l.src.pos(l.src.starts[line-1])
	if m := unknownAnchor.FindStringSubmatch(msg); m != nil {
		if i := bytes.Index(l.src.text, []byte("*"+m[1])); i >= 0 {
			pos = l.src.pos(i)
		}
		l.problems.Addf(pos, diag.Alias, "aliases are not part of the model file").Help = "write the value out"
		return
	}
	if strings.HasPrefix(msg, "exceeded max depth") {
		l.problems.Addf(pos, diag.Depth, "nested more than %d levels deep", maxDepth)
		return
	}
	if e, ok := explain(l.src.text); ok && e.at <= l.consumed() {
		p := l.problems.Addf(l.src.pos(e.at), diag.Syntax, "%s (YAML: %s)", e.text, msg)
		p.Help = e.help
		if e.other >= 0 {
			o := l.src.pos(e.other)
			p.Help += fmt.Sprintf(" (see line %d, column %d)", o.Line, o.Col)
		}
		return
	}
	l.problems.Addf(pos, diag.Syntax, "not valid YAML near this line: %s", msg)
}

// consumed is how much of the text yaml.v3 reads before it gives up: what is
// wrong is not behind that.
func (l *loader) consumed() int {
	r := &byteReader{text: l.src.text}
	dec := yaml.NewDecoder(r)
	for {
		var n yaml.Node
		if decode(dec, &n) != nil {
			return r.n
		}
	}
}

type byteReader struct {
	text []byte
	n    int
}

func (r *byteReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.n == len(r.text) {
		return 0, io.EOF
	}
	p[0] = r.text[r.n]
	r.n++
	return 1, nil
}
