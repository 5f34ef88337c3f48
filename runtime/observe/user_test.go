package observe_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/stats"
)

// drift keeps two numbers a node and chain.
type drift struct{}

func (drift) Numbers() int                              { return 2 }
func (drift) Begin(s *sampling.Site, numbers []float64) { numbers[0] = s.Normal() }
func (drift) Sample(u *sampling.Update) float64 {
	u.Numbers[1] += u.Normal()
	if u.Numbers[0]+u.Numbers[1] > u.Field {
		return 1
	}
	return -1
}

// count keeps how often it has looked.
type count struct{}

func (count) Values() int  { return 3 }
func (count) Numbers() int { return 1 }
func (count) Observe(c *sampling.ChainState, numbers, values []float64) {
	numbers[0]++
	values[0], values[1], values[2] = numbers[0], c.Value(1), c.H()
}

// userModel is four spins of which the last is clamped and in no block.
func userModel(numbers int) *sampling.Model {
	spin := sampling.Slot{Kind: sampling.Spin, States: 2}
	m := &sampling.Model{Name: "user", Hash: "00", Nodes: 4, Beta: 1, Rounds: 10, Chains: 5,
		Vars:   []sampling.Var{{Name: "s", Kind: sampling.Spin, States: 2, Shape: []int{2, 2}, Count: 4}},
		Format: sampling.Format{Fraction: 12, Segments: 256, ThresholdBits: 32, Accum: 32}, Init: []sampling.Init{{}},
		Clamps: []sampling.Clamp{{Nodes: []int32{3}, Values: []int32{1}}}}
	m.Factors = []sampling.Factor{{Name: "f", Slots: []sampling.Slot{spin, spin}, Rows: 3, Index: []int32{0, 1, 1, 2, 2, 3}, Shared: true, Weights: []float64{0.5}}}
	for i := range 3 {
		m.Sweep = append(m.Sweep, []sampling.Block{{Kind: sampling.Spin, States: 2, Sampler: "p.S", Numbers: numbers, First: 16 * i, Nodes: []int32{int32(i)}}})
	}
	return m
}

func userSampler(t *testing.T) *sampling.Sampler {
	t.Helper()
	s, err := sampling.NewSampler(userModel(2), sampling.Options{Seed: 3, Code: sampling.UserCode{Samplers: map[string]sampling.NodeSampler{"p.S": drift{}}}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func userPlan() observe.Plan {
	return observe.Plan{Code: []observe.UserObserver{{Name: "c", Code: "p.C", Values: 3, Numbers: 1, Observer: count{}}}}
}

// TestUserState: a state file holds what samplers and observers keep, and a run that
// goes on from it is the one that did not stop.
func TestUserState(t *testing.T) {
	run := func(s *sampling.Sampler, plan observe.Plan, samples int, resume bool) []byte {
		t.Helper()
		c, err := observe.NewCollector(s, sampling.Schedule{Warmup: 2, Samples: samples, StepsPerSample: 1}, plan)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Run(t.Context(), s, resume); err != nil {
			t.Fatal(err)
		}
		path := t.TempDir() + "/state"
		if err := c.SaveState(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(c.Report().Rows, func(r stats.Row) bool { return r.Name == "c[2]" }) {
			t.Error("the observer has no row")
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	want := run(userSampler(t), userPlan(), 6, false)
	first := run(userSampler(t), userPlan(), 4, false)
	saved, err := observe.DecodeState(first)
	if err != nil {
		t.Fatal(err)
	}
	s, plan := userSampler(t), userPlan()
	if err := errors.Join(saved.Restore(s), saved.Carry(plan.Code)); err != nil {
		t.Fatal(err)
	}
	if got := run(s, plan, 2, true); !bytes.Equal(got, want) {
		t.Error("4 + 2 draws leave another state than 6")
	}

	for i := range first { // no damage goes unnoticed
		b := slices.Clone(first)
		b[i] ^= 1
		if _, err := observe.DecodeState(b); err == nil {
			t.Fatalf("byte %d of %d is wrong, and the file is read", i, len(b))
		}
		if _, err := observe.DecodeState(first[:i]); err == nil {
			t.Fatalf("the first %d bytes of %d are read", i, len(b))
		}
	}

	hold, err := sampling.NewSampler(userModel(3), sampling.Options{Seed: 3, Hold: true})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, saved.Restore(hold), "saved numbers of the sampler of s have shape [5 2 2 2], those of this model [5 2 2 3]")
	plain := userPlan()
	plain.Code[0].Numbers = 2
	refused(t, saved.Carry(plain.Code), "saved numbers of the observer c have shape [5 1], now it keeps 2 of each chain")
	none, err := sampling.NewSampler(userModel(0), sampling.Options{Seed: 3, Hold: true})
	if err != nil {
		t.Fatal(err)
	}
	b, err := observe.EncodeState(none, "g")
	if err != nil {
		t.Fatal(err)
	}
	if saved, err = observe.DecodeState(b); err != nil {
		t.Fatal(err)
	}
	refused(t, saved.Restore(userSampler(t)), "saved without the numbers that the sampler of s keeps")
}

func refused(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestUserObserverRefused: an observer that is missing, has changed or panics.
func TestUserObserverRefused(t *testing.T) {
	s := userSampler(t)
	schedule := sampling.Schedule{Samples: 2, StepsPerSample: 1}
	for want, o := range map[string]observe.UserObserver{
		"p.C is code in Go that is not linked in here":            {Name: "c", Code: "p.C", Values: 1},
		"p.C has changed since the model was made: emit it again": {Name: "c", Code: "p.C", Values: 2, Numbers: 1, Observer: count{}},
		"3 numbers to begin with, 5 are needed":                   {Name: "c", Code: "p.C", Values: 3, Numbers: 1, Observer: count{}, Carried: make([]float64, 3)},
	} {
		_, err := observe.NewCollector(s, schedule, observe.Plan{Code: []observe.UserObserver{o}})
		refused(t, err, want)
	}
	c, err := observe.NewCollector(s, schedule, observe.Plan{Code: []observe.UserObserver{{Name: "c", Code: "p.C", Values: 1,
		Observer: sampling.ObserverFunc(func(c *sampling.ChainState) float64 { return c.Values("none")[c.Chain] })}}})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, c.Run(t.Context(), s, false), "p.C, chain 0, after 0 sweeps: panic: runtime error: index out of range [0] with length 0 at ")
}
