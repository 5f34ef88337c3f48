package observe

import "github.com/thrmlgen/thrmlgen/runtime/sampling"

// ChainView is what observers see of an engine. *sampling.Sampler is one.
type ChainView interface {
	Model() *sampling.Model
	Chains() int
	Seed() uint64
	// SweepNumber is the number of sweeps done.
	SweepNumber() uint64
	// Bits appends the packed state of a spin: bit c of word c/64 is chain c, 1
	// for +1; bits beyond the last chain are 0.
	Bits(node int, dst []uint64) []uint64
	// Categories appends the state of a categorical in every chain.
	Categories(node int, dst []int32) []int32
	// Floats appends the value of a continuous node in every chain.
	Floats(node int, dst []float32) []float32
	// Energies appends βH of every chain.
	Energies(beta float64, dst []float64) []float64
}

// Adapting is a ChainView of a model whose dynamics fit their step.
type Adapting interface {
	// Adapted are the numbers of one chain, see Sampler.Adapted.
	Adapted(chain int) (numbers [3]float32, ok bool)
}

// Stepped is a ChainView of a model with samplers that fit steps.
type Stepped interface {
	// Steps appends the step of a node in every chain, nothing for one without.
	Steps(node int, dst []float32) []float32
}

// ChainStates is the view of an engine that keeps its states as plain slices. The
// engine changes States and Sweep; the rest is fixed.
type ChainStates struct {
	States [][]int32 // of each chain: a value for each node, ±1, a category or the bits of a float32
	Sweep  uint64    // sweeps done

	// StepSizes are, of each chain, the step of each node that Sampler.HasSteps; nil
	// for a model without.
	StepSizes [][]float32
	// Fitted are those of Adapted by chain, nil for a model without.
	Fitted [][3]float32

	model *sampling.Model
	seed  uint64
}

// NewChainStates makes a view of states, one slice for each chain.
func NewChainStates(m *sampling.Model, seed uint64, states [][]int32) *ChainStates {
	return &ChainStates{States: states, model: m, seed: seed}
}

func (s *ChainStates) Model() *sampling.Model { return s.model }
func (s *ChainStates) Chains() int            { return len(s.States) }
func (s *ChainStates) Seed() uint64           { return s.seed }
func (s *ChainStates) SweepNumber() uint64    { return s.Sweep }

// Bits is as in ChainView.
func (s *ChainStates) Bits(node int, dst []uint64) []uint64 {
	for c := 0; c < len(s.States); c += 64 {
		word := uint64(0)
		for i, x := range s.States[c:min(c+64, len(s.States))] {
			if x[node] > 0 {
				word |= 1 << i
			}
		}
		dst = append(dst, word)
	}
	return dst
}

// Categories is as in ChainView.
func (s *ChainStates) Categories(node int, dst []int32) []int32 {
	for _, x := range s.States {
		dst = append(dst, x[node])
	}
	return dst
}

// Floats is as in ChainView.
func (s *ChainStates) Floats(node int, dst []float32) []float32 {
	for _, x := range s.States {
		dst = append(dst, sampling.BitsFloat(x[node]))
	}
	return dst
}

// Steps is as in Stepped.
func (s *ChainStates) Steps(node int, dst []float32) []float32 {
	for _, x := range s.StepSizes {
		dst = append(dst, x[node])
	}
	return dst
}

// Adapted is as in Adapting.
func (s *ChainStates) Adapted(chain int) (numbers [3]float32, ok bool) {
	if s.Fitted == nil {
		return numbers, false
	}
	return s.Fitted[chain], true
}

// Energies is as in ChainView, from the model's weights: each row's contribution
// is subtracted in the order of factors and rows, the sum multiplied by β.
func (s *ChainStates) Energies(beta float64, dst []float64) []float64 {
	terms := termsOf(s)
	for _, x := range s.States {
		value := func(node int32) int32 { return x[node] }
		dst = append(dst, float64(beta*hamiltonianOf(s.model, terms, value)))
	}
	return dst
}

// hamiltonianOf is H of one state at β = 1.
func hamiltonianOf(m *sampling.Model, t energyTerms, value func(node int32) int32) float64 {
	h := 0.0
	for fi := range m.Factors {
		f := &m.Factors[fi]
		for r := range f.Rows {
			h -= rowContribution(f, t.weights[fi], r, value)
		}
	}
	return sampling.AddCodes(t.codes, h, value)
}

// rowContribution is what a row takes away from H: its weight with the sign of its
// spins, times its continuous values in the order of slots.
func rowContribution(f *sampling.Factor, weights []float64, row int, value func(node int32) int32) float64 {
	at, sign := tableEntry(f, row, value)
	if !f.Shared {
		at += row * f.TableSize()
	}
	w := float64(float64(sign) * weights[at])
	k := len(f.Slots)
	for i, s := range f.Slots {
		for range s.Power {
			w = float64(w * float64(sampling.BitsFloat(value(f.Index[row*k+i]))))
		}
	}
	return w
}

// tableEntry is the entry that the categoricals of a row pick in its table, and
// the product of the row's spins.
func tableEntry(f *sampling.Factor, row int, value func(node int32) int32) (at int, sign int32) {
	k := len(f.Slots)
	sign = 1
	for i, node := range f.Index[row*k : row*k+k] {
		switch f.Slots[i].Kind {
		case sampling.Spin:
			sign *= value(node)
		case sampling.Categorical:
			at = at*f.Slots[i].States + int(value(node))
		}
	}
	return at, sign
}
