// Package verilog emits a program as hardware: a c-slow array in Verilog-2005.
//
// Every clock every cell updates one of K chains, which follow each other through the
// array: a cell of superblock c is at one chain while the cells of the next one are at a
// chain that came K/C clocks before. A neighbour's value is read from its history at a
// constant delay, so that there is no phase, no enable and no idle cell, and the pipeline's
// depth changes no bit.
//
//	plan.go     cells, tables, registers, delays
//	cell.go     thresholds from truth tables; sums of groups and noise
//	beta.go     annealing: the tables of several βs, and who chooses
//	reload.go   tables of noise that are loaded from a store as the schedule goes
//	tile.go     modules of 64 nodes, literals inside
//	array.go    generators with baked seeds, tiles
//	noise.go    noise units, in block RAM
//	sim.go      testbenches and the states they expect
//	shell.go    a top for small boards; Makefile and constraints
//	axi.go      the shell with a bus: registers on AXI4-Lite, samples on AXI4-Stream
//	registers.go  its registers, from which package regmap makes decoder and documents
//	image.go    states that are loaded at run time
//	host.go     the same in C, for who drives the registers
//	script.go   what the testbenches do over the bus
//	project.go  FuseSoC and constraints
//	bench.go    states as the testbenches read and write them
//	formal.go   proofs of cells and noise units
//	estimate.go   what the array takes of a device
//	parts.go    families, what their look-up tables hold, and parts
//	kinds.go    a cell of each kind, to be synthesised alone
//
// rtl/ holds the design alone, listed in rtl/files.f: <model>_array is bare,
// <model>_pins runs it by itself, <model>_axi puts it behind a bus.
package verilog

import (
	"bytes"
	"fmt"
	"text/template"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/templates"
)

// Check refuses what cannot be mapped and says what can.
func Check(r emit.Request) error {
	if err := emit.CheckNames(r); err != nil {
		return err
	}
	p := r.Program
	if err := ir.Verify(p); err != nil {
		return err
	}
	if p.Stream.Generator == "" {
		return fmt.Errorf("the number format draws from philox, which has no place in hardware: write format: hardware, or rng: lfl128 in the format")
	}
	if len(p.GoCode) > 0 {
		return fmt.Errorf("%s is code in Go, which cannot be put into hardware", p.GoCode[0].Name)
	}
	for i := range p.Factors {
		if p.Factors[i].Runtime {
			return fmt.Errorf("factor %s has runtime weights, and the array bakes them: drop runtime", p.Factors[i].Name)
		}
	}
	for _, c := range p.Clamps {
		if c.Chains > 0 {
			return fmt.Errorf("a clamp has values for each chain, and the array bakes one: give the same to all")
		}
	}
	d, err := newDesign(p)
	if err == nil && len(d.order) == 0 {
		err = fmt.Errorf("every node is clamped: there is nothing to sample")
	}
	if err == nil && d.registers().Check() != nil {
		err = fmt.Errorf("%d nodes with %d bits are more than the registers have room for: clamps of %d nodes and %d bits", p.Nodes, d.bits, clampNodes, clampBits)
	}
	return err
}

// Emit makes the files of the project.
func Emit(r emit.Request) ([]emit.File, error) {
	if err := Check(r); err != nil {
		return nil, err
	}
	d, err := newDesign(r.Program)
	if err != nil {
		return nil, err
	}
	return d.files()
}

func (d *design) files() ([]emit.File, error) {
	var files []emit.File
	list := &text{}
	list.f("// %s", emit.Header(d.p))
	rtl := func(name, source string) {
		files = append(files, emit.File{Path: "rtl/" + name + ".v", Data: []byte(source)})
		list.f("rtl/%s.v", name)
	}
	random, err := d.random()
	if err != nil {
		return nil, err
	}
	model := d.p.Model
	rtl(model+"_"+d.gen.Name, random)
	if d.p.Format.Noise {
		for _, k := range d.kinds() {
			rtl(d.noiseUnit(k), d.noise(k))
		}
	}
	tiles := d.tiles()
	for _, t := range tiles {
		rtl(d.tileName(t), d.file(t))
	}
	rtl(model+"_array", d.array(tiles))
	if d.choice > 0 {
		rtl(d.betaName(), d.betaModule())
	}
	if d.stored {
		rtl(d.storeName(), d.store())
	}
	sweeps := checkedSweeps
	if d.stored { // through every reload
		sweeps = max(sweeps, len(d.sweeps)+2)
	}
	initial, expected, err := d.trace(max(1, min(sweeps, checkedUpdates/(d.k*d.p.Nodes))))
	if err != nil {
		return nil, err
	}
	pins, project, err := d.shell(initial)
	if err != nil {
		return nil, err
	}
	shared, err := fill("copy.v", map[string]any{"Header": emit.Header(d.p), "Model": model, "Tables": d.stored})
	if err != nil {
		return nil, err
	}
	rtl(model+"_copy", shared)
	rtl(model+"_pins", pins)
	behind, described, err := d.axi(initial)
	if err != nil {
		return nil, err
	}
	for _, f := range behind {
		rtl(f.Path, string(f.Data))
	}
	script, err := d.axiScript()
	if err != nil {
		return nil, err
	}
	driven, err := script.files()
	if err != nil {
		return nil, err
	}
	project = append(append(project, described...), driven...)
	files = append(files, emit.File{Path: "rtl/files.f", Data: []byte(list.String())})
	built, err := d.projectFiles(list.String())
	if err != nil {
		return nil, err
	}
	project = append(project, built...)
	sim, err := d.simulation(initial, expected)
	files = append(append(files, sim...), project...)
	return append(files, d.formal()...), err
}

// kinds are those of the free nodes.
func (d *design) kinds() []ir.Kind {
	var kinds []ir.Kind
	for k := ir.Spin; k <= ir.Categorical; k++ {
		for _, n := range d.order {
			if d.cells[n].kind == k {
				kinds = append(kinds, k)
				break
			}
		}
	}
	return kinds
}

// fill fills in a template of templates/verilog.
func fill(name string, data any) (string, error) {
	t, err := template.ParseFS(templates.FS(), "verilog/"+name)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = t.Execute(&b, data)
	return b.String(), err
}
