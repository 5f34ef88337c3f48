package cli

import (
	"bytes"
	"context"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
)

// reads are kernels that count how often all states are read.
type reads struct {
	kernels
	states int
}

func (r *reads) States() ([][]int32, error) {
	r.states++
	return r.kernels.States()
}

// A run with energies, best states, moments and the summary's own look at draws reads the states of the device
// before the first sweep and after the last; one that keeps states reads them at every draw. So do samplers with
// a device, as in programs that are built, and their results are those without, byte for byte.
func TestDeviceRunReadsFewStates(t *testing.T) {
	testtool.Need(t, "g++")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	m, problems := gen.Load("models/grid_gaussian", "sample.chains=33", "sample.warmup=5", "sample.samples=7")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	s, model := m.Program.Sample, golang.Model(m.Program)
	var far *reads
	open := func(ctx context.Context, p *ir.Program) (kernels, error) {
		k, err := shim(ctx, p)
		far = &reads{kernels: k}
		return far, err
	}
	for _, states := range []bool{false, true} {
		want := 1
		if states {
			want = s.Samples
		}
		plan := observe.Plan{States: states, Energy: true, Best: true, Moments: true, Magnetisation: true, Extra: []observe.Watcher{&lowestDraw{}}}
		engine, err := newDeviceEngine(context.Background(), m, shimTarget, open)
		if err != nil {
			t.Fatal(err)
		}
		c, err := observe.NewCollector(engine.view(), model.Schedule, plan)
		if err == nil {
			err = engine.run(context.Background(), c, false)
		}
		if err != nil || far.states != 1+want {
			t.Errorf("states kept %t: they are read %d times, want %d; %v", states, far.states, 1+want, err)
		}
		engine.close()
		var results [2]bytes.Buffer
		for i := range results {
			o := sampling.Options{Chains: s.Chains, Seed: s.Seed}
			if i == 1 {
				processes := device.NewEngine(func() (device.Chains, error) { return open(context.Background(), m.Program) })
				defer processes.Close()
				o.Device = processes
			}
			sampler, err := sampling.NewSampler(model, o)
			if err != nil {
				t.Fatal(err)
			}
			if c, err = observe.NewCollector(sampler, model.Schedule, plan); err == nil {
				err = c.Run(context.Background(), sampler, false)
			}
			if err == nil {
				err = c.WriteResult(&results[i])
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if far.states != want || !bytes.Equal(results[0].Bytes(), results[1].Bytes()) {
			t.Errorf("states kept %t: a sampler reads them %d times, want %d; results of %d and %d bytes", states, far.states, want, results[0].Len(), results[1].Len())
		}
	}
}
