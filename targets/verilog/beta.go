package verilog

import (
	"fmt"
	"math/bits"

	"github.com/thrmlgen/thrmlgen/gen/interp"
	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// Limits of annealing: every β of a schedule has tables of its own in each cell, chosen by
// a number that goes with the chains from superblock to superblock.
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
	if len(a.betas) > mostBetas {
		return a, fmt.Errorf("betas have %d different values and cells choose between tables of at most %d: write betas as a list in which each of fewer values lasts several sweeps", len(a.betas), mostBetas)
	}
	if p.Format.Noise && len(a.betas) > mostNoise {
		return a, fmt.Errorf("betas have %d different values and noise units hold tables of at most %d: write choice: threshold where nodes have few neighbours, or betas as a list in which each of fewer values lasts several sweeps", len(a.betas), mostNoise)
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
	table := interp.NewLogistic
	if k == ir.Categorical {
		table = interp.NewGumbel
	}
	var all []*interp.NoiseTable
	for _, b := range d.betas {
		all = append(all, table(b, d.p.Format.Fraction))
	}
	return all
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
	first := d.start - d.betaLead() - 1 // edges before sweep 0 is taken
	left := max(1, bits.Len(uint(max(first, d.k-1))))
	t.f("// %s\n//\n// The number of β for each superblock, as the schedule has it. Edges are counted with the", emit.Header(d.p))
	t.f("// array's. Sweep t has the β of sweep min(first_i + t div steps_i, %d) of the schedule;", last)
	t.f("// at_o is which one the first superblock is at. βs by number:")
	for i, b := range d.betas {
		t.f("//   %d: %v", i, b)
	}
	t.f("`default_nettype none\nmodule %s (\n  input  wire clk_i,\n  input  wire rst_i,\n  input  wire en_i,", d.betaName())
	t.f("  input  wire [31:0] first_i,\n  input  wire [31:0] steps_i,\n  output reg  %sbeta_o,\n  output reg  [31:0] at_o\n);", ranged(w*s))
	t.f("  reg %snext;  // sweep of the schedule that comes\n  reg [31:0] held; // sweeps for which it stays, less one", ranged(place))
	t.f("  reg %sleft;   // edges before it comes\n  wire turn = left == %d'd0;", ranged(left), left)
	number := "next"
	if !d.counts() {
		number = "number"
		t.f("  reg %snumber;\n  always @*\n    case (next)", ranged(w))
		for i, x := range d.sweeps[:last] {
			t.f("      %d'd%d: number = %d'd%d;", place, i, w, x)
		}
		t.f("      default: number = %d'd%d;\n    endcase", w, d.sweeps[last])
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
	t.f("  always @(posedge clk_i)\n    if (en_i) begin\n      if (turn) %s <= %s;", slice("beta_o", 0, w, w*s), number)
	for c := 1; c < s; c++ {
		t.f("      if (left == %d'd%d) %s <= %s;", left, d.k-d.offset[c], slice("beta_o", c*w, w, w*s), slice("beta_o", (c-1)*w, w, w*s))
	}
	t.f("    end\nendmodule\n`default_nettype wire")
	return t.String()
}

// counts is whether sweep t of the schedule has the βs of number t.
func (a *annealing) counts() bool {
	for i, x := range a.sweeps {
		if i != x {
			return false
		}
	}
	return true
}
