/* {{.Header}} */
#include "{{.Model}}.h"

#define NODES {{.Nodes}}
#define K {{.K}}
#define WORDS {{.Words}}

/* Of each node: its first bit in a state, their number, its superblock, the slot of its
 * initial word (-1: none is drawn), whether it is categorical, and how many of 2^32 words start
 * a spin at +1, the number of states of a categorical, or the code where none is drawn. */
static const struct { uint32_t at; uint8_t width; uint32_t super; int32_t slot; uint8_t categorical; uint64_t start; } node[NODES] = {
{{range .Node}}  {{.}},
{{end}}};

/* Of each superblock: its edges behind the first. */
static const uint32_t offset[] = { {{- .Offsets -}} };

/* Of each generator: its number and its state at reset. */
typedef struct { uint64_t lo, hi; } bits128;
static const struct { uint32_t number, super; bits128 reset; } generator[] = {
{{range .Generators}}  {{.}},
{{end}}};
#define GENERATORS (sizeof generator / sizeof generator[0])

static void philox(int rounds, uint32_t c[4], uint64_t key) {
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int i = 0; i < rounds; i++) {
    uint64_t a = (uint64_t)c[0] * 0xD2511F53u, b = (uint64_t)c[2] * 0xCD9E8D57u;
    c[0] = (uint32_t)(b >> 32) ^ c[1] ^ k0;
    c[1] = (uint32_t)b;
    c[2] = (uint32_t)(a >> 32) ^ c[3] ^ k1;
    c[3] = (uint32_t)a;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

void {{.Model}}_start(uint64_t seed, uint32_t group, uint16_t states[K][NODES]) {
  for (uint32_t chain = 0; chain < K; chain++)
    for (uint32_t n = 0; n < NODES; n++) {
      uint32_t c[4] = {0, group * K + chain, (uint32_t)node[n].slot / 4, 2u << 24};
      if (node[n].slot < 0) {
        states[chain][n] = (uint16_t)node[n].start;
        continue;
      }
      philox({{.Rounds}}, c, seed);
      uint64_t w = c[node[n].slot & 3];
      states[chain][n] = (uint16_t)(node[n].categorical ? w * node[n].start >> 32 : w < node[n].start);
    }
}

/* A step of the generators, which is linear over GF(2). */
static bits128 step(bits128 s) {
  bits128 r;
{{- if eq .Generator "lfl128"}}
  r.lo = (s.lo >> 3 | s.hi << 61) ^ (s.lo >> 5 | s.hi << 59) ^ (s.lo >> 30 | s.hi << 34) ^ (s.lo >> 32 | s.hi << 32);
  r.hi = ((s.hi >> 3 ^ s.hi >> 5 ^ s.hi >> 30 ^ s.hi >> 32) & 0xffffffffu) | s.lo << 32;
{{- else}}
  uint32_t a = (uint32_t)s.lo, b = (uint32_t)(s.lo >> 32), c = (uint32_t)s.hi, d = (uint32_t)(s.hi >> 32), t = b << 9;
  c ^= a;
  d ^= b;
  b ^= c;
  a ^= d;
  c ^= t;
  d = d << 11 | d >> 21;
  r.lo = (uint64_t)b << 32 | a;
  r.hi = (uint64_t)d << 32 | c;
{{- end}}
  return r;
}

/* jumps[k][i] is where 2^k steps lead bit i. */
static bits128 jumps[128][128];

static int bit(bits128 s, int i) { return (int)((i < 64 ? s.lo >> i : s.hi >> (i - 64)) & 1); }

static bits128 unit(int i) {
  bits128 s = {i < 64 ? (uint64_t)1 << i : 0, i < 64 ? 0 : (uint64_t)1 << (i - 64)};
  return s;
}

static bits128 add(bits128 a, bits128 b) {
  bits128 s = {a.lo ^ b.lo, a.hi ^ b.hi};
  return s;
}

static bits128 leap(int k, bits128 s) {
  bits128 r = {0, 0};
  for (int i = 0; i < 128; i++)
    if (bit(s, i)) r = add(r, jumps[k][i]);
  return r;
}

static bits128 jump(bits128 s, bits128 steps) {
  for (int k = 0; k < 128; k++)
    if (bit(steps, k)) s = leap(k, s);
  return s;
}

/* sums[i] has its highest bit at i and is what the bits given to the generator in 128 steps
 * leave behind. */
static bits128 sums[128], given[128];
static int ready;

static void reduce(bits128 *sum, bits128 *with) {
  for (int i = 127; i >= 0; i--)
    if (bit(*sum, i) && (sums[i].lo || sums[i].hi)) {
      *sum = add(*sum, sums[i]);
      *with = add(*with, given[i]);
    }
}

static void prepare(void) {
  if (ready) return;
  for (int i = 0; i < 128; i++) jumps[0][i] = step(unit(i));
  for (int k = 1; k < 128; k++)
    for (int i = 0; i < 128; i++) jumps[k][i] = leap(k - 1, jumps[k - 1][i]);
  bits128 e = {1, 0};
  for (int j = 127; j >= 0; j--) {
    bits128 sum = e, with = unit(j);
    reduce(&sum, &with);
    int top = 127;
    while (!bit(sum, top)) top--;
    sums[top] = sum;
    given[top] = with;
    e = step(e);
  }
  ready = 1;
}

/* The state of a generator at reset for a group of chains in a sweep: back steps before
 * the one that it begins with. */
static bits128 at_reset(uint32_t number, uint32_t back, uint64_t seed, uint32_t group, uint64_t sweep) {
  uint32_t c[4] = {number, 0, 0, 7u << 24};
  philox(10, c, seed);
  bits128 s = {(uint64_t)c[1] << 32 | c[0], (uint64_t)c[3] << 32 | c[2]};
  if (!s.lo && !s.hi) s.lo = 1;
  /* Groups lie 2^64 + 0x9E3779B97F4A7C15 steps apart. */
  uint64_t low = (uint64_t)group * 0x7F4A7C15u, high = (uint64_t)group * 0x9E3779B9u, clocks = sweep * K;
  bits128 n = {low + (high << 32), group + (high >> 32)};
  n.hi += n.lo < low;
  n.lo += clocks;
  n.hi += n.lo < clocks;
  bits128 period = { {{- .Period}}u - back, {{.Period}}u};
  return jump(jump(s, n), period);
}

void {{.Model}}_image(uint64_t seed, uint32_t group, uint64_t sweep, uint16_t states[K][NODES], uint32_t words[{{.LoadWords}}]) {
  const uint32_t each = (GENERATORS + 31) / 32;
  prepare();
  for (uint32_t i = 0; i < {{.LoadWords}}; i++) words[i] = 0;
  for (uint32_t g = 0; g < GENERATORS; g++) {
    bits128 sum = add(at_reset(generator[g].number, offset[generator[g].super] + {{.Back}}, seed, group, sweep), leap(7, generator[g].reset));
    bits128 with = {0, 0};
    reduce(&sum, &with);
    for (int j = 0; j < 128; j++) words[(uint32_t)j * each + g / 32] |= (uint32_t)bit(with, j) << g % 32;
  }
  words += 128 * each;
  for (int64_t t = {{.FirstRow}}; t < {{.EndRow}}; t++, words += WORDS)
    for (uint32_t n = 0; n < NODES; n++) {
      int64_t x = t + 1 - {{.Start}} - (int64_t)offset[node[n].super];
      if (x < -K || x >= 0) continue;
      for (uint32_t b = 0; b < node[n].width; b++) {
        uint32_t at = node[n].at + b;
        words[at / 32] |= (uint32_t)(states[x + K][n] >> b & 1) << at % 32;
      }
    }
}

void {{.Model}}_clamp(uint32_t n, uint16_t code, uint32_t mask[{{.MaskWords}}], uint32_t value[WORDS]) {
  mask[n / 32] |= (uint32_t)1 << n % 32;
  for (uint32_t b = 0; b < node[n].width; b++) {
    uint32_t at = node[n].at + b;
    value[at / 32] = (value[at / 32] & ~((uint32_t)1 << at % 32)) | (uint32_t)(code >> b & 1) << at % 32;
  }
}

void {{.Model}}_frame(const uint32_t frame[WORDS], uint16_t state[NODES]) {
  for (uint32_t n = 0; n < NODES; n++) {
    state[n] = 0;
    for (uint32_t b = 0; b < node[n].width; b++) {
      uint32_t at = node[n].at + b;
      state[n] |= (uint16_t)((frame[at / 32] >> at % 32 & 1) << b);
    }
  }
}
