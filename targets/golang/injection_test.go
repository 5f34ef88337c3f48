package golang_test

import (
	"fmt"
	"go/build"
	"go/scanner"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

// awkward are good names that Go, its tools or the emitted package have another
// use for.
var awkward = strings.Fields(`
	func type package import var const return switch range select go defer chan map interface struct
	string len cap new make append copy panic print error any nil iota int int32 uint64 float64 rune byte max min clear
	init main runtime model sampler sampling options observer schedule clamp chains warmup samples steps_per_sample seed n
	index indices group groups update update_000 fields fields_000 state_fields program_vars state sweep block
	foo_test test x_arm64 a_linux windows_amd64 amd64 linux unix cgo js wasm a_plan9 doc c builtin unsafe internal vendor testdata
	fmt os math strconv a_b a__b a___b ab a_b_ a1 a_1 x y z i j k st f s t embed std cmd`)

// renamed is the program under other names: variables, factors and groups in
// turn take what names gives.
func renamed(p *ir.Program, groups []emit.Group, names func(i int) string) (*ir.Program, []emit.Group) {
	q := *p
	i := 0
	next := func() string {
		i++
		return names(i - 1)
	}
	q.Model = next()
	q.Vars, q.Factors = slices.Clone(p.Vars), slices.Clone(p.Factors)
	for v := range q.Vars {
		q.Vars[v].Name = next()
	}
	for f := range q.Factors {
		q.Factors[f].Name = next()
	}
	groups = slices.Clone(groups)
	for g := range groups {
		groups[g].Name = next()
	}
	return &q, groups
}

// tokens are the kinds of the tokens of a Go file, without comments.
func tokens(t *testing.T, name string, src []byte) []token.Token {
	t.Helper()
	set := token.NewFileSet()
	var s scanner.Scanner
	s.Init(set.AddFile(name, set.Base(), len(src)), src, func(pos token.Position, msg string) { t.Errorf("%v: %s", pos, msg) }, 0)
	var kinds []token.Token
	for {
		_, kind, _ := s.Scan()
		if kind == token.EOF {
			return kinds
		}
		kinds = append(kinds, kind)
	}
}

// directive is whatever a Go tool takes out of a comment.
var directive = regexp.MustCompile(`//\s*(go:|line |export |extern |\+build)|/\*line |#cgo`)

// TestNamesChangeNoToken emits random models under names that stand for nothing
// and under awkward ones: the code is the same, token for token, and no byte
// outside of ASCII and nothing that a tool would obey comes in.
func TestNamesChangeNoToken(t *testing.T) {
	plain := func(i int) string { return fmt.Sprintf("name%d", i) }
	for n := uint64(0); n < 60; n++ {
		p := targettest.Random(n)
		if p == nil {
			continue
		}
		groups := []emit.Group{{Nodes: []int32{0}}, {Nodes: []int32{int32(p.Nodes - 1)}}}
		other := func(i int) string { return awkward[(i*i+7*int(n)+i)%len(awkward)] }
		if n == 0 {
			other = func(i int) string { return strings.Repeat("a", 200) + fmt.Sprint(i) }
		}
		// Names of one kind are different in a model; the formula may repeat.
		seen := map[string]int{}
		distinct := func(i int) string {
			name := other(i)
			if seen[name]++; seen[name] > 1 {
				name = fmt.Sprintf("%s_%d", name, seen[name])
			}
			return name
		}
		req := emit.Request{Unroll: []int{0, -1}[n%2], Runtime: []string{emit.Bundle, emit.Import}[n/2%2]}
		want, got := req, req
		want.Program, want.Groups = renamed(p, groups, plain)
		got.Program, got.Groups = renamed(p, groups, distinct)
		a, err := golang.Emit(want)
		if err != nil {
			t.Fatal(err)
		}
		b, err := golang.Emit(got)
		if err != nil {
			t.Fatalf("model %d: %v", n, err)
		}
		if len(a) != len(b) {
			t.Fatalf("model %d: %d files, then %d", n, len(a), len(b))
		}
		for i := range a {
			if !strings.HasSuffix(a[i].Path, ".go") {
				continue
			}
			if !slices.Equal(tokens(t, a[i].Path, a[i].Data), tokens(t, b[i].Path, b[i].Data)) {
				t.Errorf("model %d: other tokens in %s and %s", n, a[i].Path, b[i].Path)
			}
			if x, y := directive.FindAllString(string(a[i].Data), -1), directive.FindAllString(string(b[i].Data), -1); !slices.Equal(x, y) {
				t.Errorf("model %d: directives %q in %s, %q in %s", n, x, a[i].Path, y, b[i].Path)
			}
			if x, y := foreignBytes(a[i].Data), foreignBytes(b[i].Data); x != y {
				t.Errorf("model %d: %s has %d bytes outside of ASCII, %s %d", n, a[i].Path, x, b[i].Path, y)
			}
		}
	}
}

// foreignBytes counts bytes outside of printable ASCII.
func foreignBytes(b []byte) (n int) {
	for _, c := range b {
		if c > 0x7e || c < ' ' && c != '\n' && c != '\t' {
			n++
		}
	}
	return n
}

// TestAwkwardNamesCompile builds one package for each awkward model name and one
// in which variables, factors and groups have all of them; no file drops out of
// a package on any system.
func TestAwkwardNamesCompile(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles packages")
	}
	dir := t.TempDir()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "go.mod", "module awkward\n\ngo 1.24\n\nrequire github.com/thrmlgen/thrmlgen v0.0.0\n\nreplace github.com/thrmlgen/thrmlgen => "+root+"\n")
	var imports, uses strings.Builder
	add := func(i int, req emit.Request) {
		sub := filepath.Join(dir, fmt.Sprintf("p%d", i))
		files, err := golang.Emit(req)
		if err != nil {
			t.Fatalf("%s: %v", req.Program.Model, err)
		}
		var names []string
		for _, f := range files {
			write(t, sub, f.Path, string(f.Data))
			if strings.HasSuffix(f.Path, ".go") && !strings.HasPrefix(f.Path, "runtime_") {
				names = append(names, f.Path)
			}
		}
		slices.Sort(names)
		fmt.Fprintf(&imports, "import p%d \"awkward/p%[1]d\"\n", i)
		fmt.Fprintf(&uses, "var _, _ = p%d.New(p%[1]d.Options{Chains: 1})\n", i)
		for _, system := range [][2]string{{"linux", "amd64"}, {"darwin", "arm64"}, {"windows", "386"}, {"plan9", "arm"}, {"js", "wasm"}} {
			c := build.Default
			c.GOOS, c.GOARCH, c.CgoEnabled = system[0], system[1], false
			p, err := c.ImportDir(sub, 0)
			remain := slices.DeleteFunc(slices.Clone(p.GoFiles), func(name string) bool { return strings.HasPrefix(name, "runtime_") })
			if err != nil || !slices.Equal(remain, names) {
				t.Errorf("model %s on %v: of %v remain %v (%v)", req.Program.Model, system, names, p.GoFiles, err)
			}
			if req.Runtime != emit.Import && len(p.GoFiles) != len(names)+2 { // what stands for amd64 and for arm64
				t.Errorf("on %v the runtime takes %v", system, p.GoFiles)
			}
		}
	}
	small, _ := targettest.Parse("model: m\nvariables: {s: {kind: spin, shape: [2]}}\nfactors: [{over: [s, s], index: pairs, weights: 1.0}]\n")
	for i, name := range awkward {
		q := *small
		q.Model = name
		add(i, emit.Request{Program: &q, Runtime: emit.Import})
	}
	var vars, factors, groups strings.Builder
	for i, name := range awkward {
		fmt.Fprintf(&vars, "  %q: {kind: spin, shape: [2]}\n", name)
		fmt.Fprintf(&factors, "  - {name: %q, over: [%[1]q, %[1]q], index: pairs, weights: 0.%d}\n", name, i%9+1)
		fmt.Fprintf(&groups, "  %q: %q\n", "g_"+name, name)
	}
	all, named := targettest.Parse("model: string\nvariables:\n" + vars.String() + "groups:\n" + groups.String() + "factors:\n" + factors.String())
	req := emit.Request{Program: all}
	for i, g := range named {
		req.Groups = append(req.Groups, emit.Group{Name: awkward[i], Nodes: g.Nodes})
	}
	add(len(awkward), req)
	write(t, dir, "main.go", "package main\n\n"+imports.String()+uses.String()+"\nfunc main() {}\n")
	goTool(t, dir, nil, "vet", "./...")
}

