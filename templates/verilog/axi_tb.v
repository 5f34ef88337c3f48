// {{.Header}}
//
// Testbench of {{.Model}}_axi: does what sim/axi.hex says over the bus and compares the frames
// of the stream with sim/axi_frames.hex, which thrmlgen's interpreter gave. A line of the
// script is operation (2 digits), strobes, order, address (4), data (8):
//   01 write   02 write that is refused   03 read of this data   04 read that is refused
//   05 read until a bit of data is set    06 stream ready 0 always, 1 at random, 2 never, 3 once
//   07 wait for so many frames in all     08 number of the frame expected next
//   09 clocks                             0a clocks of reset     0b clocks without a frame
// Order 1 writes the address first, 2 the data. +vcd=f writes waves.
module {{.Model}}_axi_tb;
  localparam W = {{.Words}}, B = {{.FrameBits}}, LINES = {{.Lines}}, FRAMES = {{.Frames}}, LIMIT = {{.Limit}};
  reg [63:0] script [0:LINES-1];
  reg [B-1:0] frames [0:FRAMES-1];
  reg [8*256-1:0] name;
  integer line, errors, clocks, total, next, came, beat, mode, seed, n, resp;
  reg [31:0] got;
  reg [63:0] op;
  reg [B-1:0] frame;
  reg clk, rst_n, ended;
  reg [{{.TopAddress}}:0] awaddr, araddr;
  reg [31:0] wdata;
  reg [3:0] wstrb;
  reg awvalid, wvalid, bready, arvalid, rready, tready, once;
  wire awready, wready, bvalid, arready, rvalid, tvalid, tlast;
  wire [1:0] bresp, rresp;
  wire [31:0] rdata, tdata;
  wire [3:0] tkeep;
  wire [{{.ChainTop}}:0] tid;
  reg held;
  reg [{{.ChainTop}}+37:0] before;
  wire [{{.ChainTop}}+37:0] now = {tid, tlast, tkeep, tdata};

  {{.Model}}_axi dut (
    .aclk(clk), .aresetn(rst_n),
    .s_axil_awaddr(awaddr), .s_axil_awprot(3'd0), .s_axil_awvalid(awvalid), .s_axil_awready(awready),
    .s_axil_wdata(wdata), .s_axil_wstrb(wstrb), .s_axil_wvalid(wvalid), .s_axil_wready(wready),
    .s_axil_bresp(bresp), .s_axil_bvalid(bvalid), .s_axil_bready(bready),
    .s_axil_araddr(araddr), .s_axil_arprot(3'd0), .s_axil_arvalid(arvalid), .s_axil_arready(arready),
    .s_axil_rdata(rdata), .s_axil_rresp(rresp), .s_axil_rvalid(rvalid), .s_axil_rready(rready),
    .m_axis_tdata(tdata), .m_axis_tkeep(tkeep), .m_axis_tlast(tlast), .m_axis_tid(tid),
    .m_axis_tvalid(tvalid), .m_axis_tready(tready)
  );

  always #5 clk = ~clk;

  task fail;
    begin
      errors = errors + 1;
      if (errors < 8) $display("line %0d, %h, clock %0d:", line + 1, op, total);
    end
  endtask

  task tick; // one clock; inputs change where it is low
    begin
      @(posedge clk);
      total = total + 1;
      clocks = clocks + 1;
      #1;
      @(negedge clk);
      if (clocks > LIMIT) begin
        fail;
        $display("FAIL: nothing happens any more");
        $finish;
      end
    end
  endtask

  // The stream.
  always @(posedge clk)
    if (!rst_n) begin
      beat = 0;
      held <= 1'b0;
    end else begin
      held <= tvalid && !tready;
      before <= now;
      if (held && (!tvalid || now !== before)) begin fail; $display("a word changed before it was taken"); end
      if (tvalid && tready) begin
        once = 1'b0;
        frame[32*beat +: 32] = tdata;
        if (tkeep !== (tlast ? 4'h{{.Keep}} : 4'hf) || tlast !== (beat == W - 1)) begin fail; $display("word %0d has keep %b, last %b", beat, tkeep, tlast); end
        beat = beat + 1;
        if (tlast) begin
          frame[B-1:32*W] = tid;
          if (next >= FRAMES || frame !== frames[next]) begin
            fail;
            $display("frame %0d: %h, expected %h", next, frame, frames[next]);
          end
          next = next + 1;
          came = came + 1;
          beat = 0;
        end
      end
    end
  always @(negedge clk) tready <= mode == 0 || mode == 1 && $random(seed) % 2 != 0 || mode == 3 && once;

  task write(input integer order, input refused);
    begin
      awaddr = op[32 +: {{.TopAddress}} + 1];
      wdata = op[31:0];
      wstrb = op[55:52];
      awvalid = order != 2;
      wvalid = order != 1;
      n = 0;
      bready = 1'b0;
      resp = -1;
      while (resp < 0) begin
        @(posedge clk);
        if (awvalid && awready) n = n | 1;
        if (wvalid && wready) n = n | 2;
        if (bvalid && bready) resp = bresp;
        total = total + 1;
        clocks = clocks + 1;
        @(negedge clk);
        awvalid = !(n & 1) && (order != 2 || (n & 2) != 0);
        wvalid = !(n & 2) && (order != 1 || (n & 1) != 0);
        bready = $random(seed);
        if (clocks > LIMIT) resp = 4;
      end
      bready = 1'b0;
      if (resp != (refused ? 2 : 0)) begin fail; $display("a write was answered by %0d", resp); end
    end
  endtask

  task read;
    begin
      araddr = op[32 +: {{.TopAddress}} + 1];
      arvalid = 1'b1;
      rready = 1'b0;
      resp = -1;
      while (resp < 0) begin
        @(posedge clk);
        n = arvalid && arready;
        if (rvalid && rready) begin
          resp = rresp;
          got = rdata;
        end
        total = total + 1;
        clocks = clocks + 1;
        @(negedge clk);
        if (n != 0) arvalid = 1'b0;
        rready = $random(seed);
        if (clocks > LIMIT) resp = 4;
      end
      rready = 1'b0;
    end
  endtask

  initial begin
    clk = 0; rst_n = 0; errors = 0; clocks = 0; total = 0; next = 0; came = 0; beat = 0; mode = 2; seed = 1;
    awvalid = 0; wvalid = 0; bready = 0; arvalid = 0; rready = 0; tready = 0; once = 0; ended = 0; held = 0;
    awaddr = 0; araddr = 0; wdata = 0; wstrb = 0; line = 0; op = 0; frame = 0;
    $readmemh("sim/axi.hex", script);
    $readmemh("sim/axi_frames.hex", frames);
    if ($value$plusargs("vcd=%s", name)) begin $dumpfile(name); $dumpvars(0, {{.Model}}_axi_tb); end
    repeat (4) tick;
    rst_n = 1;
    while (!ended) begin
      op = script[line];
      clocks = 0;
      case (op[63:56])
        8'h01, 8'h02: write(op[51:48], op[57]);
        8'h03: begin
          read;
          if (resp != 0 || got !== op[31:0]) begin fail; $display("a read gave %h, answer %0d", got, resp); end
        end
        8'h04: begin
          read;
          if (resp != 2 || got !== 32'd0) begin fail; $display("a read gave %h, answer %0d", got, resp); end
        end
        8'h05: begin
          got = 0;
          while ((got & op[31:0]) == 0 && clocks < LIMIT) read;
          if ((got & op[31:0]) == 0) begin fail; $display("it stays %h", got); end
        end
        8'h06: begin mode = op[31:0]; once = 1'b1; end
        8'h07: while (came < op[31:0]) tick;
        8'h08: begin next = op[31:0]; came = 0; end
        8'h09: repeat (op[31:0]) tick;
        8'h0a: begin
          rst_n = 0;
          repeat (op[31:0]) tick;
          rst_n = 1;
        end
        8'h0b: begin
          n = came;
          clocks = -op[31:0];
          while (clocks < 0) begin
            tick;
            if (tvalid || came != n) begin fail; $display("a frame came"); clocks = 0; end
          end
        end
        default: ended = 1;
      endcase
      line = line + 1;
    end
    if (errors == 0) $display("PASS: %0d operations, %0d clocks", line - 1, total);
    else $display("FAIL: %0d errors", errors);
    $finish;
  end
endmodule
