package gomodel_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what is reported into testdata")

// module is the go.mod of a user's project that finds thrmlgen in this checkout.
func module(t *testing.T) string {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("module example.com/user\n\ngo 1.24.0\n\nrequire github.com/thrmlgen/thrmlgen v0.0.0\n\nreplace github.com/thrmlgen/thrmlgen => %s\n", root)
}

// project writes a user's project and makes it the working directory.
func project(t *testing.T, files []txtar.File) {
	t.Helper()
	dir := t.TempDir()
	all := append([]txtar.File{{Name: "go.mod", Data: []byte(module(t))}}, files...)
	for _, f := range all {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

// TestReports loads models from the projects in testdata: each archive has in its
// comment the names to load, one a line, and in the file want what is said of
// each, problems and warnings as a command prints them.
func TestReports(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(archives) == 0 {
		t.Fatal(archives, err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { reports(t, path) })
	}
}

func reports(t *testing.T, path string) {
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := archive.Files
	last := len(files) - 1
	if last < 0 || files[last].Name != "want" {
		t.Fatal("the last file of the archive is not want")
	}
	project(t, files[:last])
	var got bytes.Buffer
	for name := range strings.Lines(string(archive.Comment)) {
		name = strings.TrimSpace(name)
		fmt.Fprintf(&got, "# %s\n", name)
		m, problems := gen.Load(name)
		if m.Graph != nil {
			for _, w := range m.Graph.Warnings {
				w.Code = "warning: " + w.Code
				problems.Add(w)
			}
		}
		if err := diag.Render(&got, problems, m.SourceOf); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "exit %d\n", problems.ExitCode())
	}
	// Paths of this machine are in no golden text.
	root, _ := filepath.Abs(filepath.Dir(path) + "/../../..")
	text := strings.ReplaceAll(got.String(), root, "ROOT")
	if wd, err := os.Getwd(); err == nil {
		text = strings.ReplaceAll(text, wd, "HERE")
	}
	if *update {
		files[last].Data = []byte(text)
		if err := os.WriteFile(path, txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := string(files[last].Data); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}
