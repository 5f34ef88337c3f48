package graph

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/diag"
	"github.com/thrmlgen/thrmlgen/gen/spec"
)

// interactions joins every two nodes of a row, and colours them if the user
// gave no blocks.
func (b *builder) interactions() {
	g := b.g
	csr, ok := b.joined()
	if !ok {
		return
	}
	g.Edges, g.MaxDegree = csr.Edges(), csr.MaxDegree()
	b.warnAlone(csr)
	if b.s.Blocks == nil {
		g.Coloured = true
		g.Blocks = b.colourBlocks(csr)
	}
	if b.s.BlockOrder == "local" {
		var lists [][]int32
		for _, super := range g.Blocks {
			for _, block := range super {
				if !block.Joint {
					lists = append(lists, block.Nodes)
				}
			}
		}
		localOrder(csr, lists)
	}
}

// joined is the graph of nodes that share a row.
func (b *builder) joined() (CSR, bool) {
	pairs := 0.0
	for _, f := range b.g.rowsOfAll() {
		s := float64(f.slots)
		pairs += float64(f.rows) * s * (s - 1) / 2
	}
	if pairs > MaxCells/2 {
		b.limit(b.s.Model.Pos, "the factors join more than %d pairs of nodes", MaxCells/2)
		return CSR{}, false
	}
	edges := make([][2]int32, 0, int(pairs))
	for _, f := range b.g.rowsOfAll() {
		s := f.slots
		for r := range f.rows {
			row := f.index[r*s : r*s+s]
			for k := 1; k < s; k++ {
				for _, u := range row[:min(k, f.heads)] {
					if u != row[k] {
						edges = append(edges, [2]int32{u, row[k]})
					}
				}
			}
		}
	}
	csr, err := NewCSR(b.g.Nodes, edges)
	if err != nil { // rows are checked; only a limit is left
		b.limit(b.s.Model.Pos, "%v", err)
	}
	return csr, err == nil
}

// joint is the rows of a factor of either form; its nodes are neighbours of those
// in the first heads slots.
type joint struct {
	name               string
	rows, slots, heads int
	index              []int32
}

// rowsOfAll are the rows of all factors.
func (g *Graph) rowsOfAll() []joint {
	var all []joint
	for i := range g.Factors {
		f := &g.Factors[i]
		all = append(all, joint{f.Name, f.Rows, len(f.Slots), len(f.Slots), f.Index})
	}
	for i := range g.Codes {
		c := &g.Codes[i]
		j := joint{c.Name, c.Rows, len(c.Slots), len(c.Slots), c.Index}
		if c.Directed {
			j.heads = 1
		}
		all = append(all, j)
	}
	return all
}

func (b *builder) warnAlone(csr CSR) {
	count, first := 0, 0
	for i := range csr.Nodes() {
		if csr.Degree(i) == 0 && !b.g.moves(b.g.varOf(int32(i))) {
			if count == 0 {
				first = i
			}
			count++
		}
	}
	if count == 0 {
		return
	}
	v := &b.g.Vars[b.g.varOf(int32(first))]
	b.warn(v.Pos, diag.NoNeighbours, "", "nodes without neighbours: %d of %d, the first is %s", count, b.g.Nodes, b.g.NodeName(first))
}

// colourBlocks makes one superblock of each colour, with one block for each kind
// of node in it, in the order of their first nodes. Clamped nodes are coloured
// like all others, so that clamping moves no slot.
func (b *builder) colourBlocks(csr CSR) [][]Block {
	colours, n := Colour(csr, b.closedColours())
	size := make([][3]int, n)
	for i := range b.g.Vars {
		v := &b.g.Vars[i]
		if b.g.moves(i) {
			continue
		}
		for _, c := range colours[v.First : v.First+v.Count] {
			size[c][v.Kind]++
		}
	}
	nodes := make([][3][]int32, n)
	for c := range nodes {
		for k, s := range size[c] {
			nodes[c][k] = make([]int32, 0, s)
		}
	}
	for i := range b.g.Vars {
		v := &b.g.Vars[i]
		if b.g.moves(i) {
			continue
		}
		for j, c := range colours[v.First : v.First+v.Count] {
			nodes[c][v.Kind] = append(nodes[c][v.Kind], int32(v.First+j))
		}
	}
	blocks := make([][]Block, n)
	for c, kinds := range nodes {
		for _, list := range kinds {
			if len(list) > 0 {
				blocks[c] = append(blocks[c], Block{Nodes: list, Pos: b.s.Model.Pos})
			}
		}
		slices.SortFunc(blocks[c], func(x, y Block) int { return int(x.Nodes[0]) - int(y.Nodes[0]) })
	}
	blocks = slices.DeleteFunc(blocks, func(s []Block) bool { return len(s) == 0 }) // of nodes that move together
	if b.g.Dynamics != nil {
		blocks = append(blocks, b.g.jointBlock())
	}
	return blocks
}

