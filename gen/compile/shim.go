package compile

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/targets/cuda"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// A Shim is the emitted CUDA of a program, compiled as C++, in a process of its own that
// sweeps on the CPU.
type Shim struct {
	*device.Process
	ctx      context.Context
	versions cuda.Versions
	tool     string // compiler of C++
	cache    *cache
	o        Options
	work     string // folder of its files
	source   []byte // of the kernels in the process
	seed     uint64
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

// NewShim makes one without kernels. They come with Load.
func NewShim(ctx context.Context, p *ir.Program, o Options) (*Shim, error) {
	tool, err := Compiler()
	if err != nil {
		return nil, err
	}
	cache, err := openCache(o.CacheDir)
	if err != nil {
		return nil, err
	}
	return &Shim{ctx: ctx, versions: cuda.Versions{Program: p}, tool: tool, cache: cache, o: o}, nil
}

// Load takes a version of the program: as words of the process at work where its kernels
// and chains are the same, else in another process.
func (s *Shim) Load(v *device.Version) error {
	p, k, err := s.versions.Kernels(v)
	if err != nil {
		return err
	}
	if s.Process != nil && s.Chains == v.Chains && s.seed == v.Seed && bytes.Equal(k.Source, s.source) {
		words, _ := binary.Append(nil, binary.LittleEndian, k.Words.List)
		return s.Ask(words, "words %d", len(k.Words.List))
	}
	s.Close()
	if err := s.start(p, v); err != nil {
		s.Close()
		return err
	}
	s.source, s.seed = k.Source, v.Seed
	return nil
}

// start starts the process of a version, after building it unless its binary is in the
// cache.
func (s *Shim) start(p *ir.Program, v *device.Version) error {
	own := *p
	own.Sample = s.versions.Program.Sample // what the host does by itself, which is built with it
	files, err := cuda.Files(&own)
	if err != nil {
		return err
	}
	built := slices.DeleteFunc(slices.Clone(files), func(f emit.File) bool { return f.Path == cuda.TablesFile })
	path := s.cache.path(p.Model, built, s.tool, s.o)
	if s.work, err = os.MkdirTemp(s.cache.dir, workPrefix); err != nil {
		return err
	}
	for _, f := range files {
		if err := writeSource(filepath.Join(s.work, f.Path), f.Data); err != nil {
			return err
		}
	}
	if !s.cache.hit(path) {
		if err := s.build(path); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(s.ctx, path, "serve")
	cmd.Dir = s.work
	if s.Process, err = device.Start(s.ctx, cmd, p.Nodes); err != nil {
		return err
	}
	s.Chains = v.Chains
	return s.Ask(nil, "chains %d seed %d", v.Chains, v.Seed)
}

// Begin puts all chains into the initial state.
func (s *Shim) Begin() error { return s.Ask(nil, "start") }

func (s *Shim) build(path string) error {
	cmd := exec.CommandContext(s.ctx, s.tool, "-O2", "-std=c++17", "-ffp-contract=off", "-DTHRML_SHIM", "-x", "c++", "host.cu", "-o", "shim")
	cmd.Dir, cmd.Env = s.work, device.Environment() // other variables add headers and flags
	if out, err := cmd.CombinedOutput(); err != nil {
		if s.ctx.Err() != nil {
			return context.Cause(s.ctx)
		}
		return fmt.Errorf("%s: %v: %s", filepath.Base(s.tool), err, lastOf(out))
	}
	return s.cache.keep(filepath.Join(s.work, "shim"), path)
}

// lastOf is the end of what a program has printed.
func lastOf(out []byte) string { return strings.TrimSpace(string(out[max(0, len(out)-3000):])) }

// Close ends the process and removes its files.
func (s *Shim) Close() {
	if s.Process != nil {
		s.Process.Close()
		s.Process = nil
	}
	if s.work != "" {
		os.RemoveAll(s.work)
	}
}
