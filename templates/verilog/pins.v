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
  reg  [{{.TimeBits}}:0] t;      // edges since reset, up to {{.Loaded}}
  reg  [{{.PhaseBits}}:0] phase; // edges since a state began to be captured
  reg  rst, rst_next;
  reg  shift, frame, frame_next{{range .Captures}}, take{{.Number}}{{end}};

{{if .Tables}}  // Where the array waits for tables of noise, all waits that is not behind reset.
  wire ready;
  wire run = rst | rst_next | ready;

{{end}}  // What time and phase decide goes to each part of the design through registers of
  // its own, and the array's edges are two behind t.
  always @(posedge clk_i) begin
    rst <= rst_i;
    rst_next <= rst;
    if (rst) t <= {{.Time}}'d0;
    else if ({{.Run}}t != {{.Time}}'d{{.Loaded}}) t <= t + {{.Time}}'d1;
    if (rst || t != {{.Time}}'d{{.Loaded}}) phase <= {{.Phase}}'d0;
    else if ({{.Run}}phase == {{.Phase}}'d{{.LastPhase}}) phase <= {{.Phase}}'d0;
    else {{if .Tables}}if (run) {{end}}phase <= phase + {{.Phase}}'d1;
{{if .Tables}}    if (run) begin
{{end}}    shift <= phase > {{.Phase}}'d{{.LastOffset}};
    frame <= phase > {{.Phase}}'d{{.LastOffset}} && phase <= {{.Phase}}'d{{.LastBit}};
{{range .Captures}}    take{{.Number}} <= t == {{$.Time}}'d{{$.Loaded}} && phase == {{$.Phase}}'d{{.Offset}};
{{end}}{{if .Tables}}    end
{{end}}  end

{{range .Resets}}  wire rst{{.Number}};
  {{$.Model}}_copy u_rst{{.Number}} (.clk_i(clk_i), {{if $.Tables}}.en_i(1'b1), {{end}}.d_i(rst_next), .q_o(rst{{.Number}}));
{{end}}{{range .Parts}}
  // Nodes from {{.First}}. The initial state of a chain goes into each superblock when its
  // turn comes, and leaves when it is captured.
{{if .Loads}}  wire [{{$.TimeBits}}:0] t{{.Number}};
{{end}}  wire {{.Takes}};
  {{$.Model}}_copy #({{.Width}}) u_part{{.Number}} (.clk_i(clk_i), {{if $.Tables}}.en_i(run), {{end}}.d_i({{.Source}}), .q_o({{.Copies}}));
  reg  [{{.TopNode}}:0] set{{.Number}}, next_set{{.Number}};
  reg  [{{.TopBit}}:0] val{{.Number}}, next_val{{.Number}}, state{{.Number}};
  always @* begin
    next_set{{.Number}} = {{.Nodes}}'d0;
    next_val{{.Number}} = {{.Bits}}'d0;
{{if .Loads}}{{$p := .}}    case (t{{.Number}})
{{range .Loads}}      {{$.Time}}'d{{.At}}: begin next_set{{$p.Number}} = {{$p.Nodes}}'h{{.Set}}; next_val{{$p.Number}} = {{$p.Bits}}'h{{.Val}}; end
{{end}}      default: ;
    endcase
{{end}}  end
  wire [{{.TopBit}}:0] take_part{{.Number}} = {{.Take}};
{{end}}
  wire [{{.TopBit}}:0] s;
{{if .Betas}}  reg beta_rst; // goes with those of the parts
  wire {{.BetaRange}}beta;
  wire [31:0] beta_at;
  always @(posedge clk_i) beta_rst <= rst_next;
{{if .Tables}}  wire {{.Tables}}tables;
{{end}}  {{.Model}}_beta u_beta (.clk_i(clk_i), .rst_i(beta_rst), .en_i({{.Enable}}), .first_i(32'd0), .steps_i(32'd1), {{if .Tables}}.ready_o(ready), .table_o(tables), {{end}}.beta_o(beta), .at_o(beta_at));
  wire beta_unused = &{1'b0, beta_at};
{{end}}  {{.Model}}_array u_array (
    {{if .Betas}}.beta_i(beta), {{end}}{{if .Tables}}.table_i(tables), {{end}}.clk_i(clk_i), .en_i({{.Enable}}), .load_i({{.Loaders}}'d0),
    .rst_i({{.AllResets}}),
    .set_i({{.AllSets}}),
    .val_i({{.AllVals}}),
    .s_o(s)
  );

  always @(posedge clk_i) begin
{{if .Tables}}    f_o <= run && frame_next;
    if (run) begin
{{end}}{{range .Parts}}    set{{.Number}} <= next_set{{.Number}};
    val{{.Number}} <= next_val{{.Number}};
    state{{.Number}} <= shift{{.Number}} ? {{.Shifted}} : (state{{.Number}} & ~take_part{{.Number}}) | ({{.State}} & take_part{{.Number}});
{{end}}    frame_next <= frame;
    q_o <= state0[0];
{{if .Tables}}    end
{{else}}    f_o <= frame_next;
{{end}}  end
endmodule
`default_nettype wire
