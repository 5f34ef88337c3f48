package ir

import "math"

// Error bounds of the number format. Each is what the package documentation
// states under "Error bound"; the tests hold the exact laws of programs against
// them.

// maxCurvature is max |σ”| = 1/(6√3).
const maxCurvature = 0.09622504486493764

// TableEnd is the x beyond which the first digit of σ(-x) is 0.
const TableEnd = 11.09375

// TableShift is S, for c = 2β·2^-F.
func TableShift(c float64, segments int) int {
	s := 0
	for s < 62 && math.Ldexp(float64(segments)*c, s) < TableEnd {
		s++
	}
	return s
}

// RoundingError bounds what rounding n weights of a node to fraction bits adds
// to the error of its conditional probability.
func RoundingError(n int, beta float64, fraction int) float64 {
	return math.Ldexp(float64(n)*beta, -(fraction + 2))
}

// TableError bounds the error of a spin's threshold table at one β, whatever
// the field.
func TableError(beta float64, fraction, segments, thresholdBits int) float64 {
	const unit = 1.0 / 65536
	c := math.Ldexp(2*beta, -fraction)
	s := TableShift(c, segments)
	h := math.Ldexp(c, s)
	curve := float64(float64(h*h) / 8 * maxCurvature)
	if thresholdBits == 32 {
		if s == 0 {
			return unit / 65536
		}
		return curve + unit/16
	}
	e := unit / 2 // a table of single values, rounded
	if s > 0 {
		e = float64(curve/2) + 0.625*unit
	}
	if thresholdBits < 16 {
		e += math.Ldexp(1, -(thresholdBits + 1))
	}
	return e + unit
}

// PlanesError bounds the error of a spin's threshold of n bit planes.
func PlanesError(n int) float64 { return math.Ldexp(1, -(n+1)) + math.Ldexp(1, -33) }

// CategoricalError bounds the error of any probability of a categorical of K
// states.
func CategoricalError(states, thresholdBits int) float64 {
	tables := math.Ldexp(float64(1.5*float64(states)), -ExpBits(states))
	return tables + math.Ldexp(1, -thresholdBits)
}

// ExpBits is B: the bits of the exponentials of a categorical of K states.
func ExpBits(states int) int {
	if states > 32 {
		return 31
	}
	b := 31
	for k := 1; k < states; k *= 2 {
		b--
	}
	return b
}

// ExpLimit is (B+1)·ln 2, beyond which exp(-x)·2^B rounds to nothing.
func ExpLimit(states int) float64 {
	return float64(float64(ExpBits(states)+1) * 0.6931471805599453)
}

// MaxExpShift is the largest n; differences of 2^MaxExpShift units are out of
// reach of a categorical's tables.
const MaxExpShift = 40

// Degrees is the number of factor rows that touch each node.
func (p *Program) Degrees() []int {
	n := make([]int, p.Nodes)
	for i := range p.Factors {
		for _, node := range p.Factors[i].Index {
			n[node]++
		}
	}
	return n
}

// AllBetas is every β that a run uses: those of the warm-up sweeps and that of
// the draws.
func (p *Program) AllBetas() []float64 {
	return append(append([]float64(nil), p.Betas...), p.Beta)
}

// Class is what nodes must have in common to have the same error bound but for
// their degree.
type Class struct {
	Kind   Kind
	States int
}

// WorstDegrees is the largest number of roundings, one for each row or group of rows,
// of each class over the nodes in blocks that are updated in integers.
func (p *Program) WorstDegrees() map[Class]int {
	degree := p.Degrees()
	p.groups(degree)
	worst := map[Class]int{}
	for _, sb := range p.Sweep {
		for _, b := range sb {
			if b.Float {
				continue
			}
			c := Class{b.Kind, b.States}
			for _, node := range b.Nodes {
				worst[c] = max(worst[c], degree[node])
			}
		}
	}
	return worst
}

// ErrorBound is the largest error of any conditional probability of a program
// with these worst degrees and βs in format f. Bound, Budget and what only
// concerns sums are not looked at.
func ErrorBound(f Format, worst map[Class]int, betas []float64) float64 {
	bound := 0.0
	for _, beta := range betas {
		table := -1.0
		for c, n := range worst {
			e := RoundingError(n, beta, f.Fraction)
			switch {
			case f.Noise:
				e += NoiseError(c.Kind, c.States, beta, f.Fraction)
			case f.Planes > 0:
				e += PlanesError(f.Planes)
			case f.SingleByte():
				e += PlanesError(8)
			case c.Kind == Categorical:
				e += CategoricalError(c.States, f.ThresholdBits)
			default:
				if table < 0 {
					table = TableError(beta, f.Fraction, f.Segments, f.ThresholdBits)
				}
				e += table
			}
			bound = max(bound, e)
		}
	}
	return min(bound, 1)
}

// LargestField bounds |Σ| of every partial sum of every node in a block, in
// units of 2^-Fraction: g of spins and θ_k of categoricals.
// Weights that a runtime update may bring count with Format.Range.
func (p *Program) LargestField(kind Kind) float64 {
	sum := make([]float64, p.Nodes)
	for i := range p.Factors {
		f := &p.Factors[i]
		if !f.Integer() {
			continue
		}
		size := f.TableSize()
		shared := 0.0
		if f.Runtime {
			shared = math.RoundToEven(math.Ldexp(p.Format.Range, p.Format.Fraction))
		} else if f.Shared {
			shared = p.largestInt(f.Weights)
		}
		n := len(f.Slots)
		for r := 0; r < f.Rows; r++ {
			w := shared
			if !f.Runtime && !f.Shared {
				w = p.largestInt(f.Weights[r*size : (r+1)*size])
			}
			for _, node := range f.Index[r*n : (r+1)*n] {
				sum[node] += w
			}
		}
	}
	if p.Format.Group > 1 {
		// A sum is within half a unit of each of its weights, and rounded itself.
		for node, n := range p.Degrees() {
			sum[node] += float64(n)
		}
	}
	largest := 0.0
	for _, sb := range p.Sweep {
		for _, b := range sb {
			if b.Kind != kind || b.Float {
				continue
			}
			for _, node := range b.Nodes {
				largest = max(largest, sum[node])
			}
		}
	}
	return largest
}

func (p *Program) largestInt(weights []float64) float64 {
	largest := 0.0
	for _, w := range weights {
		largest = max(largest, math.Abs(math.RoundToEven(math.Ldexp(w, p.Format.Fraction))))
	}
	return largest
}

// Headroom is what the largest sum is held against: below 2^31 for 32-bit
// accumulators and 2^62 for 64-bit ones. For categoricals the difference of two
// θ must fit too.
func (p *Program) Headroom() float64 {
	return max(p.LargestField(Spin), 2*p.LargestField(Categorical))
}
