package device

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Kept says what kernels keep of a chain beside the values of nodes: words in rows of their
// own. Rows are numbered from 0; -1 is none.
type Kept struct {
	Start []uint32 // by row: how it begins
	Steps []int    // by node: the row of its step or velocity, a float32
	Taken []int    // by node: the row that counts its proposals taken after warm-up, mod 2^32
	Fit   int      // first of three rows with the numbers of the fitted step of a joint move, float32
	Moves int      // of a joint move with a test: first of the rows of movesKept
	Lost  int      // of one without: not 0 where a chain's numbers left float32
}

// Rows of a joint move with a Metropolis test, from Kept.Moves on; counts are mod 2^32.
const (
	movesTaken      = iota // after warm-up
	movesDiverged          // after warm-up
	movesDivergedAt        // sweep of the first divergence, two words
	movesKept       = movesDivergedAt + 2
)

// KeptOf is what the kernels of a model keep.
func KeptOf(m *sampling.Model) *Kept {
	k := &Kept{Steps: slices.Repeat([]int{-1}, m.Nodes), Taken: slices.Repeat([]int{-1}, m.Nodes), Fit: -1, Moves: -1, Lost: -1}
	for _, super := range m.Sweep {
		for i := range super {
			if b := &super[i]; b.Joint != nil {
				k.addMove(b)
			} else if b.Stepped() {
				k.addSteps(m, b)
			}
		}
	}
	return k
}

// row adds a row.
func (k *Kept) row(start uint32) int {
	k.Start = append(k.Start, start)
	return len(k.Start) - 1
}

func (k *Kept) addSteps(m *sampling.Model, b *sampling.Block) {
	for _, n := range b.Nodes {
		k.Steps[n] = k.row(math.Float32bits(m.Vars[m.VarAt(int(n))].FirstStep()))
		if b.Sampler != "slice" {
			k.Taken[n] = k.row(0)
		}
	}
}

func (k *Kept) addMove(b *sampling.Block) {
	switch b.Sampler {
	case "mala", "hmc":
		k.Moves = k.row(0)
		for range movesKept - 1 {
			k.row(0)
		}
	default:
		k.Lost = k.row(0)
	}
	if b.Keeps() {
		for _, n := range b.Nodes {
			k.Steps[n] = k.row(0)
		}
	}
	if b.Joint.Adapt > 0 {
		step := math.Float32bits(b.Joint.FirstStep())
		k.Fit = k.row(step)
		k.row(0)
		k.row(step)
	}
}

// Step is the step or velocity of a node in a chain whose kept words are given; 0 for one without.
func (k *Kept) Step(words []uint32, node int) float32 {
	if k.Steps[node] < 0 {
		return 0
	}
	return math.Float32frombits(words[k.Steps[node]])
}

// SetStep replaces it.
func (k *Kept) SetStep(words []uint32, node int, step float32) {
	if k.Steps[node] >= 0 {
		words[k.Steps[node]] = math.Float32bits(step)
	}
}

// Fitted are the numbers of the fitted step of a joint move, where Fit is a row.
func (k *Kept) Fitted(words []uint32) (numbers [3]float32) {
	for i := range numbers {
		numbers[i] = math.Float32frombits(words[k.Fit+i])
	}
	return numbers
}

// SetFitted replaces them.
func (k *Kept) SetFitted(words []uint32, numbers [3]float32) {
	for i, x := range numbers {
		words[k.Fit+i] = math.Float32bits(x)
	}
}

// Moved is what rows have counted in so many sweeps after warm-up.
type Moved struct {
	Tried, Taken []uint64 // proposals, by variable
	Diverged     uint64   // moves
	DivergedAt   uint64   // sweep of the first, where there are any
}

// Count adds what the rows of a chain have counted between two looks, and sweeps in which its samplers proposed;
// clamped nodes did not.
func (k *Kept) Count(m *sampling.Model, to *Moved, was, now []uint32, sweeps uint64, clamped func(node int) bool) {
	if to.Tried == nil {
		*to = Moved{make([]uint64, len(m.Vars)), make([]uint64, len(m.Vars)), 0, math.MaxUint64}
	}
	grown := func(row int) uint64 { return uint64(now[row] - was[row]) }
	for i, v := range m.Vars {
		for n := v.First; n < v.First+v.Count; n++ {
			if row := k.Taken[n]; row >= 0 && !clamped(n) {
				to.Tried[i] += sweeps
				to.Taken[i] += grown(row)
			}
		}
	}
	if k.Moves < 0 {
		return
	}
	i := m.VarAt(int(m.JointBlock().Nodes[0]))
	to.Tried[i] += sweeps
	to.Taken[i] += grown(k.Moves + movesTaken)
	if n := grown(k.Moves + movesDiverged); n > 0 {
		to.Diverged += n
		at := k.Moves + movesDivergedAt
		to.DivergedAt = min(to.DivergedAt, uint64(now[at+1])<<32|uint64(now[at]))
	}
}
