// Package gomodel reads models that are written in Go: PACKAGE#Func names a
// function of a package of the user's,
//
//	func Torus() *models.Model
//	func Torus() (*models.Model, error)
//
// which builds the model with package models. Load has the go command find and
// type-check the package (find.go), makes a program of the function, runs it and
// reads what it prints (evaluate.go): the model as YAML, with arrays, and for
// each of its parts the call in the user's source that it comes from. Whatever is
// found to be wrong in the YAML later is reported there (places.go).
//
// A model file names code in Go, too: samplers, starts and observers. Code (code.go)
// finds and checks these in the same way; they are not run here.
//
// The user's module is taken as it is, with its vendor folder, workspace and
// flags; nothing is downloaded.
package gomodel

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/thrmlgen/thrmlgen/gen/compile"
	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/models"
)

// Limits of one evaluation.
const (
	MaxTime   = 2 * time.Minute // that the function may run
	MaxOutput = 1 << 30         // bytes that it may print, the model included
)

// Model is what a model function gave.
type Model struct {
	*models.Encoded
	Name    string // PACKAGE#Func, the file of positions in the YAML
	Dir     string // of the package; files that the model names are beside its code
	sources sources
}

// Split takes PACKAGE#Func apart; ok is false for any other name.
func Split(name string) (pkg, function string, ok bool) {
	pkg, function, ok = strings.Cut(name, "#")
	return pkg, function, ok && !strings.ContainsAny(function, "/.#")
}

// Load evaluates the function that a name PACKAGE#Func names; the package is as
// the go command takes it, ./energy or example.com/project/energy. With problems
// the Model holds the sources that they point into.
func Load(ctx context.Context, name string) (*Model, *diag.List) {
	return load(ctx, name, MaxTime, MaxOutput)
}

func load(ctx context.Context, name string, maxTime time.Duration, maxOutput int) (*Model, *diag.List) {
	l := &loader{ctx: ctx, name: name, list: &diag.List{}, maxTime: maxTime, maxOutput: maxOutput,
		model: &Model{Name: name, sources: sources{}}}
	l.load()
	return l.model, l.list
}

// loader is one run of Load.
type loader struct {
	ctx       context.Context
	name      string
	list      *diag.List
	model     *Model
	maxTime   time.Duration
	maxOutput int

	dir string   // that import paths are taken from, "" the working directory
	at  diag.Pos // of problems without a place in a Go file; zero: the name

	tool string   // the go command
	env  []string // of it and of the user's function
}

var plainPattern = regexp.MustCompile(`^[\pL\pN_.~/@+\\:-]+$`)

func (l *loader) load() {
	pattern, function, _ := Split(l.name)
	switch {
	case pattern == "":
		l.failf(diag.GoPackage, "for the package of this folder write .#"+function, "no package is named before the #")
		return
	case !plainPattern.MatchString(pattern) || pattern[0] == '-' || strings.Contains(pattern, "...") || strings.Contains(pattern, "="):
		l.failf(diag.GoPackage, "name it as the go command does: ./energy, or by its import path", "%s is not one package", diag.Quote(pattern))
		return
	case function == "":
		l.failf(diag.GoFunction, "name the function: "+pattern+"#Model", "no function is named after the #")
		return
	}
	if !l.findGo() {
		return
	}
	f, ok := l.find(pattern, function)
	if !ok {
		return
	}
	l.evaluate(f)
}

// failf reports a problem that has no place in a file.
func (l *loader) failf(code, help, format string, args ...any) {
	l.list.Add(diag.Problem{Pos: l.place(), Code: code, Text: fmt.Sprintf(format, args...), Help: help})
}

// place is where problems are that have none in a Go file.
func (l *loader) place() diag.Pos {
	if l.at != (diag.Pos{}) {
		return l.at
	}
	return diag.Pos{File: l.name}
}

// findGo looks for the go command and makes its environment: that of package
// compile, but with the user's modules.
func (l *loader) findGo() bool {
	tool, err := compile.FindGo(l.ctx)
	if err == nil {
		l.tool = tool
		l.env, err = compile.UserEnvironment(tool)
	}
	if err != nil {
		l.environment(err)
		return false
	}
	return true
}

// environment reports a failure that is not the model's.
func (l *loader) environment(err error) {
	p := l.list.Envf(l.place(), diag.Environment, "%v", err)
	if t, ok := err.(*compile.ToolError); ok {
		p.Help = t.Help
		if strings.Contains(p.Help, "--compiled") {
			p.Help = "a model in Go needs the go command: install Go from https://go.dev/dl/, or write the model as YAML"
			if l.at != (diag.Pos{}) {
				p.Help = "code in Go needs the go command: install Go from https://go.dev/dl/"
			}
		}
	}
}

// SourceOf is the text of a file of the user's that a position is in.
func (m *Model) SourceOf(file string) []byte { return m.sources.text(file) }

// lastLine is the last line of what a program printed.
func lastLine(b []byte) string {
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return string(lines[len(lines)-1])
}

// shown is a file as messages name it: relative to the working directory where
// that is shorter.
func shown(file string) string {
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, file); err == nil && len(rel) < len(file) {
			return rel
		}
	}
	return file
}