// closedColours puts the closed-form colours of the variables' graphs together,
// nil if a variable with neighbours has none. Colour checks that they are
// proper for all interactions.
func (b *builder) closedColours() []int32 {
	colours := make([]int32, b.g.Nodes)
	for i := range b.g.Vars {
		v := &b.g.Vars[i]
		top := v.Topology
		if top == nil {
			top = b.layout[i]
		}
		if top == nil || top.Colours == nil {
			return nil
		}
		for k := range v.Count {
			at := k / v.Width()
			if v.OnNodes != nil {
				at = int(v.OnNodes[at])
			}
			colours[v.First+k] = top.Colours[at]
		}
	}
	return colours
}

// userBlocks resolves the blocks of the model and checks that every free node is
// in exactly one, and that neighbours are in different superblocks.
func (b *builder) userBlocks() {
	g := b.g
	g.Synchronous = b.s.Synchronous
	owner := make([]int32, g.Nodes) // 1 + number of its block, 0 for none
	var places []diag.Pos
	ok := true
	for i := range b.s.Blocks {
		d := &b.s.Blocks[i]
		parts := d.Together
		if d.Refs != nil {
			parts = []spec.Block{*d}
		}
		var super []Block
		for k := range parts {
			p := &parts[k]
			if p.Refs == nil {
				b.fail(p.Pos, diag.WrongType, "", "a block inside together is a reference or a list of references")
				ok = false
				continue
			}
			nodes, found := b.ref(p.Refs)
			if !found {
				ok = false
				continue
			}
			places = append(places, p.Pos)
			ok = b.claim(nodes, owner, places) && ok
			super = append(super, Block{Nodes: nodes, Pos: p.Pos})
		}
		if len(super) > 0 {
			g.Blocks = append(g.Blocks, super)
		}
	}
	if d := g.Dynamics; d != nil {
		joint := g.jointBlock()
		places = append(places, d.Pos)
		ok = b.claim(joint[0].Nodes, owner, places) && ok
		g.Blocks = append(g.Blocks, joint)
		if g.Synchronous {
			b.fail(d.Pos, diag.Conflict, "leave one of the two away", "a joint move does not go with synchronous: true")
			ok = false
		}
	}
	if !ok {
		return
	}
	if !b.unclear {
		b.unclaimed(owner)
	}
	if !b.unclear && !g.Synchronous {
		b.splitVectors()
		b.neighboursTogether()
	}
}

// claim marks the nodes of the last block as its own.
func (b *builder) claim(nodes []int32, owner []int32, places []diag.Pos) bool {
	self := int32(len(places))
	twice := few{b: b, code: diag.NodeTwice, help: "every free node is in exactly one block: remove it from one of the two"}
	for _, n := range nodes {
		if o := owner[n]; o > 0 {
			twice.add(places[self-1], "%s is in this block and in the one at line %d, column %d", b.g.NodeName(int(n)), places[o-1].Line, places[o-1].Col)
			continue
		}
		owner[n] = self
	}
	twice.done("nodes")
	return twice.count == 0
}

func (b *builder) unclaimed(owner []int32) {
	count, first := 0, 0
	for n, o := range owner {
		if o == 0 && b.free[n] {
			if count == 0 {
				first = n
			}
			count++
		}
	}
	switch {
	case count == 1:
		b.fail(b.s.BlocksPos, diag.NodeMissing, "every free node is in exactly one block; `blocks: auto` finds them", "%s is in no block", b.g.NodeName(first))
	case count > 1:
		b.fail(b.s.BlocksPos, diag.NodeMissing, "every free node is in exactly one block; `blocks: auto` finds them",
			"%d nodes are in no block, the first is %s", count, b.g.NodeName(first))
	}
}

