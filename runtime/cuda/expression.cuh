// The operations of expressions, in float64 for energies; in float32 each is that, rounded.
#pragma once
#include "number.cuh"

// The binary digits of 2/pi behind the point.
__device__ const u64 two_over_pi[20] = {0xa2f9836e4e441529ull, 0xfc2757d1f534ddc0ull, 0xdb6295993c439041ull, 0xfe5163abdebbc561ull,
                                         0xb7246e3a424dd2e0ull, 0x06492eea09d1921cull, 0xfe1deb1cb129a73eull, 0xe88235f52ebb4484ull,
                                         0xe99c7026b45f7e41ull, 0x3991d639835339f4ull, 0x9c845f8bbdf9283bull, 0x1ff897ffde05980full,
                                         0xef2f118b5a0a6d1full, 0x6d367ecf27cb09b7ull, 0x4f463f669e5fea2dull, 0x7527bac7ebe5f17bull,
                                         0x3d0739f78a5292eaull, 0x6bfb5fb11f8d5d08ull, 0x56033046fc7b6babull, 0xf0cfbc209af4361dull};

// An angle as k quarter turns + r + low, |r| <= pi/4 and a rounding more.
struct Angle {
  i64 k;
  double r, low;
};

// a - b, and what rounding took from it.
__device__ __forceinline__ double subtract_exactly(double a, double b, double &low) {
  const double d = subtract(a, b), bb = subtract(a, d);
  low = add(subtract(a, add(d, bb)), subtract(bb, b));
  return d;
}

// pi/2·(f0·2^64 + f1)/2^128 as r + low.
__device__ inline void fraction_of_turn(u64 f0, u64 f1, double &r, double &low) {
  const double half_pi = 0x1.921fb54442d18p+0, half_pi_low = 0x1.1a62633145c07p-54;
  r = low = 0;
  if (!f0) return;
  const int shift = __clzll((i64)f0);
  const u64 top = f0 << shift | f1 >> 1 >> (63 - shift);
  const double head = ldexp((double)(top >> 11), -53 - shift);
  const double rest = ldexp(add((double)(top << 53 >> 53), ldexp((double)(f1 << shift >> 32), -32)), -64 - shift);
  const double a = subtract(multiply(head, 134217729), subtract(multiply(head, 134217729), head)), b = subtract(head, a);
  const double c = 0x1.921fb54p+0, d = subtract(half_pi, c);
  r = multiply(head, half_pi);
  low = add(add(add(subtract(multiply(a, c), r), multiply(a, d)), multiply(b, c)), multiply(b, d));
  low = add(low, add(multiply(head, half_pi_low), multiply(rest, half_pi)));
}

// 64 binary digits of 2/pi from one of them on.
__device__ __noinline__ u64 digits_from(int from) {
  const int word = from >> 6, bit = from & 63;
  const u64 w0 = word < 0 ? 0 : two_over_pi[word], w1 = word + 1 < 0 ? 0 : two_over_pi[word + 1];
  return w0 << bit | w1 >> 1 >> (63 - bit);
}

// Reduces a large angle by the bits of 2/pi that matter for it (Payne and Hanek 1983).
__device__ __noinline__ Angle far_angle(double x) {
  const i64 bits = __double_as_longlong(fabs(x));
  const int e = (int)(bits >> 52) - 1075; // |x| = m·2^e, m of 53 bits
  const u64 m = ((u64)bits & 0x000FFFFFFFFFFFFFull) | 0x0010000000000000ull;
  const u64 a0 = digits_from(e - 2), a1 = digits_from(e + 62), a2 = digits_from(e + 126);
  const u64 h2 = __umul64hi(a2, m), h1 = __umul64hi(a1, m);
  u64 p1 = a1 * m, p0 = a0 * m;
  p1 += h2;
  p0 += h1 + (p1 < h2);
  Angle t;
  t.k = (i64)(p0 >> 62);
  u64 f0 = p0 << 2 | p1 >> 62, f1 = p1 << 2 | a2 * m >> 62;
  const bool back = f0 >> 63; // the nearer quarter turn is the next
  if (back) {
    t.k++;
    f1 = 0 - f1;
    f0 = ~f0 + (f1 == 0);
  }
  fraction_of_turn(f0, f1, t.r, t.low);
  if (back) {
    t.r = -t.r;
    t.low = -t.low;
  }
  if (x < 0) return {-t.k, -t.r, -t.low};
  return t;
}

