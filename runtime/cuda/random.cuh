// The random words of the sampler's law: blocks of four words at a counter under a key.
#pragma once
#include "intrin.cuh"

struct Block { u32 w[4]; };

// The keys of the rounds, which the host makes. As a parameter of a kernel they lie in constant memory, from where
// instructions read them for nothing.
struct Keys { u32 low[10], high[10]; };

__host__ __device__ inline Keys round_keys(u64 seed) {
  Keys k;
  UNROLL
  for (u32 i = 0; i < 10; i++) {
    k.low[i] = (u32)seed + i * 0x9E3779B9u;
    k.high[i] = (u32)(seed >> 32) + i * 0xBB67AE85u;
  }
  return k;
}

// The seed of keys.
__device__ __forceinline__ u64 seed_of(const Keys &key) { return (u64)key.high[0] << 32 | key.low[0]; }

// Philox4x32 of Salmon, Moraes, Dror and Shaw (SC 2011); ars.cuh has 5 rounds of ARS in its
// place.
template <int rounds> __device__ __forceinline__ Block block_at(u32 c0, u32 c1, u32 c2, u32 c3, const Keys &key) {
  UNROLL
  for (int i = 0; i < rounds; i++) {
    const u64 left = (u64)0xD2511F53u * c0, right = (u64)0xCD9E8D57u * c2;
    c0 = (u32)(right >> 32) ^ c1 ^ key.low[i];
    c2 = (u32)(left >> 32) ^ c3 ^ key.high[i];
    c1 = (u32)right;
    c3 = (u32)left;
  }
  return {{c0, c1, c2, c3}};
}

// The block of a word of the law: purpose, draw and sweep share c3.
template <int rounds> __device__ __forceinline__ Block random_block(u32 purpose, u32 c1, u64 sweep, u32 slot, u32 draw, const Keys &key) {
  return block_at<rounds>((u32)sweep, c1, slot / 4, purpose << 24 | draw << 16 | (u32)(sweep >> 32), key);
}

// The block of a bit plane of 128 chains.
template <int rounds> __device__ __forceinline__ Block plane_block(u32 chain, u64 sweep, u32 slot, u32 plane, const Keys &key) {
  return block_at<rounds>((u32)sweep, chain / 128, slot, 3u << 24 | plane << 16 | (u32)(sweep >> 32), key);
}

// A number of a lane's chain from so many bit planes; lane k draws plane k for all lanes of
// the warp, which must be there.
template <int rounds, int planes> __device__ __forceinline__ u32 plane_number(u32 chain, u64 sweep, u32 slot, const Keys &key) {
  const u32 lane = chain % 32, of = chain / 32 % 4;
  const Block b = plane_block<rounds>(chain, sweep, slot, lane, key);
  const u32 word = of & 2 ? (of & 1 ? b.w[3] : b.w[2]) : (of & 1 ? b.w[1] : b.w[0]);
  u32 u = 0;
  UNROLL
  for (u32 k = 0; k < planes; k++) u |= (__shfl_sync(0xFFFFFFFFu, word, k) >> lane & 1) << k;
  return u;
}

// The 16-bit digit of a chain and a slot in the block of chain/2 and slot/4.
__device__ __forceinline__ u32 digit_of(const Block &b, u32 chain, u32 slot) {
  const u32 w = chain & 1 ? (slot & 2 ? b.w[3] : b.w[2]) : (slot & 2 ? b.w[1] : b.w[0]);
  return slot & 1 ? w >> 16 : w & 0xFFFF;
}
