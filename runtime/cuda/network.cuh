// Networks of dense layers in float32, with their slopes, and their values in float64. Each lane runs
// that of its chain; all read the same weights.
#pragma once
#include "expression.cuh"

struct Layer { u32 in, out, weights, biases; }; // how many numbers, and where they are

enum Activation : u32 { use_silu, use_tanh, use_relu, use_softplus, use_elu }; // in the order of package sampling

constexpr u32 network_value = 0xFFFFFFFF; // in place of the input by which a slope is asked for

// What a thread keeps of networks of up to so many inputs, neurons and neurons in a layer, in rows of
// 32 lanes: the number of the network whose slopes these are, 0 for none, its inputs, slopes by
// them, slopes of activations, what two layers give; or for energies two lists in float64 behind the
// number.
template <u32 inputs, u32 neurons, u32 widest> struct NetworkMemory {
  u32 *row;

  static constexpr u32 inputs_at = 1, slopes_at = inputs_at + inputs, bends_at = slopes_at + inputs, layers_at = bends_at + neurons;
  static constexpr u32 list = 2 * (inputs > widest ? inputs : widest); // rows of a list in float64

  __device__ __forceinline__ u32 &number() const { return *row; }
  __device__ __forceinline__ u32 *at(u32 i) const { return row + 32 * i; }
  __device__ __forceinline__ u32 *layer(u32 l) const { return at(layers_at + (l & 1) * widest); }

  // Keeps an input and says whether it is another than before.
  __device__ __forceinline__ bool put(u32 i, float v) const {
    u32 *x = at(inputs_at + i);
    const u32 old = *x;
    *x = __float_as_uint(v);
    return old != *x;
  }
  __device__ __forceinline__ void put_double(u32 at_row, double v) const {
    const u64 bits = (u64)__double_as_longlong(v);
    *at(at_row) = (u32)bits;
    *at(at_row + 1) = (u32)(bits >> 32);
  }
};

// e^x between -87 and 87, its value at the ends beyond them and at -87 for what is no number; the
// polynomial is that of Cephes, expf.
__device__ __forceinline__ float near_exponential(float x) {
  if (!(x > -87)) x = -87;
  if (x > 87) x = 87;
  const float k = floorf(add_float(multiply_float(x, 1.44269504f), 0.5f));
  float r = subtract_float(x, multiply_float(k, 0.693359375f));
  r = subtract_float(r, multiply_float(k, -2.12194440e-4f));
  float p = add_float(multiply_float(1.9875691500e-4f, r), 1.3981999507e-3f);
  p = add_float(multiply_float(p, r), 8.3334519073e-3f);
  p = add_float(multiply_float(p, r), 4.1665795894e-2f);
  p = add_float(multiply_float(p, r), 1.6666665459e-1f);
  p = add_float(multiply_float(p, r), 5.0000001201e-1f);
  const float y = add_float(add_float(multiply_float(p, multiply_float(r, r)), r), 1);
  return multiply_float(y, __uint_as_float((u32)((i32)k + 127) << 23));
}
__device__ __forceinline__ float near_logistic(float x) { return __fdiv_rn(1, add_float(1, near_exponential(-x))); }

struct Activated { float value, slope; };

// An activation at z.
__device__ __noinline__ Activated activated(u32 activation, float z) {
  switch (activation) {
  case use_silu: {
    const float s = near_logistic(z);
    return {multiply_float(z, s), multiply_float(s, add_float(1, multiply_float(z, subtract_float(1, s))))};
  }
  case use_tanh: {
    const float t = subtract_float(multiply_float(2, near_logistic(multiply_float(2, z))), 1);
    return {t, subtract_float(1, multiply_float(t, t))};
  }
  case use_softplus: {
    const double e = (double)near_exponential(-fabsf(z));
    return {add_float(z <= 0 ? 0.0f : z, (float)logarithm(add(1, e))), near_logistic(z)};
  }
  }
  if (!(z <= 0)) return {z, 1};
  if (activation == use_relu) return {0, 0};
  const float e = near_exponential(z);
  return {subtract_float(e, 1), e};
}

// As much in float64, without the slope.
__device__ __noinline__ double activated_double(u32 activation, double z) {
  switch (activation) {
  case use_silu: {
    const double e = exponential_of(-fabs(z)), below = add(1, e);
    return multiply(z, divide(z >= 0 ? 1.0 : e, below));
  }
  case use_tanh: return hyperbolic_tangent(z);
  case use_softplus: return add(maximum(z, 0.0), logarithm(add(1, exponential_of(-fabs(z)))));
  }
  if (!(z <= 0)) return z;
  return activation == use_relu ? 0 : subtract(exponential_of(z), 1);
}

