package verilog

import (
	"fmt"
	"math/big"
	"math/bits"

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
		"Loaders": len(d.instances()), "Nodes": p.Nodes, "Bits": d.bits, "TopNode": p.Nodes - 1, "TopBit": d.bits - 1,
		"Time": time, "TimeBits": time - 1, "Loaded": loaded, "Phase": phase, "PhaseBits": phase - 1, "LastPhase": period - 1,
		"Period": period, "LastOffset": last, "LastBit": last + d.bits,
		"Loads": d.loads(initial, masks), "Captures": captures(d.offset), "Take": d.take(), "Shifted": "{1'b0, state[" + fmt.Sprint(d.bits-1) + ":1]}",
		"Frames": frames, "Limit": (frames + 2) * (period + loaded + 10),
	}
	if d.bits == 1 {
		data["Shifted"] = "1'b0"
	}
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

func captures(offset []int) []capture {
	var out []capture
	for c, o := range offset {
		out = append(out, capture{c, o})
	}
	return out
}

// take joins the signals that take each bit; clamped ones go with the last superblock.
func (d *design) take() string {
	var all []string
	for n := range d.p.Nodes {
		c := len(d.offset) - 1
		if !d.clamped[n] {
			c = d.super[n]
		}
		all = append(all, fmt.Sprintf("{%d{take%d}}", d.width[n], c))
	}
	return wrap(all)
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
