package cuda_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

// weighedSweeps are made of each program.
const weighedSweeps = 5

// weighs compares what the kernels for observers give with what observers of states see:
// the energies after every sweep to the last bit, the best states, and results of counted draws, threads run backwards in
// every other program. The path is that of compiledHosts.
func weighs(t *testing.T, path string, list []program) {
	t.Helper()
	for i, x := range list {
		reverse := []string{"1", "0"}[i%2]
		if err := weigh(t, path, x, reverse); err != nil {
			t.Errorf("%s, reverse %s: %v", x.name, reverse, err)
		}
	}
}

func weigh(t *testing.T, path string, x program, reverse string) error {
	p := x.p
	cmd := exec.Command(path, x.name)
	cmd.Env = append(os.Environ(), "THRML_SHIM_REVERSE="+reverse)
	host, err := device.Start(context.Background(), cmd, p.Nodes)
	if err != nil {
		return err
	}
	defer host.Close()
	host.Chains = targettest.Chains(p, 40)
	model := golang.Model(p)
	terms, _ := device.EnergyTerms(model)
	for _, ask := range []func() error{
		func() error { return host.Ask(nil, "chains %d seed %d", host.Chains, p.Sample.Seed) },
		func() error { return host.Terms(terms) },
		func() error { return host.Ask(nil, "start") },
		func() error { return host.Watch(true) },
	} {
		if err := ask(); err != nil {
			return err
		}
	}
	view := observe.NewChainStates(model, p.Sample.Seed, nil)
	if view.States, err = host.States(); err != nil {
		return err
	}
	first := view.States
	keep, err := keeper(host, model)
	if err != nil {
		return err
	}
	c, err := observe.NewCollector(view, sampling.Schedule{Samples: 1, StepsPerSample: 1}, observe.Plan{Best: true})
	if err != nil {
		return err
	}
	err = c.Drive(false, func() error {
		for ; ; view.Sweep++ {
			if err := c.ObserveSweep(); err != nil {
				return err
			}
			h, err := host.Energies()
			if err != nil {
				return err
			}
			if want := view.Energies(1, nil); !slices.Equal(h, want) {
				t.Errorf("%s, reverse %s, after %d sweeps: energies %v, want %v", x.name, reverse, view.Sweep, h, want)
			}
			if view.Sweep == weighedSweeps {
				return c.Observe()
			}
			if err := host.Sweep(1, p.Beta); err != nil {
				return err
			}
			if view.States, err = host.States(); err != nil {
				return err
			}
		}
	})
	if err != nil {
		return err
	}
	states, sweeps, err := host.Best()
	if err != nil {
		return err
	}
	best := c.Report().Best
	if sweeps[best.Chain] != best.Sweep {
		t.Errorf("%s, reverse %s: the best of chain %d after %d sweeps, want %d", x.name, reverse, best.Chain, sweeps[best.Chain], best.Sweep)
	}
	for chain, got := range states {
		if !slices.Equal(got, c.BestState(chain)) {
			t.Errorf("%s, reverse %s: the best state of chain %d differs", x.name, reverse, chain)
		}
	}
	// All sweeps at once.
	if err := errors.Join(host.Restore(first, 0), keep()); err != nil {
		return err
	}
	if err := host.Watch(true); err != nil {
		return err
	}
	if err := host.Sweep(weighedSweeps, p.Beta); err != nil {
		return err
	}
	again, when, err := host.Best()
	if err == nil && (!slices.EqualFunc(again, states, slices.Equal[[]int32]) || !slices.Equal(when, sweeps)) {
		t.Errorf("%s, reverse %s: the best of many sweeps at once differ", x.name, reverse)
	}
	if err == nil {
		err = counts(host, p)
	}
	return err
}

// keeper puts what is kept of chains now back into a process.
func keeper(host *device.Process, m *sampling.Model) (keep func() error, err error) {
	words := len(device.KeptOf(m).Start)
	if words == 0 {
		return func() error { return nil }, nil
	}
	kept, err := host.Kept(words)
	return func() error { return host.Keep(kept, uint64(m.Schedule.Warmup)) }, err
}
