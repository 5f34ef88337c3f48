// Package gen is the generator: from a model file to a verified program, and
// from a program to the source of a sampler.
//
// The life of a model is
//
//	model.yaml ─ spec.ParseWith ─► Spec ─ graph.Build ─► Graph ─ pass.Lower ─► ir.Program ─ Generate ─► files
//
// Load takes the first three steps, Generate the last. Both report what is wrong
// as a diag.List, every problem with its place. Generate touches no disk; Write
// puts its files into a folder, all or none. A model written in Go comes as YAML
// from package gomodel; its problems have their places in the Go source.
package gen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/gomodel"
	"github.com/thrmlgen/thrmlgen/gen/graph"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/pass"
	"github.com/thrmlgen/thrmlgen/gen/spec"
	"github.com/thrmlgen/thrmlgen/models"
	"github.com/thrmlgen/thrmlgen/targets"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// Version is that of the generator and of the code it emits.
const Version = emit.Version

// maxModelFile bounds the bytes read of a model file; spec refuses files near
// it with a reason.
const maxModelFile = 16<<20 + 1

// Model is a model file in all its forms. After a failed Load the forms that
// were not reached are nil.
type Model struct {
	Spec    *spec.Spec
	Graph   *graph.Graph
	Program *ir.Program

	code  *gomodel.Model // of a model in Go
	user  *gomodel.Code  // that the model names; nil: it has no folder
	files graph.Files
}

// SourceOf is the text of a file that a problem of the model is in: the model
// file, a --set value or Go source; nil for any other.
func (m *Model) SourceOf(file string) []byte {
	if m.code != nil {
		if text := m.code.SourceOf(file); text != nil {
			return text
		}
	}
	if m.user != nil {
		if text := m.user.SourceOf(file); text != nil {
			return text
		}
	}
	if m.Spec != nil && !(m.code != nil && file == m.Spec.File) {
		return m.Spec.SourceOf(file)
	}
	return nil
}

// Dir is the folder that code in Go is found from, "" if the model has none.
func (m *Model) Dir() string {
	if m.user == nil {
		return ""
	}
	return m.user.Dir
}

// Source is the text of a model file with the files beside it.
type Source struct {
	Name  string // for messages
	Text  []byte
	Files graph.Files

	code *gomodel.Model // of a model in Go
	user *gomodel.Code
}

// userFiles gives a model the files of its folder and the code in its module.
type userFiles struct {
	graph.Files
	*gomodel.Code
}

// withCode adds the code of the module that a folder is in.
func (s Source) withCode(ctx context.Context, dir string) Source {
	s.user = gomodel.NewCode(ctx, dir)
	s.Files = userFiles{s.Files, s.user}
	return s
}

// Embedded is the prefix of the name of an embedded model: models/potts20.
const Embedded = "models/"

// Open reads a model file, an embedded model named models/NAME, or the model of a
// Go function named PACKAGE#Func. A file that cannot be read is a problem of the
// environment.
func Open(ctx context.Context, file string) (Source, *diag.List) {
	list := &diag.List{}
	if name, ok := strings.CutPrefix(file, Embedded); ok && !strings.ContainsAny(name, "./\\") {
		text, err := fs.ReadFile(models.FS(), name+".yaml")
		if err != nil {
			p := list.Envf(diag.Pos{File: file}, diag.FileUnreadable, "no model of this name is embedded")
			p.Help = "embedded: " + strings.Join(models.Names(), ", ")
			if s := diag.Suggest(name, models.Names()); s != "" {
				p.Help = "did you mean " + Embedded + s + "?"
			}
		}
		return Source{Name: file, Text: text, Files: embedded{}}, list
	}
	text, err := readModel(file)
	if _, _, isCode := gomodel.Split(file); isCode && errors.Is(err, fs.ErrNotExist) {
		return openCode(ctx, file)
	}
	if err != nil {
		p := list.Envf(diag.Pos{File: file}, diag.FileUnreadable, "%s", reason(err))
		if _, err := os.Stat(file + ".yaml"); err == nil {
			p.Help = "did you mean " + file + ".yaml?"
		} else if name, ok := strings.CutSuffix(file, ".yaml"); ok && slices.Contains(models.Names(), strings.TrimPrefix(name, Embedded)) {
			p.Help = "did you mean the embedded model " + Embedded + strings.TrimPrefix(name, Embedded) + "?"
		} else {
			p.Help = "thrmlgen init writes a model to start from; models/NAME names an embedded one"
		}
	}
	return Source{Name: file, Text: text, Files: graph.DirFiles(filepath.Dir(file))}.withCode(ctx, filepath.Dir(file)), list
}

