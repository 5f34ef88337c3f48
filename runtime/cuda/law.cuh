// Probabilities in integers: the tables of a β and what updates read of them. Every
// operation in float64 is rounded once, in the order of the sampler's law, so that all
// machines build the same tables.
#pragma once
#include "random.cuh"

// e^x / 2^k, k the nearest integer to x / ln 2.
__device__ __forceinline__ double exponential_part(double x, double &k) {
  k = floor(add(multiply(x, 1.44269504088896338700e+00), 0.5));
  double r = subtract(x, multiply(k, 6.93147180369123816490e-01));
  r = subtract(r, multiply(k, 1.90821492927058770002e-10));
  const double c[13] = {1.0 / 87178291200.0, 1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0,
                        1.0 / 362880.0, 1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 1.0 / 2.0};
  double p = 1.0 / 1307674368000.0;
  for (int i = 0; i < 13; i++) p = add(multiply(p, r), c[i]);
  return add(1, add(r, multiply(multiply(r, r), p)));
}

// e^x for x <= 0. Below -690 it gives 0, which no result that follows can tell from e^x.
__device__ inline double exponential(double x) {
  if (x < -690) return 0;
  double k;
  const double s = exponential_part(x, k);
  return multiply(s, __longlong_as_double((i64)(1023 + (i64)k) << 52));
}

// σ(-x) for x >= 0.
__device__ inline double tail(double x) {
  const double e = exponential(-x);
  return divide(e, add(1, e));
}

// floor(σ(-x)·2^32 + 1/2) for x >= 0: the probability of the less likely value of a spin.
__device__ inline u32 rare_probability(double x) { return (u32)floor(add(multiply(tail(x), 4294967296.0), 0.5)); }

__device__ inline double power_of_two(int e) { return __longlong_as_double((i64)(1023 + e) << 52); }

// Thresholds of spins: lines[2i] and lines[2i+1] are A and D of segment i, shift is S, and
// c the logits of one unit of the field.
struct Thresholds {
  double c;
  u32 shift, pad;
  u32 lines[2 * 256];
};

// T(m) of a table of so many segments.
template <int segments> __device__ __forceinline__ u32 threshold(const Thresholds *t, u64 m) {
  const u32 shift = t->shift;
  const u64 i = m >> shift, rest = m & (((u64)1 << shift) - 1);
  if (i >= segments) return 0;
  const u32 f = (u32)(shift <= 16 ? rest << (16 - shift) : rest >> (shift - 16));
  return (t->lines[2 * i] - (t->lines[2 * i + 1] * f >> 4)) >> 16;
}

// Builds the table of a β, one segment a thread; tail_digit says that ties of the first
// digit are settled by a second one, so that lines stay below the curve.
template <int segments, bool tail_digit> __device__ void build_thresholds(Thresholds *t, double beta, int fraction) {
  const double c = multiply(multiply(2, beta), power_of_two(-fraction));
  int shift = 0;
  while (shift < 62 && multiply(multiply(segments, c), power_of_two(shift)) < 11.09375) shift++;
  const double h = multiply(c, power_of_two(shift));
  if (threadIdx.x == 0) {
    t->c = c;
    t->shift = shift;
  }
  for (int i = threadIdx.x; i < segments; i += blockDim.x) {
    double a, d = 0;
    if (shift == 0) {
      const u32 exact = rare_probability(multiply(c, i));
      a = tail_digit ? (double)(exact >> 16 << 16) : add(exact, 32768);
    } else if (tail_digit && i == 0) { // the tangent at 0
      a = 2147483648.0;
      d = ceil(multiply(262144, h));
    } else if (tail_digit) { // the tangent in the middle, rounded down
      const double y = multiply(tail(multiply(add(i, 0.5), h)), 65536);
      const double drop = multiply(divide(multiply(y, subtract(65536, y)), 65536), h);
      d = floor(add(multiply(16, drop), 0.5));
      const double below = subtract(divide(d, 16), drop);
      a = subtract(floor(multiply(add(add(y, divide(drop, 2)), below < 0 ? below : 0), 65536)), 1);
      if (a < 0) a = 0;
    } else { // half the chord's error below the chord
      const double v0 = multiply(tail(multiply(i, h)), 65536), v1 = multiply(tail(multiply(add(i, 1), h)), 65536);
      const double y = multiply(tail(multiply(add(i, 0.5), h)), 65536);
      const double e = divide(subtract(divide(add(v0, v1), 2), y), 2);
      d = floor(add(multiply(16, subtract(v0, v1)), 0.5));
      a = i == 0 ? 2147483648.0 + 32768.0 : floor(multiply(add(subtract(v0, e), 0.5), 65536));
    }
    t->lines[2 * i] = (u32)a;
    t->lines[2 * i + 1] = (u32)d;
  }
}

