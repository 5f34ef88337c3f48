package train

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// bufferTask trains a network of two numbers by contrastive divergence, with chains from
// a buffer of ten.
func bufferTask(t *testing.T) Task {
	t.Helper()
	m := model(t, `
model: m
variables: {x: {kind: continuous, dim: 2}}
factors:
  - {name: e, over: {u: x}, index: all, runtime: true, energy: {mlp: {input: u, hidden: [4], activation: tanh, seed: 2}}}
  - {name: bowl, over: {u: x}, index: all, energy: "0.3*dot(u, u)"}
dynamics: {langevin: {over: x, step_size: 0.1}}
`)
	phase := Phase{m, 4, sampling.Schedule{Samples: 1, StepsPerSample: 1}}
	task := Task{Positive: phase, Negative: phase, Visible: []int32{0, 1}, Data: Examples{Rows: 6}, Epochs: 4, Loss: CD, K: 3, Start: StartPersistent,
		Buffer: 10, Fresh: 0.25, Optimizer: Optimizer{Rate: 0.05}, Seed: 4}
	task.Positive.Chains = 1
	for i := range 12 {
		task.Data.Values = append(task.Data.Values, sampling.FloatBits(float32(i)/6-1))
	}
	return task
}

// TestBuffer: a step moves the slots that it draws, each once, and returns its chains
// there; other slots keep their states.
func TestBuffer(t *testing.T) {
	tr, err := NewTrainer(bufferTask(t))
	if err != nil {
		t.Fatal(err)
	}
	states := func() (all [][]int32) {
		b, err := tr.buffer()
		if err != nil {
			t.Fatal(err)
		}
		for c := range b.Chains() {
			all = append(all, b.State(c, nil))
		}
		return all
	}
	if _, err := tr.Step(context.Background()); err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	before := states()
	for step := uint64(1); step < 4; step++ {
		slots := drawSlots(10, 4, tr.task.Seed, step)
		if _, err := tr.Step(context.Background()); err != nil {
			t.Fatal(err)
		}
		after := states()
		moved := 0
		for slot := range after {
			if !slices.Equal(after[slot], before[slot]) {
				moved++
				if !slices.Contains(slots, slot) {
					t.Errorf("step %d moved slot %d, which it did not draw", step, slot)
				}
			}
		}
		s, err := tr.sampler(useNegative, tr.task.Negative.Model, 4)
		if err != nil {
			t.Fatal(err)
		}
		for chain, slot := range slots {
			seen[slot] = true
			if !slices.Equal(after[slot], s.State(chain, nil)) {
				t.Errorf("step %d: slot %d does not hold the state of chain %d", step, slot, chain)
			}
		}
		if moved != 4 {
			t.Errorf("step %d moved %d slots of 4", step, moved)
		}
		before = after
	}
	if len(seen) < 7 {
		t.Errorf("three steps drew %d slots of 10", len(seen))
	}
}

// TestBufferResumes: a run that stops and goes on ends with the same weights and buffer.
func TestBufferResumes(t *testing.T) {
	whole, err := NewTrainer(bufferTask(t))
	if err != nil {
		t.Fatal(err)
	}
	first, err := NewTrainer(bufferTask(t))
	if err != nil {
		t.Fatal(err)
	}
	steps := func(tr *Trainer, n int) {
		for range n {
			if _, err := tr.Step(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
	steps(whole, 4)
	steps(first, 2)
	file := filepath.Join(t.TempDir(), "c")
	if err := first.Save(context.Background(), file, "test"); err != nil {
		t.Fatal(err)
	}
	second, err := NewTrainer(bufferTask(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Load(file); err != nil {
		t.Fatal(err)
	}
	steps(second, 2)
	for _, name := range whole.Names() {
		if !slices.Equal(whole.Weights(name), second.Weights(name)) {
			t.Errorf("%s: %v, in one go %v", name, second.Weights(name), whole.Weights(name))
		}
	}
	if !bytes.Equal(whole.persistent().AppendPacked(nil), second.persistent().AppendPacked(nil)) {
		t.Error("the buffers differ")
	}
}

// TestFreshChains: where all chains begin anew, steps do not depend on the buffer.
func TestFreshChains(t *testing.T) {
	var norms []float64
	for _, buffer := range []int{4, 9} {
		task := bufferTask(t)
		task.Buffer, task.Fresh = buffer, 1
		tr, err := NewTrainer(task)
		if err != nil {
			t.Fatal(err)
		}
		tr.began = true // the first step takes all from the buffer
		s, err := tr.Step(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		norms = append(norms, s.Norm)
	}
	if norms[0] != norms[1] {
		t.Errorf("gradients of norm %v", norms)
	}
	for _, change := range []func(*Task){func(x *Task) { x.Buffer = 3 }, func(x *Task) { x.Fresh = 1.5 }, func(x *Task) { x.Start = StartNoise }} {
		task := bufferTask(t)
		change(&task)
		if _, err := NewTrainer(task); err == nil {
			t.Errorf("no error for %+v", task)
		}
	}
}
