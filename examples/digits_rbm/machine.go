package main

import (
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/train"
)

const (
	pixels  = 64
	labels  = 3
	visible = pixels + labels
	hidden  = 16
)

// machine is the restricted Boltzmann machine at β = 1:
// p(v, h) = exp(Σ a v + Σ b h + Σ v w h) / Z.
type machine struct {
	a [visible]float64
	b [hidden]float64
	w [visible][hidden]float64
}

// newMachine takes the weights of the model's factors.
func newMachine(weights func(factor string) []float64) *machine {
	m := &machine{}
	copy(m.a[:], weights("pixel_bias"))
	copy(m.a[pixels:], weights("label_bias"))
	copy(m.b[:], weights("hidden_bias"))
	for i, w := range append(weights("pixel_hidden"), weights("label_hidden")...) {
		m.w[i/hidden][i%hidden] = w
	}
	return m
}

// logZ sums the visible spins out in closed form and the hidden ones over all 2^16
// states, one flip from state to state (a Gray code):
// log Z = log Σ_h exp(Σ b h) Π 2 cosh(a + w h).
func (m *machine) logZ() float64 {
	energy, field := 0.0, m.a
	h := [hidden]float64{}
	for j := range h {
		h[j] = -1
		energy -= m.b[j]
		for i := range field {
			field[i] -= m.w[i][j]
		}
	}
	terms := make([]float64, 0, 1<<hidden)
	for state := 1; ; state++ {
		sum, product := energy, 1.0
		for _, f := range field {
			f = math.Abs(f)
			sum += f
			product *= 1 + math.Exp(-2*f) // up to 2^67
		}
		terms = append(terms, sum+math.Log(product))
		if state == 1<<hidden {
			return logSum(terms)
		}
		j := 0
		for state>>j&1 == 0 {
			j++
		}
		h[j] = -h[j]
		energy += 2 * h[j] * m.b[j]
		for i := range field {
			field[i] += 2 * h[j] * m.w[i][j]
		}
	}
}

// logSum is log Σ exp.
func logSum(x []float64) float64 {
	top, sum := math.Inf(-1), 0.0
	for _, v := range x {
		top = max(top, v)
	}
	for _, v := range x {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

// logCosh is log 2 cosh x.
func logCosh(x float64) float64 {
	x = math.Abs(x)
	return x + math.Log1p(math.Exp(-2*x))
}

// logWeight is log p(v) + log Z: the hidden spins are summed out in closed form.
func (m *machine) logWeight(v []int32) float64 {
	sum, field := 0.0, m.b
	for i, s := range v {
		sum += m.a[i] * float64(s)
		for j := range field {
			field[j] += m.w[i][j] * float64(s)
		}
	}
	for _, f := range field {
		sum += logCosh(f)
	}
	return sum
}

// logLikelihood is the mean of log p(v) over examples, in nats.
func (m *machine) logLikelihood(logZ float64, data train.Examples) float64 {
	sum := 0.0
	for r := range data.Rows {
		sum += m.logWeight(example(data, r))
	}
	return sum/float64(data.Rows) - logZ
}

// accuracy is the share of examples whose label is the most probable one given the
// pixels.
func (m *machine) accuracy(data train.Examples) float64 {
	right := 0
	for r := range data.Rows {
		v := append([]int32(nil), example(data, r)...)
		is, best, top := labelOf(v), 0, math.Inf(-1)
		for k := range labels {
			copy(v[pixels:], oneHot(k))
			if p := m.logWeight(v); p > top {
				best, top = k, p
			}
		}
		if best == is {
			right++
		}
	}
	return float64(right) / float64(data.Rows)
}

func example(data train.Examples, r int) []int32 { return data.Values[r*visible : (r+1)*visible] }

// labelOf is the label unit that is up.
func labelOf(v []int32) int {
	for k := range labels {
		if v[pixels+k] == 1 {
			return k
		}
	}
	return -1
}

func oneHot(k int) []int32 {
	out := []int32{-1, -1, -1}
	out[k] = 1
	return out
}
