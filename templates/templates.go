// Package templates holds fixed files that thrmlgen fills in and writes: the
// program and go.mod of a standalone sampler, and the models that
// `thrmlgen init` begins with, the page of `thrmlgen report`, and the generators and
// testbenches of emitted Verilog. Each can be read
// as what it is.
package templates

import "embed"

//go:embed *.go.tmpl go.mod.tmpl report.html.tmpl init/*.yaml verilog/*
var files embed.FS

// FS holds *.go.tmpl, go.mod.tmpl, report.html.tmpl, init/FAMILY.yaml and verilog/.
func FS() embed.FS { return files }
