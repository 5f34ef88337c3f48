package ir

import "math"

// LowestPrecision bounds from below, for every continuous node, the coefficient a
// of x² in the energy, over all values of the other nodes: interval arithmetic on
// the rows, with the weights as given. Of other nodes it is NaN. Nodes with a > 0
// have Gaussian conditionals.
func (p *Program) LowestPrecision() []float64 {
	low := make([]float64, p.Nodes)
	for i := range low {
		low[i] = math.NaN()
	}
	ranges := make([][2]float64, p.Nodes)
	for _, v := range p.Vars {
		r := [2]float64{-1, 1}
		if v.Kind == Continuous {
			r = [2]float64{math.Inf(-1), math.Inf(1)}
			if v.Range != nil {
				r = [2]float64{v.Range[0], v.Range[1]}
			}
		}
		for n := v.First; n < v.First+v.Count; n++ {
			ranges[n] = r
			if v.Kind == Continuous {
				low[n] = 0
			}
		}
	}
	for i := range p.Factors {
		f := &p.Factors[i]
		for j, s := range f.Slots {
			if s.Power != 2 {
				continue
			}
			for r := range f.Rows {
				low[f.Index[r*len(f.Slots)+j]] += f.lowestCoefficient(r, j, ranges)
			}
		}
	}
	for i := range p.Codes {
		c := &p.Codes[i]
		for j, part := range c.Parts {
			for r := 0; r < c.Rows && part.Square != nil; r++ {
				low[c.Index[r*len(c.Slots)+j]] += c.Lowest[j]
			}
		}
	}
	return low
}

// lowestCoefficient is the lower bound of -W·Π over the slots of row r but one.
func (f *Factor) lowestCoefficient(r, except int, ranges [][2]float64) float64 {
	size := f.TableSize()
	table := f.Weights
	if !f.Shared {
		table = f.Weights[r*size : (r+1)*size]
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, w := range table {
		lo, hi = min(lo, -w), max(hi, -w)
	}
	for j, s := range f.Slots {
		if j == except || s.Kind == Categorical {
			continue
		}
		x := ranges[f.Index[r*len(f.Slots)+j]]
		if s.Power == 2 {
			a, b := x[0]*x[0], x[1]*x[1]
			x = [2]float64{min(a, b), max(a, b)}
			if l := ranges[f.Index[r*len(f.Slots)+j]]; l[0] <= 0 && 0 <= l[1] {
				x[0] = 0
			}
		}
		lo, hi = product(lo, hi, x[0], x[1])
	}
	return lo
}

// product of two intervals; 0·∞ is 0.
func product(a, b, c, d float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, x := range [4]float64{a * c, a * d, b * c, b * d} {
		if x != x {
			x = 0
		}
		lo, hi = min(lo, x), max(hi, x)
	}
	return lo, hi
}
