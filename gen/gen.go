// Package gen is the generator: from a model file to a verified program, and
// from a program to the source of a sampler.
//
// The life of a model is
//
//	model.yaml ─ spec.ParseWith ─► Spec ─ graph.Build ─► Graph ─ pass.Lower ─► ir.Program ─ Generate ─► files
//
// Load takes the first three steps, Generate the last. Both report what is wrong
// as a diag.List, every problem with its place. Generate touches no disk; Write
// puts its files into a folder, all or none.
package gen

import (
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
}

// Source is the text of a model file with the files beside it.
type Source struct {
	Name  string // for messages
	Text  []byte
	Files graph.Files
}

// Embedded is the prefix of the name of an embedded model: models/potts20.
const Embedded = "models/"

// Open reads a model file, or an embedded model named models/NAME. A file that
// cannot be read is a problem of the environment.
func Open(file string) (Source, *diag.List) {
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
	return Source{Name: file, Text: text, Files: graph.DirFiles(filepath.Dir(file))}, list
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
	src, list := Open(file)
	if list.Len() > 0 {
		return &Model{}, list
	}
	return Check(src, sets...)
}

// Check is Load from a source that is already read.
func Check(src Source, sets ...string) (*Model, *diag.List) {
	m := &Model{}
	var list *diag.List
	if m.Spec, list = spec.ParseWith(src.Name, src.Text, sets); list.Len() > 0 {
		return m, list
	}
	if m.Graph, list = graph.Build(m.Spec, src.Files); list.Len() > 0 {
		return m, list
	}
	m.Program, list = pass.Lower(m.Graph)
	return m, list
}

// Request says what to emit. Zero values choose the target's defaults.
type Request struct {
	Model   *Model
	Target  string // a name of targets.All
	Package string // of the emitted code; "" derives it from the model's name
	Runtime string // "bundle" or "import"
	Unroll  int    // most updates of a sweep written as straight-line code, below 0 none
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
	request := emit.Request{Program: r.Model.Program, Package: r.Package, Runtime: r.Runtime, Unroll: r.Unroll}
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
