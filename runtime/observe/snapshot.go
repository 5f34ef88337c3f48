package observe

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// A stateLayout says where the nodes of a model lie in a snapshot.
type stateLayout struct {
	model         *sampling.Model
	chains, words int
	row           []int32 // of each node, among those of its kind
	variable      []int32 // of each node, its index in the model

	spins, cats, floats int // numbers of nodes
	stride              int // numbers from a continuous node to the next: whole words
	kernel              vector.Kernel
}

func newStateLayout(m *sampling.Model, chains int) *stateLayout {
	l := &stateLayout{model: m, chains: chains, words: (chains + 63) / 64, stride: (chains + 63) / 64 * 64,
		row: make([]int32, m.Nodes), variable: make([]int32, m.Nodes)}
	for i, v := range m.Vars {
		next := &l.spins
		switch v.Kind {
		case sampling.Categorical:
			next = &l.cats
		case sampling.Continuous:
			next = &l.floats
		}
		for n := v.First; n < v.First+v.Count; n++ {
			l.row[n] = int32(*next)
			*next++
			l.variable[n] = int32(i)
		}
	}
	return l
}

// varOf is the variable of a node.
func (l *stateLayout) varOf(node int) *sampling.Var { return &l.model.Vars[l.variable[node]] }

// chainMask has a one for each chain of a word.
func (l *stateLayout) chainMask(word int) uint64 {
	if left := l.chains - 64*word; left < 64 {
		return 1<<left - 1
	}
	return ^uint64(0)
}

// A snapshot is one state of every chain: spins packed, 64 chains a word, and
// categories and continuous values, all chains of a node together.
type snapshot struct {
	*stateLayout
	bits       []uint64
	categories []uint16
	numbers    []float32
}

func newSnapshot(l *stateLayout) snapshot {
	return snapshot{l, make([]uint64, l.spins*l.words), make([]uint16, l.cats*l.chains), make([]float32, l.floats*l.stride)}
}

func (s snapshot) spin(node int) []uint64 {
	at := int(s.row[node]) * s.words
	return s.bits[at : at+s.words]
}

func (s snapshot) category(node int) []uint16 {
	at := int(s.row[node]) * s.chains
	return s.categories[at : at+s.chains]
}

func (s snapshot) float(node int) []float32 {
	at := int(s.row[node]) * s.stride
	return s.numbers[at : at+s.chains]
}

// values fills dst with the values of a categorical or continuous node.
func (s snapshot) values(node int, dst []float64) []float64 {
	if s.varOf(node).Kind == sampling.Continuous {
		if s.hasKernel(dst) {
			s.multiplyRows([]int32{int32(4*s.stride) * s.row[node]}, dst)
			return dst
		}
		for c, x := range s.float(node) {
			dst[c] = float64(x)
		}
		return dst
	}
	for c, k := range s.category(node) {
		dst[c] = float64(k)
	}
	return dst
}

// value is the state of a node in one chain, ±1, a category or the bits of a
// float32.
func (s snapshot) value(node, chain int) int32 {
	switch s.varOf(node).Kind {
	case sampling.Spin:
		return int32(s.spin(node)[chain/64]>>(chain%64)&1)*2 - 1
	case sampling.Continuous:
		return sampling.FloatBits(s.float(node)[chain])
	}
	return int32(s.category(node)[chain])
}

// load copies the state of a view; scratch is reused.
func (s snapshot) load(v ChainView, scratch []int32) []int32 {
	for i := range s.model.Vars {
		x := &s.model.Vars[i]
		for n := x.First; n < x.First+x.Count; n++ {
			switch x.Kind {
			case sampling.Spin:
				at := int(s.row[n]) * s.words
				v.Bits(n, s.bits[at:at:at+s.words])
			case sampling.Continuous:
				v.Floats(n, s.float(n)[:0])
			default:
				scratch = v.Categories(n, scratch[:0])
				to := s.category(n)
				for c, value := range scratch {
					to[c] = uint16(value)
				}
			}
		}
	}
	return scratch
}

// clone is a copy that stays.
func (s snapshot) clone() snapshot {
	return snapshot{s.stateLayout, slices.Clone(s.bits), slices.Clone(s.categories), slices.Clone(s.numbers)}
}

// copyChains takes over the chains of a word that mask names.
func (s snapshot) copyChains(from snapshot, word int, mask uint64) {
	for at := word; at < len(s.bits); at += s.words {
		s.bits[at] = s.bits[at]&^mask | from.bits[at]&mask
	}
	for c := 64 * word; mask != 0; mask >>= 1 {
		if mask&1 != 0 {
			for at := c; at < len(s.categories); at += s.chains {
				s.categories[at] = from.categories[at]
			}
			for at := c; at < len(s.numbers); at += s.stride {
				s.numbers[at] = from.numbers[at]
			}
		}
		c++
	}
}

// stateType is the element type of a variable's states in files.
func stateType(v *sampling.Var) (dtype string, bytes int) {
	switch {
	case v.Kind == sampling.Spin:
		return "|i1", 1
	case v.Kind == sampling.Continuous:
		return "<f4", 4
	case v.States <= 256:
		return "|u1", 1
	}
	return "<u2", 2
}

// write adds an array prefix+name of shape (chain, *shape) for each variable.
func (s snapshot) write(z *npy.NPZWriter, prefix string) error {
	var line []byte
	for i := range s.model.Vars {
		v := &s.model.Vars[i]
		dtype, bytes := stateType(v)
		m, err := z.Stream(prefix+v.Name, dtype, append([]int{s.chains}, v.Shape...))
		if err != nil {
			return err
		}
		for c := range s.chains {
			line = line[:0]
			for n := v.First; n < v.First+v.Count; n++ {
				switch {
				case v.Kind == sampling.Spin:
					line = append(line, byte(s.spin(n)[c/64]>>(c%64)&1*2)-1)
				case v.Kind == sampling.Continuous:
					line = binary.LittleEndian.AppendUint32(line, math.Float32bits(s.float(n)[c]))
				case bytes == 1:
					line = append(line, byte(s.category(n)[c]))
				default:
					line = binary.LittleEndian.AppendUint16(line, s.category(n)[c])
				}
			}
			if _, err := m.Write(line); err != nil {
				return err
			}
		}
		if err := m.Close(); err != nil {
			return err
		}
	}
	return nil
}
