package compile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"go/format"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/compile"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

const model = `
model: small
variables: {s: {kind: spin, shape: [3, 4]}, x: {kind: categorical, states: 3, shape: [2]}, u: {kind: continuous, shape: [3]}, v: {kind: continuous, range: [0, 1]}}
factors:
  - {name: h, over: [s], index: all, weights: {normal: [0, 0.5], seed: 3}, runtime: true}
  - {over: [s, s], edges: {torus: s}, weights: {normal: [0, 0.5], seed: 1}}
  - {over: [s, x], index: [[0, 0], [5, 0], [7, 1]], weights: {normal: [0, 0.5], seed: 2}}
  - {over: {a: u}, index: all, energy: "(a - 0.1)^2"}
  - {over: {a: v, b: u}, index: [[0, 0]], energy: "a^2 - 0.5*a*b"}
  - {over: {p: s, k: x, a: u}, index: [[2, 1, 1]], energy: "0.3*p*a + w[k]*a", params: {w: [0.5, 0, -0.5]}}
clamp: {"s[0,0]": 1, "u[2]": 0.25}
init: hinton
sample: {chains: 70, warmup: 5, samples: 20, steps_per_sample: 2, seed: 9}
`

// shared is one cache for all tests, so that the binary is built once.
var shared string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "compile-test-")
	if err != nil {
		panic(err)
	}
	shared = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func program() *ir.Program {
	p, _ := targettest.Parse(model)
	return p
}

func options() compile.Options { return compile.Options{CacheDir: shared} }

// results are what a run prints and the files it writes.
type results struct {
	summary    map[string]any
	out, state []byte
}

