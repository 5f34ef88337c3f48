// ARS with 5 rounds (Salmon, Moraes, Dror and Shaw, SC 2011), as `rng: ars5` names it:
// AES on the counter, with a Weyl sequence from the key on as round keys. Byte 4c+r is in
// column c, row r. It is fast where there are AES instructions, which a GPU lacks.
#pragma once
#include "random.cuh"

__host__ __device__ constexpr u32 times_gf(u32 a, u32 b) { // modulo x^8 + x^4 + x^3 + x + 1
  u32 product = 0;
  for (; a; a >>= 1) {
    if (a & 1) product ^= b;
    b = (b << 1 ^ (b >> 7) * 0x11B) & 0xFF;
  }
  return product;
}

// The substitution of AES: the inverse, which is x^254, then an affine map of its bits.
struct Substitution {
  u8 of[256];
  __host__ __device__ constexpr Substitution() : of() {
    for (u32 x = 0; x < 256; x++) {
      u32 inverse = 1, square = x; // 254 = 2 + 4 + 8 + … + 128
      for (int i = 1; i < 8; i++) {
        square = times_gf(square, square);
        inverse = times_gf(inverse, square);
      }
      u32 y = 0x63;
      for (int i = 0; i < 5; i++) y ^= (inverse << i | inverse >> (8 - i)) & 0xFF;
      of[x] = (u8)y;
    }
  }
};
__device__ const Substitution substitution;

template <> __device__ __forceinline__ Block block_at<5>(u32 c0, u32 c1, u32 c2, u32 c3, const Keys &key) {
  u32 w[4] = {c0, c1, c2, c3};
  u64 low = (u64)key.high[0] << 32 | key.low[0], high = 0;
  for (int r = 0;; r++) {
    w[0] ^= (u32)low; w[1] ^= (u32)(low >> 32);
    w[2] ^= (u32)high; w[3] ^= (u32)(high >> 32);
    if (r == 5) return {{w[0], w[1], w[2], w[3]}};
    low += 0x9E3779B97F4A7C15ull;
    high += 0xBB67AE8584CAA73Bull;
    u32 v[4];
    for (int c = 0; c < 4; c++) {
      u32 s[4]; // substituted bytes of the shifted rows
      for (int i = 0; i < 4; i++) s[i] = substitution.of[w[(c + i) & 3] >> 8 * i & 0xFF];
      v[c] = 0;
      for (int i = 0; i < 4; i++) {
        const u32 mixed = r == 4 ? s[i] : times_gf(2, s[i]) ^ times_gf(3, s[(i + 1) & 3]) ^ s[(i + 2) & 3] ^ s[(i + 3) & 3];
        v[c] |= mixed << 8 * i;
      }
    }
    for (int c = 0; c < 4; c++) w[c] = v[c];
  }
}
