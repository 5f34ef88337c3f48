// Samplers of one continuous node that read its energy, and the fitting of steps in warm-up. A
// Curve gives the energy of the node, and its slope, at any value.
#pragma once
#include "number.cuh"

constexpr float least_step = 0x1p-60f, largest_step = 0x1p60f;

// Those of mala and hmc that make a larger error than this in the energy diverged.
constexpr double largest_error = 1000;

// The number of a sweep; the words of training's negative phase have another bit in it.
__device__ __forceinline__ u64 number_of(u64 sweep) { return sweep & 0xFFFFFFFFFFFFull; }

// Whether steps are fitted in a sweep, in words the number of those in which they are.
__device__ __forceinline__ bool is_fitted(u64 sweep, const u32 *words) { return number_of(sweep) < ((u64)words[1] << 32 | words[0]); }

// A number between 0 and 1 from the word of a draw.
__device__ __forceinline__ double uniform(u32 word) { return multiply(add((double)word, 0.5), 0x1p-32); }

__device__ __forceinline__ float step_inside(double x) {
  const float step = (float)x;
  return step < least_step ? least_step : step > largest_step ? largest_step : step;
}

// A step after a sweep of warm-up; by is what the acceptance lacked or had too much.
__device__ __noinline__ float tuned(float step, u64 sweep, double by) {
  const double share = divide(1, __dsqrt_rn(add((double)number_of(sweep), 1)));
  return step_inside(multiply((double)step, exponential_of(multiply(share, by))));
}

// The range of a variable, by the place of its law in the words: it is read where it is needed.
struct Range {
  const u32 *law;
  __device__ __forceinline__ double lowest() const { return double_at(law + 4); }
  __device__ __forceinline__ double highest() const { return double_at(law + 6); }
  // Whether a node may have a value.
  __device__ __forceinline__ bool holds(float x) const { return fabsf(x) <= 3.402823466e38f && lowest() <= (double)x && (double)x <= highest(); }
  // x, or the nearest number inside; all are inside where there are no ends.
  __device__ __forceinline__ float nearest(float x) const { return lowest() >= -1.7976931348623157e308 ? inside(x, lowest(), highest()) : x; }
};

// The probability with which a proposal is taken, l its logarithm.
__device__ __forceinline__ double acceptance(double l) { return l >= 0 ? 1 : exponential_of(l); }

// An update by metropolis or, with slopes, by mala from x with a step; z is a normal number. It
// returns the acceptance, and the proposal in y.
template <bool slopes, class Curve> __device__ __forceinline__ double propose(const Curve &curve, double beta, const Range &range, float x, float step, float z, float &y) {
  const double s = (double)step, square = multiply(s, s);
  const float drift = (float)divide(multiply(square, beta), 2);
  float mean = x;
  if constexpr (slopes) mean = subtract_float(x, multiply_float(drift, curve.slope(x)));
  y = add_float(mean, multiply_float(step, z));
  const float change = subtract_float(curve.energy(y), curve.energy(x));
  double l = -multiply(beta, (double)change);
  if constexpr (slopes) {
    const float back = subtract_float(y, multiply_float(drift, curve.slope(y)));
    const double u = (double)subtract_float(x, back), v = (double)subtract_float(y, mean);
    l = subtract(l, divide(subtract(multiply(u, u), multiply(v, v)), multiply(2, square)));
  }
  return l != l || change != change || !range.holds(y) ? 0 : acceptance(l);
}

// An update by slice: stepping out and shrinkage (Neal 2003). by is how the width should change.
template <class Curve, class Word> __device__ __forceinline__ float slice(const Curve &curve, double beta, const Range &range, float x, float width, Word word, double &by) {
  const float level = add_float(curve.energy(x), (float)divide(-logarithm(uniform(word(0))), beta));
  float low = subtract_float(x, (float)multiply((double)width, uniform(word(1)))), high = add_float(low, width);
  const u32 left = word(2) >> 26;
  u32 out = 0, in = 0;
  NO_UNROLL
  for (u32 n = left; n && (double)low > range.lowest() && curve.energy(low) <= level; n--, out++) low = subtract_float(low, width);
  NO_UNROLL
  for (u32 n = 63 - left; n && (double)high < range.highest() && curve.energy(high) <= level; n--, out++) high = add_float(high, width);
  low = range.nearest(low);
  high = range.nearest(high);
  float now = x;
  NO_UNROLL
  for (u32 i = 0; i < 100; i++) {
    const float y = range.nearest(add_float(low, (float)multiply((double)subtract_float(high, low), uniform(word(3 + i)))));
    if (curve.energy(y) <= level) {
      now = y;
      break;
    }
    in++;
    if (y < x) low = y;
    else high = y;
  }
  by = out + in ? divide((double)out - (double)in, (double)(out + in)) : 0;
  return now;
}

// The three numbers of a fitted step of a joint move: the step in use, what the acceptance lacked, the step for
// after warm-up; a row of 32 chains each.
enum { fit_step = 0, fit_lack = 32, fit_mean = 64 };

// Dual averaging after sweep t of warm-up (Hoffman and Gelman 2014).
__device__ __noinline__ void fit(u32 *numbers, u64 sweep, double lack, double log_first) {
  const double t = add((double)number_of(sweep), 1), share = divide(1, add(t, 10)), root = __dsqrt_rn(t);
  const float mean_lack = (float)add(multiply(subtract(1, share), (double)__uint_as_float(numbers[fit_lack])), multiply(share, lack));
  const float step = step_inside(exponential_of(subtract(log_first, multiply(divide(root, 0.05), (double)mean_lack))));
  const double weight = divide(1, multiply(root, __dsqrt_rn(root)));
  const double mean = add(multiply(weight, logarithm((double)step)), multiply(subtract(1, weight), logarithm((double)__uint_as_float(numbers[fit_mean]))));
  numbers[fit_step] = __float_as_uint(step);
  numbers[fit_lack] = __float_as_uint(mean_lack);
  numbers[fit_mean] = __float_as_uint(step_inside(exponential_of(mean)));
}
