//===- Device.cpp - What compiled programs ask of a CUDA device -----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include "moe-runtime/CUDADevice.h"
#include "moe-runtime/Trap.h"
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

using namespace moe::rt;
using namespace moe::rt::cuda;

namespace {
/// The device that programs run on. Blocks of memory are kept for the next
/// call; since all work is in one stream, a block that was given back can be
/// handed out while kernels that use it still run.
class Device {
public:
  static Device &get() {
    static Device device;
    return device;
  }

  bool start();
  bool allocate(uint64_t bytes, Pointer &pointer);
  void free(Pointer pointer);
  bool upload(Pointer to, const void *from, uint64_t bytes);
  bool download(void *to, Pointer from, uint64_t bytes);
  bool launch(uint64_t &handle, const void *image, const char *name,
              const KernelInfo &info, const int64_t *grid, uint64_t *parameters,
              size_t count);

  int getCapability() const { return capability; }
  uint64_t getNumLaunches() const { return numLaunches; }
  const std::string &getError() const { return error; }

private:
  struct Kernel {
    Function function = nullptr;
    std::string name;
  };
  /// Blocks are of a power of two, or of a multiple of `kLargeStep` bytes.
  static constexpr uint64_t kLargeStep = 2 << 20;

  bool open();
  bool loadKernel(uint64_t &handle, const void *image, const char *name,
                  const KernelInfo &info);
  bool enqueue(const Kernel &kernel, const KernelInfo &info,
               const int64_t *grid, uint64_t *parameters, size_t count);
  bool askDriver(uint64_t bytes, Pointer &pointer);
  bool fail(const std::string &why) {
    error = why;
    return false;
  }

  const Driver *driver = nullptr;
  bool tried = false, ok = false;
  int device = 0, capability = 0, sharedPerBlock = 0;
  ::moe::rt::cuda::Context context = nullptr;
  Stream stream = nullptr;
  std::multimap<uint64_t, Pointer> unused;
  std::unordered_map<Pointer, uint64_t> sizes;
  std::vector<Kernel> kernels;
  uint64_t numLaunches = 0;
  bool lastWasLaunch = false;
  std::string error;

public:
  std::mutex mutex;
};
} // namespace

bool Device::open() {
  driver = Driver::get(error);
  if (!driver)
    return false;
  const char *chosen = std::getenv("MOE_CUDA_DEVICE");
  int number = chosen ? std::atoi(chosen) : 0, count = 0;
  driver->deviceGetCount(&count);
  if (number < 0 || number >= count)
    return fail("there is no CUDA device " + std::to_string(number) +
                " among " + std::to_string(count));
  int status = driver->deviceGet(&device, number);
  if (!status)
    status = driver->retainContext(&context, device);
  if (!status)
    status = driver->setContext(context);
  if (!status)
    status = driver->streamCreate(&stream, /*non-blocking*/ 1);
  if (status)
    return fail("CUDA device " + std::to_string(number) + ": " +
                driver->describe(status));
  int major = 0, minor = 0;
  driver->deviceGetAttribute(&major, kCapabilityMajor, device);
  driver->deviceGetAttribute(&minor, kCapabilityMinor, device);
  driver->deviceGetAttribute(&sharedPerBlock, kMaxSharedPerBlockOptin, device);
  capability = 10 * major + minor;
  return true;
}

bool Device::start() {
  if (!tried) {
    tried = true;
    ok = open();
  }
  // What follows may come from a thread that the driver does not know.
  if (ok)
    driver->setContext(context);
  return ok;
}

bool Device::askDriver(uint64_t bytes, Pointer &pointer) {
  int status = driver->allocate(&pointer, bytes);
  if (!status)
    return true;
  // What is unused may be in pieces of other sizes.
  driver->streamSynchronize(stream);
  for (auto [size, block] : unused) {
    driver->free(block);
    sizes.erase(block);
  }
  unused.clear();
  status = driver->allocate(&pointer, bytes);
  if (!status)
    return true;
  size_t available = 0, total = 0;
  driver->memoryInfo(&available, &total);
  return fail(describeShortage(bytes, "a tensor", available, total,
                               driver->describe(status)));
}

bool Device::allocate(uint64_t bytes, Pointer &pointer) {
  uint64_t size = 512;
  while (size < bytes && size < kLargeStep)
    size *= 2;
  if (size < bytes)
    size = (bytes + kLargeStep - 1) / kLargeStep * kLargeStep;
  auto found = unused.lower_bound(size);
  // A block that is much too large serves something else.
  if (found != unused.end() && found->first <= size + size / 4) {
    pointer = found->second;
    unused.erase(found);
    return true;
  }
  if (!askDriver(size, pointer))
    return false;
  sizes[pointer] = size;
  return true;
}

void Device::free(Pointer pointer) {
  auto found = sizes.find(pointer);
  if (found != sizes.end())
    unused.emplace(found->second, pointer);
}

bool Device::upload(Pointer to, const void *from, uint64_t bytes) {
  lastWasLaunch = false;
  if (int status = driver->copyToDevice(to, from, bytes, stream))
    return fail("copy to the device: " + driver->describe(status));
  return true;
}

bool Device::download(void *to, Pointer from, uint64_t bytes) {
  lastWasLaunch = false;
  int status = driver->copyToHost(to, from, bytes, stream);
  if (!status)
    status = driver->streamSynchronize(stream);
  if (status)
    return fail("the device stopped: " + driver->describe(status));
  return true;
}

