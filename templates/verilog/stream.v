// {{.Header}}
//
// States as frames of AXI4-Stream: bit 0 of a state is bit 0 of the first word, the last
// word's bytes beyond the state have no tkeep, tid is the chain. The superblocks of a chain come
// one behind the other; the earlier ones wait here for the last. A state that is taken
// stays until it has left, so that nothing that happens to the array touches its frame.
`default_nettype none
module {{.Model}}_stream (
  input  wire        clk_i,
  input  wire        rst_i,
  input  wire        en_i,
  input  wire {{.StateRange}}s_i,
  input  wire        take_i,
  input  wire {{.ChainRange}}chain_i,
  output wire        ready_o,
  output wire [31:0] tdata_o,
  output wire [3:0]  tkeep_o,
  output wire        tlast_o,
  output reg  {{.ChainRange}}tid_o,
  output reg         tvalid_o,
  input  wire        tready_i
);
{{.Align}}
  assign ready_o = ~tvalid_o;
{{- if gt .Words 1}}
  reg [{{.TopFrame}}:0] frame;
  reg {{.BeatRange}}beat;
  assign tlast_o = beat == {{.Beat}}'d{{.LastBeat}};
{{- else}}
  reg [31:0] frame;
  assign tlast_o = 1'b1;
{{- end}}
  assign tdata_o = frame[31:0];
  assign tkeep_o = {{if eq .Keep 15}}4'hf{{else}}tlast_o ? 4'h{{printf "%x" .Keep}} : 4'hf{{end}};
  always @(posedge clk_i)
    if (rst_i) tvalid_o <= 1'b0;
    else if (take_i) tvalid_o <= 1'b1;
    else if (tready_i && tlast_o) tvalid_o <= 1'b0;
  always @(posedge clk_i)
    if (take_i) begin
      frame <= {{.Padded}};
      tid_o <= chain_i;
{{- if gt .Words 1}}
      beat <= {{.Beat}}'d0;
    end else if (tvalid_o && tready_i) begin
      frame <= {32'd0, frame[{{.TopFrame}}:32]};
      beat <= beat + {{.Beat}}'d1;
{{- end}}
    end
endmodule
`default_nettype wire
