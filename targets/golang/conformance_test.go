package golang_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
	"github.com/thrmlgen/thrmlgen/targets/targettest/script"
)

var randomModels = flag.Int("models", 500, "random models that are emitted and compiled")

// subject is one emitted package of the test program and the script it plays.
type subject struct {
	pkg  string
	p    *ir.Program
	req  emit.Request
	play script.Run
}

func (s *subject) add(program *ir.Program, req emit.Request, n uint64) {
	s.p, s.req, s.play = program, req, targettest.Script(program, n)
	s.req.Program, s.req.Package = program, s.pkg
}

// subjects are random models, with every third in chunks of one to nine updates,
// and a few that random ones do not reach.
func subjects(t *testing.T) []*subject {
	var list []*subject
	for n := uint64(0); len(list) < *randomModels; n++ {
		if p := targettest.Random(n); p != nil {
			s := &subject{pkg: fmt.Sprintf("random%d", n)}
			req := emit.Request{Runtime: emit.Import}
			if n%3 == 0 {
				req.Chunk = int(1 + n%9)
			}
			s.add(p, req, n)
			list = append(list, s)
		}
	}
	for i, m := range special {
		p, groups := targettest.Parse(m.yaml)
		s := &subject{pkg: fmt.Sprintf("special%d", i)}
		req := m.req
		for _, g := range groups {
			req.Groups = append(req.Groups, emit.Group{Name: g.Name, Nodes: g.Nodes})
		}
		s.add(p, req, uint64(i))
		list = append(list, s)
	}
	return list
}

// The emitted package, the engine's tables and the interpreter give the same
// states, whatever the chunks, threads and number of chains, while weights, β and
// clamps change. Emitted files are clean for go vet and as gofmt writes them.
func TestEmittedEqualsTables(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a program")
	}
	list := subjects(t)
	got := playEmitted(t, t.TempDir(), list)
	for _, s := range list {
		want := s.tables(t)
		if got := got[s.pkg].Digests; !slices.Equal(got, want) {
			t.Errorf("%s (%d chains, %d threads): emitted and tables part after step %d of %+v", s.pkg, s.play.Chains, s.play.Threads, parted(got, want), s.play.Steps)
		}
	}
}

// played is what an emitted package did.
type played struct {
	Digests []uint64
	Work    string
}

