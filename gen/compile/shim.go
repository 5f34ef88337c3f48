package compile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
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
	ctx    context.Context
	work   string // of its files
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	said   bytes.Buffer // on standard error
	chains int
	nodes  int
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
	s := &Shim{ctx: ctx, chains: chains, nodes: p.Nodes}
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
		err = s.begin(path, p.Sample.Seed)
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

// lastOf is the end of what a program has printed.
func lastOf(out []byte) string { return strings.TrimSpace(string(out[max(0, len(out)-1000):])) }

func (s *Shim) begin(path string, seed uint64) error {
	s.cmd = exec.CommandContext(s.ctx, path, "serve")
	s.cmd.Dir, s.cmd.Stderr = s.work, &s.said
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	s.out = bufio.NewReaderSize(out, 1<<16)
	if err := s.cmd.Start(); err != nil {
		return err
	}
	if err := s.ask(nil, "chains %d seed %d", s.chains, seed); err != nil {
		return err
	}
	return s.ask(nil, "start")
}

// ask sends a command, with data, that the process answers with ok.
func (s *Shim) ask(data []byte, format string, args ...any) error {
	if err := s.send(data, format, args...); err != nil {
		return err
	}
	if answer, err := s.out.ReadString('\n'); err != nil || answer != "ok\n" {
		return s.failed(err)
	}
	return nil
}

func (s *Shim) send(data []byte, format string, args ...any) error {
	_, err := s.in.Write(append([]byte(fmt.Sprintf(format, args...)+"\n"), data...))
	if err != nil {
		return s.failed(err)
	}
	return nil
}

// failed says what the process said last.
func (s *Shim) failed(err error) error {
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	s.in.Close()
	s.cmd.Wait()
	return fmt.Errorf("the kernels on the CPU ended: %v: %s", err, lastOf(s.said.Bytes()))
}

// Sweep makes so many sweeps of all chains at a β.
func (s *Shim) Sweep(sweeps int, beta float64) error {
	return s.ask(nil, "sweep %d %x", sweeps, math.Float64bits(beta))
}

// States reads the states of all chains.
func (s *Shim) States() ([][]int32, error) {
	if err := s.send(nil, "get"); err != nil {
		return nil, err
	}
	states := make([][]int32, s.chains)
	for c := range states {
		states[c] = make([]int32, s.nodes)
		if err := binary.Read(s.out, binary.LittleEndian, states[c]); err != nil {
			return nil, s.failed(err)
		}
	}
	return states, nil
}

// Restore goes on from states before a sweep of this number.
func (s *Shim) Restore(states [][]int32, sweep uint64) error {
	var data []byte
	for _, x := range states {
		data, _ = binary.Append(data, binary.LittleEndian, x)
	}
	return s.ask(data, "state %d", sweep)
}

// Close ends the process and removes its files.
func (s *Shim) Close() {
	if s.cmd != nil && s.cmd.Process != nil {
		s.in.Close()
		s.cmd.Wait()
	}
	os.RemoveAll(s.work)
}
