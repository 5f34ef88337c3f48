package device_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/targets/golang"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

const text = `
model: small
variables: {s: {kind: spin, shape: [3, 4]}, x: {kind: categorical, states: 3, shape: [2]}}
factors:
  - {name: h, over: [s], index: all, weights: {normal: [0, 0.5], seed: 3}, runtime: true}
  - {name: j, over: [s, s], edges: {torus: s}, weights: 0.3}
  - {name: t, over: [s, x], index: [[0, 0], [5, 0], [7, 1]], weights: {normal: [0, 0.5], seed: 2}, runtime: true}
clamp: {"s[0,0]": 1}
sample: {chains: 7, warmup: 5, samples: 6, steps_per_sample: 2, seed: 9, betas: {from: 0.5, to: 1, shape: linear}}
`

// twin stands in for processes: another sampler, that knows only what it is told.
type twin struct {
	t       *testing.T
	model   *sampling.Model
	version *device.Version
	of      *sampling.Sampler
	loads   int
	given   int
	reads   int
	fails   error
}

func (w *twin) Load(v *device.Version) error {
	if v.Own || len(v.Weights) != len(w.model.Factors) || v.Weights[1] != nil {
		w.t.Errorf("the version is %+v", v)
	}
	w.loads++
	w.version, w.of = v, nil
	return nil
}

func (w *twin) Restore(states [][]int32, sweep uint64) error {
	w.given++
	m := *w.model
	m.Clamps = nil
	if n := len(w.version.Clamped); n > 0 {
		c := sampling.Clamp{Nodes: w.version.Clamped, Chains: w.version.Chains}
		for _, x := range states {
			for _, n := range c.Nodes {
				c.Values = append(c.Values, x[n])
			}
		}
		m.Clamps = []sampling.Clamp{c}
	}
	var err error
	if w.of, err = sampling.NewSampler(&m, sampling.Options{Chains: w.version.Chains, Seed: w.version.Seed, Negative: sweep>>63 == 1}); err != nil {
		return err
	}
	for i, x := range w.version.Weights {
		if x != nil {
			err = errors.Join(err, w.of.SetWeights(m.Factors[i].Name, x))
		}
	}
	for c, x := range states {
		err = errors.Join(err, w.of.SetState(c, x))
	}
	w.of.SetSweepNumber(sweep &^ (1 << 63))
	return err
}

func (w *twin) Sweep(n int, beta float64) error {
	if w.fails != nil {
		return w.fails
	}
	if beta < w.version.LeastBeta {
		w.t.Errorf("β %v, the version is for %v and more", beta, w.version.LeastBeta)
	}
	err := w.of.SetBeta(beta)
	w.of.Sweeps(n)
	return err
}

func (w *twin) States() ([][]int32, error) {
	w.reads++
	states := make([][]int32, w.of.Chains())
	for c := range states {
		states[c] = w.of.State(c, nil)
	}
	return states, nil
}

func (w *twin) Kept(int) ([][]uint32, error) { return nil, errors.New("nothing is kept") }

func (w *twin) Keep([][]uint32, uint64) error { return errors.New("nothing is kept") }

func (w *twin) Close() { w.of = nil }

func (w *twin) Terms([]uint32) error { return errors.New("no observers") }

func (w *twin) Energies() ([]float64, error) { return nil, errors.New("no observers") }

func (w *twin) Watch(bool) error { return errors.New("no observers") }

func (w *twin) Unwatch() error { return errors.New("no observers") }

func (w *twin) Best() ([][]int32, []uint64, error) { return nil, nil, errors.New("no observers") }

func (w *twin) Tally(*device.Tally) error { return errors.New("nothing is counted") }

func (w *twin) Draw() (d sampling.TalliedDraw, err error) { return d, errors.New("nothing is counted") }

func (w *twin) Counts() ([]int64, error) { return nil, errors.New("nothing is counted") }

// looker looks at every draw.
type looker struct{ draws int }

func (l *looker) Observe(s *sampling.Sampler, _ int) error {
	l.draws++
	return nil
}

// Whatever is done to a sampler with a device, its states are those of one without; and
// what has not changed is not sent again.
func TestEngine(t *testing.T) {
	p, _ := targettest.Parse(text)
	m := golang.Model(p)
	for _, negative := range []bool{false, true} {
		w := &twin{t: t, model: m}
		o := sampling.Options{Chains: 7, Seed: 9, Negative: negative}
		plain, err := sampling.NewSampler(m, o)
		if err != nil {
			t.Fatal(err)
		}
		o.Device = device.NewEngine(func() (device.Chains, error) { return w, nil })
		far, err := sampling.NewSampler(m, o)
		if err != nil {
			t.Fatal(err)
		}
		both := func(f func(s *sampling.Sampler) error) {
			t.Helper()
			if err := errors.Join(f(plain), f(far), far.Fault()); err != nil {
				t.Fatal(err)
			}
			if a, b := plain.AppendPacked(nil), far.AppendPacked(nil); !slices.Equal(a, b) || plain.SweepNumber() != far.SweepNumber() {
				t.Fatal("states differ")
			}
		}
		sweeps := func(s *sampling.Sampler) error { s.Sweeps(3); return nil }
		both(func(s *sampling.Sampler) error { return s.Run(context.Background(), m.Schedule, false) })
		if w.reads != 1 {
			t.Errorf("states are read %d times in a run that nobody watches", w.reads)
		}
		both(func(s *sampling.Sampler) error { return s.Run(context.Background(), m.Schedule, true, &looker{}) })
		if w.reads != 1+m.Schedule.Samples {
			t.Errorf("states are read %d times for %d draws", w.reads-1, m.Schedule.Samples)
		}
		both(sweeps)
		if w.loads != 1 || w.given != 1 {
			t.Errorf("%d versions and %d states are sent for one run", w.loads, w.given)
		}
		for i, f := range []func(s *sampling.Sampler) error{
			func(s *sampling.Sampler) error { s.Restart(); return nil },
			func(s *sampling.Sampler) error { return s.SetWeights("h", slices.Repeat([]float64{-0.75}, 12)) },
			func(s *sampling.Sampler) error { return s.SetBeta(0.25) },
			func(s *sampling.Sampler) error {
				return s.SetClamp(sampling.Clamp{Nodes: []int32{3, 12}, Chains: 7, Values: []int32{1, 0, -1, 1, 1, 2, 1, 0, -1, 0, -1, 1, 1, 2}})
			},
			func(s *sampling.Sampler) error { s.Unclamp([]int32{0, 3}); return nil },
			func(s *sampling.Sampler) error { return s.Adopt(m, 10) },
			func(s *sampling.Sampler) error { s.SetSweepNumber(1 << 33); return nil },
			func(s *sampling.Sampler) error { return s.SetState(2, plain.State(3, nil)) },
		} {
			before := w.given
			both(f)
			both(sweeps)
			if w.given != before+1 {
				t.Errorf("change %d: states are sent %d times", i, w.given-before)
			}
		}
		w.fails = errors.New("out of order")
		before, states := far.SweepNumber(), far.AppendPacked(nil)
		var failed *sampling.DeviceError
		if err := far.Run(context.Background(), m.Schedule, false); !errors.As(err, &failed) || err.Error() != "out of order" {
			t.Error(err)
		}
		if far.SweepNumber() != before || !slices.Equal(far.AppendPacked(nil), states) {
			t.Error("a device that failed has changed the states")
		}
		w.fails = nil
		far.Restart()
		plain.Restart()
		both(sweeps)
	}
}
