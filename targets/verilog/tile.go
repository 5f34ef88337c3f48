package verilog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// tileNodes is the number of nodes of a tile.
const tileNodes = 64

// tap is a bit of a node's history.
type tap struct{ node, bit, delay int }

// tile is a module of some nodes. Its ports are random bits, what sets nodes, taps of
// other tiles, the state, and the taps that others read.
type tile struct {
	number int
	nodes  []int
	in     map[tap]int // place of each tap read from another tile
	inList []tap
	out    []tap
}

// tiles cuts the free nodes in pieces.
func (d *design) tiles() []*tile {
	var tiles []*tile
	home := map[int]*tile{}
	for nodes := range slices.Chunk(d.order, tileNodes) {
		t := &tile{number: len(tiles), nodes: nodes, in: map[tap]int{}}
		for _, n := range nodes {
			home[n] = t
		}
		tiles = append(tiles, t)
	}
	exported := map[tap]bool{}
	for _, t := range tiles {
		for _, n := range t.nodes {
			for _, g := range d.cells[n].groups {
				for _, from := range g.nodes {
					for b := range d.width[from] {
						x := tap{from, b, d.delay(n, from)}
						if _, known := t.in[x]; known || home[from] == t {
							continue
						}
						t.in[x] = len(t.inList)
						t.inList = append(t.inList, x)
						if !exported[x] {
							exported[x] = true
							home[from].out = append(home[from].out, x)
						}
					}
				}
			}
		}
	}
	return tiles
}

// tileEmitter writes one tile.
type tileEmitter struct {
	text
	d      *design
	t      *tile
	unused []string
	work   work // what was written
}

// cell writes the cell of a node, setter i of so many and states from a place of so many,
// and gives its state.
func (e *tileEmitter) cell(c *cell, i, at, nodes, states int) (state []string) {
	d, n := e.d, c.node
	var value []string
	if d.p.Format.Noise {
		value = e.noiseCell(c, fmt.Sprintf("r%d", n))
		e.lowBits(c)
	} else {
		value = []string{e.thresholdCell(c, fmt.Sprintf("r%d", n))}
	}
	for b, v := range value {
		h := fmt.Sprintf("h%d_%d", n, b)
		next := fmt.Sprintf("%s ? %s : %s", slice("set_i", i, 1, nodes), slice("val_i", at+b, 1, states), v)
		if depth := d.depth[n]; depth > 1 {
			next = fmt.Sprintf("{%s, %s}", slice(h, 0, depth-1, depth), next)
		}
		e.f("  always @(posedge clk_i) if (en_i) %s <= %s;", h, next)
		e.work.ff += d.depth[n]
		e.work.outputs++
		state = append(state, slice(h, 0, 1, d.depth[n]))
	}
	return state
}

// tap is the signal of a bit of a node's history.
func (e *tileEmitter) tap(node, bit, delay int) string {
	x := tap{node, bit, delay}
	if i, ok := e.t.in[x]; ok {
		return slice("x_i", i, 1, len(e.t.inList))
	}
	return slice(fmt.Sprintf("h%d_%d", node, bit), delay, 1, e.d.depth[node])
}

func (e *tileEmitter) unusedBits(name string, below int) {
	if below > 0 {
		e.unused = append(e.unused, slice(name, 0, below, below+1))
	}
}

// lowBits marks the random bits below those that the noise of a cell has use for.
func (e *tileEmitter) lowBits(c *cell) {
	f := e.d.p.Format
	spare := f.LowBits - e.d.low(c.kind)
	if spare == 0 {
		return
	}
	each, units := c.draws, 1
	if c.kind == ir.Categorical {
		each, units = 16+f.LowBits, c.states
	}
	for k := range units {
		e.unused = append(e.unused, slice(fmt.Sprintf("r%d", c.node), (k+1)*each-spare, spare, c.draws))
	}
}

// draws is the number of random bits of some nodes, and states that of their states.
func (d *design) draws(nodes []int) (draws, states int) {
	for _, n := range nodes {
		draws += d.cells[n].draws
		states += d.width[n]
	}
	return draws, states
}

// supersOf are the superblocks of a tile's nodes, ascending.
func (d *design) supersOf(t *tile) []int {
	var all []int
	for _, n := range t.nodes {
		all = union(all, []int{d.super[n]})
	}
	return all
}

// file is the Verilog file of a tile.
func (d *design) file(t *tile) string {
	e := &text{}
	e.f("// %s\n//\n// Tile %d: %s … %s. Random bits, setters and states come node by node.",
		emit.Header(d.p), t.number, d.names[t.nodes[0]], d.names[t.nodes[len(t.nodes)-1]])
	e.f("`default_nettype none\n%s`default_nettype wire", d.module(d.tileName(t), t))
	return e.String()
}

// module is a tile as a module.
func (d *design) module(name string, t *tile) string {
	e := &tileEmitter{d: d, t: t}
	draws, states := d.draws(t.nodes)
	e.f("module %s (", name)
	e.f("  input  wire clk_i,\n  input  wire en_i,\n  input  wire %sr_i,", ranged(draws))
	e.f("  input  wire %sset_i,\n  input  wire %sval_i,", ranged(len(t.nodes)), ranged(states))
	if len(t.inList) > 0 {
		e.f("  input  wire %sx_i,", ranged(len(t.inList)))
	}
	supers := d.supersOf(t)
	if d.choice > 0 {
		e.f("  input  wire %sb_i,", ranged(len(supers)*d.choice))
	}
	if d.stored {
		e.f("  input  wire %st_i,", ranged(d.tableBits()))
	}
	if len(t.out) > 0 {
		e.f("  output wire %sy_o,", ranged(len(t.out)))
	}
	e.f("  output wire %ss_o\n);", ranged(states))
	for _, n := range t.nodes {
		for b := range d.width[n] {
			e.f("  reg %sh%d_%d;", ranged(d.depth[n]), n, b)
		}
	}
	for i, s := range supers {
		if d.choice > 0 {
			e.f("  wire %sb%d = %s;", ranged(d.choice), s, slice("b_i", i*d.choice, d.choice, len(supers)*d.choice))
		}
	}
	if d.stored {
		e.unitTables()
	}
	at, random := 0, 0
	var state, out []string
	for i, n := range t.nodes {
		c := d.cells[n]
		e.f("\n  // %s, superblock %d", d.names[n], d.super[n])
		e.f("  wire %sr%d = %s;", ranged(c.draws), n, slice("r_i", random, c.draws, draws))
		random += c.draws
		state = append(state, e.cell(c, i, at, len(t.nodes), states)...)
		at += d.width[n]
	}
	for _, x := range t.out {
		out = append(out, slice(fmt.Sprintf("h%d_%d", x.node, x.bit), x.delay, 1, d.depth[x.node]))
	}
	e.f("\n  assign s_o = %s;", concat(state))
	if len(out) > 0 {
		e.f("  assign y_o = %s;", concat(out))
	}
	if len(e.unused) > 0 {
		e.f("  wire unused = &{1'b0, %s};", strings.Join(e.unused, ", "))
	}
	e.f("endmodule")
	return e.String()
}

func (d *design) tileName(t *tile) string { return fmt.Sprintf("%s_tile%d", d.p.Model, t.number) }
