package verilog

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// words is the number of words of a state.
func (d *design) words() int { return (d.bits + 31) / 32 }

// firstRow and rows are the edge before which the first initial states are set, and for
// how many edges they are.
func (d *design) firstRow() int { return d.start - d.k - 1 }
func (d *design) rows() int     { return d.k + d.lastOffset() }

func (d *design) lastOffset() int { return d.offset[len(d.offset)-1] }

// seedWords is the number of words that hold a bit for each generator.
func (d *design) seedWords() int { return (len(d.instances()) + 31) / 32 }

// loadWords is the length of an image: rows of bits for the generators, and of states.
func (d *design) loadWords() int { return loadClocks*d.seedWords() + d.rows()*d.words() }

// axi makes the modules of the shell with a bus, and the texts that describe its
// registers.
func (d *design) axi(initial []string) (rtl, files []emit.File, err error) {
	p := d.p
	m := d.registers()
	if err := m.Check(); err != nil {
		return nil, nil, err
	}
	add := func(name string, source string) {
		rtl = append(rtl, emit.File{Path: p.Model + "_" + name, Data: []byte(source)})
	}
	add("registers", m.Verilog(p.Model+"_registers"))
	data := d.axiData(initial)
	for _, r := range m.Registers {
		if r.Name == "control" || r.Name == "load" {
			data[map[string]string{"control": "ControlAddress", "load": "LoadAddress"}[r.Name]] = fmt.Sprintf("%d'h%x", addressBits-2, r.Offset/4)
		}
	}
	for _, name := range []string{"bus", "stream", "axi"} {
		source, err := fill(name+".v", data)
		if err != nil {
			return nil, nil, err
		}
		add(name, source)
	}
	doc := func(path, source string) {
		files = append(files, emit.File{Path: path, Data: []byte(source)})
	}
	doc("registers.md", m.Markdown())
	doc("registers.rdl", m.RDL())
	doc("host/registers/registers.go", m.Go("registers"))
	host, err := d.host()
	return rtl, append(files, host...), err
}

func (d *design) axiData(initial []string) map[string]any {
	p, w, r := d.p, d.words(), len(d.instances())
	x := max(w, d.seedWords()) // words of a row, which is filled from above
	loaded := d.start + d.lastOffset()
	chain, beat := max(1, log2up(d.k)), max(1, log2up(w))
	fillBits, time := bits.Len(uint(x)), bits.Len(uint(loaded))
	seeds, states := 32*(x-d.seedWords()), 32*(x-w)
	data := map[string]any{
		"Header": emit.Header(p), "Model": p.Model, "Loaders": r, "TopAddress": addressBits - 1, "TopWord": addressBits - 3,
		"Nodes": p.Nodes, "Bits": d.bits, "NodeRange": ranged(p.Nodes), "StateRange": ranged(d.bits), "Words": w,
		"Chain": chain, "ChainRange": ranged(chain), "LastChain": d.k - 1, "Free": len(d.order),
		"Time": time, "TimeBits": time - 1, "Loaded": loaded, "BeforeView": loaded - d.k - 1, "FirstView": loaded - d.k,
		"FirstRow": d.firstRow(), "EndRow": d.firstRow() + d.rows(), "Rows": d.rows(), "Loads": d.loads(initial, d.masks()),
		"SeedRows": loadClocks, "SeedWords": d.seedWords(), "Fill": fillBits, "FillBits": fillBits - 1, "TopRow": 32*x - 1,
		"NextRow": "data", "Seeds": slice("row", seeds, r, 32*x), "Seeding": "seeding",
		"Row": slice("row", states, d.bits, 32*x), "RowUnused": "",
		"TopFrame": 32*w - 1, "Beat": beat, "BeatRange": ranged(beat), "LastBeat": w - 1, "Keep": 1<<((d.bits-1)%32/8+1) - 1, "Padded": "state",
		"Clamped": d.spread("clamp_mask"), "ClampWrong": d.clampWrong(), "Align": d.align(),
	}
	if r > 1 {
		data["Seeding"] = fmt.Sprintf("{%d{seeding}}", r)
	}
	if x > 1 {
		data["NextRow"] = fmt.Sprintf("{data, row[%d:32]}", 32*x-1)
	}
	if used := max(seeds+r, states+d.bits); used < 32*x {
		data["RowUnused"] = slice("row", used, 32*x-used, 32*x)
	}
	if d.choice > 0 {
		data["Betas"], data["BetaRange"] = true, ranged(d.choice*len(d.offset))
	}
	if d.stored {
		data["Tables"] = ranged(d.tableBits())
	}
	if rest := 32*w - d.bits; rest > 0 {
		data["Padded"] = fmt.Sprintf("{%d'd0, state}", rest)
	}
	return data
}

// spread repeats the bit of each node for the bits of its state.
func (d *design) spread(mask string) string {
	var all []string
	for n := range d.p.Nodes {
		s := slice(mask, n, 1, d.p.Nodes)
		if d.width[n] > 1 {
			s = fmt.Sprintf("{%d{%s}}", d.width[n], s)
		}
		all = append(all, s)
	}
	return wrap(all)
}

// clampWrong is whether a clamp has a value that is no state of its node.
func (d *design) clampWrong() string {
	var wrong []string
	for _, n := range d.order {
		if k := d.cells[n].states; k < 1<<d.width[n] {
			wrong = append(wrong, fmt.Sprintf("%s && %s >= %s", slice("clamp_mask", n, 1, d.p.Nodes),
				slice("clamp_value", d.at[n], d.width[n], d.bits), literal(d.width[n], int64(k))))
		}
	}
	if len(wrong) == 0 {
		return "1'b0"
	}
	return strings.Join(wrong, "\n    || ")
}

// align delays the superblocks of a state until the last one of the same chain is there,
// so that state is whole.
func (d *design) align() string {
	t := &text{}
	place := make([][]string, d.p.Nodes)
	for c, offset := range d.offset {
		var nodes []int
		var now []string
		for n := range d.p.Nodes {
			if d.clamped[n] || d.super[n] != c {
				continue
			}
			nodes = append(nodes, n)
			now = append(now, slice("s_i", d.at[n], d.width[n], d.bits))
		}
		late := d.lastOffset() - offset
		if len(nodes) == 0 || late == 0 {
			for i, n := range nodes {
				place[n] = []string{now[i]}
			}
			continue
		}
		_, size := d.draws(nodes)
		from := concat(now)
		for i := range late {
			name := fmt.Sprintf("a%d_%d", c, i)
			t.f("  reg %s%s;\n  always @(posedge clk_i) if (en_i) %s <= %s;", ranged(size), name, name, from)
			from = name
		}
		at := 0
		for _, n := range nodes {
			place[n] = []string{slice(from, at, d.width[n], size)}
			at += d.width[n]
		}
	}
	if t.Len() == 0 {
		t.f("  wire unused = &{1'b0, en_i};")
	}
	var all []string
	for n := range d.p.Nodes {
		if place[n] == nil {
			place[n] = []string{slice("s_i", d.at[n], d.width[n], d.bits)}
		}
		all = append(all, place[n]...)
	}
	t.f("  wire %sstate = %s;", ranged(d.bits), wrap(all))
	return strings.TrimSuffix(t.String(), "\n")
}
