package train

import (
	"context"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// far is an Observer of a sampler whose device counts and adds up the draws, as collect does.
type far struct {
	device sampling.ObservingDevice
	plan   sampling.TallyPlan
	to     *sums
	chains int
	means  []float64 // sums of rows with continuous nodes, so far
}

// sample makes the draws of a phase and adds them to the sums.
func (t *Trainer) sample(ctx context.Context, s *sampling.Sampler, schedule sampling.Schedule, to *sums, errors bool) error {
	device, ok := s.Device().(sampling.ObservingDevice)
	f := &far{device: device, to: to, chains: s.Chains()}
	if !ok || errors || len(t.coded) > 0 || !f.pays(s.Model(), schedule.Samples) {
		return s.Run(ctx, schedule, false, collect{s, to, s.Chains(), errors})
	}
	if err := device.Tally(s, &f.plan); err != nil {
		return &sampling.DeviceError{Err: err}
	}
	if err := s.Run(ctx, schedule, false, f); err != nil {
		return err
	}
	return f.take()
}

// pays makes the plan and says whether it and the counts are shorter than the states of the draws.
func (f *far) pays(m *sampling.Model, draws int) bool {
	words := 0
	f.plan.Running = true
	for _, fi := range f.to.factors {
		x := &m.Factors[fi]
		words += len(x.Index) + 2*x.Rows*x.TableSize()
		if x.Counted() {
			f.plan.Rows = append(f.plan.Rows, x)
		} else {
			f.plan.Singles = append(f.plan.Singles, x)
			words += 4 * draws * x.Rows * x.TableSize() // they come and go at every draw
		}
	}
	return draws > 1 && words < draws*f.chains*m.Nodes
}

// Far is that of sampling.FarObserver.
func (f *far) Far() (draws, sweeps bool) { return true, true }

// Observe counts a draw.
func (f *far) Observe(*sampling.Sampler, int) error {
	d, err := f.device.Draw()
	if err != nil {
		return &sampling.DeviceError{Err: err}
	}
	f.means = d.Means
	f.to.draws++
	return nil
}

// take puts in the counts and sums of all draws.
func (f *far) take() error {
	counts, err := f.device.Counts()
	if err != nil {
		return &sampling.DeviceError{Err: err}
	}
	means := f.means
	for i := range f.to.factors {
		to := f.to.counted[i]
		if to == nil {
			means = means[copy(f.to.total[i], means):]
			continue
		}
		n := copy(to, counts)
		counts = counts[n:]
		if len(f.plan.Rows[0].Table) == 0 { // how often they were +1
			for k, plus := range to {
				to[k] = 2*plus - int64(f.chains)*int64(f.to.draws)
			}
		}
		f.plan.Rows = f.plan.Rows[1:]
	}
	return nil
}
