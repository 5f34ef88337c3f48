package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/compile"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/verilog"
)

const verilogTarget = "verilog"

// simulated builds the simulation of a model, unless it is in the cache.
func simulated(ctx context.Context, m *gen.Model, chains, sweeps int) (*compile.Array, error) {
	if err := verilog.Check(emit.Request{Program: m.Program}); err != nil {
		return nil, wrong("verilog: %v", err)
	}
	a, err := compile.NewArray(ctx, m.Program, chains, sweeps, compile.Options{})
	if err != nil {
		return nil, notBuilt(ctx, err)
	}
	return a, nil
}

// verilogEngine is emitted Verilog in a simulator.
type verilogEngine struct {
	*observe.ChainStates
	model *gen.Model
	array *compile.Array
}

func newVerilogEngine(ctx context.Context, m *gen.Model, _ *runFlags) (engine, error) {
	s := m.Program.Sample
	a, err := simulated(ctx, m, s.Chains, s.Warmup+s.Samples*s.StepsPerSample)
	if err != nil {
		return nil, err
	}
	return &verilogEngine{observe.NewChainStates(golang.Model(m.Program), s.Seed, a.State()), m, a}, nil
}

func (e *verilogEngine) view() observe.ChainView { return e.ChainStates }

func (e *verilogEngine) restore(s *observe.SavedState) error {
	m := e.Model()
	if err := s.Check(m, e.Seed(), e.Chains()); err != nil {
		return err
	}
	e.array.Restore(s.States(m), s.Meta.Sweep)
	e.show()
	return nil
}

func (e *verilogEngine) show() { e.States, e.Sweep = e.array.State(), e.array.Number() }

func (e *verilogEngine) run(ctx context.Context, to *observe.Collector, resume bool) error {
	return drive(e.model, to, resume, each(func(float64) error { // the array has the schedule of beta
		if err := e.array.Sweep(); err != nil {
			return simulationError(ctx, err)
		}
		e.show()
		return to.ObserveSweep()
	}))
}

func simulationError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return environment("%v", err)
}

func (e *verilogEngine) close() { e.array.Close() }

// verilogTracer gives the initial state, then one sweep after the other.
type verilogTracer struct {
	ctx   context.Context
	array *compile.Array
	begun bool
}

func newVerilogTracer(ctx context.Context, m *gen.Model, sweeps, chains int) (tracer, error) {
	a, err := simulated(ctx, m, chains, sweeps)
	if err != nil {
		return nil, err
	}
	return &verilogTracer{ctx: ctx, array: a}, nil
}

func (t *verilogTracer) next() ([][]int32, error) {
	if t.begun {
		if err := t.array.Sweep(); err != nil {
			return nil, simulationError(t.ctx, err)
		}
	}
	t.begun = true
	return t.array.State(), nil
}

func (t *verilogTracer) close() { t.array.Close() }

// tellSlow has said before a simulation is built that this takes long.
func (c *command) tellSlow(ctx context.Context) context.Context {
	if c.quiet || c.json {
		return ctx
	}
	return compile.TellSlow(ctx, func(about time.Duration) {
		fmt.Fprintf(c.err, "Verilator builds the simulation, once: about %v on one core; --target table has the same samples at once\n", about.Round(10*time.Second))
	})
}

// forHardware gives a model without a number format that of hardware, as the target
// verilog needs it, and says so.
func (c *command) forHardware(file string, m *gen.Model) (*gen.Model, error) {
	if !c.hardware || m.Spec.Format.Pos.Line != 0 {
		return m, nil
	}
	c.sets = append(c.sets, "format=hardware")
	if !c.quiet && !c.json {
		fmt.Fprintln(c.err, "format: hardware, because the model names none and the target is verilog")
	}
	return c.loadQuietly(file)
}
