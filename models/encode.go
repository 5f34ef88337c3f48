package models

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
)

// Source is a place in the user's Go code: the call of a function of this package,
// named Call, and the argument (from 1; 0 for the call itself) or the field of the
// struct passed ("Positive.Chains") that is meant. Site is one number for each
// place that calls: of calls on one line, the one made first has the smaller.
type Source struct {
	File  string
	Line  int
	Call  string `json:",omitempty"`
	Arg   int    `json:",omitempty"`
	Field string `json:",omitempty"`
	Site  uint64 `json:",omitempty"`
}

// Place says where the text of a model file comes from: from Line and Col (in
// bytes, both from 1) up to the next Place.
type Place struct {
	Line, Col int
	Source    Source
}

// Problem is something that cannot be written into a model file.
type Problem struct {
	Source Source
	Text   string
	Help   string `json:",omitempty"`
}

// Problems are the problems of one model.
type Problems []Problem

// Error gives one line a problem, as file:line: text.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, x := range p {
		lines[i] = fmt.Sprintf("%s:%d: %s", x.Source.File, x.Source.Line, x.Text)
		if x.Help != "" {
			lines[i] += " (" + x.Help + ")"
		}
	}
	return strings.Join(lines, "\n")
}

// Encoded is a model written down.
type Encoded struct {
	YAML     []byte            // the model file
	Files    map[string][]byte // the files that it names and that come from the code, by name
	Places   []Place           // in order of Line and Col
	Problems Problems          // if there are any, YAML is not a whole model
}

// Encode writes a model down. It does not check it: that is for thrmlgen.
func (m *Model) Encode() *Encoded {
	w := &yamlWriter{line: 1, archive: m.fileStem() + ".npz"}
	w.document(m.document())
	e := &Encoded{YAML: []byte(w.b.String()), Files: map[string][]byte{}, Places: w.places, Problems: w.problems}
	for name, text := range m.files {
		e.Files[name] = text
	}
	if len(w.arrays) > 0 {
		e.Files[w.archive] = archiveOf(w.arrays)
	}
	return e
}

// fileStem begins the names of files beside the model file.
func (m *Model) fileStem() string {
	if isPlain(m.name.text) && len(m.name.text) <= 64 {
		return m.name.text
	}
	return "model"
}

func archiveOf(arrays []namedArray) []byte {
	var b bytes.Buffer
	z := npy.NewNPZWriter(&b)
	for _, a := range arrays {
		var data any = a.floats
		if a.ints != nil {
			data = a.ints
		}
		if err := z.Add(a.name, a.shape, data); err != nil {
			panic(err) // names differ, shapes fit, and memory takes every write
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// YAML is the model file of a model. Large arrays are in files beside it, which
// WriteDir writes too. A Problems says what cannot be written.
func (m *Model) YAML() ([]byte, error) {
	e := m.Encode()
	if len(e.Problems) > 0 {
		return nil, e.Problems
	}
	return e.YAML, nil
}

// WriteDir writes model.yaml and the files of arrays that it names into a folder,
// which is made if it is not there, over files that are. Files that the code only
// names, with File and its like, are not copied.
func (m *Model) WriteDir(dir string) error {
	e := m.Encode()
	if len(e.Problems) > 0 {
		return e.Problems
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	files := map[string][]byte{"model.yaml": e.YAML}
	for name, text := range e.Files {
		files[name] = text
	}
	for _, name := range sortedKeys(files) {
		if err := os.WriteFile(filepath.Join(dir, name), files[name], 0o666); err != nil {
			return err
		}
	}
	return nil
}

// At is where the text at a line and column of the model file comes from.
func (e *Encoded) At(line, col int) Source {
	i, found := slices.BinarySearchFunc(e.Places, [2]int{line, col}, func(p Place, at [2]int) int {
		if p.Line != at[0] {
			return p.Line - at[0]
		}
		return p.Col - at[1]
	})
	if found {
		for i+1 < len(e.Places) && e.Places[i+1].Line == line && e.Places[i+1].Col == col {
			i++
		}
	} else {
		i--
	}
	if i < 0 {
		return Source{}
	}
	return e.Places[i].Source
}
