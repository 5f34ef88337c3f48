package ir

import (
	"fmt"
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

// Stream names a hardware generator of the updates' bits; the zero value stands for
// Philox.
type Stream struct {
	Generator  string // lfl128 or xoshiro128pp
	Interleave int    // K: chains that take turns at one instance
}

// Width is the number of bits of an output, 0 for Philox.
func (s Stream) Width() int {
	if g := rng.FindGenerator(s.Generator); g != nil {
		return g.Width
	}
	return 0
}

// MaxInterleave is the largest Stream.Interleave.
const MaxInterleave = 1 << 16

// MaxLowBits is the largest Format.LowBits.
const MaxLowBits = 40

// The tables of noise: so many cells, and how far in units of 1/β a table must
// reach.
const (
	logisticCells = 256
	logisticReach = 12.5
	gumbelCells   = 1024
	gumbelReach   = 15
)

// NoiseShift is R of a kind at one β: cells are 2^R units wide. It is more than
// MaxLowBits where no table reaches far enough.
func NoiseShift(k Kind, beta float64, fraction int) int {
	c, reach := math.Ldexp(2*beta, 8-fraction), logisticReach
	if k == Categorical {
		c, reach = math.Ldexp(beta, 10-fraction), gumbelReach
	}
	r := 0
	for r <= MaxLowBits && math.Ldexp(c, r) < reach {
		r++
	}
	return r
}

// LowBitsFor is the smallest Format.LowBits for all βs, and whether there is one.
func LowBitsFor(kinds []Kind, betas []float64, fraction int) (int, bool) {
	n := 0
	for _, k := range kinds {
		for _, b := range betas {
			n = max(n, NoiseShift(k, b, fraction))
		}
	}
	return n, n <= MaxLowBits
}

// NoiseKinds are the kinds of the nodes in blocks that are updated in integers.
func (p *Program) NoiseKinds() []Kind {
	var kinds []Kind
	for k := Spin; k <= Categorical; k++ {
		for c := range p.WorstDegrees() {
			if c.Kind == k {
				kinds = append(kinds, k)
				break
			}
		}
	}
	return kinds
}

// NoiseError bounds the error that noise adds to any probability of a node of so
// many states at one β.
func NoiseError(k Kind, states int, beta float64, fraction int) float64 {
	r := NoiseShift(k, beta, fraction)
	if k == Spin {
		h := math.Ldexp(2*beta, r-fraction)
		if r == 0 {
			return 1.0 / (1 << 18)
		}
		return float64(float64(h*h)/8*maxCurvature) + 1.0/(1<<18)
	}
	// maxSlope is the largest slope of the density of the Gumbel law, and 1/e is the
	// largest density.
	const maxSlope, maxDensity = 0.3091, 0.36787944117144233
	h := math.Ldexp(beta, r-fraction)
	cell := float64(float64(h*h)/8*maxSlope) + 1.0/(1<<17)
	if r == 0 {
		cell = 1.0 / (1 << 17)
	}
	tie := float64(maxDensity/2*math.Ldexp(beta, -fraction)) + math.Ldexp(1, -17-r)
	return float64(float64(states)*cell) + float64(float64(states-1)*tie)
}

// DrawBits is how many bits an update of a node in a block takes.
func (p *Program) DrawBits(k Kind, states int) int {
	f := &p.Format
	switch {
	case !f.Noise:
		return f.ThresholdBits
	case k == Spin:
		return 17 + f.LowBits
	}
	return states * (16 + f.LowBits)
}

// StreamPlan places the bits of the updates in the outputs of the instances.
type StreamPlan struct {
	First  []int // first instance of each superblock, and behind the last
	Offset []int // by node: its first bit in the stream of its superblock, -1 in no block
}

// StreamPlan is nil without a hardware generator.
func (p *Program) StreamPlan() *StreamPlan {
	width := p.Stream.Width()
	if width == 0 {
		return nil
	}
	s := &StreamPlan{First: []int{0}, Offset: make([]int, p.Nodes)}
	for i := range s.Offset {
		s.Offset[i] = -1
	}
	for _, sb := range p.Sweep {
		at := 0
		for _, b := range sb {
			for _, n := range b.Nodes {
				s.Offset[n] = at
				at += p.DrawBits(b.Kind, b.States)
			}
		}
		s.First = append(s.First, s.First[len(s.First)-1]+(at+width-1)/width)
	}
	return s
}

// Neighbours lists for each node the others that share a row with it, in order of
// first appearance.
func (p *Program) Neighbours() [][]int32 {
	list, seen := make([][]int32, p.Nodes), map[[2]int32]bool{}
	for i := range p.Factors {
		f := &p.Factors[i]
		k := len(f.Slots)
		for r := range f.Rows {
			row := f.Index[r*k : (r+1)*k]
			for _, a := range row {
				for _, b := range row {
					if a != b && !seen[[2]int32{a, b}] {
						seen[[2]int32{a, b}] = true
						list[a] = append(list[a], b)
					}
				}
			}
		}
	}
	return list
}

// hardware checks what the hardware generators and the rule of noise need.
func (v *verifier) hardware() {
	p := v.p
	f, s := &p.Format, p.Stream
	float := false
	for _, sb := range p.Sweep {
		for _, b := range sb {
			float = float || b.Float
		}
	}
	switch {
	case s == Stream{}:
	case rng.FindGenerator(s.Generator) == nil:
		v.fault("no hardware generator %q", s.Generator)
	case s.Interleave < max(1, len(p.Sweep)) || s.Interleave > MaxInterleave:
		v.fault("interleave %d of %d superblocks", s.Interleave, len(p.Sweep))
	case f.ThresholdBits > 16 || float:
		v.fault("%s with %d threshold bits, continuous neighbours %t", s.Generator, f.ThresholdBits, float)
	}
	if !f.Noise {
		if f.LowBits != 0 {
			v.fault("format: low_bits %d without noise", f.LowBits)
		}
		return
	}
	if k, ok := p.NoiseDigits(); !ok {
		v.fault("format: noise for %d states takes more digits than there are draws", k)
	}
	if f.ThresholdBits != 16 || float {
		v.fault("format: noise with %d threshold bits, continuous neighbours %t", f.ThresholdBits, float)
	}
	if n, ok := LowBitsFor(p.NoiseKinds(), p.AllBetas(), f.Fraction); !ok || n != f.LowBits {
		v.fault("format: low_bits %d, not %d", f.LowBits, n)
	}
}

// NoiseDigits looks for a categorical whose noise takes more than the 256 digits that
// Philox gives to an update.
func (p *Program) NoiseDigits() (states int, ok bool) {
	for c := range p.WorstDegrees() {
		if p.Stream == (Stream{}) && p.DrawBits(c.Kind, c.States) > 256*16 {
			return c.States, false
		}
	}
	return 0, true
}

// ReachOfNoise refuses a β for which the bits of the format's noise are too few.
func (p *Program) ReachOfNoise(betas []float64) error {
	if !p.Format.Noise {
		return nil
	}
	for _, k := range p.NoiseKinds() {
		for _, b := range betas {
			if NoiseShift(k, b, p.Format.Fraction) > p.Format.LowBits {
				return fmt.Errorf("format: beta %v is below those that the program's noise of %d low bits is made for", b, p.Format.LowBits)
			}
		}
	}
	return nil
}