bool Device::loadKernel(uint64_t &handle, const void *image, const char *name,
                        const KernelInfo &info) {
  std::string prefix = std::string("kernel ") + name;
  // Code for a device runs on later ones of its generation; what was made for
  // one feature set (sm_90a) does not go further than that.
  if (info.capability / 10 != capability / 10 || info.capability > capability)
    return fail(prefix + " is for sm_" + std::to_string(info.capability) +
                ", the device is sm_" + std::to_string(capability));
  if (info.sharedBytes > sharedPerBlock)
    return fail(prefix + " takes " + std::to_string(info.sharedBytes) +
                " bytes of shared memory, the device has " +
                std::to_string(sharedPerBlock));
  Module module = nullptr;
  Kernel kernel;
  kernel.name = name;
  int status = driver->moduleLoadData(&module, image);
  if (!status)
    status = driver->getFunction(&kernel.function, module, name);
  if (!status && info.sharedBytes > (48 << 10))
    status = driver->setAttribute(kernel.function, kMaxDynamicSharedSize,
                                  static_cast<int>(info.sharedBytes));
  if (status)
    return fail(prefix + ": " + driver->describe(status));
  kernels.push_back(std::move(kernel));
  handle = kernels.size();
  return true;
}

bool Device::enqueue(const Kernel &kernel, const KernelInfo &info,
                     const int64_t *grid, uint64_t *parameters, size_t count) {
  uint64_t programs = 1;
  for (int i = 0; i < 3; ++i) {
    int64_t most = i == 0 ? std::numeric_limits<int32_t>::max() : 65535;
    if (grid[i] < 0 || grid[i] > most)
      return fail("kernel " + kernel.name + " would need a grid of " +
                  std::to_string(grid[i]) + " programs");
    programs *= static_cast<uint64_t>(grid[i]);
  }
  if (programs == 0)
    return true;
  // Behind its own parameters a kernel has two for memory of its programs: one
  // for what the compiler needs, one for profiling.
  std::vector<uint64_t> values(parameters, parameters + count);
  values.resize(count + 2);
  Pointer scratch = 0;
  if (info.scratchBytes &&
      !allocate(programs * static_cast<uint64_t>(info.scratchBytes), scratch))
    return false;
  values[count] = scratch;
  std::vector<void *> addresses;
  for (uint64_t &value : values)
    addresses.push_back(&value);
  LaunchAttribute overlap{};
  overlap.id = kLaunchOverlap;
  overlap.value = 1;
  LaunchConfig config{};
  config.gridX = static_cast<unsigned>(grid[0]);
  config.gridY = static_cast<unsigned>(grid[1]);
  config.gridZ = static_cast<unsigned>(grid[2]);
  config.blockX = static_cast<unsigned>(info.warps * 32);
  config.blockY = config.blockZ = 1;
  config.sharedBytes = static_cast<unsigned>(info.sharedBytes);
  config.stream = stream;
  config.attributes = &overlap;
  config.numAttributes = info.overlaps && lastWasLaunch ? 1 : 0;
  lastWasLaunch = true;
  int status =
      driver->launch(&config, kernel.function, addresses.data(), nullptr);
  free(scratch);
  if (status)
    return fail("kernel " + kernel.name + ": " + driver->describe(status));
  ++numLaunches;
  return true;
}

bool Device::launch(uint64_t &handle, const void *image, const char *name,
                    const KernelInfo &info, const int64_t *grid,
                    uint64_t *parameters, size_t count) {
  if (!handle && !loadKernel(handle, image, name, info))
    return false;
  return enqueue(kernels[handle - 1], info, grid, parameters, count);
}

/// Runs `body` on the device; raises where that fails, with no lock held and
/// nothing on the stack to destroy.
template <typename Body> static void onDevice(Body body) {
  static thread_local char message[maxMessage];
  bool ok;
  {
    Device &device = Device::get();
    std::lock_guard<std::mutex> lock(device.mutex);
    ok = device.start() && body(device);
    if (!ok)
      std::snprintf(message, sizeof(message), "%s", device.getError().c_str());
  }
  if (!ok)
    moe_raise(message);
}

int moe::rt::cuda::getCapability(std::string &error) {
  Device &device = Device::get();
  std::lock_guard<std::mutex> lock(device.mutex);
  if (device.start())
    return device.getCapability();
  error = device.getError();
  return 0;
}

uint64_t moe::rt::cuda::getNumLaunches() {
  Device &device = Device::get();
  std::lock_guard<std::mutex> lock(device.mutex);
  return device.getNumLaunches();
}

extern "C" void *moe_cuda_allocate(int64_t bytes) {
  Pointer pointer = 0;
  if (bytes > 0)
    onDevice([&](Device &device) { return device.allocate(bytes, pointer); });
  return reinterpret_cast<void *>(pointer);
}

extern "C" void moe_cuda_free(void *pointer) {
  if (!pointer)
    return;
  onDevice([&](Device &device) {
    device.free(reinterpret_cast<Pointer>(pointer));
    return true;
  });
}

extern "C" void moe_cuda_upload(void *to, const void *from, int64_t bytes) {
  if (bytes > 0)
    onDevice([&](Device &device) {
      return device.upload(reinterpret_cast<Pointer>(to), from, bytes);
    });
}

extern "C" void moe_cuda_download(void *to, const void *from, int64_t bytes) {
  if (bytes > 0)
    onDevice([&](Device &device) {
      return device.download(to, reinterpret_cast<Pointer>(from), bytes);
    });
}

extern "C" void moe_cuda_launch(uint64_t *handle, const void *image,
                                const char *name, const KernelInfo *info,
                                const int64_t *grid, uint64_t *parameters,
                                int64_t numParameters) {
  onDevice([&](Device &device) {
    return device.launch(*handle, image, name, *info, grid, parameters,
                         numParameters);
  });
}
