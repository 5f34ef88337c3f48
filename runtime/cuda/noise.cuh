// The rule of noise: tables of its cells, drawn by the alias method, and the bits of an update.
#pragma once
#include "law.cuh"

// Column i holds its own cell with own[i] of a capacity of 2^16/cells, and alias[i] with the
// rest; a cell is 2^shift units wide.
template <int cells> struct Noise {
  u32 shift, pad;
  u32 own[cells], alias[cells];
};

// Closes columns one by one: the lowest that holds less than its capacity takes the rest from
// the lowest that holds more. own begins as the masses of the cells. A column that has
// given too much is the lowest of the first kind if all below `next` are closed.
template <int cells> __device__ void close_columns(Noise<cells> *t) {
  constexpr u32 capacity = 65536 / cells;
  for (u32 i = 0; i < cells; i++) t->alias[i] = i;
  u32 next = 0, big = 0, low = cells; // low: a column below next that has become small
  for (;;) {
    while (next < cells && t->own[next] >= capacity) next++;
    const u32 small = low < cells ? low : next;
    if (small == cells) break;
    while (t->own[big] <= capacity) big++; // what the small ones lack is somewhere
    low = cells;
    if (small == next) next++;
    t->alias[small] = big;
    t->own[big] -= capacity - t->own[small];
    if (t->own[big] < capacity && big < next) low = big;
  }
  for (u32 i = 0; i < cells; i++)
    if (t->alias[i] == i) t->own[i] = 0;
}

// How wide cells are for c logits a unit, so that 2^log_cells of them reach so far.
__device__ inline u32 cell_shift(double c, int log_cells, double reach) {
  u32 shift = 0;
  while (multiply(c, power_of_two((int)shift + log_cells)) < reach) shift++;
  return shift;
}

// What lies above the lower end of cell i of the magnitude of a spin's noise, of 2^17.
__device__ inline u32 logistic_above(u32 i, double h) { return i == 256 ? 0 : (u32)floor(add(multiply(tail(multiply(i, h)), 131072), 0.5)); }

// What lies below the lower end of cell i of a category's noise, of 2^16.
__device__ inline u32 gumbel_below(u32 i, double h) {
  if (i == 0) return 0;
  if (i == 1024) return 65536;
  return (u32)floor(add(multiply(exponential(-exponential(subtract(3, multiply(i, h)))), 65536), 0.5));
}

// Builds the tables of a β, by one block.
__device__ inline void build_logistic(Noise<256> *t, double beta, int fraction) {
  const double c = multiply(multiply(2, beta), power_of_two(-fraction));
  const u32 shift = cell_shift(c, 8, 12.5);
  const double h = multiply(c, power_of_two((int)shift));
  for (u32 i = threadIdx.x; i < 256; i += blockDim.x) t->own[i] = logistic_above(i, h) - logistic_above(i + 1, h);
  __syncthreads();
  if (threadIdx.x) return;
  t->shift = shift;
  close_columns(t);
}

__device__ inline void build_gumbel(Noise<1024> *t, double beta, int fraction) {
  const double c = multiply(beta, power_of_two(-fraction));
  const u32 shift = cell_shift(c, 10, 15);
  const double h = multiply(c, power_of_two((int)shift));
  for (u32 i = threadIdx.x; i < 1024; i += blockDim.x) t->own[i] = gumbel_below(i + 1, h) - gumbel_below(i, h);
  __syncthreads();
  if (threadIdx.x) return;
  t->shift = shift;
  close_columns(t);
}

// The bits of an update: those of the digits of draws 0, 1, …, the lowest first. `digit`
// gives the digit of a draw.
template <class Digit> struct Bits {
  Digit digit;
  u64 buffer = 0;
  u32 have = 0, draw = 0;

  __device__ __forceinline__ explicit Bits(Digit d) : digit(d) {}
  __device__ __forceinline__ u64 take(u32 n) { // at most 40
    for (; have < n; have += 16) buffer |= (u64)digit(draw++) << have;
    const u64 x = buffer & (((u64)1 << n) - 1);
    buffer >>= n;
    have -= n;
    return x;
  }
};

// The cell of 16 bits, moved up; low bits come after it.
template <int cells> __device__ __forceinline__ i64 cell_of(const Noise<cells> *t, u32 word) {
  const u32 column = word % cells;
  return (i64)(word / cells < t->own[column] ? column : t->alias[column]) << t->shift;
}

template <int cells> __device__ __forceinline__ i64 low_of(const Noise<cells> *t, u64 low) { return (i64)(low & (((u64)1 << t->shift) - 1)); }
