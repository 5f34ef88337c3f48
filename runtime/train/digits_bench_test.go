package train

import (
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// BenchmarkDigits is one step of the RBM of examples/digits_rbm: 67 visible and 16
// hidden spins, 50 examples and 50 negative chains.
func BenchmarkDigits(b *testing.B) {
	m := model(b, `
model: rbm
variables: {v: {kind: spin, shape: [67]}, h: {kind: spin, shape: [16]}}
factors:
  - {name: vb, over: [v], index: all, weights: {normal: [0, 1], seed: 1}}
  - {name: hb, over: [h], index: all, weights: {normal: [0, 0.1], seed: 2}}
  - {name: w, over: [v, h], index: pairs, weights: {normal: [0, 0.5], seed: 3}}
runtime: true
init: hinton
format: {range: 16}
blocks: [v, h]
`)
	task := Task{Positive: Phase{m, 1, sampling.Schedule{Warmup: 1, Samples: 10, StepsPerSample: 1}},
		Negative: Phase{m, 50, sampling.Schedule{Warmup: 100, Samples: 20, StepsPerSample: 5}},
		Data:     Examples{Rows: 50}, Epochs: 1, Optimizer: Optimizer{Rule: Adam, Rate: 1e-6, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}}
	for i := range int32(67) {
		task.Visible = append(task.Visible, i)
	}
	for i := range 67 * 50 {
		task.Data.Values = append(task.Data.Values, int32(i*i%7%2*2-1))
	}
	tr, err := NewTrainer(task)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tr.Step(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
