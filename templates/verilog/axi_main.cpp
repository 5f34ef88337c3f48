// {{.Header}}
//
// Verilator driver of {{.Model}}_axi: does what sim/axi.hex says over the bus and compares the
// frames of the stream with sim/axi_frames.hex. sim/{{.Model}}_axi_tb.v explains the script.
//   --fst f   write waves to f (the model built with --trace-fst)
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>
#include "V{{.Model}}_axi.h"
#if VM_TRACE
#include "verilated_fst_c.h"
#endif

static const int W = {{.Words}};
static const long LIMIT = {{.Limit}};

typedef std::vector<uint32_t> Frame; // chain, then words

static std::vector<std::string> lines(const char *name) {
  std::vector<std::string> all;
  FILE *f = fopen(name, "r");
  if (!f) { perror(name); exit(2); }
  std::string line;
  for (int ch; (ch = fgetc(f)) != EOF;) {
    if (ch != '\n') { line += char(ch); continue; }
    if (!line.empty() && line[0] != '/') all.push_back(line);
    line.clear();
  }
  fclose(f);
  return all;
}

static uint32_t hex(const std::string &s, int from, int n) { return uint32_t(strtoul(s.substr(from, n).c_str(), nullptr, 16)); }

static VerilatedContext context;
static V{{.Model}}_axi top(&context);
#if VM_TRACE
static VerilatedFstC *waves;
#endif
static std::vector<Frame> expected;
static Frame frame;
static std::string op;
static long total, clocks, errors, came, next_frame;
static uint32_t noise = 1, mode = 2;
static bool once, held;
static uint64_t before;

static bool toss() { return (noise = noise * 1664525u + 1013904223u) >> 31; }

static void fail(const char *what, long value) {
  if (errors++ < 8) printf("%s, clock %ld: %s %ld\n", op.c_str(), total, what, value);
}

// One clock: the stream is looked at before its edge, inputs are changed by the caller before.
static void tick() {
  top.m_axis_tready = mode == 0 || (mode == 1 && toss()) || (mode == 3 && once);
  top.aclk = 0;
  top.eval();
#if VM_TRACE
  if (waves) waves->dump(context.time());
#endif
  context.timeInc(5);
  uint64_t now = uint64_t(top.m_axis_tid) << 40 | uint64_t(top.m_axis_tlast) << 39 | uint64_t(top.m_axis_tkeep) << 32 | top.m_axis_tdata;
  if (!top.aresetn) {
    held = false;
    frame.clear();
  } else {
    if (held && (!top.m_axis_tvalid || now != before)) fail("a word changed before it was taken", 0);
    held = top.m_axis_tvalid && !top.m_axis_tready;
    before = now;
    if (top.m_axis_tvalid && top.m_axis_tready) {
      once = false;
      if (frame.empty()) frame.push_back(top.m_axis_tid);
      frame.push_back(top.m_axis_tdata);
      bool last = int(frame.size()) == W + 1;
      if (top.m_axis_tlast != last || top.m_axis_tkeep != (last ? 0x{{.Keep}} : 0xf)) fail("wrong tlast or tkeep in word", long(frame.size()) - 2);
      if (last) {
        if (next_frame >= long(expected.size()) || frame != expected[next_frame]) fail("not as expected: frame", next_frame);
        next_frame++;
        came++;
        frame.clear();
      }
    }
  }
  top.aclk = 1;
  top.eval();
#if VM_TRACE
  if (waves) waves->dump(context.time());
#endif
  context.timeInc(5);
  total++;
  if (++clocks > LIMIT) {
    fail("nothing happens any more", 0);
    printf("FAIL: %ld errors\n", errors);
    exit(1);
  }
}

