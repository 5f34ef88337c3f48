package verilog

import (
	"fmt"
	"math/bits"
	"path"
	"slices"

	"github.com/thrmlgen/thrmlgen/gen/ir"
	"github.com/thrmlgen/thrmlgen/targets/emit"
)

// Long ramps of β with noise: noise units have two tables in a block RAM that is written, one
// for the stretch of sweeps that runs and one for the next. The tables of all βs are in a
// store, from which module _beta loads the next ones, the same words into all units, as soon
// as no superblock reads what they replace. Where the array is sooner it waits, its clock
// enable off, so that no bit depends on how long loading takes.

// mostStored is how many words of 16 bits a store holds: 4 Mbit. A row of its memory has
// rowWords of them: synthesis takes the square of the number of rows as long, and of the
// rows in an initial block.
const mostStored, rowWords, initialRows = 1 << 18, 16, 256

// tableSettle is after how many clocks behind the address of the last word of a table it is
// read: two registers of the store, the tile's, and the block RAM.
const tableSettle = 5

// tableWords is how many words the tables of one β have.
func (d *design) tableWords() int {
	n := 0
	for _, k := range d.kinds() {
		n += 1 << column(k)
	}
	return n
}

// storeWords is how many words the tables of all βs have.
func (d *design) storeWords() int { return len(d.betas) * d.tableWords() }

// checkStore refuses a schedule with more tables than a store holds.
func (d *design) checkStore() error {
	if d.stored && d.storeWords() > mostStored {
		return fmt.Errorf("betas have %d different values, whose tables of noise have %d words of 16 bits, and the store on the chip holds %d: write betas as a list of at most %d different values, each of which lasts several sweeps",
			len(d.betas), d.storeWords(), mostStored, mostStored/d.tableWords())
	}
	return nil
}

// loadingClocks is how long a run through the schedule may wait for tables, in clocks.
func (d *design) loadingClocks() int {
	if !d.stored {
		return 0
	}
	return (len(d.stretches) + 2) * (d.tableWords() + 2*tableSettle)
}

func (a *annealing) stretchBits() int { return log2up(len(a.stretches)) }

// storeBits is the width of an address of the store.
func (d *design) storeBits() int { return log2up(d.storeWords()) }

// storeName is the module with the tables of all βs.
func (d *design) storeName() string { return d.p.Model + "_store" }

// tableColumns is the width of the number of a column in what is written.
func (d *design) tableColumns() int {
	n := 0
	for _, k := range d.kinds() {
		n = max(n, column(k))
	}
	return n
}

// commandBits is the width of what writes a word into the table that it is for: the word,
// its column, and a bit for each kind of unit.
func (d *design) commandBits() int { return 16 + d.tableColumns() + len(d.kinds()) }

// lowWidth is the width of how many bits the noise of a kind has below its table, less the
// fewest, 0 where all βs have as many.
func (d *design) lowWidth(k ir.Kind) int { return bits.Len(uint(d.low(k) - d.least(k))) }

func (d *design) lowWidths() int {
	n := 0
	for _, k := range d.kinds() {
		n += d.lowWidth(k)
	}
	return n
}

// lows are these numbers at a β, of all kinds.
func (d *design) lows(beta int) int {
	x, at := 0, 0
	for _, k := range d.kinds() {
		x |= (ir.NoiseShift(k, d.betas[beta], d.p.Format.Fraction) - d.least(k)) << at
		at += d.lowWidth(k)
	}
	return x
}

// tableBits is the width of what writes tables: from the lowest bit a command, which of
// the two tables, and for each table the numbers of low bits.
func (d *design) tableBits() int { return d.commandBits() + 1 + 2*d.lowWidths() }

// command writes a word of a table.
func (d *design) command(k ir.Kind, at int, word int64) int64 {
	return word | int64(at)<<16 | 1<<(16+d.tableColumns()+slices.Index(d.kinds(), k))
}

// commands are those that write the tables of a β.
func (d *design) commands(beta int) []int64 {
	var all []int64
	for _, k := range d.tableKinds() {
		for at, word := range d.tableRow(k, beta) {
			all = append(all, d.command(k, at, word))
		}
	}
	return all
}

// tableKinds are the kinds in the order of their tables, the longest first, so that the
// lowest bits of a word's place are its column.
func (d *design) tableKinds() []ir.Kind {
	kinds := d.kinds()
	slices.Reverse(kinds)
	return kinds
}

// bitRange is some bits of a signal.
type bitRange struct{ from, bits int }

// unitTable is what a unit of a kind takes of the signal that writes tables.
func (d *design) unitTable(k ir.Kind) []bitRange {
	kind, low := 0, 0
	for i, other := range d.kinds() {
		if other == k {
			kind = i
			break
		}
		low += d.lowWidth(other)
	}
	lows := d.commandBits() + 1
	return []bitRange{{0, 16 + column(k)}, {d.commandBits(), 1}, {16 + d.tableColumns() + kind, 1},
		{lows + low, d.lowWidth(k)}, {lows + d.lowWidths() + low, d.lowWidth(k)}}
}

