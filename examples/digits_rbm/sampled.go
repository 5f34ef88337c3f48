package main

import (
	"context"
	stdimage "image"

	"github.com/thrmlgen/thrmlgen/gen/chart"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/train"
)

// nodes are n nodes from first on. The model's nodes are the pixels, the labels, the
// hidden units.
func nodes(first, n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(first + i)
	}
	return out
}

// image is a state's pixels.
func image(state []int32) *stdimage.Paletted {
	up := make([]int32, pixels)
	for i, s := range state[:pixels] {
		up[i] = (s + 1) / 2
	}
	return chart.States(up, 8, 8, 2)
}

// meanSpins adds up spins of all chains and draws.
type meanSpins struct {
	nodes []int32
	sum   [][]float64 // by chain
	draws int
}

func (m *meanSpins) Observe(s *sampling.Sampler, _ int) error {
	if m.sum == nil {
		m.sum = make([][]float64, s.Chains())
		for c := range m.sum {
			m.sum[c] = make([]float64, len(m.nodes))
		}
	}
	for c := range m.sum {
		for i, n := range m.nodes {
			m.sum[c][i] += float64(s.Value(int(n), c))
		}
	}
	m.draws++
	return nil
}

// image is the mean of every pixel over draws and chains.
func (m *meanSpins) image() *stdimage.Paletted {
	mean := make([]float64, pixels)
	for _, sum := range m.sum {
		for i := range mean {
			mean[i] += sum[i] / float64(m.draws*len(m.sum))
		}
	}
	return chart.Heat(mean, 8, 8, chart.Diverging, -1, 1)
}

// recognise samples the labels of held-out images, one chain an image, and gives the
// share that is right: a label is the unit that is up most often.
func recognise(ctx context.Context, t *train.Trainer) (float64, error) {
	data := t.Task().HeldOut
	s, err := sampler(t, data.Rows)
	if err != nil {
		return 0, err
	}
	c := sampling.Clamp{Nodes: nodes(0, pixels), Chains: data.Rows}
	for r := range data.Rows {
		c.Values = append(c.Values, example(data, r)[:pixels]...)
	}
	if err := s.SetClamp(c); err != nil {
		return 0, err
	}
	up := &meanSpins{nodes: nodes(pixels, labels)}
	if err := s.Run(ctx, sampling.Schedule{Warmup: 100, Samples: 400, StepsPerSample: 1}, false, up); err != nil {
		return 0, err
	}
	right := 0
	for r, sum := range up.sum {
		best := 0
		for k := range sum {
			if sum[k] > sum[best] {
				best = k
			}
		}
		if best == labelOf(example(data, r)) {
			right++
		}
	}
	return float64(right) / float64(data.Rows), nil
}
