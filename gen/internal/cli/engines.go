package cli

import (
	"context"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// tableEngine is the engine linked into thrmlgen.
type tableEngine struct{ *sampling.Sampler }

func newTableEngine(_ context.Context, m *gen.Model, o *runFlags) (engine, error) {
	s := m.Program.Sample
	sampler, err := sampling.NewSampler(golang.Model(m.Program), sampling.Options{Chains: s.Chains, Seed: s.Seed, Threads: o.thread, Kernel: o.kernel.kernel})
	if err != nil {
		return nil, wrong("%v", err)
	}
	return tableEngine{sampler}, nil
}

func (e tableEngine) view() observe.ChainView { return e.Sampler }

func (e tableEngine) restore(s *observe.SavedState) error { return s.Restore(e.Sampler) }

func (e tableEngine) run(ctx context.Context, to *observe.Collector, resume bool) error {
	return to.Run(ctx, e.Sampler, resume)
}

func (e tableEngine) close() {}

// interpEngine is the reference interpreter.
type interpEngine struct {
	*observe.ChainStates
	model   *gen.Model
	machine *interp.Machine
}

func newInterpEngine(_ context.Context, m *gen.Model, _ *runFlags) (engine, error) {
	s := m.Program.Sample
	machine, err := interp.New(m.Program, s.Chains, s.Seed)
	if err != nil {
		return nil, wrong("%v", err)
	}
	e := &interpEngine{observe.NewChainStates(golang.Model(m.Program), s.Seed, nil), m, machine}
	e.show()
	return e, nil
}

func (e *interpEngine) view() observe.ChainView { return e.ChainStates }

func (e *interpEngine) restore(s *observe.SavedState) error {
	m := e.Model()
	if err := s.Check(m, e.Seed(), e.Chains()); err != nil {
		return err
	}
	if err := e.machine.SetState(s.States(m)); err != nil {
		return err
	}
	s.RestoreSteps(m, e.machine)
	e.machine.SweepNumber = s.Meta.Sweep
	e.show()
	return nil
}

// show brings what the collector sees up to the machine's state.
func (e *interpEngine) show() {
	e.States, e.Sweep, e.StepSizes = e.machine.State(), e.machine.SweepNumber, e.machine.Steps()
	e.Fitted = e.machine.Adapted()
}

func (e *interpEngine) run(ctx context.Context, to *observe.Collector, resume bool) error {
	return drive(e.model, to, resume, each(func(beta float64) error { return e.sweep(ctx, to, beta) }))
}

// each makes sweeps one by one.
func each(sweep func(beta float64) error) func(sweeps int, beta float64) error {
	return func(sweeps int, beta float64) error {
		for range sweeps {
			if err := sweep(beta); err != nil {
				return err
			}
		}
		return nil
	}
}

// drive follows the schedule of a model; advance makes so many sweeps at one β and shows
// them to the collector.
func drive(m *gen.Model, to *observe.Collector, resume bool, advance func(sweeps int, beta float64) error) error {
	return to.Drive(resume, func() error {
		s := m.Program.Sample
		if !resume {
			if err := to.ObserveSweep(); err != nil {
				return err
			}
			for t := 0; t < s.Warmup; {
				first := t
				for t++; t < s.Warmup && betaAt(m, t) == betaAt(m, first); t++ {
				}
				if err := advance(t-first, betaAt(m, first)); err != nil {
					return err
				}
			}
		}
		for d := range s.Samples {
			if d > 0 || resume {
				if err := advance(s.StepsPerSample, m.Program.Beta); err != nil {
					return err
				}
			}
			if err := to.Observe(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *interpEngine) sweep(ctx context.Context, to *observe.Collector, beta float64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := e.machine.SetBeta(beta); err != nil {
		return err
	}
	if err := e.machine.Sweep(); err != nil {
		return err
	}
	e.show()
	if err := e.machine.Fault(); err != nil {
		return err
	}
	return to.ObserveSweep()
}

func (e *interpEngine) close() {}