// openCode evaluates a Go function.
func openCode(ctx context.Context, name string) (Source, *diag.List) {
	code, list := gomodel.Load(ctx, name)
	src := Source{Name: name, code: code}
	if list.Len() == 0 {
		src.Text, src.Files = code.YAML, codeFiles{code.Files, graph.DirFiles(code.Dir)}
		src = src.withCode(ctx, code.Dir)
	}
	return src, list
}

// codeFiles gives a model in Go the arrays that come from its code, and the files
// beside it.
type codeFiles struct {
	arrays map[string][]byte
	graph.Files
}

func (f codeFiles) ReadFile(name string) ([]byte, error) {
	if b, ok := f.arrays[name]; ok {
		return b, nil
	}
	return f.Files.ReadFile(name)
}

// readModel reads a regular file; the size is that of the bytes read.
func readModel(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("this is a folder, not a model file")
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxModelFile))
}

// reason is an error without the file name that the message begins with.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file"
	case errors.Is(err, fs.ErrPermission):
		return "the file may not be read"
	}
	return err.Error()
}

// embedded gives a model the files of package models.
type embedded struct{}

func (embedded) ReadFile(name string) ([]byte, error) {
	b, err := fs.ReadFile(models.FS(), path.Clean(name))
	if err != nil {
		return nil, &graph.FileError{Class: diag.Env, Text: fmt.Sprintf("%q is not among the embedded files", name)}
	}
	return b, nil
}

// Load opens and checks a model. sets are replacements path=value, as --set
// takes them. The Program is nil if the list holds any problem; warnings are in
// the Graph.
func Load(file string, sets ...string) (*Model, *diag.List) {
	return LoadContext(context.Background(), file, sets...)
}

// LoadContext is Load that can be ended; only models in Go take long.
func LoadContext(ctx context.Context, file string, sets ...string) (*Model, *diag.List) {
	src, list := Open(ctx, file)
	if list.Len() > 0 {
		return &Model{code: src.code}, list
	}
	return Check(src, sets...)
}

// Check is Load from a source that is already read.
func Check(src Source, sets ...string) (*Model, *diag.List) {
	m := &Model{code: src.code, user: src.user, files: src.Files}
	list := m.placed(m.check(src, sets))
	if m.code == nil {
		return m, list
	}
	if m.Graph != nil {
		for i, w := range m.Graph.Warnings {
			m.Graph.Warnings[i] = m.code.Place(w)
		}
	}
	return m, list
}

// placed gives problems their places in Go source, for a model in Go.
func (m *Model) placed(list *diag.List) *diag.List {
	if m.code == nil {
		return list
	}
	placed := &diag.List{}
	for _, p := range list.Problems() {
		placed.Add(m.code.Place(p))
	}
	return placed
}

func (m *Model) check(src Source, sets []string) *diag.List {
	var list *diag.List
	if m.Spec, list = spec.ParseWith(src.Name, src.Text, sets); list.Len() > 0 {
		return list
	}
	if m.Graph, list = graph.Build(m.Spec, src.Files); list.Len() > 0 {
		return list
	}
	m.Program, list = pass.Lower(m.Graph)
	return list
}

// Request says what to emit. Zero values choose the target's defaults.
type Request struct {
	Model   *Model
	Target  string // a name of targets.All
	Package string // of the emitted code; "" derives it from the model's name
	Runtime string // "bundle" or "import"
	Unroll  int    // most updates of a sweep written as straight-line code, below 0 none
	Kernel  string // of CUDA: lattice, mma, swar, unrolled or table; "" chooses
}

// File is one emitted file; Path is relative, with slashes.
type File = emit.File

// Generate emits the source of a sampler. It is pure: the same request gives the
// same bytes on every machine.
func Generate(r Request) ([]File, *diag.List) {
	list := &diag.List{}
	refuse := func(err error) ([]File, *diag.List) {
		list.Addf(diag.Pos{}, diag.NotEmitted, "%v", err)
		return nil, list
	}
	target, err := targets.Find(r.Target)
	if err != nil {
		return refuse(err)
	}
	request := emit.Request{Program: r.Model.Program, Package: r.Package, Runtime: r.Runtime, Unroll: r.Unroll, Kernel: r.Kernel}
	for _, g := range r.Model.Graph.Groups {
		request.Groups = append(request.Groups, emit.Group{Name: g.Name, Nodes: g.Nodes})
	}
	if err := target.Check(request); err != nil {
		return refuse(err)
	}
	files, err := target.Emit(request)
	if err != nil {
		return refuse(err)
	}
	return files, list
}
