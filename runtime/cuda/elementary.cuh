// Functions in float64 beyond the probabilities of spins and categories, in the order of the
// sampler's law: every operation is rounded once. They are calls: copies of them would fill the
// registers of kernels that seldom come here.
#pragma once
#include "law.cuh"

// e^x for every x.
__device__ __noinline__ double exponential_of(double x) {
  if (x != x) return x;
  if (x < -745.2) return 0;
  if (x > 709.8) return __longlong_as_double(0x7FF0000000000000ll);
  double k;
  const double s = exponential_part(x, k);
  return ldexp(s, (int)k);
}

// The natural logarithm: with x = m·2^e and √½ <= m < √2, e·ln 2 + 2·artanh((m-1)/(m+1)).
__device__ __noinline__ double logarithm(double x) {
  if (x != x || x < 0) return __longlong_as_double(0x7FF8000000000001ll);
  if (x == 0) return __longlong_as_double((i64)0xFFF0000000000000ull);
  if (x > 1.7976931348623157e308) return x;
  int e = 0;
  if (x < 2.2250738585072014e-308) {
    x = multiply(x, 18014398509481984.0); // 2^54
    e = -54;
  }
  const i64 bits = __double_as_longlong(x);
  e += (int)(bits >> 52) - 1022;
  double m = __longlong_as_double((bits & 0x000FFFFFFFFFFFFFll) | 0x3FE0000000000000ll);
  if (m < 0.70710678118654752440) {
    m = multiply(2, m);
    e--;
  }
  const double s = divide(subtract(m, 1), add(m, 1)), z = multiply(s, s);
  double sum = 0;
  for (int k = 23; k >= 3; k -= 2) sum = multiply(add(sum, divide(1, k)), z);
  const double high = 0.69314718036912381649, low = 1.90821492927058770002e-10; // of ln 2, 32 bits and the rest
  const double head = multiply(e, high), rest = add(multiply(e, low), multiply(multiply(2, s), sum));
  return add(head, add(multiply(2, s), rest));
}

__device__ inline double normal_ratio(double x, const double (&top)[8], const double (&bottom)[8]) {
  double t = top[0], b = bottom[0];
  UNROLL
  for (int i = 1; i < 8; i++) {
    t = add(multiply(t, x), top[i]);
    b = add(multiply(b, x), bottom[i]);
  }
  return divide(t, b);
}

// The z >= 0 that a standard normal number exceeds with probability p, 0 < p <= 1/2: algorithm
// AS 241, PPND16 (Wichura 1988, Applied Statistics 37:477).
__device__ __noinline__ double normal_quantile(double p) {
  const double q = subtract(0.5, p);
  if (q <= 0.425) {
    const double top[8] = {2.5090809287301226727e+3, 3.3430575583588128105e+4, 6.7265770927008700853e+4, 4.5921953931549871457e+4,
                           1.3731693765509461125e+4, 1.9715909503065514427e+3, 1.3314166789178437745e+2, 3.3871328727963666080e+0};
    const double bottom[8] = {5.2264952788528545610e+3, 2.8729085735721942674e+4, 3.9307895800092710610e+4, 2.1213794301586595867e+4,
                              5.3941960214247511077e+3, 6.8718700749205790830e+2, 4.2313330701600911252e+1, 1};
    return multiply(q, normal_ratio(subtract(0.180625, multiply(q, q)), top, bottom));
  }
  const double r = __dsqrt_rn(-logarithm(p));
  if (r <= 5) {
    const double top[8] = {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e+0,
                           3.64784832476320460504e+0, 5.76949722146069140550e+0, 4.63033784615654529590e+0, 1.42343711074968357734e+0};
    const double bottom[8] = {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
                              6.89767334985100004550e-1, 1.67638483018380384940e+0, 2.05319162663775882187e+0, 1};
    return normal_ratio(subtract(r, 1.6), top, bottom);
  }
  const double top[8] = {2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
                         2.96560571828504891230e-1, 1.78482653991729133580e+0, 5.46378491116411436990e+0, 6.65790464350110377720e+0};
  const double bottom[8] = {2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
                            1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1};
  return normal_ratio(subtract(r, 5), top, bottom);
}

// The density of a standard normal number at t, z = t².
__device__ inline double normal_density(double z) {
  return multiply(exponential_of(divide(-z, 2)), 0.3989422804014326779399460599343818684758586311649);
}

// The probability that a standard normal number exceeds t: below 3 by a series (Abramowitz
// and Stegun 7.1.6), above by Laplace's continued fraction (26.2.14).
__device__ __noinline__ double normal_tail(double t) {
  const double far = fabs(t), z = multiply(far, far);
  double q;
  if (far < 3) {
    double sum = far, term = far;
    for (double k = 3; term > multiply(sum, 5.5511151231257827e-17); k += 2) { // 2^-54
      term = divide(multiply(term, z), k);
      sum = add(sum, term);
    }
    q = subtract(0.5, multiply(normal_density(z), sum));
  } else {
    double f = far;
    for (double k = add(16, floor(divide(400, z))); k >= 1; k--) f = add(far, divide(k, f));
    q = divide(normal_density(z), f);
  }
  return t < 0 ? subtract(1, q) : q;
}
