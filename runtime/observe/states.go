package observe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/thrmlgen/thrmlgen/runtime/npy"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// StateLog records the states of all or of chosen nodes at every draw and writes
// them as arrays (chain, draw, *shape) of int8 ±1, uint8 or, above 256 states,
// uint16, and float32 of continuous variables. In between they are packed, spins in one bit, and beyond a budget of
// memory they wait in a temporary file.
type StateLog struct {
	logs []*stateVarLog
}

// A stateVarLog records nodes of one variable. A record holds for each chain the
// values of its nodes, so that the array can be written chain after chain.
type stateVarLog struct {
	v      *sampling.Var
	nodes  []int32
	chosen bool // not all nodes in order
	bytes  int  // of one chain in a record
	log    *drawLog
}

// DefaultStateMemory is the budget of a Plan that names none: 256 MiB.
const DefaultStateMemory = 256 << 20

// NewStateLog records the given nodes (nil: all). Nodes chosen are recorded as
// arrays (chain, draw, number of them), in the order given, beside an array
// NAME/nodes of their flat indices. memory is in bytes; dir is where temporary
// files go ("": the system's place).
func NewStateLog(m *sampling.Model, chains int, nodes []int32, memory int, dir string) (*StateLog, error) {
	s := &StateLog{}
	total := 0
	for i := range m.Vars {
		v := &m.Vars[i]
		l := &stateVarLog{v: v, chosen: nodes != nil}
		if nodes == nil {
			for n := range v.Count {
				l.nodes = append(l.nodes, int32(v.First+n))
			}
		}
		for _, n := range nodes {
			if int(n) >= v.First && int(n) < v.First+v.Count {
				l.nodes = append(l.nodes, n)
			}
		}
		if len(l.nodes) == 0 {
			continue
		}
		if v.Name == "energy" || v.Name == "meta" {
			return nil, fmt.Errorf("variable %s: a result file has another array of this name", v.Name)
		}
		_, l.bytes = stateType(v)
		l.bytes *= len(l.nodes)
		if v.Kind == sampling.Spin {
			l.bytes = (len(l.nodes) + 7) / 8
		}
		total += l.bytes
		s.logs = append(s.logs, l)
	}
	for _, n := range nodes {
		if n < 0 || int(n) >= m.Nodes {
			return nil, fmt.Errorf("states of node %d: the model has %d nodes", n, m.Nodes)
		}
	}
	for _, l := range s.logs {
		share := float64(memory) * float64(l.bytes) / float64(total)
		l.log = newDrawLog(l.bytes*chains, int(share), dir)
	}
	return s, nil
}

// Observe records a draw.
func (s *StateLog) Observe(f *Frame) error {
	for _, l := range s.logs {
		record, err := l.log.next()
		if err != nil {
			return err
		}
		switch l.v.Kind {
		case sampling.Spin:
			l.packSpins(record, f)
		case sampling.Continuous:
			l.packFloats(record, f)
		default:
			l.packCategories(record, f)
		}
	}
	return nil
}

// packSpins turns words of 64 chains into a row of bits for each chain.
func (l *stateVarLog) packSpins(record []byte, f *Frame) {
	var square [64]uint64
	state := f.state()
	for first := 0; first < len(l.nodes); first += 64 {
		nodes := l.nodes[first:min(first+64, len(l.nodes))]
		for w := range f.now.words {
			square = [64]uint64{}
			for i, n := range nodes {
				square[i] = state.spin(int(n))[w]
			}
			transpose64(&square)
			for c := 64 * w; c < min(64*w+64, f.Chains()); c++ {
				at := c*l.bytes + first/8
				if len(nodes) == 64 {
					binary.LittleEndian.PutUint64(record[at:], square[c%64])
					continue
				}
				for k := range (len(nodes) + 7) / 8 {
					record[at+k] = byte(square[c%64] >> (8 * k))
				}
			}
		}
	}
}

func (l *stateVarLog) packCategories(record []byte, f *Frame) {
	wide := l.bytes > len(l.nodes)
	for i, n := range l.nodes {
		for c, v := range f.Category(int(n)) {
			if wide {
				binary.LittleEndian.PutUint16(record[c*l.bytes+2*i:], v)
			} else {
				record[c*l.bytes+i] = byte(v)
			}
		}
	}
}

func (l *stateVarLog) packFloats(record []byte, f *Frame) {
	for i, n := range l.nodes {
		for c, v := range f.Float(int(n)) {
			binary.LittleEndian.PutUint32(record[c*l.bytes+4*i:], math.Float32bits(v))
		}
	}
}

// WriteArrays adds an array NAME for each variable.
func (s *StateLog) WriteArrays(z *npy.NPZWriter) error {
	for _, l := range s.logs {
		if err := l.write(z); err != nil {
			return err
		}
	}
	return nil
}

// readBytes is how much of a log is read to be written chain by chain.
const readBytes = 32 << 20

func (l *stateVarLog) write(z *npy.NPZWriter) error {
	draws, chains := l.log.draws, l.log.size/l.bytes
	shape := append([]int{chains, draws}, l.v.Shape...)
	if l.chosen {
		shape = []int{chains, draws, len(l.nodes)}
		flat := make([]int64, len(l.nodes))
		for i, n := range l.nodes {
			flat[i] = int64(int(n) - l.v.First)
		}
		if err := z.Add(l.v.Name+"/nodes", []int{len(flat)}, flat); err != nil {
			return err
		}
	}
	dtype, _ := stateType(l.v)
	m, err := z.Stream(l.v.Name, dtype, shape)
	if err != nil {
		return err
	}
	// A piece is all draws of some chains, or some draws of one chain.
	group := max(1, min(chains, readBytes/max(1, l.bytes*draws)))
	length := max(1, min(draws, readBytes/(l.bytes*group)))
	piece := make([]byte, group*length*l.bytes)
	var out []byte
	for first := 0; first < chains; first += group {
		width := min(group, chains-first) * l.bytes // of a draw in the piece
		for from := 0; from < draws; from += length {
			n := min(length, draws-from)
			for d := range n {
				if err := l.log.read(from+d, first*l.bytes, piece[d*width:(d+1)*width]); err != nil {
					return err
				}
			}
			for c := 0; c < width; c += l.bytes {
				for d := range n {
					out = l.expand(out, piece[d*width+c:d*width+c+l.bytes])
					if len(out) >= 1<<16 {
						if _, err := m.Write(out); err != nil {
							return err
						}
						out = out[:0]
					}
				}
			}
		}
	}
	if _, err := m.Write(out); err != nil {
		return err
	}
	return m.Close()
}

// expand appends the values of one chain and draw as they are in the file.
func (l *stateVarLog) expand(dst, packed []byte) []byte {
	if l.v.Kind == sampling.Spin {
		return spinBytes(dst, packed, len(l.nodes))
	}
	return append(dst, packed...)
}

// Close gives memory and temporary files back.
func (s *StateLog) Close() error {
	var err error
	for _, l := range s.logs {
		err = errors.Join(err, l.log.Close())
	}
	return err
}
