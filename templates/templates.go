// Package templates holds fixed files that thrmlgen fills in and writes: the
// program and go.mod of a standalone sampler, and the models that
// `thrmlgen init` begins with, the page of `thrmlgen report`, and the generators and
// testbenches of emitted Verilog, and the kernels and the host of emitted CUDA. Each can be
// read as what it is.
package templates

import "embed"

//go:embed *.go.tmpl go.mod.tmpl report.html.tmpl init/*.yaml verilog/* cuda/*
var files embed.FS

// FS holds *.go.tmpl, go.mod.tmpl, report.html.tmpl, init/FAMILY.yaml verilog/ and
// cuda/.
func FS() embed.FS { return files }
