package gomodel

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/models"
)

// userPackage makes a user's project with one package the working directory.
// thrmlgen is found at a path.
func userPackage(t *testing.T, thrmlgen, code string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module example.com/user\n\ngo 1.24.0\n\nrequire github.com/thrmlgen/thrmlgen v0.0.0\n\nreplace github.com/thrmlgen/thrmlgen => "+thrmlgen+"\n")
	write(t, filepath.Join(dir, "user.go"), code)
	t.Chdir(dir)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func checkout(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func rendered(t *testing.T, m *Model, list *diag.List) string {
	t.Helper()
	var b bytes.Buffer
	if err := diag.Render(&b, list, m.SourceOf); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLimits(t *testing.T) {
	userPackage(t, checkout(t), `package user

import (
	"os"

	"github.com/thrmlgen/thrmlgen/models"
)

func Forever() *models.Model {
	for {
	}
}

func init() {
	if len(os.Args) > 1 {
		return
	}
	for range 3000 {
		os.Stdout.WriteString("................................................................")
	}
}

func Loud() *models.Model { return models.New("loud") }
`)
	m, list := load(context.Background(), ".#Forever", 300*time.Millisecond, MaxOutput)
	want := `user.go:9:6: go-run: Forever does not return within 300ms
    9 | func Forever() *models.Model {
      |      ^^^^^^^
help: a model function builds a model and returns it; it does no more
`
	if got := rendered(t, m, list); got != want || list.ExitCode() != 5 {
		t.Errorf("exit %d, got\n%s\nwant\n%s", list.ExitCode(), got, want)
	}
	m, list = load(context.Background(), ".#Loud", MaxTime, 100_000)
	want = `user.go:23:6: go-run: Loud gives more than 100000 bytes
   23 | func Loud() *models.Model { return models.New("loud") }
      |      ^^^^
help: large data belong in files that the model names with models.File
`
	if got := rendered(t, m, list); got != want || list.ExitCode() != 5 {
		t.Errorf("exit %d, got\n%s\nwant\n%s", list.ExitCode(), got, want)
	}
	if m, list = Load(context.Background(), ".#Loud"); list.Len() > 0 || string(m.YAML) != "model: loud\n" {
		t.Errorf("what is printed before the model: %v", list)
	}
}

// TestInterrupted holds that a signal ends the user's function at once and leaves
// nothing behind.
func TestInterrupted(t *testing.T) {
	userPackage(t, checkout(t), `package user

import "github.com/thrmlgen/thrmlgen/models"

func Forever() *models.Model { select {} }

func init() { go func() { for { } }() }
`)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(1500*time.Millisecond, func() { cancel(errors.New("a signal")) })
	began := time.Now()
	_, list := Load(ctx, ".#Forever")
	if list.ExitCode() != 4 || time.Since(began) > time.Minute {
		t.Errorf("exit %d after %v: %v", list.ExitCode(), time.Since(began), list)
	}
	if left, err := filepath.Glob(filepath.Join(temp, "thrmlgen-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestVersions takes modules whose package models does not fit.
func TestVersions(t *testing.T) {
	user := `package user

import "github.com/thrmlgen/thrmlgen/models"

func Torus() *models.Model { return nil }
`
	for has, code := range map[string]string{
		"7":    "package models\n\nconst MessageVersion = 7\n\ntype Model struct{}\n",
		"none": "package models\n\ntype Model struct{}\n",
	} {
		theirs := t.TempDir()
		write(t, filepath.Join(theirs, "go.mod"), "module github.com/thrmlgen/thrmlgen\n\ngo 1.24.0\n")
		write(t, filepath.Join(theirs, "models", "models.go"), code)
		userPackage(t, theirs, user)
		m, list := Load(context.Background(), ".#Torus")
		want := `user.go:3:8: go-version: package models of this module and thrmlgen do not fit: the module's message version is ` + has + `, thrmlgen reads version 1
    3 | import "github.com/thrmlgen/thrmlgen/models"
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
help: run the thrmlgen of the module, ` + "`go tool thrmlgen`, or `go get github.com/thrmlgen/thrmlgen`" + ` at the version of this one
`
		if got := rendered(t, m, list); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	// A package that only passes a model on does not tell; the message does.
	l := &loader{name: "x#Torus", list: &diag.List{}, model: &Model{sources: sources{}}}
	l.otherVersion(diag.Pos{File: "x.go", Line: 1, Col: 1}, 1, 2)
	if !strings.Contains(l.list.Error(), "version is 2") {
		t.Error(l.list)
	}
}

func TestEnvironmentFails(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	m, list := Load(context.Background(), "./x#Torus")
	want := `./x#Torus: environment: no go command is on the PATH; compiling needs Go 1.24 or later
help: a model in Go needs the go command: install Go from https://go.dev/dl/, or write the model as YAML
`
	if got := rendered(t, m, list); got != want || list.ExitCode() != 4 {
		t.Errorf("exit %d, got\n%s\nwant\n%s", list.ExitCode(), got, want)
	}
}

// TestFlagsOfTheUser holds that the user's own settings reach the go command, and
// others do not.
func TestFlagsOfTheUser(t *testing.T) {
	userPackage(t, checkout(t), `//go:build special

package user

import (
	"os"

	"github.com/thrmlgen/thrmlgen/models"
)

func Torus() (*models.Model, error) { return models.New("x" + os.Getenv("SECRET")), nil }
`)
	t.Setenv("SECRET", "y")
	if _, list := Load(context.Background(), ".#Torus"); !strings.Contains(list.Error(), "build constraints exclude all Go files") {
		t.Errorf("without the tag: %v", list)
	}
	t.Setenv("GOFLAGS", "-tags=special")
	m, list := Load(context.Background(), ".#Torus")
	if list.Len() > 0 || string(m.YAML) != "model: x\n" {
		t.Errorf("with the tag: %v", list)
	}
}

func TestSplit(t *testing.T) {
	for name, want := range map[string]bool{
		"./energy#Torus": true, "#": true, "x#": true, "model.yaml": false, "a#b.yaml": false, "a#b/c": false, "a#b#c": false,
	} {
		if _, _, ok := Split(name); ok != want {
			t.Errorf("%s: %v, want %v", name, ok, want)
		}
	}
}

// A message that another program printed is taken for what it is.
func TestMessages(t *testing.T) {
	var b bytes.Buffer
	sent := &models.Message{Model: models.New("x").Encode(), Error: "e"}
	sent.Model.Files["a"] = []byte("12345")
	if err := sent.Write(&b); err != nil {
		t.Fatal(err)
	}
	whole := append([]byte("noise"), b.Bytes()...)
	got, err := models.ReadMessage(whole)
	if err != nil || got.Error != "e" || string(got.Model.Files["a"]) != "12345" || string(got.Model.YAML) != "model: x\n" {
		t.Errorf("%+v %v", got, err)
	}
	for n := range len(whole) {
		if _, err := models.ReadMessage(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes are taken", n, len(whole))
		}
	}
	other := bytes.Replace(whole, []byte(`"Version":1`), []byte(`"Version":2`), 1)
	var version *models.VersionError
	if _, err := models.ReadMessage(other); !errors.As(err, &version) || version.Version != 2 {
		t.Errorf("version 2: %v", err)
	}
}
