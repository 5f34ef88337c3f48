package graph

import (
	"slices"
	"testing"
)

// stepsOfTiles is how often 8 quads are read for all tiles, and the number of tiles.
func stepsOfTiles(c CSR, blocks [][]int32) (steps, tiles int) {
	for _, u := range newRefinement(c, blocks).union {
		steps += int(u+7) / 8
	}
	return steps, len(newRefinement(c, blocks).union)
}

// pegasusBlocks are the colours of Pegasus-14 in node order.
func pegasusBlocks(t *testing.T) (CSR, [][]int32) {
	top, err := Pegasus(14)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCSR(top.Nodes, top.Edges)
	if err != nil {
		t.Fatal(err)
	}
	colours, n := Colour(c, top.Colours)
	blocks := make([][]int32, n)
	for v, k := range colours {
		blocks[k] = append(blocks[k], int32(v))
	}
	return c, blocks
}

// A local order holds the nodes that blocks had, is the same every time, and lets tiles of
// Pegasus-14 read a quarter of what they read in node order.
func TestLocalOrder(t *testing.T) {
	c, blocks := pegasusBlocks(t)
	before, tiles := stepsOfTiles(c, blocks)
	ordered := make([][]int32, len(blocks))
	for i := range blocks {
		ordered[i] = slices.Clone(blocks[i])
	}
	localOrder(c, ordered)
	for i := range blocks {
		if !slices.Equal(slices.Sorted(slices.Values(ordered[i])), blocks[i]) {
			t.Errorf("block %d has other nodes", i)
		}
	}
	if after, _ := stepsOfTiles(c, ordered); after != pegasusSteps || before < 4*after {
		t.Errorf("%d tiles read %d times, %d in node order; want %d", tiles, after, before, pegasusSteps)
	}
}

// pegasusSteps is what the order of Pegasus-14 reads. A change of it changes samples.
const pegasusSteps = 1236

// What moves keep up to date is what the order says.
func TestRefinementCounts(t *testing.T) {
	c, blocks := pegasusBlocks(t)
	r := newRefinement(c, blocks)
	for range 500 {
		list := r.blocks[r.draw(len(r.blocks))]
		if a, b := list[r.draw(len(list))], list[r.draw(len(list))]; a != b {
			r.swap(a, b)
		}
	}
	fresh := newRefinement(c, blocks)
	if !slices.Equal(r.count, fresh.count) || !slices.Equal(r.union, fresh.union) || !slices.Equal(r.slot, fresh.slot) {
		t.Error("counts differ from those of the order")
	}
}

// Blocks without neighbours, of one node and with nodes of no block among the neighbours have an
// order, too.
func TestLocalOrderOfFew(t *testing.T) {
	c, err := NewCSR(40, [][2]int32{{0, 39}, {1, 39}, {2, 38}})
	if err != nil {
		t.Fatal(err)
	}
	blocks := [][]int32{{39}, nil, {5, 6, 7, 8, 9, 10, 2, 1, 0}}
	localOrder(c, blocks)
	if got := slices.Sorted(slices.Values(blocks[2])); !slices.Equal(got, []int32{0, 1, 2, 5, 6, 7, 8, 9, 10}) || blocks[0][0] != 39 {
		t.Error(blocks)
	}
}
