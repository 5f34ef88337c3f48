package graph

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"bytes"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

var update = flag.Bool("update", false, "write testdata/bad/*/stderr.txt anew")

// TestBad: each folder of testdata/bad is a model that is refused, with the
// message that a user sees.
func TestBad(t *testing.T) {
	folders, err := filepath.Glob("testdata/bad/*")
	if err != nil || len(folders) < 120 {
		t.Fatalf("%d folders, %v", len(folders), err)
	}
	for _, folder := range folders {
		src, err := os.ReadFile(filepath.Join(folder, "model.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		s, l := spec.Parse("model.yaml", src)
		if l.Len() == 0 {
			var g *Graph
			if g, l = Build(s, DirFiles(folder)); g != nil {
				t.Errorf("%s: no problem found", folder)
				continue
			}
		}
		var got bytes.Buffer
		if err := diag.Render(&got, l, s.SourceOf); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join(folder, "stderr.txt")
		if *update {
			if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil || got.String() != string(want) {
			t.Errorf("%s: %v\ngot:\n%s\nwant:\n%s", folder, err, got.String(), want)
		}
	}
}
