package interp

import "math/bits"

// The hardware generators, written apart from runtime/rng: a state is 128 bits, one
// a byte, and jumps are powers of the matrix of one step.

type streamBits [128]byte

// streamOf gives the step and the output of a generator, bit by bit.
func streamOf(name string) (width int, step func(streamBits) streamBits, out func(streamBits) []byte) {
	if name == "lfl128" {
		return 96, lflStep, lflOut
	}
	return 32, xoshiroStep, xoshiroOut
}

// lflStep makes 96 new bits at the low end.
func lflStep(r streamBits) (next streamBits) {
	for i := range 96 {
		next[i] = r[i+3] ^ r[i+5] ^ r[i+30] ^ r[i+32]
	}
	copy(next[96:], r[:32])
	return next
}

func lflOut(r streamBits) []byte {
	out := make([]byte, 96)
	for i := range out {
		l, k := i/16, i%16
		from := func(a, b, c, d int) byte { return r[16*((a*l+b)%8)+(k+c*l+d)%16] }
		out[i] = r[i] ^ from(5, 3, 11, 7) ^ from(3, 1, 5, 3)&from(5, 2, 7, 5)
	}
	return out
}

// words are the state in four words, the low end first.
func (r streamBits) words() (w [4]uint32) {
	for i, b := range r {
		w[i/32] |= uint32(b) << (i % 32)
	}
	return w
}

func fromWords(w [4]uint32) (r streamBits) {
	for i := range r {
		r[i] = byte(w[i/32] >> (i % 32) & 1)
	}
	return r
}

func xoshiroStep(r streamBits) streamBits {
	s := r.words()
	t := s[1] << 9
	s[2] ^= s[0]
	s[3] ^= s[1]
	s[1] ^= s[2]
	s[0] ^= s[3]
	s[2] ^= t
	s[3] = bits.RotateLeft32(s[3], 11)
	return fromWords(s)
}

func xoshiroOut(r streamBits) []byte {
	s := r.words()
	o := fromWords([4]uint32{bits.RotateLeft32(s[0]+s[3], 7) + s[0]})
	return o[:32]
}

// index is the place of a chain's output in a sweep, 128 bits with the low half
// first.
func index(chain, interleave, sweep uint64) [2]uint64 {
	n := [2]uint64{sweep, 0}
	n = times(n, interleave)
	n = plus(n, [2]uint64{chain % interleave, 0})
	return plus(n, times([2]uint64{0x9E3779B97F4A7C15, 1}, chain/interleave))
}

func times(a [2]uint64, b uint64) [2]uint64 {
	hi, lo := bits.Mul64(a[0], b)
	return [2]uint64{lo, hi + a[1]*b}
}

func plus(a, b [2]uint64) [2]uint64 {
	lo, carry := bits.Add64(a[0], b[0], 0)
	return [2]uint64{lo, a[1] + b[1] + carry}
}

// stream reaches any output of one generator.
type stream struct {
	width  int
	step   func(streamBits) streamBits
	out    func(streamBits) []byte
	powers [128][128][2]uint64 // row i of step^(2^k): the bits that bit i is the sum of
	places []bitPlace          // by node
	seeds  map[int]streamBits
	last   map[int]lastOutput // by instance and group
}

// bitPlace is where the bits of a node begin: so many behind those of the first
// instance of its superblock.
type bitPlace struct{ instance, offset int }

type lastOutput struct {
	index [2]uint64
	state streamBits
	out   []byte
}

// place gives the nodes of each superblock their bits one after the other.
func (m *Machine) place() {
	s := m.stream
	s.places = make([]bitPlace, m.p.Nodes)
	instance := 0
	for _, sb := range m.p.Sweep {
		at := 0
		for _, b := range sb {
			for _, n := range b.Nodes {
				s.places[n] = bitPlace{instance, at}
				at += m.drawBits(int(n))
			}
		}
		instance += (at + s.width - 1) / s.width
	}
}

func newStream(name string) *stream {
	s := &stream{seeds: map[int]streamBits{}, last: map[int]lastOutput{}}
	s.width, s.step, s.out = streamOf(name)
	for j := range 128 {
		var one streamBits
		one[j] = 1
		for i, b := range s.step(one) {
			s.powers[0][i][j/64] |= uint64(b) << (j % 64)
		}
	}
	for k := 1; k < 128; k++ {
		for i, row := range s.powers[k-1][:] {
			for j := range 128 {
				if row[j/64]>>(j%64)&1 == 1 {
					s.powers[k][i][0] ^= s.powers[k-1][j][0]
					s.powers[k][i][1] ^= s.powers[k-1][j][1]
				}
			}
		}
	}
	return s
}

// jump is the state n steps on.
func (s *stream) jump(r streamBits, n [2]uint64) streamBits {
	w := r.words()
	v := [2]uint64{uint64(w[1])<<32 | uint64(w[0]), uint64(w[3])<<32 | uint64(w[2])}
	for k := range 128 {
		if n[k/64]>>(k%64)&1 == 0 {
			continue
		}
		var next [2]uint64
		for i, row := range s.powers[k][:] {
			next[i/64] |= uint64(bits.OnesCount64(row[0]&v[0]^row[1]&v[1])&1) << (i % 64)
		}
		v = next
	}
	return fromWords([4]uint32{uint32(v[0]), uint32(v[0] >> 32), uint32(v[1]), uint32(v[1] >> 32)})
}

// output is that of an instance at the place of a chain in a sweep.
func (m *Machine) output(instance, chain int, sweep uint64) []byte {
	s := m.stream
	k := uint64(m.p.Stream.Interleave)
	n := index(uint64(chain), k, sweep)
	at := instance<<32 | chain
	if l, ok := s.last[at]; ok && l.index == n {
		return l.out
	}
	seed, ok := s.seeds[instance]
	if !ok {
		o := philox(10, [4]uint32{uint32(instance), 0, 0, 7 << 24}, [2]uint32{uint32(m.seed % (1 << 32)), uint32(m.seed / (1 << 32))})
		if o == [4]uint32{} {
			o[0] = 1
		}
		seed = fromWords(o)
		s.seeds[instance] = seed
	}
	var state streamBits
	if l, ok := s.last[at]; ok && plus(l.index, [2]uint64{k, 0}) == n {
		state = s.jump(l.state, [2]uint64{k, 0})
	} else {
		state = s.jump(seed, n)
	}
	out := s.out(state)
	s.last[at] = lastOutput{n, state, out}
	return out
}
