// A library with the functions of the CUDA driver that package gpu calls, for tests on
// machines without a GPU. Memory is the host's and launches run the kernels of one model
// over the shim, compiled in; modules must be machine code of a GPU but are not run. It
// holds the host's calls, arguments and layouts to the emitted kernels, and nothing else:
// no line of SASS runs here.
//
// -DKERNELS="m.cu" -DMODEL=m. Its file's name says what is wrong with it: driver1.so has no GPU, 2 launches that fail,
// 3 an old driver, 4 little memory, 5 little shared memory, 6 no GPU behind the driver, 7 kernels that fail in
// the middle of a run, 8 a GPU that is too old, 9 one that is too old for this NVRTC.
// -DMEANS: there is a kernel that adds up rows with numbers.
#include KERNELS

#include <dlfcn.h>
#include <stdlib.h>

#define JOIN(a, b) a##b
#define KERNEL(model, name) JOIN(model, name)
#define NAME_(x) #x
#define NAME(x) NAME_(x)

enum { ok = 0, invalid = 1, out_of_memory = 2, no_device = 100, not_found = 500, failed = 719 };

static size_t most_shared[9]; // that functions have asked for; 0: what all have

static int failure() {
  Dl_info self;
  if (!dladdr((void *)failure, &self)) return 0;
  return atoi(strrchr(self.dli_fname, '/') + strlen("/driver"));
}
static const int FAIL = failure();

template <class T> static T argument(void **args, int i) { return *(T *)args[i]; }

// A pointer of the device, of the type that a kernel takes.
struct Pointer {
  u64 at;
  template <class T> operator T *() const { return (T *)at; }
};

extern "C" {

int cuGetErrorName(int code, const char **text) {
  *text = code == out_of_memory ? "CUDA_ERROR_OUT_OF_MEMORY" : code == no_device ? "CUDA_ERROR_NO_DEVICE" : code == failed ? "CUDA_ERROR_LAUNCH_FAILED" : "CUDA_ERROR_INVALID_VALUE";
  return ok;
}
int cuGetErrorString(int, const char **text) { *text = "as the test wants it"; return ok; }
int cuInit(unsigned) { return FAIL == 1 ? no_device : ok; }
int cuDriverGetVersion(int *v) { *v = FAIL == 3 ? 11040 : 13000; return ok; }
int cuDeviceGetCount(int *n) { *n = FAIL == 6 ? 0 : 3; return ok; }
int cuDeviceGet(int *d, int i) { *d = i; return i < 3 ? ok : invalid; }
int cuDeviceGetName(char *to, int size, int) { snprintf(to, size, "a GPU of the tests"); return ok; }
int cuDeviceGetAttribute(int *v, int which, int) {
  *v = which == 75 ? (FAIL == 8 ? 6 : FAIL == 9 ? 7 : 9) : which == 76 ? 0 : which == 97 ? (FAIL == 5 ? 64 : 232448) : -1;
  return *v < 0 ? invalid : ok;
}
int cuDevicePrimaryCtxRetain(void **c, int) { *c = (void *)1; return ok; }
int cuCtxSetCurrent(void *) { return ok; }
int cuModuleLoadData(void **m, const char *image) {
  *m = (void *)1;
  return memcmp(image, "\x7f" "ELF", 4) == 0 && (u8)image[18] == 190 ? ok : invalid; // EM_CUDA
}
int cuModuleGetFunction(void **f, void *, const char *name) {
  const char *names[] = {NAME(MODEL) "_tables", NAME(MODEL) "_start", NAME(MODEL) "_sweep", NAME(MODEL) "_energy", NAME(MODEL) "_count", NAME(MODEL) "_sums", NAME(MODEL) "_means"};
  for (size_t i = 0; i < 7; i++)
    if (!strcmp(name, names[i])) { *f = (void *)(i + 1); return ok; }
  return not_found;
}
int cuFuncSetAttribute(void *f, int which, int v) {
  if (which != 8) return invalid;
  most_shared[(size_t)f] = (size_t)v;
  return ok;
}
int cuMemAlloc_v2(u64 *p, size_t bytes) {
  if (FAIL == 4 && bytes > 1 << 16) return out_of_memory;
  void *m = aligned_alloc(256, (bytes + 255) / 256 * 256);
  memset(m, 0xA5, bytes); // as memory of a device, not cleared
  *p = (u64)m;
  return ok;
}
int cuMemFree_v2(u64 p) { free((void *)p); return ok; }
int cuMemcpyHtoD_v2(u64 to, const void *from, size_t n) { memcpy((void *)to, from, n); return ok; }
int cuMemcpyDtoH_v2(void *to, u64 from, size_t n) { memcpy(to, (void *)from, n); return ok; }
int cuCtxSynchronize() {
  static int calls = 0;
  return FAIL == 7 && ++calls > 2 ? failed : ok;
}

int cuLaunchKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void *, void **a, void **) {
  typedef KERNEL(model_, MODEL)::value value;
  if (FAIL == 2) return failed;
  if (gy != 1 || gz != 1 || by != 1 || bz != 1 || shared > (most_shared[(size_t)f] ? most_shared[(size_t)f] : 48 << 10)) return invalid;
  value *states = (value *)argument<u64>(a, 0);
  u32 *tables = (u32 *)argument<u64>(a, 0);
  switch ((u64)f) {
  case 1: shim::launch(gx, bx, shared, [&] { KERNEL(MODEL, _tables)(tables, argument<double>(a, 1)); }); break;
  case 2: shim::launch(gx, bx, shared, [&] { KERNEL(MODEL, _start)(states, (u32 *)argument<u64>(a, 1), argument<Keys>(a, 2), argument<u32>(a, 3), argument<u32>(a, 4)); }); break;
  case 3: shim::launch(gx, bx, shared, [&] { KERNEL(MODEL, _sweep)(states, (u32 *)argument<u64>(a, 1), (u32 *)argument<u64>(a, 2), argument<Keys>(a, 3), argument<u32>(a, 4), argument<u64>(a, 5), argument<u32>(a, 6)); }); break;
  case 4: shim::launch(gx, bx, shared, [&] { KERNEL(MODEL, _energy)(states, (u32 *)argument<u64>(a, 1), (u32 *)argument<u64>(a, 2), (double *)argument<u64>(a, 3), (u64 *)argument<u64>(a, 4), argument<Pointer>(a, 5), argument<u32>(a, 6), argument<u64>(a, 7), argument<u32>(a, 8)); }); break;
  case 5: shim::launch(gx, bx, shared, [&] { KERNEL(MODEL, _count)(states, (u32 *)argument<u64>(a, 1), (u32 *)argument<u64>(a, 2), (u64 *)argument<u64>(a, 3), (value *)argument<u64>(a, 4), (u8 *)argument<u64>(a, 5), argument<u32>(a, 6), argument<u32>(a, 7)); }); break;
  case 6: shim::launch(gx, bx, shared, [&] { KERNEL(MODEL, _sums)(states, (u32 *)argument<u64>(a, 1), (u32 *)argument<u64>(a, 2), (u64 *)argument<u64>(a, 3), argument<u32>(a, 4)); }); break;
#ifdef MEANS
  case 7: shim::launch(gx, bx, shared, [&] { KERNEL(MODEL, _means)(states, argument<Pointer>(a, 1), argument<Pointer>(a, 2), argument<Pointer>(a, 3), argument<u32>(a, 4), argument<u32>(a, 5), argument<u32>(a, 6)); }); break;
#endif
  default: return invalid;
  }
  return ok;
}
}
