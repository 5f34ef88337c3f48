package schema

import (
	"encoding/json"
	"slices"
)

// object is a part of the schema, or of anything in JSON.
type object = map[string]any

// value is what was learnt of a place.
type value struct {
	schema   object
	examples []string // that are taken, as they stand in a model file
	words    []string // those of the examples that belong to a fixed set
}

// value learns what may stand in a place; path names it.
func (a *asker) value(s site, path string) value {
	if s = a.reading(s); len(s) == 0 {
		return value{schema: object{}, examples: []string{"1"}}
	}
	var out value
	var forms []any
	for _, learn := range []func(site, string) (value, bool){a.scalar, a.list, a.mapping} {
		if v, ok := learn(s, path); ok {
			forms = append(forms, alternatives(v.schema)...)
			out.examples = append(out.examples, v.examples...)
			out.words = append(out.words, v.words...)
		}
	}
	if len(forms) == 0 {
		a.fail(path, "nothing that was tried is taken")
	}
	out.schema = anyOf(forms)
	return out
}

// anyOf joins alternatives.
func anyOf(forms []any) object {
	if slices.ContainsFunc(forms, func(f any) bool { return same(f, ref("numbers")) }) { // a number is among them
		forms = slices.DeleteFunc(forms, func(f any) bool { return same(f, object{"type": "number"}) })
	}
	if len(forms) == 1 {
		return forms[0].(object)
	}
	return object{"anyOf": forms}
}

// alternatives takes anyOf apart.
func alternatives(o object) []any {
	if forms, ok := o["anyOf"].([]any); ok && len(o) == 1 {
		return forms
	}
	return []any{o}
}

func same(a, b any) bool { return canonical(a) == canonical(b) }

// canonical is a part of the schema as text, keys in order.
func canonical(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // nothing but maps, lists, texts and numbers is put in
	}
	return string(b)
}
