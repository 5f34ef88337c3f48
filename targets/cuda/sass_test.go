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
	"github.com/thrmlgen/thrmlgen/targets/targettest"
)

var update = flag.Bool("update", false, "write testdata/sass.txt again")

// architectures that emitted kernels are compiled for.
var architectures = []string{"sm_80", "sm_90", "sm_100"}

// compiledPrograms are those of the corpus that meet every part of the table kernel.
var compiledPrograms = []string{"ars", "bits", "hmc", "networks_mala", "noise", "numbers", "planes", "wide"}

// countedPrograms are models of usual sizes, whose instructions are counted.
var countedPrograms = map[string]string{
	"ising2d": "variables: {s: {kind: spin, shape: [64, 64]}}\nfactors: [{over: [s, s], edges: {torus: s}, weights: 0.44}]\nformat: {planes: 12, rng: philox7, budget: 0.01}",
	"glass3d": "variables: {s: {kind: spin, shape: [16, 16, 16]}}\nfactors: [{over: [s, s], edges: {torus: s}, weights: {signs: 1.0, seed: 1}}]\nformat: {planes: 12, rng: philox7, budget: 0.01}",
	"small":   "variables: {s: {kind: spin, shape: [8, 8]}}\nfactors: [{over: [s, s], edges: {torus: s}, weights: {normal: [0, 0.5], seed: 1}}]",
	"potts":   "variables: {x: {kind: categorical, states: 5, shape: [4, 5]}}\nfactors: [{over: [x, x], edges: {torus: x}, weights: {identity: 1.0}}]",
	"open3d":  "variables: {s: {kind: spin, shape: [32, 32, 32]}}\nfactors: [{over: [s, s], edges: {grid: s}, weights: {signs: 1.0, seed: 1}}]\nformat: {planes: 12, rng: philox7, budget: 0.01}",
}

// maxInstructions is what one flip may take on sm_90.
var maxInstructions = map[string]float64{"pegasus14_fast": 32, "pegasus14_local": 17, "pegasus14_fine": 26, "ising2d": 6, "glass3d": 6}

