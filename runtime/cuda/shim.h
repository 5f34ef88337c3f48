// Runs a kernel as C++ on the host, bit for bit. A block is a set of fibers, one a thread,
// and blocks run one after another; barriers and collectives of a warp are places where
// fibers wait for each other.
//
// What a GPU may do in any order happens here in one: blocks and threads from the first to the last, or
// with THRML_SHIM_REVERSE=1 from the last to the first. A result that hangs on the order
// differs between the two. Shared memory of a block begins with a pattern, so that
// reading what nobody wrote shows. Threads that wait at different barriers, or lanes of a
// warp in different collectives, end the program.
#pragma once
#include <math.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <vector>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef int32_t i32;
typedef long long i64;

#define __device__
#define __global__
#define __host__
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __grid_constant__
#define UNROLL
#define NO_UNROLL

struct alignas(8) uint2 { u32 x, y; };
struct alignas(16) uint4 { u32 x, y, z, w; };
struct alignas(8) int2 { i32 x, y; };
struct alignas(16) int4 { i32 x, y, z, w; };
struct dim3 { u32 x = 1, y = 1, z = 1; };

#ifdef __GLIBC__ // whose hardened longjmp takes another stack for a mistake
extern "C" void shim_jump(jmp_buf to, int value) __asm__("_longjmp") __attribute__((noreturn));
#else
#define shim_jump _longjmp
#endif

namespace shim {

enum State { running, at_block_barrier, at_warp_barrier, done };

struct Fiber {
  std::vector<char> stack; // empty before the first thread
  jmp_buf at;              // where it goes on
  dim3 thread;
  State state;
  int where;   // the line of the barrier, or the number of the collective
  u64 give[8]; // what a collective shows to the other lanes
};

constexpr u32 poison = 0xDEADBEEF, base = 1024; // of shared memory: its content, its address
constexpr size_t stack_bytes = 1 << 16;

inline std::vector<Fiber> fibers; // those of the block first; they are used again
inline size_t live;               // of the block
inline Fiber *current;
inline jmp_buf scheduler;
inline dim3 block, block_size, grid_size;
inline std::vector<u32> shared;
inline std::function<void()> body;

[[noreturn]] inline void fail(const char *what, int a, int b) {
  fprintf(stderr, "shim: block %u, thread %u: %s (%d, %d)\n", block.x, current->thread.x, what, a, b);
  _Exit(86);
}

// pause gives the processor back; a jump is a switch without a call of the system.
inline void pause() {
  if (!_setjmp(current->at)) shim_jump(scheduler, 1);
}

// wait gives the processor to the next fiber.
inline void wait(State s, int where) {
  current->state = s;
  current->where = where;
  pause();
}

// enter runs one thread after another.
inline void enter() {
  for (;;) {
    body();
    current->state = done;
    pause();
  }
}

// resume lets a fiber go on until it waits or ends.
inline void resume(Fiber &f) {
  current = &f;
  if (_setjmp(scheduler)) return;
  if (!f.stack.empty()) shim_jump(f.at, 1);
  f.stack.resize(stack_bytes);
  static ucontext_t first;
  getcontext(&first);
  first.uc_stack.ss_sp = f.stack.data();
  first.uc_stack.ss_size = f.stack.size();
  first.uc_link = nullptr;
  makecontext(&first, enter, 0);
  setcontext(&first);
}

// release lets the fibers of [first, last) go on that wait in state s, if all do that have
// not ended; it says whether any did.
inline bool release(size_t first, size_t last, State s) {
  Fiber *one = nullptr;
  for (size_t i = first; i < last; i++) {
    Fiber &f = fibers[i];
    if (f.state == done) continue;
    if (f.state != s) return false;
    if (one && one->where != f.where) {
      current = &f;
      fail("threads wait at different barriers or collectives, in lines", one->where, f.where);
    }
    one = &f;
  }
  if (!one) return false;
  for (size_t i = first; i < last; i++)
    if (fibers[i].state == s) fibers[i].state = running;
  return true;
}

inline void run_block(bool reverse) {
  const size_t n = live;
  for (;;) {
    bool moved = false;
    for (size_t k = 0; k < n; k++) {
      Fiber &f = fibers[reverse ? n - 1 - k : k];
      if (f.state != running) continue;
      resume(f);
      moved = true;
    }
    for (size_t w = 0; w < n; w += 32) moved |= release(w, w + 32 < n ? w + 32 : n, at_warp_barrier);
    if (moved) continue;
    if (release(0, n, at_block_barrier)) continue;
    for (size_t i = 0; i < n; i++)
      if (Fiber &f = fibers[i]; f.state != done) {
        current = &f;
        fail("some threads wait where others never come: line, state", f.where, f.state);
      }
    return;
  }
}

// launch runs f in every thread of a grid of one dimension.
template <class F> void launch(u32 grid, u32 threads, size_t shared_bytes, F f) {
  const char *order = getenv("THRML_SHIM_REVERSE");
  const bool reverse = order && *order == '1';
  grid_size = {grid, 1, 1};
  block_size = {threads, 1, 1};
  body = f;
  live = threads;
  if (fibers.size() < live) fibers.resize(live);
  for (u32 b = 0; b < grid; b++) {
    block = {reverse ? grid - 1 - b : b, 0, 0};
    shared.assign((shared_bytes + 3) / 4, poison);
    for (u32 i = 0; i < threads; i++) {
      fibers[i].thread = {i, 0, 0};
      fibers[i].state = running;
    }
    run_block(reverse);
  }
}

inline u32 lane() { return (u32)(current - fibers.data()) & 31; }

// exchange shows values of this lane to the others of its warp and returns those of all.
inline const Fiber *exchange(int which) {
  wait(at_warp_barrier, which);
  return &fibers[(current - fibers.data()) & ~(std::ptrdiff_t)31];
}

// word is a place in shared memory; outside of it the program ends.
inline void *place(u32 address, u32 bytes) {
  if (address < base || address - base + bytes > shared.size() * 4 || address % bytes) fail("no shared memory at this address, of so many bytes", (int)address, (int)bytes);
  return (char *)shared.data() + (address - base);
}

} // namespace shim