// unitTableName is the signal of a tile that writes tables of its units of a kind.
func (d *design) unitTableName(k ir.Kind) string {
	return [...]string{"t_logistic", "t_gumbel"}[k]
}

// unitTables takes what writes tables through a register of the tile, and gives each kind
// of its units their part.
func (e *tileEmitter) unitTables() {
	d := e.d
	e.f("  reg %st;\n  always @(posedge clk_i) t <= t_i;", ranged(d.tableBits()))
	has := map[ir.Kind]bool{}
	for _, n := range e.t.nodes {
		has[d.cells[n].kind] = true
	}
	use := make([]bool, d.tableBits())
	for _, k := range d.kinds() {
		if !has[k] {
			continue
		}
		var parts []string
		for _, x := range d.unitTable(k) {
			if x.bits == 0 {
				continue
			}
			parts = append(parts, slice("t", x.from, x.bits, len(use)))
			for i := range x.bits {
				use[x.from+i] = true
			}
		}
		e.f("  wire %s%s = %s;", ranged(d.unitTableBits(k)), d.unitTableName(k), concat(parts))
	}
	e.unused = append(e.unused, gaps("t", use)...)
}

// unitTableBits is the width of what a unit takes: word, column, which table, whether it
// is written, and the numbers of low bits of both tables.
func (d *design) unitTableBits(k ir.Kind) int { return 16 + column(k) + 2 + 2*d.lowWidth(k) }

// tables is the block RAM with both tables of a noise unit, and the register behind it.
func (d *design) tables(t *text, k ir.Kind, address string) {
	c := column(k)
	t.f("  // Nobody writes the table that is read.")
	t.f("  (* ram_style = \"block\", no_rw_check *) reg [15:0] ram [0:%d];", 2<<c-1)
	t.f("  reg [15:0] d1, d2;\n  always @(posedge clk_i) if (t_i[%d]) ram[t_i[%d:16]] <= t_i[15:0];", 17+c, 16+c)
	t.f("  always @(posedge clk_i) if (en_i) begin d1 <= ram[%s]; d2 <= d1; end", address)
}

func (t *text) reloadComment() {
	t.f("//\n// A noise unit has two tables. Stretches of sweeps with one β take them in turn, so that")
	t.f("// a table is written while the other is read: it is free once every superblock is at the")
	t.f("// other. ready_o is 0 where the first superblock comes to a stretch before its table is")
	t.f("// there; en_i then has to be 0. table_o writes tables in all units.")
}

// reload loads the tables of the stretch that comes, whose number a signal has, and of the
// one behind that which is at work.
func (d *design) reload(t *text, number string) {
	w, s, words, lows := d.stretchBits(), len(d.offset), d.tableWords(), d.lowWidths()
	index, at := bits.Len(uint(words+tableSettle)), d.storeBits()
	last := len(d.stretches) - 1
	t.f("\n  // Stretch top is the newest whose table is there, once there is any; coming is the next.")
	t.f("  reg any, loading;")
	t.f("  reg %stop;\n  reg %sindex;\n  reg %sat;", ranged(w), ranged(index), ranged(at))
	t.f("  wire %scoming = any ? top + %d'd1 : %s;", ranged(w), w, number)
	t.f("  wire free = fresh ? ~any : beta_o == %s && top != %d'd%d;", repeated(s, slice("top", 0, 1, w)), w, last)
	t.f("  assign ready_o = rst_i || ~turn || any && top >= %s;", number)
	of := "coming"
	wide := w
	if !counts(d.stretches) {
		of, wide = "which", log2up(len(d.betas))
		t.numbers("which", "coming", w, d.stretches, wide)
	}
	t.f("  always @(posedge clk_i)\n    if (rst_i) begin\n      fresh <= 1'b1;\n      any <= 1'b0;\n      loading <= 1'b0;\n    end else begin")
	t.f("      if (en_i && turn) fresh <= 1'b0;")
	t.f("      if (~loading && free) begin\n        loading <= 1'b1;\n        index <= %d'd0;", index)
	t.f("        at <= {%d'd0, %s} * %d'd%d;\n      end else if (loading) begin", at-wide, of, at, words)
	t.f("        index <= index + %d'd1;\n        at <= at + %d'd1;", index, at)
	t.f("        if (index == %d'd%d) begin\n          loading <= 1'b0;\n          any <= 1'b1;\n          top <= coming;\n        end\n      end\n    end", index, words+tableSettle)

	t.f("\n  // Words of the store come two clocks after their address.")
	t.f("  wire [15:0] word;\n  %s u_store (.clk_i(clk_i), .at_i(at), .word_o(word));", d.storeName())
	columns := d.tableColumns()
	t.f("  reg %scolumn, next_column;\n  reg table_number, next_number;", ranged(columns))
	t.f("  reg %swrite, next_write;", ranged(len(d.kinds())))
	t.f("  always @(posedge clk_i) begin\n    column <= next_column;\n    table_number <= next_number;\n    write <= next_write;")
	t.f("    next_column <= %s;\n    next_number <= %s;", slice("index", 0, columns, index), slice("coming", 0, 1, w))
	first := 0
	for _, k := range d.tableKinds() {
		n := 1 << column(k)
		after := fmt.Sprintf(" && index >= %d'd%d", index, first)
		if first == 0 {
			after = ""
		}
		t.f("    %s <= loading%s && index < %d'd%d;", slice("next_write", slices.Index(d.kinds(), k), 1, len(d.kinds())), after, index, first+n)
		first += n
	}
	t.f("  end")
	if lows > 0 {
		var list []int
		for b := range d.betas {
			list = append(list, d.lows(b))
		}
		t.numbers("low", of, wide, list, lows)
		t.f("  reg %slow0, low1; // of both tables: bits below them\n  always @(posedge clk_i)", ranged(lows))
		t.f("    if (loading) begin\n      if (%s) low1 <= low;\n      else low0 <= low;\n    end", slice("coming", 0, 1, w))
		t.f("  assign table_o = {low1, low0, table_number, write, column, word};")
	} else {
		t.f("  assign table_o = {table_number, write, column, word};")
	}
}

