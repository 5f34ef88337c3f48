// Package models holds ready models, embedded so that `thrmlgen run
// models/potts20` needs no checkout. They are ordinary model files: copy one to
// begin a model of your own.
package models

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed *.yaml *.txt
var files embed.FS

// FS holds the model files and the data files that they name.
func FS() fs.FS { return files }

// Names lists the models, sorted, without .yaml.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the root of an embedded file system is always there
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".yaml"); ok {
			names = append(names, name)
		}
	}
	return names
}
