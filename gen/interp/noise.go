package interp

import (
	"math"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// NoiseTable draws the noise of one kind of node at one β from a table of cells, by
// the alias method.
type NoiseTable struct {
	Shift int // R: a cell is 2^R units wide
	Mass  []int64
	Own   []int64 // T: how much of a column's capacity is its own cell
	Alias []int   // A: the cell that has the rest

	before []int64 // mass of the cells before each, and of all
}

// NewLogistic is the table of |n| of spins.
func NewLogistic(beta float64, fraction int) *NoiseTable {
	t := &NoiseTable{}
	c := math.Ldexp(2*beta, -fraction)
	for math.Ldexp(c, t.Shift+8) < 12.5 {
		t.Shift++
	}
	h := math.Ldexp(c, t.Shift)
	above := func(i int) int64 { // what lies above the lower end of cell i
		if i == 256 {
			return 0
		}
		return int64(math.Floor(float64(sampling.Sigma(-float64(float64(i)*h))*131072) + 0.5))
	}
	for i := range 256 {
		t.Mass = append(t.Mass, above(i)-above(i+1))
	}
	t.fill()
	return t
}

// NewGumbel is the table of categoricals.
func NewGumbel(beta float64, fraction int) *NoiseTable {
	t := &NoiseTable{}
	c := math.Ldexp(beta, -fraction)
	for math.Ldexp(c, t.Shift+10) < 15 {
		t.Shift++
	}
	h := math.Ldexp(c, t.Shift)
	below := func(i int) int64 {
		switch i {
		case 0:
			return 0
		case 1024:
			return 65536
		}
		x := sampling.Exp(3 - float64(float64(i)*h))
		return int64(math.Floor(float64(sampling.Exp(-x)*65536) + 0.5))
	}
	for i := range 1024 {
		t.Mass = append(t.Mass, below(i+1)-below(i))
	}
	t.fill()
	return t
}

// fill closes columns one by one: the lowest that has less than its capacity takes
// the rest from the lowest that has more.
func (t *NoiseTable) fill() {
	n, sum := len(t.Mass), int64(0)
	for _, q := range t.Mass {
		t.before = append(t.before, sum)
		sum += q
	}
	t.before = append(t.before, sum)
	capacity := int64(65536 / n)
	t.Own, t.Alias = make([]int64, n), make([]int, n)
	left, closed := append([]int64(nil), t.Mass...), make([]bool, n)
	for i := range t.Alias {
		t.Alias[i] = i
	}
	for {
		small, big := -1, -1
		for i := range left {
			if small < 0 && !closed[i] && left[i] < capacity {
				small = i
			}
			if big < 0 && left[i] > capacity {
				big = i
			}
		}
		if small < 0 {
			return
		}
		t.Own[small], t.Alias[small], closed[small] = left[small], big, true
		left[big] -= capacity - left[small]
	}
}

// magnitude is that of noise drawn with these bits: the column, then the choice
// within its capacity, 16 bits in all, then those below the cell.
func (t *NoiseTable) magnitude(word, low int64) int64 {
	n := int64(len(t.Mass))
	column, v := word%n, word/n
	cell := int64(t.Alias[column])
	if v < t.Own[column] {
		cell = column
	}
	return cell<<t.Shift + low%(1<<t.Shift)
}

// drawn is a number of so many bits of an update, from a bit on, the first one lowest.
func (m *Machine) drawn(chain, n, from, count int) int64 {
	x := int64(0)
	for i := range count {
		x |= int64(m.drawnBit(chain, n, from+i)) << i
	}
	return x
}

// drawnBit is bit i of an update: one of the stream of its superblock, or of the
// digits of draws 0, 1, ….
func (m *Machine) drawnBit(chain, n, i int) byte {
	if m.stream == nil {
		return byte(m.digit(chain, m.slot[n], i/16) >> (i % 16) & 1)
	}
	p := m.stream.places[n]
	bit := p.offset + i
	return m.output(p.instance+bit/m.stream.width, chain, m.SweepNumber)[bit%m.stream.width]
}

// drawBits is how many bits an update of a node has.
func (m *Machine) drawBits(n int) int {
	f := m.p.Format
	switch {
	case !f.Noise:
		return f.ThresholdBits
	case m.kind[n] == ir.Spin:
		return 17 + f.LowBits
	}
	return m.states[n] * (16 + f.LowBits)
}

// noisySpin is +1 where field and noise are not negative.
func (m *Machine) noisySpin(chain, n int, g int64) int32 {
	noise := m.logistic.magnitude(m.drawn(chain, n, 0, 16), m.drawn(chain, n, 17, m.p.Format.LowBits))
	if m.drawn(chain, n, 16, 1) == 1 {
		noise = -1 - noise
	}
	if g+noise >= 0 {
		return 1
	}
	return -1
}

// noisyCategory is the first state with the largest sum of field and noise.
func (m *Machine) noisyCategory(chain, n int, theta []int64) int32 {
	best, most := 0, int64(0)
	low := m.p.Format.LowBits
	for k, x := range theta {
		at := k * (16 + low)
		x += m.gumbel.magnitude(m.drawn(chain, n, at, 16), m.drawn(chain, n, at+16, low))
		if k == 0 || x > most {
			best, most = k, x
		}
	}
	return int32(best)
}

// Tail is the probability of a spin's less likely value in a field of magnitude m:
// half of that of noise of at least m.
func (t *NoiseTable) Tail(m int64) float64 {
	i := m >> t.Shift
	if i >= int64(len(t.Mass)) {
		return 0
	}
	mass := float64(t.Mass[i]) * (1 - math.Ldexp(float64(m-i<<t.Shift), -t.Shift))
	return (mass + float64(65536-t.before[i+1])) / 131072
}

// Below is the probability of noise below x.
func (t *NoiseTable) Below(x int64) float64 {
	if x <= 0 {
		return 0
	}
	i := x >> t.Shift
	if i >= int64(len(t.Mass)) {
		return 1
	}
	return (float64(t.before[i]) + float64(t.Mass[i])*math.Ldexp(float64(x-i<<t.Shift), -t.Shift)) / 65536
}

// Largest are the probabilities that each field with noise is the first largest.
func (t *NoiseTable) Largest(theta []int64) []float64 {
	p := make([]float64, len(theta))
	for k, own := range theta {
		for i, q := range t.Mass {
			if q == 0 {
				continue
			}
			sum := 0.0
			for low := range int64(1) << t.Shift {
				x := own + int64(i)<<t.Shift + low
				win := 1.0
				for j, other := range theta {
					switch {
					case j < k:
						win *= t.Below(x - other)
					case j > k:
						win *= t.Below(x - other + 1)
					}
				}
				sum += win
			}
			p[k] += float64(q) / 65536 * math.Ldexp(sum, -t.Shift)
		}
	}
	return p
}
