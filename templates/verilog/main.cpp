// {{.Header}}
//
// Verilator driver: loads initial states, runs, and compares the state of every chain
// after every sweep with the states that thrmlgen's interpreter gave.
//   --stall              stop the clock enable at random; no bit may change
//   --sweeps n           so many sweeps (checked: at most {{.Sweeps}})
//   --seeds f --init f   other states of the generators, other initial states
{{if .Betas}}//   --beta n             the sweep of the schedule of β that comes first
{{end}}//   --out f              write the states to f, one a line, and compare nothing
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>
#include "V{{.Model}}_array.h"
#include "V{{.Model}}_array___024root.h"

static const int B = {{.Bits}}, N = {{.Nodes}}, K = {{.K}}, C = {{.Supers}}, R = {{.Instances}}, START = {{.Start}};
static const int W = (B + 31) / 32, M = (N + 31) / 32;
static const int OFFSET[C] = { {{- range $i, $s := .Super}}{{if $i}}, {{end}}{{.Offset}}{{end -}} };
static const char *BITS[C] = { {{- range $i, $s := .Super}}{{if $i}}, {{end}}"{{.Bits}}"{{end -}} };
static const char *NODES[C] = { {{- range $i, $s := .Super}}{{if $i}}, {{end}}"{{.Nodes}}"{{end -}} };
{{if .Betas}}
static const int NUMBER[] = { {{- range $i, $b := .Betas}}{{if $i}}, {{end}}{{$b}}{{end -}} }; // of β, by sweep of the schedule{{end}}{{if .Tables}}
static const int TABLES[] = { {{- range $i, $b := .TableList}}{{if $i}}, {{end}}{{$b}}{{end -}} }; // numbers of β, by stretch of sweeps
{{if .Lows}}static const uint32_t LOWS[] = { {{- range $i, $x := .LowList}}{{if $i}}, {{end}}{{$x}}{{end -}} };
{{end}}{{end}}
typedef std::vector<uint32_t> Words;

// Ports of any width as words of 32 bits.
static void get(const CData &p, uint32_t *w) { w[0] = p; }
static void get(const SData &p, uint32_t *w) { w[0] = p; }
static void get(const IData &p, uint32_t *w) { w[0] = p; }
static void get(const QData &p, uint32_t *w) { w[0] = uint32_t(p); w[1] = uint32_t(p >> 32); }
template <std::size_t n> static void get(const VlWide<n> &p, uint32_t *w) { for (std::size_t i = 0; i < n; i++) w[i] = p[i]; }
static void put(CData &p, const uint32_t *w) { p = w[0]; }
static void put(SData &p, const uint32_t *w) { p = w[0]; }
static void put(IData &p, const uint32_t *w) { p = w[0]; }
static void put(QData &p, const uint32_t *w) { p = uint64_t(w[1]) << 32 | w[0]; }
template <std::size_t n> static void put(VlWide<n> &p, const uint32_t *w) { for (std::size_t i = 0; i < n; i++) p[i] = w[i]; }

static Words parse(const std::string &hex, int words) {
  Words w(words + 1, 0);
  int at = 0;
  for (int i = int(hex.size()) - 1; i >= 0; i--) {
    char ch = hex[i];
    int d = ch >= '0' && ch <= '9' ? ch - '0' : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
    if (d < 0) continue;
    if (at / 8 < words) w[at / 8] |= uint32_t(d) << (at % 8 * 4);
    at++;
  }
  return w;
}

static std::vector<Words> load(const char *name, int words) {
  std::vector<Words> all;
  FILE *f = fopen(name, "r");
  if (!f) { perror(name); exit(2); }
  std::string line;
  for (int ch; (ch = fgetc(f)) != EOF;) {
    if (ch != '\n') { line += char(ch); continue; }
    if (!line.empty() && line[0] != '/') all.push_back(parse(line, words));
    line.clear();
  }
  fclose(f);
  return all;
}

