package compile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/targets/emit"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
	"github.com/thrmlgen/thrmlgen/targets/verilog"
)

func hardwareModel(t *testing.T, name string) *ir.Program {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "hardware", name+".yaml"))
	if errors.Is(err, fs.ErrNotExist) { // a ready model
		text, err = os.ReadFile(filepath.Join("..", "..", "models", name+".yaml"))
		text = append(text, "\nformat: hardware"...)
	}
	if err != nil {
		t.Fatal(err)
	}
	p, _ := targettest.Parse(string(text))
	return p
}

// hardwareRow is a line of the table: what was measured, and what is promised.
type hardwareRow struct {
	line        string
	placed      bool
	top         string // of a placed design: pins, or axi
	model, part string
	mapped      verilog.Resources
	most        int // LUT
	tiles, of   int // mapped, where the array follows from them
	logic, ram  int
	mhz         float64
	freq        float64
	seed        int
	least       float64 // flips/ns
	area        float64 // of cells of osu018
}

func hardwareTable(t *testing.T) []hardwareRow {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "hardware", "table.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []hardwareRow
	for _, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		r := hardwareRow{line: line, placed: strings.HasPrefix(line, "placed")}
		what := ""
		switch {
		case strings.HasPrefix(line, "tiles"):
			_, err = fmt.Sscan(line, &what, &r.model, &r.part, &r.tiles, &r.of, &r.mapped.LUT, &r.mapped.FF, &r.mapped.RAM)
		case strings.HasPrefix(line, "area"):
			_, err = fmt.Sscan(line, &what, &r.model, &r.part, &r.area)
		case r.placed:
			_, err = fmt.Sscan(line, &what, &r.top, &r.model, &r.part, &r.logic, &r.ram, &r.mhz, &r.freq, &r.seed, &r.least)
		default:
			_, err = fmt.Sscan(line, &what, &r.model, &r.part, &r.mapped.LUT, &r.mapped.FF, &r.mapped.RAM, &r.most)
		}
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		rows = append(rows, r)
	}
	return rows
}

// Estimates made before synthesis are within 15 % of what the table says, and the
// table is within what is promised.
func TestHardwareEstimates(t *testing.T) {
	near := func(a, b int) bool { return math.Abs(float64(a-b)) <= 0.15*float64(b) }
	for _, r := range hardwareTable(t) {
		if r.area > 0 {
			continue // is not estimated
		}
		e, err := verilog.NewEstimate(hardwareModel(t, r.model), verilog.FindFamily(r.part))
		if err != nil {
			t.Fatal(err)
		}
		flips := float64(e.Flips) * r.mhz / 1000
		switch {
		case r.placed && flips < r.least:
			t.Errorf("%s on %s: %.1f flips/ns, not %v", r.model, r.part, flips, r.least)
		case r.placed && r.top == "pins" && math.Abs(e.MHz-r.mhz) > 0.15*r.mhz:
			t.Errorf("%s on %s: a clock of %.0f MHz is estimated, placed are %.0f", r.model, r.part, e.MHz, r.mhz)
		case !r.placed && r.most > 0 && r.mapped.LUT > r.most:
			t.Errorf("%s on %s: %d LUT, not %d", r.model, r.part, r.mapped.LUT, r.most)
		case !r.placed && (!near(e.Array.LUT, r.mapped.LUT) || !near(e.Array.FF, r.mapped.FF) || e.Array.RAM != r.mapped.RAM):
			t.Errorf("%s on %s: estimated %+v, mapped %+v", r.model, r.part, e.Array, r.mapped)
		}
	}
}

// synthesise puts an emitted project into a folder for the tools.
func synthesise(t *testing.T, p *ir.Program) (s *Synthesis, sources []string) {
	t.Helper()
	files, err := verilog.Emit(emit.Request{Program: p})
	if err != nil {
		t.Fatal(err)
	}
	bench, _, err := verilog.KindBench(p)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = NewSynthesis(append(files, bench...), 40*time.Minute); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, VerilogSources(files)
}

