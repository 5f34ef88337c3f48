package cuda_test

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// countedDraws are made of each program.
const countedDraws = 4

// counts compares the result of a run whose draws the kernels count with that of a collector that
// sees all states, of the same run from the present states on: every byte, and the report.
func counts(host *device.Process, p *ir.Program) error {
	view := observe.NewChainStates(golang.Model(p), p.Sample.Seed, nil)
	keep, err := keeper(host, view.Model())
	if err != nil {
		return err
	}
	begin, err := host.States()
	if err != nil {
		return err
	}
	var results [2]bytes.Buffer
	for i := range results {
		if err := errors.Join(host.Restore(begin, 0), keep()); err != nil {
			return err
		}
		view.States, view.Sweep = begin, 0
		c, err := observe.NewCollector(view, sampling.Schedule{Samples: countedDraws, StepsPerSample: 1}, observe.Plan{Moments: true, Energy: true, Magnetisation: true})
		if err != nil {
			return err
		}
		left := i == 0
		if i == 1 {
			err = c.LeaveDraws(func(plan *sampling.TallyPlan) (observe.Tally, error) {
				left = true
				return host, host.Tally(device.NewTally(plan))
			})
		}
		if err == nil && !left {
			err = fmt.Errorf("the collector wants all states")
		}
		if err == nil {
			err = c.Drive(true, func() error {
				for range countedDraws {
					if err := host.Sweep(1, p.Beta); err != nil {
						return err
					}
					if view.States, err = host.States(); err != nil {
						return err
					}
					view.Sweep++
					if err := c.Observe(); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err == nil {
			err = c.WriteResult(&results[i])
		}
		if err != nil {
			return err
		}
		fmt.Fprint(&results[i], c.Report().Worst)
	}
	if !bytes.Equal(results[0].Bytes(), results[1].Bytes()) {
		return fmt.Errorf("counted draws give another result of %d bytes than states, of %d", results[1].Len(), results[0].Len())
	}
	return nil
}
