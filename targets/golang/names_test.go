package golang

import (
	"go/build"
	"os"
	"reflect"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

func TestPackageNames(t *testing.T) {
	for model, want := range map[string]string{"potts": "potts", "main": "mainmodel", "func": "funcmodel", "init": "initmodel", "a_test": "a_testmodel", "string": "string"} {
		if got, err := packageName(emit.Request{Program: &ir.Program{Model: model}}); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", model, got, err, want)
		}
	}
}

// Whatever the model is called, its file is part of the package on every system
// and is no other file's.
func TestFrameFileIsBuilt(t *testing.T) {
	taken := map[string]bool{"model.go": true, "runtime.go": true, "runtime_other.go": true, "runtime_noneon.go": true, "groups.go": true, "update_000.go": true, "fields_000.go": true}
	for _, model := range []string{"potts", "linux", "a_linux", "a_windows_amd64", "a_test", "test", "a_plan9", "a_arm", "model", "runtime", "runtime_other", "runtime_noneon", "groups", "update_000", "fields_000", "a_go"} {
		name := frameFile(model)
		if taken[name] {
			t.Errorf("%s: %s is another file", model, name)
		}
		dir := t.TempDir()
		writeFile(t, dir+"/"+name, "package a\n")
		for _, system := range [][2]string{{"linux", "amd64"}, {"darwin", "arm64"}, {"windows", "386"}} {
			c := build.Default
			c.GOOS, c.GOARCH = system[0], system[1]
			if ok, err := c.MatchFile(dir, name); !ok || err != nil {
				t.Errorf("%s: %s is left out on %v (%v)", model, name, system, err)
			}
			if p, err := c.ImportDir(dir, 0); err != nil || len(p.GoFiles) != 1 {
				t.Errorf("%s: %s: %v", model, name, err)
			}
		}
	}
}

func TestExportedNames(t *testing.T) {
	names := []string{"x", "visible_units", "a_b", "a__b", "a.b", "x1_2", "x12", "s.spin"}
	want := []string{"IndexX", "IndexVisibleUnits", "IndexA_b", "IndexA__b", "IndexA__B", "IndexX1_2", "IndexX12", "IndexSSpin"}
	if got := exportedNames("Index", names); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
