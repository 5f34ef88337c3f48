package spec

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

var update = flag.Bool("update", false, "write the expected messages of testdata/bad")

// readCase reads a folder of testdata/bad: model.yaml and, where there is one,
// sets.txt with one --set value a line.
func readCase(t testing.TB, dir string) (src []byte, sets []string) {
	src, err := os.ReadFile(filepath.Join(dir, "model.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "sets.txt")); err == nil {
		sets = strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	}
	return src, sets
}

func render(t testing.TB, s *Spec, problems *diag.List) string {
	var b bytes.Buffer
	if err := diag.Render(&b, problems, s.SourceOf); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestBad holds every message to its last byte: a message is part of the
// product.
func TestBad(t *testing.T) {
	dirs, _ := filepath.Glob("testdata/bad/*")
	if len(dirs) < 115 {
		t.Fatalf("only %d cases", len(dirs))
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			src, sets := readCase(t, dir)
			s, problems := ParseWith("model.yaml", src, sets)
			if s == nil || problems.Len() == 0 {
				t.Fatal("accepted")
			}
			got := render(t, s, problems)
			golden := filepath.Join(dir, "stderr.txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if code := problems.ExitCode(); code != 3 && code != 5 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}
