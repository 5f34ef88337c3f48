package verilog

import (
	"fmt"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// host makes the library in C for who drives the registers: their addresses, states to
// load, clamps.
func (d *design) host() ([]emit.File, error) {
	p := d.p
	data := map[string]any{
		"Header": emit.Header(p), "Model": p.Model, "Upper": strings.ToUpper(p.Model), "Registers": strings.TrimSuffix(d.registers().C(), "\n"),
		"Nodes": p.Nodes, "K": d.k, "LastChain": d.k - 1, "Words": d.words(), "MaskWords": (p.Nodes + 31) / 32, "LoadWords": d.loadWords(),
		"Node": d.hostNodes(), "Offsets": offsets(d.offset), "Generators": d.hostGenerators(), "Generator": d.gen.Name,
		"Rounds": p.Rounds, "Period": fmt.Sprintf("%#x", d.gen.Back(0)[1]), "Back": d.start - 1 - d.lead,
		"FirstRow": d.firstRow(), "EndRow": d.firstRow() + d.rows(), "Start": d.start, "PerChain": false,
	}
	for _, in := range p.Init {
		if in.Chains > 0 {
			data["PerChain"] = true
		}
	}
	var files []emit.File
	for _, name := range []string{"host.h", "host.c"} {
		source, err := fill(name, data)
		if err != nil {
			return nil, err
		}
		files = append(files, emit.File{Path: "host/" + p.Model + strings.TrimPrefix(name, "host"), Data: []byte(source)})
	}
	return files, nil
}

// hostGenerators are the generators as the library has them.
func (d *design) hostGenerators() []string {
	var out []string
	seeds := d.seeds(d.p.Sample.Seed, 0, 0)
	for _, i := range d.instances() {
		super := 0
		for d.stream.First[super+1] <= i {
			super++
		}
		out = append(out, fmt.Sprintf("{%d, %d, {%#xu, %#xu}}", i, super, seeds[i][0], seeds[i][1]))
	}
	return out
}

// hostNodes are the nodes as the library has them. Clamped ones go with the last
// superblock, as in masks.
func (d *design) hostNodes() []string {
	p := d.p
	slot, hinton := make([]int, p.Nodes), emit.Hinton(p)
	for _, sb := range p.Sweep {
		for _, b := range sb {
			for i, n := range b.Nodes {
				slot[n] = b.First + i
			}
		}
	}
	out := make([]string, p.Nodes)
	for i, v := range p.Vars {
		for n := v.First; n < v.First+v.Count; n++ {
			super, start, draws, categorical := d.super[n], uint64(v.States), true, 1
			if v.Kind == ir.Spin {
				start, categorical = 1<<31, 0
			}
			switch in := p.Init[i]; {
			case d.clamped[n]:
				super, start, draws = len(d.offset)-1, uint64(d.code(n, d.value[n])), false
			case in.Kind == ir.InitZeros:
				start, draws = 0, false
			case in.Kind == ir.InitValues:
				start, draws = uint64(d.code(n, in.Values[n-v.First])), false
			case in.Kind == ir.InitHinton && v.Kind == ir.Spin:
				start = hinton[n]
			}
			if !draws {
				slot[n] = -1
			}
			out[n] = fmt.Sprintf("{%d, %d, %d, %d, %d, %#xu}", d.at[n], d.width[n], super, slot[n], categorical, start)
		}
	}
	return out
}
