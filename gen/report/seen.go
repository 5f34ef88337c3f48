package report

import (
	"math"
	"math/bits"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/observe"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// A Seen is what a page needs beyond the summary: the energies, how often each
// node was in each state, a few draws, and the energies of the warm-up. It is an
// observe.Watcher and takes 8 bytes a chain and draw, 8 bytes a node and state, and
// a dozen states.
type Seen struct {
	model  *sampling.Model
	chains int
	draws  int // so far
	plan   int // draws to come

	energy [][]float64 // βH by chain and draw
	counts []int64     // of the states of a node from at[node] on: spins +1 alone
	at     []int
	sums   []float64 // of the values of continuous nodes and those with very many states
	shots  []shot
	lowest shot

	warmup   int
	warmBeta []float64
	warm     []warmPoint
	lastWarm uint64
}

// A shot is the state of one chain at one draw.
type shot struct {
	chain, draw int
	sweep       uint64
	h           float64
	values      []int32 // of every node
}

// A warmPoint is H of all chains, without β, after a sweep of the warm-up.
type warmPoint struct {
	sweep          uint64
	lo, median, hi float64
}

const (
	// mostCounted is the largest number of states that are counted one by one.
	mostCounted = 32
	// mostShotNodes is the largest model of which draws are kept.
	mostShotNodes = 1 << 22
	// warmPoints is how many sweeps of the warm-up are looked at.
	warmPoints = 200
)

// NewSeen prepares to watch a run. warmup is its number of sweeps before the first
// draw, 0 where they are not to be watched.
func NewSeen(m *sampling.Model, chains, draws, warmup int) *Seen {
	s := &Seen{model: m, chains: chains, plan: draws, warmup: warmup, warmBeta: m.Betas,
		energy: make([][]float64, chains), at: make([]int, m.Nodes)}
	size := 0
	for i := range m.Vars {
		v := &m.Vars[i]
		for n := v.First; n < v.First+v.Count; n++ {
			s.at[n] = size
			size += counted(v)
		}
	}
	s.counts = make([]int64, size)
	s.sums = make([]float64, m.Nodes)
	s.lowest.h = math.Inf(1)
	return s
}

// counted is how many counts a node of v has.
func counted(v *sampling.Var) int {
	switch {
	case v.Kind == sampling.Spin:
		return 1
	case v.Kind == sampling.Continuous || v.States > mostCounted:
		return 0
	}
	return v.States
}

// valueOf is a value of a node as a number: of a continuous one states hold the
// bits of a float32.
func valueOf(v *sampling.Var, state int32) float64 {
	if v.Kind == sampling.Continuous {
		return float64(math.Float32frombits(uint32(state)))
	}
	return float64(state)
}

// Observe sees a draw.
func (s *Seen) Observe(f *observe.Frame) error {
	beta := s.model.Beta
	best := -1
	for c, h := range f.H() {
		s.energy[c] = append(s.energy[c], float64(beta*h))
		if h < s.lowest.h {
			s.lowest.h, best = h, c
		}
	}
	for i := range s.model.Vars {
		s.count(f, &s.model.Vars[i])
	}
	if s.model.Nodes <= mostShotNodes {
		for _, c := range s.wanted(s.draws) {
			s.shots = append(s.shots, s.shoot(f, c))
		}
		if best >= 0 {
			s.lowest = s.shoot(f, best)
		}
	}
	s.draws++
	return nil
}

func (s *Seen) shoot(f *observe.Frame, chain int) shot {
	x := shot{chain: chain, draw: s.draws, sweep: f.Sweep(), h: f.H()[chain], values: make([]int32, s.model.Nodes)}
	for n := range x.values {
		x.values[n] = f.Value(n, chain)
	}
	return x
}

// wanted are the chains to be kept of a draw: the first one at four draws, evenly
// spaced, and others at the end.
func (s *Seen) wanted(draw int) []int {
	var chains []int
	last := s.plan - 1
	for k := range 4 {
		if draw == last*k/3 {
			chains = append(chains, 0)
		}
	}
	chains = slices.Compact(chains)
	if draw == last {
		others := 4
		if last == 0 {
			others = 7
		}
		for c := 1; c < s.chains && c <= others; c++ {
			chains = append(chains, c)
		}
	}
	return chains
}

func (s *Seen) count(f *observe.Frame, v *sampling.Var) {
	for n := v.First; n < v.First+v.Count; n++ {
		at := s.at[n]
		switch {
		case v.Kind == sampling.Spin:
			for _, w := range f.Spin(n) {
				s.counts[at] += int64(bits.OnesCount64(w))
			}
		case counted(v) == 0:
			for c := range s.chains {
				s.sums[n] += valueOf(v, f.Value(n, c))
			}
		default:
			for _, k := range f.Category(n) {
				s.counts[at+int(k)]++
			}
		}
	}
}

// ObserveSweep looks at some sweeps of the warm-up.
func (s *Seen) ObserveSweep(f *observe.Frame) error {
	sweep := f.Sweep()
	if s.warmup == 0 || s.draws > 0 || sweep > uint64(s.warmup) {
		return nil
	}
	every := uint64(max(1, s.warmup/warmPoints))
	if sweep%every != 0 && sweep != uint64(s.warmup) || len(s.warm) > 0 && sweep == s.lastWarm {
		return nil
	}
	h := slices.Clone(f.H())
	slices.Sort(h)
	s.warm = append(s.warm, warmPoint{sweep, h[0], h[len(h)/2], h[len(h)-1]})
	s.lastWarm = sweep
	return nil
}

// share is how often a node was in a state, of spins +1 being state 1.
func (s *Seen) share(node int, v *sampling.Var, state int) float64 {
	total := float64(s.draws) * float64(s.chains)
	if v.Kind == sampling.Spin {
		up := float64(s.counts[s.at[node]]) / total
		if state == 1 {
			return up
		}
		return 1 - up
	}
	return float64(s.counts[s.at[node]+state]) / total
}

// mean is the mean value of a node.
func (s *Seen) mean(node int, v *sampling.Var) float64 {
	total := float64(s.draws) * float64(s.chains)
	switch {
	case v.Kind == sampling.Spin:
		return 2*s.share(node, v, 1) - 1
	case counted(v) == 0:
		return s.sums[node] / total
	}
	sum := 0.0
	for k := range v.States {
		sum += float64(k) * s.share(node, v, k)
	}
	return sum
}
