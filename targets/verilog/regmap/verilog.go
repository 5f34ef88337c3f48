package regmap

import (
	"fmt"
	"strings"
)

// text collects lines.
type text struct{ strings.Builder }

func (t *text) f(format string, args ...any) { fmt.Fprintf(&t.Builder, format+"\n", args...) }

func ranged(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf("[%d:0] ", n-1)
}

// Verilog is a module of this name: storage of configurations and the decoding of
// addresses. A write with wvalid_i ends in the clock in which wready_o is 1, werror_o
// saying whether it was refused; a read is without clock. Bits without a strobe are 0 in
// wdata_o, which goes to actions. Each register has its port: name_i with the value of a
// status, name_o with that of a configuration, name_we_o, name_ready_i and name_error_i of
// an action. busy_o and access_o tell refused writes and reads apart.
func (m *Map) Verilog(module string) string {
	t := &text{}
	words := m.AddressBits - 2
	t.f("// %s\n//\n// Registers: storage and decoding. registers.md lists them.\n`default_nettype none\nmodule %s (", m.Header, module)
	t.f("  input  wire clk_i,\n  input  wire rst_i,\n  input  wire busy_i,")
	t.f("  input  wire wvalid_i,\n  input  wire [%d:0] waddr_i,\n  input  wire [31:0] wdata_i,\n  input  wire [3:0] wstrb_i,", words-1)
	t.f("  output reg  wready_o,\n  output reg  werror_o,\n  input  wire [%d:0] raddr_i,\n  output reg  [31:0] rdata_o,\n  output reg  rerror_o,", words-1)
	t.f("  output wire [31:0] wdata_o,\n  output wire busy_o,\n  output wire access_o,\n  input  wire rvalid_i%s", m.ports())
	t.f(");")
	t.f("  wire [31:0] mask = {{8{wstrb_i[3]}}, {8{wstrb_i[2]}}, {8{wstrb_i[1]}}, {8{wstrb_i[0]}}};")
	t.f("  assign wdata_o = wdata_i & mask;")
	t.f("  reg wconfig, waction;")
	t.f("  always @* begin\n    wready_o = 1'b1;\n    werror_o = 1'b1;\n    wconfig = 1'b0;\n    waction = 1'b0;\n    case (waddr_i)")
	for i := range m.Registers {
		r := &m.Registers[i]
		switch r.Access {
		case Config:
			var at []string
			for w := range r.Words() {
				at = append(at, m.address(r, w))
			}
			t.f("      %s: begin wconfig = 1'b1; werror_o = busy_i; end", strings.Join(at, ", "))
		case Action:
			t.f("      %s: begin waction = 1'b1; wready_o = %s_ready_i; werror_o = %[2]s_error_i; end", m.address(r, 0), r.Name)
		}
	}
	t.f("      default: ;\n    endcase\n  end")
	t.f("  assign busy_o = wvalid_i && wconfig && busy_i;")
	t.f("  assign access_o = wvalid_i && ~wconfig && ~waction || rvalid_i && rerror_o;")
	for i := range m.Registers {
		m.storage(t, &m.Registers[i])
	}
	t.f("\n  always @* begin\n    rdata_o = 32'd0;\n    rerror_o = 1'b0;\n    case (raddr_i)")
	for i := range m.Registers {
		r := &m.Registers[i]
		for w := range r.Words() {
			if value := r.read(w); value != "" {
				t.f("      %s: rdata_o = %s;", m.address(r, w), value)
			}
		}
		if r.Access == Action {
			t.f("      %s: ;", m.address(r, 0))
		}
	}
	t.f("      default: rerror_o = 1'b1;\n    endcase\n  end")
	t.f("endmodule\n`default_nettype wire")
	return t.String()
}

// address is that of a word of a register, as the decoder has it.
func (m *Map) address(r *Register, word int) string {
	return fmt.Sprintf("%d'h%x", m.AddressBits-2, r.Offset/4+uint32(word))
}

// ports are those of the registers.
func (m *Map) ports() string {
	var b strings.Builder
	for i := range m.Registers {
		r := &m.Registers[i]
		switch r.Access {
		case Status:
			fmt.Fprintf(&b, ",\n  input  wire %s%s_i", ranged(r.Bits), r.Name)
		case Config:
			fmt.Fprintf(&b, ",\n  output reg  %s%s_o", ranged(r.Bits), r.Name)
		case Action:
			fmt.Fprintf(&b, ",\n  output wire %s_we_o,\n  input  wire %[1]s_ready_i,\n  input  wire %[1]s_error_i", r.Name)
		}
	}
	return b.String()
}

// bits are those of a signal that are in word i of the register, and how many.
func (r *Register) bits(signal string, i int) (string, int) {
	n := min(32, r.Bits-32*i)
	switch {
	case r.Bits == 1:
		return signal, 1
	case n == 1:
		return fmt.Sprintf("%s[%d]", signal, 32*i), 1
	}
	return fmt.Sprintf("%s[%d:%d]", signal, 32*i+n-1, 32*i), n
}

// storage keeps a configuration, byte by byte, and passes actions on.
func (m *Map) storage(t *text, r *Register) {
	switch r.Access {
	case Action:
		t.f("  assign %s_we_o = wvalid_i && wready_o && ~werror_o && waddr_i == %s;", r.Name, m.address(r, 0))
	case Config:
		t.f("  always @(posedge clk_i)\n    if (rst_i) begin")
		for w := range r.Words() {
			s, n := r.bits(r.Name+"_o", w)
			t.f("      %s <= %d'h%x;", s, n, r.word(w))
		}
		t.f("    end else if (wvalid_i && ~busy_i) begin")
		for w := range r.Words() {
			s, n := r.bits(r.Name+"_o", w)
			of := ranged(n)
			if n == 1 {
				of = "[0]"
			}
			of = strings.TrimSpace(of)
			t.f("      if (waddr_i == %s) %s <= (%[2]s & ~mask%s) | wdata_o%[3]s;", m.address(r, w), s, of)
		}
		t.f("    end")
	}
}

// read is the value of word i, "" for an action.
func (r *Register) read(i int) string {
	signal := r.Name + "_i"
	switch r.Access {
	case Constant:
		return fmt.Sprintf("32'h%08x", r.word(i))
	case Action:
		return ""
	case Config:
		signal = r.Name + "_o"
	}
	s, n := r.bits(signal, i)
	if n == 32 {
		return s
	}
	return fmt.Sprintf("{%d'd0, %s}", 32-n, s)
}
