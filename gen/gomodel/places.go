package gomodel

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/models"
)

// sources are the user's files that positions are in, by the name that messages
// show.
type sources map[string]*source

type source struct {
	path  string // absolute
	read  bool
	bytes []byte
	fset  *token.FileSet
	file  *ast.File // nil if it cannot be parsed
}

// pos is a place in a file, which is remembered.
func (s sources) pos(path string, line, col int) diag.Pos {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	name := shown(path)
	if s[name] == nil {
		s[name] = &source{path: path}
	}
	return diag.Pos{File: name, Line: line, Col: col}
}

func (s sources) text(name string) []byte {
	f := s[name]
	if f == nil {
		return nil
	}
	if !f.read {
		f.read = true
		f.bytes, _ = os.ReadFile(f.path) // without it there is no excerpt
		f.fset = token.NewFileSet()
		f.file, _ = parser.ParseFile(f.fset, f.path, f.bytes, parser.SkipObjectResolution)
	}
	return f.bytes
}

// find is the place of a call in the user's source, of one of its arguments or of
// a field of one, as exactly as the source lets it be found; width is the bytes
// to underline.
func (m *Model) find(at models.Source) (pos diag.Pos, width int) {
	if at.File == "" {
		return diag.Pos{}, 0
	}
	pos = m.sources.pos(at.File, at.Line, 1)
	text := m.sources.text(pos.File)
	f := m.sources[pos.File]
	if f.file != nil {
		if n := f.node(at, m.sites(at)); n != nil {
			p, width := exprPos(f.fset, n)
			pos.Line, pos.Col = p.Line, p.Column
			return pos, width
		}
	}
	if lines := strings.Split(string(text), "\n"); at.Line >= 1 && at.Line <= len(lines) {
		line := lines[at.Line-1]
		trimmed := strings.TrimLeft(line, " \t")
		return diag.Pos{File: pos.File, Line: pos.Line, Col: 1 + len(line) - len(trimmed)}, len(strings.TrimSpace(trimmed))
	}
	return pos, 0
}

// sites are the places that make the call of at on its line, in the order in
// which they are reached.
func (m *Model) sites(at models.Source) []uint64 {
	var sites []uint64
	add := func(x models.Source) {
		if x.File == at.File && x.Line == at.Line && x.Call == at.Call && !slices.Contains(sites, x.Site) {
			sites = append(sites, x.Site)
		}
	}
	if m.Encoded != nil {
		for _, p := range m.Places {
			add(p.Source)
		}
		for _, p := range m.Problems {
			add(p.Source)
		}
	}
	slices.Sort(sites)
	return sites
}

// node is the part of the syntax that at means, nil if it cannot be told.
func (f *source) node(at models.Source, sites []uint64) ast.Node {
	var calls []*ast.CallExpr
	ast.Inspect(f.file, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			if id := calledName(c); id != nil && id.Name == at.Call && f.fset.Position(id.Pos()).Line == at.Line {
				calls = append(calls, c)
			}
		}
		return true
	})
	if len(calls) == 0 {
		return nil
	}
	// Of several calls on the line, those that end first are made first.
	slices.SortFunc(calls, func(a, b *ast.CallExpr) int { return int(a.End() - b.End()) })
	call := calls[0]
	if i := slices.Index(sites, at.Site); len(sites) == len(calls) && i >= 0 {
		call = calls[i]
	}
	name := calledName(call)
	if at.Arg < 1 || at.Arg > len(call.Args) || call.Ellipsis.IsValid() && at.Arg >= len(call.Args) {
		return name
	}
	var part ast.Node = call.Args[at.Arg-1]
	for field := range strings.SplitSeq(at.Field, ".") {
		if inner := fieldOf(part, field); inner != nil {
			part = inner
		}
	}
	return part
}

// calledName is the name of the function or method called.
func calledName(c *ast.CallExpr) *ast.Ident {
	fun := ast.Unparen(c.Fun)
	switch x := fun.(type) { // with explicit type arguments
	case *ast.IndexExpr:
		fun = x.X
	case *ast.IndexListExpr:
		fun = x.X
	}
	switch x := fun.(type) {
	case *ast.SelectorExpr:
		return x.Sel
	case *ast.Ident:
		return x
	}
	return nil
}

// fieldOf is the value of a field in a composite literal.
func fieldOf(n ast.Node, field string) ast.Node {
	if u, ok := n.(*ast.UnaryExpr); ok {
		n = u.X
	}
	lit, ok := n.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok && key.Name == field {
				return kv.Value
			}
		}
	}
	return nil
}

// Place gives a problem in the model's YAML its place in the user's source.
func (m *Model) Place(p diag.Problem) diag.Problem {
	if p.Pos.File != m.Name || p.Pos.Line == 0 {
		return p
	}
	if pos, width := m.find(m.At(p.Pos.Line, p.Pos.Col)); pos.Line > 0 {
		p.Text, p.Help = m.lines(p.Text, pos), m.lines(p.Help, pos)
		p.Pos, p.Width = pos, width
	}
	return p
}

var lineInText = regexp.MustCompile(`\b(on |at |)line (\d+)(?:, column (\d+))?`)

// lines gives lines of the YAML that a message names their places in the user's
// source.
func (m *Model) lines(text string, at diag.Pos) string {
	return lineInText.ReplaceAllStringFunc(text, func(s string) string {
		groups := lineInText.FindStringSubmatch(s)
		line, _ := strconv.Atoi(groups[2])
		col, _ := strconv.Atoi(groups[3])
		source := m.firstOf(line)
		if col > 0 {
			source = m.At(line, col)
		}
		pos, _ := m.find(source)
		switch {
		case pos.Line == 0:
			return s
		case pos.File != at.File:
			return fmt.Sprintf("at %s:%d", pos.File, pos.Line)
		case col > 0:
			return fmt.Sprintf("%sline %d, column %d", groups[1], pos.Line, pos.Col)
		}
		return fmt.Sprintf("%sline %d", groups[1], pos.Line)
	})
}

// firstOf is the source of what a line of the YAML begins with.
func (m *Model) firstOf(line int) models.Source {
	for _, p := range m.Places {
		if p.Line == line {
			return p.Source
		}
	}
	return models.Source{}
}
