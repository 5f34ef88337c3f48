package verilog

import (
	"fmt"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
)

// Bench spells the states of generators and chains as the testbenches read and write
// them.
type Bench struct{ d *design }

// NewBench is for a program that Check takes.
func NewBench(p *ir.Program) (*Bench, error) {
	d, err := newDesign(p)
	if err != nil {
		return nil, err
	}
	return &Bench{d}, nil
}

// Group is the number of chains that the array runs: K.
func (b *Bench) Group() int { return b.d.k }

// Position is the sweep of the schedule of β that a run has in a sweep, 0 where there is one
// β.
func (b *Bench) Position(sweep uint64) int { return b.d.position(sweep) }

// Seeds are the states of the generators for a group of chains that goes on with a sweep.
func (b *Bench) Seeds(seed uint64, group int, sweep uint64) []byte {
	var s strings.Builder
	for _, x := range b.d.seeds(seed, uint64(group), sweep) {
		fmt.Fprintf(&s, "%016x%016x\n", x[1], x[0])
	}
	return []byte(s.String())
}

// States are those of a group of chains. Where there are fewer, the first one fills up.
func (b *Bench) States(states [][]int32) []byte {
	lines := b.d.hexStates(nil, states)
	for len(lines) < b.d.k {
		lines = append(lines, lines[0])
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

// Read takes a state from a line.
func (b *Bench) Read(line string, state []int32) error {
	d := b.d
	if len(line) != (d.bits+3)/4 {
		return fmt.Errorf("the simulation wrote a state of %d digits, not %d", len(line), (d.bits+3)/4)
	}
	bit := func(i int) (int32, error) {
		c := line[len(line)-1-i/4]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		default:
			return 0, fmt.Errorf("the simulation wrote %q in a state", c)
		}
		return int32(c >> (i % 4) & 1), nil
	}
	for n := range state {
		x := int32(0)
		for i := range d.width[n] {
			v, err := bit(d.at[n] + i)
			if err != nil {
				return err
			}
			x |= v << i
		}
		if d.isSpin(n) {
			x = 2*x - 1
		}
		state[n] = x
	}
	return nil
}