#define threadIdx (shim::current->thread)
#define blockIdx shim::block
#define blockDim shim::block_size
#define gridDim shim::grid_size
#define __syncthreads() shim::wait(shim::at_block_barrier, __LINE__)
#define __syncwarp() shim::wait(shim::at_warp_barrier, __LINE__)

#define SHARED_WORDS(name) u32 *name = shim::shared.data()
inline u32 shared_address(const u32 *p) { return (u32)((const char *)p - (const char *)shim::shared.data()) + shim::base; }
inline u32 load_shared(u32 address) {
  u32 v;
  memcpy(&v, shim::place(address, 4), 4);
  return v;
}
inline void store_shared(u32 address, u32 v) { memcpy(shim::place(address, 4), &v, 4); }
inline void multiply_add(u32 &sum, u32 a, u32 b) { sum += a * b; }
inline u64 multiply_wide(u32 a, u32 b) { return (u64)a * b; }
inline i32 dot_halves(u32 a, u32 b, i32 sum) { return sum + (i32)(a & 0xFFFF) * (int8_t)b + (i32)(a >> 16) * (int8_t)(b >> 8); }

// The machine's own functions that kernels call.
inline u64 atomicAdd(u64 *p, u64 x) {
  const u64 before = *p;
  *p += x;
  return before;
}
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline double __dsqrt_rn(double a) { return sqrt(a); }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float a) { return sqrtf(a); }
inline int __clzll(i64 x) { return x ? __builtin_clzll((u64)x) : 64; }
inline u64 __umul64hi(u64 a, u64 b) { return (u64)((unsigned __int128)a * b >> 64); }
inline double __longlong_as_double(i64 x) {
  double d;
  memcpy(&d, &x, 8);
  return d;
}
inline i64 __double_as_longlong(double d) {
  i64 x;
  memcpy(&x, &d, 8);
  return x;
}
inline float __uint_as_float(u32 x) {
  float f;
  memcpy(&f, &x, 4);
  return f;
}
inline u32 __float_as_uint(float f) {
  u32 x;
  memcpy(&x, &f, 4);
  return x;
}
inline u32 __funnelshift_l(u32 low, u32 high, u32 n) { return (u32)((((u64)high << 32 | low) << (n & 31)) >> 32); }
inline u32 __shfl_sync(u32, u32 v, u32 from) {
  shim::current->give[0] = v;
  const u32 got = (u32)shim::exchange(-1)[from & 31].give[0];
  shim::wait(shim::at_warp_barrier, -2);
  return got;
}

inline void multiply_tiles(i32 (&d)[4], u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1, const i32 (&c)[4]) {
  const u32 mine[6] = {a0, a1, a2, a3, b0, b1};
  for (int i = 0; i < 6; i++) shim::current->give[i] = mine[i];
  const shim::Fiber *of = shim::exchange(-3);
  const u32 lane = shim::lane(), r = lane / 4, j = lane % 4;
  i32 sums[4];
  for (u32 i = 0; i < 4; i++) {
    const u32 low = i / 2, column = 2 * j + i % 2; // low: the row is r + 8
    u32 sum = (u32)c[i];
    for (u32 k = 0; k < 32; k++) {
      const int8_t a = (int8_t)(of[4 * r + k / 4 % 4].give[k / 16 * 2 + low] >> k % 4 * 8);
      const int8_t b = (int8_t)(of[4 * column + k / 4 % 4].give[4 + k / 16] >> k % 4 * 8);
      sum += (u32)(a * b);
    }
    sums[i] = (i32)sum;
  }
  shim::wait(shim::at_warp_barrier, -4);
  for (int i = 0; i < 4; i++) d[i] = sums[i];
}

// max(min(a, b), 0)
inline i32 __vimin_s32_relu(i32 a, i32 b) {
  const i32 m = a < b ? a : b;
  return m < 0 ? 0 : m;
}

// Byte i is that of b:a which the three lower bits of nibble i of s name.
inline u32 __byte_perm(u32 a, u32 b, u32 s) {
  const u64 of = (u64)b << 32 | a;
  u32 r = 0;
  for (int i = 0; i < 4; i++) r |= (u32)(of >> (s >> 4 * i & 7) * 8 & 0xFF) << 8 * i;
  return r;
}

// Two halves at a time: max(min(a + b, c), 0), signed.
inline u32 __viaddmin_s16x2_relu(u32 a, u32 b, u32 c) {
  u32 r = 0;
  for (int i = 0; i < 32; i += 16) {
    const int16_t x = (int16_t)((a >> i) + (b >> i)), y = (int16_t)(c >> i), m = x < y ? x : y;
    r |= (u32)(uint16_t)(m < 0 ? 0 : m) << i;
  }
  return r;
}
