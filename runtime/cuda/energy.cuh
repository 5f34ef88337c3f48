// Energies of states in float64, added up as observers on a CPU do, so that results are the
// same to the last bit.
#pragma once
#include "intrin.cuh"

// The rows of a factor. Its words are the number of rows, that of slots, how many weights the table
// of a row is from that of the next (0: all share one), 1 if all slots are spins, the places of
// its nodes and of the next factor; for each slot its number of states, 0 of a spin; the
// weights, two words each; then by row the nodes of its slots.
struct Rows {
  u32 count, slots, stride, spins;
  const u32 *states, *weights, *nodes;

  // Takes a factor from words that begin at terms; at goes on to the next one.
  __device__ __forceinline__ Rows(const u32 *terms, u32 &at) : count(terms[at]), slots(terms[at + 1]), stride(terms[at + 2]), spins(terms[at + 3]), states(terms + at + 6) {
    weights = states + slots;
    nodes = terms + terms[at + 4];
    at = terms[at + 5];
  }

  // The entry that a row's categoricals pick in its table, and whether the product of its spins is -1. get is the
  // value of a node, 1 for a spin -1.
  template <class Get> __device__ __forceinline__ u32 pick(u32 row, Get get, u32 &negative) const {
    const u32 *node = nodes + row * slots;
    u32 picked = negative = 0;
    for (u32 i = 0; i < slots; i++) {
      const u32 v = get(node[i]);
      if (states[i]) picked = picked * states[i] + v;
      else negative ^= v;
    }
    return picked;
  }

  // What a row takes from the energy: its weight with the sign of its spins.
  template <class Get> __device__ __forceinline__ double operator()(u32 row, Get get) const {
    u32 negative;
    const u32 picked = pick(row, get, negative);
    const double w = double_at(weights + 2 * (stride * row + picked));
    return negative ? -w : w;
  }

  // What at most four rows of spins take.
  template <class Get> __device__ __forceinline__ double four(u32 row, Get get) const {
    double taken = 0;
    for (u32 end = row + 4; row < end && row < count; row++) taken = subtract(taken, (*this)(row, get));
    return taken;
  }
};

// The energy at β = 1: rows one after the other. The words are the number of factors, then these.
template <class Get> __device__ __forceinline__ double energy(const u32 *terms, Get get) {
  double h = 0;
  for (u32 n = terms[0], at = 1; n; n--) {
    const Rows rows(terms, at);
    for (u32 r = 0; r < rows.count; r++) h = subtract(h, rows(r, get));
  }
  return h;
}

// The same but for constants, in the order in which the search for the lowest energy adds: rows
// of spins by eight, apart from the others.
template <class Get> __device__ __forceinline__ double compared_energy(const u32 *terms, Get get) {
  double spins = 0, h = 0;
  for (u32 n = terms[0], at = 1; n; n--) {
    const Rows rows(terms, at);
    if (rows.spins) {
      for (u32 r = 0; r < rows.count; r += 8) spins = add(spins, add(rows.four(r, get), rows.four(r + 4, get)));
    } else if (rows.slots) {
      for (u32 r = 0; r < rows.count; r++) h = subtract(h, rows(r, get));
    }
  }
  return add(h, spins);
}
