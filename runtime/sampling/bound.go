package sampling

import "math"

// ErrorBound bounds the error of any conditional probability when a run takes
// these βs: what Format.Bound is for the model's own. The formulas, for nodes of
// n factor rows, or groups of them, weights in units of 2^-F and probabilities of D
// digits, are
//
//	weights       n·β·2^-(F+2)
//	spin          the curve of σ between the points of its table, and its rounding
//	categorical   1.5·K·2^-B for K states with exponentials of B bits, and 2^-D
//	planes        2^-(n+1) + 2^-33 for n of them, single bytes being 8
//	noise         the curve of the law between the ends of cells, and its rounding
//
// The bound is never above 1.
func (m *Model) ErrorBound(betas ...float64) float64 {
	type class struct {
		kind   Kind
		states int
	}
	worst := map[class]int{}
	degree := m.roundings()
	for _, super := range m.Sweep {
		for _, b := range super {
			if b.Float {
				continue
			}
			c := class{b.Kind, b.States}
			for _, n := range b.Nodes {
				worst[c] = max(worst[c], degree[n])
			}
		}
	}
	bound := 0.0
	for _, beta := range betas {
		for c, n := range worst {
			e := math.Ldexp(float64(n)*beta, -(m.Format.Fraction + 2))
			switch {
			case m.Format.Noise:
				e += m.Format.noiseError(c.kind, c.states, beta)
			case m.Format.Planes > 0:
				e += math.Ldexp(1, -(m.Format.Planes+1)) + math.Ldexp(1, -33)
			case m.Format.singleByte():
				e += math.Ldexp(1, -9) + math.Ldexp(1, -33)
			case c.kind == Categorical:
				e += math.Ldexp(float64(1.5*float64(c.states)), -int(expBits(c.states))) + math.Ldexp(1, -m.Format.ThresholdBits)
			default:
				e += m.Format.spinError(beta)
			}
			bound = max(bound, e)
		}
	}
	return min(bound, 1)
}

// roundings is how many rounded numbers a node's field has: one for each row, or for
// each group of rows where these hold spins only.
func (m *Model) roundings() []int {
	degree, inputs, plain := make([]int, m.Nodes), make([]int, m.Nodes), make([]bool, m.Nodes)
	for i := range plain {
		plain[i] = m.Format.Group > 1
	}
	for i := range m.Factors {
		f := &m.Factors[i]
		spins := true
		for _, s := range f.Slots {
			spins = spins && s.Kind == Spin
		}
		for _, n := range f.Index {
			degree[n]++
			plain[n] = plain[n] && spins
			if len(f.Slots) > 1 {
				inputs[n]++
			}
		}
	}
	for n, is := range plain {
		if is && degree[n] > 0 {
			degree[n] = max(1, (inputs[n]+m.Format.Group-1)/m.Format.Group)
		}
	}
	return degree
}

// spinError bounds the error of a spin's threshold table at one β.
func (f Format) spinError(beta float64) float64 {
	const (
		unit      = 1.0 / 65536
		curvature = 0.09622504486493764 // max |σ”| = 1/(6√3)
	)
	c := math.Ldexp(2*beta, -f.Fraction)
	shift := 0
	for shift < 62 && math.Ldexp(float64(f.Segments)*c, shift) < tableEnd {
		shift++
	}
	h := math.Ldexp(c, shift)
	curve := float64(float64(h*h) / 8 * curvature)
	if f.ThresholdBits == 32 {
		if shift == 0 {
			return unit / 65536
		}
		return curve + unit/16
	}
	e := unit / 2 // a table of single values, rounded
	if shift > 0 {
		e = float64(curve/2) + 0.625*unit
	}
	if f.ThresholdBits < 16 {
		e += math.Ldexp(1, -(f.ThresholdBits + 1))
	}
	return e + unit
}
