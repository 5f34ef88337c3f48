package main

import "math"

// The model of model.yaml and learn.yaml: H = -Σ bias·s - Σ coupling·s·s of
// neighbours, for spins 0 to 3; 0 and 1 are visible.
const (
	spins   = 4
	visible = 2
)

// weights are 4 biases and 3 couplings; as moments, the means of their features.
type weights [spins + spins - 1]float64

var start = weights{0.1, -0.2, 0.3, 0.0, 0.5, -0.4, 0.3}

// state is state number k, 0 to 15: spin i is +1 where bit i is set.
func state(k int) (s [spins]float64) {
	for i := range s {
		s[i] = float64(k>>i&1)*2 - 1
	}
	return s
}

// features are what the weights multiply in -H.
func features(k int) (f weights) {
	s := state(k)
	copy(f[:], s[:])
	for i := range spins - 1 {
		f[spins+i] = s[i] * s[i+1]
	}
	return f
}

// law is the probability of each state.
func (w weights) law() (p [1 << spins]float64) {
	z := 0.0
	for k := range p {
		h := 0.0
		for i, f := range features(k) {
			h -= w[i] * f
		}
		p[k] = math.Exp(-h)
		z += p[k]
	}
	for k := range p {
		p[k] /= z
	}
	return p
}

// data is the share of each state of the visible spins among the examples.
type data [1 << visible]float64

// visible is the law of the visible spins.
func (w weights) visible() (v data) {
	for k, p := range w.law() {
		v[k%len(v)] += p
	}
	return v
}

// moments are the means of the features: over the model, and over the model with
// the visible spins held at the data.
func (w weights) moments(d data) (held, free weights) {
	v := w.visible()
	for k, p := range w.law() {
		for i, f := range features(k) {
			free[i] += p * f
			held[i] += d[k%len(v)] / v[k%len(v)] * p * f
		}
	}
	return held, free
}

// divergence is KL(data ‖ model) of the visible spins, in nats.
func (w weights) divergence(d data) float64 {
	kl := 0.0
	for k, v := range w.visible() {
		if d[k] > 0 {
			kl += d[k] * math.Log(d[k]/v)
		}
	}
	return kl
}

// gradient is that of the divergence.
func (w weights) gradient(d data) (g weights) {
	held, free := w.moments(d)
	for i := range g {
		g[i] = free[i] - held[i]
	}
	return g
}

func norm(g weights) float64 {
	sum := 0.0
	for _, x := range g {
		sum += x * x
	}
	return math.Sqrt(sum)
}
