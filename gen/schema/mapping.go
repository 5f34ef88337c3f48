package schema

import (
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// mapping learns whether a mapping is taken: one with keys of the grammar, or
// one whose keys the user chooses.
func (a *asker) mapping(s site, path string) (value, bool) {
	named := false
	for _, p := range s {
		refused := false
		for _, r := range a.ask(p, "{zqz: 1}") {
			if r.code == diag.UnknownKey && r.at == 1 {
				return a.structure(s, path), true
			}
			refused = refused || r.at == 0
		}
		named = named || !refused
	}
	if !named {
		return value{}, false
	}
	return a.named(s, path), true
}

// named learns a mapping whose keys the user chooses.
func (a *asker) named(s site, path string) value {
	kind, ok := a.textKindBy(path, func(key string) bool {
		for _, p := range s {
			if !slices.ContainsFunc(a.ask(p, "{"+key+": 1}"), func(r reply) bool { return r.at <= len(key) }) {
				return true
			}
		}
		return false
	})
	if !ok {
		a.fail(path, "a mapping that takes no key")
	}
	each := a.value(s.key("zq", ""), path+".*")
	schema := object{"type": "object", "propertyNames": kind.use(), "additionalProperties": each.schema}
	if own := a.special(s, path); len(own) > 0 {
		schema["properties"] = own
	}
	out := value{schema: schema}
	// Other names than in other mappings: some must differ from each other.
	name := "z" + path[strings.LastIndexByte(path, '.')+1:]
	one := "{" + name + ": " + each.examples[0] + "}"
	two := "{" + name + ": " + each.examples[0] + ", " + name + "2: " + each.examples[0] + "}"
	for _, text := range []string{one, two} {
		if a.takes(s, text) {
			out.examples = append(out.examples, text)
		}
	}
	if len(out.examples) == 0 {
		a.fail(path, "takes neither %s nor %s", one, two)
		return out
	}
	if !a.takes(s, two) {
		schema["maxProperties"] = 1
	}
	if !a.takes(s, "{}") {
		schema["minProperties"] = 1
	}
	return out
}

// special learns those keys of a mapping of chosen names that mean something of
// their own, as file in {file: f.npz}.
func (a *asker) special(s site, path string) object {
	out := object{}
	for _, w := range a.words(s) {
		for _, v := range []string{"zq.npz", "1", "[0, 1]", "{zq: 1}"} {
			if a.takes(s, "{"+w+": "+v+"}") && !a.takes(s, "{zq: "+v+"}") {
				p := a.value(s.key(w, ""), path+"."+w)
				out[w] = describe(p.schema, path+"."+w)
				break
			}
		}
	}
	return out
}

// structure learns a mapping with keys of the grammar.
func (a *asker) structure(s site, path string) value {
	m := &structure{a: a, site: s, path: path, values: map[string]value{}}
	for _, w := range a.words(s) {
		if m.has(w) {
			m.keys = append(m.keys, w)
		}
	}
	if len(m.keys) == 0 {
		a.fail(path, "a mapping without keys")
		return value{schema: object{}, examples: []string{"{}"}}
	}
	slices.Sort(m.keys)
	m.learnValues()
	properties := object{}
	for _, k := range m.keys {
		properties[k] = describe(m.values[k].schema, m.at(k))
	}
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	examples := m.rules(schema)
	return value{schema: schema, examples: examples}
}

// structure is a mapping with keys of the grammar, as it is learnt.
type structure struct {
	a      *asker
	site   site
	path   string
	keys   []string
	values map[string]value
}

func (m *structure) at(key string) string {
	if m.path == "" {
		return key
	}
	return m.path + "." + key
}

// has says whether the grammar has a key.
func (m *structure) has(key string) bool {
	for _, p := range m.site {
		unknown := func(r reply) bool { return r.at == 1 && (r.code == diag.UnknownKey || r.code == diag.BadName) }
		if slices.ContainsFunc(m.a.ask(p, "{"+key+": 1}"), unknown) {
			return false
		}
	}
	return true
}

// learnValues learns what every key takes: alone if it is read then, else beside
// that other key with which it is.
func (m *structure) learnValues() {
	var silent []string
	for _, k := range m.keys {
		if s := m.a.reading(m.site.key(k, "")); len(s) > 0 {
			m.values[k] = m.a.value(s, m.at(k))
		} else {
			silent = append(silent, k)
		}
	}
	for _, k := range silent {
		var s site
		for _, other := range m.keys {
			for _, e := range m.values[other].examples {
				s = append(s, m.a.reading(m.site.key(k, other+": "+e+", "))...)
			}
		}
		m.values[k] = m.a.value(s, m.at(k))
	}
}

// pick is a key with a value.
type pick struct{ key, text string }

// picks are the values to try for a key.
func (m *structure) picks(key string) []pick {
	var out []pick
	for _, e := range m.values[key].examples {
		out = append(out, pick{key, e})
	}
	return out
}

func text(picks []pick) string {
	var parts []string
	for _, p := range picks {
		parts = append(parts, p.key+": "+p.text)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