// playEmitted compiles the packages of a list into one program and plays their scripts in it.
func playEmitted(t *testing.T, dir string, list []*subject) map[string]played {
	t.Helper()
	var imports, cases strings.Builder
	for _, s := range list {
		writePackage(t, filepath.Join(dir, s.pkg), s.req)
		fmt.Fprintf(&imports, "\t%q\n", "conformance/"+s.pkg)
		fmt.Fprintf(&cases, "\t\tcase %q:\n\t\t\ts, err := %s.New(%[2]s.Options{Chains: r.Chains, Seed: r.Seed, Threads: r.Threads})\n"+
			"\t\t\tout[name] = played{play(s, err, func(n, v []int32) error { return s.SetClamp(%[2]s.Clamp{Nodes: n, Values: v}) }, r), s.Work()}\n", s.pkg, s.pkg)
	}
	write(t, dir, "main.go", strings.NewReplacer("IMPORTS", imports.String(), "CASES", cases.String()).Replace(program))
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "go.mod", "module conformance\n\ngo 1.24\n\nrequire github.com/thrmlgen/thrmlgen v0.0.0\n\nreplace github.com/thrmlgen/thrmlgen => "+root+"\n")
	goTool(t, dir, nil, "vet", "./...")
	goTool(t, dir, nil, "build", "-o", "conformance", ".")

	runs := map[string]script.Run{}
	for _, s := range list {
		runs[s.pkg] = s.play
	}
	in, err := json.Marshal(runs)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "conformance"))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	raw, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]played
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// tables plays the script in the engine linked into thrmlgen.
func (s *subject) tables(t *testing.T) []uint64 {
	x, err := sampling.NewSampler(golang.Model(s.p), sampling.Options{Chains: s.play.Chains, Seed: s.play.Seed, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	clamp := func(n, v []int32) error { return x.SetClamp(sampling.Clamp{Nodes: n, Values: v}) }
	d, err := script.Play(x, clamp, s.play.Steps)
	if err != nil {
		t.Fatalf("%s: %v", s.pkg, err)
	}
	return d
}

// The engine's tables give the interpreter's states on 500 random models: with
// the test above, emitted code does so, too.
func TestTablesEqualInterpreter(t *testing.T) {
	for n := uint64(0); n < 500; n++ {
		p := targettest.Random(n)
		if p == nil {
			continue
		}
		chains := targettest.Chains(p, 3)
		want, err := interp.New(p, chains, 7)
		if err != nil {
			t.Fatalf("model %d: %v", n, err)
		}
		s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: chains, Seed: 7, Threads: 1 + int(n%2)*2})
		if err != nil {
			t.Fatalf("model %d: %v", n, err)
		}
		if err := want.SetBeta(s.Beta()); err != nil {
			t.Fatal(err)
		}
		got := func() (x [][]int32) {
			for c := range chains {
				x = append(x, s.State(c, nil))
			}
			return x
		}
		for sweep := range 3 {
			if w := want.State(); script.Digest(got()) != script.Digest(w) {
				t.Fatalf("model %d parts after %d sweeps:\n%v\n%v", n, sweep, got(), w)
			}
			s.Sweep()
			if err := want.Sweep(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func parted(a, b []uint64) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i - 1
		}
	}
	return min(len(a), len(b)) - 1
}

// writePackage emits into a folder and holds the files to gofmt.
func writePackage(t *testing.T, dir string, req emit.Request) {
	t.Helper()
	files, err := golang.Emit(req)
	if err != nil {
		t.Fatalf("%s: %v", req.Package, err)
	}
	for _, f := range files {
		write(t, dir, f.Path, string(f.Data))
		if strings.HasSuffix(f.Path, ".go") && f.Path != "runtime.go" {
			checkFormat(t, req.Package+"/"+f.Path, f.Data)
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func goTool(t *testing.T, dir string, env []string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off", "CGO_ENABLED=0")
	cmd.Env = append(cmd.Env, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

const program = `// Conformance plays scripts in emitted samplers.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/thrmlgen/thrmlgen/targets/targettest/script"

IMPORTS)

type played struct {
	Digests []uint64
	Work    string
}

func main() {
	var runs map[string]script.Run
	if err := json.NewDecoder(os.Stdin).Decode(&runs); err != nil {
		log.Fatal(err)
	}
	out := map[string]played{}
	for name, r := range runs {
		switch name {
CASES		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		log.Fatal(err)
	}
}

func play(s script.Sampler, err error, clamp func(n, v []int32) error, r script.Run) []uint64 {
	if err != nil {
		log.Fatal(err)
	}
	d, err := script.Play(s, clamp, r.Steps)
	if err != nil {
		log.Fatal(err)
	}
	return d
}
`

// A package that the runtime is too new or too old for does not compile.
func TestVersionsMustFit(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles packages")
	}
	p := targettest.Random(0)
	src := emitted(t, emit.Request{Program: p, Runtime: emit.Import, Unroll: -1})
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for stated, fits := range map[int]bool{sampling.MinVersion - 1: false, sampling.MaxVersion: true, sampling.MaxVersion + 1: false} {
		dir := t.TempDir()
		write(t, dir, "go.mod", "module m\n\ngo 1.24\n\nrequire github.com/thrmlgen/thrmlgen v0.0.0\n\nreplace github.com/thrmlgen/thrmlgen => "+root+"\n")
		for name, text := range src {
			if name == "random.go" {
				low := fmt.Sprintf("sampling.PackageTooOldEmitItAgain(%d - sampling.MinVersion)", sampling.MaxVersion)
				high := fmt.Sprintf("sampling.RuntimeTooOldUpdateItInGoMod(sampling.MaxVersion - %d)", sampling.MaxVersion)
				if !strings.Contains(text, low) || !strings.Contains(text, high) {
					t.Fatalf("no handshake in\n%s", text)
				}
				text = strings.Replace(text, low, fmt.Sprintf("sampling.PackageTooOldEmitItAgain(%d - sampling.MinVersion)", stated), 1)
				text = strings.Replace(text, high, fmt.Sprintf("sampling.RuntimeTooOldUpdateItInGoMod(sampling.MaxVersion - %d)", stated), 1)
			}
			write(t, dir, name, text)
		}
		cmd := exec.Command("go", "build", "./...")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); (err == nil) != fits {
			t.Errorf("a package of version %d: %v\n%s", stated, err, out)
		}
	}
}
