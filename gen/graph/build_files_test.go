//go:build unix

package graph

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

func TestDirFiles(t *testing.T) {
	outer := t.TempDir()
	dir := filepath.Join(outer, "model")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(dir, "sub"), 0o755))
	must(os.WriteFile(filepath.Join(outer, "secret"), []byte("no"), 0o644))
	must(os.WriteFile(filepath.Join(dir, "sub", "a.txt"), []byte("yes"), 0o644))
	must(os.Symlink("sub/a.txt", filepath.Join(dir, "inside")))
	must(os.Symlink("../secret", filepath.Join(dir, "outside")))
	must(os.Symlink(outer, filepath.Join(dir, "up")))
	must(os.Symlink("loop", filepath.Join(dir, "loop")))
	must(syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644))

	files := DirFiles(dir)
	for _, path := range []string{"sub/a.txt", "inside", "./sub/../sub/a.txt"} {
		if b, err := files.ReadFile(path); err != nil || string(b) != "yes" {
			t.Errorf("%s: %q, %v", path, b, err)
		}
	}
	for path, class := range map[string]diag.Class{
		"": diag.Model, "../secret": diag.Model, "sub/../../secret": diag.Model, "/etc/passwd": diag.Model,
		"~/x": diag.Model, `C:\x`: diag.Model, "C:x": diag.Model, `\\host\x`: diag.Model, "http://x/y": diag.Model, "a\x00b": diag.Model,
		"outside": diag.Model, "up/secret": diag.Model,
		"none": diag.Env, "sub": diag.Env, "pipe": diag.Env, "loop": diag.Env, "sub/a.txt/b": diag.Env,
	} {
		_, err := files.ReadFile(path)
		var fe *FileError
		if !errors.As(err, &fe) || fe.Class != class {
			t.Errorf("%q: %v, want class %d", path, err, class)
		}
	}
	if _, err := DirFiles(filepath.Join(outer, "gone")).ReadFile("x"); err == nil {
		t.Error("a folder that is not there has no files")
	}
	// The name of the machine's folders stays out of messages.
	if _, err := files.ReadFile("none"); strings.Contains(err.Error(), outer) {
		t.Errorf("%v names the folder", err)
	}
}

func TestReadRud(t *testing.T) {
	r, p := readRud([]byte("\ufeff\r\n3 2 \r\n\r\n1 2\r\n 3\t1 -2.5  \r\n\n"))
	if p != nil {
		t.Fatal(p)
	}
	equal(t, "nodes", r.nodes, 3)
	equal(t, "ends", r.ends, []int32{0, 1, 2, 0})
	equal(t, "weights", r.weights, []float64{1, -2.5})
	equal(t, "lines", r.lines, []int32{4, 5})
	for _, text := range []string{
		"", " \n\n", "3", "3 2 1", "0 0", "3 -1", "x 2", "3 1", "3 0\n1 2 1", "3 1\n1 4 1", "3 1\n0 1 1", "3 1\n1", "3 1\n1 2 1 1",
		"3 1\n1 2 inf", "3 1\n1 2 1e999", "3 1\n1.5 2 1", "99999999999999999999 1", "3\x00 1\x00",
	} {
		if _, p := readRud([]byte(text)); p == nil {
			t.Errorf("%q: no problem", text)
		}
	}
	if _, p := readRud([]byte("1000000000 1\n1 2 1")); p == nil || p.Class != diag.Limit {
		t.Errorf("a graph beyond the limit: %v", p)
	}
}
