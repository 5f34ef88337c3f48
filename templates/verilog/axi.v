// {{.Header}}
//
// The array behind a bus: registers on AXI4-Lite (registers.md), samples on AXI4-Stream.
// A start resets the array, runs it through initial states and warm-up, and sends the state of
// every chain at each draw: chains 0 … {{.LastChain}} of the first draw, then of the second. Where the
// stream does not take a frame the whole array stands still, so that no bit changes.
`default_nettype none
module {{.Model}}_axi (
  input  wire        aclk,
  input  wire        aresetn,
  input  wire [{{.TopAddress}}:0] s_axil_awaddr,
  input  wire [2:0]  s_axil_awprot,
  input  wire        s_axil_awvalid,
  output wire        s_axil_awready,
  input  wire [31:0] s_axil_wdata,
  input  wire [3:0]  s_axil_wstrb,
  input  wire        s_axil_wvalid,
  output wire        s_axil_wready,
  output wire [1:0]  s_axil_bresp,
  output wire        s_axil_bvalid,
  input  wire        s_axil_bready,
  input  wire [{{.TopAddress}}:0] s_axil_araddr,
  input  wire [2:0]  s_axil_arprot,
  input  wire        s_axil_arvalid,
  output wire        s_axil_arready,
  output wire [31:0] s_axil_rdata,
  output wire [1:0]  s_axil_rresp,
  output wire        s_axil_rvalid,
  input  wire        s_axil_rready,
  output wire [31:0] m_axis_tdata,
  output wire [3:0]  m_axis_tkeep,
  output wire        m_axis_tlast,
  output wire {{.ChainRange}}m_axis_tid,
  output wire        m_axis_tvalid,
  input  wire        m_axis_tready
);
  wire rst = ~aresetn;

  // Bus and registers.
  wire write, write_ready, write_error, read, read_error;
  wire [{{.TopWord}}:0] write_addr, read_addr;
  wire [31:0] write_data, read_data, data;
  wire [3:0] write_strb;
  wire control_we, load_we, denied_busy, denied_access;
  wire [31:0] warmup, samples, steps;
{{if .Betas}}  wire [31:0] beta_first, beta_steps, beta_index;
  wire {{.BetaRange}}beta;
{{end}}{{if .Tables}}  wire {{.Tables}}tables;
  wire tables_ready;
  reg [47:0] beta_waits;
{{end}}  wire {{.NodeRange}}clamp_mask;
  wire {{.StateRange}}clamp_value;
  wire load_ready, load_error, control_error, loading, en;
  {{.Model}}_bus u_bus (
    .clk_i(aclk), .rst_i(rst),
    .awaddr_i(s_axil_awaddr), .awvalid_i(s_axil_awvalid), .awready_o(s_axil_awready),
    .wdata_i(s_axil_wdata), .wstrb_i(s_axil_wstrb), .wvalid_i(s_axil_wvalid), .wready_o(s_axil_wready),
    .bresp_o(s_axil_bresp), .bvalid_o(s_axil_bvalid), .bready_i(s_axil_bready),
    .araddr_i(s_axil_araddr), .arvalid_i(s_axil_arvalid), .arready_o(s_axil_arready),
    .rdata_o(s_axil_rdata), .rresp_o(s_axil_rresp), .rvalid_o(s_axil_rvalid), .rready_i(s_axil_rready),
    .write_o(write), .write_addr_o(write_addr), .write_data_o(write_data), .write_strb_o(write_strb),
    .write_ready_i(write_ready), .write_error_i(write_error),
    .read_o(read), .read_addr_o(read_addr), .read_data_i(read_data), .read_error_i(read_error)
  );

  // What a run is at: idle, taking seeds, running, sending its last frame.
  localparam [1:0] IDLE = 2'd0, SEEDS = 2'd1, RUN = 2'd2, LAST = 2'd3;
  reg [1:0] phase;
  reg array_rst, loaded, done, stopped, stalled, view;
  reg bad_schedule, bad_clamp, bad_busy, bad_load, bad_access;
  reg [31:0] draws, left;   // taken, and sweeps before the next
  reg [47:0] sweeps, stalls;
  reg [63:0] flips;
  reg [{{.TimeBits}}:0] t;          // edges since reset, up to {{.Loaded}}
  reg {{.ChainRange}}chain;
  wire ready; // the stream can take a state
  wire busy = phase != IDLE;
  wire clamp_wrong = {{.ClampWrong}};
  wire schedule_wrong = samples == 32'd0 || steps == 32'd0{{if .Betas}} || beta_steps == 32'd0{{end}};
  wire renew = control_we && data[3];
  wire stop = control_we && data[2] && ~data[3];
  wire start = data[0] && ~data[2] && ~data[3];
  assign control_error = start && (busy || schedule_wrong || clamp_wrong);
  wire begins = control_we && start;
  wire asks = write && write_ready && start && write_addr == {{.ControlAddress}};
  {{.Model}}_registers u_registers (
    .clk_i(aclk), .rst_i(rst || renew), .busy_i(busy),
    .wvalid_i(write), .waddr_i(write_addr), .wdata_i(write_data), .wstrb_i(write_strb),
    .wready_o(write_ready), .werror_o(write_error),
    .rvalid_i(read), .raddr_i(read_addr), .rdata_o(read_data), .rerror_o(read_error),
    .wdata_o(data), .busy_o(denied_busy), .access_o(denied_access),
    .control_we_o(control_we), .control_ready_i(1'b1), .control_error_i(control_error),
    .load_we_o(load_we), .load_ready_i(load_ready), .load_error_i(load_error),
    .status_i({bad_access, bad_load, bad_busy, bad_clamp, bad_schedule, 2'd0, loading, m_axis_tvalid, stalled, stopped, done, busy}),
    .warmup_o(warmup), .samples_o(samples), .steps_o(steps),
{{if .Betas}}    .beta_first_o(beta_first), .beta_steps_o(beta_steps), .beta_index_i(beta_index),
{{end}}{{if .Tables}}    .beta_waits_i(beta_waits),
{{end}}    .draws_i(draws), .sweeps_i(sweeps), .flips_i(flips), .stalls_i(stalls),
    .clamp_mask_o(clamp_mask), .clamp_value_o(clamp_value)
  );

  // Words of LOAD fill a row: a bit for each generator, {{.SeedRows}} times, then initial states. A
  // word that cannot be taken for so long that the bus would hang is refused{{if .Tables}}; the time that
  // tables take does not count{{end}}.
  reg [{{.TopRow}}:0] row;
  reg [{{.FillBits}}:0] fill; // words of the row that have come
  reg [6:0] place; // seeds that have been taken
  reg [5:0] patience;
  wire in_rows = {{if .FirstRow}}t >= {{.Time}}'d{{.FirstRow}} && {{end}}t < {{.Time}}'d{{.EndRow}};
  wire full = fill == (phase == SEEDS ? {{.Fill}}'d{{.SeedWords}} : {{.Fill}}'d{{.Words}});
  wire rows_left = phase == RUN && loaded && t < {{.Time}}'d{{.EndRow}};
  assign loading = phase == SEEDS || rows_left;
  wire room = loading && ~full && ~array_rst;
  wire load_wrong = ~loading || write_strb != 4'hf;
  assign load_ready = load_wrong || room || patience == 6'd63;
  assign load_error = load_wrong || ~room;
  wire seeding = phase == SEEDS && full;
  always @(posedge aclk) begin
    if (rst || ~write || load_ready{{if .Tables}} || ~tables_ready{{end}}) patience <= 6'd0;
    else patience <= patience + 6'd1;
    if (load_we) row <= {{.NextRow}};
    if (~busy || seeding || en && in_rows) fill <= {{.Fill}}'d0;
    else if (load_we) fill <= fill + {{.Fill}}'d1;
    if (~busy) place <= 7'd0;
    else if (seeding) place <= place + 7'd1;
  end

  // Initial states: the baked ones or a loaded row, clamps before both. Rows are those of the
  // {{.Rows}} edges from {{.FirstRow}}.
  reg {{.NodeRange}}set;
  reg {{.StateRange}}val;
  always @* begin
    set = {{.Nodes}}'d0;
    val = {{.Bits}}'d0;
    case (t)
{{range .Loads}}      {{$.Time}}'d{{.At}}: begin set = {{$.Nodes}}'h{{.Set}}; val = {{$.Bits}}'h{{.Val}}; end
{{end}}      default: ;
    endcase
  end
  wire {{.StateRange}}clamped = {{.Clamped}};
  wire {{.StateRange}}initial_value = loaded ? {{.Row}} : val;
  wire {{.StateRange}}s;
{{if .Betas}}  {{.Model}}_beta u_beta (
    .clk_i(aclk), .rst_i(rst || renew || array_rst), .en_i(en && phase == RUN), .first_i(beta_first), .steps_i(beta_steps),{{if .Tables}} .ready_o(tables_ready), .table_o(tables),{{end}} .beta_o(beta), .at_o(beta_index)
  );
{{end}}  {{.Model}}_array u_array (
    .clk_i(aclk), .rst_i({ {{.Loaders}}{array_rst} }), .en_i(en), .load_i({{.Seeds}} & {{.Seeding}}),{{if .Betas}} .beta_i(beta),{{end}}{{if .Tables}} .table_i(tables),{{end}}
    .set_i(set | clamp_mask), .val_i((initial_value & ~clamped) | (clamp_value & clamped)), .s_o(s)
  );
{{if .RowUnused}}  wire row_unused = &{1'b0, {{.RowUnused}}};
{{end}}
  // Draws. From edge {{.FirstView}} on the aligned state is that of one chain after the other.
  wire due = view && left == 32'd0;
  wire last_chain = chain == {{.Chain}}'d{{.LastChain}};
  wire blocked = phase == RUN && due && ~ready;
  wire hungry = rows_left && in_rows && ~full;
  assign en = seeding || phase == RUN && ~array_rst && ~blocked && ~hungry{{if .Tables}} && tables_ready{{end}};
  wire take = phase == RUN && en && due;
  wire final_draw = draws + 32'd1 == samples;
  {{.Model}}_stream u_stream (
    .clk_i(aclk), .rst_i(rst), .en_i(en), .s_i(s), .take_i(take), .chain_i(chain), .ready_o(ready),
    .tdata_o(m_axis_tdata), .tkeep_o(m_axis_tkeep), .tlast_o(m_axis_tlast), .tid_o(m_axis_tid),
    .tvalid_o(m_axis_tvalid), .tready_i(m_axis_tready)
  );
  always @(posedge aclk) begin
    array_rst <= begins;
    if (phase == RUN && en) begin
      if (t != {{.Time}}'d{{.Loaded}}) t <= t + {{.Time}}'d1;
      if (t == {{.Time}}'d{{.BeforeView}}) view <= 1'b1;
      if (view) begin
        chain <= last_chain ? {{.Chain}}'d0 : chain + {{.Chain}}'d1;
        if (sweeps != 48'd0) flips <= flips + 64'd{{.Free}};
        if (last_chain) begin
          left <= due ? steps - 32'd1 : left - 32'd1;
          if (due) draws <= draws + 32'd1;
          if (due && final_draw) phase <= LAST;
          else sweeps <= sweeps + 48'd1;
        end
      end
    end
    if (blocked) begin
      stalls <= stalls + 48'd1;
      stalled <= 1'b1;
    end
{{if .Tables}}    if (phase == RUN && ~array_rst && ~tables_ready) beta_waits <= beta_waits + 48'd1;
{{end}}    if (seeding && place == 7'd127) phase <= RUN;
    if (phase == LAST && ready) begin
      phase <= IDLE;
      done <= 1'b1;
    end
    if (stop && busy) begin
      phase <= IDLE;
      stopped <= 1'b1;
    end
    if (asks && schedule_wrong && ~busy) bad_schedule <= 1'b1;
    if (asks && clamp_wrong && ~busy) bad_clamp <= 1'b1;
    if (denied_busy || asks && busy) bad_busy <= 1'b1;
    if (write && write_ready && load_error && write_addr == {{.LoadAddress}}) bad_load <= 1'b1;
    if (denied_access) bad_access <= 1'b1;
    if (rst || renew || begins) begin
      phase <= rst || renew ? IDLE : data[1] ? SEEDS : RUN;
      loaded <= ~rst && ~renew && data[1];
      t <= {{.Time}}'d0;
      view <= 1'b0;
      chain <= {{.Chain}}'d0;
      left <= warmup;
      draws <= 32'd0;
      sweeps <= 48'd0;
      flips <= 64'd0;
      stalls <= 48'd0;
{{if .Tables}}      beta_waits <= 48'd0;
{{end}}      done <= 1'b0;
      stopped <= 1'b0;
      stalled <= 1'b0;
      bad_schedule <= 1'b0;
      bad_clamp <= 1'b0;
      bad_busy <= 1'b0;
      bad_load <= 1'b0;
      bad_access <= 1'b0;
    end
    if (rst) array_rst <= 1'b0;
  end
  wire unused = &{1'b0, s_axil_awprot, s_axil_arprot};
endmodule
`default_nettype wire
