package verilog

import (
	"fmt"
	"math/bits"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// Limits of a cell.
const (
	groupBits = 4  // inputs of a table of partial sums
	rowBits   = 10 // inputs of one row, which has a table of its own
	truthBits = 8  // inputs of a truth table of thresholds, without the number of β
)

// MaxStateBits is the largest width of a categorical's state.
const MaxStateBits = rowBits

// noiseClocks are the registers of a noise unit from random bits to noise.
const noiseClocks = 4

// design is a program as hardware: what every cell computes, and when.
//
// A node of superblock c commits the value of index n = sweep·K + chain mod K at the
// clock edge n + offset[c] + start, counted from the last edge of reset. A cell has
// stages registers from its inputs to the value, the history included; a neighbour's
// value is read from its history at the constant delay that makes up the rest.
type design struct {
	p     *ir.Program
	names []string
	annealing

	width []int // bits of a node's state
	at    []int // the first of them in a state
	bits  int   // of a state

	clamped []bool
	value   []int32 // of a clamped node
	super   []int   // of each node, -1 for one in no block

	k      int   // interleave
	offset []int // edges of each superblock behind the first
	start  int   // edge of index 0 of the first

	registered bool // tables of partial sums have a register
	after      int  // registers behind the tables, the history included
	lead       int  // edges from the last register of random bits to the value

	thresholds []*interp.SpinTable // by number of β, nil where the rule is noise

	cells  []*cell // by node, nil for clamped ones
	depth  []int   // length of each node's history
	order  []int   // free nodes in the order of tiles
	stream *ir.StreamPlan
	gen    *rng.Generator
}

// cell computes a node's new value.
type cell struct {
	node   int
	kind   ir.Kind
	states int
	groups []group
	random int // its first random bit in the stream of its superblock
	draws  int // how many
}

// group is a table of partial sums, or of thresholds, over the states of a few nodes.
type group struct {
	nodes  []int
	values [][]int64 // by state of the own node (spins: one), then by pattern
}

// stages is the number of registers of a cell.
func (d *design) stages() int {
	if d.registered {
		return d.after + 1
	}
	return d.after
}

func log2up(x int) int { return bits.Len(uint(x - 1)) }

func newDesign(p *ir.Program) (*design, error) {
	d := &design{
		p: p, names: emit.NodeNames(p), k: p.Stream.Interleave, stream: p.StreamPlan(), gen: rng.FindGenerator(p.Stream.Generator),
		width: make([]int, p.Nodes), at: make([]int, p.Nodes), clamped: make([]bool, p.Nodes), value: make([]int32, p.Nodes),
		super: make([]int, p.Nodes), cells: make([]*cell, p.Nodes), depth: make([]int, p.Nodes),
	}
	for _, v := range p.Vars {
		for n := v.First; n < v.First+v.Count; n++ {
			d.width[n], d.at[n], d.super[n] = log2up(v.States), d.bits, -1
			d.bits += d.width[n]
		}
	}
	for _, c := range p.Clamps {
		for i, n := range c.Nodes {
			d.clamped[n], d.value[n] = true, c.Values[i]
		}
	}
	for i, sb := range p.Sweep {
		d.offset = append(d.offset, i*d.k/len(p.Sweep))
		for _, b := range sb {
			for _, n := range b.Nodes {
				d.super[n] = i
			}
		}
	}
	var err error
	if d.annealing, err = newAnnealing(p); err != nil {
		return nil, err
	}
	if !p.Format.Noise {
		d.thresholds = d.spinTables(p.Format)
	}
	rows := rowsOf(p)
	for n := range p.Nodes {
		if d.clamped[n] {
			continue
		}
		c, err := d.newCell(n, rows[n])
		if err != nil {
			return nil, err
		}
		d.cells[n] = c
		d.order = append(d.order, n)
	}
	d.schedule()
	return d, d.checkStore()
}

// schedule fixes the registers of cells and the length of histories.
func (d *design) schedule() {
	gap := d.k // between superblocks that follow each other
	for i := range d.offset {
		next := d.k + d.offset[0]
		if i+1 < len(d.offset) {
			next = d.offset[i+1]
		}
		gap = min(gap, next-d.offset[i])
	}
	d.after = 1
	for _, n := range d.order {
		d.after = max(d.after, min(d.cells[n].levels(d.p.Format.Noise), gap))
	}
	d.registered = d.after < gap
	d.lead = 1
	if d.p.Format.Noise {
		d.lead = d.after + noiseClocks
	}
	d.start = max(d.k, d.lead) + 1 // initial states are loaded before, and the first bits drawn
	for _, n := range d.order {
		d.depth[n] = max(d.depth[n], 1)
		for _, g := range d.cells[n].groups {
			for _, from := range g.nodes {
				d.depth[from] = max(d.depth[from], d.delay(n, from)+1)
			}
		}
	}
}

// levels is how many levels of logic, each up to a register, lie behind the tables.
func (c *cell) levels(noise bool) int {
	n := 0
	if noise {
		n = log2up(len(c.groups) + 1)
		if c.kind == ir.Categorical {
			n += log2up(c.states)
		}
	}
	return max(1, n)
}

// delay is the place in the history of node from that node n reads.
func (d *design) delay(n, from int) int {
	a, b := d.super[n], d.super[from]
	t := d.offset[a] - d.offset[b] - d.stages()
	if b >= a {
		t += d.k
	}
	return t
}

// row is a factor row that touches a node.
type row struct{ factor, row, slot int }

func rowsOf(p *ir.Program) [][]row {
	rows := make([][]row, p.Nodes)
	for i := range p.Factors {
		k := len(p.Factors[i].Slots)
		for j, n := range p.Factors[i].Index {
			rows[n] = append(rows[n], row{i, j / k, j % k})
		}
	}
	return rows
}

// newCell packs the rows of a node into tables.
func (d *design) newCell(n int, rows []row) (*cell, error) {
	c := &cell{node: n, kind: ir.Spin, states: 2, random: d.stream.Offset[n]}
	for _, v := range d.p.Vars {
		if v.First <= n && n < v.First+v.Count {
			c.kind, c.states = v.Kind, v.States
		}
	}
	c.draws = d.p.DrawBits(c.kind, c.states)
	limit, what := groupBits, ""
	if !d.p.Format.Noise {
		limit = truthBits
		if c.kind == ir.Categorical {
			return nil, fmt.Errorf("%s is categorical and the rule is threshold: write choice: noise", d.names[n])
		}
		what = "; write choice: noise"
	}
	packs := d.pack(n, rows, limit)
	if !d.p.Format.Noise && len(packs) > 1 {
		return nil, fmt.Errorf("%s has more than %d bits of neighbours, which a truth table of thresholds does not hold%s", d.names[n], truthBits, what)
	}
	if !d.p.Format.Noise && d.choice > 0 && d.inputs(packs[0].nodes)+d.choice > rowBits {
		return nil, fmt.Errorf("%s has %d bits of neighbours and one of %d βs, together more than the %d inputs of a truth table of thresholds: write choice: noise, or betas of fewer different values", d.names[n], d.inputs(packs[0].nodes), len(d.betas), rowBits)
	}
	for _, p := range packs {
		if b := d.inputs(p.nodes); b > max(limit, rowBits) {
			return nil, fmt.Errorf("a factor row gives %s %d bits of neighbours, a table holds %d", d.names[n], b, rowBits)
		}
		c.groups = append(c.groups, d.table(c, p))
	}
	return c, nil
}

// pack is a set of nodes and the rows over them.
type pack struct {
	nodes []int
	rows  []row
}

// pack puts rows together, the widest first, each into the first table that has room.
// Rows without free neighbours go where there is one at all.
func (d *design) pack(n int, rows []row, limit int) []pack {
	var packs []pack
	byWidth := map[int][]row{}
	widest := 0
	for _, r := range rows {
		b := d.inputs(d.others(n, r))
		byWidth[b] = append(byWidth[b], r)
		widest = max(widest, b)
	}
	for b := widest; b >= 0; b-- {
		for _, r := range byWidth[b] {
			others, placed := d.others(n, r), false
			for i := range packs {
				if all := union(packs[i].nodes, others); len(all) == len(packs[i].nodes) || d.inputs(all) <= limit {
					packs[i].nodes, packs[i].rows, placed = all, append(packs[i].rows, r), true
					break
				}
			}
			if !placed {
				packs = append(packs, pack{others, []row{r}})
			}
		}
	}
	if len(packs) == 0 && !d.p.Format.Noise {
		packs = append(packs, pack{}) // a table of one threshold
	}
	return packs
}

// inputs is the number of bits of some nodes.
func (d *design) inputs(nodes []int) int {
	b := 0
	for _, n := range nodes {
		b += d.width[n]
	}
	return b
}

// others are the free nodes of a row but one, ascending.
func (d *design) others(n int, r row) []int {
	f := &d.p.Factors[r.factor]
	k := len(f.Slots)
	var nodes []int
	for _, x := range f.Index[r.row*k : (r.row+1)*k] {
		if int(x) != n && !d.clamped[x] {
			nodes = union(nodes, []int{int(x)})
		}
	}
	return nodes
}

// union merges two ascending lists.
func union(a, b []int) []int {
	var out []int
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		case len(a) == 0 || b[0] < a[0]:
			out, b = append(out, b[0]), b[1:]
		default:
			a = a[1:]
		}
	}
	return out
}