// neighboursTogether refuses two free nodes of one row in one superblock: they
// would be drawn as if the other stood still.
func (b *builder) neighboursTogether() {
	g := b.g
	super := make([]int32, g.Nodes)
	for i, blocks := range g.Blocks {
		for _, block := range blocks {
			for _, n := range block.Nodes {
				if b.free[n] && !block.Joint {
					super[n] = int32(i + 1)
				}
			}
		}
	}
	type clash struct {
		u, v   int32
		factor string
		row    int
		count  int
	}
	clashes := make([]clash, len(g.Blocks))
	for _, f := range g.rowsOfAll() {
		s := f.slots
		for r := range f.rows {
			row := f.index[r*s : r*s+s]
			for k := 1; k < s; k++ {
				at := super[row[k]]
				if at == 0 {
					continue
				}
				for _, u := range row[:min(k, f.heads)] {
					if super[u] != at || u == row[k] {
						continue
					}
					c := &clashes[at-1]
					if c.count == 0 {
						*c = clash{u: u, v: row[k], factor: f.name, row: r}
					}
					c.count++
				}
			}
		}
	}
	for i, c := range clashes {
		if c.count == 0 || i > 0 && clashes[i-1].count > 0 && g.Blocks[i-1][0].Pos == g.Blocks[i][0].Pos { // components of the same vectors
			continue
		}
		what := "block"
		if len(g.Blocks[i]) > 1 {
			what = "superblock"
		}
		others := ""
		if c.count > 1 {
			others = fmt.Sprintf(", as do other pairs: %d", c.count-1)
		}
		b.fail(g.Blocks[i][0].Pos, diag.BlockNeighbours,
			"`blocks: auto` finds an order that is right; `synchronous: true` asks for parallel dynamics, which have another law",
			"%s and %s share row %d of factor %s and one %s%s",
			g.NodeName(int(c.u)), g.NodeName(int(c.v)), c.row, c.factor, what, others)
	}
}

// schedule checks the counts of the schedule.
func (b *builder) schedule() {
	s := &b.s.Sample
	least := func(n spec.Int, what string, min int64) int {
		if n.V < min {
			b.fail(n.Pos, diag.OutOfRange, "", "%s is %d, must be at least %d", what, n.V, min)
		}
		return int(n.V)
	}
	g := &b.g.Sample
	g.Chains = least(s.Chains, "chains", 1)
	g.Warmup = least(s.Warmup, "warmup", 0)
	g.Samples = least(s.Samples, "samples", 1)
	g.StepsPerSample = least(s.StepsPerSample, "steps_per_sample", 1)
	g.Seed = s.Seed.V
	if s.Chains.V > 1<<31 {
		b.limit(s.Chains.Pos, "%d chains, at most 2^31", s.Chains.V)
	}
	hi, lo := bits.Mul64(uint64(max(s.Samples.V-1, 0)), uint64(max(s.StepsPerSample.V, 0)))
	if sum, carry := bits.Add64(lo, uint64(max(s.Warmup.V, 0)), 0); hi != 0 || carry != 0 || sum > MaxSweeps {
		b.limit(s.Pos, "warmup + (samples - 1)·steps_per_sample is more than 2^48 sweeps")
	}
}

// format copies what the user asked of the number format.
func (b *builder) format() {
	s, f := &b.s.Format, &b.g.Format
	f.Pos, f.At = s.Pos, map[string]diag.Pos{}
	if s.Pos.Line == 0 {
		f.Pos = b.s.Model.Pos
	}
	f.Profile = s.Profile
	if f.Profile == "" {
		f.Profile = "default"
	}
	count := func(key string, n spec.Int, to **int, lo, hi int64) {
		if !n.Ok {
			return
		}
		f.At[key] = n.Pos
		if n.V < lo || n.V > hi {
			b.fail(n.Pos, diag.OutOfRange, "", "%s is %d, must be from %d to %d", key, n.V, lo, hi)
			return
		}
		v := int(n.V)
		*to = &v
	}
	count("fraction", s.Fraction, &f.Fraction, 0, 62)
	count("bits", s.Bits, &f.Bits, 1, 64)
	count("threshold_bits", s.ThresholdBits, &f.ThresholdBits, 1, 64)
	count("group", s.Group, &f.Group, 1, 1<<20)
	count("planes", s.Planes, &f.Planes, 1, 32)
	count("digit", s.Digit, &f.Digit, 1, 64)
	count("interleave", s.Interleave, &f.Interleave, 1, 1<<20)
	number := func(key string, x spec.Float, to **float64) {
		if !x.Ok {
			return
		}
		f.At[key] = x.Pos
		if !(x.V > 0 && finite(x.V)) {
			b.fail(x.Pos, diag.OutOfRange, "", "%s is %v, must be above 0", key, x.V)
			return
		}
		v := x.V
		*to = &v
	}
	number("budget", s.Budget, &f.Budget)
	number("range", s.Range, &f.Range)
	word := func(key string, n spec.Name, to *string) {
		if n.Text != "" {
			f.At[key] = n.Pos
			*to = n.Text
		}
	}
	word("choice", s.Choice, &f.Choice)
	word("rng", s.RNG, &f.RNG)
}
