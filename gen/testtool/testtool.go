// Package testtool finds the tools that only tests use. A test whose tool is
// missing is skipped with a word on what was not tested; where THRML_REQUIRE
// names the tool (THRML_REQUIRE=go,python,chromium,qemu), it fails instead.
package testtool

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// commands lists the programs that stand behind the name of a tool, first
// choice first. python is looked up by Python.
var commands = map[string][]string{
	"go":       {"go"},
	"chromium": {"chromium", "chromium-browser", "google-chrome"},
	"qemu":     {"qemu-aarch64", "qemu-aarch64-static"},

	"iverilog":  {"iverilog"},
	"verilator": {"verilator"},
	"yosys":     {"yosys"},

	"g++": {"g++"},
	"gcc": {"gcc"},
}

// Need returns the path of a tool: go, python (with the packages of
// examples/python/requirements-test.txt), chromium, qemu (user mode, arm64), or
// iverilog, verilator, yosys, g++, gcc, hdl (the Python with the packages in
// targets/verilog/requirements.txt), and nvcc and nvrtc (of the packages in
// targets/cuda/requirements.txt).
func Need(t testing.TB, tool string) string {
	t.Helper()
	if tool == "python" {
		if p := python(t); p != "" {
			return p
		}
	}
	if tool == "hdl" {
		if p := filepath.Join(Root(t), "out", "hdl", "bin", "python"); exists(p) {
			return p
		}
	}
	if path, ok := ofCUDA[tool]; ok {
		if p := inCUDA(t, path...); p != "" {
			return p
		}
	}
	for _, name := range commands[tool] {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	Missing(t, tool)
	return ""
}

// Missing skips the test, or fails it where THRML_REQUIRE names the tool.
func Missing(t testing.TB, tool string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("THRML_REQUIRE"), ","), tool) {
		t.Fatalf("%s is missing (`make tools` installs it), and THRML_REQUIRE names it", tool)
	}
	t.Skipf("SKIPPED: %s is missing; `make tools` installs it; THRML_REQUIRE=%s makes this a failure", tool, tool)
}

// python is the interpreter of the virtual environment made by `make tools`, or
// what THRML_PYTHON names; "" if there is none.
func python(t testing.TB) string {
	if p := os.Getenv("THRML_PYTHON"); p != "" {
		return p
	}
	p := filepath.Join(Root(t), "out", "python", "bin", "python")
	if !exists(p) {
		return ""
	}
	return p
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// ofCUDA are the files of CUDA that stand behind the name of a tool.
var ofCUDA = map[string][]string{"nvcc": {"bin", "nvcc"}, "nvrtc": {"lib", "libnvrtc.so.13"}}

// inCUDA is a file of the CUDA packages that `make cuda-tools` installs, "" if it is not there.
func inCUDA(t testing.TB, path ...string) string {
	found, _ := filepath.Glob(filepath.Join(append([]string{Root(t), "out", "cuda", "lib", "python3*", "site-packages", "nvidia", "cu13"}, path...)...))
	if len(found) == 0 {
		return ""
	}
	return found[0]
}

// Root is the folder of the module.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
}
