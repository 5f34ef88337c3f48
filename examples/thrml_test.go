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
func TestEveryNameOfTHRML(t *testing.T) { everyName(t, "testdata/thrml-0.1.4.txt", "thrml.md", 120) }

// TestEveryNameOfTorchEBM: torchebm.md has a row for every name that a module of TorchEBM
// exports, and for no other.
func TestEveryNameOfTorchEBM(t *testing.T) {
	everyName(t, "testdata/torchebm-0.8.9.txt", "torchebm.md", 120)
}

// everyName holds the first cells of a page's rows against a list of at least so many
// names.
func everyName(t *testing.T, list, page string, least int) {
	t.Helper()
	var names []string
	for line := range strings.Lines(read(t, list)) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") {
			names = append(names, line)
		}
	}
	if len(names) < least {
		t.Fatalf("%d names", len(names))
	}
	rows := map[string]int{}
	for line := range strings.Lines(read(t, page)) {
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
				t.Errorf("%s is no public name in %s", m[1], list)
			}
		}
	}
	for _, name := range names {
		if rows[name] != 1 {
			t.Errorf("%s has %d rows", name, rows[name])
		}
	}
}