// table is the sum of the rows of a pack for every pattern of its nodes, the first of
// them in the lowest bits. Patterns that are no states have 0.
func (d *design) table(c *cell, p pack) group {
	g := group{nodes: p.nodes}
	states := 1
	if c.kind == ir.Categorical {
		states = c.states
	}
	value := map[int]int32{}
	for k := range states {
		sums := make([]int64, 1<<d.inputs(p.nodes))
		for pattern := range sums {
			good := d.setPattern(value, p.nodes, pattern)
			for _, r := range p.rows {
				if good {
					sums[pattern] += d.entry(c.node, k, r, value)
				}
			}
		}
		g.values = append(g.values, sums)
	}
	return g
}

// setPattern sets the values of nodes to the bits of a pattern, the first of them
// lowest, and says whether they are states.
func (d *design) setPattern(value map[int]int32, nodes []int, pattern int) bool {
	good := true
	for _, n := range nodes {
		x := pattern & (1<<d.width[n] - 1)
		pattern >>= d.width[n]
		if d.isSpin(n) {
			x = 2*x - 1
		} else {
			good = good && x < d.statesOf(n)
		}
		value[n] = int32(x)
	}
	return good
}

func (d *design) statesOf(n int) int {
	for _, v := range d.p.Vars {
		if v.First <= n && n < v.First+v.Count {
			return v.States
		}
	}
	return 0
}

func (d *design) isSpin(n int) bool {
	for _, v := range d.p.Vars {
		if v.First <= n && n < v.First+v.Count {
			return v.Kind == ir.Spin
		}
	}
	return false
}

// entry is what a row adds to the field of node n at state k.
func (d *design) entry(n, k int, r row, value map[int]int32) int64 {
	at, sign := d.pick(n, k, r, value)
	return sign * d.p.Factors[r.factor].Ints[at]
}

// pick is the weight that a row has for node n at state k: its place among those of the
// factor, and the sign of the spins.
func (d *design) pick(n, k int, r row, value map[int]int32) (at int, sign int64) {
	f := &d.p.Factors[r.factor]
	sign = 1
	for j, s := range f.Slots {
		node := int(f.Index[r.row*len(f.Slots)+j])
		x := int32(k)
		if node != n {
			if x = value[node]; d.clamped[node] {
				x = d.value[node]
			}
		}
		switch {
		case s.Kind == ir.Categorical:
			at = at*s.States + int(x)
		case node != n:
			sign *= int64(x)
		}
	}
	if !f.Shared {
		at += r.row * f.TableSize()
	}
	return at, sign
}
