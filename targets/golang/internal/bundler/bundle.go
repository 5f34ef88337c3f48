package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
)

const runtimePath = "github.com/thrmlgen/thrmlgen/runtime/"

// bundle merges runtime packages into files of package runtime: runtime.go, and where
// they have assembly what belongs to it, see assembly.go.
func bundle(names []string) (map[string][]byte, error) {
	pkgs, err := load(names)
	if err != nil {
		return nil, err
	}
	m := &merger{assembly: newAssembly(), merged: map[string]bool{}, declared: map[string]string{}, imports: map[string]string{}}
	for _, p := range pkgs {
		m.merged[p.PkgPath] = true
	}
	for _, p := range pkgs {
		if err := m.add(p); err != nil {
			return nil, err
		}
	}
	for name, path := range m.imports {
		if where, ok := m.declared[name]; ok {
			return nil, fmt.Errorf("%s declares %s, which is the name of the import %q", where, name, path)
		}
	}
	merged, err := format.Source(m.file())
	if err != nil {
		return nil, err
	}
	files, err := m.assembly.files()
	if err != nil {
		return nil, err
	}
	files["runtime.go"] = merged
	return files, nil
}

// load type-checks the packages, in the order of names.
func load(names []string) ([]*packages.Package, error) {
	var patterns []string
	for _, n := range names {
		patterns = append(patterns, runtimePath+n)
	}
	// The files for amd64 are the same ones on every machine.
	cfg := &packages.Config{Env: append(os.Environ(), "GOARCH=amd64", "CGO_ENABLED=0"), Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps |
		packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo}
	loaded, err := packages.Load(cfg, patterns...)
	if err != nil {
		return nil, err
	}
	var pkgs []*packages.Package
	for _, pattern := range patterns {
		for _, p := range loaded {
			if p.PkgPath != pattern {
				continue
			}
			for _, e := range p.Errors {
				return nil, fmt.Errorf("%s: %w", pattern, e)
			}
			if len(p.EmbedFiles) > 0 {
				return nil, fmt.Errorf("%s has files that cannot be merged: %v", pattern, p.EmbedFiles)
			}
			pkgs = append(pkgs, p)
		}
	}
	if len(pkgs) != len(names) {
		return nil, errors.New("a package is missing")
	}
	return pkgs, nil
}

// merger collects the text of packages.
type merger struct {
	merged   map[string]bool   // import paths that are merged
	declared map[string]string // top-level identifier → package
	imports  map[string]string // name → path
	body     bytes.Buffer
	assembly assembly
}

// add merges the files of one package.
func (m *merger) add(p *packages.Package) error {
	for _, name := range p.Types.Scope().Names() {
		if where, ok := m.declared[name]; ok {
			return fmt.Errorf("%s is declared in %s and in %s; top-level identifiers of the runtime must be unique", name, where, p.PkgPath)
		}
		m.declared[name] = p.PkgPath
	}
	fmt.Fprintf(&m.body, "\n// Package %s.\n", strings.TrimPrefix(p.PkgPath, "github.com/thrmlgen/thrmlgen/"))
	files := append([]*ast.File(nil), p.Syntax...)
	sort.Slice(files, func(i, j int) bool {
		return p.Fset.Position(files[i].Pos()).Filename < p.Fset.Position(files[j].Pos()).Filename
	})
	for _, f := range files {
		name := p.Fset.Position(f.Pos()).Filename
		if constraintOf(f) != "" {
			p.OtherFiles = append(p.OtherFiles, name)
			continue
		}
		if err := m.addFile(p, f); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
	}
	return m.assembly.add(append(p.OtherFiles, p.IgnoredFiles...))
}

// addFile appends what stands below the imports of a file, with the qualifiers
// of merged packages taken away. It works on the text, so that comments stay
// where they are.
func (m *merger) addFile(p *packages.Package, f *ast.File) error {
	tf := p.Fset.File(f.Pos())
	src, err := os.ReadFile(tf.Name())
	if err != nil {
		return err
	}
	from := tf.Offset(f.Name.End())
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			from = tf.Offset(g.End())
		}
	}
	for _, spec := range f.Imports {
		if err := m.addImport(p, spec); err != nil {
			return err
		}
	}
	var cuts [][2]int
	var bad error
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if !ok {
			return true
		}
		pkg, ok := p.TypesInfo.Uses[x].(*types.PkgName)
		if !ok || !m.merged[pkg.Imported().Path()] {
			return true
		}
		if _, obj := p.Types.Scope().Innermost(sel.Pos()).LookupParent(sel.Sel.Name, sel.Pos()); obj != nil && obj.Parent() != types.Universe {
			bad = fmt.Errorf("%s.%s would mean %v", x.Name, sel.Sel.Name, obj)
		}
		cuts = append(cuts, [2]int{tf.Offset(sel.Pos()), tf.Offset(sel.Sel.Pos())})
		return true
	})
	if bad != nil {
		return bad
	}
	m.doc(f)
	for _, c := range cuts {
		m.body.Write(src[from:c[0]])
		from = c[1]
	}
	m.body.Write(src[from:])
	m.body.WriteString("\n")
	return nil
}

// doc keeps a package comment as a comment of the merged file.
func (m *merger) doc(f *ast.File) {
	if f.Doc == nil {
		return
	}
	m.body.WriteString("//\n")
	for _, c := range f.Doc.List {
		m.body.WriteString(c.Text + "\n")
	}
	m.body.WriteString("\n")
}

func (m *merger) addImport(p *packages.Package, spec *ast.ImportSpec) error {
	importPath, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return err
	}
	switch {
	case m.merged[importPath]:
		return nil
	case spec.Name != nil:
		return fmt.Errorf("import %q has a name of its own", importPath)
	case strings.Contains(importPath, "."):
		return fmt.Errorf("import %q is not of the standard library", importPath)
	}
	name := p.Imports[importPath].Name
	if was, ok := m.imports[name]; ok && was != importPath {
		return fmt.Errorf("imports %q and %q share a name", was, importPath)
	}
	m.imports[name] = importPath
	return nil
}

// file is the merged text, yet to be formatted.
func (m *merger) file() []byte {
	var b bytes.Buffer
	b.WriteString("// The runtime of thrmlgen in one file: the packages " + strings.Join(packageNames(m.merged), ", ") + ".\n\n")
	b.WriteString("package runtime\n\nimport (\n")
	var paths []string
	for _, p := range m.imports {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	for _, p := range paths {
		fmt.Fprintf(&b, "\t%q\n", p)
	}
	b.WriteString(")\n")
	b.Write(m.body.Bytes())
	return b.Bytes()
}

func packageNames(merged map[string]bool) []string {
	var names []string
	for p := range merged {
		names = append(names, path.Base(p))
	}
	sort.Strings(names)
	return names
}
