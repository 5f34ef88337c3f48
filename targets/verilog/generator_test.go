package verilog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thrmlgen/thrmlgen/gen/testtool"
	"github.com/thrmlgen/thrmlgen/targets/targettest"
	"github.com/thrmlgen/thrmlgen/targets/targettest/hdl"
)

// The known answers of the generators, those that the tests of runtime/rng hold the
// software to, in the emitted RTL: outputs of a state and of the ones after it.
func TestGeneratorKnownAnswers(t *testing.T) {
	iverilog := testtool.Need(t, "iverilog")
	for _, c := range []struct {
		model, module, seed string
		width               int
		want                map[int]string
	}{
		{"torus", "torus_lfl128", "0123456789abcdeffedcba9876543210", 96, map[int]string{
			0: "be16afd86262fedc78d00f2d", 1: "345cf0e1d891ecc0345bbd77", 2: "2d23ee15387114baec62abe8", 1000: "0ac0f898270531c267f7a0a5"}},
		{"chain", "chain_xoshiro128pp", "00000004000000030000000200000001", 32, map[int]string{
			0: fmt.Sprintf("%08x", 641), 1: fmt.Sprintf("%08x", 1573767), 2: fmt.Sprintf("%08x", uint32(3222811527)), 9: fmt.Sprintf("%08x", 621204420)}},
	} {
		p, _ := targettest.Parse(corpus[c.model])
		dir := hdl.Project(t, p)
		bench := fmt.Sprintf(`module known;
  reg clk = 0, rst = 1;
  wire [%d:0] q;
  integer n;
  %s #(.SEED(128'h%s)) dut (.clk_i(clk), .rst_i(rst), .en_i(1'b1), .load_i(1'b0), .q_o(q));
  initial begin
    #1 clk = 1; #1 clk = 0; rst = 0;
    for (n = 0; n <= 1000; n = n + 1) begin
      #1 clk = 1; #1 clk = 0;
      $display("%%0d %%h", n, q);
    end
  end
endmodule
`, c.width-1, c.module, c.seed)
		if err := os.WriteFile(filepath.Join(dir, "known.v"), []byte(bench), 0o666); err != nil {
			t.Fatal(err)
		}
		hdl.Tool(t, dir, iverilog, "-g2005", "-s", "known", "-o", "known.vvp", "known.v", "rtl/"+c.module+".v")
		lines := strings.Split(hdl.Tool(t, dir, "vvp", "known.vvp"), "\n")
		for n, want := range c.want {
			if got := fmt.Sprintf("%d %s", n, want); lines[n] != got {
				t.Errorf("%s: %q, not %q", c.module, lines[n], got)
			}
		}
	}
}
