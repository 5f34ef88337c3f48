// Package templates holds fixed files that thrmlgen fills in and writes: the
// main program and go.mod of a standalone sampler, and the models that
// `thrmlgen init` begins with. Each can be read as what it is; none has logic.
package templates

import "embed"

//go:embed main.go.tmpl go.mod.tmpl init/*.yaml
var files embed.FS

// FS holds main.go.tmpl, go.mod.tmpl and init/FAMILY.yaml.
func FS() embed.FS { return files }
