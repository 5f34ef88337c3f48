package spec

import (
	"regexp"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/diag"
)

// codeForm is the form of a name of code in Go: a folder beside the model file, a
// path of one that begins with ./ or ../, or an import path, then a dot and an
// exported name.
var codeForm = regexp.MustCompile(`^[A-Za-z0-9_.~+/-]*[A-Za-z0-9_~+-]\.[A-Z][A-Za-z0-9_]*$|^\.{1,2}\.[A-Z][A-Za-z0-9_]*$`)

const codeForms = "package.Name such as mypkg.Sampler, ./samplers.Glauber or example.com/project/samplers.Glauber"

// isCode tells what is meant to be a name of code in Go from a name of ours.
func isCode(text string) bool { return strings.ContainsAny(text, "./") }

// code reads the name of code in Go.
func (p *parser) code(n *node, what string) Name {
	out := Name{Pos: n.pos()}
	switch {
	case n.kind != scalar || n.isNull():
		p.expected(n, what, codeForms)
	case !codeForm.MatchString(n.text) || n.text[0] == '-':
		p.add(n, diag.BadName, "%s: %s names no code in Go", what, diag.Quote(n.text)).Help = "write " + codeForms
	default:
		out.Text = n.text
	}
	return out
}

// isCode tells whether a value names code.
func (n *node) isCode() bool { return n.kind == scalar && !n.isNull() && isCode(n.text) }
