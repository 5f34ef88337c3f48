package cli

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
)

// userProject is a Go project that generates a sampler from a model file and one
// from a model in Go.
var userProject = map[string]string{
	"lattice/model.yaml": `model: lattice
variables: {s: {kind: spin, shape: [8, 8]}}
factors: [{over: [s, s], edges: {torus: s}, weights: 1.0}]
sample: {chains: 4, warmup: 10, samples: 10}
`,
	"lattice/lattice.go": `// Package lattice has a sampler whose model is a file.
package lattice

//go:generate go tool thrmlgen gen model.yaml --target go --out sampler --package sampler
`,
	"lattice/lattice_test.go": `package lattice

import (
	"testing"

	"example.com/project/lattice/sampler"
)

func TestCold(t *testing.T) {
	s, err := sampler.New(sampler.Options{Chains: 8, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetBeta(2); err != nil {
		t.Fatal(err)
	}
	s.Sweeps(200)
	for c, h := range s.Energies(1, nil) {
		if h > -64 {
			t.Errorf("chain %d has energy %v", c, h)
		}
	}
}
`,
	"internal/energy/energy.go": `// Package energy has the model of package magnet.
package energy

import "github.com/thrmlgen/thrmlgen/models"

// Torus is a model.
func Torus() *models.Model {
	m := models.New("torus")
	s := m.Spin("s", 8, 8)
	fields := make([]float64, 64)
	for i := range fields {
		fields[i] = float64(i%3) / 8
	}
	m.Factor(s, s).Edges(models.Torus(s)).Weights(models.Number(1))
	m.Factor(s).All().Weights(models.Values(fields...))
	m.Sample(models.Schedule{Chains: 4, Warmup: 10, Samples: 10})
	return m
}
`,
	"magnet/magnet.go": `// Package magnet has a sampler whose model is written in Go.
package magnet

//go:generate go tool thrmlgen gen ../internal/energy#Torus --target go --out sampler --package sampler
`,
	"magnet/magnet_test.go": `package magnet

import (
	"testing"

	"example.com/project/magnet/sampler"
)

func TestStates(t *testing.T) {
	s, err := sampler.New(sampler.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.Sweep()
	if len(s.State(0, nil)) != sampler.N || s.Chains() != sampler.Chains {
		t.Error("another model")
	}
}
`,
}

// project is a user's project with vendored dependencies and no network.
type project struct {
	t   *testing.T
	dir string
	env []string
}

func newProject(t *testing.T) *project {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the program in a user's project")
	}
	testtool.Need(t, "go")
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, dir: t.TempDir()}
	for name, text := range userProject {
		if !strings.HasSuffix(name, "_test.go") { // they import what is generated
			p.write(name, text)
		}
	}
	p.write("go.mod", goMod(t, "example.com/project", root))
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	p.write("go.sum", string(sums))
	p.env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "GOTOOLCHAIN=local")
	p.run(0, "go", "mod", "vendor")

	// From here on nothing but the project itself is there. Paths are trimmed so
	// that the build cache serves this test, whatever its folder is called.
	home := t.TempDir()
	p.env = []string{
		"GOFLAGS=-mod=vendor -trimpath", "GOPROXY=off", "GOSUMDB=off", "GONOSUMDB=*", "GOWORK=off", "GOTOOLCHAIN=local",
		"GOMODCACHE=" + filepath.Join(home, "nothing"), "HOME=" + home, "PATH=" + os.Getenv("PATH"),
		"GOCACHE=" + strings.TrimSpace(stdoutOf(t, "go", "env", "GOCACHE")), "XDG_CACHE_HOME=" + scratch,
	}
	return p
}

// goMod is the go.mod of a user's project: it requires what this module requires,
// and the command as a tool.
func goMod(t *testing.T, module, thrmlgen string) string {
	t.Helper()
	var mod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal([]byte(stdoutOf(t, "go", "mod", "edit", "-json", "../../../go.mod")), &mod); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "module %s\n\ngo 1.24.0\n\ntool github.com/thrmlgen/thrmlgen/gen/cmd/thrmlgen\n\nrequire github.com/thrmlgen/thrmlgen v0.0.0\n\nrequire (\n", module)
	for _, r := range mod.Require {
		fmt.Fprintf(&b, "\t%s %s // indirect\n", r.Path, r.Version)
	}
	fmt.Fprintf(&b, ")\n\nreplace github.com/thrmlgen/thrmlgen => %s\n", thrmlgen)
	return b.String()
}

func stdoutOf(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %q: %v", name, args, err)
	}
	return string(out)
}

