// {{.Header}}
//
// A top for small boards: after reset the array takes the initial states that are
// baked here and runs. Every {{.Period}} clocks a state leaves through q_o, bit 0 first, while f_o
// is 1: frame j is chain n mod {{.K}} after sweep n div {{.K}}, both counted from 0, n = {{.Period}}·j + {{.LastOffset}}.
`default_nettype none
module {{.Model}}_pins (
  input  wire clk_i,
  input  wire rst_i,
  output reg  q_o,
  output reg  f_o
);
  wire [{{.TopBit}}:0] s;
  reg  [{{.TopNode}}:0] set, next_set;
  reg  [{{.TopBit}}:0] val, next_val;
  reg  [{{.TimeBits}}:0] t;      // edges since reset, up to {{.Loaded}}
  reg  [{{.PhaseBits}}:0] phase; // edges since a state began to be captured
  reg  rst, rst_array;
  reg  [{{.TopBit}}:0] state;

  {{.Model}}_array u_array (.clk_i(clk_i), .rst_i(rst_array), .en_i(1'b1), .load_i({{.Loaders}}'d0), .set_i(set), .val_i(val), .s_o(s));

  // What time and phase decide comes from registers, and the array's edges are one
  // behind t.
  always @(posedge clk_i) begin
    rst <= rst_i;
    rst_array <= rst;
    if (rst) t <= {{.Time}}'d0;
    else if (t != {{.Time}}'d{{.Loaded}}) t <= t + {{.Time}}'d1;
    if (rst || t != {{.Time}}'d{{.Loaded}}) phase <= {{.Phase}}'d0;
    else if (phase == {{.Phase}}'d{{.LastPhase}}) phase <= {{.Phase}}'d0;
    else phase <= phase + {{.Phase}}'d1;
  end

  // The initial state of a chain goes into each superblock when its turn comes.
  always @* begin
    next_set = {{.Nodes}}'d0;
    next_val = {{.Bits}}'d0;
    case (t)
{{range .Loads}}      {{$.Time}}'d{{.At}}: begin next_set = {{$.Nodes}}'h{{.Set}}; next_val = {{$.Bits}}'h{{.Val}}; end
{{end}}      default: ;
    endcase
  end
  always @(posedge clk_i) begin
    set <= next_set;
    val <= next_val;
  end

  reg shift, frame{{range .Captures}}, take{{.Number}}{{end}};
  always @(posedge clk_i) begin
    shift <= phase > {{.Phase}}'d{{.LastOffset}};
    frame <= phase > {{.Phase}}'d{{.LastOffset}} && phase <= {{.Phase}}'d{{.LastBit}};
{{range .Captures}}    take{{.Number}} <= t == {{$.Time}}'d{{$.Loaded}} && phase == {{$.Phase}}'d{{.Offset}};
{{end}}  end
  wire [{{.TopBit}}:0] take = {{.Take}};
  always @(posedge clk_i) begin
    state <= shift ? {{.Shifted}} : (state & ~take) | (s & take);
    q_o <= state[0];
    f_o <= frame;
  end
endmodule
`default_nettype wire
