package schema

import (
	"slices"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// manyEntries is more than any list of a fixed length has.
const manyEntries = 17

// list learns whether a list is taken, of what and of how many.
func (a *asker) list(s site, path string) (value, bool) {
	if a.takes(s, "[[[[[1]]]]]") { // what nests so deeply nests as deeply as one likes
		return value{schema: ref("numbers"), examples: []string{"[1]", "[[1, 1]]"}}, true
	}
	for n := 1; n <= 3; n++ { // entries are only read in a list of the right length
		if len(a.reading(s.item(n, 0))) > 0 {
			return a.listOf(s, n, path)
		}
	}
	return value{}, false
}

// listOf learns a list whose entries are read when there are n of them.
func (a *asker) listOf(s site, n int, path string) (value, bool) {
	var entries []value
	var schemas []any
	for i := range n {
		v := a.value(s.item(n, i), path+"[]")
		entries = append(entries, v)
		schemas = append(schemas, v.schema)
	}
	schema := object{"type": "array"}
	if alike := slices.CompactFunc(slices.Clone(schemas), same); len(alike) == 1 {
		schema["items"] = alike[0]
	} else {
		schema["prefixItems"] = schemas
	}
	out := value{schema: schema}
	most := manyEntries
	if w := len(entries[0].words); w > 0 {
		most = w // the same word twice is another mistake
	}
	least, longest := -1, -1
	for k := range most + 1 {
		text := "[" + strings.Join(entriesOf(entries, k), ", ") + "]"
		if !a.takes(s, text) {
			continue
		}
		if least < 0 {
			least = k
		}
		longest = k
		if k > 0 && len(out.examples) < 2 {
			out.examples = append(out.examples, text)
		}
	}
	if least < 0 && !a.onlyLength(s, "["+entries[0].examples[0]+"]") {
		return value{}, false
	}
	if least > 0 {
		schema["minItems"] = least
	}
	if longest >= 0 && longest < most {
		schema["maxItems"] = longest
	}
	return out, true
}

// onlyLength says whether a list would be taken but for its length, which then
// depends on something elsewhere.
func (a *asker) onlyLength(s site, text string) bool {
	return slices.ContainsFunc(s, func(p place) bool {
		return !slices.ContainsFunc(a.ask(p, text), func(r reply) bool { return r.code != diag.Length })
	})
}

// entriesOf are k entries for a list; numbers rise, words differ.
func entriesOf(entries []value, k int) []string {
	out := make([]string, k)
	for i := range out {
		e := entries[min(i, len(entries)-1)]
		switch _, err := strconv.ParseFloat(e.examples[0], 64); {
		case err == nil && len(e.schema) > 0:
			out[i] = strconv.Itoa(i + 1)
			if top, ok := e.schema["maximum"].(float64); ok && top <= 1 {
				out[i] = strconv.FormatFloat(float64(i)/manyEntries, 'g', 3, 64)
			}
		case len(e.words) > 0:
			out[i] = e.words[i%len(e.words)]
		default:
			out[i] = e.examples[0]
		}
	}
	return out
}
