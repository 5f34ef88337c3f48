package spec

import (
	"fmt"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// fields is a mapping with a fixed set of keys.
type fields struct {
	p    *parser
	n    *node
	what string
	keys []string
}

// fields checks that n is a mapping whose keys are among those of the grammar.
// Keys without a value are reported and count as absent.
func (p *parser) fields(n *node, what string, keys ...string) (fields, bool) {
	if n.kind != mapping {
		p.expected(n, what, "a mapping with the keys "+strings.Join(keys, ", "))
		return fields{}, false
	}
	p.checkKeys(n, what, keys)
	return fields{p, n, what, keys}, true
}

func (p *parser) checkKeys(n *node, what string, keys []string) {
	for i := 0; i < len(n.items); i += 2 {
		key, value := &n.items[i], &n.items[i+1]
		if !contains(keys, key.text) {
			p.unknownKey(key, what, keys)
		} else if value.isNull() {
			p.add(key, diag.Empty, "%s has no value", join(what, key.text)).Help = "write one, or remove the key"
		}
	}
}

func (p *parser) unknownKey(key *node, what string, keys []string) {
	in := ""
	if what != "" {
		in = " in " + what
	}
	help := diag.DidYouMean(key.text, keys)
	if help == "" {
		help = "the keys are " + strings.Join(keys, ", ")
		if len(keys) == 1 {
			help = "the only key is " + keys[0]
		}
	}
	p.add(key, diag.UnknownKey, "unknown key %s%s", diag.Quote(key.text), in).Help = help
}

// get is the value of a key, nil if it is absent or without value.
func (f fields) get(key string) *node {
	_, v := f.find(key)
	return v
}

// find is get with the key.
func (f fields) find(key string) (k, v *node) {
	for i := 0; i < len(f.n.items); i += 2 {
		if f.n.items[i].text == key {
			if f.n.items[i+1].isNull() {
				return nil, nil
			}
			return &f.n.items[i], &f.n.items[i+1]
		}
	}
	return nil, nil
}

// written tells a key that is there, with or without value.
func (f fields) written(key string) bool {
	for i := 0; i < len(f.n.items); i += 2 {
		if f.n.items[i].text == key {
			return true
		}
	}
	return false
}

// attempted tells a key that is written, or that an unknown key seems to mean:
// then its absence has been reported as a misspelling.
func (f fields) attempted(key string) bool {
	for i := 0; i < len(f.n.items); i += 2 {
		word := f.n.items[i].text
		if word == key || !contains(f.keys, word) && diag.Suggest(word, f.keys) == key {
			return true
		}
	}
	return false
}

// path is the name of a key in messages.
func (f fields) path(key string) string { return join(f.what, key) }

// need is get for a key that must be there.
func (f fields) need(key, example string) *node {
	if v := f.get(key); v != nil {
		return v
	}
	if !f.attempted(key) {
		f.p.add(f.n, diag.MissingKey, "%s has no %s", orModel(f.what), key).Help = "add " + example
	}
	return nil
}

// only reports keys that do not go with what else is written.
func (f fields) only(why string, keys ...string) {
	for _, key := range keys {
		if k, _ := f.find(key); k != nil {
			f.p.add(k, diag.Conflict, "%s %s", f.path(key), why).Help = "remove it"
		}
	}
}

func (f fields) integer(key string, lo, hi int64) Int {
	if v := f.get(key); v != nil {
		return f.p.integer(v, f.path(key), lo, hi)
	}
	return Int{}
}

func (f fields) seed(key string) Int {
	return f.integer(key, 0, maxSeed)
}

func (f fields) name(key string) Name {
	if v := f.get(key); v != nil {
		return f.p.name(v, f.path(key))
	}
	return Name{}
}

func (f fields) choice(key string, words ...string) Name {
	if v := f.get(key); v != nil {
		return f.p.choice(v, f.path(key), words...)
	}
	return Name{}
}

func (f fields) floatIn(key string, lo, hi float64, open bool) Float {
	if v := f.get(key); v != nil {
		return f.p.floatIn(v, f.path(key), lo, hi, open)
	}
	return Float{}
}

func (f fields) boolean(key string) *bool {
	if v := f.get(key); v != nil {
		if b, ok := f.p.boolean(v, f.path(key)); ok {
			return &b
		}
	}
	return nil
}

func (f fields) file(key string) *File {
	if v := f.get(key); v != nil {
		return f.p.fileName(v, f.path(key))
	}
	return nil
}

func (f fields) ref(key string) *Ref {
	if v := f.get(key); v != nil {
		return f.p.ref(v, f.path(key))
	}
	return nil
}

// list checks that n is a list and returns its entries.
func (p *parser) list(n *node, what, due string) []node {
	if n.kind != list {
		p.expected(n, what, due)
		return nil
	}
	return n.items
}

// integers reads a list of whole numbers.
func (p *parser) integers(n *node, what, due string, lo, hi int64) []Int {
	items := p.list(n, what, due)
	if n.kind == list && len(items) == 0 {
		p.add(n, diag.Empty, "%s is empty, it must be %s", what, due)
	}
	var out []Int
	for i := range items {
		out = append(out, p.integer(&items[i], item(what, i), lo, hi))
	}
	return out
}

// pair reads a list of two numbers.
func (p *parser) pair(n *node, what, due string) (a, b Float) {
	items := p.list(n, what, due)
	if n.kind != list {
		return
	}
	if len(items) != 2 {
		p.add(n, diag.Length, "%s must be %s, this has %s", what, due, count(len(items), "entry", "entries"))
		return
	}
	return p.float(&items[0], item(what, 0)), p.float(&items[1], item(what, 1))
}

func contains(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

func join(what, key string) string {
	if what == "" {
		return key
	}
	return what + "." + key
}

func item(what string, i int) string { return fmt.Sprintf("%s[%d]", what, i) }

func orModel(what string) string {
	if what == "" {
		return "the model"
	}
	return what
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
