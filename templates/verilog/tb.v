// {{.Header}}
//
// Testbench: loads initial states, runs, and compares the state of every chain after
// every sweep with the states that thrmlgen's interpreter gave. Plus arguments:
//   +stall               stop the clock enable at random; no bit may change
//   +sweeps=n            so many sweeps (checked: at most {{.Sweeps}})
//   +seeds=f +init=f     other states of the generators, other initial states
{{if .Betas}}//   +beta=n              the sweep of the schedule of β that comes first
{{end}}//   +out=f               write the states to f, one a line, and compare nothing
//   +vcd=f               write waves
module {{.Model}}_tb;
  localparam B = {{.Bits}}, N = {{.Nodes}}, K = {{.K}}, C = {{.Supers}}, R = {{.Instances}};
  integer start, last, sweeps, t, n, c, i, file, errors, seed;
  integer offset [0:C-1];
  reg [B-1:0] bits [0:C-1]; // of the nodes of a superblock
  reg [N-1:0] nodes [0:C-1];
  reg [B-1:0] init [0:K-1];
  reg [B-1:0] seen [0:K-1];
  reg [B-1:0] expected [0:{{.Last}}];
  reg [127:0] seeds [0:R-1];
  reg [8*256-1:0] name;
  reg clk, rst, en, stall;
  reg [N-1:0] set;
  reg [B-1:0] val;
  wire [B-1:0] s;
{{if .Betas}}  integer first;
  integer number [0:{{.LastBeta}}]; // of β, by sweep of the schedule
  reg [{{.BetaBits}}-1:0] beta;
{{end}}{{if .Tables}}  reg [{{.CommandBits}}-1:0] commands [0:{{.LastCommand}}]; // that write tables, by number of β
  integer tables [0:{{.LastTable}}]; // numbers of β, by stretch of sweeps
  integer now, word;
  reg {{.TableRange}}tabled;
{{if .Lows}}  reg [{{.Lows}}-1:0] lows [0:{{.LastLow}}];
{{end}}{{end}}
  {{.Model}}_array dut (.clk_i(clk), .rst_i({ {{.Loaders}}{rst} }), .en_i(en), .load_i({{.Loaders}}'d0){{if .Betas}}, .beta_i(beta){{end}}{{if .Tables}}, .table_i(tabled){{end}}, .set_i(set), .val_i(val), .s_o(s));

  always #5 clk = ~clk;

  initial begin
    clk = 0; rst = 1; en = 1; set = 0; val = 0; errors = 0; seed = 1; file = 0;
    start = {{.Start}};
{{range $c, $s := .Super}}    offset[{{$c}}] = {{.Offset}}; bits[{{$c}}] = {{$.Bits}}'h{{.Bits}}; nodes[{{$c}}] = {{$.Nodes}}'h{{.Nodes}};
{{end}}    if (!$value$plusargs("sweeps=%d", sweeps)) sweeps = {{.Sweeps}};
{{if .Betas}}    beta = 0;
    if (!$value$plusargs("beta=%d", first)) first = 0;
{{range $i, $b := .Betas}}    number[{{$i}}] = {{$b}};
{{end}}{{end}}{{if .Tables}}    now = -1; tabled = 0;
    $readmemh("sim/tables.hex", commands);
{{range $i, $b := .TableList}}    tables[{{$i}}] = {{$b}};
{{end}}{{if .Lows}}{{range $i, $x := .LowList}}    lows[{{$i}}] = {{$x}};
{{end}}{{end}}{{end}}    stall = $test$plusargs("stall");
    if ($value$plusargs("init=%s", name)) $readmemh(name, init);
    else $readmemh("sim/init.hex", init);
    if ($value$plusargs("out=%s", name)) file = $fopen(name, "w");
    else $readmemh("sim/expected.hex", expected);
    if ($value$plusargs("vcd=%s", name)) begin $dumpfile(name); $dumpvars(0, {{.Model}}_tb); end
    for (i = 0; i < K; i = i + 1) seen[i] = 0;
    repeat (3) @(posedge clk);
    @(negedge clk);
    rst = 0;
    if ($value$plusargs("seeds=%s", name)) begin
      $readmemh(name, seeds);
{{range .Pokes}}      dut.u_rng{{.}}.r = seeds[{{.}}];
{{end}}    end
    last = start + offset[C-1] + K * sweeps - 1;
    t = 0;
    while (t < last) begin
{{if .Tables}}      // A table is written, with the clock stopped, when the first superblock comes to it.
      n = t + {{.Lead}} - start - offset[0];
      i = first + (n < 0 ? 0 : n / K);
      i = number[i > {{.LastBeta}} ? {{.LastBeta}} : i];
      if (i != now) begin
        en = 0;
{{if .Lows}}        tabled[{{.LowAt}} + {{.Lows}} * (i & 1) +: {{.Lows}}] = lows[tables[i]];
{{end}}        tabled[{{.CommandBits}}] = i & 1;
        for (word = 0; word < {{.TableWords}}; word = word + 1) begin
          tabled[{{.CommandBits}}-1:0] = commands[{{.TableWords}} * tables[i] + word];
          @(posedge clk);
          @(negedge clk);
        end
        tabled[{{.CommandBits}}-1:0] = 0;
        repeat (2) @(posedge clk);
        @(negedge clk);
        now = i;
      end
{{end}}      en = stall ? $random(seed) : 1'b1;
      set = 0;
      val = 0;
      for (c = 0; c < C; c = c + 1) begin
        n = t + 1 - start - offset[c];
        if (n >= -K && n < 0) begin set = set | nodes[c]; val = val | (init[n + K] & bits[c]); end
{{if .Betas}}        n = t + {{.Lead}} - start - offset[c]; // of the values that the numbers lead to
        i = first + (n < 0 ? 0 : n / K);
        beta[{{.Choice}}*c +: {{.Choice}}] = number[i > {{.LastBeta}} ? {{.LastBeta}} : i];
{{end}}      end
      @(posedge clk);
      @(negedge clk);
      if (en) begin
        t = t + 1;
        for (c = 0; c < C; c = c + 1) begin
          n = t - start - offset[c];
          if (n >= -K) seen[(n + K) % K] = (seen[(n + K) % K] & ~bits[c]) | (s & bits[c]);
        end
        n = t - start - offset[C-1];
        if (n >= 0) begin
          if (file != 0) $fdisplay(file, "%h", seen[n % K]);
          else if (seen[n % K] !== expected[n]) begin
            errors = errors + 1;
            if (errors < 5) $display("sweep %0d, chain %0d: %h, expected %h", n / K, n % K, seen[n % K], expected[n]);
          end
        end
      end
    end
    if (file != 0) $fclose(file);
    else if (errors == 0) $display("PASS: %0d states", K * sweeps);
    else $display("FAIL: %0d of %0d states", errors, K * sweeps);
    $finish;
  end
endmodule
