package verilog

import (
	"fmt"
	"strings"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// noise is the module of a noise unit, its tables inside.
func (d *design) noise(k ir.Kind) string {
	p := d.p
	about, column, sign := "Logistic noise in units of the fields: a sign, and a magnitude", column(k), 1
	if k == ir.Categorical {
		about, sign = "Gumbel noise in units of the fields: a magnitude", 0
	}
	in, out := d.noiseInput(k), d.noiseBits(k)
	t := &text{}
	t.f("// %s\n//\n// %s drawn from %d cells by the alias method.", emit.Header(p), about, 1<<column)
	t.f("// A column of the table holds what its own cell has of it, and the cell that has the\n// rest. From random bits to noise it takes %d clocks.", noiseClocks)
	switch {
	case d.stored:
		t.f("// There are two tables, which are written at run time; t_i has a word, its column, to which")
		t.f("// table it goes, whether it is written%s.", map[bool]string{true: ", and for both tables how many bits are below them", false: ""}[d.lowWidth(k) > 0])
	case d.choice > 0:
		t.f("// There is a table for each of %d βs.", len(d.betas))
	}
	t.f("`default_nettype none\nmodule %s (\n  input  wire clk_i,\n  input  wire en_i,", d.noiseUnit(k))
	address := slice("w_i", 0, column, in)
	if d.choice > 0 {
		t.f("  input  wire %sb_i,", ranged(d.choice))
		address = fmt.Sprintf("{b_i, %s}", address)
	}
	t.f("%s  input  wire [%d:0] w_i,\n  output reg  [%d:0] n_o\n);", d.unitTablePort(k), in-1, out-1)
	t.f("  reg [15:0] w1, w2;")
	if d.stored {
		d.tables(t, k, address)
	} else {
		d.bakedTables(t, k, address)
	}
	rest := in - 16
	t.f("  reg [%d:0] a3, b3;\n  reg own3;", column-1)
	if rest > 0 {
		t.f("  reg %sx1, x2, x3;", ranged(rest))
	}
	t.f("  wire %spick = own3 ? a3 : b3;", ranged(column))
	magnitude, shifts := d.magnitude(t, k, sign, rest)
	t.f("  always @(posedge clk_i) if (en_i) begin")
	t.f("    w1 <= w_i[15:0]; w2 <= w1;")
	t.f("    own3 <= w2[15:%d] < d2[15:%d]; a3 <= w2[%d:0]; b3 <= d2[%d:0];", column, column, column-1, column-1)
	if rest > 0 {
		t.f("    x1 <= w_i[%d:16]; x2 <= x1; x3 <= x2;", in-1)
	}
	if shifts {
		t.f("    s2 <= s1; s3 <= s2;")
	}
	if sign == 1 {
		s := slice("x3", 0, 1, rest)
		t.f("    n_o <= {%s, %s ^ {%d{%s}}};", s, magnitude, out-1, s)
	} else {
		t.f("    n_o <= %s;", magnitude)
	}
	t.f("  end")
	t.f("endmodule\n`default_nettype wire")
	return t.String()
}

// bakedTables is the block RAM with the tables of all βs, and the register behind it.
func (d *design) bakedTables(t *text, k ir.Kind, address string) {
	var rom []int64
	for b := range d.betas {
		rom = append(rom, d.tableRow(k, b)...)
	}
	if ownRegister(len(rom)) {
		t.f("`ifdef ECP5_RAM // d2 is the output register of a block RAM of ECP5")
		t.outputRegister(rom, address, column(k)+d.choice)
		t.f("`else")
	}
	t.f("  (* rom_style = \"block\", ram_style = \"block\" *) reg [15:0] rom [0:%d];", len(rom)-1)
	t.f("  initial begin")
	for i, x := range rom {
		t.f("    rom[%d] = 16'h%04x;", i, x)
	}
	t.f("  end\n  reg [15:0] d1, d2;\n  always @(posedge clk_i) if (en_i) begin d1 <= rom[%s]; d2 <= d1; end", address)
	if ownRegister(len(rom)) {
		t.f("`endif")
	}
}

// column is the number of random bits that choose a column of the table of a kind.
func column(k ir.Kind) int {
	if k == ir.Categorical {
		return 10
	}
	return 8
}

// tableRow are the words of a kind's table at the β of a number, by column: above the
// bits of a column's number what its own cell has of it, in them the other cell.
func (d *design) tableRow(k ir.Kind, beta int) []int64 {
	table := d.noiseTable(k, beta)
	words := make([]int64, len(table.Own))
	for i, own := range table.Own {
		words[i] = own<<column(k) | int64(table.Alias[i])
	}
	return words
}

// Of a block RAM of ECP5: words of 18 bits, how many of them a parameter holds, and the bits
// that each takes in it.
const ecp5Words, ecp5Row, ecp5Step = 1024, 16, 20

// ownRegister says whether so many words fit one block RAM of ECP5, whose output register a
// noise unit then uses.
func ownRegister(words int) bool { return words <= ecp5Words }

// outputRegister is a table in a block RAM of ECP5 (DP16KD of Lattice's TN1264) with its output
// register, which takes the place of one in the fabric: Yosys infers none. Bits that are 0
// in all words are constants, so that what follows is made no larger by them.
func (t *text) outputRegister(rom []int64, address string, width int) {
	if width < 10 {
		address = fmt.Sprintf("{%d'd0, %s}", 10-width, address)
	}
	ones := int64(0)
	for _, w := range rom {
		ones |= w
	}
	t.f("  wire [15:0] q;\n  wire [15:0] d2 = q & 16'h%04x;\n  wire [9:0] a = %s;", ones, address)
	t.f("  DP16KD #(\n    .DATA_WIDTH_A(18), .DATA_WIDTH_B(18), .REGMODE_A(\"OUTREG\"), .REGMODE_B(\"NOREG\"), .RESETMODE(\"SYNC\"), .GSR(\"DISABLED\"),")
	for row := range len(rom) / ecp5Row {
		x := make([]byte, ecp5Row*ecp5Step/4)
		for i, w := range rom[row*ecp5Row : (row+1)*ecp5Row] {
			copy(x[len(x)-(i+1)*ecp5Step/4:], fmt.Sprintf("%05x", w))
		}
		t.f("    .INITVAL_%02X(320'h%s)%s", row, x, [...]string{",", ""}[(row+1)/(len(rom)/ecp5Row)])
	}
	t.f("  ) u_rom (\n    .CLKA(clk_i), .CEA(en_i), .OCEA(en_i), .WEA(1'b0), .RSTA(1'b0), .CSA2(1'b0), .CSA1(1'b0), .CSA0(1'b0),")
	var in, out []string
	for i := range 14 {
		x := "1'b0"
		if i >= 4 {
			x = fmt.Sprintf("a[%d]", i-4)
		}
		in = append(in, fmt.Sprintf(".ADA%d(%s)", i, x))
	}
	for i := range 16 {
		out = append(out, fmt.Sprintf(".DOA%d(q[%d])", i, i))
	}
	t.f("    %s,", strings.Join(in, ", "))
	t.f("    .CLKB(1'b0), .CEB(1'b0), .OCEB(1'b0), .WEB(1'b0), .RSTB(1'b0), .CSB2(1'b0), .CSB1(1'b0), .CSB0(1'b0),")
	t.f("    %s\n  );", strings.Join(out, ", "))
}

// magnitude is the cell that was picked with the bits below it, of which each β has a number
// of its own: where these differ, s3 says which it is.
func (d *design) magnitude(t *text, k ir.Kind, sign, rest int) (signal string, shifts bool) {
	cell := func(low int) string {
		if low == 0 {
			return "pick"
		}
		return fmt.Sprintf("{pick, %s}", slice("x3", sign, low, rest))
	}
	low, least := d.low(k), d.least(k)
	if least == low {
		return cell(low), false
	}
	width := d.lowWidth(k)
	if d.stored {
		of, at := d.unitTableBits(k), 18+column(k)
		t.register(true, false, width, "s1", fmt.Sprintf("b_i ? %s : %s", slice("t_i", at+width, width, of), slice("t_i", at, width, of)))
	} else {
		var values []int64
		for b := range 1 << d.choice {
			values = append(values, int64(ir.NoiseShift(k, d.betas[min(b, len(d.betas)-1)], d.p.Format.Fraction)-least))
		}
		var taps []string
		for i := range d.choice {
			taps = append(taps, slice("b_i", i, 1, d.choice))
		}
		t.lookup(true, false, width, "s1", taps, values)
	}
	t.f("  reg %ss2, s3;", ranged(width))
	t.f("  reg %smagnitude;\n  always @*\n    case (s3)", ranged(column(k)+low))
	for r := least; r < low; r++ {
		t.f("      %d'd%d: magnitude = {%d'd0, %s};", width, r-least, low-r, strings.Trim(cell(r), "{}"))
	}
	t.f("      default: magnitude = %s;\n    endcase", cell(low))
	return "magnitude", true
}