func (p *project) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		p.t.Fatal(err)
	}
}

// edit replaces text in a file of the project.
func (p *project) edit(name, old, new string) {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, filepath.FromSlash(name)))
	if err != nil || strings.Count(string(text), old) != 1 {
		p.t.Fatalf("%s: %v, or not one %q", name, err, old)
	}
	p.write(name, strings.Replace(string(text), old, new, 1))
}

// run runs a command in the project, which has to end with a code.
func (p *project) run(code int, args ...string) string {
	p.t.Helper()
	return p.runIn("", code, args...)
}

func (p *project) runIn(folder string, code int, args ...string) string {
	p.t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = filepath.Join(p.dir, folder), p.env
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		p.t.Fatalf("%q: exit %d, want %d (%v)\n%s", args, got, code, err, out)
	}
	return string(out)
}

// snapshot is every file of the project outside of vendor, with the time of its
// last change.
func (p *project) snapshot() map[string]string {
	p.t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(p.dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if name == "vendor" {
				return fs.SkipDir
			}
			return err
		}
		text, err := os.ReadFile(filepath.Join(p.dir, name))
		if err != nil {
			return err
		}
		info, err := d.Info()
		files[name] = fmt.Sprint(info.ModTime()) + string(text)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return files
}

// TestGoGenerate is the life of a user's project: generate, generate again, build
// and test, change the models, see the difference.
func TestGoGenerate(t *testing.T) {
	p := newProject(t)
	p.run(0, "go", "generate", "./...")
	first := p.snapshot()
	if first["lattice/sampler/sampler.go"] == "" && first["lattice/sampler/lattice.go"] == "" {
		t.Fatalf("nothing was generated: %v", maps.Keys(first))
	}
	p.run(0, "go", "generate", "./...")
	if again := p.snapshot(); !maps.Equal(again, first) {
		t.Error("generating again changed files")
	}
	for name, text := range userProject {
		p.write(name, text)
	}
	first = p.snapshot()
	p.run(0, "go", "vet", "./...")
	p.run(0, "go", "test", "./...")

	fromYAML := strings.Fields("go tool thrmlgen gen model.yaml --target go --out sampler --package sampler --diff")
	fromGo := strings.Fields("go tool thrmlgen gen ../internal/energy#Torus --target go --out sampler --package sampler --diff")
	if out := p.runIn("lattice", 0, fromYAML...); out != "sampler: nothing would change\n" {
		t.Error(out)
	}
	if out := p.runIn("magnet", 0, fromGo...); out != "sampler: nothing would change\n" {
		t.Error(out)
	}
	if !maps.Equal(p.snapshot(), first) {
		t.Error("--diff changed files")
	}

	p.edit("lattice/model.yaml", "weights: 1.0", "weights: 2.0")
	p.edit("internal/energy/energy.go", "models.Number(1)", "models.Number(2)")
	edited := p.snapshot()
	for folder, args := range map[string][]string{"lattice": fromYAML, "magnet": fromGo} {
		// go tool says `exit status 1` behind what the tool printed.
		out := p.runIn(folder, 1, args...)
		if !strings.Contains(out, "--- a/sampler/") || !strings.Contains(out, "+++ b/sampler/") {
			t.Errorf("%s: no difference is shown:\n%s", folder, out)
		}
	}
	if !maps.Equal(p.snapshot(), edited) {
		t.Error("--diff changed files")
	}
	p.run(0, "go", "generate", "./...")
	p.runIn("lattice", 0, fromYAML...)
	p.runIn("magnet", 0, fromGo...)

	// A mistake in the model is reported by go generate at the user's line, and
	// leaves what was generated.
	generated := p.snapshot()["magnet/sampler/model.go"]
	p.edit("internal/energy/energy.go", `m.Spin("s", 8, 8)`, `m.Spin("s", 8, 0)`)
	out := p.run(1, "go", "generate", "./magnet")
	if want := `../internal/energy/energy.go:9:22: out-of-range: variables.s.shape[1] must be a whole number of at least 1, not 0
    9 |     s := m.Spin("s", 8, 0)
      |                         ^
`; !strings.HasPrefix(out, want) {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	if p.snapshot()["magnet/sampler/model.go"] != generated {
		t.Error("a model with a mistake changed what was generated")
	}

	p.standalone("magnet/sampler")
	p.otherRuntime()
}

// standalone builds a generated package in a module that requires nothing.
func (p *project) standalone(sampler string) {
	p.t.Helper()
	other := &project{t: p.t, dir: p.t.TempDir(), env: append(p.env, "GOFLAGS=-trimpath")}
	other.write("go.mod", "module example.com/empty\n\ngo 1.24\n")
	if err := os.CopyFS(filepath.Join(other.dir, "deep", "sampler"), os.DirFS(filepath.Join(p.dir, sampler))); err != nil {
		p.t.Fatal(err)
	}
	other.write("main.go", `package main

import (
	"fmt"

	"example.com/empty/deep/sampler"
)

func main() {
	s, err := sampler.New(sampler.Options{Seed: sampler.Seed})
	fmt.Println(s.Chains(), err)
}
`)
	if out := other.run(0, "go", "run", "."); out != "4 <nil>\n" {
		p.t.Errorf("the generated package alone: %s", out)
	}
	for _, path := range strings.Fields(other.run(0, "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./deep/sampler")) {
		if path != "example.com/empty/deep/sampler" {
			p.t.Errorf("the generated package needs %s", path)
		}
	}
}

// otherRuntime builds a package that links to the module's runtime against
// runtimes that it does not fit.
func (p *project) otherRuntime() {
	p.t.Helper()
	p.runIn("lattice", 0, strings.Fields("go tool thrmlgen gen model.yaml --target go --out linked --package linked --runtime import")...)
	p.run(0, "go", "vet", "./lattice/linked")
	version := "vendor/github.com/thrmlgen/thrmlgen/runtime/sampling/version.go"
	text, err := os.ReadFile(filepath.Join(p.dir, version))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range []struct{ version, remedy string }{
		{"1000", "PackageTooOldEmitItAgain"}, {"0", "RuntimeTooOldUpdateItInGoMod"},
	} {
		p.write(version, regexp.MustCompile(`(M..Version) = \d+`).ReplaceAllString(string(text), "$1 = "+c.version))
		out := p.run(1, "go", "build", "./lattice/linked")
		if !regexp.MustCompile(`(?m)^lattice/linked/\w+\.go:\d+:\d+: .*sampling\.` + c.remedy + `$`).MatchString(out) {
			p.t.Errorf("runtime %s: the compiler does not say %s but\n%s", c.version, c.remedy, out)
		}
	}
	p.write(version, string(text))
}

// exampleDir is a user's project that is checked in.
const exampleDir = "../../../examples/go_generate"

// TestGoGenerateExample runs the commands of the example's README in a copy: what
// is checked in is what is generated now, and the program meets the exact energy.
// With -update the example's go.mod, go.sum and sampler are made again; what is
// printed is for people to put into the README.
func TestGoGenerateExample(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program in a user's project")
	}
	testtool.Need(t, "go")
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, dir: t.TempDir(), env: append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "GOTOOLCHAIN=local")}
	if err := os.CopyFS(p.dir, os.DirFS(exampleDir)); err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"go.mod": goMod(t, "example.com/magnet", "../.."), "go.sum": string(sums)}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(exampleDir, name))
		if err == nil && string(got) == text {
			continue
		}
		if !*update {
			t.Errorf("%s of the example does not require what thrmlgen requires: run go test ./gen/internal/cli -run TestGoGenerateExample -update", name)
		} else if err := os.WriteFile(filepath.Join(exampleDir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	p.write("go.mod", goMod(t, "example.com/magnet", root))
	p.write("go.sum", string(sums))
	before := p.contents("sampler")
	p.run(0, "go", "generate", "./...")
	after := p.contents("sampler")
	if !maps.Equal(before, after) && !*update {
		t.Error("the sampler of the example is not what is generated now: run go generate in examples/go_generate")
	}
	if *update {
		if err := os.RemoveAll(filepath.Join(exampleDir, "sampler")); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(exampleDir, "sampler"), os.DirFS(filepath.Join(p.dir, "sampler"))); err != nil {
			t.Fatal(err)
		}
	}
	p.run(0, "go", "vet", "./...")
	// The chains and the seed are fixed, so this either always holds or never; the
	// program fails beyond 5 standard errors, by chance once in two million.
	out := p.run(0, "go", "run", ".")
	readme, err := os.ReadFile(filepath.Join(exampleDir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), indent(out)) {
		t.Errorf("the README of the example does not show what it prints:\n%s", out)
	}
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n    ")
}

// contents is every file of a folder.
func (p *project) contents(folder string) map[string]string {
	files := map[string]string{}
	entries, _ := os.ReadDir(filepath.Join(p.dir, folder)) // none is an empty folder
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(p.dir, folder, e.Name()))
		if err != nil {
			p.t.Fatal(err)
		}
		files[e.Name()] = string(text)
	}
	return files
}
