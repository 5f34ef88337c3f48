package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// The bundled runtime is that of the packages as they are now.
func TestNoDrift(t *testing.T) {
	want, err := bundle(runtimePackages)
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range want {
		got, err := os.ReadFile("../../bundle/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, src) {
			t.Errorf("bundle/%s.txt is not what the runtime packages are now: run go generate ./targets/golang", name)
		}
	}
}

// The frame of an emitted package declares names behind these prefixes; the
// runtime leaves them free.
func TestReservedPrefixes(t *testing.T) {
	src, err := os.ReadFile("../../bundle/runtime.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), "runtime.go", src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range topLevel(f) {
		for _, prefix := range []string{"Index", "Group", "program", "updateBlock", "stateFields"} {
			if strings.HasPrefix(name, prefix) {
				t.Errorf("%s: names that begin with %s are for emitted code", name, prefix)
			}
		}
	}
}

// topLevel lists what a file declares, but for methods.
func topLevel(f *ast.File) []string {
	var names []string
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, spec.Name.Name)
				case *ast.ValueSpec:
					for _, n := range spec.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}
