package sampling

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

// varOf is the variable of a node.
func (m *Model) varOf(node int) *Var { return &m.Vars[m.VarAt(node)] }

// VarAt is the index of a node's variable.
func (m *Model) VarAt(node int) int {
	return sort.Search(len(m.Vars), func(i int) bool { return m.Vars[i].First > node }) - 1
}

// NodeName is the node as a user writes it: x[3,4], or x for a scalar.
func (m *Model) NodeName(node int) string {
	v := m.varOf(node)
	return ElementName(v.Name, v.Shape, node-v.First)
}

// ElementName is element i of a variable of a shape as a user writes it.
func ElementName(name string, shape []int, i int) string {
	if shape == nil {
		return name
	}
	at := make([]string, len(shape))
	for a := len(shape) - 1; a >= 0; a-- {
		at[a] = strconv.Itoa(i % shape[a])
		i /= shape[a]
	}
	return name + "[" + strings.Join(at, ",") + "]"
}

// Var returns a variable by name, nil if there is none.
func (m *Model) Var(name string) *Var {
	for i := range m.Vars {
		if m.Vars[i].Name == name {
			return &m.Vars[i]
		}
	}
	return nil
}

// wordAt is the index in bits of a node's word of 64 chains.
func (s *Sampler) wordAt(row, word int) int {
	return (word/s.tile*s.spinRows+row)*s.tile + word%s.tile
}

// chainAt is the index in an array of categoricals with so many rows.
func (s *Sampler) chainAt(rows, row, chain int) int {
	word := chain / 64
	return ((word/s.tile*rows+row)*s.tile+word%s.tile)*64 + chain%64
}

// Value is the state of a node in one chain: ±1, a category or the bits of a
// float32.
func (s *Sampler) Value(node, chain int) int32 {
	r := int(s.row[node])
	switch s.kind[node] {
	case nodeSpin:
		return int32(s.bits[s.wordAt(r, chain/64)]>>(chain%64)&1)*2 - 1
	case nodeCat8:
		return int32(s.cat8[s.chainAt(s.cat8Rows, r, chain)])
	case nodeFloat:
		return FloatBits(s.floats[s.chainAt(s.floatRows, r, chain)])
	}
	return int32(s.cat16[s.chainAt(s.cat16Rows, r, chain)])
}

// setValue writes a value that has been checked.
func (s *Sampler) setValue(node, chain int, v int32) {
	r := int(s.row[node])
	switch s.kind[node] {
	case nodeSpin:
		w := &s.bits[s.wordAt(r, chain/64)]
		*w = *w&^(1<<(chain%64)) | uint64(v+1)>>1<<(chain%64)
	case nodeCat8:
		s.cat8[s.chainAt(s.cat8Rows, r, chain)] = uint8(v)
	case nodeFloat:
		s.floats[s.chainAt(s.floatRows, r, chain)] = BitsFloat(v)
	default:
		s.cat16[s.chainAt(s.cat16Rows, r, chain)] = uint16(v)
	}
}

// State appends the state of one chain to dst: one value a node, ±1, a category or
// the bits of a float32, in dense order.
func (s *Sampler) State(chain int, dst []int32) []int32 {
	for n := range s.model.Nodes {
		dst = append(dst, s.Value(n, chain))
	}
	return dst
}

// SetState sets one chain to a state in the form State gives. Clamped nodes keep
// their clamp. Nothing changes when a value is refused.
func (s *Sampler) SetState(chain int, state []int32) error {
	if len(state) != s.model.Nodes {
		return fmt.Errorf("%w: got %d, the model has %d nodes", errStateSize, len(state), s.model.Nodes)
	}
	for n, v := range state {
		if err := s.checkValue(n, v); err != nil {
			return err
		}
	}
	for n, v := range state {
		if !s.clamped[n] {
			s.setValue(n, chain, v)
		}
	}
	return nil
}

// Bits appends the packed state of a spin node: bit c of word c/64 is chain c,
// 1 for +1; bits of chains beyond the last are 0.
func (s *Sampler) Bits(node int, dst []uint64) []uint64 {
	for w := range s.words {
		x := s.bits[s.wordAt(int(s.row[node]), w)]
		if left := s.chains - 64*w; left < 64 {
			x &= 1<<left - 1
		}
		dst = append(dst, x)
	}
	return dst
}

// Categories appends the state of a categorical node in every chain.
func (s *Sampler) Categories(node int, dst []int32) []int32 {
	r := int(s.row[node])
	for c := 0; c < s.chains; c += 64 {
		n := min(64, s.chains-c)
		switch s.kind[node] {
		case nodeCat8:
			for _, v := range s.cat8[s.chainAt(s.cat8Rows, r, c):][:n] {
				dst = append(dst, int32(v))
			}
		case nodeCat16:
			for _, v := range s.cat16[s.chainAt(s.cat16Rows, r, c):][:n] {
				dst = append(dst, int32(v))
			}
		default:
			for k := range n {
				dst = append(dst, s.Value(node, c+k))
			}
		}
	}
	return dst
}

