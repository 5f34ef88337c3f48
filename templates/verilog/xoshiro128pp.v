// {{.Header}}
//
// xoshiro128++ of Blackman and Vigna. q_o is the output of the state of the clock
// before. Bits of load_i are added to the first bit of the next state, so that 128 clocks
// lead to any other one.
`default_nettype none
module {{.Model}}_xoshiro128pp #(
  parameter [127:0] SEED = 128'd1
) (
  input  wire        clk_i,
  input  wire        rst_i,
  input  wire        en_i,
  input  wire        load_i,
  output reg  [31:0] q_o
);
  wire [127:0] seed = SEED; // of its own name, so that a simulation may set another one
  reg [127:0] r;
  wire [31:0] x0 = r[31:0], x1 = r[63:32], x2 = r[95:64], x3 = r[127:96];
  wire [31:0] y2 = x2 ^ x0, y3 = x3 ^ x1;
  wire [31:0] sum = x0 + x3;
  always @(posedge clk_i)
    if (rst_i) r <= seed;
    else if (en_i) r <= {{"{{"}}y3[20:0], y3[31:21]}, y2 ^ {x1[22:0], 9'd0}, x1 ^ y2, x0 ^ y3 ^ {31'd0, load_i}};
  always @(posedge clk_i)
    if (en_i) q_o <= {sum[24:0], sum[31:25]} + x0;
endmodule
`default_nettype wire
