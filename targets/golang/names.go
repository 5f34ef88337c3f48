package golang

import (
	"fmt"
	"go/token"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// packageName is the name of the emitted package. A model's name serves as it is
// unless Go has another use for it; then "model" is appended.
func packageName(r emit.Request) (string, error) {
	name := r.Package
	if name == "" {
		name = r.Program.Model
		if !usablePackage(name) {
			name += "model"
		}
	}
	if !emit.IsName(name) || !usablePackage(name) {
		return "", fmt.Errorf("%q cannot name a Go package that others import: use [a-z][a-z0-9_]*, no keyword, not main, init or …_test", name)
	}
	return name, nil
}

func usablePackage(name string) bool {
	return !token.IsKeyword(name) && name != "main" && name != "init" && !strings.HasSuffix(name, "_test")
}

// frameFile is the file that shows the package's own API. It is named after the
// model, unless go build would leave that file out on some systems or another
// file has the name.
func frameFile(model string) string {
	last := model[strings.LastIndexByte(model, '_')+1:]
	taken := model == "model" || model == "runtime" || model == "runtime_other" || model == "runtime_noneon" || model == "groups" ||
		strings.HasPrefix(model, "update_") || strings.HasPrefix(model, "fields_")
	if taken || last != model && (last == "test" || slices.Contains(constrained, last)) {
		return model + "_sampler.go"
	}
	return model + ".go"
}

// constrained lists the systems and architectures that, as the last word of a
// file's name, are build constraints.
var constrained = strings.Fields(`
	aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos unix
	386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le
	ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm`)

// exportedNames gives every name the CamelCase form behind a prefix. Names whose
// forms are equal (a_b and a__b) keep their underscores.
func exportedNames(prefix string, names []string) []string {
	out := make([]string, len(names))
	count := map[string]int{}
	for i, n := range names {
		out[i] = prefix + camel(n)
		count[out[i]]++
	}
	for i, n := range names {
		if count[out[i]] > 1 {
			out[i] = prefix + spelt(n)
		}
	}
	return out
}

// camel joins the capitalised words of a name.
func camel(name string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(name, func(c rune) bool { return c == '_' || c == '.' }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// spelt keeps every underscore and turns a dot into two, before a capital.
func spelt(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		parts[i] = strings.ToUpper(p[:1]) + p[1:]
	}
	return strings.Join(parts, "__")
}
