// Updates in float32 of continuous nodes and of nodes with continuous neighbours. Values of
// continuous nodes are the bits of a float32; what decides is in float64.
#pragma once
#include "elementary.cuh"

// The polynomials of normal numbers, two to each power of two from 2^15 to 2^30, where the
// exponent and the first bit behind the point, mod 32, say.
typedef const float Polynomials[32][6];

// Whether a normal number of the word of a draw needs that of the next one.
__device__ __forceinline__ bool is_rare(u32 word) { return (word & 0x7FFFFFFFu) < 1u << 15; }

// A standard normal number from the words of two draws, the second where the first is rare.
__device__ __forceinline__ float normal_number(const Polynomials &of, u32 word, u32 second) {
  const u32 n = word & 0x7FFFFFFFu;
  float z;
  if (is_rare(word)) {
    z = (float)normal_quantile(divide(add((double)((u64)n << 32 | second), 0.5), 18446744073709551616.0));
  } else {
    const u32 f = __float_as_uint((float)(n & ~(n >> 24))); // cut, not rounded
    const float *c = of[f >> 22 & 31];
    const float x = add_float(__uint_as_float((f & 0x3FFFFFu) | 127u << 23), -1.5f);
    z = add_float(multiply_float(c[5], x), c[4]);
    z = add_float(multiply_float(z, x), c[3]);
    z = add_float(multiply_float(z, x), c[2]);
    z = add_float(multiply_float(z, x), c[1]);
    z = add_float(multiply_float(z, x), c[0]);
  }
  return word >> 31 ? z : -z;
}

// x, or the nearest float32 inside the range.
__device__ inline float inside(float x, double lowest, double highest) {
  if ((double)x < lowest || x != x) {
    x = (float)lowest;
    if ((double)x < lowest) x = nextafterf(x, __uint_as_float(0x7F800000u));
  }
  if ((double)x > highest) {
    x = (float)highest;
    if ((double)x > highest) x = nextafterf(x, __uint_as_float(0xFF800000u));
  }
  return x;
}

// A normal number inside a range, from the words of two draws.
__device__ __noinline__ float truncated(double mean, double sd, double lowest, double highest, u32 first, u32 second) {
  double a = divide(subtract(lowest, mean), sd), o = divide(subtract(highest, mean), sd);
  const double r = divide(add((double)((u64)first << 32 | second), 0.5), 18446744073709551616.0);
  const bool turned = add(a, o) < 0;
  if (turned) {
    const double old = a;
    a = -o;
    o = -old;
  }
  double t;
  if (a <= 37) {
    const double qa = normal_tail(a), qo = normal_tail(o);
    const double q = subtract(qa, multiply(r, subtract(qa, qo)));
    t = q > 0.5 ? -normal_quantile(subtract(1, q)) : normal_quantile(q);
  } else {
    const double gone = subtract(1, exponential_of(-multiply(a, subtract(o, a))));
    t = subtract(a, divide(logarithm(subtract(1, multiply(r, gone))), a));
  }
  if (turned) t = -t;
  return inside((float)add(mean, multiply(sd, t)), lowest, highest);
}

// The law of a variable in the words: mean and deviation of its start, its range.
struct Law {
  double mean, sd, lowest, highest;
  __device__ __forceinline__ explicit Law(const u32 *w) : mean(double_at(w)), sd(double_at(w + 2)), lowest(double_at(w + 4)), highest(double_at(w + 6)) {}
};

// As first_value, of continuous nodes as well; some have ranges, or none.
enum NumberStart { normal_start = 4, bounded_start };

template <int rounds, bool ranges> __device__ u32 first_value_or_number(const u32 *start, const u32 *given, const Polynomials &normals, u32 chain, const Keys &key) {
  if (start[0] < normal_start) return first_value<rounds>(start, given, chain, key);
  const Law law(given + start[1]);
  const auto word = [&](u32 draw) { return random_block<rounds>(2, chain, 0, start[2], draw, key).w[start[2] % 4]; };
  const u32 first = word(0), second = word(1);
  if constexpr (ranges) {
    if (start[0] == bounded_start) {
      if (law.sd == 0) return __float_as_uint(inside((float)law.mean, law.lowest, law.highest));
      return __float_as_uint(truncated(law.mean, law.sd, law.lowest, law.highest, first, second));
    }
  }
  const float z = normal_number(normals, first, second);
  return __float_as_uint((float)add(law.mean, multiply(law.sd, (double)z)));
}

// The words of draw 0 of a chain for the four slots of a quad of continuous nodes. Four
// chains share the block of a slot: each of their lanes draws that of one slot.
struct QuadWords {
  u32 w[4];

  template <int rounds> __device__ __forceinline__ void draw(u32 chain, u64 sweep, u32 quad, const Keys &key) {
    const u32 lane = chain % 32;
    const Block b = random_block<rounds>(1, chain / 4, sweep, 4 * (quad + lane % 4), 0, key);
    UNROLL
    for (u32 i = 0; i < 4; i++) w[i] = __shfl_sync(0xFFFFFFFFu, of(b.w, lane ^ i), lane ^ i);
  }
  __device__ __forceinline__ u32 operator[](u32 i) const { return of(w, i); }
  // Of four registers.
  static __device__ __forceinline__ u32 of(const u32 (&w)[4], u32 i) { return i & 2 ? (i & 1 ? w[3] : w[2]) : (i & 1 ? w[1] : w[0]); }
};

// The word of a later draw of a continuous node. It is a call.
template <int rounds> __device__ __noinline__ u32 number_word(u32 chain, u64 sweep, u32 slot, u32 draw, u64 seed) {
  return QuadWords::of(random_block<rounds>(1, chain / 4, sweep, 4 * slot, draw, round_keys(seed)).w, chain);
}

// The update of a spin whose field is g; u is a number of 32 bits, of its two digits.
__device__ __noinline__ u32 float_spin_value(double beta, float g, u32 u) {
  const bool below = g < 0;
  return below != (u < rare_probability(multiply(multiply(2, beta), (double)(below ? -g : g))));
}

// The weight of a value of a categorical whose field is so far below the largest.
__device__ __noinline__ u64 float_weight(double beta, float below, int top) {
  return (u64)floor(add(multiply(exponential(-multiply(beta, (double)below)), power_of_two(top)), 0.5));
}

// The Gaussian conditional exp(-β(a·x² + b·x)).
struct Gaussian {
  float mean, sd;
  __device__ __forceinline__ Gaussian(double beta, double a, float b) {
    mean = multiply_float(b, (float)divide(-1, multiply(2, a)));
    sd = (float)__dsqrt_rn(divide(1, multiply(multiply(2, beta), a)));
  }
};
