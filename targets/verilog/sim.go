package verilog

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// The testbench checks so many sweeps, fewer where the interpreter would take long.
const (
	checkedSweeps  = 12
	checkedUpdates = 100_000
)

// superData is what the testbenches know of a superblock: masks of its bits and nodes.
type superData struct {
	Offset      int
	Bits, Nodes string
}

// simulation makes the testbenches with the states they expect.
func (d *design) simulation(initial, expected []string) ([]emit.File, error) {
	sweeps := len(expected) / d.k
	data := map[string]any{
		"Header": emit.Header(d.p), "Model": d.p.Model, "Bits": d.bits, "Nodes": d.p.Nodes, "K": d.k, "Supers": len(d.offset),
		"Start": d.start, "Sweeps": sweeps, "Last": d.k*sweeps - 1, "Instances": d.stream.First[len(d.offset)],
		"Super": d.masks(), "Loaders": len(d.instances()), "Pokes": d.instances(),
	}
	if d.choice > 0 {
		data["Betas"], data["Choice"], data["BetaBits"], data["Lead"], data["LastBeta"] = d.sweeps, d.choice, d.choice*len(d.offset), d.betaLead(), len(d.sweeps)-1
	}
	var tables []emit.File
	if d.stored {
		tables = append(tables, d.tableFile())
		d.simulatedTables(data)
	}
	var files []emit.File
	for _, f := range [][2]string{{"tb.v", d.p.Model + "_tb.v"}, {"main.cpp", "main.cpp"}, {"public.vlt", "public.vlt"}} {
		source, err := fill(f[0], data)
		if err != nil {
			return nil, err
		}
		files = append(files, emit.File{Path: "sim/" + f[1], Data: []byte(source)})
	}
	return append(append(files, d.hexFile("init.hex", initial), d.hexFile("expected.hex", expected)), tables...), nil
}

// hexFile holds states, one a line.
func (d *design) hexFile(name string, states []string) emit.File {
	source := "// " + emit.Header(d.p) + "\n" + strings.Join(states, "\n") + "\n"
	return emit.File{Path: "sim/" + name, Data: []byte(source)}
}

// instances lists the generators that there are.
func (d *design) instances() []int {
	var list []int
	for i, used := range d.usedBits() {
		if used != nil {
			list = append(list, i)
		}
	}
	return list
}

// masks are the bits and nodes of each superblock; clamped bits go with the last.
func (d *design) masks() []superData {
	var out []superData
	for s, offset := range d.offset {
		bits, nodes := new(big.Int), new(big.Int)
		for n := range d.p.Nodes {
			last := s == len(d.offset)-1 && d.clamped[n]
			if !last && (d.clamped[n] || d.super[n] != s) {
				continue
			}
			for b := range d.width[n] {
				bits.SetBit(bits, d.at[n]+b, 1)
			}
			if !d.clamped[n] {
				nodes.SetBit(nodes, n, 1)
			}
		}
		out = append(out, superData{offset, bits.Text(16), nodes.Text(16)})
	}
	return out
}

// trace are the initial states of the first K chains and those after every sweep, in
// the order of indices, as the interpreter gives them.
func (d *design) trace(sweeps int) (initial, after []string, err error) {
	all, err := d.replay(d.p.Sample.Seed, nil, course{0, 1}, sweeps)
	if err != nil {
		return nil, nil, err
	}
	return d.hexStates(nil, all[0]), d.hexStates(nil, slices.Concat(all[1:]...)), nil
}

// course is how a run takes the schedule of β: from a sweep of it on, and each for so many
// sweeps of the run.
type course struct{ first, steps int }

// replay are the states of the first K chains at the start and after every sweep, with
// clamps besides those of the model.
func (d *design) replay(seed uint64, clamps []ir.Clamp, c course, sweeps int) ([][][]int32, error) {
	p := *d.p
	p.Clamps = append(slices.Clone(p.Clamps), clamps...)
	p.Init = slices.Clone(p.Init)
	for i, in := range p.Init {
		if in.Chains > 0 { // one for all: there may be fewer than K
			p.Init[i].Chains, p.Init[i].Values = 0, in.Values[:p.Vars[i].Count]
		}
	}
	m, err := interp.New(&p, d.k, seed)
	if err != nil {
		return nil, err
	}
	all := [][][]int32{m.State()}
	for t := range sweeps {
		if d.choice > 0 {
			if err := m.SetBeta(d.beta(c.first + t/c.steps)); err != nil {
				return nil, err
			}
		}
		if err := m.Sweep(); err != nil {
			return nil, err
		}
		all = append(all, m.State())
	}
	return all, nil
}

func (d *design) hexStates(list []string, states [][]int32) []string {
	for _, x := range states {
		list = append(list, d.hex(x))
	}
	return list
}

// hex is a state in the bits of the array.
func (d *design) hex(state []int32) string {
	digits := make([]byte, (d.bits+3)/4)
	for n, x := range state {
		v := d.code(n, x)
		for b := range d.width[n] {
			at := d.at[n] + b
			digits[at/4] |= byte(v>>b&1) << (at % 4)
		}
	}
	var s strings.Builder
	for i := len(digits) - 1; i >= 0; i-- {
		fmt.Fprintf(&s, "%x", digits[i])
	}
	return s.String()
}
