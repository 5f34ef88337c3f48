// {{.Header}}
//
// Registers that others hold as well: each copy has loads that lie near each other.
// Synthesis merges none of them, as the module keeps its place in the hierarchy.
`default_nettype none
(* keep_hierarchy = "yes" *)
module {{.Model}}_copy #(
  parameter W = 1
) (
  input  wire         clk_i,
{{if .Tables}}  input  wire         en_i,
{{end}}  input  wire [W-1:0] d_i,
  output reg  [W-1:0] q_o
);
  always @(posedge clk_i) {{if .Tables}}if (en_i) {{end}}q_o <= d_i;
endmodule
`default_nettype wire
