package examples_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var code = regexp.MustCompile("`([^`]+)`")

// TestEveryNameOfTHRML: thrml.md has a row for every public name of THRML and for no
// other. The list is held against the package itself by the tests in python.
func TestEveryNameOfTHRML(t *testing.T) {
	var names []string
	for line := range strings.Lines(read(t, "testdata/thrml-0.1.4.txt")) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") {
			names = append(names, line)
		}
	}
	if len(names) < 120 {
		t.Fatalf("%d names", len(names))
	}
	rows := map[string]int{}
	for line := range strings.Lines(read(t, "thrml.md")) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 || strings.TrimSpace(cells[2]) == "" {
			t.Errorf("a row of three cells, with a place, is needed: %s", line)
			continue
		}
		for _, m := range code.FindAllStringSubmatch(cells[1], -1) {
			rows[m[1]]++
			if !slices.Contains(names, m[1]) {
				t.Errorf("%s is no public name of THRML", m[1])
			}
		}
	}
	for _, name := range names {
		if rows[name] != 1 {
			t.Errorf("%s has %d rows", name, rows[name])
		}
	}
}
