package diag

// The codes of problems that package gomodel finds in models written in Go.
const (
	GoPackage  = "go-package"  // a Go package that cannot be found or loaded
	GoCode     = "go-code"     // Go that does not compile
	GoFunction = "go-function" // not the name of a function that returns a model
	GoVersion  = "go-version"  // a package models that does not fit this thrmlgen
	GoRun      = "go-run"      // a model function that fails, panics or takes too much
	GoModel    = "go-model"    // something built in code that no model file can say
)
