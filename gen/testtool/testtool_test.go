package testtool

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// recorder is a test that notes how it ends.
type recorder struct {
	testing.TB
	end string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.end = "fatal: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatal(args ...any) { r.Fatalf("%s", fmt.Sprint(args...)) }

func (r *recorder) Skipf(format string, args ...any) {
	r.end = "skip: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// ending is how a test ends that does f.
func ending(f func(t testing.TB)) string {
	r := &recorder{end: "goes on"}
	done := make(chan bool)
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.end
}

// TestMissingTools: a tool that is missing skips the test, unless it is required.
func TestMissingTools(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv("THRML_REQUIRE", "")
	need := func(t testing.TB) { Need(t, "qemu") }
	if got := ending(need); !strings.HasPrefix(got, "skip: ") || !strings.Contains(got, "THRML_REQUIRE=qemu") {
		t.Error(got)
	}
	t.Setenv("THRML_REQUIRE", "go,qemu")
	if got := ending(need); !strings.HasPrefix(got, "fatal: ") || !strings.Contains(got, "make tools") {
		t.Error(got)
	}
	// The second choice will do, too.
	if err := os.WriteFile(filepath.Join(dir, "qemu-aarch64-static"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := ending(need); got != "goes on" {
		t.Error(got)
	}
	if got := Need(t, "qemu"); got != filepath.Join(dir, "qemu-aarch64-static") {
		t.Error(got)
	}
}

func TestPythonIsLookedFor(t *testing.T) {
	t.Setenv("THRML_PYTHON", "/some/python")
	if got := Need(t, "python"); got != "/some/python" {
		t.Error(got)
	}
	t.Setenv("THRML_PYTHON", "")
	t.Setenv("THRML_REQUIRE", "")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module m\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if got := ending(func(t testing.TB) { Need(t, "python") }); !strings.HasPrefix(got, "skip: ") {
		t.Error(got)
	}
	python := filepath.Join(dir, "out", "python", "bin", "python")
	if err := os.MkdirAll(filepath.Dir(python), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(python, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := filepath.EvalSymlinks(Need(t, "python")); err != nil || filepath.Base(filepath.Dir(filepath.Dir(got))) != "python" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestRoot(t *testing.T) {
	if _, err := os.Stat(filepath.Join(Root(t), "gen", "testtool")); err != nil {
		t.Error(err)
	}
	t.Chdir("/")
	if got := ending(func(t testing.TB) { Root(t) }); got != "fatal: no go.mod above the test" {
		t.Error(got)
	}
}

// TestBoundedOutsideOfFuzzing only reads.
func TestBoundedOutsideOfFuzzing(t *testing.T) {
	read := 0
	if got := ending(func(t testing.TB) { Bounded(t, func() { read++; _ = make([]byte, mostBytes+1) }) }); got != "goes on" || read != 1 {
		t.Errorf("%s, read %d times", got, read)
	}
}
