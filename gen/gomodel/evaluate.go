package gomodel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/models"
)

// evaluate makes a program of a model function, runs it and takes the model from
// what it prints.
func (l *loader) evaluate(f *modelFunc) {
	work, err := os.MkdirTemp("", "thrmlgen-model-")
	if err != nil {
		l.environment(err)
		return
	}
	defer os.RemoveAll(work)
	binary, ok := l.build(f, work)
	if !ok {
		return
	}
	printed, ok := l.run(f, binary)
	if !ok {
		return
	}
	message, err := models.ReadMessage(printed)
	var version *models.VersionError
	switch {
	case errors.As(err, &version):
		l.otherVersion(f.declared, len(f.name), version.Version)
		return
	case err != nil:
		l.atFunction(f, diag.GoRun, "", "%s gave no model: %v", f.name, err)
		return
	}
	l.take(f, message)
}

// mainOf is a program that calls a model function of another package; mainIn is
// one inside a package main, which ends before its main function begins.
const (
	mainOf = `package main

import (
	pkg %q
	"github.com/thrmlgen/thrmlgen/models"
)

func main() { models.Main(%s) }
`
	mainIn = `package main

import %s "github.com/thrmlgen/thrmlgen/models"

func init() { %[1]s.Main(%s) }
`
)

// build compiles the program. It is laid over the user's files (an overlay of the
// go command), below the package, so that internal packages can be models, too.
func (l *loader) build(f *modelFunc, work string) (binary string, ok bool) {
	var file, text string
	dir := f.pkg.Dir
	if f.pkg.Name == "main" {
		alias := "thrmlgenmodels"
		for f.pkg.Types.Scope().Lookup(alias) != nil {
			alias += "_"
		}
		text = fmt.Sprintf(mainIn, alias, call(f, f.name, alias))
		// Its name sorts last, so that the other files' init functions run before.
		file = unused(dir, "zz_thrmlgen_model", ".go")
	} else {
		if f.pkg.Module != nil && !f.pkg.Module.Main {
			if dir, ok = l.moduleDir(); !ok {
				return "", false
			}
		}
		text = fmt.Sprintf(mainOf, f.pkg.PkgPath, call(f, "pkg."+f.name, "models"))
		file = filepath.Join(unused(dir, "thrmlgen_model", ""), "main.go")
	}
	copied := filepath.Join(work, "main.go")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{file: copied}})
	if err == nil {
		err = errors.Join(os.WriteFile(copied, []byte(text), 0o666), os.WriteFile(filepath.Join(work, "overlay.json"), overlay, 0o666))
	}
	if err != nil {
		l.environment(err)
		return "", false
	}
	binary = filepath.Join(work, "model.exe")
	cmd := exec.CommandContext(l.ctx, l.tool, "build", "-buildvcs=false", "-trimpath=false", "-overlay", filepath.Join(work, "overlay.json"), "-o", binary, ".")
	cmd.Dir, cmd.Env = filepath.Dir(file), l.env
	if f.pkg.Name != "main" { // the folder of the program is in the overlay only
		cmd.Dir = dir
		cmd.Args[len(cmd.Args)-1] = "./" + filepath.Base(filepath.Dir(file))
	}
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		l.buildErrors(f, dir, string(out), err)
		return "", false
	}
	return binary, true
}

// call is the argument of models.Main.
func call(f *modelFunc, name, alias string) string {
	if f.fails {
		return name
	}
	return fmt.Sprintf("func() (*%s.Model, error) { return %s(), nil }", alias, name)
}

// unused is a path in a folder that nothing is at.
func unused(dir, stem, ext string) string {
	path := filepath.Join(dir, stem+ext)
	for i := 2; ; i++ {
		if _, err := os.Lstat(path); err != nil {
			return path
		}
		path = filepath.Join(dir, stem+"_"+strconv.Itoa(i)+ext)
	}
}

// moduleDir is the folder of the module that the working directory is in.
func (l *loader) moduleDir() (string, bool) {
	cmd := exec.CommandContext(l.ctx, l.tool, "env", "GOMOD")
	cmd.Env = l.env
	out, err := cmd.Output()
	if file := strings.TrimSpace(string(out)); err == nil && file != "" && file != os.DevNull {
		return filepath.Dir(file), true
	}
	l.failf(diag.GoPackage, "run thrmlgen inside a Go module", "the working directory is in no Go module")
	return "", false
}

var compileError = regexp.MustCompile(`(?m)^(.+?\.go):(\d+):(\d+): (.*)$`)

// buildErrors reports what the compiler said.
func (l *loader) buildErrors(f *modelFunc, dir, out string, err error) {
	if l.ctx.Err() != nil {
		l.environment(context.Cause(l.ctx))
		return
	}
	if !l.compileErrors(dir, out) {
		l.atFunction(f, diag.GoCode, "", "no program can be made of %s: %v: %s", f.name, err, goText(out))
	}
}

