package verilog

import (
	"fmt"
	"math/bits"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// Limits of annealing: every β of a schedule has tables of its own in each cell, chosen by
// a number that goes with the chains from superblock to superblock. Noise units of more βs
// have two tables, which are reloaded (reload.go).
const (
	mostBetas    = 64      // that differ
	mostNoise    = 4       // of them where the rule is noise: what a block RAM of ECP5 holds
	mostSchedule = 1 << 16 // sweeps up to the last change
)

// annealing is β as the hardware has it. Sweep t of the schedule takes the tables of
// betas[sweeps[t]], later ones those of the last.
type annealing struct {
	betas  []float64 // that differ, in the order of their first sweeps
	sweeps []int
	choice int // bits of a number of tables, 0 for one β

	// Where tables are reloaded, from a store of those of all betas, the number of tables
	// alternates between stretches of sweeps with one β: sweep t is in stretch[t], and
	// stretch i has betas[stretches[i]].
	stored             bool
	stretch, stretches []int
}

func newAnnealing(p *ir.Program) (annealing, error) {
	a := annealing{}
	number := map[float64]int{}
	for _, b := range p.AllBetas() {
		if _, known := number[b]; !known {
			number[b] = len(a.betas)
			a.betas = append(a.betas, b)
		}
		a.sweeps = append(a.sweeps, number[b])
	}
	last := len(a.sweeps) - 1
	for last > 0 && a.sweeps[last-1] == a.sweeps[last] {
		last--
	}
	a.sweeps = a.sweeps[:last+1]
	a.choice = log2up(len(a.betas))
	if !p.Format.Noise && len(a.betas) > mostBetas {
		return a, fmt.Errorf("betas have %d different values and truth tables of thresholds hold at most %d: write choice: noise, whose tables are reloaded as the schedule goes, or betas as a list in which each of fewer values lasts several sweeps", len(a.betas), mostBetas)
	}
	if a.stored = p.Format.Noise && len(a.betas) > mostNoise; a.stored {
		a.choice = 1
		for t, b := range a.sweeps {
			if t == 0 || b != a.sweeps[t-1] {
				a.stretches = append(a.stretches, b)
			}
			a.stretch = append(a.stretch, len(a.stretches)-1)
		}
	}
	if len(a.sweeps) > mostSchedule {
		return a, fmt.Errorf("betas change for %d sweeps and the array counts %d: write a shorter warm-up; the shell's BETA_STEPS stretches it", len(a.sweeps), mostSchedule)
	}
	return a, nil
}

// Betas is how many different βs the cells of a program's array have tables for.
func Betas(p *ir.Program) int {
	a, _ := newAnnealing(p)
	return len(a.betas)
}

// position is the sweep of the schedule whose β a sweep has.
func (a *annealing) position(sweep uint64) int {
	return int(min(sweep, uint64(len(a.sweeps)-1)))
}

// beta is that of a sweep of the schedule.
func (a *annealing) beta(sweep int) float64 { return a.betas[a.sweeps[a.position(uint64(sweep))]] }

// positionBits is the width of a place in the schedule.
func (a *annealing) positionBits() int { return max(1, log2up(len(a.sweeps))) }

// low is the most bits that noise of a kind has below its table, over all βs.
func (d *design) low(k ir.Kind) int {
	low := 0
	for _, b := range d.betas {
		low = max(low, ir.NoiseShift(k, b, d.p.Format.Fraction))
	}
	return low
}

// least is the fewest of these bits.
func (d *design) least(k ir.Kind) int {
	least := d.low(k)
	for _, b := range d.betas {
		least = min(least, ir.NoiseShift(k, b, d.p.Format.Fraction))
	}
	return least
}

// differentShifts is how many different numbers of these bits βs have.
func (d *design) differentShifts(k ir.Kind) int {
	seen := map[int]bool{}
	for _, b := range d.betas {
		seen[ir.NoiseShift(k, b, d.p.Format.Fraction)] = true
	}
	return len(seen)
}

// spinTables are the thresholds of spins by number of β.
func (a *annealing) spinTables(f ir.Format) []*interp.SpinTable {
	var all []*interp.SpinTable
	for _, b := range a.betas {
		all = append(all, interp.NewSpinTable(b, f.Fraction, f.Segments, f.ThresholdBits))
	}
	return all
}

// noiseTables are those of a kind of node by number of β.
func (d *design) noiseTables(k ir.Kind) []*interp.NoiseTable {
	var all []*interp.NoiseTable
	for b := range d.betas {
		all = append(all, d.noiseTable(k, b))
	}
	return all
}

// noiseTable is that of a kind of node at the β of a number.
func (d *design) noiseTable(k ir.Kind, beta int) *interp.NoiseTable {
	if k == ir.Categorical {
		return interp.NewGumbel(d.betas[beta], d.p.Format.Fraction)
	}
	return interp.NewLogistic(d.betas[beta], d.p.Format.Fraction)
}

// betaLead is how many edges before its value a cell takes the number of its β.
func (d *design) betaLead() int {
	if d.p.Format.Noise {
		return d.lead
	}
	return d.stages()
}

// betaName is the module that gives superblocks the numbers of their βs.
func (d *design) betaName() string { return d.p.Model + "_beta" }

// betaModule counts the sweeps of the schedule. The number for a sweep is there from the
// edge before the first superblock takes it, and goes on to the others as chains do.
func (d *design) betaModule() string {
	t := &text{}
	w, place, last, s := d.choice, d.positionBits(), len(d.sweeps)-1, len(d.offset)
	numbers, wide := d.sweeps, w
	if d.stored {
		numbers, wide = d.stretch, d.stretchBits()
	}
	first := d.start - d.betaLead() - 1 // edges before sweep 0 is taken
	left := max(1, bits.Len(uint(max(first, d.k-1))))
	t.f("// %s\n//\n// The number of β for each superblock, as the schedule has it. Edges are counted with the", emit.Header(d.p))
	t.f("// array's. Sweep t has the β of sweep min(first_i + t div steps_i, %d) of the schedule;", last)
	t.f("// at_o is which one the first superblock is at.")
	if d.stored {
		t.reloadComment()
	}
	t.f("// βs by number:")
	for i, b := range d.betas {
		t.f("//   %d: %v", i, b)
	}
	t.f("`default_nettype none\nmodule %s (\n  input  wire clk_i,\n  input  wire rst_i,\n  input  wire en_i,", d.betaName())
	t.f("  input  wire [31:0] first_i,\n  input  wire [31:0] steps_i,\n  output reg  %sbeta_o,", ranged(w*s))
	if d.stored {
		t.f("  output wire ready_o,\n  output wire %stable_o,", ranged(d.tableBits()))
	}
	t.f("  output reg  [31:0] at_o\n);")
	t.f("  reg %snext;  // sweep of the schedule that comes\n  reg [31:0] held; // sweeps for which it stays, less one", ranged(place))
	t.f("  reg %sleft;   // edges before it comes\n  wire turn = left == %d'd0;", ranged(left), left)
	number := "next"
	if !counts(numbers) {
		number = "number"
		t.numbers("number", "next", place, numbers, wide)
	}
	t.f("  always @(posedge clk_i)\n    if (rst_i) begin\n      left <= %d'd%d;", left, first)
	t.f("      next <= first_i > 32'd%d ? %d'd%[1]d : %[3]s;", last, place, slice("first_i", 0, place, 32))
	t.f("      held <= steps_i - 32'd1;\n    end else if (en_i) begin")
	t.f("      left <= turn ? %d'd%d : left - %[1]d'd1;", left, d.k-1)
	t.f("      if (turn) begin\n        held <= held == 32'd0 ? steps_i - 32'd1 : held - 32'd1;")
	t.f("        if (held == 32'd0 && next != %d'd%d) next <= next + %[1]d'd1;\n      end\n    end", place, last)
	at := "next"
	if place < 32 {
		at = fmt.Sprintf("{%d'd0, next}", 32-place)
	}
	t.f("  always @(posedge clk_i)\n    if (rst_i) at_o <= 32'd0;\n    else if (en_i && turn) at_o <= %s;", at)
	otherwise := ""
	if d.stored {
		t.f("  reg fresh; // nothing was taken since reset")
		otherwise = fmt.Sprintf("if (fresh) beta_o <= %s;\n    else ", repeated(s, slice(number, 0, 1, wide)))
	}
	t.f("  always @(posedge clk_i)\n    %sif (en_i) begin\n      if (turn) %s <= %s;", otherwise, slice("beta_o", 0, w, w*s), slice(number, 0, w, wide))
	for c := 1; c < s; c++ {
		t.f("      if (left == %d'd%d) %s <= %s;", left, d.k-d.offset[c], slice("beta_o", c*w, w, w*s), slice("beta_o", (c-1)*w, w, w*s))
	}
	t.f("    end")
	if d.stored {
		d.reload(t, number)
	}
	t.f("endmodule\n`default_nettype wire")
	return t.String()
}

// numbers emits a list of numbers of so many bits, chosen by a signal; the last one is that
// of all later places.
func (t *text) numbers(name, from string, place int, list []int, width int) {
	last := len(list) - 1
	t.f("  reg %s%s;\n  always @*\n    case (%s)", ranged(width), name, from)
	for i, x := range list[:last] {
		t.f("      %d'd%d: %s = %d'd%d;", place, i, name, width, x)
	}
	t.f("      default: %s = %d'd%d;\n    endcase", name, width, list[last])
}

// repeated is a signal so many times.
func repeated(times int, signal string) string {
	if times == 1 {
		return signal
	}
	return fmt.Sprintf("{%d{%s}}", times, signal)
}

// counts is whether place t of a list has number t.
func counts(list []int) bool {
	for i, x := range list {
		if i != x {
			return false
		}
	}
	return true
}
