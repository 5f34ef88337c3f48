package rng

import (
	"math/bits"
	"sync"
)

// A Generator is a generator for hardware: a state of 128 bits whose step is linear
// over GF(2), so that it can jump, and an output that is not. Package gen/ir is its
// specification.
type Generator struct {
	Name  string
	Width int // bits of an output

	step func(StreamState) StreamState
	out  func(StreamState) StreamState

	once  sync.Once
	jumps [128]streamMatrix // jumps[k] makes 2^k steps
}

// StreamState is 128 bits, the low half first.
type StreamState [2]uint64

// PurposeStream is that of the seeds of streams.
const PurposeStream Purpose = 7

// LFL128 is a linear feedback shift register with the taps 128, 126, 101 and 99,
// 96 steps at a time, under a filter of two XORs and an AND. A bit takes two
// look-up tables of four inputs.
var LFL128 = &Generator{Name: "lfl128", Width: 96, step: lflStep, out: lflOut}

// Xoshiro128pp is xoshiro128++ of Blackman and Vigna ("Scrambled linear
// pseudorandom number generators", ACM TOMS 47, 2021).
var Xoshiro128pp = &Generator{Name: "xoshiro128pp", Width: 32, step: xoshiroStep, out: xoshiroOut}

// FindGenerator is the stream of a name, nil if there is none.
func FindGenerator(name string) *Generator {
	for _, g := range []*Generator{LFL128, Xoshiro128pp} {
		if g.Name == name {
			return g
		}
	}
	return nil
}

// Step is the next state.
func (g *Generator) Step(s StreamState) StreamState { return g.step(s) }

// Out is the output of a state, Width bits.
func (g *Generator) Out(s StreamState) StreamState { return g.out(s) }

// Seed is the state of index 0 of an instance.
func (g *Generator) Seed(seed uint64, p Purpose, instance uint32) StreamState {
	o := Philox4x32(10, [4]uint32{instance, 0, 0, CounterC3(p, 0, 0)}, NewWords(seed, 10).Key)
	s := StreamState{uint64(o[1])<<32 | uint64(o[0]), uint64(o[3])<<32 | uint64(o[2])}
	if s == (StreamState{}) {
		s[0] = 1 // all zeros never leave
	}
	return s
}

// StreamIndex is the index, low half first, of the outputs of a chain in a sweep:
// groups of interleave chains lie 2^64 + 0x9E3779B97F4A7C15 apart.
func StreamIndex(chain, interleave, sweep uint64) StreamState {
	group := chain / interleave
	hi, lo := bits.Mul64(group, 0x9E3779B97F4A7C15)
	hi += group
	h, l := bits.Mul64(sweep, interleave)
	l, carry := bits.Add64(l, chain%interleave, 0)
	h += carry
	lo, carry = bits.Add64(lo, l, 0)
	hi, _ = bits.Add64(hi, h, carry)
	return StreamState{lo, hi}
}

// Jump is the state n steps on, n of 128 bits with the low half first.
func (g *Generator) Jump(s, n StreamState) StreamState {
	g.once.Do(g.makeJumps)
	for half, word := range n {
		for word != 0 {
			k := bits.TrailingZeros64(word)
			word &= word - 1
			s = g.jumps[64*half+k].apply(s)
		}
	}
	return s
}

// Back is the index that n steps back from index 0 lead to: the period less n.
func (g *Generator) Back(n uint64) StreamState {
	period := StreamState{^uint64(0), ^uint64(0)} // 2^128 - 1
	if g.Width == 96 {
		period = StreamState{0x5555555555555555, 0x5555555555555555} // a third: 3 divides 96
	}
	lo, borrow := bits.Sub64(period[0], n, 0)
	return StreamState{lo, period[1] - borrow}
}

func (g *Generator) makeJumps() {
	for i := range 128 {
		var one StreamState
		one[i>>6] = 1 << (i & 63)
		g.jumps[0][i] = g.step(one)
	}
	for k := 1; k < 128; k++ {
		half := &g.jumps[k-1]
		for i := range half {
			g.jumps[k][i] = half.apply(half[i])
		}
	}
}

// streamMatrix holds the images of the 128 unit vectors.
type streamMatrix [128]StreamState

func (m *streamMatrix) apply(s StreamState) StreamState {
	var r StreamState
	for half, word := range s {
		for word != 0 {
			c := m[64*half+bits.TrailingZeros64(word)]
			word &= word - 1
			r[0] ^= c[0]
			r[1] ^= c[1]
		}
	}
	return r
}

// lflStep shifts by 96: r << 96 | (r>>3 ^ r>>5 ^ r>>30 ^ r>>32) mod 2^96.
func lflStep(s StreamState) StreamState {
	lo, hi := s[0], s[1]
	f0 := (lo>>3 | hi<<61) ^ (lo>>5 | hi<<59) ^ (lo>>30 | hi<<34) ^ (lo>>32 | hi<<32)
	f1 := hi>>3 ^ hi>>5 ^ hi>>30 ^ hi>>32
	return StreamState{f0, f1&0xffffffff | lo<<32}
}

func lflOut(s StreamState) StreamState {
	var o StreamState
	for l := range 6 {
		x := lflLane(s, l, 0) ^ lflLane(s, 5*l+3, 11*l+7) ^ lflLane(s, 3*l+1, 5*l+3)&lflLane(s, 5*l+2, 7*l+5)
		o[l>>2] |= uint64(x) << (16 * (l & 3))
	}
	return o
}

// lflLane is lane l mod 8 of 16 bits, turned right.
func lflLane(s StreamState, l, turn int) uint16 {
	x := uint16(s[l>>2&1] >> (16 * (l & 3)))
	return bits.RotateLeft16(x, -(turn & 15))
}

func xoshiroWords(s StreamState) (a, b, c, d uint32) {
	return uint32(s[0]), uint32(s[0] >> 32), uint32(s[1]), uint32(s[1] >> 32)
}

func xoshiroStep(s StreamState) StreamState {
	a, b, c, d := xoshiroWords(s)
	t := b << 9
	c ^= a
	d ^= b
	b ^= c
	a ^= d
	c ^= t
	d = bits.RotateLeft32(d, 11)
	return StreamState{uint64(b)<<32 | uint64(a), uint64(d)<<32 | uint64(c)}
}

func xoshiroOut(s StreamState) StreamState {
	a, _, _, d := xoshiroWords(s)
	return StreamState{uint64(bits.RotateLeft32(a+d, 7) + a), 0}
}
