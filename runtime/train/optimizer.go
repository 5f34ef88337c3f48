package train

import "math"

// moved is what an optimiser remembers of one array.
type moved struct{ first, second []float64 }

// powers are β₁ᵗ and β₂ᵗ of Adam.
type powers struct{ b1, b2 float64 }

// rate is the learning rate of a step, counted from 0, of so many.
func (o *Optimizer) rate(step, steps int) float64 {
	if o.RateEnd == 0 || steps < 2 {
		return o.Rate
	}
	share := min(1, float64(step)/float64(steps-1))
	if share == 1 {
		return o.RateEnd
	}
	if !o.Geometric {
		return o.Rate + float64((o.RateEnd-o.Rate)*share)
	}
	return powerOf(o.Rate, o.RateEnd, share)
}

// powerOf is a·(b/a)^share, by square roots, the same bits everywhere: share is
// taken to 40 binary digits.
func powerOf(a, b, share float64) float64 {
	ratio, result := b/a, a
	for range 40 {
		ratio = math.Sqrt(ratio)
		if share *= 2; share >= 1 {
			share--
			result = float64(result * ratio)
		}
	}
	if share > 0.5 {
		return float64(result * ratio)
	}
	return result
}

// step moves weights w by gradient g in place.
func (o *Optimizer) step(w, g []float64, m *moved, rate float64, p powers) {
	if m.first == nil && (o.Rule == Adam || o.Momentum != 0) {
		m.first = make([]float64, len(w))
	}
	if m.second == nil && o.Rule == Adam {
		m.second = make([]float64, len(w))
	}
	for i := range w {
		d := g[i]
		switch {
		case o.Rule == Adam:
			m.first[i] = float64(o.Beta1*m.first[i]) + float64((1-o.Beta1)*g[i])
			m.second[i] = float64(o.Beta2*m.second[i]) + float64(float64((1-o.Beta2)*g[i])*g[i])
			d = m.first[i] / (1 - p.b1) / (math.Sqrt(m.second[i]/(1-p.b2)) + o.Epsilon)
		case o.Momentum != 0:
			m.first[i] = float64(o.Momentum*m.first[i]) + g[i]
			d = m.first[i]
		}
		d += float64(o.WeightDecay * w[i])
		w[i] -= float64(rate * d)
	}
}
