package verilog

import (
	"strings"

	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// projectFiles describe the design to other tools: a core for FuseSoC with the files that
// files.f lists, and constraints.
func (d *design) projectFiles(list string) ([]emit.File, error) {
	model := d.p.Model
	var rtl []string
	for _, line := range strings.Fields(list[strings.Index(list, "\n"):]) {
		rtl = append(rtl, line)
	}
	data := map[string]any{"Header": emit.Header(d.p), "Model": model, "Version": emit.Version, "Nodes": d.p.Nodes, "K": d.k, "RTL": rtl}
	if d.stored {
		data["Tables"] = TableFile
	}
	var files []emit.File
	for _, f := range [][2]string{{"core", model + ".core"}, {"constraints.xdc", "constraints/" + model + ".xdc"},
		{"constraints.sdc", "constraints/" + model + ".sdc"}, {"constraints.lpf", "constraints/" + model + ".lpf"}} {
		source, err := fill(f[0], data)
		if err != nil {
			return nil, err
		}
		files = append(files, emit.File{Path: f[1], Data: []byte(source)})
	}
	return files, nil
}
