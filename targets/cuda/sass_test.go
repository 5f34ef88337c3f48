package cuda_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
	target "github.com/thrmlgen/thrmlgen/targets/cuda"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

var update = flag.Bool("update", false, "write testdata/sass.txt again")

// architectures that emitted kernels are compiled for.
var architectures = []string{"sm_80", "sm_90", "sm_100"}

// compiledPrograms are those of the corpus that meet every part of the table kernel.
var compiledPrograms = []string{"ars", "bits", "noise", "planes", "wide"}

// maxInstructions is what one flip of Pegasus-14 in format: fast may take on sm_90.
const maxInstructions = 32

// Emitted kernels compile with nvcc without warnings, spills or stack, and the swar kernel
// takes as many instructions a flip as testdata/sass.txt says. -update writes the table.
func TestSASS(t *testing.T) {
	nvcc := testtool.Need(t, "nvcc")
	swar := swarPrograms(t)
	list := swar[len(swar)-1:]
	for _, x := range corpusPrograms() {
		if slices.Contains(compiledPrograms, x.name) {
			list = append(list, x)
		}
	}
	slices.SortFunc(list, func(a, b program) int { return strings.Compare(a.name, b.name) })
	table := "# Compiled by nvcc 13.0.88: program, kernel, architecture, registers, instructions a flip.\n"
	for _, x := range list {
		k, err := target.New(emit.Request{Program: x.p})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		write(t, filepath.Join(dir, "k.cu"), k.Source)
		for _, h := range target.Headers(x.p) {
			write(t, filepath.Join(dir, h.Path), h.Data)
		}
		for _, arch := range architectures {
			registers := compiled(t, nvcc, dir, arch, x.name)
			perFlip := "-"
			if k.Layout.Kernel == "swar" {
				n := swarInstructions(t, nvcc, filepath.Join(dir, arch+".cubin"), x.p)
				if arch == "sm_90" && n > maxInstructions {
					t.Errorf("%s: %.2f instructions a flip on %s, more than %d", x.name, n, arch, maxInstructions)
				}
				perFlip = strconv.FormatFloat(n, 'f', 2, 64)
			}
			table += fmt.Sprintf("%-15s %-6s %-7s %4d %6s\n", x.name, k.Layout.Kernel, arch, registers, perFlip)
		}
	}
	if *update {
		write(t, "testdata/sass.txt", []byte(table))
	}
	if want, err := os.ReadFile("testdata/sass.txt"); err != nil || string(want) != table {
		t.Errorf("testdata/sass.txt: %v, and the compiler gives\n%s", err, table)
	}
}

var (
	warnings = regexp.MustCompile(`(?m)^.*(warning|error).*$`)
	spills   = regexp.MustCompile(`(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads`)
	used     = regexp.MustCompile(`(?s)Compiling entry function '\w+_sweep'.*?Used (\d+) registers`)
)

// compiled makes a cubin and returns the registers of the sweep kernel.
func compiled(t *testing.T, nvcc, dir, arch, name string) int {
	t.Helper()
	// 177: constants that the host reads
	cmd := exec.Command(nvcc, "-cubin", "-O3", "-std=c++17", "-fmad=false", "-diag-suppress", "177", "-arch", arch, "-Xptxas", "-v", "k.cu", "-o", arch+".cubin")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	if w := warnings.FindAll(out, -1); w != nil {
		t.Errorf("%s on %s: %s", name, arch, bytes.Join(w, []byte("\n")))
	}
	for _, s := range spills.FindAllStringSubmatch(string(out), -1) {
		if s[1] != "0" || s[2] != "0" || s[3] != "0" {
			t.Errorf("%s on %s: %s", name, arch, s[0])
		}
	}
	m := used.FindSubmatch(out)
	if m == nil {
		t.Fatalf("%s: no registers in\n%s", name, out)
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}

// loop is a range of addresses that a branch goes back over.
type loop struct{ first, last int }

// swarInstructions is how many instructions one flip takes: those of the loop over four
// slots of 32 chains, its four loops over pairs of edges as often as slots have them.
func swarInstructions(t *testing.T, nvcc, cubin string, p *ir.Program) float64 {
	t.Helper()
	out, err := exec.Command(filepath.Join(filepath.Dir(nvcc), "cuobjdump"), "-sass", "-fun", p.Model+"_sweep", cubin).Output()
	if err != nil {
		t.Fatal(err)
	}
	var at []int
	var loops []loop
	for _, m := range regexp.MustCompile(`/\*([0-9a-f]{4,6})\*/ +(.*?) *;`).FindAllStringSubmatch(string(out), -1) {
		here, _ := strconv.ParseInt(m[1], 16, 64)
		at = append(at, int(here))
		if b := regexp.MustCompile(`\bBRA\S* .*0x([0-9a-f]+)`).FindStringSubmatch(m[2]); b != nil {
			if to, _ := strconv.ParseInt(b[1], 16, 64); to < here {
				loops = append(loops, loop{int(to), int(here)})
			}
		}
	}
	size := func(l loop) (n float64) {
		for _, a := range at {
			if l.first <= a && a <= l.last {
				n++
			}
		}
		return n
	}
	inside := func(l loop) (list []loop) {
		for _, x := range loops {
			if x != l && l.first <= x.first && x.last <= l.last {
				list = append(list, x)
			}
		}
		return list
	}
	for _, quad := range loops {
		edges := inside(quad)
		if len(edges) != 4 {
			continue // the loops over superblocks and sweeps hold five and six
		}
		pairs := 0.0
		for _, n := range p.Degrees() {
			pairs += float64(n / 2) // one of the rows is the bias
		}
		pairs /= float64(p.Nodes)
		n := size(quad)
		for _, e := range edges {
			n += size(e) * (pairs - 1)
		}
		return n / 128 * float64(p.Slots()) / float64(p.Nodes)
	}
	t.Fatalf("no loop with four loops inside among %v", loops)
	return 0
}
