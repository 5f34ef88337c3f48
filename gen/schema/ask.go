package schema

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// place is a spot of a model file: the text around the value that stands there.
type place struct{ before, after string }

// key is the place of the value of a key, after other keys.
func (p place) key(key, others string) place {
	return place{p.before + "{" + others + key + ": ", "}" + p.after}
}

// item is the place of entry i of a list of n that holds filler else.
func (p place) item(n, i int, filler string) place {
	return place{p.before + "[" + strings.Repeat(filler+", ", i), strings.Repeat(", "+filler, n-1-i) + "]" + p.after}
}

// site is one place with different surroundings: a key may be read only beside
// another. What is taken in any of them is taken.
type site []place

func (s site) key(key, others string) site {
	var out site
	for _, p := range s {
		out = append(out, p.key(key, others))
	}
	return out
}

// item is an entry of a list beside others that are low or high, as what may
// stand in one may depend on the others.
func (s site) item(n, i int) site {
	var out site
	for _, p := range s {
		out = append(out, p.item(n, i, "1"))
		if n > 1 {
			out = append(out, p.item(n, i, "-1e300"), p.item(n, i, "1e300"))
		}
	}
	return out
}

// reply is a problem that the reader found in a value, at a byte of its text.
type reply struct {
	at   int
	code string
	text string // with the help
}

// asker asks the reader of package spec.
type asker struct {
	answers map[string][]reply
	failed  error // the first place that could not be understood
}

func newAsker() *asker { return &asker{answers: map[string][]reply{}} }

func (a *asker) fail(path, format string, args ...any) {
	if a.failed == nil {
		a.failed = fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...))
	}
}

// ask puts a value into a place and returns what the reader says about it, and
// not about the text around it.
func (a *asker) ask(p place, value string) []reply {
	text := p.before + value + p.after
	key := fmt.Sprintf("%d:%d:%s", len(p.before), len(value), text)
	if known, ok := a.answers[key]; ok {
		return known
	}
	_, problems := spec.Parse("model.yaml", []byte(text))
	var out []reply
	for _, x := range problems.Problems() {
		if x.Code == diag.Syntax {
			a.fail(text, "asked what is no YAML: %s", x.Text)
		}
		if at := x.Pos.Col - 1 - len(p.before); at >= 0 && at < len(value) {
			out = append(out, reply{at, x.Code, x.Text + " " + x.Help})
		}
	}
	a.answers[key] = out
	return out
}

// takes says whether a value is taken in any of the surroundings.
func (a *asker) takes(s site, value string) bool {
	for _, p := range s {
		if len(a.ask(p, value)) == 0 {
			return true
		}
	}
	return false
}

// nonsense has, for everything that can be read, something that cannot be.
var nonsense = []string{"{zqz: {zqz: [[zqz]]}}", `["!", {zqz: zqz}]`, `"!"`}

// reading are those surroundings in which the value is looked at.
func (a *asker) reading(s site) site {
	var out site
	for _, p := range s {
		for _, v := range nonsense {
			if len(a.ask(p, v)) > 0 {
				out = append(out, p)
				break
			}
		}
	}
	return out
}

var wordPattern = regexp.MustCompile(`[a-z][a-z0-9_]*`)

// words are those of everything that the reader says about nonsense in a place,
// in order.
func (a *asker) words(s site) []string {
	var out []string
	seen := map[string]bool{}
	for _, p := range s {
		for _, v := range append([]string{"zqzq"}, nonsense...) {
			for _, r := range a.ask(p, v) {
				for _, w := range wordPattern.FindAllString(r.text, -1) {
					if !seen[w] {
						seen[w] = true
						out = append(out, w)
					}
				}
			}
		}
	}
	return out
}
