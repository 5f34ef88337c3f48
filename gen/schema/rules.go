package schema

import (
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// maxMissing is how many keys a mapping may need beside those given.
const maxMissing = 5

// complete adds to some keys what the reader misses, in all ways, and returns
// the mappings that it takes as a whole. With once it stops at the first.
func (m *structure) complete(picks []pick, once bool) [][]pick {
	var missing *reply
	for _, r := range m.a.ask(m.site[0], text(picks)) {
		if r.code != diag.MissingKey {
			return nil
		}
		if missing == nil {
			missing = &r
		}
	}
	if missing == nil {
		return [][]pick{picks}
	}
	if len(picks) > maxMissing {
		return nil
	}
	var out [][]pick
	for _, w := range wordPattern.FindAllString(missing.text, -1) {
		if !slices.Contains(m.keys, w) || slices.ContainsFunc(picks, func(p pick) bool { return p.key == w }) {
			continue
		}
		for _, p := range m.picks(w) {
			out = append(out, m.complete(append(slices.Clone(picks), p), once)...)
			if once && len(out) > 0 {
				return out
			}
		}
	}
	return out
}

// keySets are the sets of keys of mappings, each once and without those that
// hold another.
func keySets(forms [][]pick) [][]string {
	var sets [][]string
	for _, f := range forms {
		var keys []string
		for _, p := range f {
			keys = append(keys, p.key)
		}
		slices.Sort(keys)
		sets = append(sets, keys)
	}
	slices.SortFunc(sets, slices.Compare)
	return smallest(slices.CompactFunc(sets, slices.Equal))
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(k string) bool { return !slices.Contains(b, k) })
}

// common are the keys that all sets have.
func common(sets [][]string) []string {
	if len(sets) == 0 {
		return nil
	}
	var out []string
	for _, k := range sets[0] {
		if !slices.ContainsFunc(sets, func(s []string) bool { return !slices.Contains(s, k) }) {
			out = append(out, k)
		}
	}
	return out
}

// without leaves keys out of every set.
func without(sets [][]string, keys ...string) [][]string {
	var out [][]string
	for _, s := range sets {
		out = append(out, slices.DeleteFunc(slices.Clone(s), func(k string) bool { return slices.Contains(keys, k) }))
	}
	return out
}

// laws is what holds between the keys of a mapping.
type laws struct {
	*structure
	forms    [][]pick            // mappings that are taken as a whole and no larger than they must be
	needed   []string            // by all forms
	choices  [][]string          // what forms need beside that
	oneOf    bool                // no mapping is of two choices
	with     map[string][][]pick // mappings that have a key
	sets     map[string][][]string
	also     map[string][]string // what a key needs
	excluded map[[2]string]bool  // pairs of keys that no mapping has, in both orders
}

// laws are found by trying mappings with few keys.
func (m *structure) laws() *laws {
	l := &laws{structure: m, with: map[string][][]pick{}, sets: map[string][][]string{}, also: map[string][]string{}}
	all := m.complete(nil, false)
	for _, k := range m.keys {
		for _, p := range m.picks(k) {
			l.with[k] = append(l.with[k], m.complete([]pick{p}, false)...)
		}
		all = append(all, l.with[k]...)
	}
	for _, s := range keySets(all) {
		i := slices.IndexFunc(all, func(f []pick) bool { return slices.Equal(keySets([][]pick{f})[0], s) })
		l.forms = append(l.forms, all[i])
	}
	l.extend()
	sets := keySets(l.forms)
	l.needed = common(sets)
	l.choices = without(sets, l.needed...)
	l.excluded = m.exclusions()
	l.seenTogether()
	l.oneOf = len(l.choices) > 1 && disjoint(l.choices, l.excluded)
	for _, k := range m.keys {
		l.sets[k] = without(keySets(l.with[k]), append([]string{k}, l.needed...)...)
		l.also[k] = common(l.sets[k])
	}
	return l
}

// extend adds every key to every form: the reader does not name every way out of
// a want.
func (l *laws) extend() {
	for _, f := range l.forms {
		for _, k := range l.keys {
			if slices.ContainsFunc(f, func(p pick) bool { return p.key == k }) {
				l.with[k] = append(l.with[k], f)
				continue
			}
			for _, p := range l.picks(k) {
				l.with[k] = append(l.with[k], l.complete(append(slices.Clone(f), p), false)...)
			}
		}
	}
}

// seenTogether takes back what a mapping that is taken disproves: keys that want a
// third one look like excluding each other where they are tried alone.
func (l *laws) seenTogether() {
	for _, forms := range l.with {
		for _, f := range forms {
			for _, a := range f {
				for _, b := range f {
					delete(l.excluded, [2]string{a.key, b.key})
				}
			}
		}
	}
}

// rules adds the laws of a mapping to its schema, and returns mappings that are
// taken.
func (m *structure) rules(schema object) (examples []string) {
	l := m.laws()
	if len(l.forms) == 0 {
		m.a.fail(m.path, "no mapping that was tried is taken as a whole")
		return []string{"{}"}
	}
	if len(l.needed) > 0 {
		schema["required"] = l.needed
	}
	switch {
	case l.oneOf:
		schema["oneOf"] = requiring(l.choices)
	case len(l.choices) > 1:
		schema["anyOf"] = requiring(l.choices)
	}
	rules := object{}
	for i, k := range m.keys {
		if slices.Contains(l.needed, k) {
			continue
		}
		if r := l.rule(k, m.keys[i+1:]); len(r) > 0 {
			rules[k] = r
		}
	}
	if len(rules) > 0 {
		schema["dependentSchemas"] = rules
	}
	if all := l.wordRules(); len(all) > 0 {
		schema["allOf"] = all
	}
	for _, f := range l.forms[:min(len(l.forms), manyForms)] {
		examples = append(examples, text(f))
	}
	return examples
}

