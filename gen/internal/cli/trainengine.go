package cli

import (
	"context"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/train"
	"github.com/thrmlgen/thrmlgen/targets/cuda"
)

// trainTargets are what samples the phases of training.
var trainTargets = []string{"table", cudaTarget, shimTarget}

// trainOn has the phases of a task sampled by its target; done ends what it has started.
func (c *command) trainOn(ctx context.Context, m *gen.Model, task *train.Task, o *trainFlags) (done func(), err error) {
	var open openKernels
	switch o.target {
	case cudaTarget:
		open = graphics(o.devices)
	case shimTarget:
		open = shim
	default:
		return func() {}, nil
	}
	if task.Loss.Scores() {
		return nil, wrong("--target %s: %s samples nothing", o.target, lossText(task)).help("leave --target out")
	}
	programs, list := gen.TrainingPrograms(m)
	if err := list.Err(); err != nil {
		return nil, err
	}
	for i, p := range programs {
		if err := checkKernels(cuda.Versioned(p, heldVersion(p, task, i == 0)), o.target); err != nil {
			return nil, err
		}
	}
	var engines []*device.Engine
	task.Device = func(negative bool) sampling.Device {
		p := programs[0]
		if negative {
			p = programs[1]
		}
		e := device.NewEngine(func() (device.Chains, error) { return open(ctx, p) })
		engines = append(engines, e)
		return e
	}
	return func() {
		for _, e := range engines {
			e.Close()
		}
	}, nil
}

// heldVersion is a phase's program with the nodes clamped that every step holds.
func heldVersion(p *ir.Program, task *train.Task, visible bool) *device.Version {
	held := slices.Clone(task.Given)
	if visible {
		held = append(held, task.Visible...)
	}
	for _, c := range p.Clamps {
		held = append(held, c.Nodes...)
	}
	slices.Sort(held)
	return &device.Version{Chains: 1, LeastBeta: p.Beta, Clamped: slices.Compact(held)}
}
