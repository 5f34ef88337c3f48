// Package compile turns a program into a binary and runs it: what stands behind
// `thrmlgen build`, `run --compiled` and the target go of `run` and `verify`.
//
// The emitted package, runtime bundled, and a fixed main program (templates/) are
// built by the go command in a module of their own, offline, with an environment
// of our own, so that neither the network nor the user's Go settings matter. The
// same sources are built once: binaries are kept in the user's cache under a
// digest of everything that goes into them.
//
//	compile.go   Build: a program as a binary
//	gotool.go    the go command and its environment
//	systems.go   the systems that it builds for
//	cache.go     where binaries are kept
//	install.go   a binary in the place its user names
//	linked.go    programs with code of the user's module
//	engine.go    running one for thrmlgen, which looks at its states
//	shim.go      the target shim: emitted CUDA in a process on the CPU
//	gpu.go       the target cuda: in a process for each GPU
//	gpubuild.go  what a binary for GPUs has in it
//	verilog.go   the target verilog: emitted hardware in a simulator
package compile

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/serve"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/templates"
)

// Options say where and for what a binary is made. The zero value is for this
// machine, in the user's cache.
type Options struct {
	CacheDir string // "": thrmlgen in os.UserCacheDir
	OS, Arch string // as GOOS and GOARCH, "": this machine's
	Unroll   int    // as in emit.Request
	Dir      string // of the model file, for programs that name code in Go
	// Ship keeps paths of this machine out of the binary. The first such build
	// compiles the standard library once more.
	Ship bool
	// GPU makes a binary that samples on a GPU, for Linux on amd64 or arm64.
	GPU bool
}

// Build makes a static binary that samples a program and returns its path, which
// lies in the cache: copy it, do not change it. defaults is what the binary does
// unless told otherwise. A missing or old go command is a *ToolError.
func Build(ctx context.Context, p *ir.Program, defaults serve.RunDefaults, o Options) (string, error) {
	tool, err := findGo(ctx)
	if err != nil {
		return "", err
	}
	cache, err := openCache(o.CacheDir)
	if err != nil {
		return "", err
	}
	if len(p.GoCode) > 0 {
		return buildLinked(ctx, tool, cache, p, defaults, o)
	}
	files, err := Sources(p, defaults, o)
	if err != nil {
		return "", err
	}
	path := cache.path(p.Model, files, tool.version, o)
	if cache.hit(path) {
		return path, nil
	}
	work, err := os.MkdirTemp(cache.dir, workPrefix)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	for _, f := range files {
		if err := writeSource(filepath.Join(work, filepath.FromSlash(f.Path)), f.Data); err != nil {
			return "", err
		}
	}
	binary := filepath.Join(work, "binary")
	if err := tool.build(ctx, work, binary, o); err != nil {
		return "", err
	}
	return path, cache.keep(binary, path)
}

// DefaultsOf observes states and energies.
func DefaultsOf(*ir.Program) serve.RunDefaults {
	return serve.RunDefaults{Observe: serve.Observed{States: true, Energy: true}}
}

func writeSource(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o666)
}

// packageName is the emitted package's inside a binary, modulePrefix what the name
// of every such module begins with.
const (
	packageName  = "sampler"
	modulePrefix = "thrmlgen.invalid/"
)

// Sources are the files of the module that Build compiles.
func Sources(p *ir.Program, defaults serve.RunDefaults, o Options) ([]emit.File, error) {
	if o.GPU {
		o.Unroll = -1 // the GPU makes the sweeps
	}
	emitted, err := golang.Emit(emit.Request{Program: p, Package: packageName, Runtime: emit.Bundle, Unroll: o.Unroll})
	if err != nil {
		return nil, err
	}
	files, err := mainFiles(p, defaults, modulePrefix+strings.ReplaceAll(p.Model, "_", "-"), o)
	if err != nil {
		return nil, err
	}
	for _, f := range emitted {
		files = append(files, emit.File{Path: packageName + "/" + f.Path, Data: f.Data})
	}
	return files, nil
}

// mainFiles are the files of a program beside its emitted package, in a module or
// folder of that import path.
func mainFiles(p *ir.Program, defaults serve.RunDefaults, path string, o Options) ([]emit.File, error) {
	fill := map[string]any{
		"Header":    emit.Header(p),
		"Module":    path,
		"Package":   packageName,
		"Go":        MinGo,
		"Observers": "nil",
		"Target":    "go",
		"GPU":       o.GPU,
	}
	patterns := []string{"go.mod.tmpl", "*.go.tmpl"}
	if o.GPU {
		fill["Target"] = "cuda"
		patterns = append(patterns, "cuda/gpu.go.tmpl")
	}
	if len(p.GoCode) > 0 {
		fill["Observers"] = "sampler.Observers()"
	}
	var files []emit.File
	all, err := template.ParseFS(templates.FS(), patterns...)
	if err != nil {
		return nil, err
	}
	for _, t := range all.Templates() {
		var b bytes.Buffer
		if err := t.Option("missingkey=error").Execute(&b, fill); err != nil {
			return nil, err
		}
		files = append(files, emit.File{Path: strings.TrimSuffix(t.Name(), ".tmpl"), Data: b.Bytes()})
	}
	slices.SortFunc(files, func(a, b emit.File) int { return cmp.Compare(a.Path, b.Path) })
	asked, err := json.MarshalIndent(defaults, "", "\t")
	if err != nil {
		return nil, err
	}
	files = append(files, emit.File{Path: "defaults.json", Data: append(asked, '\n')})
	if !o.GPU {
		return files, nil
	}
	gpu, err := gpuFiles(p, path, o)
	return append(files, gpu...), err
}
