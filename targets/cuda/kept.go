package cuda

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/ir"
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
	MovesTaken     = iota // after warm-up
	MovesDiverged         // after warm-up
	MovesDivergeAt        // sweep of the first divergence, two words
	movesKept      = MovesDivergeAt + 2
)

// KeptOf is what the kernels of a program keep.
func KeptOf(p *ir.Program) *Kept {
	k := &Kept{Steps: slices.Repeat([]int{-1}, p.Nodes), Taken: slices.Repeat([]int{-1}, p.Nodes), Fit: -1, Moves: -1, Lost: -1}
	for _, sb := range p.Sweep {
		for i := range sb {
			if b := &sb[i]; b.Joint != nil {
				k.addMove(b)
			} else if steps(b.Sampler) {
				k.addSteps(p, b)
			}
		}
	}
	return k
}

// steps says whether a sampler of single nodes fits a step to each.
func steps(sampler string) bool {
	return sampler == "slice" || sampler == "metropolis" || sampler == "mala"
}

// row adds a row.
func (k *Kept) row(start uint32) int {
	k.Start = append(k.Start, start)
	return len(k.Start) - 1
}

func (k *Kept) addSteps(p *ir.Program, b *ir.Block) {
	for _, n := range b.Nodes {
		first := 1.0
		if v := varOf(p, int(n)); v.Range != nil {
			first = math.Min(1, (v.Range[1]-v.Range[0])/2)
		}
		k.Steps[n] = k.row(math.Float32bits(float32(first)))
		if b.Sampler != "slice" {
			k.Taken[n] = k.row(0)
		}
	}
}

func (k *Kept) addMove(b *ir.Block) {
	switch b.Sampler {
	case "mala", "hmc":
		k.Moves = k.row(0)
		for range movesKept - 1 {
			k.row(0)
		}
	default:
		k.Lost = k.row(0)
	}
	if b.Sampler == "underdamped" || b.Sampler == "nesterov" {
		for _, n := range b.Nodes {
			k.Steps[n] = k.row(0)
		}
	}
	if b.Joint.Adapt > 0 {
		step := math.Float32bits(float32(min(max(float64(float32(b.Joint.StepSize.From)), math.Ldexp(1, -60)), math.Ldexp(1, 60))))
		k.Fit = k.row(step)
		k.row(0)
		k.row(step)
	}
}

// varOf is the variable of a node.
func varOf(p *ir.Program, node int) *ir.Var {
	return &p.Vars[slices.IndexFunc(p.Vars, func(v ir.Var) bool { return node < v.First+v.Count })]
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
