// {{.Header}}
//
// Reads the frames of {{.Model}}_pins and compares them with the states that thrmlgen's
// interpreter gave.
module {{.Model}}_pins_tb;
  localparam B = {{.Bits}}, F = {{.Frames}};
  reg clk, rst;
  wire q, f;
  reg [B-1:0] got;
  reg [B-1:0] expected [0:F-1];
  integer frame, bits, errors, clocks;
  {{.Model}}_pins dut (.clk_i(clk), .rst_i(rst), .q_o(q), .f_o(f));
  always #5 clk = ~clk;
  initial begin
    clk = 0; rst = 1; frame = 0; bits = 0; errors = 0; clocks = 0; got = 0;
    $readmemh("sim/frames.hex", expected);
    repeat (4) @(negedge clk);
    rst = 0;
    while (frame < F && clocks < {{.Limit}}) begin
      @(negedge clk);
      clocks = clocks + 1;
      if (f === 1'b1) begin
        got[bits] = q;
        bits = bits + 1;
        if (bits == B) begin
          if (got !== expected[frame]) begin
            errors = errors + 1;
            $display("frame %0d: %h, expected %h", frame, got, expected[frame]);
          end
          bits = 0;
          frame = frame + 1;
        end
      end
    end
    if (errors == 0 && frame == F) $display("PASS: %0d frames", F);
    else $display("FAIL: %0d of %0d frames came, %0d wrong", frame, F, errors);
    $finish;
  end
endmodule
