package verilog

import (
	"fmt"
	"math/big"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
)

// Image is what the register LOAD takes after a start with load, so that the array goes on
// with states of a group of K chains in their sweep of this number under a seed: bits for
// the generators, 128 for each, then rows of states. With the initial states of the chains
// group·K … group·K + K - 1 and sweep 0 the array gives the bits of every other target
// under that seed.
func (b *Bench) Image(seed uint64, group int, sweep uint64, states [][]int32) ([]uint32, error) {
	d := b.d
	if len(states) != d.k {
		return nil, fmt.Errorf("%d chains are given, the array runs %d", len(states), d.k)
	}
	list := d.instances()
	now, then := d.seeds(d.p.Sample.Seed, 0, 0), d.seeds(seed, uint64(group), sweep)
	inject := newInjection(d.gen)
	each := d.seedWords()
	words := make([]uint32, loadClocks*each)
	for i, n := range list {
		// Without a bit the generator would be where the clocks lead from its reset: the
		// bits add the difference.
		x := d.gen.Jump(now[n], rng.StreamState{loadClocks})
		x[0] ^= then[n][0]
		x[1] ^= then[n][1]
		bits := inject.solve(x)
		for j := range loadClocks {
			words[j*each+i/32] |= uint32(bits[j>>6]>>(j&63)&1) << (i % 32)
		}
	}
	for _, row := range d.initialRows(d.hexStates(nil, states)) {
		for range d.words() {
			words = append(words, uint32(new(big.Int).And(row, big.NewInt(1<<32-1)).Uint64()))
			row.Rsh(row, 32)
		}
	}
	return words, nil
}

// initialRows are the states that are set before each edge, where there are some.
func (d *design) initialRows(initial []string) []*big.Int {
	var rows []*big.Int
	masks := d.masks()
	for t := d.firstRow(); t < d.firstRow()+d.rows(); t++ {
		row := new(big.Int)
		for c, offset := range d.offset {
			if n := t + 1 - d.start - offset; n >= -d.k && n < 0 {
				row.Or(row, new(big.Int).And(number(initial[n+d.k]), number(masks[c].Bits)))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// loadClocks is how many bits lead a generator to any state.
const loadClocks = 128

// injection finds the bits that, added to the first bit of 128 states one after the other,
// add a given difference to the last one. What bit j adds is the unit vector some steps
// on; these are independent, as a step has no invariant subspace.
type injection struct {
	rows [loadClocks]struct{ sum, bits rng.StreamState } // reduced, by the highest bit of sum
}

func newInjection(g *rng.Generator) *injection {
	x := &injection{}
	e := rng.StreamState{1, 0}
	for j := loadClocks - 1; j >= 0; j-- {
		var bit rng.StreamState
		bit[j>>6] = 1 << (j & 63)
		sum, bits := x.reduce(e, bit)
		x.rows[highest(sum)].sum, x.rows[highest(sum)].bits = sum, bits
		e = g.Step(e)
	}
	return x
}

// reduce takes rows away from a sum, whose bits are carried along, until none fits.
func (x *injection) reduce(sum, bits rng.StreamState) (rest, with rng.StreamState) {
	for i := loadClocks - 1; i >= 0; i-- {
		if r := &x.rows[i]; sum[i>>6]>>(i&63)&1 == 1 && r.sum != (rng.StreamState{}) {
			for h := range sum {
				sum[h] ^= r.sum[h]
				bits[h] ^= r.bits[h]
			}
		}
	}
	return sum, bits
}

func (x *injection) solve(sum rng.StreamState) rng.StreamState {
	_, bits := x.reduce(sum, rng.StreamState{})
	return bits
}

func highest(s rng.StreamState) int {
	return new(big.Int).Or(new(big.Int).Lsh(new(big.Int).SetUint64(s[1]), 64), new(big.Int).SetUint64(s[0])).BitLen() - 1
}

// number reads a state in hexadecimal.
func number(hex string) *big.Int {
	x, _ := new(big.Int).SetString(hex, 16)
	return x
}
