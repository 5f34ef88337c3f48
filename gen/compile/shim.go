package compile

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/cuda"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// A Shim is the emitted CUDA of a program, compiled as C++, in a process of its own that
// sweeps on the CPU.
type Shim struct {
	kernels
	work string // of its files
}

// compilers of C++, first choice first.
var compilers = []string{"g++", "clang++", "c++"}

// Compiler looks for a compiler of C++. None is a *ToolError.
func Compiler() (string, error) {
	for _, name := range compilers {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", &ToolError{"no compiler of C++ is found; looked for " + strings.Join(compilers, ", "),
		"install g++, or use --target table: the samples are the same"}
}

// NewShim builds the process of a program, unless its binary is in the cache, with all
// chains in the initial state.
func NewShim(ctx context.Context, p *ir.Program, chains int, o Options) (*Shim, error) {
	tool, err := Compiler()
	if err != nil {
		return nil, err
	}
	files, err := cuda.Emit(emit.Request{Program: p})
	if err != nil {
		return nil, err
	}
	cache, err := openCache(o.CacheDir)
	if err != nil {
		return nil, err
	}
	path := cache.path(p.Model, files, tool, o)
	s := &Shim{kernels: kernels{ctx: ctx, chains: chains, nodes: p.Nodes}}
	if s.work, err = os.MkdirTemp(cache.dir, workPrefix); err != nil {
		return nil, err
	}
	for _, f := range files {
		if err = writeSource(filepath.Join(s.work, f.Path), f.Data); err != nil {
			break
		}
	}
	if err == nil && !cache.hit(path) {
		err = s.build(tool, cache, path)
	}
	if err == nil {
		s.cmd = exec.CommandContext(ctx, path, "serve")
		s.cmd.Dir = s.work
		err = s.begin()
	}
	if err == nil {
		err = s.ask(nil, "chains %d seed %d", chains, p.Sample.Seed)
	}
	if err == nil {
		err = s.ask(nil, "start")
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Shim) build(tool string, c *cache, path string) error {
	cmd := exec.CommandContext(s.ctx, tool, "-O2", "-std=c++17", "-ffp-contract=off", "-DTHRML_SHIM", "-x", "c++", "host.cu", "-o", "shim")
	cmd.Dir = s.work
	if out, err := cmd.CombinedOutput(); err != nil {
		if s.ctx.Err() != nil {
			return context.Cause(s.ctx)
		}
		return fmt.Errorf("%s: %v: %s", filepath.Base(tool), err, lastOf(out))
	}
	return c.keep(filepath.Join(s.work, "shim"), path)
}

// Close ends the process and removes its files.
func (s *Shim) Close() {
	s.end()
	os.RemoveAll(s.work)
}
