// What kernels use of the machine beyond plain C++, by name. Inline assembly stands here
// and nowhere else; shim.h holds a twin of each function for the host.
#pragma once
#ifdef THRML_SHIM
#include "shim.h"
#else
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;

#define UNROLL _Pragma("unroll")
#define NO_UNROLL _Pragma("unroll 1")

// Dynamic shared memory of the block, as words.
#define SHARED_WORDS(name) extern __shared__ u32 name[]

// The address that a word of shared memory has for the functions below.
__device__ __forceinline__ u32 shared_address(const u32 *p) { return (u32)__cvta_generic_to_shared(p); }

__device__ __forceinline__ u32 load_shared(u32 address) {
  u32 v;
  asm volatile("ld.shared.u32 %0, [%1];" : "=r"(v) : "r"(address));
  return v;
}
__device__ __forceinline__ void store_shared(u32 address, u32 v) {
  asm volatile("st.shared.u32 [%0], %1;" ::"r"(address), "r"(v) : "memory");
}

// sum += a*b mod 2^32. Written as an expression, the compiler splits chains of it.
__device__ __forceinline__ void multiply_add(u32 &sum, u32 a, u32 b) {
  asm("mad.lo.u32 %0, %1, %2, %0;" : "+r"(sum) : "r"(a), "r"(b));
}

// a·b in full. Written as an expression, a factor that is a power of two becomes shifts.
__device__ __forceinline__ u64 multiply_wide(u32 a, u32 b) {
  u64 product;
  asm("mul.wide.u32 %0, %1, %2;" : "=l"(product) : "r"(a), "r"(b));
  return product;
}

// sum + low half of a · signed byte 0 of b + high half of a · signed byte 1 of b.
__device__ __forceinline__ i32 dot_halves(u32 a, u32 b, i32 sum) {
  i32 d;
  asm("dp2a.lo.u32.s32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(sum));
  return d;
}

// d = c + a·b of a warp, a 16×32 bytes by rows and b 32×8 by columns, signed. Lane 4r+j has
// a[r][4j…4j+3], a[r+8][4j…], a[r][16+4j…], a[r+8][16+4j…]; b[4j…][r], b[16+4j…][r];
// c and d at [r][2j], [r][2j+1], [r+8][2j], [r+8][2j+1].
__device__ __forceinline__ void multiply_tiles(i32 (&d)[4], u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1, const i32 (&c)[4]) {
  asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%10,%11,%12,%13};"
      : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
      : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1), "r"(c[0]), "r"(c[1]), "r"(c[2]), "r"(c[3]));
}
#endif

// One rounding each, never fused, whatever the compiler is told.
__device__ __forceinline__ double add(double a, double b) { return __dadd_rn(a, b); }
__device__ __forceinline__ double subtract(double a, double b) { return __dadd_rn(a, -b); }
__device__ __forceinline__ double multiply(double a, double b) { return __dmul_rn(a, b); }
__device__ __forceinline__ double divide(double a, double b) { return __ddiv_rn(a, b); }
__device__ __forceinline__ float add_float(float a, float b) { return __fadd_rn(a, b); }
__device__ __forceinline__ float subtract_float(float a, float b) { return __fadd_rn(a, -b); }
__device__ __forceinline__ float multiply_float(float a, float b) { return __fmul_rn(a, b); }

// a·b + c, rounded once.
__device__ __forceinline__ float add_product(float a, float b, float c) { return __fmaf_rn(a, b, c); }

// A number in two words, the lower first.
__device__ __forceinline__ double double_at(const u32 *words) { return __longlong_as_double((i64)((u64)words[1] << 32 | words[0])); }
