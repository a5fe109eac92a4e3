// A libcuda whose device is the host's memory, to test what the runtime asks of
// a driver. It runs one kernel, `twice`: y = 2·x for n floats. Its compute
// capability and memory in bytes are $STUB_CAPABILITY (90) and $STUB_MEMORY
// (1 GB); with $STUB_LOG it says on stderr what is called.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long Pointer;
typedef struct {
  unsigned gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes;
  void *stream, *attributes;
  unsigned numAttributes;
} LaunchConfig;

static size_t used;

static long setting(const char *name, long otherwise) {
  const char *text = getenv(name);
  return text ? atol(text) : otherwise;
}

static void say(const char *what, size_t number) {
  if (getenv("STUB_LOG"))
    fprintf(stderr, "stub: %s %zu\n", what, number);
}

int cuInit(unsigned flags) { return setting("STUB_INIT", 0); }
int cuGetErrorString(int status, const char **text) {
  *text = status == 2 ? "out of memory" : "some error";
  return 0;
}
int cuDeviceGet(int *device, int number) { return *device = number, 0; }
int cuDeviceGetCount(int *count) { return *count = 1, 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  long capability = setting("STUB_CAPABILITY", 90);
  *value = attribute == 75   ? capability / 10
           : attribute == 76 ? capability % 10
                             : 232448;
  return 0;
}
int cuDevicePrimaryCtxRetain(void **context, int device) {
  return *context = &used, 0;
}
int cuDevicePrimaryCtxRelease_v2(int device) { return 0; }
int cuCtxSetCurrent(void *context) { return 0; }
int cuModuleLoadData(void **module, const void *image) {
  say("load", strlen(image));
  return *module = &used, 0;
}
int cuModuleUnload(void *module) { return 0; }
int cuModuleGetFunction(void **function, void *module, const char *name) {
  return *function = &used, strcmp(name, "twice") ? 500 : 0;
}
int cuFuncSetAttribute(void *function, int attribute, int value) { return 0; }
int cuMemAlloc_v2(Pointer *pointer, size_t bytes) {
  if (used + bytes > (size_t)setting("STUB_MEMORY", 1 << 30))
    return 2;
  used += bytes;
  say("allocate", bytes);
  // What nobody writes should be seen.
  void *memory = malloc(bytes);
  memset(memory, 0xff, bytes);
  return *pointer = (Pointer)(uintptr_t)memory, 0;
}
int cuMemFree_v2(Pointer pointer) {
  return free((void *)(uintptr_t)pointer), 0;
}
int cuMemGetInfo_v2(size_t *available, size_t *total) {
  *total = setting("STUB_MEMORY", 1 << 30);
  return *available = *total - used, 0;
}
int cuMemcpyHtoDAsync_v2(Pointer to, const void *from, size_t bytes,
                         void *stream) {
  say("upload", bytes);
  return memcpy((void *)(uintptr_t)to, from, bytes), 0;
}
int cuMemcpyDtoHAsync_v2(void *to, Pointer from, size_t bytes, void *stream) {
  say("download", bytes);
  return memcpy(to, (void *)(uintptr_t)from, bytes), 0;
}
int cuLaunchKernelEx(const LaunchConfig *config, void *function,
                     void **parameters, void **extra) {
  say("launch", config->gridX);
  const float *x = *(const float **)parameters[0];
  int32_t n = *(int32_t *)parameters[1];
  float *y = *(float **)parameters[2];
  for (int32_t i = 0; i < n; ++i)
    y[i] = 2 * x[i];
  return 0;
}
int cuStreamCreate(void **stream, unsigned flags) {
  return *stream = &used, 0;
}
int cuStreamDestroy_v2(void *stream) { return 0; }
int cuStreamSynchronize(void *stream) { return 0; }
int cuStreamBeginCapture_v2(void *stream, int mode) { return 1; }
int cuStreamEndCapture(void *stream, void **graph) { return 1; }
int cuGraphDestroy(void *graph) { return 0; }
int cuGraphInstantiateWithFlags(void **executable, void *graph,
                                unsigned long long flags) {
  return 1;
}
int cuGraphExecDestroy(void *executable) { return 0; }
int cuGraphLaunch(void *executable, void *stream) { return 1; }
