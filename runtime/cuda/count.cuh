// Counts of draws for observers, in whole numbers, whose sums are the same in any order.
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

// Sums up a chain: for each variable how many of its nodes are +1, how many are in each state, or the sum of the
// values. The words are the number of variables, then of each the first node, the one behind its last, and the number of
// states; 0: spins, ~0: values. A sum is `stride` from the next one.
template <class Get> __device__ __forceinline__ void sum_chain(const u32 *vars, u64 *sums, u32 stride, Get get) {
  for (u32 n = *vars++; n; n--, vars += 3) {
    const u32 states = vars[2];
    const bool shares = states && ~states;
    for (u32 k = 0; k < (shares ? states : 1); k++) sums[(u64)k * stride] = 0;
    for (u32 node = vars[0]; node < vars[1]; node++) {
      const u32 v = get(node);
      if (shares) sums[(u64)v * stride]++;
      else *sums += states ? v : 1 - v;
    }
    sums += (u64)(shares ? states : 1) * stride;
  }
}
