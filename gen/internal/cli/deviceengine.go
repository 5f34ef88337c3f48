package cli

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/compile"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/cuda"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

const (
	shimTarget = "shim"
	cudaTarget = "cuda"
)

// kernels are the emitted kernels of a program, somewhere.
type kernels interface {
	device.Chains
	// Begin puts all chains into the initial state of the program's own version.
	Begin() error
}

// openKernels finds what runs the kernels of a program, which have no chains yet.
type openKernels func(ctx context.Context, p *ir.Program) (kernels, error)

// checkKernels refuses a program that no kernel runs.
func checkKernels(p *ir.Program, target string) error {
	if err := cuda.Check(emit.Request{Program: p}); err != nil {
		return wrong("%s: %v", target, err)
	}
	return nil
}

// shim is the CPU, with the kernels compiled as C++.
func shim(ctx context.Context, p *ir.Program) (kernels, error) {
	s, err := compile.NewShim(ctx, p, compile.Options{})
	if err != nil {
		return nil, notBuilt(ctx, err)
	}
	return s, nil
}

// graphics are GPUs.
func graphics(devices []int) openKernels {
	return func(ctx context.Context, p *ir.Program) (kernels, error) {
		g, err := compile.NewGPUs(ctx, p, devices, compile.Options{})
		if err != nil {
			return nil, notBuilt(ctx, err)
		}
		return g, nil
	}
}

// begin opens the kernels of a model with so many chains in the initial state.
func begin(ctx context.Context, open openKernels, m *gen.Model, chains int) (kernels, error) {
	k, err := open(ctx, m.Program)
	if err != nil {
		return nil, err
	}
	if err = k.Load(&device.Version{Chains: chains, Seed: m.Program.Sample.Seed, Own: true}); err == nil {
		err = k.Begin()
	}
	if err != nil {
		k.Close()
		return nil, deviceError(ctx, err)
	}
	return k, nil
}

// devicesFor refuses numbers that are those of no GPUs, and any for another target.
func devicesFor(cmd *cobra.Command, target string, devices []int) error {
	if target != cudaTarget && cmd.Flags().Changed("devices") {
		return usage("--devices is for the target cuda, not %s", target)
	}
	for i, d := range devices {
		switch {
		case d < 0:
			return usage("--devices %d: GPUs are numbered from 0", d)
		case slices.Contains(devices[:i], d):
			return usage("--devices names the GPU %d twice", d)
		}
	}
	if len(devices) == 0 {
		return usage("--devices: at least one GPU is needed")
	}
	return nil
}

// Sweeps that a device makes between looks at the context, and where progress is shown. Best states
// are fetched now and then, for the report of a run that is interrupted.
const (
	sweepsAtOnce   = 256
	sweepsShown    = 16
	betweenFetches = 10 * time.Second
)

// deviceEngine is emitted CUDA on a device.
type deviceEngine struct {
	*observe.ChainStates
	model    *gen.Model
	device   kernels
	kept     *keptRows // nil: nothing
	energies []float64 // of States at β = 1; nil: to be added up
	fetched  time.Time // of best states
	tallied  bool      // draws are counted on the device, and States are not those of now
}

func newShimEngine(ctx context.Context, m *gen.Model, _ *runFlags) (engine, error) {
	return newDeviceEngine(ctx, m, shimTarget, shim)
}

func newCUDAEngine(ctx context.Context, m *gen.Model, o *runFlags) (engine, error) {
	return newDeviceEngine(ctx, m, cudaTarget, graphics(o.devices))
}

