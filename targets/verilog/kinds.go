package verilog

import (
	"fmt"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// KindBench is a design with one cell of each kind, the first of it, each a module of
// its own: what one takes is what synthesis says of that module and of the noise units
// in it. The modules are kind0, kind1, … in the order of names, the top is kinds.
func KindBench(p *ir.Program) (files []emit.File, names []string, err error) {
	d, err := newDesign(p)
	if err != nil {
		return nil, nil, err
	}
	t, body, ports := &text{}, &text{}, ""
	if p.Format.Noise {
		for _, k := range d.kinds() {
			t.f("%s", d.noise(k))
		}
	}
	for i, k := range d.cellKinds() {
		n := k.nodes[0]
		tile, c := d.alone(n), d.cells[n]
		names = append(names, k.name)
		t.f("%s", d.module(fmt.Sprintf("kind%d", i), tile))
		in, tables := "", 0
		if d.stored {
			tables = d.tableBits()
		}
		for _, port := range []struct {
			name  string
			width int
		}{{"r_i", c.draws}, {"set_i", 1}, {"val_i", d.width[n]}, {"x_i", len(tile.inList)}, {"b_i", d.choice}, {"t_i", tables}} {
			if port.width > 0 {
				ports += fmt.Sprintf("  input  wire %s%s%d,\n", ranged(port.width), port.name, i)
				in += fmt.Sprintf(", .%s(%s%d)", port.name, port.name, i)
			}
		}
		ports += fmt.Sprintf("  output wire %ss_o%d,\n", ranged(d.width[n]), i)
		body.f("  kind%d u%d (.clk_i(clk_i), .en_i(en_i)%s, .s_o(s_o%d));", i, i, in, i)
	}
	t.f("module kinds (\n  input  wire clk_i,\n%s  input  wire en_i\n);\n%sendmodule", ports, body)
	return []emit.File{{Path: "kinds.v", Data: []byte("// " + emit.Header(p) + "\n" + t.String())}}, names, nil
}