// sample runs a schedule, from the states at hand if resume is set, and gives
// the results.
func sample(t *testing.T, s *sampling.Sampler, run func(c *observe.Collector) error) results {
	t.Helper()
	c, err := observe.NewCollector(s, s.Model().Schedule, observe.Plan{States: true, Energy: true, Best: true, Moments: true,
		Magnetisation: true, Target: "x", Generator: "g", Progress: func(observe.Progress) {}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := run(c); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := c.SaveState(context.Background(), filepath.Join(dir, "state")); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := c.WriteResult(&out); err != nil {
		t.Fatal(err)
	}
	state, err := os.ReadFile(filepath.Join(dir, "state"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(c.Report())
	if err != nil {
		t.Fatal(err)
	}
	return results{summary(t, b), out.Bytes(), state}
}

// summary is a report without the figures of the clock.
func summary(t *testing.T, b []byte) map[string]any {
	t.Helper()
	var x map[string]any
	if err := json.Unmarshal(b, &x); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	delete(x, "seconds")
	delete(x, "flips_per_ns")
	return x
}

func (r results) same(t *testing.T, want results) {
	t.Helper()
	if !reflect.DeepEqual(r.summary, want.summary) {
		t.Errorf("summary of the compiled run:\n%v\nof the table engine:\n%v", r.summary, want.summary)
	}
	if !bytes.Equal(r.out, want.out) || !bytes.Equal(r.state, want.state) {
		t.Error("result or state files differ")
	}
}

// A compiled run gives the summary, the result file and the state file of the
// table engine, byte for byte, also when it goes on from a state.
func TestCompiledEqualsTable(t *testing.T) {
	p, ctx := program(), context.Background()
	e, err := compile.NewEngine(ctx, p, sampling.Options{Chains: 70, Seed: 5, Threads: 2}, options())
	if err != nil {
		t.Fatal(err)
	}
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: 70, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	for _, resume := range []bool{false, true} {
		want := sample(t, s, func(c *observe.Collector) error { return c.Run(ctx, s, resume) })
		got := sample(t, e.Sampler, func(c *observe.Collector) error { return e.RunCompiled(ctx, c, true, resume) })
		got.same(t, want)
	}
}

// Without the sweeps in between, draws are the same.
func TestCompiledDraws(t *testing.T) {
	p, ctx := program(), context.Background()
	e, err := compile.NewEngine(ctx, p, sampling.Options{Chains: 3, Seed: 5}, options())
	if err != nil {
		t.Fatal(err)
	}
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: 3, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	for _, progress := range []func(observe.Progress){nil, func(observe.Progress) {}} {
		var files [2]bytes.Buffer
		for i, x := range []*sampling.Sampler{s, e.Sampler} {
			x.Init()
			c, err := observe.NewCollector(x, x.Model().Schedule, observe.Plan{States: true, Progress: progress})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if i == 0 {
				err = c.Run(ctx, s, false)
			} else {
				err = e.RunCompiled(ctx, c, false, false)
			}
			if err == nil {
				err = c.WriteResult(&files[i])
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(files[0].Bytes(), files[1].Bytes()) {
			t.Error("result files differ")
		}
	}
}

// A cancelled run ends with the context's error and leaves a collector that can
// report.
func TestCompiledInterrupted(t *testing.T) {
	p := program()
	p.Sample.Samples = 1 << 40
	ctx, cancel := context.WithCancel(context.Background())
	e, err := compile.NewEngine(ctx, p, sampling.Options{Chains: 3, Seed: 5}, options())
	if err != nil {
		t.Fatal(err)
	}
	c, err := observe.NewCollector(e.Sampler, sampling.Schedule{Warmup: 5, Samples: 1 << 20, StepsPerSample: 2}, observe.Plan{Extra: []observe.Watcher{after{10, cancel}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.RunCompiled(ctx, c, false, false); !errors.Is(err, context.Canceled) || !c.Interrupted() {
		t.Errorf("a cancelled run ends with %v", err)
	}
}

// after cancels at a draw.
type after struct {
	draw   int
	cancel func()
}

func (a after) Observe(f *observe.Frame) error {
	if f.Draw() == a.draw {
		a.cancel()
	}
	return nil
}

func TestTrace(t *testing.T) {
	p, ctx := program(), context.Background()
	e, err := compile.NewEngine(ctx, p, sampling.Options{Chains: 3, Seed: 5}, options())
	if err != nil {
		t.Fatal(err)
	}
	tr, err := e.Trace(ctx, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	s, err := sampling.NewSampler(golang.Model(p), sampling.Options{Chains: 3, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	for sweep := range 5 {
		got, err := tr.Next()
		if err != nil {
			t.Fatal(err)
		}
		for c := range 3 {
			if want := s.State(c, nil); !reflect.DeepEqual(got[c], want) {
				t.Fatalf("after %d sweeps, chain %d: %v, want %v", sweep, c, got[c], want)
			}
		}
		s.Sweep()
	}
	if _, err := tr.Next(); err != io.EOF {
		t.Errorf("after the last sweep: %v", err)
	}
}

// Flags of the binary: what they do, and the exit codes of what is wrong.
func TestBinary(t *testing.T) {
	p, dir := program(), t.TempDir()
	binary, err := compile.Build(context.Background(), p, compile.DefaultsOf(p), options())
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(dir, "s")
	for _, c := range []struct {
		args  string
		exit  int
		print string
	}{
		{"--samples 5 --chains 4", 0, "energy"},
		{"--samples 5 --quiet", 0, ""},
		{"--samples 5 --all", 0, "s[2,3]"},
		{"--version", 0, "thrmlgen " + emit.Version},
		{"--samples 5 --clamp s[1,1]=-1 --clamp x[1]=2 --beta 0.5 --json", 0, `"chains":70`},
		{"--samples 5 --state " + state, 0, "energy"},
		{"--samples 5 --resume " + state, 0, "energy"},
		{"--samples 5 --seed 8 --resume " + state, 3, "seed"},
		{"--samples 0", 2, "samples"},
		{"--chains 0", 2, "chains"},
		{"--beta -1", 3, "beta"},
		{"--nonsense", 2, "nonsense"},
		{"extra", 2, "extra"},
		{"--clamp s[9,9]=1", 2, "s[9,9]"},
		{"--clamp s[1,1]=0", 3, "spin"},
		{"--clamp s=missing.npz#a", 4, "missing.npz"},
		{"--weights missing.npz", 4, "missing.npz"},
		{"--resume missing --json", 4, `"code":"environment"`},
		{"--samples 5 --out /nonexistent/x.npz", 4, "nonexistent"},
	} {
		cmd := exec.Command(binary, strings.Fields(c.args)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		if got := cmd.ProcessState.ExitCode(); got != c.exit || !strings.Contains(string(out), c.print) {
			t.Errorf("%s: exit code %d, want %d with %q:\n%s", c.args, got, c.exit, c.print, out)
		}
	}
}

// The same sources are built once.
func TestBuildOnce(t *testing.T) {
	p, cache := program(), t.TempDir()
	o := compile.Options{CacheDir: cache, Unroll: -1}
	a, err := compile.Build(context.Background(), p, compile.DefaultsOf(p), o)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(a)
	if err != nil {
		t.Fatal(err)
	}
	b, err := compile.Build(context.Background(), p, compile.DefaultsOf(p), o)
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(b)
	if err != nil {
		t.Fatal(err)
	}
	if a != b || !os.SameFile(before, after) {
		t.Error("the second build made another binary")
	}
	if entries, _ := os.ReadDir(cache); len(entries) != 1 {
		t.Errorf("the cache holds %v", entries)
	}
}

// Whatever the user's environment, working folder and files say, the go command
// that the PATH names in full is run alone, and makes the same program.
func TestBuildStandsAlone(t *testing.T) {
	p := program()
	build := func(cache string) []byte {
		t.Helper()
		path, err := compile.Build(context.Background(), p, compile.DefaultsOf(p), compile.Options{CacheDir: cache, Unroll: -1, Ship: true})
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	want := build(t.TempDir())
	dir := t.TempDir()
	marker := filepath.Join(dir, "ran")
	hostile := filepath.Join(dir, "hostile")
	script := []byte("#!/bin/sh\necho \"$0 $*\" >>" + marker + "\nexit 1\n")
	for _, name := range []string{"hostile", "go", "cc", "gcc", "git", "bin/go"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, script, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	settings := "GOFLAGS=-toolexec=" + hostile + "\n"
	for name, text := range map[string]string{
		"go.work": "go 1.24\n\nuse ./missing\n", "go.mod": "module hostile\n\ngo 1.99\n", "env": settings, ".config/go/env": settings, "hostile.json": `{"Replace":{}}`,
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"GOCACHE": strings.TrimSpace(string(cache)), "PATH": strings.Join([]string{".", "bin", "", os.Getenv("PATH")}, string(os.PathListSeparator)),
		"GOFLAGS": "-toolexec=" + hostile + " -overlay=hostile.json", "GOWORK": filepath.Join(dir, "go.work"), "GOENV": filepath.Join(dir, "env"), "HOME": dir,
		"XDG_CONFIG_HOME": filepath.Join(dir, ".config"), "GOROOT": dir, "GOTOOLDIR": dir, "GOTOOLCHAIN": "go1.99.0", "GOPATH": dir, "GOBIN": dir,
		"GOOS": "plan9", "GOARCH": "mips", "GOEXPERIMENT": "nonsense", "GOAMD64": "v4", "GOARM64": "v9.0,lse", "GOCACHEPROG": hostile, "GOPROXY": "https://proxy.invalid",
		"GO111MODULE": "off", "GOMODCACHE": dir, "GODEBUG": "nonsense=1",
		"CGO_ENABLED": "1", "CC": hostile, "CXX": hostile, "CGO_CFLAGS": "-fplugin=" + hostile, "GOGCCFLAGS": "x", "PKG_CONFIG": hostile, "GIT_EXEC_PATH": dir,
	} {
		t.Setenv(name, value)
	}
	got := build(filepath.Join(dir, "cache")) // under go.work and go.mod
	if ran, err := os.ReadFile(marker); err == nil {
		t.Errorf("what is not to be run was:\n%s", ran)
	}
	if !bytes.Equal(got, want) {
		t.Error("the program differs")
	}
}

// Install puts a program in place as a whole or leaves what is there.
func TestInstall(t *testing.T) {
	p, dir := program(), t.TempDir()
	binary, err := compile.Build(context.Background(), p, compile.DefaultsOf(p), options())
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, "small")
	size, err := compile.Install(context.Background(), binary, to)
	info, staterr := os.Stat(to)
	if err != nil || staterr != nil || info.Size() != size || info.Mode() != 0o755 || !compile.IsOurs(to) {
		t.Fatal(err, staterr, info)
	}
	if err := os.WriteFile(to, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := compile.Install(ctx, binary, to); err == nil {
		t.Error("installed though cancelled")
	}
	if _, err := compile.Install(context.Background(), filepath.Join(dir, "gone"), to); err == nil {
		t.Error("installed from nothing")
	}
	if b, _ := os.ReadFile(to); string(b) != "old" {
		t.Error("what was there is gone")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
	for path, want := range map[string]bool{to: false, dir: false, filepath.Join(dir, "new"): true, os.Args[0]: false} {
		if _, err := compile.CanInstall(path, false); (err == nil) != want {
			t.Errorf("%s may be taken: %v", path, err)
		}
	}
}

func TestNoGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	p := program()
	_, err := compile.Build(context.Background(), p, compile.DefaultsOf(p), options())
	var tool *compile.ToolError
	if !errors.As(err, &tool) || !strings.Contains(tool.Text, "1.24") {
		t.Errorf("without go: %v", err)
	}
}

// A go command that is too old is named with the version that is needed.
func TestOldGo(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\necho go1.21.3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	p := program()
	_, err := compile.Build(context.Background(), p, compile.DefaultsOf(p), options())
	if err == nil || !strings.Contains(err.Error(), "go1.21.3") || !strings.Contains(err.Error(), "1.24") {
		t.Errorf("with an old go: %v", err)
	}
}

func TestUnknownSystem(t *testing.T) {
	o := options()
	o.OS = "nowhere"
	p := program()
	_, err := compile.Build(context.Background(), p, compile.DefaultsOf(p), o)
	var tool *compile.ToolError
	if !errors.As(err, &tool) || !strings.Contains(tool.Text, "nowhere") {
		t.Errorf("for an unknown system: %v", err)
	}
}

// The sources of the program are as gofmt writes them.
func TestSourcesAreFormatted(t *testing.T) {
	p := program()
	files, err := compile.Sources(p, compile.DefaultsOf(p), options())
	if err != nil {
		t.Fatal(err)
	}
	programs := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Path, ".go") || strings.Contains(f.Path, "/") {
			continue
		}
		programs++
		want, err := format.Source(f.Data)
		if err != nil || !bytes.Equal(want, f.Data) {
			t.Errorf("%s is not formatted: %v", f.Path, err)
		}
	}
	if programs < 4 {
		t.Errorf("only %d files of the program", programs)
	}
}
