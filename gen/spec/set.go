package spec

import (
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// applySets puts the values of --set into the tree, in order.
func (p *parser) applySets(root *node, sets []string) {
	for _, s := range sets {
		path, value, ok := strings.Cut(s, "=")
		path = strings.TrimSpace(path)
		if !ok || path == "" {
			p.problems.Addf(diag.Pos{File: "--set"}, diag.BadSet, "%s is not path=value", diag.Quote(s)).
				Help = "for example --set sample.chains=8"
			continue
		}
		file := "--set " + path
		text := []byte(path + "=" + value)
		p.spec.sets[file] = text
		if _, ok := cleanText(file, text, p.problems); !ok {
			continue
		}
		// Blanks in place of the path keep the columns of the value.
		src := newSource(file, append([]byte(strings.Repeat(" ", len(path)+1)), value...))
		if v := load(src, p.problems, "write a value after the ="); v != nil {
			src.text = text
			p.assign(root, src, path, *v)
		}
	}
}

// assign walks the path and replaces what is there. Mappings that are not there
// are made.
func (p *parser) assign(root *node, src *source, path string, value node) {
	at, done := root, 0
	steps := strings.Split(path, ".")
	for i, step := range steps {
		key := node{plain: true, line: 1, col: int32(done + 1), text: step, src: src}
		next := p.child(at, key, strings.Join(steps[:i], "."))
		if next == nil {
			return
		}
		at, done = next, done+len(step)+1
	}
	*at = value
}

// child is the value under a key of a mapping, made if it is not there, or an
// entry of a list by its number or its name.
func (p *parser) child(n *node, key node, path string) *node {
	if path == "" {
		path = "the model"
	}
	switch {
	case n.kind == mapping || n.isNull():
		for i := 0; i < len(n.items); i += 2 {
			if n.items[i].text == key.text {
				n.items[i] = key
				return &n.items[i+1]
			}
		}
		empty := node{plain: true, line: key.line, col: key.col, src: key.src}
		if n.kind != mapping {
			*n = node{kind: mapping, line: key.line, col: key.col, src: key.src}
		}
		n.items = append(n.items, key, empty)
		return &n.items[len(n.items)-1]
	case n.kind == list:
		if i, err := strconv.Atoi(key.text); err == nil && i >= 0 && i < len(n.items) {
			return &n.items[i]
		}
		for i := range n.items {
			f := fields{p: p, n: &n.items[i]}
			if f.n.kind == mapping {
				if name := f.get("name"); name != nil && name.text == key.text {
					return f.n
				}
			}
		}
		p.add(&key, diag.BadSet, "%s has no entry %s", path, diag.Quote(key.text)).
			Help = "it is a list of " + count(len(n.items), "entry", "entries") + ", numbered from 0"
	default:
		p.add(&key, diag.BadSet, "%s is %s, it has no keys", path, diag.Quote(n.text)).Help = "set it as a whole"
	}
	return nil
}