// Yosys makes of the models what the table says: of one of them, or of those whose lines
// match THRML_HARDWARE, with the clock of those that are placed.
func TestHardwareTable(t *testing.T) {
	testtool.Need(t, "yosys")
	wanted, err := regexp.Compile(cmp.Or(os.Getenv("THRML_HARDWARE"), "^mapped torus4 +hx8k"))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for _, r := range hardwareTable(t) {
		if !wanted.MatchString(r.line) {
			continue
		}
		p := hardwareModel(t, r.model)
		s, sources := synthesise(t, p)
		if r.tiles > 0 {
			e, err := verilog.NewEstimate(p, verilog.FindFamily(r.part))
			if err != nil {
				t.Fatal(err)
			}
			m, err := s.MapTiles(ctx, e, r.tiles)
			if err != nil {
				t.Fatal(err)
			}
			array, tiles := e.Extrapolate(m)
			if t.Logf("tiles %s %s %d %d %+v", r.model, r.part, tiles, e.Tiles(), array); tiles != r.tiles || e.Tiles() != r.of || array != r.mapped {
				t.Errorf("%s on %s: %+v by %d of %d tiles, the table says %+v by %d of %d", r.model, r.part, array, tiles, e.Tiles(), r.mapped, r.tiles, r.of)
			}
			continue
		}
		if r.area > 0 {
			m, err := s.Area(ctx, filepath.Join("..", "..", "out", "place", r.part+"_stdcells.lib"), p.Model+"_array", sources)
			if err != nil {
				t.Fatal(err)
			}
			if t.Logf("area %s %s %.0f", r.model, r.part, m.Area); math.Abs(m.Area-r.area) > 0.03*r.area {
				t.Errorf("%s with %s: an area of %.0f, the table says %.0f", r.model, r.part, m.Area, r.area)
			}
			continue
		}
		if !r.placed {
			m, err := s.Map(ctx, r.part, p.Model+"_array", sources)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("mapped %s %s %d %d %d", r.model, r.part, m.All.LUT, m.All.FF, m.All.RAM)
			if d := m.All.LUT - r.mapped.LUT; d*d*1000 > r.mapped.LUT*r.mapped.LUT /* 3 % */ || m.All.FF != r.mapped.FF || m.All.RAM != r.mapped.RAM {
				t.Errorf("%s on %s: mapped %+v, the table says %+v", r.model, r.part, m.All, r.mapped)
			}
			continue
		}
		placed, err := s.Place(ctx, r.part, p.Model+"_"+r.top, sources, r.freq, r.seed)
		if err != nil {
			t.Errorf("%s on %s: %v", r.model, r.part, err)
			continue
		}
		t.Logf("placed %s %s %s %d %d %.1f", r.top, r.model, r.part, placed.Logic, placed.RAM, placed.MHz)
		e, err := verilog.NewEstimate(p, verilog.FindFamily(r.part))
		if err != nil {
			t.Fatal(err)
		}
		if flips := float64(e.Flips) * placed.MHz / 1000; flips < r.least || placed.MHz < 0.85*r.mhz {
			t.Errorf("%s on %s: %.1f MHz, %.1f flips/ns; the table says %.1f MHz and at least %v", r.model, r.part, placed.MHz, flips, r.mhz, r.least)
		}
	}
}

// What a kind of cell takes is said by its module.
func TestKinds(t *testing.T) {
	testtool.Need(t, "yosys")
	p := hardwareModel(t, "torus4")
	s, _ := synthesise(t, p)
	m, err := s.Map(context.Background(), "hx8k", "kinds", []string{"kinds.v"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Modules["kind0"], (verilog.Resources{LUT: 13, FF: 13}); got != want {
		t.Errorf("a cell takes %+v, not %+v", got, want)
	}
}

// Reports of the tools, and what is none.
func TestToolReports(t *testing.T) {
	m, err := parseStat(`
=== $paramod$0123\m_lfl128 ===
     SB_LUT4   193
     SB_DFFESR   128
=== m_array ===
     $paramod$0123\m_lfl128      2
     SB_RAM40_4K      3
=== design hierarchy ===
     SB_LUT4   386
     SB_RAM40_4K      3
`, "m_array")
	if err != nil || m.All != (verilog.Resources{LUT: 386, RAM: 3}) || m.Modules["m_lfl128"] != (verilog.Resources{LUT: 193, FF: 128}) {
		t.Errorf("%+v %v", m, err)
	}
	if _, err := parseStat("nothing", "m_array"); err == nil {
		t.Error("a report without the top is taken")
	}
	p, err := parsePlaced([]byte(`{"fmax": {"a": {"achieved": 90}, "b": {"achieved": 80.5}}, "utilization": {"TRELLIS_COMB": {"used": 5}, "DP16KD": {"used": 2}}}`))
	if err != nil || p.MHz != 80.5 || p.Logic != 5 || p.RAM != 2 {
		t.Errorf("%+v %v", p, err)
	}
	for _, bad := range []string{"", "{}", `{"fmax": 3}`} {
		if _, err := parsePlaced([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
