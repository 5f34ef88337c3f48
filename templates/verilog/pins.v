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
  reg  [{{.TopNode}}:0] set;
  reg  [{{.TopBit}}:0] val;
  reg  [{{.TimeBits}}:0] t;      // edges since reset, up to {{.Loaded}}
  reg  [{{.PhaseBits}}:0] phase; // edges since a state began to be captured
  reg  rst;
  reg  [{{.TopBit}}:0] state;

  {{.Model}}_array u_array (.clk_i(clk_i), .rst_i(rst), .en_i(1'b1), .set_i(set), .val_i(val), .s_o(s));

  always @(posedge clk_i) begin
    rst <= rst_i;
    if (rst) t <= {{.Time}}'d0;
    else if (t != {{.Time}}'d{{.Loaded}}) t <= t + {{.Time}}'d1;
    if (rst || t != {{.Time}}'d{{.Loaded}}) phase <= {{.Phase}}'d0;
    else if (phase == {{.Phase}}'d{{.LastPhase}}) phase <= {{.Phase}}'d0;
    else phase <= phase + {{.Phase}}'d1;
  end

  // The initial state of a chain goes into each superblock when its turn comes.
  always @* begin
    set = {{.Nodes}}'d0;
    val = {{.Bits}}'d0;
    case (t)
{{range .Loads}}      {{$.Time}}'d{{.At}}: begin set = {{$.Nodes}}'h{{.Set}}; val = {{$.Bits}}'h{{.Val}}; end
{{end}}      default: ;
    endcase
  end

  wire shift = phase > {{.Phase}}'d{{.LastOffset}};
{{range .Captures}}  wire take{{.Number}} = t == {{$.Time}}'d{{$.Loaded}} && phase == {{$.Phase}}'d{{.Offset}};
{{end}}  wire [{{.TopBit}}:0] take = {{.Take}};
  always @(posedge clk_i) begin
    state <= shift ? {{.Shifted}} : (state & ~take) | (s & take);
    q_o <= state[0];
    f_o <= shift && phase <= {{.Phase}}'d{{.LastBit}};
  end
endmodule
`default_nettype wire
