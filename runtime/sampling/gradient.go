package sampling

// Gradient appends the derivatives of βH by every node at a state in the form State gives,
// in float64, for the weights at hand: 0 for spins and categoricals, NaN where the energy
// has none, as at a cusp; at the corners of abs, min and max that of one side. Moves follow
// Slopes, in float32.
func (s *Sampler) Gradient(beta float64, state []int32, dst []float64) ([]float64, error) {
	if len(state) != s.model.Nodes {
		return dst, errStateSize
	}
	at := len(dst)
	dst = append(dst, make([]float64, s.model.Nodes)...)
	d := dst[at:]
	for fi := range s.model.Factors {
		f := &s.model.Factors[fi]
		for r := range f.Rows {
			f.addSlopes(s.weights[fi], r, state, d)
		}
	}
	t := NewTape(0)
	for i := range s.codes {
		c := &s.codes[i]
		k := len(c.Slots)
		for r := 0; r < c.Rows && !c.Directed; r++ {
			nodes := c.Index[r*k : r*k+k]
			t.Energy(c, r, func(n int) Jet {
				if c.Slots[n].Kind == Continuous {
					return Jet{float64(BitsFloat(state[nodes[n]]))}
				}
				return Jet{float64(state[nodes[n]])}
			})
			t.Back(Jet{}, nil, func(n int, slope Jet) {
				if c.Slots[n].Kind == Continuous {
					d[nodes[n]] += slope[0]
				}
			})
		}
	}
	for n := range d {
		d[n] = float64(beta * d[n])
	}
	return dst, nil
}

// addSlopes adds the derivatives of -W·Πs·Πx^p of one row.
func (f *Factor) addSlopes(weights []float64, r int, state []int32, d []float64) {
	k := len(f.Slots)
	nodes := f.Index[r*k : r*k+k]
	for i, slot := range f.Slots {
		if slot.Kind != Continuous {
			continue
		}
		rest := rowEnergy(f, weights, r, nodes, func(n int32) int32 {
			if n == nodes[i] {
				return FloatBits(1)
			}
			return state[n]
		})
		if slot.Power == 2 {
			rest = float64(rest * float64(2*float64(BitsFloat(state[nodes[i]]))))
		}
		d[nodes[i]] -= rest
	}
}
