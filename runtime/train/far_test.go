package train

import (
	"context"
	"errors"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

var errCounted = errors.New("draws are counted")

// counter is a device that is asked for counts, and has none.
type counter struct{ sampling.ObservingDevice }

func (counter) Tally(_ *sampling.Sampler, plan *sampling.TallyPlan) error {
	if len(plan.Rows) == 0 || plan.First != 0 || !plan.Running {
		return errors.New("another plan")
	}
	return errCounted
}

// Devices that count draws are asked to, where the counts are shorter than the states.
func TestDeviceCounts(t *testing.T) {
	task := small(t)
	task.Device = func(bool) sampling.Device { return counter{} }
	task.Positive.Schedule.Samples = 1000
	for draws, want := range map[int]bool{2: false, 1000: true} {
		tr, err := NewTrainer(task)
		if err != nil {
			t.Fatal(err)
		}
		s, err := tr.sampler(usePositive, task.Positive.Model, task.Positive.Chains)
		if err != nil {
			t.Fatal(err)
		}
		f := &far{to: tr.newSums(s.Chains(), draws, false), chains: s.Chains()}
		if f.pays(s.Model(), draws) != want {
			t.Errorf("%d draws pay: %t", draws, !want)
		}
	}
	tr, err := NewTrainer(task)
	if err == nil {
		_, err = tr.Step(context.Background())
	}
	if !errors.Is(err, errCounted) {
		t.Errorf("the trainer says %v", err)
	}
}