// store is the module with the tables of all βs.
func (d *design) store() string {
	t := &text{}
	t.f("// %s\n//\n// The tables of noise of %d βs, %d words each, by number of β:", emit.Header(d.p), len(d.betas), d.tableWords())
	for _, k := range d.tableKinds() {
		t.f("//   %d words of %s", 1<<column(k), d.noiseUnit(k))
	}
	n := d.storeBits()
	t.f("`default_nettype none\nmodule %s (\n  input  wire clk_i,\n  input  wire %sat_i,\n  output reg  [15:0] word_o\n);", d.storeName(), ranged(n))
	rows, low := d.storeWords()/rowWords, log2up(rowWords)
	t.f("  (* rom_style = \"block\", ram_style = \"block\" *) reg [%d:0] rom [0:%d]; // %d words a row", 16*rowWords-1, rows-1, rowWords)
	row, at := "", 0
	for b := range d.betas {
		for i, c := range d.commands(b) {
			if row = fmt.Sprintf("%04x", c&0xffff) + row; (i+1)%rowWords > 0 {
				continue
			}
			if at%initialRows == 0 {
				t.f("  initial begin")
			}
			t.f("    rom[%d] = %d'h%s;", at, 16*rowWords, row)
			row = ""
			if at++; at%initialRows == 0 || at == rows {
				t.f("  end")
			}
		}
	}
	t.f("  reg [%d:0] row;\n  reg %splace;", 16*rowWords-1, ranged(low))
	t.f("  always @(posedge clk_i) begin\n    row <= rom[%s];\n    place <= %s;\n    word_o <= row[{place, 4'd0} +: 16];\n  end\nendmodule\n`default_nettype wire",
		slice("at_i", low, n-low, n), slice("at_i", 0, low, n))
	return t.String()
}

// TableFile is the file that a simulation of the array reads where tables are reloaded.
const TableFile = "sim/tables.hex"

// tableFile holds, by number of β, what writes its tables, for the testbenches.
func (d *design) tableFile() emit.File {
	var lines []string
	for b := range d.betas {
		for _, c := range d.commands(b) {
			lines = append(lines, fmt.Sprintf("%0*x", (d.commandBits()+3)/4, c))
		}
	}
	return d.hexFile(path.Base(TableFile), lines)
}

// simulatedTables is what the testbenches know of tables.
func (d *design) simulatedTables(data map[string]any) {
	var lows []int
	for b := range d.betas {
		lows = append(lows, d.lows(b))
	}
	data["Tables"], data["Betas"], data["TableRange"] = true, d.stretch, ranged(d.tableBits())
	data["TableList"], data["LastTable"] = d.stretches, len(d.stretches)-1
	data["TableWords"], data["CommandBits"], data["LastCommand"] = d.tableWords(), d.commandBits(), d.storeWords()-1
	data["Lows"], data["LowList"], data["LastLow"], data["LowAt"] = d.lowWidths(), lows, len(lows)-1, d.commandBits()+1
}

// unitTablePort is the port of a noise unit through which its tables are written.
func (d *design) unitTablePort(k ir.Kind) string {
	if !d.stored {
		return ""
	}
	return fmt.Sprintf("  input  wire %st_i,\n", ranged(d.unitTableBits(k)))
}
