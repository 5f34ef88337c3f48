package verilog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
	"github.com/thrmlgen/thrmlgen/targets/targettest/hdl"
)

// cocotb with cocotbext-axi, bus and stream pausing at random, sees the interpreter's
// states; it says so where a bit differs.
func TestCocotb(t *testing.T) {
	testtool.Need(t, "iverilog")
	python := testtool.Need(t, "hdl")
	for _, name := range []string{"torus", "cooled"} {
		p, _ := targettest.Parse(corpus[name])
		dir := hdl.Project(t, p)
		if out := hdl.Tool(t, dir, python, "sim/test_axi.py"); !strings.Contains(out, "PASS: 4 of 4 tests") {
			t.Errorf("%s: %s", name, out)
		}
	}
	p, _ := targettest.Parse(corpus["chain"])
	dir := hdl.Project(t, p)
	name := filepath.Join(dir, "sim", "axi_frames.hex")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	wrong := regexp.MustCompile(`(?m)^(0001.*)[0-7]$`).ReplaceAll(text, []byte("${1}8"))
	if err := os.WriteFile(name, wrong, 0o666); err != nil {
		t.Fatal(err)
	}
	if out := fails(t, dir, python, "sim/test_axi.py"); !strings.Contains(out, "FAIL: 2 of 4 tests") {
		t.Errorf("a wrong frame passes: %s", out)
	}
}

// FuseSoC reads the core and runs its simulations and its lint.
func TestFuseSoC(t *testing.T) {
	testtool.Need(t, "iverilog")
	testtool.Need(t, "verilator")
	fusesoc := filepath.Join(filepath.Dir(testtool.Need(t, "hdl")), "fusesoc")
	p, _ := targettest.Parse(corpus["ramped"])
	dir := hdl.Project(t, p)
	t.Setenv("XDG_CONFIG_HOME", dir)
	for target, want := range map[string]string{"sim": "PASS: ", "sim_array": "PASS: ", "lint": ""} {
		if out := hdl.Tool(t, dir, fusesoc, "--cores-root", ".", "run", "--target", target, "thrmlgen:models:ramped"); !strings.Contains(out, want) || strings.Contains(out, "%Warning") {
			t.Errorf("%s: %s", target, out)
		}
	}
}

// Noise units that read ECP5's block RAM through its own output register give the same bits,
// with the clock stopped at random, too. Tables of more words than a block RAM has stay with
// a register of the fabric.
func TestECP5RAM(t *testing.T) {
	iverilog := testtool.Need(t, "iverilog")
	ram, err := filepath.Abs("testdata/dp16kd.v")
	if err != nil {
		t.Fatal(err)
	}
	for name, units := range map[string]int{"synchronous": 2, "cooled": 1} {
		p, _ := targettest.Parse(corpus[name])
		dir := hdl.Project(t, p)
		hdl.Tool(t, dir, iverilog, "-g2005", "-DECP5_RAM", "-s", name+"_tb", "-o", "tb.vvp", "-f", "rtl/files.f", "sim/"+name+"_tb.v", ram)
		for _, args := range [][]string{{"tb.vvp"}, {"tb.vvp", "+stall"}} {
			if out := hdl.Tool(t, dir, "vvp", args...); !strings.HasPrefix(out, "PASS: ") {
				t.Errorf("%s %v: %s", name, args, out)
			}
		}
		sources, err := filepath.Glob(filepath.Join(dir, "rtl", "*.v"))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, s := range sources {
			text, err := os.ReadFile(s)
			if err != nil {
				t.Fatal(err)
			}
			n += strings.Count(string(text), "DP16KD #(")
		}
		if n != units {
			t.Errorf("%s: %d of its noise units have a DP16KD, not %d", name, n, units)
		}
	}
}

// slang has no warning about the design as Verilog-2005.
func TestSlang(t *testing.T) {
	python := testtool.Need(t, "hdl")
	script, err := filepath.Abs("testdata/slang.py")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range corpus {
		p, _ := targettest.Parse(text)
		dir := hdl.Project(t, p)
		for _, top := range []string{"axi", "pins"} {
			if out := hdl.Tool(t, dir, python, script, name+"_"+top); strings.Contains(out, "warning:") {
				t.Errorf("%s: %s", name, out)
			}
		}
	}
}

// The SystemRDL compiler finds the registers at the addresses of the C header.
func TestSystemRDL(t *testing.T) {
	python := testtool.Need(t, "hdl")
	script, err := filepath.Abs("testdata/rdl.py")
	if err != nil {
		t.Fatal(err)
	}
	p, _ := targettest.Parse(corpus["tiles"])
	dir := hdl.Project(t, p)
	out := hdl.Tool(t, dir, python, script)
	header, err := os.ReadFile(filepath.Join(dir, "host", "tiles.h"))
	if err != nil {
		t.Fatal(err)
	}
	defined := regexp.MustCompile(`(?m)^#define TILES_(\w+) (0x[0-9a-f]{4})u /\* (r|rw|w)\b.* \*/$`).FindAllSubmatch(header, -1)
	if len(defined) < 15 {
		t.Fatalf("%d registers in %s", len(defined), header)
	}
	for _, d := range defined {
		if want := fmt.Sprintf("%s %s ", d[2], d[3]); !strings.Contains(out, want) {
			t.Errorf("%s is not at %s", d[1], want)
		}
	}
	for _, want := range []string{"0x0010 w start[0:0] load[1:1] stop[2:2] reset[3:3]\n", "0x1010 rw value[31:0]\n", "0x2010 rw value[31:0]\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
