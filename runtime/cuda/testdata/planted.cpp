// Kernels with a planted mistake each, by number; 0 has none. The result of a launch is printed.
#include <stdio.h>
#include <stdlib.h>

#include "ars.cuh"
#include "law.cuh"

static u32 out[64];

// Threads hand values on through shared memory.
__global__ void hand_on(int mistake) {
  SHARED_WORDS(shared);
  const u32 i = threadIdx.x, next = (i + 1) % blockDim.x;
  if (mistake != 1 || i != 5) shared[i] = i * i; // 1: a word that nobody writes
  if (mistake == 2 && i >= 32) return; // half of the threads never come: those that do may go on
  if (mistake == 3 ? i < 32 : true) // 3: some threads skip the barrier and wait at the next one
    __syncthreads();
  __syncthreads();
  const u32 v = shared[next];
  if (mistake != 4) __syncthreads(); // 4: values change while others read
  shared[i] = v + 1;
  __syncthreads();
  if (mistake == 5 && i % 32 == 3) __syncwarp(); // 5: one lane of a warp waits for a collective
  else out[i] = __shfl_sync(0xFFFFFFFFu, shared[next], i ^ 1);
  if (mistake == 6) load_shared(shim::base + 4 * 64); // 6: behind the end
}

// Blocks add what they have to a sum, in any order.
__global__ void blocks(u64 *passed, int mistake) {
  if (threadIdx.x) return;
  const u64 seen = *passed;
  atomicAdd(passed, mistake == 7 ? 2 * seen + blockIdx.x : blockIdx.x + 1); // 7: a block reads what another one writes
}

int main(int, char **argv) {
  const int mistake = atoi(argv[1]);
  shim::launch(1, 64, 4 * 64, [&] { hand_on(mistake); });
  u64 passed = 0;
  shim::launch(3, 32, 0, [&] { blocks(&passed, mistake); });
  u32 sum = (u32)passed;
  for (u32 x : out) sum = sum * 31 + x;
  // Known answers: Philox of the paper at all ones, the exact probability of ir's worked example.
  const Block p = block_at<10>(~0u, ~0u, ~0u, ~0u, round_keys(~0ull));
  printf("%u %08x %08x %u\n", sum, p.w[0], p.w[3], rare_probability(0.39990234375));
}
