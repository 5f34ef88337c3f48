package golang

import (
	"embed"
	"strings"

	"github.com/thrmlgen/thrmlgen/targets/emit"
)

//go:generate go run ./internal/bundler -o bundle

// bundled is the runtime as files of a package called runtime.
//
//go:embed bundle/*.txt
var bundled embed.FS

// bundledFiles are the files of the runtime in the order of emission: the runtime,
// assembly for amd64 with its declarations and what stands for them elsewhere, and the same
// for arm64.
var bundledFiles = []string{"runtime.go", "runtime_amd64.go", "runtime_amd64.s", "runtime_other.go", "runtime_arm64.go", "runtime_arm64.s", "runtime_noneon.go"}

// bundledRuntime is the runtime as files of the emitted package.
func (e *emitter) bundledRuntime() ([]emit.File, error) {
	var files []emit.File
	for _, name := range bundledFiles {
		text, err := bundled.ReadFile("bundle/" + name + ".txt")
		if err != nil {
			return nil, err
		}
		var b lines
		b.put("// ", emit.Header(e.p), "\n\n")
		if head, body, ok := strings.Cut(string(text), "package runtime\n"); ok {
			b.put(head, "package ", e.pkg, "\n", body)
		} else {
			b.put(string(text))
		}
		files = append(files, emit.File{Path: name, Data: b.b})
	}
	return files, nil
}
