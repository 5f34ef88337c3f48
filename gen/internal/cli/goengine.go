package cli

import (
	"context"
	"errors"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/compile"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// goEngine is emitted Go, compiled and run beside us; its states come back into
// a sampler that does not sweep.
type goEngine struct {
	*compile.Engine
	everySweep bool
}

func newGoEngine(ctx context.Context, m *gen.Model, o *runFlags) (engine, error) {
	e, err := compiled(ctx, m, m.Program.Sample.Chains, o.thread)
	if err != nil {
		return nil, err
	}
	return goEngine{e, planOf(m, o).Best}, nil
}

// notBuilt says why emitted code could not be made to run.
func notBuilt(ctx context.Context, err error) error {
	var tool *compile.ToolError
	switch {
	case errors.As(err, &tool):
		return environment("%s", tool.Text).help("%s", tool.Help)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return environment("%v", err)
}

// compiled builds the binary of a model, unless it is in the cache.
func compiled(ctx context.Context, m *gen.Model, chains, threads int) (*compile.Engine, error) {
	e, err := compile.NewEngine(ctx, m.Program, sampling.Options{Chains: chains, Seed: m.Program.Sample.Seed, Threads: threads}, compile.Options{Dir: m.Dir()})
	if err != nil {
		return nil, notBuilt(ctx, err)
	}
	return e, nil
}

func (e goEngine) view() observe.ChainView { return e.Sampler }

func (e goEngine) restore(s *observe.SavedState) error { return s.Restore(e.Sampler) }

func (e goEngine) watch(observers []observe.UserObserver) { e.Watch(observers) }

func (e goEngine) run(ctx context.Context, to *observe.Collector, resume bool) error {
	err := e.RunCompiled(ctx, to, e.everySweep, resume)
	var f *compile.CodeFault
	if errors.As(err, &f) {
		return wrong("%s", f.Text)
	}
	return err
}

func (e goEngine) close() {}

// goTracer is a compiled binary that sends its state after every sweep.
type goTracer struct{ *compile.Trace }

func newGoTracer(ctx context.Context, m *gen.Model, sweeps, chains int) (tracer, error) {
	e, err := compiled(ctx, m, chains, 1)
	if err != nil {
		return nil, err
	}
	t, err := e.Trace(ctx, sweeps)
	if err != nil {
		return nil, environment("%v", err)
	}
	return goTracer{t}, nil
}

func (t goTracer) next() ([][]int32, error) { return t.Next() }

func (t goTracer) close() { t.Close() }
