package sampling

import (
	"fmt"
	"math"
)

// A PrecisionError says why continuous nodes have no law with some weights.
type PrecisionError struct{ Reason string }

func (e *PrecisionError) Error() string { return e.Reason }

// mostFactored is how many multiplications the factorisation of a quadratic form may
// take.
const mostFactored = 1 << 26

// CheckPrecision refuses weights, by factor, with which the continuous nodes that are
// not held, and are drawn from Gaussians, have no law: one for which the coefficient of x² in the energy, bounded
// from below over all values of the other nodes, is not above 0; or all those without
// a range together, where their quadratic form is not positive definite. The form is
// looked at where it depends on no other node, there are no code factors, and its
// factorisation, without reordering, takes at most 2^26 multiplications. codes are the
// model's code factors with the parameters of the weights. The error is a
// *PrecisionError.
func (m *Model) CheckPrecision(weights [][]float64, codes []CodeFactor, held func(node int32) bool) error {
	low, gibbs := m.lowestSquares(weights), m.drawnByGibbs()
	m.addLowestSquares(codes, low)
	q := quadraticForm{place: make([]int32, m.Nodes)}
	n := 0
	for i := range q.place {
		q.place[i] = -1
	}
	for _, v := range m.Vars {
		for node := v.First; node < v.First+v.Count && v.Kind == Continuous; node++ {
			if !gibbs[node] || held(int32(node)) {
				continue
			}
			if !(low[node] > 0) {
				return &PrecisionError{fmt.Sprintf("%s: the coefficient of its square in the energy would be %v; it must be above 0 whatever its neighbours are", m.NodeName(node), low[node])}
			}
			if v.Range == nil {
				q.place[node] = int32(n)
				n++
			}
		}
	}
	if n == 0 || len(m.Codes) > 0 || !q.read(m, weights, n) || q.dominant() || q.work() > mostFactored || q.factorize() {
		return nil
	}
	return &PrecisionError{fmt.Sprintf("the quadratic form of the %d continuous nodes would not be positive definite: their joint law would not exist", n)}
}

// drawnByGibbs tells the nodes that are drawn from their conditional laws.
func (m *Model) drawnByGibbs() []bool {
	yes := make([]bool, m.Nodes)
	for i := range yes {
		yes[i] = true
	}
	for _, super := range m.Sweep {
		for _, b := range super {
			for _, n := range b.Nodes {
				yes[n] = yes[n] && b.Sampler == ""
			}
		}
	}
	return yes
}

// lowestSquares bounds from below the coefficient of x² of every continuous node, by
// interval arithmetic over the values of the other nodes.
func (m *Model) lowestSquares(weights [][]float64) []float64 {
	low := make([]float64, m.Nodes)
	for i := range m.Factors {
		f := &m.Factors[i]
		for j, s := range f.Slots {
			for r := 0; r < f.Rows && s.Power == 2; r++ {
				low[f.Index[r*len(f.Slots)+j]] += m.lowestCoefficient(f, weights[i], r, j)
			}
		}
	}
	return low
}

