package sampling

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// PackedSize is the number of bytes of AppendPacked.
func (s *Sampler) PackedSize() int {
	return s.words*(8*s.spinRows+64*s.cat8Rows+128*s.cat16Rows+256*s.floatRows+256*s.stepRows) + 8*len(s.user.numbers)
}

// AppendPacked appends the state of all chains to dst in a form that does not
// depend on threads or emitted code: for every 64 chains the spins in dense
// order, one bit a chain, then the categoricals of up to 256 states, a byte a
// chain, then the others, two bytes, then continuous nodes, the four bytes of a
// float32, then the steps of those that have them, velocities and
// fitted steps of joint moves among them. All are little-endian; what lies
// beyond the last chain is 0. At the end are the numbers of samplers in Go, 8 bytes
// of a float64 each.
func (s *Sampler) AppendPacked(dst []byte) []byte {
	for word := range s.words {
		n := min(64, s.chains-64*word)
		mask := ^uint64(0) >> (64 - n)
		for r := range s.spinRows {
			dst = binary.LittleEndian.AppendUint64(dst, s.bits[s.wordAt(r, word)]&mask)
		}
		for r := range s.cat8Rows {
			at := s.chainAt(s.cat8Rows, r, 64*word)
			dst = append(dst, s.cat8[at:at+n]...)
			dst = append(dst, make([]byte, 64-n)...)
		}
		for r := range s.cat16Rows {
			at := s.chainAt(s.cat16Rows, r, 64*word)
			for _, x := range s.cat16[at : at+n] {
				dst = binary.LittleEndian.AppendUint16(dst, x)
			}
			dst = append(dst, make([]byte, 2*(64-n))...)
		}
		for r := range s.floatRows {
			at := s.chainAt(s.floatRows, r, 64*word)
			dst = appendFloats(dst, s.floats[at:at+n])
		}
		for r := range s.stepRows {
			at := s.chainAt(s.stepRows, r, 64*word)
			dst = appendFloats(dst, s.steps[at:at+n])
		}
	}
	for _, x := range s.user.numbers {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(x))
	}
	return dst
}

// appendFloats appends up to 64 numbers and zeros up to 64.
func appendFloats(dst []byte, x []float32) []byte {
	for _, v := range x {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
	}
	return append(dst, make([]byte, 4*(64-len(x)))...)
}

// takeFloats reads 64 numbers and returns what follows them.
func takeFloats(x []float32, b []byte) []byte {
	for i := range 64 {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return b[256:]
}

// SetPacked puts all chains into the state that AppendPacked gave for a sampler
// of the same model with as many chains. Nothing changes when it is refused.
func (s *Sampler) SetPacked(b []byte) error {
	if len(b) != s.PackedSize() {
		return fmt.Errorf("packed state of %d bytes, %d are needed", len(b), s.PackedSize())
	}
	if !s.packedFits(b) {
		return errors.New("packed state holds a value that its variable does not have")
	}
	for word := range s.words {
		for r := range s.spinRows {
			s.bits[s.wordAt(r, word)] = binary.LittleEndian.Uint64(b)
			b = b[8:]
		}
		for r := range s.cat8Rows {
			copy(s.cat8[s.chainAt(s.cat8Rows, r, 64*word):][:64], b)
			b = b[64:]
		}
		for r := range s.cat16Rows {
			for i := range 64 {
				s.cat16[s.chainAt(s.cat16Rows, r, 64*word)+i] = binary.LittleEndian.Uint16(b[2*i:])
			}
			b = b[128:]
		}
		for r := range s.floatRows {
			b = takeFloats(s.floats[s.chainAt(s.floatRows, r, 64*word):], b)
		}
		for r := range s.stepRows {
			b = takeFloats(s.steps[s.chainAt(s.stepRows, r, 64*word):], b)
		}
	}
	for i := range s.user.numbers {
		s.user.numbers[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return nil
}

// packedFits checks the values of a packed state of the right length.
func (s *Sampler) packedFits(b []byte) bool {
	for word := range s.words {
		b = b[8*s.spinRows:]
		for _, wide := range []bool{false, true} {
			for i := range s.model.Vars {
				v := &s.model.Vars[i]
				if v.Kind != Categorical || v.States > 256 != wide {
					continue
				}
				for range 64 * v.Count {
					x := int(b[0])
					if wide {
						x |= int(b[1]) << 8
						b = b[1:]
					}
					if b = b[1:]; x >= v.States {
						return false
					}
				}
			}
		}
		for i := range s.model.Vars {
			v := &s.model.Vars[i]
			if v.Kind != Continuous {
				continue
			}
			for k := range 64 * v.Count {
				if x := int32(binary.LittleEndian.Uint32(b)); 64*word+k%64 < s.chains && !v.takes(x) {
					return false
				}
				b = b[4:]
			}
		}
		for k := range 64 * s.stepRows {
			if x := math.Float32frombits(binary.LittleEndian.Uint32(b)); 64*word+k%64 < s.chains && !s.rowTakes(k/64, x) {
				return false
			}
			b = b[4:]
		}
	}
	return true
}

// rowTakes reports whether a row of steps can hold a number.
func (s *Sampler) rowTakes(row int, x float32) bool {
	return StepFits(x) || s.stepFree[row] && finite(x)
}

// StepFits reports whether a step of a sampler can have a value.
func StepFits(x float32) bool { return x >= minStep && x <= maxStep }
