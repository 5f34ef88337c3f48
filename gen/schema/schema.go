package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Generate makes the JSON schema of the model file, indented. The error says
// where the reader answers in a way that this package does not understand.
func Generate() ([]byte, error) {
	a := newAsker()
	root := a.value(site{{}}, "").schema
	if a.failed != nil {
		return nil, fmt.Errorf("schema: %w", a.failed)
	}
	root = share(root)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "thrmlgen model file"
	root["description"] = "A probabilistic graphical model and how it is sampled. `thrmlgen check` verifies it."
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(root); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// worthSharing is the length of a part that is written once, in $defs, if it
// stands in several places.
const worthSharing = 300

// share puts the kinds of text, and large parts that stand in several places,
// into $defs, and references in their places.
func share(root object) object {
	s := &sharing{count: map[string]int{}, keys: map[string]map[string]int{}, names: map[string]string{}, defs: object{}}
	for _, k := range textKinds {
		if k.name != "" {
			def := describe(k.schema, "$defs."+k.name)
			def["patternErrorMessage"] = def["description"] // of VS Code and yaml-language-server
			s.defs[k.name] = def
		}
	}
	s.defs["numbers"] = describe(object{
		"anyOf": []any{object{"type": "number"}, object{"type": "array", "items": ref("numbers")}},
	}, "$defs.numbers")
	children(root, "", s.look)
	out := children(root, "model", s.replace)
	out["$defs"] = s.defs
	return out
}

// sharing is what share knows of the parts, by their text without description.
type sharing struct {
	count map[string]int
	keys  map[string]map[string]int // how often it is under a key
	names map[string]string         // in $defs
	defs  object
}

// children applies a function to the schemas right inside one and returns it with
// what came back.
func children(schema object, name string, do func(part object, name string) object) object {
	out := maps.Clone(schema)
	for _, key := range slices.Sorted(maps.Keys(schema)) {
		switch v := schema[key]; key {
		case "items", "additionalProperties":
			if part, ok := v.(object); ok {
				out[key] = do(part, name)
			}
		case "anyOf", "prefixItems":
			var parts []any
			for _, part := range v.([]any) {
				parts = append(parts, do(part.(object), name))
			}
			out[key] = parts
		case "properties":
			parts := object{}
			for _, k := range slices.Sorted(maps.Keys(v.(object))) {
				parts[k] = do(v.(object)[k].(object), k)
			}
			out[key] = parts
		}
	}
	return out
}

func (s *sharing) look(part object, name string) object {
	text := bare(part)
	s.count[text]++
	if s.keys[text] == nil {
		s.keys[text] = map[string]int{}
	}
	s.keys[text][name]++
	return children(part, name, s.look)
}

func (s *sharing) replace(part object, name string) object {
	text := bare(part)
	if s.count[text] < 2 || len(text) < worthSharing {
		return children(part, name, s.replace)
	}
	if s.names[text] == "" {
		own := maps.Clone(part)
		delete(own, "description")
		name = s.free(s.usual(text))
		s.names[text], s.defs[name] = name, object{} // outer parts have the shorter names
		s.defs[name] = children(own, name, s.replace)
	}
	out := ref(s.names[text])
	if d, ok := part["description"]; ok {
		out["description"] = d
	}
	return out
}

// bare is the text of a part without its description.
func bare(part object) string {
	part = maps.Clone(part)
	delete(part, "description")
	return canonical(part)
}

// usual is the key that a part is mostly under.
func (s *sharing) usual(text string) string {
	keys := slices.Sorted(maps.Keys(s.keys[text]))
	return slices.MaxFunc(keys, func(a, b string) int { return s.keys[text][a] - s.keys[text][b] })
}

// free is a name in $defs that is not taken.
func (s *sharing) free(name string) string {
	out := name
	for i := 2; s.defs[out] != nil; i++ {
		out = fmt.Sprintf("%s%d", name, i)
	}
	return out
}
