package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/models"
)

func readText(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestInitSchema holds that a model names the schema beside it, that models of a
// folder share it, and that a file of the user's stays.
func TestInitSchema(t *testing.T) {
	t.Chdir(t.TempDir())
	thrmlgen(t, 0, "init", "potts")
	if text := readText(t, "model.yaml"); !strings.HasPrefix(text, schemaLine+"# A Potts model") {
		t.Errorf("model.yaml begins %.100q", text)
	}
	if readText(t, schemaFile) != models.Schema() {
		t.Error("the schema is another")
	}
	if out, _ := thrmlgen(t, 0, "init", "--out", "second.yaml"); strings.Contains(out, "kept") {
		t.Errorf("a schema that is the same: %s", out)
	}
	if err := os.WriteFile(schemaFile, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, _ := thrmlgen(t, 0, "init", "--out", "third.yaml")
	if !strings.Contains(out, "kept "+schemaFile+", which is not that of this version") || readText(t, schemaFile) != "{}" {
		t.Errorf("a schema of the user's: %s", out)
	}
	thrmlgen(t, 2, "init", "--out", "./"+schemaFile)

	bare := filepath.Join(t.TempDir(), "model.yaml")
	thrmlgen(t, 0, "init", "--no-schema", "--out", bare)
	if _, err := os.Stat(filepath.Join(filepath.Dir(bare), schemaFile)); err == nil || strings.Contains(readText(t, bare), "$schema") {
		t.Error("--no-schema has a schema")
	}
	if text, _ := thrmlgen(t, 0, "schema"); text != models.Schema() {
		t.Error("schema prints something else")
	}
}

// TestInitBothOrNone holds that no model is left where the schema cannot be
// written.
func TestInitBothOrNone(t *testing.T) {
	dir := t.TempDir()
	model := filepath.Join(dir, "model.yaml")
	if _, err := writeModel(model, []byte("model: m\n"), filepath.Join(dir, "nowhere", schemaFile)); err == nil {
		t.Fatal("written into a folder that is not there")
	}
	if _, err := os.Stat(model); err == nil {
		t.Error("the model is left")
	}
}

// TestInitTrains holds that the model with data can be trained as it is.
func TestInitTrains(t *testing.T) {
	t.Chdir(t.TempDir())
	thrmlgen(t, 0, "init", "rbm")
	thrmlgen(t, 0, "train", "model.yaml", "--epochs", "2", "--out", "weights.npz", "--quiet")
	if n := readArray(t, "weights.npz", "weights").Len(); n != 9*6 {
		t.Errorf("%d weights", n)
	}
}

func TestSetValue(t *testing.T) {
	const text = `# a comment
model: m
x: {a: 1}
sample:
  chains: 64          # runs
  # in between
  warmup: 500

  deep:
    most: 1 # one
beta: 1.0
`
	for _, c := range []struct{ path, value, old, new string }{
		{"beta", "2", "beta: 1.0\n", "beta: 2\n"},
		{"sample.chains", "8", "  chains: 64          # runs", "  chains: 8           # runs"},
		{"sample.chains", "1234567890123456", "  chains: 64          # runs", "  chains: 1234567890123456 # runs"},
		{"sample.warmup", "1", "  warmup: 500", "  warmup: 1"},
		{"sample.deep.most", "3", "most: 1 # one", "most: 3 # one"},
		{"x", "{a: 2}", "x: {a: 1}", "x: {a: 2}"},
		{"x.a", "2", "", ""},
		{"sample", "{chains: 1}", "", ""},
		{"sample.beta", "2", "", ""},
		{"nothing", "2", "", ""},
		{"most", "2", "", ""},
		{"beta", "2\nother: 3", "", ""},
	} {
		got, ok := setValue([]byte(text), strings.Split(c.path, "."), c.value)
		if ok != (c.old != "") {
			t.Errorf("%s=%s: %t", c.path, c.value, ok)
		} else if want := strings.Replace(text, c.old, c.new, 1); ok && string(got) != want {
			t.Errorf("%s=%s: got\n%s\nwant\n%s", c.path, c.value, got, want)
		}
	}
}

// TestInitSet holds that a value given to init means what it means to run.
func TestInitSet(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, family := range families() {
		file := family + ".yaml"
		thrmlgen(t, 0, "init", family, "--out", file, "--set", "sample.chains=3", "--set", "model=mine")
		got, _ := thrmlgen(t, 0, "check", file, "--expand")
		plain := family + "_plain.yaml"
		thrmlgen(t, 0, "init", family, "--out", plain)
		want, _ := thrmlgen(t, 0, "check", plain, "--expand", "--set", "sample.chains=3", "--set", "model=mine")
		if got != want || !strings.Contains(got, "model: mine") {
			t.Errorf("%s: got\n%s\nwant\n%s", family, got, want)
		}
	}
	thrmlgen(t, 3, "init", "--set", "sample.chains=0")
	thrmlgen(t, 2, "init", "--set", "clamp={\"s[0]\": 1}")
	thrmlgen(t, 2, "init", "--set", "nonsense")
	if _, err := os.Stat("model.yaml"); err == nil {
		t.Error("a model was written with a value that was refused")
	}
}