__device__ inline Angle angle_of(double x) {
  const double a = fabs(x);
  if (!(a < 524288)) return far_angle(x);
  const double n = floor(add(multiply(x, 0x1.45f306dc9c883p-1), 0.5));
  Angle t;
  t.k = (i64)n;
  t.r = subtract_exactly(subtract(x, multiply(n, 0x1.921fb544p+0)), multiply(n, 0x1.0b4611a6p-34), t.low);
  t.r = subtract_exactly(t.r, subtract(multiply(n, 0x1.3198a2e037073p-69), t.low), t.low);
  return t;
}

// The sine of r + low, |r| <= pi/4, by its series; and the cosine.
__device__ inline double sine_near(double r, double low) {
  const double z = multiply(r, r);
  double p = 0;
  NO_UNROLL
  for (double k = 16; k >= 2; k -= 2) p = divide(multiply(-add(1, p), z), multiply(k, add(k, 1)));
  return add(r, add(multiply(r, p), multiply(low, subtract(1, divide(z, 2)))));
}
__device__ inline double cosine_near(double r, double low) {
  const double z = multiply(r, r);
  double p = 0;
  NO_UNROLL
  for (double k = 17; k >= 3; k -= 2) p = divide(multiply(-add(1, p), z), multiply(k, add(k, 1)));
  const double half = divide(z, 2), w = subtract(1, half);
  return add(w, add(subtract(subtract(1, w), half), subtract(-multiply(half, p), multiply(low, r))));
}

// sin(x) for turns 0, cos(x) for 1.
__device__ __noinline__ double sine(double x, int turns) {
  if (!(fabs(x) <= 1.7976931348623157e308)) return __longlong_as_double(0x7FF8000000000001ll);
  const Angle t = angle_of(x);
  const i64 k = (t.k + turns) & 3;
  const double s = k & 1 ? cosine_near(t.r, t.low) : sine_near(t.r, t.low);
  return k & 2 ? -s : s;
}

// The hyperbolic tangent: below 1/2 Lambert's continued fraction, above 1 - 2/(e^2x + 1).
__device__ __noinline__ double hyperbolic_tangent(double x) {
  const double a = fabs(x);
  if (x != x) return x;
  if (a > 22) return x < 0 ? -1.0 : 1.0;
  if (a < 0.5) {
    const double z = multiply(x, x);
    double f = 19;
    NO_UNROLL
    for (double k = 17; k >= 1; k -= 2) f = add(k, divide(z, f));
    return divide(x, f);
  }
  const double y = subtract(1, divide(2, add(exponential_of(multiply(2, a)), 1)));
  return x < 0 ? -y : y;
}

// x^y: whole powers by multiplication, halves by the root, others as e^(y·log x).
__device__ __noinline__ double power(double x, double y) {
  if (y == 0.5) return __dsqrt_rn(x);
  if (y == floor(y) && fabs(y) <= 64) {
    double p = 1;
    for (int i = (int)fabs(y); i; i--) p = multiply(p, x);
    return y < 0 ? divide(1, p) : p;
  }
  if (x == 0 && y > 0) return 0;
  return exponential_of(multiply(y, logarithm(x)));
}

__device__ __forceinline__ double sine_of(double x) { return sine(x, 0); }
__device__ __forceinline__ double cosine_of(double x) { return sine(x, 1); }
__device__ __forceinline__ float exp_float(float x) { return (float)exponential_of(x); }
__device__ __forceinline__ float log_float(float x) { return (float)logarithm(x); }
__device__ __forceinline__ float sin_float(float x) { return (float)sine(x, 0); }
__device__ __forceinline__ float cos_float(float x) { return (float)sine(x, 1); }
__device__ __forceinline__ float tanh_float(float x) { return (float)hyperbolic_tangent(x); }
__device__ __forceinline__ float power_float(float x, float y) { return (float)power(x, y); }

// The smaller and the larger of two numbers, -0 below 0; no number if one is none.
__device__ __forceinline__ float minimum(float a, float b) {
  if (a == b) return __uint_as_float(__float_as_uint(a) | (__float_as_uint(b) & 0x80000000u));
  return a != a || a < b ? a : b;
}
__device__ __forceinline__ float maximum(float a, float b) {
  if (a == b) return __uint_as_float(__float_as_uint(a) & (__float_as_uint(b) | 0x7FFFFFFFu));
  return a != a || a > b ? a : b;
}
__device__ __forceinline__ double minimum(double a, double b) {
  if (a == b) return __longlong_as_double(__double_as_longlong(a) | __double_as_longlong(b));
  return a != a || a < b ? a : b;
}
__device__ __forceinline__ double maximum(double a, double b) {
  if (a == b) return __longlong_as_double(__double_as_longlong(a) & __double_as_longlong(b));
  return a != a || a > b ? a : b;
}
