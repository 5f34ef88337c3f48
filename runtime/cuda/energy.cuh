// Energies of states in float64, added up as observers on a CPU do, so that results are the
// same to the last bit.
#pragma once
#include "intrin.cuh"

constexpr u32 slot_number = 1u << 31; // of a continuous slot, beside its power

// The rows of a factor. Its words are the number of rows, that of slots, how many weights the table
// of a row is from that of the next (0: all share one), 1 if all slots are spins, the places of
// its nodes and of the next factor; for each slot its number of states, 0 of a spin, or slot_number + power; the
// weights, two words each; then by row the nodes of its slots. Slots are few, and copies of the loops over
// them would take the compiler longer than they spare.
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
    NO_UNROLL
    for (u32 i = 0; i < slots; i++) {
      if (states[i] & slot_number) continue;
      const u32 v = get(node[i]);
      if (states[i]) picked = picked * states[i] + v;
      else negative ^= v;
    }
    return picked;
  }

  // w times the numbers of a row, each to its power, from slot to slot.
  template <class Get> __device__ __forceinline__ double times_numbers(u32 row, Get get, double w) const {
    NO_UNROLL
    for (u32 i = 0; i < slots; i++) {
      if (!(states[i] & slot_number)) continue;
      NO_UNROLL
      for (u32 n = states[i] & ~slot_number; n; n--) w = multiply(w, (double)__uint_as_float(get(nodes[row * slots + i])));
    }
    return w;
  }

  // The weight of a row with the sign of its spins.
  template <class Get> __device__ __forceinline__ double signed_weight(u32 row, Get get) const {
    u32 negative;
    const u32 picked = pick(row, get, negative);
    const double w = double_at(weights + 2 * (stride * row + picked));
    return negative ? -w : w;
  }

  // What a row takes from the energy: that times its numbers.
  template <class Get> __device__ __forceinline__ double operator()(u32 row, Get get) const { return times_numbers(row, get, signed_weight(row, get)); }

  // What at most four rows of spins take.
  template <class Get> __device__ __forceinline__ double four(u32 row, Get get) const {
    double taken = 0;
    NO_UNROLL
    for (u32 end = row + 4; row < end && row < count; row++) taken = subtract(taken, signed_weight(row, get));
    return taken;
  }
};

// Adds the rows of expressions to an energy. The words, from a place on, are their number, then of
// each the number of its function, how many words follow, and these, for which row_energy gives its part.
template <class RowEnergy> __device__ __forceinline__ double add_row_energies(double h, const u32 *terms, u32 at, RowEnergy row_energy) {
  for (u32 left = terms[at++]; left; left--, at += 2 + terms[at + 1]) h = add(h, row_energy(terms[at], terms + at + 2));
  return h;
}

// When energies are taken, which states stay: none, those that are lower than all before, or all.
enum Keep : u32 { keep_none, keep_lower, keep_all };

// The energy at β = 1: rows one after the other. The words are the number of factors, these, then rows of
// expressions. Compared, it is the same but for constants, in the order in which the search for the lowest energy
// adds: rows of spins by eight, apart from the others.
template <class Get, class RowEnergy> __device__ __forceinline__ double energy(const u32 *terms, Get get, RowEnergy row_energy, bool compared) {
  double spins = 0, h = 0;
  u32 at = 1;
  for (u32 n = terms[0]; n; n--) {
    const Rows rows(terms, at);
    if (compared && rows.spins) {
      for (u32 r = 0; r < rows.count; r += 8) spins = add(spins, add(rows.four(r, get), rows.four(r + 4, get)));
    } else if (!compared || rows.slots) {
      for (u32 r = 0; r < rows.count; r++) h = subtract(h, rows(r, get));
    }
  }
  h = add_row_energies(h, terms, at, row_energy);
  return compared ? add(h, spins) : h;
}
