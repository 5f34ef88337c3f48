package verilog_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
	"github.com/thrmlgen/thrmlgen/targets/targettest/hdl"
)

// behindBus runs the script of the shell with a bus in Icarus.
func behindBus(t *testing.T, iverilog, dir, model string) string {
	t.Helper()
	if out := hdl.Tool(t, dir, iverilog, "-g2005", "-Wall", "-s", model+"_axi_tb", "-o", "axi.vvp", "-f", "rtl/files.f", "sim/"+model+"_axi_tb.v"); out != "" {
		t.Errorf("%s: iverilog warns:\n%s", model, out)
	}
	return hdl.Tool(t, dir, "vvp", "axi.vvp")
}

// Over the bus and the stream, in Icarus: the frames are the interpreter's states with
// and without back-pressure, with the seed of the model and one that is loaded, with
// run-time clamps, and after runs that are stopped, reset and written to; everything that
// is to be refused is. The corpus, and random models (THRML_HDL_MODELS many).
func TestAXI(t *testing.T) {
	iverilog := testtool.Need(t, "iverilog")
	run := func(t *testing.T, dir, model string) {
		if out := behindBus(t, iverilog, dir, model); !strings.HasPrefix(out, "PASS: ") {
			t.Errorf("%s: %s", model, out)
		}
	}
	for name, text := range corpus {
		if name == "tiles" {
			continue // takes Icarus long
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := targettest.Parse(text)
			run(t, hdl.Project(t, p), name)
		})
	}
	want, longest := 6, 300 // more would take Icarus long
	if testing.Short() {
		want = 3
	}
	if n, err := strconv.Atoi(os.Getenv("THRML_HDL_MODELS")); err == nil {
		want, longest = n, 3000
	}
	for n, done := uint64(1000), 0; done < want; n++ {
		p, ok := random(n)
		if !ok {
			continue
		}
		if plan := p.StreamPlan(); p.Stream.Interleave*plan.First[len(plan.First)-1] > longest {
			continue
		}
		done++
		t.Run(fmt.Sprint("random model ", n), func(t *testing.T) {
			t.Parallel()
			run(t, hdl.Project(t, p), p.Model)
		})
	}
}

// The same script with Verilator's driver, and no warning about the design.
func TestAXIVerilator(t *testing.T) {
	verilator := testtool.Need(t, "verilator")
	for name, text := range corpus {
		p, _ := targettest.Parse(text)
		dir := hdl.Project(t, p)
		top := name + "_axi"
		if out := hdl.Tool(t, dir, verilator, "--lint-only", "-Wall", "--top-module", top, "-f", "rtl/files.f"); out != "" {
			t.Errorf("%s: verilator warns:\n%s", name, out)
		}
		if name != "torus" || testing.Short() {
			continue // a build takes long
		}
		hdl.Tool(t, dir, verilator, "--cc", "--exe", "--build", "--top-module", top, "-f", "rtl/files.f", "sim/axi_main.cpp", "--Mdir", "obj")
		if out := hdl.Tool(t, dir, "obj/V"+top); !strings.HasPrefix(out, "PASS: ") {
			t.Errorf("%s: %s", name, out)
		}
	}
}

// The script finds what is wrong in the shell.
func TestAXIMutants(t *testing.T) {
	iverilog := testtool.Need(t, "iverilog")
	for _, c := range []struct{ model, file, from, to string }{
		{"torus", "stream", "assign ready_o = ~tvalid_o;", "assign ready_o = 1'b1;"},                   // frames are overwritten
		{"chain", "stream", "if (en_i) a0_0 <=", "a0_0 <="},                                            // moves on while the array stands still
		{"chain", "axi", "|| phase == RUN && ~array_rst && ~blocked", "|| phase == RUN && ~array_rst"}, // does not wait
		{"chain", "axi", "set | clamp_mask", "set"},                                                    // no clamps
		{"mixed", "axi", "start && (busy || schedule_wrong || clamp_wrong)", "start && (busy || schedule_wrong)"},
		{"chain", "axi", "if (stop && busy)", "if (stop && 1'b0)"},
		{"chain", "axi", "place == 7'd127", "place == 7'd126"},                 // a seed bit is missing
		{"chain", "axi", "& {2{seeding}}", "& 2'd0"},                           // no seeds are loaded
		{"chain", "axi", "initial_value = loaded ?", "initial_value = 1'b0 ?"}, // no states are loaded
		{"torus", "axi", "patience == 6'd63", "1'b0"},
		{"annealed", "axi", ".en_i(en && phase == RUN)", ".en_i(1'b1)"}, // β moves on while the array stands still
		{"annealed", "axi", " || beta_steps == 32'd0", ""},              // a start without end is taken
		{"annealed", "beta", "first_i > 32'd5 ? 3'd5 : first_i[2:0]", "3'd0"},
		{"annealed", "beta", "held == 32'd0 ? steps_i", "1'b1 ? steps_i"}, // no second sweep at a β
		{"ramped", "axi", " && tables_ready;", ";"},                       // does not wait for tables
		{"ramped", "beta", "any && top >= number", "any"},                 // for any but the first
		{"ramped", "beta", "beta_o == {6{top[0]}}", "1'b1"},               // writes what is read
		{"ramped", "beta", "if (coming[0]) low1", "if (~coming[0]) low1"}, // bits below the other table
		{"ramped", "store", "place <= at_i[3:0]", "place <= at_i[3:0] ^ 4'd1"},
		{"chain", "bus", "berror <= write_error_i;", "berror <= 1'b0;"},
		{"chain", "bus", "write_o = aw && w &&", "write_o = aw &&"},
		{"chain", "registers", "if (rst_i) begin", "if (1'b0) begin"},
		{"chain", "registers", "& ~mask[31:0])", "& 32'd0)"}, // other bytes change
		{"chain", "registers", "werror_o = busy_i; end", "werror_o = 1'b0; end"},
	} {
		p, _ := targettest.Parse(corpus[c.model])
		dir := hdl.Project(t, p)
		name := filepath.Join(dir, "rtl", c.model+"_"+c.file+".v")
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		wrong := bytes.Replace(text, []byte(c.from), []byte(c.to), 1)
		if bytes.Equal(wrong, text) {
			t.Errorf("%s of %s has no %q", c.file, c.model, c.from)
			continue
		}
		if err := os.WriteFile(name, wrong, 0o666); err != nil {
			t.Fatal(err)
		}
		hdl.Tool(t, dir, iverilog, "-g2005", "-s", c.model+"_axi_tb", "-o", "axi.vvp", "-f", "rtl/files.f", "sim/"+c.model+"_axi_tb.v")
		if out := hdl.Tool(t, dir, "vvp", "axi.vvp"); !strings.Contains(out, "FAIL: ") {
			t.Errorf("%s with %q for %q passes: %s", c.model, c.to, c.from, out)
		}
	}
}