// z + w[0]·x[0] + w[stride]·x[1] + …, from left to right, x a row each.
__device__ __forceinline__ float weighted_sum(float z, const float *w, u32 stride, const u32 *x, u32 count) {
  for (; count; count--, w += stride, x += 32) z = add_float(z, multiply_float(*w, __uint_as_float(*x)));
  return z;
}
__device__ __forceinline__ double weighted_sum_double(double z, const u32 *w, const u32 *x, u32 count) {
  for (; count; count--, w += 2, x += 64) z = add(z, multiply(double_at(w), __longlong_as_double((i64)((u64)x[32] << 32 | x[0]))));
  return z;
}

// The value of a network at the inputs in memory; slopes of activations stay there.
template <class Memory> __device__ __forceinline__ float network_forward(const Layer *layers, u32 hidden, u32 activation, const float *weights, Memory m) {
  const u32 *from = m.at(m.inputs_at);
  u32 *bend = m.at(m.bends_at);
  NO_UNROLL
  for (u32 l = 0;; l++) {
    const Layer y = layers[l];
    u32 *to = m.layer(l);
    NO_UNROLL
    for (u32 o = 0; o < y.out; o++, bend += 32) {
      const float z = weighted_sum(weights[y.biases + o], weights + y.weights + o * y.in, 1, from, y.in);
      if (l == hidden) return z; // the last layer has one number
      const Activated a = activated(activation, z);
      to[32 * o] = __float_as_uint(a.value);
      *bend = __float_as_uint(a.slope);
    }
    from = m.layer(l);
  }
}

// The slopes by the inputs, after network_forward.
template <class Memory> __device__ __forceinline__ void network_backward(const Layer *layers, u32 hidden, const float *weights, Memory m) {
  u32 *delta = hidden ? m.layer(0) : m.at(m.slopes_at), *bend = m.at(m.bends_at);
  NO_UNROLL
  for (u32 i = 0; i < layers[hidden].in; i++) delta[32 * i] = __float_as_uint(weights[layers[hidden].weights + i]);
  NO_UNROLL
  for (u32 l = 0; l < hidden; l++) bend += 32 * layers[l].out;
  NO_UNROLL
  for (u32 l = hidden; l--;) {
    const Layer y = layers[l];
    bend -= 32 * y.out;
    NO_UNROLL
    for (u32 o = 0; o < 32 * y.out; o += 32) bend[o] = __float_as_uint(multiply_float(__uint_as_float(delta[o]), __uint_as_float(bend[o])));
    if (!l) delta = m.at(m.slopes_at);
    NO_UNROLL
    for (u32 i = 0; i < y.in; i++) delta[32 * i] = __float_as_uint(weighted_sum(0, weights + y.weights + i, y.in, bend, y.out));
  }
}

// The value of a network at the inputs in memory, or its slope by one of them; fresh says that the
// slopes in memory are not those at these.
template <class Memory>
__device__ __noinline__ float network_at(u32 number, const Layer *layers, u32 hidden, u32 activation, const float *weights, Memory m, u32 input, bool fresh) {
  const bool slope = input != network_value;
  if (!slope || fresh) {
    m.number() = slope ? number : 0;
    const float value = network_forward(layers, hidden, activation, weights, m);
    if (!slope) return value;
    network_backward(layers, hidden, weights, m);
  }
  return __uint_as_float(*m.at(m.slopes_at + input));
}

// The value of a network in float64, of inputs in the first list.
template <class Memory> __device__ __noinline__ double network_energy(const Layer *layers, u32 hidden, u32 activation, const u32 *words, Memory m) {
  m.number() = 0;
  u32 from = 1, to = 1 + m.list;
  NO_UNROLL
  for (u32 l = 0;; l++) {
    const Layer y = layers[l];
    NO_UNROLL
    for (u32 o = 0; o < y.out; o++) {
      const double z = weighted_sum_double(double_at(words + 2 * (y.biases + o)), words + 2 * (y.weights + o * y.in), m.at(from), y.in);
      if (l == hidden) return z; // the last layer has one number
      m.put_double(to + 2 * o, activated_double(activation, z));
    }
    const u32 old = from;
    from = to;
    to = old;
  }
}