func newDeviceEngine(ctx context.Context, m *gen.Model, target string, open openKernels) (engine, error) {
	s := m.Program.Sample
	if err := checkKernels(m.Program, target); err != nil {
		return nil, err
	}
	d, err := begin(ctx, open, m, s.Chains)
	if err != nil {
		return nil, err
	}
	e := &deviceEngine{ChainStates: observe.NewChainStates(golang.Model(m.Program), s.Seed, nil), model: m, device: d}
	e.kept = newKeptRows(m.Program, e.ChainStates)
	terms, _ := device.EnergyTerms(e.Model())
	if err = deviceError(ctx, d.Terms(terms)); err == nil {
		err = e.show(ctx)
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return e, nil
}

func (e *deviceEngine) view() observe.ChainView { return e }

// Energies is as in observe.ChainView, with what the device has added up.
func (e *deviceEngine) Energies(beta float64, dst []float64) []float64 {
	if e.energies == nil {
		return e.ChainStates.Energies(beta, dst)
	}
	for _, h := range e.energies {
		dst = append(dst, float64(beta*h))
	}
	return dst
}

func (e *deviceEngine) restore(s *observe.SavedState) error {
	m := e.Model()
	if err := s.Check(m, e.Seed(), e.Chains()); err != nil {
		return err
	}
	e.States, e.ChainStates.Sweep, e.energies = s.States(m), s.Meta.Sweep, nil
	if err := e.device.Restore(e.States, e.ChainStates.Sweep); err != nil || e.kept == nil {
		return err
	}
	return e.kept.restore(e.device, s, e.ChainStates)
}

// show brings what the collector sees up to the states of the device.
func (e *deviceEngine) show(ctx context.Context) (err error) {
	if !e.tallied {
		e.States, err = e.device.States()
		if err == nil && e.kept != nil {
			err = e.kept.read(e.device, e.ChainStates)
		}
	}
	if err == nil {
		e.energies, err = e.device.Energies()
	}
	return deviceError(ctx, err)
}

func (e *deviceEngine) run(ctx context.Context, to *observe.Collector, resume bool) error {
	best := func() ([][]int32, []uint64, error) {
		states, sweeps, err := e.device.Best()
		return states, sweeps, deviceError(ctx, err)
	}
	if to.LeaveBest(best) {
		if err := e.device.Watch(!resume); err != nil {
			return deviceError(ctx, err)
		}
		e.fetched = time.Now()
	}
	if err := to.LeaveDraws(e.tally(ctx)); err != nil {
		return err
	}
	piece, states := sweepsAtOnce, to.WantsSweepStates()
	if states {
		piece = 1
	} else if to.WantsSweeps() {
		piece = sweepsShown
	}
	return drive(e.model, to, resume, func(sweeps int, beta float64) error {
		for sweeps > 0 {
			n := min(piece, sweeps)
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := e.device.Sweep(n, beta); err != nil {
				return deviceError(ctx, err)
			}
			if e.kept != nil {
				e.kept.swept(e.ChainStates.Sweep, n)
			}
			e.ChainStates.Sweep += uint64(n)
			if !e.fetched.IsZero() && time.Since(e.fetched) > betweenFetches {
				if err := to.TakeBest(); err != nil {
					return err
				}
				e.fetched = time.Now()
			}
			if sweeps -= n; states || sweeps == 0 {
				if err := e.show(ctx); err != nil {
					return err
				}
			}
			if err := to.ObserveSweep(); err != nil {
				return err
			}
		}
		return nil
	})
}

// tally begins to count draws on the device.
func (e *deviceEngine) tally(ctx context.Context) func(*sampling.TallyPlan) (observe.Tally, error) {
	return func(plan *sampling.TallyPlan) (observe.Tally, error) {
		e.tallied = true
		return &deviceTally{ctx, e}, deviceError(ctx, e.device.Tally(device.NewTally(plan)))
	}
}

// deviceTally is that of an engine.
type deviceTally struct {
	ctx    context.Context
	engine *deviceEngine
}

// Draw is as in observe.Tally.
func (t *deviceTally) Draw() (sampling.TalliedDraw, error) {
	d, err := t.engine.device.Draw()
	return d, deviceError(t.ctx, err)
}

// Counts is as in observe.Tally.
func (t *deviceTally) Counts() ([]int64, error) {
	counts, err := t.engine.device.Counts()
	if err != nil {
		return nil, deviceError(t.ctx, err)
	}
	t.engine.tallied = false
	return counts, t.engine.show(t.ctx)
}

// deviceError is an interrupt, or a failure of the environment, or nil.
func deviceError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return environment("%v", err)
}

func (e *deviceEngine) close() { e.device.Close() }

// deviceTracer gives the initial state, then one sweep after the other.
type deviceTracer struct {
	ctx    context.Context
	model  *gen.Model
	device kernels
	sweep  int
}

func newDeviceTracer(target string, open openKernels) func(context.Context, *gen.Model, int, int) (tracer, error) {
	return func(ctx context.Context, m *gen.Model, _, chains int) (tracer, error) {
		if err := checkKernels(m.Program, target); err != nil {
			return nil, err
		}
		d, err := begin(ctx, open, m, chains)
		if err != nil {
			return nil, err
		}
		return &deviceTracer{ctx, m, d, -1}, nil
	}
}

func (t *deviceTracer) next() ([][]int32, error) {
	if t.sweep >= 0 {
		if err := t.device.Sweep(1, betaAt(t.model, t.sweep)); err != nil {
			return nil, deviceError(t.ctx, err)
		}
	}
	t.sweep++
	states, err := t.device.States()
	if err != nil {
		return nil, deviceError(t.ctx, err)
	}
	return states, nil
}

func (t *deviceTracer) close() { t.device.Close() }