// lowestCoefficient is the lower bound of -W·Π over the slots of row r but one.
func (m *Model) lowestCoefficient(f *Factor, weights []float64, r, except int) float64 {
	if !f.Shared {
		size := f.TableSize()
		weights = weights[r*size : (r+1)*size]
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, w := range weights {
		lo, hi = min(lo, -w), max(hi, -w)
	}
	for j, s := range f.Slots {
		if j == except || s.Kind == Categorical {
			continue
		}
		a, b := -1.0, 1.0
		if s.Kind == Continuous {
			a, b = math.Inf(-1), math.Inf(1)
			if v := m.varOf(int(f.Index[r*len(f.Slots)+j])); v.Range != nil {
				a, b = v.Range[0], v.Range[1]
			}
		}
		if s.Power == 2 {
			least := min(float64(a*a), float64(b*b))
			if a <= 0 && 0 <= b {
				least = 0
			}
			a, b = least, max(float64(a*a), float64(b*b))
		}
		lo, hi = intervalProduct(lo, hi, a, b)
	}
	return lo
}

// intervalProduct takes 0·∞ for 0.
func intervalProduct(a, b, c, d float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, x := range [4]float64{a * c, a * d, b * c, b * d} {
		if math.IsNaN(x) {
			x = 0
		}
		lo, hi = min(lo, x), max(hi, x)
	}
	return lo, hi
}

// quadraticForm is a symmetric matrix by rows, each from its first element that is
// not 0 to the diagonal.
type quadraticForm struct {
	place []int32 // of each node, -1 outside the form
	first []int
	rows  [][]float64
}

// read adds up the second derivatives of the energy. It is false if one depends on
// nodes outside.
func (q *quadraticForm) read(m *Model, weights [][]float64, n int) bool {
	q.first, q.rows = make([]int, n), make([][]float64, n)
	for i := range q.first {
		q.first[i] = i
	}
	inside := q.eachSecond(m, weights, func(i, j int, _ float64) { q.first[i] = min(q.first[i], j) })
	if !inside || q.work() > mostFactored {
		return false
	}
	for i := range q.rows {
		q.rows[i] = make([]float64, i-q.first[i]+1)
	}
	return q.eachSecond(m, weights, func(i, j int, v float64) { q.rows[i][j-q.first[i]] += v })
}

// eachSecond calls f with the part of every row in the element i, j of the form, j not
// above i.
func (q *quadraticForm) eachSecond(m *Model, weights [][]float64, each func(i, j int, v float64)) bool {
	for fi := range m.Factors {
		f := &m.Factors[fi]
		for r := range f.Rows {
			var in [2]int
			count, order, others := 0, 0, len(f.Table) > 0
			for k, s := range f.Slots {
				at := q.place[f.Index[r*len(f.Slots)+k]]
				if at < 0 {
					others = true
					continue
				}
				if order += s.Power; count < 2 {
					in[count] = int(at)
				}
				count++
			}
			if order < 2 {
				continue
			}
			if order > 2 || others {
				return false
			}
			w := weights[fi][0]
			if !f.Shared {
				w = weights[fi][r]
			}
			if count == 1 {
				each(in[0], in[0], -2*w)
			} else {
				each(max(in[0], in[1]), min(in[0], in[1]), -w)
			}
		}
	}
	return true
}

// dominant says whether every diagonal element is above the sum of the magnitudes
// beside it.
func (q *quadraticForm) dominant() bool {
	rest := make([]float64, len(q.rows))
	for i, row := range q.rows {
		last := len(row) - 1
		rest[i] += row[last]
		for k, v := range row[:last] {
			rest[i] -= math.Abs(v)
			rest[q.first[i]+k] -= math.Abs(v)
		}
	}
	for _, r := range rest {
		if !(r > 0) {
			return false
		}
	}
	return true
}

// work is the number of multiplications of factorize, nearly.
func (q *quadraticForm) work() float64 {
	sum := 0.0
	for i, first := range q.first {
		width := float64(i - first + 1)
		sum += float64(width * width)
	}
	return sum
}

// factorize is Cholesky's factorisation in place, false if the form is not positive
// definite.
func (q *quadraticForm) factorize() bool {
	for i, row := range q.rows {
		last := len(row) - 1
		for k := range row {
			j := q.first[i] + k
			other := q.rows[j]
			sum := row[k]
			for c := max(q.first[i], q.first[j]); c < j; c++ {
				sum -= float64(row[c-q.first[i]] * other[c-q.first[j]])
			}
			if k < last {
				row[k] = sum / other[len(other)-1]
				continue
			}
			if !(sum > 0) {
				return false
			}
			row[k] = math.Sqrt(sum)
		}
	}
	return true
}