static void write(uint32_t address, uint32_t data, uint32_t strobes, int order, int want) {
  top.s_axil_awaddr = address; top.s_axil_wdata = data; top.s_axil_wstrb = strobes;
  bool aw = false, w = false;
  for (int response = -1; response < 0;) {
    top.s_axil_awvalid = !aw && (order != 2 || w);
    top.s_axil_wvalid = !w && (order != 1 || aw);
    top.s_axil_bready = toss();
    top.eval();
    bool takes_aw = top.s_axil_awvalid && top.s_axil_awready, takes_w = top.s_axil_wvalid && top.s_axil_wready;
    if (top.s_axil_bvalid && top.s_axil_bready) response = top.s_axil_bresp;
    tick();
    aw = aw || takes_aw;
    w = w || takes_w;
    if (response >= 0 && response != want) fail("a write was answered by", response);
  }
  top.s_axil_bready = 0;
}

static uint32_t read(uint32_t address, int want) {
  top.s_axil_araddr = address;
  bool ar = false;
  for (;;) {
    top.s_axil_arvalid = !ar;
    top.s_axil_rready = toss();
    top.eval();
    bool takes = top.s_axil_arvalid && top.s_axil_arready, ends = top.s_axil_rvalid && top.s_axil_rready;
    uint32_t data = top.s_axil_rdata;
    if (ends && top.s_axil_rresp != want) fail("a read was answered by", top.s_axil_rresp);
    tick();
    ar = ar || takes;
    if (ends) { top.s_axil_rready = 0; return data; }
  }
}

int main(int argc, char **argv) {
#if VM_TRACE
  if (argc == 3 && !strcmp(argv[1], "--fst")) {
    context.traceEverOn(true);
    waves = new VerilatedFstC;
    top.trace(waves, 99);
    waves->open(argv[2]);
  }
#else
  if (argc > 1) { fprintf(stderr, "%s is no option of this build\n", argv[1]); return 2; }
#endif
  for (const std::string &s : lines("sim/axi_frames.hex")) {
    Frame f{hex(s, 0, 4)};
    for (int i = 0; i < W; i++) f.push_back(hex(s, 4 + 8 * (W - 1 - i), 8));
    expected.push_back(f);
  }
  top.aresetn = 0;
  top.s_axil_awvalid = 0; top.s_axil_wvalid = 0; top.s_axil_bready = 0; top.s_axil_arvalid = 0; top.s_axil_rready = 0;
  for (int i = 0; i < 4; i++) tick();
  top.aresetn = 1;
  long done = 0;
  for (const std::string &s : lines("sim/axi.hex")) {
    op = s;
    clocks = 0;
    uint32_t strobes = hex(s, 2, 1), order = hex(s, 3, 1), address = hex(s, 4, 4), data = hex(s, 8, 8), got = 0;
    long seen = came;
    switch (hex(s, 0, 2)) {
    case 1: write(address, data, strobes, order, 0); break;
    case 2: write(address, data, strobes, order, 2); break;
    case 3: if ((got = read(address, 0)) != data) fail("a read gave", got); break;
    case 4: if ((got = read(address, 2)) != 0) fail("a read gave", got); break;
    case 5: while (!(got & data)) got = read(address, 0); break;
    case 6: mode = data; once = true; break;
    case 7: while (came < long(data)) tick(); break;
    case 8: next_frame = data; came = 0; break;
    case 9: for (uint32_t i = 0; i < data; i++) tick(); break;
    case 10:
      top.aresetn = 0;
      for (uint32_t i = 0; i < data; i++) tick();
      top.aresetn = 1;
      break;
    case 11:
      for (uint32_t i = 0; i < data; i++) {
        tick();
        if (top.m_axis_tvalid || came != seen) { fail("a frame came", came); break; }
      }
      break;
    }
    if (hex(s, 0, 2) == 0) break;
    done++;
  }
#if VM_TRACE
  if (waves) { waves->close(); delete waves; }
#endif
  top.final();
  if (errors) printf("FAIL: %ld errors\n", errors);
  else printf("PASS: %ld operations, %ld clocks\n", done, total);
  return errors ? 1 : 0;
}