// manyForms is how many forms of a mapping are tried where it is a value: what
// stands around it does not depend on its form.
const manyForms = 3

// rule is what a key asks of the others; which it excludes is said of later ones.
func (l *laws) rule(key string, later []string) object {
	out := object{}
	if len(l.also[key]) > 0 {
		out["required"] = l.also[key]
	} else if own := smallest(l.sets[key]); len(own) > 1 && !l.implied(key, own) {
		out["anyOf"] = requiring(own)
	}
	var not []any
	for _, other := range later {
		if l.excluded[[2]string{key, other}] && !l.followsExclusion(key, other) {
			not = append(not, object{"required": []string{other}})
		}
	}
	if len(not) > 0 {
		out["not"] = anyOf(not)
	}
	if words := l.onlyWith(key); len(words) > 0 {
		out["properties"] = words
	}
	return out
}

// implied says whether what a key needs follows from the choices of the mapping.
func (l *laws) implied(key string, own [][]string) bool {
	var rest [][]string
	for _, c := range l.choices {
		if slices.Contains(c, key) {
			rest = append(rest, without([][]string{c}, key)...)
		}
	}
	if rest == nil {
		rest = l.choices
	}
	return slices.EqualFunc(own, rest, slices.Equal)
}

// followsExclusion says whether it follows from another law that two keys exclude
// each other.
func (l *laws) followsExclusion(a, b string) bool {
	for _, x := range l.choices {
		for _, y := range l.choices {
			if l.oneOf && slices.Contains(x, a) && !slices.Contains(x, b) && slices.Contains(y, b) && !slices.Contains(y, a) {
				return true
			}
		}
	}
	clash := func(a, b string) bool { // a needs a key that excludes b, for which a is not the reason
		return slices.ContainsFunc(l.also[a], func(k string) bool {
			return l.excluded[[2]string{k, b}] && !slices.Contains(l.also[k], a)
		})
	}
	return clash(a, b) || clash(b, a)
}

// requiring are alternatives by the keys that each must have.
func requiring(sets [][]string) []any {
	var out []any
	for _, s := range sets {
		out = append(out, object{"required": s})
	}
	return out
}

// exclusions are the pairs of keys that exclude each other.
func (m *structure) exclusions() map[[2]string]bool {
	out := map[[2]string]bool{}
	for i, a := range m.keys {
		for _, b := range m.keys[i+1:] {
			if !m.together(a, b) {
				out[[2]string{a, b}], out[[2]string{b, a}] = true, true
			}
		}
	}
	return out
}

func (m *structure) together(a, b string) bool {
	for _, x := range m.picks(a) {
		for _, y := range m.picks(b) {
			if len(m.complete([]pick{x, y}, true)) > 0 {
				return true
			}
		}
	}
	return false
}

// disjoint says whether no mapping can be of two choices.
func disjoint(choices [][]string, excluded map[[2]string]bool) bool {
	for i, a := range choices {
		for _, b := range choices[i+1:] {
			if !slices.ContainsFunc(a, func(x string) bool {
				return slices.ContainsFunc(b, func(y string) bool { return excluded[[2]string{x, y}] })
			}) {
				return false
			}
		}
	}
	return true
}

// smallest drops sets that hold another.
func smallest(sets [][]string) [][]string {
	var out [][]string
	for _, s := range sets {
		if !slices.ContainsFunc(sets, func(o []string) bool { return len(o) < len(s) && subset(o, s) }) {
			out = append(out, s)
		}
	}
	return out
}

// onlyWith are the words of other keys with which a key goes, where it does not
// go with all.
func (l *laws) onlyWith(key string) object {
	out := object{}
	for _, other := range l.keys {
		all := l.values[other].words
		if other == key || len(all) < 2 {
			continue
		}
		var words []string
		for _, w := range all {
			fits := func(f []pick) bool {
				return slices.ContainsFunc(f, func(p pick) bool { return p.key == other && p.text == w })
			}
			if slices.ContainsFunc(l.with[key], fits) || l.goesWith(key, other, w) {
				words = append(words, w)
			}
		}
		if len(words) > 0 && len(words) < len(all) {
			out[other] = object{"enum": words}
		}
	}
	return out
}

// goesWith says whether a key can stand beside another that has this word.
func (m *structure) goesWith(key, other, word string) bool {
	for _, p := range m.picks(key) {
		if len(m.complete([]pick{{other, word}, p}, true)) > 0 {
			return true
		}
	}
	return false
}

// wordRules are the keys that one word of a key needs and others do not.
func (l *laws) wordRules() []any {
	var out []any
	for _, key := range l.keys {
		for _, w := range l.values[key].words {
			also := common(without(keySets(l.complete([]pick{{key, w}}, false)), append([]string{key}, l.needed...)...))
			if slices.ContainsFunc(l.values[key].words, func(o string) bool {
				return o != w && !subset(also, common(keySets(l.complete([]pick{{key, o}}, false))))
			}) {
				out = append(out, object{
					"if":   object{"properties": object{key: object{"const": w}}, "required": []string{key}},
					"then": object{"required": also},
				})
			}
		}
	}
	return out
}
