package main

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The build constraints that files of the runtime may have. What is the same on
// every system has none.
const (
	onOne    = "//go:build !purego" // in files called …_amd64 and …_arm64
	notAmd64 = "//go:build !amd64 || purego"
	notArm64 = "//go:build !arm64 || purego"
)

// assembly collects what only some machines build: assembly for amd64 and arm64, its
// declarations in Go, and what stands for them elsewhere. None of it imports
// anything, so that the text serves as it is.
type assembly struct {
	body    map[string]*strings.Builder // by file of the bundle
	headers map[string]bool             // included already
}

// constraints are those of the files of the bundle.
var constraints = map[string]string{
	"runtime_amd64.s":  onOne,
	"runtime_amd64.go": onOne,
	"runtime_other.go": notAmd64,
	"runtime_arm64.s":  onOne,
	"runtime_arm64.go": onOne,
	otherArmGo:         notArm64,
}

const (
	otherArmGo = "runtime_noneon.go"
	asmInclude = "#include \"textflag.h\""
)

func newAssembly() assembly {
	a := assembly{map[string]*strings.Builder{}, map[string]bool{}}
	for name := range constraints {
		a.body[name] = &strings.Builder{}
	}
	return a
}

// add takes the files of one package.
func (a *assembly) add(paths []string) error {
	paths = slices.Clone(paths)
	slices.Sort(paths)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".h") {
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.Base(path)
		if strings.HasSuffix(name, ".s") {
			text := string(src)
			for _, head := range []string{onOne, asmInclude} {
				_, rest, ok := strings.Cut(text, head+"\n")
				if !ok {
					return fmt.Errorf("%s lacks the line %s", name, head)
				}
				text = rest
			}
			if text, err = a.include(filepath.Dir(path), text); err != nil {
				return err
			}
			to, ok := a.body["runtime"+name[max(0, strings.LastIndexByte(name, '_')):]]
			if !ok {
				return fmt.Errorf("%s is assembly for a machine that the bundle does not know", name)
			}
			to.WriteString(text)
			continue
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, name, src, parser.ParseComments)
		if err != nil {
			return err
		}
		to := ""
		switch c := constraintOf(f); {
		case len(f.Imports) > 0:
			return fmt.Errorf("%s has imports and a build constraint", name)
		case strings.HasSuffix(name, "_amd64.go") && c == onOne:
			to = "runtime_amd64.go"
		case strings.HasSuffix(name, "_arm64.go") && c == onOne:
			to = "runtime_arm64.go"
		case c == notAmd64:
			to = "runtime_other.go"
		case c == notArm64:
			to = otherArmGo
		default:
			return fmt.Errorf("%s has the build constraint %q, which the bundle does not know", name, c)
		}
		a.body[to].Write(src[set.Position(f.Name.End()).Offset:])
	}
	return nil
}

// include puts the header that a file begins with in its place, the first time.
func (a *assembly) include(dir, text string) (string, error) {
	name, rest, ok := strings.Cut(strings.TrimPrefix(text, "#include \""), "\"\n")
	if !ok || !strings.HasPrefix(text, "#include") {
		return text, nil
	}
	if a.headers[name] {
		return rest, nil
	}
	a.headers[name] = true
	header, err := os.ReadFile(filepath.Join(dir, name))
	return "\n" + string(header) + rest, err
}

// constraintOf is the //go:build line of a file.
func constraintOf(f *ast.File) string {
	for _, g := range f.Comments {
		for _, c := range g.List {
			if c.Pos() < f.Package && strings.HasPrefix(c.Text, "//go:build ") {
				return c.Text
			}
		}
	}
	return ""
}

// files are the texts, without a mark on top.
func (a *assembly) files() (map[string][]byte, error) {
	out := map[string][]byte{}
	for name, constraint := range constraints {
		if strings.HasSuffix(name, ".s") {
			out[name] = []byte(constraint + "\n\n" + asmInclude + "\n" + a.body[name].String())
			continue
		}
		src, err := format.Source([]byte(constraint + "\n\npackage runtime\n" + a.body[name].String()))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = src
	}
	return out, nil
}
