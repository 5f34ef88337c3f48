// Package templates holds fixed files that thrmlgen fills in and writes: the
// program and go.mod of a standalone sampler, and the models that
// `thrmlgen init` begins with, and the page of `thrmlgen report`. Each can be read
// as what it is.
package templates

import "embed"

//go:embed *.go.tmpl go.mod.tmpl report.html.tmpl init/*.yaml
var files embed.FS

// FS holds *.go.tmpl, go.mod.tmpl, report.html.tmpl and init/FAMILY.yaml.
func FS() embed.FS { return files }
