// Package hdl runs emitted Verilog in simulators, for tests.
package hdl

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/verilog"
)

// Project emits a program into a folder of its own.
func Project(t testing.TB, p *ir.Program) string {
	t.Helper()
	files, err := verilog.Emit(emit.Request{Program: p})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Tool runs a command in a folder and returns what it prints.
func Tool(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Icarus runs the testbench, plain and with the clock stopped at random, and that of
// the top for small boards.
func Icarus(t testing.TB, dir, model string) {
	t.Helper()
	iverilog := testtool.Need(t, "iverilog")
	for _, tb := range []string{"_tb", "_pins_tb"} {
		if out := Tool(t, dir, iverilog, "-g2005", "-Wall", "-s", model+tb, "-o", tb+".vvp", "-f", "rtl/files.f", "sim/"+model+tb+".v"); out != "" {
			t.Errorf("%s: iverilog warns:\n%s", model, out)
		}
	}
	for _, args := range [][]string{{"_tb.vvp"}, {"_tb.vvp", "+stall"}, {"_pins_tb.vvp"}} {
		if out := Tool(t, dir, "vvp", args...); !strings.HasPrefix(out, "PASS: ") {
			t.Errorf("%s %v: %s", model, args, out)
		}
	}
}

// Verilator runs the drivers of all programs, whose names differ, each in its folder, plain
// and with the clock stopped at random: all in one program, which is compiled at once. It
// has no warning about a design.
func Verilator(t testing.TB, programs []*ir.Program) {
	t.Helper()
	verilator, compiler := testtool.Need(t, "verilator"), testtool.Need(t, "g++")
	dir := t.TempDir()
	var all, drivers, calls strings.Builder
	for _, p := range programs {
		from, m := Project(t, p), p.Model
		if err := os.Rename(from, filepath.Join(dir, m)); err != nil {
			t.Fatal(err)
		}
		if out := Tool(t, filepath.Join(dir, m), verilator, "--lint-only", "-Wall", "--top-module", m+"_pins", "-f", "rtl/files.f"); out != "" {
			t.Errorf("%s: verilator warns:\n%s", m, out)
		}
		Tool(t, filepath.Join(dir, m), verilator, "--cc", "-O3", "--top-module", m+"_array", "-f", "rtl/files.f", "sim/public.vlt", "--Mdir", "obj")
		sources, err := filepath.Glob(filepath.Join(dir, m, "obj", "*.cpp"))
		if err != nil || len(sources) == 0 {
			t.Fatal("no C++ of ", m, err)
		}
		for _, s := range sources {
			fmt.Fprintf(&all, "#include \"%s/obj/%s\"\n", m, filepath.Base(s))
		}
		fmt.Fprintf(&drivers, "namespace %s {\n#define main run\n#include \"%[1]s/sim/main.cpp\"\n#undef main\n}\n", m)
		fmt.Fprintf(&calls, "  if (chdir(\"%s/%s\")) return 2;\n  failed |= %[2]s::run(argc, argv);\n", dir, m)
	}
	source := "#include <cstdint>\n#include <cstdio>\n#include <cstdlib>\n#include <cstring>\n#include <string>\n#include <vector>\n#include <unistd.h>\n" +
		all.String() + drivers.String() + "int main(int argc, char **argv) {\n  int failed = 0;\n" + calls.String() + "  return failed;\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "all.cpp"), []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	include := filepath.Join(strings.TrimSpace(Tool(t, dir, verilator, "--getenv", "VERILATOR_ROOT")), "include")
	args := []string{"-I.", "-I" + include, "-I" + filepath.Join(include, "vltstd"), "-pthread", "-w", "-o", "all", "all.cpp"}
	for _, p := range programs {
		args = append(args, "-I"+p.Model+"/obj")
	}
	Tool(t, dir, compiler, append(args, filepath.Join(include, "verilated.cpp"), filepath.Join(include, "verilated_threads.cpp"))...)
	for _, stall := range [][]string{nil, {"--stall"}} {
		if out := Tool(t, dir, "./all", stall...); strings.Count(out, "PASS: ") != len(programs) {
			t.Errorf("%d models, %v: %s", len(programs), stall, out)
		}
	}
}