// Emitted kernels compile with nvcc without warnings, spills or stack, and they
// take as many instructions a flip as testdata/sass.txt says. -update writes the table.
func TestSASS(t *testing.T) {
	nvcc := testtool.Need(t, "nvcc")
	swar, mma := swarPrograms(t), mmaPrograms(t)
	list := []program{swar[len(swar)-1], mma[len(mma)-2], mma[len(mma)-1]}
	for _, x := range corpusPrograms() {
		if slices.Contains(compiledPrograms, x.name) {
			list = append(list, x)
		}
	}
	for name, text := range countedPrograms {
		p, _ := targettest.Parse("model: " + name + "\n" + text)
		list = append(list, program{name, "", p})
	}
	slices.SortFunc(list, func(a, b program) int { return strings.Compare(a.name, b.name) })
	table := "# Compiled by nvcc 13.0.88: program, kernel, architecture, registers, instructions a flip.\n"
	for _, x := range list {
		k, err := target.New(emit.Request{Program: x.p, Kernel: x.kernel})
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
			if count := instructions[k.Layout.Kernel]; count != nil {
				n, err := count(disassembled(t, nvcc, filepath.Join(dir, arch+".cubin"), x.p), x.p)
				if err != nil {
					t.Fatalf("%s on %s: %v", x.name, arch, err)
				}
				if most, ok := maxInstructions[x.name]; ok && arch == "sm_90" && n > most {
					t.Errorf("%s: %.2f instructions a flip on %s, more than %v", x.name, n, arch, most)
				}
				perFlip = strconv.FormatFloat(n, 'f', 2, 64)
			}
			table += fmt.Sprintf("%-15s %-8s %-7s %4d %6s\n", x.name, k.Layout.Kernel, arch, registers, perFlip)
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

// code is machine code: addresses of instructions, ranges that a branch goes back over, calls.
type code struct {
	at      []int
	loops   []loop
	calls   [][2]int // from, to
	returns []int
}

type loop struct{ first, last int }

// disassembled is the sweep kernel of a cubin.
func disassembled(t *testing.T, nvcc, cubin string, p *ir.Program) (c code) {
	t.Helper()
	out, err := exec.Command(filepath.Join(filepath.Dir(nvcc), "cuobjdump"), "-sass", "-fun", p.Model+"_sweep", cubin).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`/\*([0-9a-f]{4,6})\*/ +(.*?) *;`).FindAllStringSubmatch(string(out), -1) {
		here, _ := strconv.ParseInt(m[1], 16, 64)
		c.at = append(c.at, int(here))
		if b := regexp.MustCompile(`\bBRA\S* .*0x([0-9a-f]+)`).FindStringSubmatch(m[2]); b != nil {
			if to, _ := strconv.ParseInt(b[1], 16, 64); to < here {
				c.loops = append(c.loops, loop{int(to), int(here)})
			}
		}
		if b := regexp.MustCompile(`\bCALL\S* .*0x([0-9a-f]+)`).FindStringSubmatch(m[2]); b != nil {
			to, _ := strconv.ParseInt(b[1], 16, 64)
			c.calls = append(c.calls, [2]int{int(here), int(to)})
		}
		if strings.HasPrefix(m[2], "RET") {
			c.returns = append(c.returns, int(here))
		}
	}
	return c
}

// size is how many instructions a loop has.
func (c code) size(l loop) (n float64) {
	for _, a := range c.at {
		if l.first <= a && a <= l.last {
			n++
		}
	}
	return n
}

// inside are the loops in a loop.
func (c code) inside(l loop) (list []loop) {
	for _, x := range c.loops {
		if x != l && l.first <= x.first && x.last <= l.last {
			list = append(list, x)
		}
	}
	return list
}

// instructions is how many of them one flip takes, by kernel.
var instructions = map[string]func(code, *ir.Program) (float64, error){"swar": swarInstructions, "lattice": latticeInstructions, "mma": mmaInstructions, "unrolled": unrolledInstructions}

// swarInstructions are those of the loop over four slots of 32 chains, its four loops over
// pairs of edges as often as slots have them.
func swarInstructions(c code, p *ir.Program) (float64, error) {
	for _, quad := range c.loops {
		edges := c.inside(quad)
		if len(edges) != 4 {
			continue // the loops over superblocks and sweeps hold five and six
		}
		pairs := 0.0
		for _, n := range p.Degrees() {
			pairs += float64(n / 2) // one of the rows is the bias
		}
		pairs /= float64(p.Nodes)
		n := c.size(quad)
		for _, e := range edges {
			n += c.size(e) * (pairs - 1)
		}
		return n / 128 * float64(p.Slots()) / float64(p.Nodes), nil
	}
	return 0, fmt.Errorf("no loop with four loops inside among %v", c.loops)
}

// mmaInstructions are those of the loop over tiles, with one loop inside over all steps of a tile
// but the first.
func mmaInstructions(c code, p *ir.Program) (float64, error) {
	k, err := target.New(emit.Request{Program: p, Kernel: "mma"})
	if err != nil {
		return 0, err
	}
	for _, tiles := range c.loops {
		steps := c.inside(tiles)
		if len(steps) != 1 || len(c.inside(steps[0])) != 0 {
			continue
		}
		n := c.size(tiles) + c.size(steps[0])*(k.StepsPerTile-2)
		return n / (float64(k.Layout.Chains) / 2) * float64(p.Slots()) / float64(p.Nodes), nil
	}
	return 0, fmt.Errorf("no loop with one inside among %v", c.loops)
}

// latticeInstructions are those of the loop over slots of 128 chains, the longest one without others inside.
func latticeInstructions(c code, p *ir.Program) (float64, error) {
	most := 0.0
	for _, l := range c.loops {
		if len(c.inside(l)) == 0 {
			most = max(most, c.size(l))
		}
	}
	return most / 128 * float64(p.Slots()) / float64(p.Nodes), nil
}

// unrolledInstructions are those of the loop over sweeps of a chain, and where choices are calls, those
// of the functions; other calls are for rare ties.
func unrolledInstructions(c code, p *ir.Program) (float64, error) {
	k, err := target.New(emit.Request{Program: p, Kernel: "unrolled"})
	if err != nil {
		return 0, err
	}
	sweeps, n := loop{}, 0.0
	for _, l := range c.loops {
		if c.size(l) > n {
			sweeps, n = l, c.size(l)
		}
	}
	if !bytes.Contains(k.Source, []byte("__noinline__ i32 ")) {
		return n / float64(p.Nodes), nil
	}
	for _, call := range c.calls {
		if call[0] < sweeps.first || call[0] > sweeps.last {
			continue
		}
		end := slices.IndexFunc(c.returns, func(at int) bool { return at > call[1] })
		if end < 0 {
			return 0, fmt.Errorf("a function at %x does not return", call[1])
		}
		n += c.size(loop{call[1], c.returns[end]})
	}
	return n / float64(p.Nodes), nil
}
