// Counts of draws for observers, in whole numbers, whose sums are the same in any order; and sums of numbers
// in float64, added in the order of chains.
#pragma once
#include "energy.cuh"

// Adds some chains of a row to its counts: of spins how often their product is +1; with categoricals, in the entry
// that they pick, the product of the spins; with a table of 0 entries the value of the one categorical. The words are
// those of energies without weights.
template <class Get> __device__ __forceinline__ void count_row(const Rows &rows, u32 row, u32 chain, u32 end, u64 *counts, Get get) {
  u64 sum = 0;
  for (; chain < end; chain++) {
    u32 negative;
    const u32 picked = rows.pick(row, [&](u32 node) { return get(node, chain); }, negative);
    if (rows.spins) sum += 1 - negative;
    else if (!rows.stride) sum += picked;
    else atomicAdd(counts + (u64)rows.stride * row + picked, negative ? ~0ull : 1ull);
  }
  if (rows.spins || !rows.stride) atomicAdd(counts + row, sum);
}

// Counts some chains of the row of this number among those of all factors. Behind the last one it returns false, and
// row is how far. The words are the number of factors, then these.
template <class Get> __device__ __forceinline__ bool count(const u32 *terms, u32 &row, u32 chain, u32 end, u64 *counts, Get get) {
  for (u32 n = terms[0], at = 1; n; n--) {
    const Rows rows(terms, at);
    if (row < rows.count) {
      count_row(rows, row, chain, end, counts, get);
      return true;
    }
    row -= rows.count;
    counts += (u64)rows.count * (rows.stride ? rows.stride : 1);
  }
  return false;
}

// The word of a variable whose nodes are summed up by value, and of one whose values are numbers.
constexpr u32 sum_values = 0xFFFFFFFF, sum_numbers = 0xFFFFFFFE;

// Sums up a chain: for each variable how many of its nodes are +1, how many are in each state, or the sum of the
// values, of numbers in float64 from node to node. The words are the number of variables, then of each the first node, the
// one behind its last, and the number of states; 0: spins. A sum is `stride` from the next one; it returns the place
// behind the last.
template <class Get> __device__ __forceinline__ u64 *sum_chain(const u32 *vars, u64 *sums, u32 stride, Get get) {
  for (u32 n = *vars++; n; n--, vars += 3) {
    const u32 states = vars[2];
    if (states == sum_numbers) {
      double sum = 0;
      for (u32 node = vars[0]; node < vars[1]; node++) sum = add(sum, (double)__uint_as_float(get(node)));
      *sums = (u64)__double_as_longlong(sum);
      sums += stride;
      continue;
    }
    const bool shares = states && states != sum_values;
    for (u32 k = 0; k < (shares ? states : 1); k++) sums[(u64)k * stride] = 0;
    for (u32 node = vars[0]; node < vars[1]; node++) {
      const u32 v = get(node);
      if (shares) sums[(u64)v * stride]++;
      else *sums += states ? v : 1 - v;
    }
    sums += (u64)(shares ? states : 1) * stride;
  }
  return sums;
}

// Adds a row of a draw to its sum, or with `fours` to four, of which every fourth chain has the same: the product of its
// spins and numbers, with a table where the row picks an entry. A warp has a row and entry, and room for 32 numbers.
template <class Get> __device__ __forceinline__ void mean_row(const Rows &rows, u32 row, u32 entry, bool fours, double *sums, u32 chains, double *room, Get get) {
  const u32 lane = threadIdx.x % 32, lanes = fours ? 4 : 1;
  double sum = lane < lanes ? sums[lane] : 0;
  for (u32 first = 0; first < chains; first += 32) {
    const u32 chain = first + lane;
    double x = 0; // behind the last chain, and where another entry is picked: it changes no sum
    if (chain < chains) {
      const auto value = [&](u32 node) { return get(node, chain); };
      u32 negative;
      const u32 picked = rows.pick(row, value, negative);
      if (picked == entry) x = rows.times_numbers(row, value, negative ? -1.0 : 1.0);
    }
    room[lane] = x;
    __syncwarp();
    if (lane < lanes)
      for (u32 i = lane; i < 32; i += lanes) sum = add(sum, room[i]);
    __syncwarp();
  }
  if (lane < lanes) sums[lane] = sum;
}

// The row and entry of this number among those of all factors, of which the first `singles` have one sum, the
// others four. The words are those of energies without weights.
template <class Get> __device__ __forceinline__ void mean(const u32 *terms, u32 place, u32 singles, double *sums, u32 chains, double *room, Get get) {
  const bool fours = place >= singles;
  sums += fours ? singles + 4 * (u64)(place - singles) : place;
  for (u32 n = terms[0], at = 1; n; n--) {
    const Rows rows(terms, at);
    if (place < rows.count * rows.stride) {
      mean_row(rows, place / rows.stride, place % rows.stride, fours, sums, chains, room, get);
      return;
    }
    place -= rows.count * rows.stride;
  }
}