// Init puts every chain into the model's initial state and sets the sweep
// number to 0.
func (s *Sampler) Init() {
	s.sweep = 0
	s.Restart()
}

// Restart puts every chain into an initial state that is drawn anew: with words
// of the sweep number at hand, which stays. Steps of samplers begin anew. The first
// one is Init's.
func (s *Sampler) Restart() {
	m := s.model
	s.startSteps()
	for _, w := range s.workers {
		w.lost = nil
	}
	s.deviceError = nil
	for vi := range m.Vars {
		v, in := &m.Vars[vi], m.initOf(vi)
		for n := v.First; n < v.First+v.Count; n++ {
			if in.drawn(v) && s.slot[n] >= 0 {
				continue
			}
			for c := range s.chains {
				s.setValue(n, c, s.initial(in, v, n, c))
			}
		}
	}
	var bias []float64
	for vi := range m.Vars {
		if m.Vars[vi].Kind == Spin && m.initOf(vi).Kind == InitHinton {
			bias = s.biases()
		}
	}
	for _, super := range s.blocks {
		for _, b := range super {
			for i := 0; i < len(b.nodes); i += 4 {
				s.drawStarts(b, i, bias)
			}
		}
	}
	s.startUser()
	for _, c := range s.clamps {
		s.applyClamp(c)
	}
}

// initOf is the start of a variable.
func (m *Model) initOf(vi int) Init {
	if vi < len(m.Init) {
		return m.Init[vi]
	}
	return Init{}
}

// drawn says whether a start draws discrete values.
func (in Init) drawn(v *Var) bool {
	return v.Kind != Continuous && in.Kind != InitValues && in.Kind != InitZeros && in.Kind != InitCode
}

// drawStarts draws the starts of nodes i … i+3 of a block, which share their words,
// where they are drawn and not clamped.
func (s *Sampler) drawStarts(b *blockPlan, i int, bias []float64) {
	m := s.model
	var below [4]uint64 // a word below it makes a spin +1
	var drawn [4]bool
	for q := range min(4, len(b.nodes)-i) {
		n := int(b.nodes[i+q])
		vi := m.VarAt(n)
		v, in := &m.Vars[vi], m.initOf(vi)
		drawn[q] = in.drawn(v) && !s.clamped[n]
		if below[q] = 1 << 31; in.Kind == InitHinton && v.Kind == Spin && drawn[q] {
			below[q] = s.hinton(bias[n])
		}
	}
	if drawn == [4]bool{} {
		return
	}
	c3 := rng.CounterC3(rng.PurposeInit+s.phase, 0, s.sweep)
	var up [4]uint64
	for c := range s.chains {
		words := s.rng.Block([4]uint32{uint32(s.sweep), uint32(c), uint32(b.first+i) / 4, c3})
		for q, w := range words {
			switch {
			case b.kind == Spin:
				up[q] |= (uint64(w) - below[q]) >> 63 << (c & 63)
			case drawn[q]:
				s.setValue(int(b.nodes[i+q]), c, int32(uint64(w)*uint64(b.states)>>32))
			}
		}
		if b.kind != Spin || c&63 != 63 && c != s.chains-1 {
			continue
		}
		for q := range up {
			if drawn[q] {
				s.bits[s.wordAt(int(b.row[i+q]), c/64)] = up[q]
			}
			up[q] = 0
		}
	}
}

// initial is the start of one node in one chain, where it is not drawn from words
// of Init. A node in no block is clamped: its value follows.
func (s *Sampler) initial(in Init, v *Var, node, chain int) int32 {
	switch {
	case in.Kind == InitValues && in.Chains == 0:
		return in.Values[node-v.First]
	case in.Kind == InitValues:
		return in.Values[chain%in.Chains*v.Count+node-v.First]
	case v.Kind == Continuous:
		return FloatBits(s.initialFloat(in, v, s.slot[node], chain))
	case v.Kind == Spin:
		return -1
	}
	return 0
}

// hinton is the threshold of P(+1) = σ(β·bias).
func (s *Sampler) hinton(bias float64) uint64 {
	beta := s.model.Beta
	if len(s.model.Betas) > 0 {
		beta = s.model.Betas[0]
	}
	return uint64(math.Floor(float64(Sigma(float64(beta*bias))*(1<<32)) + 0.5))
}

// biases sums, for every node, the weights of the one-slot factors on spins.
func (s *Sampler) biases() []float64 {
	sum := make([]float64, s.model.Nodes)
	for fi := range s.model.Factors {
		f := &s.model.Factors[fi]
		if len(f.Slots) != 1 || f.Slots[0].Kind != Spin {
			continue
		}
		for r, n := range f.Index {
			if f.Shared {
				r = 0
			}
			sum[n] += s.weights[fi][r]
		}
	}
	return sum
}

func (s *Sampler) applyClamp(c Clamp) {
	for i, n := range c.Nodes {
		for chain := range s.chains {
			v := c.Values[i]
			if c.Chains > 0 {
				v = c.Values[chain%c.Chains*len(c.Nodes)+i]
			}
			s.setValue(int(n), chain, v)
		}
	}
}