int main(int argc, char **argv) {
  const char *seeds = nullptr, *init = "sim/init.hex", *out = nullptr;
  long sweeps = {{.Sweeps}};
  bool stall = false;
{{if .Betas}}  long first = 0;
{{end}}  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--stall")) stall = true;
    else if (i + 1 == argc) { fprintf(stderr, "%s needs a value\n", argv[i]); return 2; }
    else if (!strcmp(argv[i], "--sweeps")) sweeps = atol(argv[++i]);
{{if .Betas}}    else if (!strcmp(argv[i], "--beta")) first = atol(argv[++i]);
{{end}}    else if (!strcmp(argv[i], "--seeds")) seeds = argv[++i];
    else if (!strcmp(argv[i], "--init")) init = argv[++i];
    else if (!strcmp(argv[i], "--out")) out = argv[++i];
    else { fprintf(stderr, "%s is no option\n", argv[i]); return 2; }
  }
  std::vector<Words> start = load(init, W), expected, bits, nodes, seen(K, Words(W + 1, 0));
  if (!out) expected = load("sim/expected.hex", W);
  if (int(start.size()) < K || (!out && long(expected.size()) < K * sweeps)) { fprintf(stderr, "too few states\n"); return 2; }
  for (int c = 0; c < C; c++) { bits.push_back(parse(BITS[c], W)); nodes.push_back(parse(NODES[c], M)); }
  FILE *file = nullptr;
  if (out && !(file = fopen(out, "w"))) { perror(out); return 2; }

  VerilatedContext context;
  V{{.Model}}_array top(&context);
  auto tick = [&]() { top.clk_i = 0; top.eval(); top.clk_i = 1; top.eval(); };
  Words none(W + M + R + 2, 0), all(R / 32 + 1, 0);
  for (int i = 0; i < {{.Loaders}}; i++) all[i / 32] |= 1u << i % 32;
  put(top.rst_i, all.data()); top.en_i = 1; put(top.load_i, none.data()); put(top.set_i, none.data()); put(top.val_i, none.data());
  top.eval();
  if (seeds) {
    std::vector<Words> s = load(seeds, 4);
    if (int(s.size()) < R) { fprintf(stderr, "too few seeds\n"); return 2; }
{{range .Pokes}}    put(top.rootp->{{$.Model}}_array__DOT__u_rng{{.}}__DOT__seed, s[{{.}}].data());
{{end}}  }
  for (int i = 0; i < 3; i++) tick();
  put(top.rst_i, none.data());
{{if .Tables}}  std::vector<Words> commands = load("sim/tables.hex", 2);
  if (int(commands.size()) <= {{.LastCommand}}) { fprintf(stderr, "too few words of tables\n"); return 2; }
  Words table(4, 0);
  auto set_table = [&](int at, int bits, uint64_t x) {
    for (int b = 0; b < bits; b++, at++) table[at / 32] = (table[at / 32] & ~(1u << at % 32)) | uint32_t(x >> b & 1) << at % 32;
  };
  int now = -1;
{{end}}  long last = START + OFFSET[C - 1] + K * sweeps - 1, errors = 0;
  uint32_t noise = 1;
  Words s(W + 1);
  std::string line((B + 3) / 4 + 1, '\n');
  for (long t = 0; t < last;) {
{{if .Tables}}    // A table is written, with the clock stopped, when the first superblock comes to it.
    long ahead = t + {{.Lead}} - START - OFFSET[0], at = first + (ahead < 0 ? 0 : ahead / K);
    int stretch = NUMBER[at > {{.LastBeta}} ? {{.LastBeta}} : at];
    if (stretch != now) {
      now = stretch;
      top.en_i = 0;
{{if .Lows}}      set_table({{.LowAt}} + {{.Lows}} * (now & 1), {{.Lows}}, LOWS[TABLES[now]]);
{{end}}      set_table({{.CommandBits}}, 1, now & 1);
      for (int i = 0; i < {{.TableWords}} + 2; i++) {
        const uint32_t *w = commands[{{.TableWords}} * TABLES[now] + i % {{.TableWords}}].data();
        set_table(0, {{.CommandBits}}, i < {{.TableWords}} ? uint64_t(w[1]) << 32 | w[0] : 0);
        put(top.table_i, table.data());
        tick();
      }
    }
{{end}}    noise = noise * 1664525u + 1013904223u;
    top.en_i = stall ? noise >> 31 : 1;
    if (t <= START + OFFSET[C - 1]) {
      Words set(M + 1, 0), val(W + 1, 0);
      for (int c = 0; c < C; c++) {
        long n = t + 1 - START - OFFSET[c];
        if (n < -K || n >= 0) continue;
        for (int i = 0; i < M; i++) set[i] |= nodes[c][i];
        for (int i = 0; i < W; i++) val[i] |= start[n + K][i] & bits[c][i];
      }
      put(top.set_i, set.data()); put(top.val_i, val.data());
    }
{{if .Betas}}    Words beta({{.BetaBits}} / 32 + 2, 0);
    for (int c = 0; c < C; c++) {
      long n = t + {{.Lead}} - START - OFFSET[c], x = first + (n < 0 ? 0 : n / K); // of the values that the numbers lead to
      uint32_t number = NUMBER[x > {{.LastBeta}} ? {{.LastBeta}} : x]{{if .Tables}} & 1{{end}};
      for (int b = 0; b < {{.Choice}}; b++) beta[({{.Choice}} * c + b) / 32] |= (number >> b & 1) << ({{.Choice}} * c + b) % 32;
    }
    put(top.beta_i, beta.data());
{{end}}    tick();
    if (!top.en_i) continue;
    t++;
    get(top.s_o, s.data());
    for (int c = 0; c < C; c++) {
      long n = t - START - OFFSET[c];
      if (n < -K) continue;
      Words &x = seen[(n + K) % K];
      for (int i = 0; i < W; i++) x[i] = (x[i] & ~bits[c][i]) | (s[i] & bits[c][i]);
    }
    long n = t - START - OFFSET[C - 1];
    if (n < 0) continue;
    const Words &x = seen[n % K];
    if (file) {
      for (int i = 0; i < (B + 3) / 4; i++) line[(B + 3) / 4 - 1 - i] = "0123456789abcdef"[x[i / 8] >> (i % 8 * 4) & 15];
      fwrite(line.data(), 1, line.size(), file);
    } else if (memcmp(x.data(), expected[n].data(), 4 * W)) {
      if (errors++ < 4) printf("sweep %ld, chain %ld is not as expected\n", n / K, n % K);
    }
  }
  if (file && fclose(file)) { perror(out); return 2; }
  if (!out && errors) printf("FAIL: %ld of %ld states\n", errors, K * sweeps);
  if (!out && !errors) printf("PASS: %ld states\n", K * sweeps);
  return errors ? 1 : 0;
}
