// {{.Header}}
//
// lfl128: a shift register with the taps 128, 126, 101 and 99, 96 steps a clock, and
// a filter over lanes of 16 bits: r ^ a(r) ^ (b(r) & c(r)). q_o is the output of the
// state of the clock before. Bits of load_i are added to the first bit of the next state, so
// that 128 clocks lead to any other one.
`default_nettype none
module {{.Model}}_lfl128 #(
  parameter [127:0] SEED = 128'd1
) (
  input  wire        clk_i,
  input  wire        rst_i,
  input  wire        en_i,
  input  wire        load_i,
  output reg  [95:0] q_o
);
  wire [127:0] seed = SEED; // of its own name, so that a simulation may set another one
  reg [127:0] r;
  wire [95:0] f = r[98:3] ^ r[100:5] ^ r[125:30] ^ r[127:32];
{{range .Filter}}  wire [95:0] {{.Name}} = {{.Bits}};
{{end}}  always @(posedge clk_i)
    if (rst_i) r <= seed;
    else if (en_i) r <= {r[31:0], f[95:1], f[0] ^ load_i};
  always @(posedge clk_i)
    if (en_i) q_o <= r[95:0] ^ a ^ (b & c);
endmodule
`default_nettype wire
