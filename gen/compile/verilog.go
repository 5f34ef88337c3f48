package compile

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/verilog"
)

// An Array is the emitted Verilog of a program in a simulator: Verilator, else Icarus.
// The array runs K chains at a time; more are simulated group after group, with the
// generators' states of each, and so are sweeps in pieces.
type Array struct {
	ctx    context.Context
	bench  *verilog.Bench
	seed   uint64
	icarus bool
	path   string // of the simulation
	work   string // of its files

	states [][]int32   // after the last sweep that was asked for
	sweep  uint64      // number of the next
	place  uint64      // of the next in the schedule of β
	ahead  [][][]int32 // states of the sweeps behind it
	left   int         // sweeps that will be asked for
	room   int         // most sweeps of a piece
}

// pieceStates is the most values of nodes that are kept ahead.
const pieceStates = 1 << 22

// Simulator looks for Verilator, then for Icarus. Neither is a *ToolError.
func Simulator() (path string, icarus bool, err error) {
	if path, err = exec.LookPath("verilator"); err == nil {
		return path, false, nil
	}
	if path, err = exec.LookPath("iverilog"); err == nil {
		return path, true, nil
	}
	return "", false, &ToolError{"neither verilator nor iverilog is found, one of which simulates Verilog", "install one of them, or use --target table: the samples are the same"}
}

