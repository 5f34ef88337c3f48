// Package models builds models in Go and holds ready ones.
//
// A model in code says what a model file says, call by call:
//
//	// Torus is the Ising model on a 32 by 32 torus.
//	func Torus() *models.Model {
//		m := models.New("torus")
//		s := m.Spin("s", 32, 32)
//		m.Factor(s, s).Edges(models.Torus(s)).Weights(models.Number(1))
//		m.Sample(models.Schedule{Chains: 64, Warmup: 500})
//		return m
//	}
//
// Wherever thrmlgen takes a model file it takes the function, too, as
// PACKAGE#Func:
//
//	//go:generate go tool thrmlgen gen ./energy#Torus --target go --out sampler
//
// What is wrong in the model is reported at the line and the argument of the call.
// Model.WriteDir writes the model file instead, with large slices in an .npz file
// beside it. Ising, Potts, MaxCut, RBM and Boltzmann begin models of a family.
//
// The ready models are ordinary files, embedded so that `thrmlgen run
// models/potts20` needs no checkout: copy one to begin a model of your own.
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