// TestHostileNamesAreRefused puts text that is no name where a name stands. It
// is a fault of the model, and nothing of it is emitted.
func TestHostileNamesAreRefused(t *testing.T) {
	for _, name := range []string{
		"", "true", "A", "1a", "_a", "a b", "a-b", "a.b", "é", "ａ", "a\u200b", "x\npackage y", "x*/ func init(){} /*", "`", "//go:embed /etc/passwd",
		"+build ignore", "a\\", "a\x00", "a\u2028b", "a/../b", "a;b", "a\"b", "${x}", "{{.X}}", "%s", strings.Repeat("a", 1000),
	} {
		for _, model := range []string{
			"model: NAME\nvariables: {s: {kind: spin}}\nfactors: [{over: [s], index: all, weights: 1.0}]\n",
			"model: m\nvariables: {NAME: {kind: spin}}\nfactors: [{over: [NAME], index: all, weights: 1.0}]\n",
			"model: m\nvariables: {s: {kind: spin}}\nfactors: [{name: NAME, over: [s], index: all, weights: 1.0}]\n",
			"model: m\nvariables: {s: {kind: spin}}\ngroups: {NAME: s}\nfactors: [{over: [s], index: all, weights: 1.0}]\n",
		} {
			text := strings.ReplaceAll(model, "NAME", yamlQuoted(name))
			m, list := gen.Check(gen.Source{Name: "m.yaml", Text: []byte(text)})
			if list.Len() == 0 {
				t.Errorf("%q was taken in\n%s", name, text)
				gen.Generate(gen.Request{Model: m, Target: "go"})
				continue
			}
			if code := list.ExitCode(); code != 3 && code != 5 {
				t.Errorf("%q: exit %d in\n%s", name, code, text)
			}
			var b strings.Builder
			diag.Render(&b, list, nil)
		}
	}
}

// yamlQuoted is a double-quoted scalar.
func yamlQuoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ':
			fmt.Fprintf(&b, "\\x%02x", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