// NewArray builds the simulation, unless it is in the cache, with all chains in the
// initial state. sweeps is how many will be asked for.
func NewArray(ctx context.Context, p *ir.Program, chains, sweeps int, o Options) (*Array, error) {
	files, err := verilog.Emit(emit.Request{Program: p})
	if err != nil {
		return nil, err
	}
	m, err := interp.New(p, chains, p.Sample.Seed)
	if err != nil {
		return nil, err
	}
	bench, err := verilog.NewBench(p)
	if err != nil {
		return nil, err
	}
	tool, icarus, err := Simulator()
	if err != nil {
		return nil, err
	}
	cache, err := openCache(o.CacheDir)
	if err != nil {
		return nil, err
	}
	a := &Array{ctx: ctx, bench: bench, seed: p.Sample.Seed, icarus: icarus, states: m.State(), left: sweeps,
		room: max(1, pieceStates/(p.Nodes*chains))}
	a.path = cache.path(p.Model, files, tool, o)
	if a.work, err = os.MkdirTemp(cache.dir, workPrefix); err != nil {
		return nil, err
	}
	for _, f := range files { // which the testbench reads at run time, wherever it was built
		if f.Path == verilog.TableFile {
			err = errors.Join(err, writeSource(filepath.Join(a.work, filepath.FromSlash(f.Path)), f.Data))
		}
	}
	if err == nil && !cache.hit(a.path) {
		if about := verilatorTime(p); !icarus && about >= slowBuild {
			if tell, ok := ctx.Value(slowKey{}).(func(time.Duration)); ok {
				tell(about)
			}
		}
		err = a.build(tool, cache, files, p.Model)
	}
	if err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

type slowKey struct{}

// slowBuild is from when on a build is told of.
const slowBuild = 20 * time.Second

// TellSlow has tell called before a simulation is built that takes long, with about how long.
func TellSlow(ctx context.Context, tell func(about time.Duration)) context.Context {
	return context.WithValue(ctx, slowKey{}, tell)
}

// verilatorTime is how long Verilator and the compiler take on one core, about: by the
// look-up tables of an array, of which 3,500 took 17 s and 38,000 two and a half minutes.
func verilatorTime(p *ir.Program) time.Duration {
	e, err := verilog.NewEstimate(p, verilog.FindFamily("hx8k"))
	if err != nil {
		return 0
	}
	return time.Duration(5+e.Array.LUT/270) * time.Second
}

// Close removes the files of the simulation.
func (a *Array) Close() { os.RemoveAll(a.work) }

func (a *Array) build(tool string, c *cache, files []emit.File, model string) error {
	for _, f := range files {
		if err := writeSource(filepath.Join(a.work, filepath.FromSlash(f.Path)), f.Data); err != nil {
			return err
		}
	}
	binary := "tb.vvp"
	args := []string{"-g2005", "-s", model + "_tb", "-o", binary, "-f", "rtl/files.f", "sim/" + model + "_tb.v"}
	if !a.icarus {
		binary = "obj/V" + model + "_array"
		args = []string{"--cc", "--exe", "--build", "-O3", "--x-assign", "fast", "--x-initial", "fast", "--noassert", "-MAKEFLAGS", "OPT_FAST=-O3 OPT_SLOW=-O0 OPT_GLOBAL=-O0", "--top-module", model + "_array",
			"-f", "rtl/files.f", "sim/public.vlt", "sim/main.cpp", "--Mdir", "obj"}
	}
	if err := a.command(tool, args...); err != nil {
		return err
	}
	return c.keep(filepath.Join(a.work, binary), a.path)
}

// command runs a program in the folder of the simulation.
func (a *Array) command(name string, args ...string) error {
	cmd := exec.CommandContext(a.ctx, name, args...)
	cmd.Dir = a.work
	out, err := cmd.CombinedOutput()
	switch {
	case a.ctx.Err() != nil:
		return context.Cause(a.ctx)
	case err != nil:
		return fmt.Errorf("%s: %v: %s", filepath.Base(name), err, lastOf(out))
	}
	return nil
}

// State is that after the last sweep, by chain and node; it is not to be changed.
func (a *Array) State() [][]int32 { return a.states }

// Number is that of the next sweep.
func (a *Array) Number() uint64 { return a.sweep }

// Restore goes on from states before a sweep of this number, at the β of draws.
func (a *Array) Restore(states [][]int32, sweep uint64) {
	a.states, a.sweep, a.place, a.ahead = states, sweep, math.MaxUint64, nil
}

// Sweep makes one sweep of all chains.
func (a *Array) Sweep() error {
	if len(a.ahead) == 0 {
		if err := a.simulate(max(1, min(a.left, a.room))); err != nil {
			return err
		}
	}
	a.states, a.ahead = a.ahead[0], a.ahead[1:]
	a.sweep++
	if a.place != math.MaxUint64 {
		a.place++
	}
	a.left--
	return nil
}

// simulate makes so many sweeps ahead.
func (a *Array) simulate(sweeps int) error {
	a.ahead = make([][][]int32, sweeps)
	for i := range a.ahead {
		a.ahead[i] = make([][]int32, len(a.states))
	}
	k := a.bench.Group()
	for first := 0; first < len(a.states); first += k {
		if err := a.group(first/k, first, min(first+k, len(a.states)), sweeps); err != nil {
			return err
		}
	}
	return nil
}

// group simulates the chains from first to last.
func (a *Array) group(group, first, last, sweeps int) error {
	for name, data := range map[string][]byte{
		"seeds.txt": a.bench.Seeds(a.seed, group, a.sweep), "init.txt": a.bench.States(a.states[first:last]),
	} {
		if err := os.WriteFile(filepath.Join(a.work, name), data, 0o666); err != nil {
			return err
		}
	}
	n, place := strconv.Itoa(sweeps), a.bench.Position(a.place)
	name, args := "vvp", []string{a.path, "+seeds=seeds.txt", "+init=init.txt", "+out=out.txt", "+sweeps=" + n}
	if a.icarus && place > 0 {
		args = append(args, "+beta="+strconv.Itoa(place))
	}
	if !a.icarus {
		name, args = a.path, []string{"--seeds", "seeds.txt", "--init", "init.txt", "--out", "out.txt", "--sweeps", n}
		if place > 0 {
			args = append(args, "--beta", strconv.Itoa(place))
		}
	}
	err := a.command(name, args...)
	if err != nil {
		return err
	}
	out, err := os.ReadFile(filepath.Join(a.work, "out.txt"))
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<26)
	nodes := len(a.states[0])
	for s := range sweeps {
		for c := range a.bench.Group() {
			if !lines.Scan() {
				return fmt.Errorf("the simulation ended after %d of %d sweeps", s, sweeps)
			}
			if chain := first + c; chain < last {
				a.ahead[s][chain] = make([]int32, nodes)
				if err := a.bench.Read(lines.Text(), a.ahead[s][chain]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
