package rng

import (
	"strings"
	"testing"
)

// hardwareOrders are streams of a generator's bits in the orders in which cells take
// them. An array draws from several instances at once, a cell takes some bits of each
// output, K chains take turns, and groups of K chains lie far apart.
func hardwareOrders(g *Generator, key uint64) map[string]stream {
	const k = 4 // chains that take turns
	instance := func(i uint32) StreamState { return g.Seed(key, PurposeStream, i) }
	return map[string]stream{
		"one instance":         wordsOf(g, []StreamState{instance(0)}, 0, g.Width, 1),
		"nine instances":       wordsOf(g, instances(9, instance), 0, g.Width, 1),
		"12 bits of a cell":    wordsOf(g, []StreamState{instance(1)}, 12, 12, 1),
		"24 bits of a cell":    wordsOf(g, []StreamState{instance(2)}, g.Width-24, 24, 1),
		"12 bits of one chain": wordsOf(g, []StreamState{instance(3)}, 0, 12, k),
		"one bit":              wordsOf(g, []StreamState{instance(4)}, 17, 1, 1),
		"one bit of one chain": wordsOf(g, []StreamState{instance(5)}, 31, 1, k),
		"two instances": func() stream {
			a, b := wordsOf(g, []StreamState{instance(6)}, 0, g.Width, 1), wordsOf(g, []StreamState{instance(7)}, 0, g.Width, 1)
			return func() uint32 { return a() ^ b() }
		}(),
		"two groups of chains": wordsOf(g, []StreamState{instance(8), g.Jump(instance(8), StreamIndex(k, k, 0))}, 0, g.Width, 1),
		"seeds": func() stream {
			n := uint32(0)
			return func() uint32 {
				n++
				return uint32(g.Out(g.Step(instance(n - 1)))[0])
			}
		}(),
	}
}

func instances(n int, instance func(uint32) StreamState) []StreamState {
	var out []StreamState
	for i := range n {
		out = append(out, instance(uint32(i)))
	}
	return out
}

// wordsOf puts bits [from, from+n) of the outputs of instances, which all make so many
// steps between two of them, together to words of 32 bits, the first bits lowest.
func wordsOf(g *Generator, states []StreamState, from, n, steps int) stream {
	states = append([]StreamState(nil), states...)
	var buffer uint64
	have, next, left := 0, 0, 0
	var out StreamState
	return func() uint32 {
		for have < 32 {
			if left == 0 {
				out = g.Out(states[next])
				out = right(out, from)
				for range steps {
					states[next] = g.Step(states[next])
				}
				next, left = (next+1)%len(states), n
			}
			take := min(left, 32)
			buffer |= out[0] & (1<<take - 1) << have
			out = right(out, take)
			have, left = have+take, left-take
		}
		w := uint32(buffer)
		buffer >>= 32
		have -= 32
		return w
	}
}

// right shifts to lower bits.
func right(s StreamState, n int) StreamState {
	if n >= 64 {
		return StreamState{s[1] >> (n - 64), 0}
	}
	return StreamState{s[0]>>n | s[1]<<(64-n), s[1] >> n}
}

// TestStreamBattery runs 90 tests on the hardware generators, and on three that must be
// found: the shift register of lfl128 without its filter, with the XOR of the filter
// alone, and xoshiro128 without its additions. By default it takes 2^19 words a test, of
// lfl128 in two orders; make rng-battery takes 2^24 of both in all.
func TestStreamBattery(t *testing.T) {
	n, all := batterySize(t)
	linear := func(g *Generator, name string, out func(StreamState) StreamState) *Generator {
		return &Generator{Name: name, Width: g.Width, step: g.step, out: out}
	}
	for _, c := range []struct {
		g    *Generator
		good bool
	}{
		{LFL128, true}, {Xoshiro128pp, true},
		{linear(LFL128, "the register of lfl128", func(s StreamState) StreamState { return StreamState{s[0], s[1] & 0xffffffff} }), false},
		{linear(LFL128, "lfl128 without AND", func(s StreamState) (o StreamState) {
			for l := range 6 {
				o[l>>2] |= uint64(lflLane(s, l, 0)^lflLane(s, 5*l+3, 11*l+7)) << (16 * (l & 3))
			}
			return o
		}), false},
		{linear(Xoshiro128pp, "xoshiro128 without additions", func(s StreamState) StreamState { return StreamState{s[0] & 0xffffffff} }), false},
	} {
		if !all && c.g != LFL128 && c.good {
			continue
		}
		t.Run(c.g.Name, func(t *testing.T) {
			size, orders := n, func(key uint64) map[string]stream {
				some := hardwareOrders(c.g, key)
				for name := range some {
					if name != "12 bits of a cell" && (!c.good || !all && name != "nine instances") {
						delete(some, name)
					}
				}
				return some
			}
			if !c.good {
				size = 32 // for them one order
			}
			failed, tests := battery(orders, size, piDigits)
			if c.good && len(failed) > 0 {
				t.Errorf("%d of %d tests fail:\n%s", len(failed), tests, strings.Join(failed, "\n"))
			}
			if !c.good && len(failed) == 0 {
				t.Errorf("not found by %d tests", tests)
			}
			t.Logf("%d of %d tests fail", len(failed), tests)
		})
	}
}
