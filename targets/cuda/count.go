package cuda

import (
	"math"
	"slices"

	"github.com/thrmlgen/thrmlgen/runtime/device"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// CountThreads is a block of the kernels for observers; one that counts has countChains chains a thread.
const (
	CountThreads = 128
	countChains  = 512
)

// CountBlocks is how many blocks count a draw of so many rows and nodes.
func CountBlocks(rows, nodes, chains int) int {
	return BlocksOf(rows+nodes, CountThreads) * BlocksOf(chains, countChains)
}

// BlocksOf is how many blocks have so many things.
func BlocksOf(things, size int) int { return (things + size - 1) / size }

// CountTerms are the words of count.cuh for rows, over all chains, and variables, in each chain. A
// categorical slot without a table, or variable without a number of states, has its values added up.
func CountTerms(rows []*sampling.Factor, vars []sampling.Var, first int) device.Tally {
	t := device.Tally{First: first, Terms: []uint32{uint32(len(rows))}, Vars: []uint32{uint32(len(vars))}}
	for _, f := range rows {
		entries, spins := f.TableSize(), uint32(1)
		if slices.ContainsFunc(f.Slots, func(s sampling.Slot) bool { return s.Kind != sampling.Spin }) {
			spins = 0
		}
		if spins == 0 && len(f.Table) == 0 {
			entries = 0
		}
		nodes := len(t.Terms) + 6 + len(f.Slots)
		t.Terms = append(t.Terms, uint32(f.Rows), uint32(len(f.Slots)), uint32(entries), spins, uint32(nodes), uint32(nodes+len(f.Index)))
		for _, s := range f.Slots {
			t.Terms = append(t.Terms, slotStates(s.Kind == sampling.Categorical, s.States))
		}
		for _, n := range f.Index {
			t.Terms = append(t.Terms, uint32(n))
		}
		t.Rows += f.Rows
		t.Counts += f.Rows * max(1, entries)
	}
	for _, v := range vars {
		states, sums := uint32(v.States), max(1, v.States)
		switch {
		case v.Kind == sampling.Spin:
			states, sums = 0, 1
		case states == 0:
			states = math.MaxUint32
		}
		t.Vars = append(t.Vars, uint32(v.First), uint32(v.First+v.Count), states)
		t.Sums += sums
	}
	return t
}
