// {{.Header}}
//
// AXI4-Lite towards registers: the address and the data of a write come in any order, one
// write and one read are under way at a time, and a refused one is answered by SLVERR.
`default_nettype none
module {{.Model}}_bus (
  input  wire        clk_i,
  input  wire        rst_i,
  input  wire [{{.TopAddress}}:0] awaddr_i,
  input  wire        awvalid_i,
  output wire        awready_o,
  input  wire [31:0] wdata_i,
  input  wire [3:0]  wstrb_i,
  input  wire        wvalid_i,
  output wire        wready_o,
  output wire [1:0]  bresp_o,
  output reg         bvalid_o,
  input  wire        bready_i,
  input  wire [{{.TopAddress}}:0] araddr_i,
  input  wire        arvalid_i,
  output wire        arready_o,
  output reg  [31:0] rdata_o,
  output wire [1:0]  rresp_o,
  output reg         rvalid_o,
  input  wire        rready_i,
  output wire        write_o,
  output reg  [{{.TopWord}}:0] write_addr_o,
  output reg  [31:0] write_data_o,
  output reg  [3:0]  write_strb_o,
  input  wire        write_ready_i,
  input  wire        write_error_i,
  output wire        read_o,
  output reg  [{{.TopWord}}:0] read_addr_o,
  input  wire [31:0] read_data_i,
  input  wire        read_error_i
);
  reg aw, w, ar, berror, rerror; // what has come, and what is answered
  assign awready_o = ~aw;
  assign wready_o = ~w;
  assign arready_o = ~ar;
  assign write_o = aw && w && ~bvalid_o;
  assign read_o = ar && ~rvalid_o;
  assign bresp_o = {berror, 1'b0};
  assign rresp_o = {rerror, 1'b0};
  wire done = write_o && write_ready_i;
  always @(posedge clk_i)
    if (rst_i) begin
      aw <= 1'b0;
      w <= 1'b0;
      ar <= 1'b0;
      bvalid_o <= 1'b0;
      rvalid_o <= 1'b0;
      berror <= 1'b0;
      rerror <= 1'b0;
    end else begin
      if (awvalid_i && awready_o) aw <= 1'b1;
      else if (done) aw <= 1'b0;
      if (wvalid_i && wready_o) w <= 1'b1;
      else if (done) w <= 1'b0;
      if (done) begin
        bvalid_o <= 1'b1;
        berror <= write_error_i;
      end else if (bready_i) bvalid_o <= 1'b0;
      if (arvalid_i && arready_o) ar <= 1'b1;
      else if (read_o) ar <= 1'b0;
      if (read_o) begin
        rvalid_o <= 1'b1;
        rerror <= read_error_i;
      end else if (rready_i) rvalid_o <= 1'b0;
    end
  always @(posedge clk_i) begin
    if (awvalid_i && awready_o) write_addr_o <= awaddr_i[{{.TopAddress}}:2];
    if (wvalid_i && wready_o) begin
      write_data_o <= wdata_i;
      write_strb_o <= wstrb_i;
    end
    if (arvalid_i && arready_o) read_addr_o <= araddr_i[{{.TopAddress}}:2];
    if (read_o) rdata_o <= read_data_i;
  end
  wire unused = &{1'b0, awaddr_i[1:0], araddr_i[1:0]};
endmodule
`default_nettype wire