// Whether a spin takes the value against a field of magnitude m, u being its digit: u < T(m),
// and a tie is settled by the digit of draw 1 and the exact probability. bits is the
// format's threshold_bits.
template <int segments, int bits, class Second> __device__ __forceinline__ bool takes_rare(const Thresholds *t, u64 m, u32 u, Second second) {
  const u32 first = threshold<segments>(t, m);
  if constexpr (bits == 16) {
    return u < first;
  } else if constexpr (bits < 16) {
    return u >> (16 - bits) < (first + (1u << (15 - bits))) >> (16 - bits);
  } else {
    if (u != first) return u < first;
    const i64 rest = (i64)rare_probability(multiply(t->c, (double)m)) - 65536 * (i64)first;
    return (i64)second() < rest;
  }
}

// The threshold of a number of so many bit planes.
template <int planes> __device__ __forceinline__ u32 plane_threshold(double c, u64 m) {
  const u32 exact = rare_probability(multiply(c, (double)m));
  if constexpr (planes == 32) return exact;
  else return (exact + (1u << (31 - planes))) >> (32 - planes);
}

// Thresholds of the smaller fields; c is the logits of one unit.
template <int count> struct PlaneThresholds {
  double c;
  u32 of[count];
};

template <int planes, int count> __device__ void build_plane_thresholds(PlaneThresholds<count> *t, double beta, int fraction) {
  const double c = multiply(multiply(2, beta), power_of_two(-fraction));
  if (threadIdx.x == 0) t->c = c;
  for (u32 m = threadIdx.x; m < count; m += blockDim.x) t->of[m] = plane_threshold<planes>(c, m);
}

// Exponentials of categoricals, e(d) = (H[d >> r]·L[d mod 2^r] + 2^30) >> 31 for d < 2^n. The
// words behind the head are L, then H.
struct Exponentials {
  u32 n, r;
};

__device__ __forceinline__ u32 exponential_weight(const Exponentials *t, u64 d) {
  if (d >> t->n) return 0;
  const u32 *l = (const u32 *)(t + 1), *h = l + ((u64)1 << t->r);
  return (u32)(((u64)h[d >> t->r] * l[d & (((u64)1 << t->r) - 1)] + ((u64)1 << 30)) >> 31);
}

// Builds the table of a β whose largest entry is 2^top, one entry a thread.
__device__ inline void build_exponentials(Exponentials *t, double beta, int fraction, int top) {
  const double c = multiply(beta, power_of_two(-fraction)), end = multiply(top + 1, 0.6931471805599453);
  int n = 0;
  while (n < 40 && multiply(c, power_of_two(n)) < end) n++;
  const int r = (n + 1) / 2;
  if (threadIdx.x == 0 && blockIdx.x == 0) {
    t->n = n;
    t->r = r;
  }
  u32 *l = (u32 *)(t + 1), *h = l + ((u64)1 << r);
  const u32 first = blockIdx.x * blockDim.x + threadIdx.x, step = gridDim.x * blockDim.x;
  for (u32 i = first; i < 1u << r; i += step) l[i] = (u32)floor(add(multiply(exponential(-multiply(c, i)), 2147483648.0), 0.5));
  const double high = multiply(c, power_of_two(r));
  for (u32 i = first; i < 1u << (n - r); i += step) h[i] = (u32)floor(add(multiply(exponential(-multiply(high, i)), power_of_two(top)), 0.5));
}

// A share of z < 2^48 by the digits of a categorical: floor(word·z / 2^bits), of two digits the
// first one high, or of the leading bits of one.
template <int bits, class Second> __device__ __forceinline__ u64 share(u32 digit, u64 z, Second second) {
  if constexpr (bits <= 16) {
    return (u64)(digit >> (16 - bits)) * z >> bits;
  } else {
    const u64 word = digit << 16 | second();
    return word * (z >> 32) + (word * (u32)z >> 32);
  }
}

// A categorical: the first value whose cumulative weight exceeds a share of the sum of all. The first
// `states` fields are there.
template <int bits, int most_states, class Sum, class Second>
__device__ __forceinline__ u32 category(const Exponentials *t, const Sum (&fields)[most_states], u32 states, u32 digit, Second second) {
  Sum most = fields[0];
  UNROLL
  for (u32 k = 1; k < most_states; k++)
    if (k < states && fields[k] > most) most = fields[k];
  u32 e[most_states];
  u64 z = 0;
  UNROLL
  for (u32 k = 0; k < most_states; k++) z += e[k] = k < states ? exponential_weight(t, (u64)(most - fields[k])) : 0;
  const u64 target = share<bits>(digit, z, second);
  u32 chosen = 0; // how many cumulative weights do not exceed the share
  u64 sum_to = 0;
  UNROLL
  for (u32 k = 0; k < most_states; k++) chosen += (sum_to += e[k]) <= target;
  return chosen;
}

// How a node begins: a kind, a value and a slot of its random word; or with given_by_chain,
// two places of values.
enum Start { fixed, spin_below, category_of, given_by_chain };

// The initial value of a node in a chain; a spin is 1 for -1.
template <int rounds> __device__ u32 first_value(const u32 *start, const u32 *given, u32 chain, const Keys &key) {
  if (start[0] == fixed) return start[1];
  if (start[0] == given_by_chain) return given[start[1] + start[2] * chain];
  const u32 word = random_block<rounds>(2, chain, 0, start[2], 0, key).w[start[2] % 4];
  return start[0] == spin_below ? !(word < start[1]) : (u32)((u64)word * start[1] >> 32);
}
