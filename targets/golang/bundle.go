package golang

import (
	_ "embed"
	"strings"

	"github.com/thrmlgen/thrmlgen/targets/emit"
)

//go:generate go run ./internal/bundler -o bundle/runtime.go.txt

// bundled is the runtime in one file, without its package clause.
//
//go:embed bundle/runtime.go.txt
var bundled string

// bundledRuntime is the runtime as a file of the emitted package.
func (e *emitter) bundledRuntime() []byte {
	head, body, _ := strings.Cut(bundled, "package runtime\n")
	var b lines
	b.put("// ", emit.Header(e.p), "\n", head, "package ", e.pkg, "\n", body)
	return b.b
}