// compileErrors reports the lines file:line:col: text of what the go command
// says; it is false if there is none.
func (l *loader) compileErrors(dir, out string) bool {
	found := compileError.FindAllStringSubmatch(out, -1)
	for _, m := range found {
		line, _ := strconv.Atoi(m[2])
		col, _ := strconv.Atoi(m[3])
		l.list.Addf(l.model.sources.pos(from(dir, m[1]), line, col), diag.GoCode, "%s", m[4])
	}
	return len(found) > 0
}

// atFunction reports a problem at the declaration of the function.
func (l *loader) atFunction(f *modelFunc, code, help, format string, args ...any) *diag.Problem {
	p := l.list.Addf(f.declared, code, format, args...)
	p.Width, p.Help = len(f.name), help
	return p
}

// limited keeps the first bytes of what is written, and refuses what is too much
// if that is an error.
type limited struct {
	b      bytes.Buffer // not embedded: its ReadFrom knows no limit
	limit  int
	strict bool
	over   bool
}

var errTooMuch = errors.New("too much output")

func (w *limited) Write(b []byte) (int, error) {
	room := w.limit - w.b.Len()
	if len(b) <= room {
		return w.b.Write(b)
	}
	w.over = true
	w.b.Write(b[:room])
	if w.strict {
		return room, errTooMuch
	}
	return len(b), nil
}

// run runs the program in the folder of the package and returns what it printed.
func (l *loader) run(f *modelFunc, binary string) ([]byte, bool) {
	ctx, cancel := context.WithTimeout(l.ctx, l.maxTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary)
	cmd.Dir, cmd.Env = f.pkg.Dir, l.env
	stdout, stderr := &limited{limit: l.maxOutput, strict: true}, &limited{limit: 1 << 16}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case l.ctx.Err() != nil:
		l.environment(context.Cause(l.ctx))
	case stdout.over:
		l.atFunction(f, diag.GoRun, "large data belong in files that the model names with models.File", "%s gives more than %d bytes", f.name, l.maxOutput).
			Class = diag.Limit
	case ctx.Err() != nil:
		l.atFunction(f, diag.GoRun, "a model function builds a model and returns it; it does no more", "%s does not return within %v", f.name, l.maxTime).
			Class = diag.Limit
	case errors.As(err, &exit):
		l.crashed(f, stderr.b.Bytes(), exit)
	case err != nil:
		l.environment(err)
	default:
		return stdout.b.Bytes(), true
	}
	return nil, false
}

var traceLine = regexp.MustCompile(`(?m)^\t(.+\.go):(\d+)`)

// crashed reports a program that ended by itself: by os.Exit, or by a panic in
// another goroutine, whose trace says where.
func (l *loader) crashed(f *modelFunc, stderr []byte, exit *exec.ExitError) {
	text, help := fmt.Sprintf("the program ended (%v) before %s returned", exit, f.name), ""
	head, trace, panicked := bytes.Cut(stderr, []byte("\ngoroutine "))
	if !panicked {
		if last := lastLine(stderr); last != "" {
			help = "it printed last: " + last
		}
		l.atFunction(f, diag.GoRun, help, "%s", text)
		return
	}
	var calls []models.Source
	for _, m := range traceLine.FindAllSubmatch(trace, -1) {
		line, _ := strconv.Atoi(string(m[2]))
		calls = append(calls, models.Source{File: string(m[1]), Line: line})
	}
	l.panicked(f, string(bytes.TrimSpace(head)), calls)
}

// panicked reports a panic at the innermost call in the user's own code.
func (l *loader) panicked(f *modelFunc, text string, calls []models.Source) {
	text = strings.TrimPrefix(text, "panic: ")
	line, _, _ := strings.Cut(text, "\n")
	root := f.pkg.Dir
	if f.pkg.Module != nil && f.pkg.Module.Dir != "" {
		root = f.pkg.Module.Dir
	}
	for _, c := range calls {
		if rel, err := filepath.Rel(root, c.File); err == nil && filepath.IsLocal(rel) && !strings.HasPrefix(rel, "vendor"+string(filepath.Separator)) {
			pos, width := l.model.find(c)
			l.list.Addf(pos, diag.GoRun, "panic: %s", line).Width = width
			return
		}
	}
	l.atFunction(f, diag.GoRun, "", "panic: %s", line)
}

// take takes the model from a message.
func (l *loader) take(f *modelFunc, m *models.Message) {
	switch {
	case m.Panic != nil:
		l.panicked(f, m.Error, m.Panic)
		return
	case m.Error != "":
		l.atFunction(f, diag.GoRun, "", "%s: %s", f.name, m.Error)
		return
	case m.Model == nil:
		l.atFunction(f, diag.GoRun, "", "%s gave no model", f.name)
		return
	}
	l.model.Encoded = m.Model
	for _, x := range m.Model.Problems {
		pos, width := l.model.find(x.Source)
		p := l.list.Addf(pos, diag.GoModel, "%s", x.Text)
		p.Width, p.Help = width, x.Help
	}
}
