package verilog

import (
	"fmt"
	"math/big"
	"math/bits"
	"strings"

	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// checkedFrames is how many frames of the pins the testbench reads, fewer where the
// interpreter would take long.
const checkedFrames = 2

// load is what the pin-level top sets before one edge.
type load struct {
	At       int
	Set, Val string
}

// capture is a superblock whose state is taken at one edge.
type capture struct{ Number, Offset int }

// partNodes is how many nodes of the pin-level top share the registers that control them,
// and resetLoads how many generators a register of reset.
const partNodes, resetLoads = 64, 8

// part is a stretch of nodes in the pin-level top.
type part struct {
	Number, First         int
	Nodes, TopNode        int
	Bits, TopBit          int
	Width                 int    // of what comes through its own registers:
	Takes, Source, Copies string // time where it has Loads, and when it shifts and captures
	Take, State, Shifted  string
	Loads                 []load
}

// shell makes the top for small boards, its testbench, and the files of the project.
func (d *design) shell(initial []string) (rtl string, files []emit.File, err error) {
	p := d.p
	masks := d.masks()
	last := d.lastOffset()
	loaded := d.start + last // edges, then phases are counted: superblock c is at index last where the phase is its offset
	period := max(last+2+d.bits, d.k)
	for d.k > 1 && period%d.k != 1 {
		period++
	}
	frames := max(1, min(checkedFrames, 2*checkedUpdates/(period*p.Nodes)))
	expected, err := d.frames(period, frames, last)
	if err != nil {
		return "", nil, err
	}
	time, phase := bits.Len(uint(loaded)), bits.Len(uint(period-1))
	data := map[string]any{
		"Header": emit.Header(p), "Version": emit.Version, "Hash": p.Hash, "Model": p.Model, "K": d.k,
		"Loaders": len(d.instances()), "Nodes": p.Nodes, "Bits": d.bits, "TopBit": d.bits - 1,
		"Time": time, "TimeBits": time - 1, "Loaded": loaded, "Phase": phase, "PhaseBits": phase - 1, "LastPhase": period - 1,
		"Period": period, "LastOffset": last, "LastBit": last + d.bits,
		"Captures": d.captures(),
		"Frames":   frames, "Limit": (frames+2)*(period+loaded+10) + d.loadingClocks(), "Run": "", "Enable": "1'b1",
	}
	if d.choice > 0 {
		data["Betas"], data["BetaRange"] = true, ranged(d.choice*len(d.offset))
	}
	if d.stored {
		data["Tables"], data["Run"], data["Enable"] = ranged(d.tableBits()), "run && ", "run"
	}
	d.controls(data, d.parts(d.loads(initial, masks), time))
	if rtl, err = fill("pins.v", data); err != nil {
		return "", nil, err
	}
	for _, f := range [][2]string{{"pins_tb.v", "sim/" + p.Model + "_pins_tb.v"}, {"Makefile", "Makefile"}, {"hx8k.pcf", "constraints/" + p.Model + ".pcf"}} {
		source, err := fill(f[0], data)
		if err != nil {
			return "", nil, err
		}
		files = append(files, emit.File{Path: f[1], Data: []byte(source)})
	}
	return rtl, append(files, d.hexFile("frames.hex", expected)), nil
}

// loads are the edges before which initial states are set; time is that of the edges
// since reset.
func (d *design) loads(initial []string, masks []superData) []load {
	var out []load
	for t := range d.start + d.lastOffset() {
		set, val := new(big.Int), new(big.Int)
		for c, offset := range d.offset {
			n := t + 1 - d.start - offset
			if n < -d.k || n >= 0 {
				continue
			}
			set.Or(set, number(masks[c].Nodes))
			val.Or(val, new(big.Int).And(number(initial[n+d.k]), number(masks[c].Bits)))
		}
		if set.Sign() != 0 {
			out = append(out, load{t, set.Text(16), val.Text(16)})
		}
	}
	return out
}

// captures are those of the superblocks that a node is captured with.
func (d *design) captures() []capture {
	used := make([]bool, len(d.offset))
	for n := range d.p.Nodes {
		used[d.captured(n)] = true
	}
	var out []capture
	for c, o := range d.offset {
		if used[c] {
			out = append(out, capture{c, o})
		}
	}
	return out
}

// parts cuts the nodes of the pin-level top in pieces.
func (d *design) parts(loads []load, time int) []part {
	var parts []part
	for first := 0; first < d.p.Nodes; first += partNodes {
		n := min(partNodes, d.p.Nodes-first)
		from, to := d.at[first], d.at[first+n-1]+d.width[first+n-1]
		i := len(parts)
		x := part{Number: i, First: first, Nodes: n, TopNode: n - 1, Bits: to - from, TopBit: to - from - 1}
		for _, l := range loads {
			if set := window(l.Set, first, n); set != "0" {
				x.Loads = append(x.Loads, load{l.At, set, window(l.Val, from, to-from)})
			}
		}
		var control, copies, take []string
		if x.Loads != nil {
			control, copies, x.Width = []string{"t"}, []string{fmt.Sprint("t", i)}, time
		}
		own := []string{fmt.Sprint("shift", i)}
		control, copies = append(control, "shift"), append(copies, own[0])
		known := map[string]bool{}
		for k := first; k < first+n; k++ {
			c := d.captured(k)
			name := fmt.Sprintf("take%d_%d", i, c)
			if !known[name] {
				known[name] = true
				own, control, copies = append(own, name), append(control, fmt.Sprint("take", c)), append(copies, name)
			}
			take = append(take, fmt.Sprintf("{%d{%s}}", d.width[k], name))
		}
		x.Width += len(own)
		x.Takes, x.Source, x.Copies = strings.Join(own, ", "), concat(control), wrap(copies)
		x.Take, x.State = wrap(take), slice("s", from, to-from, d.bits)
		next := "1'b0" // what comes in from the part behind
		if to < d.bits {
			next = fmt.Sprintf("state%d[0]", i+1)
		}
		x.Shifted = next
		if x.Bits > 1 {
			x.Shifted = fmt.Sprintf("{%s, state%d[%d:1]}", next, i, x.TopBit)
		}
		parts = append(parts, x)
	}
	return parts
}

// captured is the superblock that a node is captured with; clamped ones go with the last.
func (d *design) captured(n int) int {
	if d.clamped[n] {
		return len(d.offset) - 1
	}
	return d.super[n]
}

// window is n bits of a number in hexadecimal.
func window(hex string, from, n int) string {
	x := number(hex)
	x.Rsh(x, uint(from))
	return x.And(x, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(n)), big.NewInt(1))).Text(16)
}

// controls joins what the parts, and the registers of reset, give to the array.
func (d *design) controls(data map[string]any, parts []part) {
	var sets, vals, resets []string
	for _, x := range parts {
		sets, vals = append(sets, fmt.Sprint("set", x.Number)), append(vals, fmt.Sprint("val", x.Number))
	}
	var numbers []struct{ Number int }
	for i := range d.instances() {
		k := i / resetLoads
		if k == len(numbers) {
			numbers = append(numbers, struct{ Number int }{k})
		}
		resets = append(resets, fmt.Sprint("rst", k))
	}
	data["Parts"], data["Resets"] = parts, numbers
	data["AllSets"], data["AllVals"], data["AllResets"] = wrap(sets), wrap(vals), wrap(resets)
}

// frames are the states that the pins give.
func (d *design) frames(period, frames, first int) ([]string, error) {
	_, after, err := d.trace((period*(frames-1)+first)/d.k + 1)
	if err != nil {
		return nil, err
	}
	var out []string
	for j := range frames {
		out = append(out, after[j*period+first])
	}
	return out, nil
}
